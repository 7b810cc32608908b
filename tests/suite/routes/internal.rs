//! The port for operators' machines (`server.internal_listen`): what it answers, to whoever reaches it, and that the public port has none of it.

use std::net::SocketAddr;

use axum::body::Body;
use http::{Method, Request};

use super::listed;
use crate::harness::{Answer, TestApp, basic, seed, through};

/// Each route with its answer to `GET`: it takes nothing else, and asks nobody who they are. Nothing of it can be changed.
const STATED: [(&str, u16); 3] = [("/health/live", 200), ("/health/ready", 200), ("/metrics", 200)];

async fn asked(app: &TestApp, method: &Method, path: &str) -> Answer {
    let address: SocketAddr = "127.0.0.1:1".parse().unwrap();
    through(vestibule::routes::internal_router(&app.app), address, Request::builder().method(method).uri(path).body(Body::empty()).unwrap())
        .await
}

/// A new route there needs its line here, and a line its route.
#[test]
fn every_internal_route_has_its_line() {
    let routes = listed::internal();
    let stated: Vec<&str> = STATED.iter().map(|(path, _)| *path).collect();
    assert_eq!(routes.iter().map(|route| route.path.as_str()).collect::<Vec<_>>(), stated);
    assert!(routes.iter().all(|route| route.methods == [Method::GET]), "{routes:?}");
}

/// Whoever reaches the port reads, and nobody changes anything there; of the public port it has nothing but health.
#[tokio::test]
async fn operators_machines_are_answered_as_stated_and_nothing_else_is_there() {
    let app = TestApp::start().await;
    let before = app.snapshot().await;
    for (path, status) in STATED {
        assert_eq!(asked(&app, &Method::GET, path).await.status, status, "{path}");
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::TRACE] {
            let answer = asked(&app, &method, path).await;
            assert!(answer.status.is_client_error(), "{method} {path}: {answer:?}");
        }
    }
    for route in listed::all().into_iter().filter(|route| !route.path.starts_with("/health/")) {
        for method in &route.methods {
            assert_eq!(asked(&app, method, &route.example(&app)).await.status, 404, "{method} {route} belongs to the public port");
        }
    }
    assert!(app.snapshot().await.changed(&before).is_empty());
}

/// Metrics are nobody's at the public port, whoever asks.
#[tokio::test]
async fn the_public_port_has_no_metrics() {
    let app = TestApp::start().await;
    app.change_user(seed::ANA, |user| user.administrator = true).await;
    let browser = app.browser_of(seed::ANA).await;
    assert_eq!(browser.get("/metrics").await.status, 404);
    let request = Request::get("/metrics").header("authorization", basic(seed::API, seed::SECRET)).body(Body::empty()).unwrap();
    assert_eq!(app.send(request).await.status, 404);
    assert_eq!(app.get("/metrics").await.status, 404);
}
