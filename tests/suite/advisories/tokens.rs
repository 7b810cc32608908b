//! Codes and tokens: whose they are, what they are for, how often they work.

use axum::body::Body;
use http::Request;
use tokio::task::JoinSet;

use crate::harness::{Credentials, TestApp, TokenRequest, claims_of, redirect_uri, seed, through};

fn text(json: &serde_json::Value, name: &str) -> String {
    json[name].as_str().unwrap().to_owned()
}

/// Keycloak, ZITADEL: codes and refresh tokens were not bound to the client they were for.
#[tokio::test]
async fn cve_2026_16089_2026_55672_codes_and_refresh_tokens_belong_to_their_client() {
    let app = TestApp::start().await;
    let code = app.code(seed::AUTOTALK, "openid").await;
    for uri in [redirect_uri(seed::AUTOTALK), redirect_uri(seed::LEGACY)] {
        let stolen = TokenRequest::code(seed::AUTOTALK, &code).credentials(Credentials::of(seed::LEGACY)).with("redirect_uri", &uri);
        app.token(stolen).await.expect_error(400, "invalid_grant");
    }
    app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect_error(400, "invalid_grant");
    let tokens = app.tokens(seed::AUTOTALK, "openid offline_access").await;
    let stolen = TokenRequest::refresh(seed::LEGACY, &text(&tokens, "refresh_token"));
    app.token(stolen).await.expect_error(400, "invalid_grant");
}

/// Keycloak: of refreshes at the same moment more than one was served.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn cve_2026_1035_refreshes_at_once_make_one_generation() {
    let app = TestApp::start().await;
    let token = text(&app.tokens(seed::AUTOTALK, "openid offline_access").await, "refresh_token");
    let mut running = JoinSet::new();
    for _ in 0..12 {
        let (router, request) = (app.router(), TokenRequest::refresh(seed::AUTOTALK, &token).build("/token"));
        running.spawn(async move { through(router, "192.0.2.9:9".parse().unwrap(), request).await });
    }
    let answers = running.join_all().await;
    assert!(answers.iter().any(|answer| answer.status == 200), "{answers:?}");
    let rotations = app.app.store.read();
    let ana = app.user(seed::ANA).await;
    let grants = vestibule::store::grants::list_live_by_user(&rotations, ana.id, ana.auth_epoch, app.now()).await.unwrap();
    assert!(grants.iter().all(|grant| grant.generation <= 1), "{grants:?}");
}

/// Keycloak: after a restart a refresh token that had been used was taken again.
#[tokio::test]
async fn cve_2026_9802_a_restart_forgets_no_use() {
    let mut app = TestApp::start().await;
    let code = app.code(seed::AUTOTALK, "openid offline_access").await;
    let first = app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect(200).json();
    let second = app.token(TokenRequest::refresh(seed::AUTOTALK, &text(&first, "refresh_token"))).await.expect(200).json();
    app.seconds_pass(20);
    app.restart().await;
    app.token(TokenRequest::refresh(seed::AUTOTALK, &text(&first, "refresh_token"))).await.expect_error(400, "invalid_grant");
    app.token(TokenRequest::refresh(seed::AUTOTALK, &text(&second, "refresh_token"))).await.expect_error(400, "invalid_grant");
    app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect_error(400, "invalid_grant");
}

/// Keycloak: the rules of the sign-in did not hold where a password was traded for tokens.
#[tokio::test]
async fn cve_2026_9792_no_password_is_traded_for_tokens() {
    let app = TestApp::start().await;
    for client in [seed::AUTOTALK, seed::SPA, seed::BATCH] {
        let request = TokenRequest::new(Credentials::of(client)).with("grant_type", "password").with("username", seed::ANA);
        app.token(request.with("password", seed::PASSWORD)).await.expect_error(400, "unsupported_grant_type");
    }
    let document = app.get("/.well-known/openid-configuration").await.json();
    assert!(!document["grant_types_supported"].as_array().unwrap().contains(&"password".into()));
}

/// Keycloak: any client learned what another's token was worth.
#[tokio::test]
async fn cve_2026_37979_introspection_tells_nothing_of_others() {
    let app = TestApp::start().await;
    let tokens = app.tokens(seed::AUTOTALK, "openid offline_access").await;
    for kind in ["access_token", "refresh_token"] {
        let json = app.introspect(Credentials::of(seed::LEGACY), &text(&tokens, kind)).await.expect(200).json();
        assert_eq!(json, serde_json::json!({ "active": false }), "{kind}");
    }
}

/// Keycloak: an ID token, or a token of another kind, opened what an access token opens.
#[tokio::test]
async fn cve_2019_3868_kinds_of_tokens_do_not_mix() {
    let app = TestApp::start().await;
    let tokens = app.tokens(seed::AUTOTALK, "openid offline_access").await;
    for kind in ["id_token", "refresh_token"] {
        assert!(!app.is_alive(&text(&tokens, kind)).await, "{kind}");
    }
    app.token(TokenRequest::refresh(seed::AUTOTALK, &text(&tokens, "access_token"))).await.expect_error(400, "invalid_grant");
}

/// Casdoor: a token was believed without its signature.
#[tokio::test]
async fn cve_2026_9094_2026_9097_unsigned_tokens_are_nothing() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let app = TestApp::start().await;
    let token = text(&app.tokens(seed::AUTOTALK, "openid").await, "access_token");
    let parts: Vec<&str> = token.split('.').collect();
    let mut header = crate::harness::header_of(&token);
    for algorithm in ["none", "None", "HS256", "RS256"] {
        header["alg"] = algorithm.into();
        let head = URL_SAFE_NO_PAD.encode(header.to_string());
        for signature in ["", parts[2]] {
            assert!(!app.is_alive(&format!("{head}.{}.{signature}", parts[1])).await, "{algorithm}");
        }
    }
    assert!(app.is_alive(&token).await);
}

/// ZITADEL: a token that had been cut was taken for the whole.
#[tokio::test]
async fn cve_2026_27840_cut_tokens_are_nothing() {
    let app = TestApp::start().await;
    let tokens = app.tokens(seed::AUTOTALK, "openid offline_access").await;
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    for cut in 1..4 {
        assert!(!app.is_alive(&access[..access.len() - cut]).await);
        app.token(TokenRequest::refresh(seed::AUTOTALK, &refresh[..refresh.len() - cut])).await.expect_error(400, "invalid_grant");
    }
    app.token(TokenRequest::refresh(seed::AUTOTALK, &refresh)).await.expect(200);
}

/// authentik: a token outlived the session it came from.
#[tokio::test]
async fn cve_2025_52553_tokens_end_with_their_session() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let code = browser.open(&app.authorize(seed::AUTOTALK).url()).await.code();
    let tokens = app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect(200).json();
    browser.open("/account").await.click("Log out").await;
    assert!(!app.is_alive(&text(&tokens, "access_token")).await);
    app.token(TokenRequest::refresh(seed::AUTOTALK, &text(&tokens, "refresh_token"))).await.expect_error(400, "invalid_grant");
}

/// authentik: a client's own token had scopes nobody had given it; Logto: a scope was not asked for where it was needed.
#[tokio::test]
async fn cve_2024_52287_2026_63203_scopes_only_narrow() {
    let app = TestApp::start().await;
    for scope in ["openid", "profile openid", "offline_access"] {
        let answer = app.token(TokenRequest::client_credentials(seed::BATCH).with("scope", scope)).await;
        if answer.status == 200 {
            assert!(!text(&answer.json(), "scope").contains("openid"), "{scope}: {answer:?}");
        }
    }
    let machine = app.token(TokenRequest::client_credentials(seed::BATCH)).await.expect(200).json();
    assert!(!app.is_alive(&text(&machine, "access_token")).await, "a machine is nobody");
    let tokens = app.tokens(seed::AUTOTALK, "openid offline_access").await;
    let wider = TokenRequest::refresh(seed::AUTOTALK, &text(&tokens, "refresh_token")).with("scope", "openid email profile");
    app.token(wider).await.expect_error(400, "invalid_scope");
}

/// authentik: a code was redeemed without its verifier, or with one that was never asked for.
#[tokio::test]
async fn cve_2024_23647_2023_48228_pkce_cannot_be_left_out() {
    let app = TestApp::start().await;
    let code = app.code(seed::AUTOTALK, "openid").await;
    app.token(TokenRequest::code(seed::AUTOTALK, &code).without("code_verifier")).await.expect_error(400, "invalid_grant");
    app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect_error(400, "invalid_grant");
    let browser = app.browser_of(seed::ANA).await;
    let bare = app.authorize(seed::AUTOTALK).without("code_challenge").without("code_challenge_method");
    assert_eq!(browser.open(&bare.url()).await.error(), "invalid_request");
    assert_eq!(browser.open(&app.authorize(seed::SPA).with("code_challenge_method", "plain").url()).await.error(), "invalid_request");
    let exempt = app.authorize(seed::LEGACY).without("code_challenge").without("code_challenge_method");
    let code = browser.open(&exempt.url()).await.code();
    app.token(TokenRequest::code(seed::LEGACY, &code)).await.expect_error(400, "invalid_grant");
}

/// Keycloak: of a parameter sent twice one place took the first and another the second.
#[tokio::test]
async fn cve_2026_9689_no_parameter_is_taken_twice() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    for name in ["redirect_uri", "client_id", "scope", "state", "code_challenge", "prompt"] {
        let page = browser.open(&app.authorize(seed::AUTOTALK).with(name, "x").also(name, "x").url()).await;
        // Where the address itself is in doubt, a page; otherwise the application is told.
        let told = if page.has_left() { page.error() } else { page.error_code() };
        assert_eq!(told, "invalid_request", "{name}: {page:?}");
        assert!(!page.has_left() || !["redirect_uri", "client_id"].contains(&name), "{name}: {page:?}");
    }
    for name in ["code", "client_id", "grant_type", "redirect_uri"] {
        let code = app.code(seed::SPA, "openid").await;
        app.token(TokenRequest::code(seed::SPA, &code).also(name, "x")).await.expect_error(400, "invalid_request");
    }
}

/// Ory fosite: a revocation that had failed was answered as if it had not.
#[tokio::test]
async fn cve_2020_15223_a_revocation_that_failed_is_an_error() {
    let app = TestApp::start().await;
    let token = text(&app.tokens(seed::AUTOTALK, "openid offline_access").await, "refresh_token");
    app.app.store.close().await;
    app.revoke(Credentials::of(seed::AUTOTALK), &token).await.expect(503);
}

/// Casdoor: scripts of other sites called with the person's cookies.
#[tokio::test]
async fn cve_2024_41657_no_script_of_another_origin_calls_with_cookies() {
    let app = TestApp::start().await;
    for path in ["/userinfo", "/token", "/account", "/account/data", "/login"] {
        let request = Request::get(path).header("origin", "https://evil.test").body(Body::empty()).unwrap();
        let answer = app.browser_of(seed::ANA).await.send(request).await;
        assert!(!answer.has("access-control-allow-credentials"), "{answer:?}");
        assert_ne!(answer.header("access-control-allow-origin"), "https://evil.test", "{answer:?}");
    }
}

/// ZITADEL: the identifier of an account that was gone was given to another.
#[tokio::test]
async fn cve_2026_55670_identifiers_are_not_used_again() {
    let app = TestApp::start().await;
    let before = claims_of(&text(&app.tokens(seed::AUTOTALK, "openid").await, "id_token"))["sub"].clone();
    let browser = app.browser_of(seed::ANA).await;
    browser.open("/account/delete").await.click("Delete my account").await;
    app.seconds_pass(14 * 86_400 + 1);
    vestibule::jobs::deletions::once(&app.app, "test").await.unwrap();
    let hash = app.user(seed::BRUNO).await.password_hash;
    seed::insert_user(&app.app, seed::user(seed::ANA, hash)).await;
    assert_ne!(claims_of(&text(&app.tokens(seed::AUTOTALK, "openid").await, "id_token"))["sub"], before);
}
