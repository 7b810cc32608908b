//! The userinfo endpoint: OpenID Connect Core §5.3, §5.4; RFC 6750.

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};

use crate::harness::{Answer, TestApp, TokenRequest, seed};

async fn access_token(app: &TestApp, scope: &str) -> String {
    app.tokens(seed::AUTOTALK, scope).await["access_token"].as_str().unwrap().to_owned()
}

async fn post(app: &TestApp, authorization: Option<&str>, body: String) -> Answer {
    let mut request = Request::post("/userinfo").header("content-type", "application/x-www-form-urlencoded");
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    app.send(request.body(Body::from(body)).unwrap()).await
}

fn names(json: &Value) -> Vec<String> {
    json.as_object().unwrap().keys().cloned().collect()
}

/// OpenID Connect Core §5.4: each scope and its claims, as far as the person has them.
#[tokio::test]
async fn each_scope_stands_for_its_claims() {
    let app = TestApp::start().await;
    let ana = app.user(seed::ANA).await.id.to_string();
    let cases: [(&str, &[&str]); 5] = [
        ("openid", &["sub"]),
        (
            "openid profile",
            &[
                "birthdate",
                "family_name",
                "given_name",
                "locale",
                "name",
                "nickname",
                "preferred_username",
                "sub",
                "updated_at",
                "website",
                "zoneinfo",
            ],
        ),
        ("openid email", &["email", "email_verified", "sub"]),
        ("openid phone", &["phone_number", "phone_number_verified", "sub"]),
        ("openid address", &["address", "sub"]),
    ];
    for (scope, expected) in cases {
        let json = app.userinfo(&access_token(&app, scope).await).await.expect(200).json();
        assert_eq!(json["sub"], ana);
        let mut found = names(&json);
        found.sort();
        assert_eq!(found, expected, "{scope}: {json}");
    }
    let json = app.userinfo(&access_token(&app, "openid email address").await).await.json();
    assert_eq!(json["email_verified"], json!(true));
    assert_eq!(json["address"]["country"], "BR");
}

/// OpenID Connect Core §5.3.2: claims without a value are left out, not null.
#[tokio::test]
async fn claims_without_a_value_are_left_out() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::BRUNO).await;
    let code = browser.open(&app.authorize(seed::AUTOTALK).with("scope", "openid profile phone address").url()).await.code();
    let tokens = app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.json();
    let json = app.userinfo(tokens["access_token"].as_str().unwrap()).await.expect(200).json();
    assert!(!json.to_string().contains("null"), "{json}");
    assert!(json.get("name").is_none() && json.get("phone_number").is_none() && json.get("address").is_none(), "{json}");
}

/// OpenID Connect Core §5.3.1, RFC 6750 §2: GET and POST, header or body.
#[tokio::test]
async fn the_token_comes_by_header_or_by_body() {
    let app = TestApp::start().await;
    let token = access_token(&app, "openid email").await;
    let by_get = app.userinfo(&token).await.expect(200);
    assert!(by_get.header("cache-control").contains("no-store"), "{by_get:?}");
    let by_header = post(&app, Some(&format!("Bearer {token}")), String::new()).await.expect(200);
    let by_body = post(&app, None, format!("access_token={token}")).await.expect(200);
    assert_eq!(by_get.json(), by_header.json());
    assert_eq!(by_get.json(), by_body.json());
    let lower = Request::get("/userinfo").header("authorization", format!("bearer {token}")).body(Body::empty()).unwrap();
    app.send(lower).await.expect(200);
}

/// RFC 6750 §2: one way at a time; never in the query.
#[tokio::test]
async fn two_ways_at_once_and_the_query_are_refused() {
    let app = TestApp::start().await;
    let token = access_token(&app, "openid").await;
    let both = post(&app, Some(&format!("Bearer {token}")), format!("access_token={token}")).await;
    both.expect_error(400, "invalid_request");
    let query = app.get(&format!("/userinfo?access_token={token}")).await.expect(400);
    assert!(query.header("www-authenticate").starts_with("Bearer"), "{query:?}");
}

/// RFC 6750 §3: without a token only the scheme; with a bad one `invalid_token`.
#[tokio::test]
async fn refusals_carry_the_challenge() {
    let app = TestApp::start().await;
    let without = app.get("/userinfo").await.expect(401);
    assert!(without.header("www-authenticate").starts_with("Bearer"), "{without:?}");
    assert!(!without.header("www-authenticate").contains("error="), "RFC 6750 §3.1: no error code without credentials: {without:?}");
    let bad = app.userinfo("x.y.z").await.expect(401);
    assert!(bad.header("www-authenticate").contains("error=\"invalid_token\""), "{bad:?}");
}

/// RFC 8725 §3.11, TK-1: an ID token, a refresh token and a code open nothing.
#[tokio::test]
async fn other_kinds_of_tokens_open_nothing() {
    let app = TestApp::start().await;
    let tokens = app.tokens(seed::AUTOTALK, "openid").await;
    for kind in ["id_token", "refresh_token"] {
        app.userinfo(tokens[kind].as_str().unwrap()).await.expect(401);
    }
    app.userinfo(&app.code(seed::AUTOTALK, "openid").await).await.expect(401);
}

/// TK-2, TK-3: forged headers: `none`, another algorithm, foreign keys in the header, unknown `kid`.
#[tokio::test]
async fn forged_tokens_open_nothing() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let app = TestApp::start().await;
    let token = access_token(&app, "openid").await;
    let parts: Vec<&str> = token.split('.').collect();
    let head = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let kid = crate::harness::header_of(&token)["kid"].clone();
    let forged = [
        format!("{}.{}.", head(json!({ "alg": "none", "typ": "at+jwt" })), parts[1]),
        format!("{}.{}.{}", head(json!({ "alg": "none", "typ": "at+jwt", "kid": kid })), parts[1], parts[2]),
        format!("{}.{}.{}", head(json!({ "alg": "HS256", "typ": "at+jwt", "kid": kid })), parts[1], parts[2]),
        format!("{}.{}.{}", head(json!({ "alg": "ES256", "typ": "at+jwt", "kid": "../../dev/null" })), parts[1], parts[2]),
        format!("{}.{}.{}", head(json!({ "alg": "ES256", "typ": "at+jwt", "kid": kid, "crit": ["x"], "x": 1 })), parts[1], parts[2]),
        format!("{}.{}.{}", parts[0], head(json!({ "sub": "x" })), parts[2]),
        format!("{}.{}.{}", parts[0], parts[1], "A".repeat(parts[2].len())),
        token[..token.len() - 1].to_owned(),
        format!("{token}A"),
        format!("{token}."),
        "x".repeat(100_000),
    ];
    for forged in forged {
        app.userinfo(&forged).await.expect(401);
    }
    app.userinfo(&token).await.expect(200);
}

/// RFC 6750 §3.1: expired, revoked, disabled, signed out: dead at once.
#[tokio::test]
async fn dead_tokens_are_refused() {
    let app = TestApp::start().await;
    let token = access_token(&app, "openid offline_access").await;
    app.seconds_pass(299);
    app.userinfo(&token).await.expect(200);
    app.seconds_pass(1);
    app.userinfo(&token).await.expect(401);

    let token = access_token(&app, "openid offline_access").await;
    app.change_user(seed::ANA, |user| user.enabled = false).await;
    app.userinfo(&token).await.expect(401);
    app.change_user(seed::ANA, |user| user.enabled = true).await;

    let token = access_token(&app, "openid offline_access").await;
    app.change_user(seed::ANA, |user| user.auth_epoch += 1).await;
    app.userinfo(&token).await.expect(401);
}

/// OpenID Connect Core §5.3: only with the `openid` scope.
#[tokio::test]
async fn a_token_without_openid_is_not_enough() {
    let app = TestApp::start().await;
    let answer = app.userinfo(&access_token(&app, "profile").await).await.expect(403);
    assert!(answer.header("www-authenticate").contains("insufficient_scope"), "{answer:?}");
}
