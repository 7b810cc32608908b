//! Whatever is answered, by whatever route and for whatever reason, carries the security headers: SECURITY AE-9; OWASP ASVS 5 §3.4.

use axum::body::Body;
use http::{Method, Request};
use sea_orm::ConnectionTrait as _;

use super::listed;
use super::principals::ask;
use crate::harness::{Answer, Snapshot, TestApp, seed};

#[track_caller]
fn assert_protected(answer: &Answer) {
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{answer:?}");
    assert_eq!(answer.header("x-frame-options"), "DENY", "{answer:?}");
    assert_eq!(answer.header("referrer-policy"), "no-referrer", "{answer:?}");
    assert!(answer.header("strict-transport-security").contains("max-age="), "{answer:?}");
    assert!(answer.header("permissions-policy").contains("camera=()"), "{answer:?}");
    assert!(["same-origin", "unsafe-none"].contains(&answer.header("cross-origin-opener-policy")), "{answer:?}");
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{answer:?}");
    assert!(!policy.contains("unsafe-inline") && !policy.contains("unsafe-eval"), "{answer:?}");
    if !answer.status.is_success() {
        assert!(answer.header("cache-control").contains("no-store"), "{answer:?}");
    }
    for name in ["server", "x-powered-by", "via"] {
        assert!(!answer.has(name), "{answer:?}");
    }
}

/// Asks everything, with these cookies; what was answered.
async fn everything(app: &TestApp, cookies: &[(&str, String)]) -> Vec<Answer> {
    let mut answers = Vec::new();
    for route in listed::all() {
        for method in route.methods.iter().filter(|method| **method != Method::HEAD) {
            let browser = app.browser();
            for (name, value) in cookies {
                browser.set_cookie(name, value);
            }
            answers.push(ask(app, &browser, method, &route.example(app), Vec::new()).await);
        }
    }
    answers
}

async fn session(app: &TestApp) -> Vec<(&'static str, String)> {
    const NAME: &str = "__Host-vestibule-session";
    vec![(NAME, app.browser_of(seed::ANA).await.cookie(NAME).unwrap())]
}

fn statuses(answers: &[Answer]) -> Vec<u16> {
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    statuses.dedup();
    statuses
}

/// 200, 303, 400, 401, 422 and what else the routes answer by themselves; 404 beside each of them; 405 on each.
#[tokio::test]
async fn ordinary_answers_are_protected() {
    let app = TestApp::start().await;
    let mut answers = everything(&app, &[]).await;
    answers.append(&mut everything(&app, &session(&app).await).await);
    for route in listed::all() {
        answers.push(app.get(&format!("{}/nothing", route.example(&app))).await.expect(404));
        answers.push(app.method(Method::DELETE, &route.example(&app)).await.expect(405));
        answers.push(app.method(Method::OPTIONS, &route.example(&app)).await);
    }
    for status in [200, 204, 303, 400, 401, 404, 405, 422] {
        assert!(statuses(&answers).contains(&status), "{status} was not met: {:?}", statuses(&answers));
    }
    answers.iter().for_each(assert_protected);
}

/// Bodies that are refused before anybody reads them.
#[tokio::test]
async fn refused_bodies_are_protected() {
    let app = TestApp::start().await;
    for route in listed::taking(&Method::POST) {
        for (kind, body) in [("application/json", "{}".to_owned()), ("application/x-www-form-urlencoded", "a".repeat(70_000))] {
            let request = Request::post(route.example(&app)).header("content-type", kind).body(Body::from(body)).unwrap();
            let answer = app.send(request).await;
            assert!(answer.status.is_client_error() || answer.status.is_redirection(), "{route}, {kind}: {answer:?}");
            assert_protected(&answer);
        }
    }
}

/// 429, in the shape of who asked, on every route that is limited by address.
#[tokio::test]
async fn refusals_of_too_many_requests_are_protected() {
    let app = TestApp::with(|config| {
        let limits = &mut config.limits;
        limits.enabled = true;
        for quota in [&mut limits.pages, &mut limits.sign_in, &mut limits.token, &mut limits.userinfo, &mut limits.metadata] {
            (quota.burst, quota.per) = (1, std::time::Duration::from_hours(1));
        }
    })
    .await;
    // The first of each group is let through.
    everything(&app, &[]).await;
    for route in listed::all() {
        for method in route.methods.iter().filter(|method| **method != Method::HEAD) {
            let answer = app.method(method.clone(), &route.example(&app)).await;
            assert_protected(&answer);
            if route.path.starts_with("/health") {
                assert_eq!(answer.status, 200, "{answer:?}");
                continue;
            }
            assert_eq!(answer.status, 429, "{method} {route}: {answer:?}");
            assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0, "{answer:?}");
            let in_json = route.is_for_clients() || route.path.starts_with("/static/");
            assert_eq!(answer.header("content-type").starts_with("application/json"), in_json, "{answer:?}");
        }
    }
}

/// 500 when the database has lost its tables, 503 when it is away. Nobody is signed in or out by that, and nothing of the inside is told.
#[tokio::test]
async fn failures_are_protected() {
    let app = TestApp::start().await;
    let cookies = session(&app).await;
    let connection = sea_orm::Database::connect(&app.database.url).await.unwrap();
    let Snapshot(tables) = app.snapshot().await;
    for table in tables.keys() {
        connection.execute_unprepared(&format!("ALTER TABLE {table} RENAME TO lost_{table}")).await.unwrap();
    }
    connection.close().await.unwrap();
    let failed = everything(&app, &cookies).await;
    assert!(statuses(&failed).contains(&500), "{:?}", statuses(&failed));
    app.app.store.close().await;
    let away = everything(&app, &cookies).await;
    assert!(statuses(&away).contains(&503), "{:?}", statuses(&away));
    for answer in failed.iter().chain(&away) {
        assert_protected(answer);
        for word in ["SELECT", "sqlx", "no such table", "lost_", "relation", ".rs:"] {
            assert!(!answer.text().contains(word), "`{word}` is told: {answer:?}");
        }
        assert!(answer.set_cookies().iter().all(|cookie| !cookie.starts_with("__Host-vestibule-session=")), "{answer:?}");
    }
}
