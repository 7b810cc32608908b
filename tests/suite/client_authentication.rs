//! Client authentication: RFC 6749 §2.3, §5.2.

use std::time::Duration;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use vestibule::secret::Digest;
use vestibule::store::clients::{AuthMethod, ClientSecret};

use crate::harness::{Credentials, TestApp, TokenRequest, basic, seed};

fn id(text: &str) -> String {
    text.to_owned()
}

fn request(credentials: Credentials) -> TokenRequest {
    TokenRequest::new(credentials).with("grant_type", "client_credentials")
}

fn raw_basic(header: &str) -> Request<Body> {
    Request::post("/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", header)
        .body(Body::from("grant_type=client_credentials"))
        .unwrap()
}

/// RFC 6749 §2.3, RFC 9700 §2.5: only the registered method is accepted.
#[tokio::test]
async fn only_the_registered_method_is_accepted() {
    let app = TestApp::start().await;
    let secret = seed::SECRET;
    for registered in [AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretPost, AuthMethod::None] {
        app.change_client(seed::BATCH, |client| client.metadata.token_endpoint_auth_method = registered).await;
        let ways = [
            (AuthMethod::ClientSecretBasic, Credentials::Basic(id("batch"), id(secret))),
            (AuthMethod::ClientSecretPost, Credentials::Post(id("batch"), id(secret))),
            (AuthMethod::None, Credentials::Public(id("batch"))),
        ];
        for (method, credentials) in ways {
            let answer = app.token(request(credentials)).await;
            if method == registered && registered != AuthMethod::None {
                answer.expect(200);
            } else if method != registered {
                answer.expect_error(401, "invalid_client");
            }
        }
    }
}

/// RFC 6749 §4.4: client credentials are for confidential clients only.
#[tokio::test]
async fn a_public_client_gets_no_client_credentials() {
    let app = TestApp::start().await;
    app.token(TokenRequest::client_credentials(seed::SPA)).await.expect_error(400, "unauthorized_client");
}

/// RFC 6749 §2.3: a client must not use more than one method in each request.
#[tokio::test]
async fn two_methods_at_once_are_refused() {
    let app = TestApp::start().await;
    let request = TokenRequest::client_credentials(seed::BATCH).with("client_id", "batch").with("client_secret", seed::SECRET);
    app.token(request).await.expect_error(400, "invalid_request");
}

/// RFC 6749 §3.2.1: `client_id` in the body beside `Basic` must at least be the same.
#[tokio::test]
async fn a_client_id_in_the_body_must_be_the_one_in_the_header() {
    let app = TestApp::start().await;
    app.token(TokenRequest::client_credentials(seed::BATCH).with("client_id", "batch")).await.expect(200);
    let answer = app.token(TokenRequest::client_credentials(seed::BATCH).with("client_id", "api")).await;
    assert!(matches!(answer.error().1.as_str(), "invalid_request" | "invalid_client"), "{answer:?}");
}

/// RFC 6749 §5.2: 401 with `WWW-Authenticate: Basic` when the client tried the header.
#[tokio::test]
async fn a_wrong_secret_is_refused() {
    let app = TestApp::start().await;
    let answer = app.token(request(Credentials::Basic(id("batch"), id("vst_cs_wrong")))).await;
    answer.expect_error(401, "invalid_client");
    assert!(answer.header("www-authenticate").starts_with("Basic"), "{answer:?}");
    let answer = app.token(request(Credentials::Post(id("ticketing"), id("x")))).await;
    answer.expect_error(401, "invalid_client");
    assert!(answer.header("www-authenticate").starts_with("Basic"), "RFC 9110 §15.5.2: every 401 has a challenge: {answer:?}");
    for answer in [app.introspect(Credentials::Public(id(seed::SPA)), "x").await, app.introspect(Credentials::Nothing, "x").await] {
        answer.expect_error(401, "invalid_client");
        assert!(answer.header("www-authenticate").starts_with("Basic"), "RFC 7662 §2.3: {answer:?}");
    }
}

/// TE-4: an unknown client and a wrong secret cannot be told apart by status or error.
#[tokio::test]
async fn an_unknown_client_is_refused_like_a_wrong_secret() {
    let app = TestApp::start().await;
    let answer = app.token(request(Credentials::Basic(id("nobody"), id(seed::SECRET)))).await;
    answer.expect_error(401, "invalid_client");
    app.token(request(Credentials::Nothing)).await.expect_error(401, "invalid_client");
    app.token(request(Credentials::Public(id("nobody")))).await.expect_error(401, "invalid_client");
}

/// TE-8: a disabled client cannot authenticate.
#[tokio::test]
async fn a_disabled_client_is_refused() {
    let app = TestApp::start().await;
    app.change_client(seed::BATCH, |client| client.enabled = false).await;
    app.token(TokenRequest::client_credentials(seed::BATCH)).await.expect_error(401, "invalid_client");
}

/// RFC 6749 §2.3.1: id and secret are form-encoded inside `Basic`.
#[tokio::test]
async fn basic_is_form_decoded() {
    let app = TestApp::start().await;
    let now = app.now();
    let odd = "vst_cs_a:b%c d+e/f=";
    let secret = ClientSecret { digest: Digest::of(odd.as_bytes()), created_at: now, expires_at: None };
    app.change_client(seed::BATCH, |client| client.secrets = vec![secret]).await;
    app.send(raw_basic(&basic("batch", odd))).await.expect(200);
    // `+` is a space, as forms have it.
    let by_hand = STANDARD.encode("%62atch:vst_cs_a%3Ab%25c+d%2Be%2Ff%3D");
    app.send(raw_basic(&format!("Basic {by_hand}"))).await.expect(200);
    let undecoded = STANDARD.encode("batch:vst_cs_a%3Ab%25c d+e/f=");
    app.send(raw_basic(&format!("Basic {undecoded}"))).await.expect_error(401, "invalid_client");
}

/// RFC 7617 §2, RFC 9110 §11.1: the scheme is case-insensitive; what is not base64 with a colon is refused.
#[tokio::test]
async fn malformed_basic_headers_are_refused() {
    let app = TestApp::start().await;
    app.send(raw_basic(&basic("batch", seed::SECRET).replace("Basic", "bASIC"))).await.expect(200);
    for header in ["Basic", "Basic ", "Basic !!!", "Basic YmF0Y2g=", "Bearer x", "Basic /////w=="] {
        let answer = app.send(raw_basic(header)).await;
        assert!(matches!(answer.status.as_u16(), 400 | 401), "{header}: {answer:?}");
        assert!(matches!(answer.error().1.as_str(), "invalid_client" | "invalid_request"), "{header}");
    }
}

/// TE-4: two secrets are valid during a rotation, an expired one is not.
#[tokio::test]
async fn two_secrets_are_valid_while_one_is_rotated() {
    let app = TestApp::start().await;
    let now = app.now();
    let old_ends = now.plus(Duration::from_hours(1));
    app.change_client(seed::BATCH, |client| {
        client.secrets = vec![
            ClientSecret { digest: Digest::of(b"vst_cs_new"), created_at: now, expires_at: None },
            ClientSecret { digest: Digest::of(seed::SECRET.as_bytes()), created_at: now, expires_at: Some(old_ends) },
        ];
    })
    .await;
    let with = |secret: &str| request(Credentials::Basic(id("batch"), id(secret)));
    app.token(with("vst_cs_new")).await.expect(200);
    app.token(with(seed::SECRET)).await.expect(200);
    app.seconds_pass(3601);
    app.token(with("vst_cs_new")).await.expect(200);
    app.token(with(seed::SECRET)).await.expect_error(401, "invalid_client");
}

/// TE-12: parameters come from an urlencoded body only; GET is not allowed.
#[tokio::test]
async fn only_a_form_in_the_body_counts() {
    let app = TestApp::start().await;
    let answer = app.get("/token?grant_type=client_credentials&client_id=batch").await.expect(405);
    assert!(answer.header("allow").contains("POST"), "{answer:?}");
    let json = Request::post("/token").header("content-type", "application/json").header("authorization", basic("batch", seed::SECRET));
    let answer = app.send(json.body(Body::from("{\"grant_type\":\"client_credentials\"}")).unwrap()).await;
    assert_eq!(answer.error().1, "invalid_request");
    let query = Request::post("/token?grant_type=client_credentials").header("content-type", "application/x-www-form-urlencoded");
    let query = query.header("authorization", basic("batch", seed::SECRET)).body(Body::empty()).unwrap();
    assert_eq!(app.send(query).await.error().1, "invalid_request");
}

/// RFC 6749 §3.2: parameters must not be included more than once.
#[tokio::test]
async fn repeated_parameters_are_refused() {
    let app = TestApp::start().await;
    let request = TokenRequest::client_credentials(seed::BATCH).also("grant_type", "client_credentials");
    app.token(request).await.expect_error(400, "invalid_request");
    let request = TokenRequest::client_credentials(seed::TICKETING).also("client_id", "ticketing");
    app.token(request).await.expect_error(400, "invalid_request");
}

/// RFC 6749 §5.2.
#[tokio::test]
async fn unknown_and_missing_grant_types_are_told_apart() {
    let app = TestApp::start().await;
    let with = |grant: &str| TokenRequest::client_credentials(seed::BATCH).with("grant_type", grant);
    for grant in ["password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer", "CLIENT_CREDENTIALS"] {
        app.token(with(grant)).await.expect_error(400, "unsupported_grant_type");
    }
    app.token(with("")).await.expect_error(400, "invalid_request");
    app.token(TokenRequest::client_credentials(seed::BATCH).without("grant_type")).await.expect_error(400, "invalid_request");
}

/// RFC 6749 §5.2: a grant the client did not register.
#[tokio::test]
async fn an_unregistered_grant_type_is_unauthorized() {
    let app = TestApp::start().await;
    app.token(TokenRequest::client_credentials(seed::AUTOTALK)).await.expect_error(400, "unauthorized_client");
    app.token(TokenRequest::refresh(seed::BATCH, "vst_rt_x")).await.expect_error(400, "unauthorized_client");
    app.token(TokenRequest::code(seed::BATCH, "vst_ac_x").with("redirect_uri", "https://batch.test/"))
        .await
        .expect_error(400, "unauthorized_client");
}

/// Bounded: bodies of more than 64 KiB are not read.
#[tokio::test]
async fn an_oversized_body_is_refused() {
    let app = TestApp::start().await;
    let answer = app.token(TokenRequest::client_credentials(seed::BATCH).with("x", &"y".repeat(70_000))).await;
    assert!(matches!(answer.status.as_u16(), 400 | 413), "{answer:?}");
}
