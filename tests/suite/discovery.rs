//! OpenID Connect Discovery 1.0 and RFC 8414.

use serde_json::{Value, json};

use crate::harness::{ISSUER, TestApp};

const PATH: &str = "/.well-known/openid-configuration";

async fn document() -> Value {
    TestApp::start().await.get(PATH).await.expect(200).json()
}

/// Discovery §4.3: the issuer is exactly the URL the document was asked at.
#[tokio::test]
async fn the_issuer_is_the_configured_one_whatever_the_host_header_says() {
    let app = TestApp::start().await;
    let request = http::Request::get(PATH).header("host", "evil.test").header("x-forwarded-host", "evil.test");
    let json = app.send(request.body(axum::body::Body::empty()).unwrap()).await.expect(200).json();
    assert_eq!(json["issuer"], ISSUER);
    assert!(!json.to_string().contains("evil.test"));
}

/// RFC 8414 §3: the same document under both well-known names.
#[tokio::test]
async fn both_well_known_names_serve_the_same_bytes() {
    let app = TestApp::start().await;
    let openid = app.get(PATH).await.expect(200);
    let oauth = app.get("/.well-known/oauth-authorization-server").await.expect(200);
    assert_eq!(openid.body, oauth.body);
}

/// Discovery §3; the suite's CheckDiscEndpointAllEndpointsAreHttps.
#[tokio::test]
async fn every_endpoint_is_an_https_url_of_ours() {
    let json = document().await;
    let endpoints = [
        ("authorization_endpoint", "/authorize"),
        ("token_endpoint", "/token"),
        ("userinfo_endpoint", "/userinfo"),
        ("jwks_uri", "/jwks"),
        ("introspection_endpoint", "/introspect"),
        ("revocation_endpoint", "/revoke"),
        ("end_session_endpoint", "/logout"),
        ("device_authorization_endpoint", "/device/authorize"),
    ];
    for (member, path) in endpoints {
        assert_eq!(json[member], format!("{ISSUER}{path}"), "{member}");
    }
}

/// Discovery §3, RFC 8414 §2, RFC 9207 §3, Back-Channel Logout §2.1: what is said is what is done.
#[tokio::test]
async fn the_metadata_says_what_is_supported_and_nothing_else() {
    let json = document().await;
    let set = |member: &str| -> Vec<String> {
        let mut values: Vec<String> =
            json[member].as_array().unwrap_or_else(|| panic!("{member}")).iter().map(|v| v.as_str().unwrap().to_owned()).collect();
        values.sort();
        values
    };
    assert_eq!(set("response_types_supported"), ["code"]);
    let device = "urn:ietf:params:oauth:grant-type:device_code";
    assert_eq!(set("grant_types_supported"), ["authorization_code", "client_credentials", "refresh_token", device]);
    assert_eq!(set("subject_types_supported"), ["public"]);
    assert_eq!(set("id_token_signing_alg_values_supported"), ["ES256", "EdDSA", "PS256", "RS256"]);
    assert_eq!(set("code_challenge_methods_supported"), ["S256"]);
    assert_eq!(set("scopes_supported"), ["address", "email", "offline_access", "openid", "phone", "profile"]);
    assert_eq!(set("acr_values_supported"), ["aal1", "aal2"]);
    assert_eq!(set("prompt_values_supported"), ["consent", "login", "none", "select_account"], "`create` only where people may register");
    assert_eq!(set("ui_locales_supported"), ["en", "es", "pt-BR"]);
    for member in ["token_endpoint_auth_methods_supported", "revocation_endpoint_auth_methods_supported"] {
        assert_eq!(set(member), ["client_secret_basic", "client_secret_post", "none", "private_key_jwt"], "{member}");
    }
    let confidential = ["client_secret_basic", "client_secret_post", "private_key_jwt"];
    assert_eq!(set("introspection_endpoint_auth_methods_supported"), confidential);
    for endpoint in ["token", "introspection", "revocation"] {
        let member = format!("{endpoint}_endpoint_auth_signing_alg_values_supported");
        assert_eq!(set(&member), ["ES256", "ES384", "Ed25519", "EdDSA", "PS256", "RS256"], "{member}");
    }
    assert_eq!(set("response_modes_supported"), ["form_post", "query"]);
    assert!(set("claims_supported").contains(&"sub".to_owned()));
    for member in ["authorization_response_iss_parameter_supported", "backchannel_logout_supported", "backchannel_logout_session_supported"]
    {
        assert_eq!(json[member], json!(true), "{member}");
    }
    for member in ["request_parameter_supported", "request_uri_parameter_supported", "claims_parameter_supported"] {
        assert_eq!(json[member], json!(false), "{member}: left out, request_uri_parameter_supported would mean true");
    }
    assert!(json.get("registration_endpoint").is_none());
}

/// The documents are prerendered bytes with an entity tag; caches may keep them.
#[tokio::test]
async fn it_can_be_cached_and_revalidated() {
    let app = TestApp::start().await;
    let answer = app.get(PATH).await.expect(200);
    assert!(answer.header("cache-control").contains("max-age="), "{answer:?}");
    let tag = answer.header("etag").to_owned();
    assert!(tag.starts_with('"'), "{tag}");
    let again = http::Request::get(PATH).header("if-none-match", tag).body(axum::body::Body::empty()).unwrap();
    let again = app.send(again).await.expect(304);
    assert!(again.body.is_empty());
}

/// RFC 9110 §15.5.6.
#[tokio::test]
async fn other_methods_are_not_allowed() {
    let app = TestApp::start().await;
    let answer = app.method(http::Method::POST, PATH).await.expect(405);
    assert!(answer.header("allow").contains("GET"), "{answer:?}");
}
