//! What is not listed is refused: every other method on every path.

use http::Method;

use super::listed;
use crate::harness::TestApp;

const METHODS: [Method; 9] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS, Method::TRACE, Method::CONNECT];

/// RFC 9110 §15.5.6: 405 with `Allow`, as a page for people and as JSON for clients. Pre-flights are answered where scripts may call.
#[tokio::test]
async fn every_other_method_is_refused() {
    let app = TestApp::start().await;
    for route in listed::all() {
        let path = route.example(&app);
        for method in METHODS {
            if route.takes(&method) || (method == Method::OPTIONS && route.is_open()) {
                continue;
            }
            let answer = app.method(method.clone(), &path).await;
            assert_eq!(answer.status, 405, "{method} {route}: {answer:?}");
            assert!(!answer.header("allow").is_empty(), "{method} {route}: {answer:?}");
            let json = answer.header("content-type").starts_with("application/json");
            assert!(json == route.is_for_clients() || method == Method::HEAD, "{method} {route}: {answer:?}");
        }
    }
}

/// RFC 9110 §9.3.2: `HEAD` says what `GET` would, without its body; where a `GET` acts it only looks.
#[tokio::test]
async fn head_is_get_without_a_body() {
    let app = TestApp::start().await;
    for route in listed::taking(&Method::GET) {
        let path = route.example(&app);
        let head = app.method(Method::HEAD, &path).await;
        assert!(head.body.is_empty(), "{route}: {head:?}");
        if route.methods.contains(&Method::HEAD) {
            assert_eq!(head.status, 204, "{route}: {head:?}");
        } else {
            assert_eq!(head.status, app.get(&path).await.status, "{route}");
        }
    }
}

/// Neither `GET` nor `HEAD` of anything, by nobody, writes anything.
#[tokio::test]
async fn looking_at_everything_writes_nothing() {
    let app = TestApp::start().await;
    let before = app.snapshot().await;
    for route in listed::taking(&Method::GET) {
        for method in [Method::GET, Method::HEAD] {
            app.method(method, &route.example(&app)).await;
        }
    }
    assert_eq!(before.changed(&app.snapshot().await), [""; 0]);
}

/// Pre-flights are answered where scripts of other origins may call, and nowhere else is another origin named.
#[tokio::test]
async fn other_origins_are_named_only_where_scripts_may_call() {
    let app = TestApp::start().await;
    for route in listed::all() {
        for method in [Method::OPTIONS, Method::GET, Method::POST] {
            let request = http::Request::builder().method(&method).uri(route.example(&app)).header("origin", "https://spa.test");
            let request = request.header("access-control-request-method", "POST").body(axum::body::Body::empty()).unwrap();
            let answer = app.send(request).await;
            assert!(!answer.has("access-control-allow-credentials"), "{answer:?}");
            assert_eq!(answer.has("access-control-allow-origin"), route.is_open(), "{method} {route}: {answer:?}");
        }
    }
}
