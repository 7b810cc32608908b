//! Security headers: RFC 9700 §4.16, SECURITY AE-9. The harness holds every answer of the whole suite to them; here are the odd ones.

use axum::body::Body;
use http::{Method, Request};

use crate::harness::{TestApp, TokenRequest, seed};

/// 404, 405 and 400 are pages with the same protection and a request id.
#[tokio::test]
async fn error_pages_are_pages() {
    let app = TestApp::start().await;
    let answers = [
        app.get("/nothing/here").await.expect(404),
        app.method(Method::DELETE, "/login").await.expect(405),
        app.get("/static/nothing.0.css").await.expect(404),
        app.get("/authorize").await.expect(400),
        app.get("/consent").await.expect(400),
    ];
    for answer in answers {
        assert!(answer.is_html(), "{answer:?}");
        assert!(!answer.header("x-request-id").is_empty(), "{answer:?}");
        assert!(answer.text().contains(answer.header("x-request-id")), "the page shows the request id: {answer:?}");
        assert!(answer.header("content-security-policy").contains("default-src 'none'"), "{answer:?}");
    }
}

/// Request ids are ours: what a client sends does not get into the logs unchecked.
#[tokio::test]
async fn a_request_id_cannot_be_injected() {
    let app = TestApp::start().await;
    let request = Request::get("/nothing").header("x-request-id", "<script>alert(1)</script>").body(Body::empty()).unwrap();
    let answer = app.send(request).await;
    assert!(!answer.text().contains("<script>alert"), "{answer:?}");
}

/// Over TLS browsers are told to stay there.
#[tokio::test]
async fn strict_transport_security_is_sent() {
    let app = TestApp::start().await;
    for path in ["/", "/login", "/jwks", "/nothing"] {
        let answer = app.get(path).await;
        assert!(answer.header("strict-transport-security").contains("max-age="), "{answer:?}");
    }
}

/// The form may only be sent to us; the page may not be framed; no script, style or image from elsewhere.
#[tokio::test]
async fn the_policy_of_the_sign_in_page_is_strict() {
    let app = TestApp::start().await;
    let answer = app.get("/login").await.expect(200);
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("form-action 'self'"), "{policy}");
    assert!(!policy.contains("http:") && !policy.contains("https:") && !policy.contains("data:"), "{policy}");
    assert!(
        !answer.text().contains("<script>") && !answer.text().contains(" style=\"") && !answer.text().contains(" onclick="),
        "{answer:?}"
    );
}

/// JSON is not cached, not sniffed and not framed either.
#[tokio::test]
async fn json_answers_have_no_store() {
    let app = TestApp::start().await;
    let answer = app.token(TokenRequest::client_credentials(seed::BATCH)).await.expect(200);
    assert!(answer.header("cache-control").contains("no-store"));
    assert!(answer.header("content-type").starts_with("application/json"));
}

/// Static files are named by their content and may be kept for ever.
#[tokio::test]
async fn static_files_are_immutable_and_compressed() {
    let app = TestApp::start().await;
    let page = app.get("/login").await.text();
    let mut found = 0;
    for piece in page.split('"').filter(|piece| piece.starts_with("/static/")) {
        let request = Request::get(piece).header("accept-encoding", "gzip").body(Body::empty()).unwrap();
        let answer = app.send(request).await.expect(200);
        assert!(answer.header("cache-control").contains("immutable"), "{answer:?}");
        found += 1;
    }
    assert!(found > 0, "{page}");
}

/// A server does not tell what it is made of.
#[tokio::test]
async fn no_server_header_and_no_internals() {
    let app = TestApp::start().await;
    for path in ["/", "/nothing", "/jwks"] {
        let answer = app.get(path).await;
        assert!(!answer.has("server") && !answer.has("x-powered-by"), "{answer:?}");
    }
}
