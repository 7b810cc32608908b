//! Cross-origin requests of browser applications.

use axum::body::Body;
use http::Request;

use crate::harness::{Answer, TestApp, TokenRequest, seed};

const ORIGIN: &str = "https://spa.test";

async fn preflight(app: &TestApp, path: &str) -> Answer {
    let request = Request::builder()
        .method("OPTIONS")
        .uri(path)
        .header("origin", ORIGIN)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization, content-type");
    app.send(request.body(Body::empty()).unwrap()).await
}

/// Browsers' clients need discovery, JWKS, token, revocation and userinfo.
#[tokio::test]
async fn endpoints_for_browser_clients_answer_any_origin() {
    let app = TestApp::start().await;
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/jwks"] {
        let request = Request::get(path).header("origin", ORIGIN).body(Body::empty()).unwrap();
        assert_eq!(app.send(request).await.expect(200).header("access-control-allow-origin"), "*", "{path}");
    }
    for path in ["/token", "/userinfo", "/revoke", "/device/authorize"] {
        let answer = preflight(&app, path).await;
        assert!(answer.status.is_success(), "{answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert!(answer.header("access-control-allow-methods").contains("POST"), "{answer:?}");
        let headers = answer.header("access-control-allow-headers").to_ascii_lowercase();
        assert!(headers.contains("authorization") && headers.contains("content-type"), "{answer:?}");
    }
}

/// Scripts must be able to read errors too.
#[tokio::test]
async fn errors_can_be_read_across_origins() {
    let app = TestApp::start().await;
    let mut request = TokenRequest::refresh(seed::SPA, "vst_rt_x").build("/token");
    request.headers_mut().insert("origin", ORIGIN.parse().unwrap());
    let answer = app.send(request).await.expect(400);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let unauthorized = Request::get("/userinfo").header("origin", ORIGIN).body(Body::empty()).unwrap();
    let answer = app.send(unauthorized).await.expect(401);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert!(answer.header("access-control-expose-headers").to_ascii_lowercase().contains("www-authenticate"), "{answer:?}");
}

/// Cookies are never involved: what is open to all origins must not be open to credentials.
#[tokio::test]
async fn credentials_are_never_allowed() {
    let app = TestApp::start().await;
    for path in ["/token", "/userinfo", "/revoke", "/authorize", "/login", "/account"] {
        let answer = preflight(&app, path).await;
        assert!(!answer.has("access-control-allow-credentials"), "{answer:?}");
    }
}

/// Pages are for people: no other origin's script reads them.
#[tokio::test]
async fn pages_are_closed_to_other_origins() {
    let app = TestApp::start().await;
    for path in ["/", "/authorize", "/login", "/consent", "/account", "/logout", "/introspect"] {
        let answer = preflight(&app, path).await;
        assert!(!answer.has("access-control-allow-origin"), "{answer:?}");
        let get = Request::get(path).header("origin", ORIGIN).body(Body::empty()).unwrap();
        assert!(!app.send(get).await.has("access-control-allow-origin"), "{path}");
    }
}
