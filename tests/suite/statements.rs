//! How often the database is asked: the budget of ARCHITECTURE §6.

use serde_json::json;

use crate::custom_scopes;
use crate::harness::{Credentials, TestApp, TokenRequest, seed};

/// Statements `(reads, writes)` that `work` took.
async fn cost<T>(app: &TestApp, work: impl Future<Output = T>) -> ((u64, u64), T) {
    let (reads, writes) = app.app.store.statement_counts();
    let outcome = work.await;
    let after = app.app.store.statement_counts();
    ((after.0 - reads, after.1 - writes), outcome)
}

#[track_caller]
fn within(what: &str, (reads, writes): (u64, u64), allowed: (u64, u64)) {
    assert!(reads <= allowed.0 && writes <= allowed.1, "{what}: {reads} reads and {writes} writes, allowed {allowed:?}");
}

/// Nothing is written before somebody has proved something.
#[tokio::test]
async fn anonymous_requests_write_nothing() {
    let app = TestApp::start().await;
    app.get(&app.authorize(seed::AUTOTALK).url()).await.expect(303);
    let before = app.app.store.statement_counts();
    let browser = app.browser();
    for _ in 0..3 {
        app.get("/").await.expect(200);
        app.get("/.well-known/openid-configuration").await.expect(200);
        app.get("/jwks").await.expect(200);
        browser.open(&app.authorize(seed::AUTOTALK).url()).await.expect("/login", 200);
        app.get(&app.authorize("nobody").url()).await.expect(400);
        app.get(&app.authorize(seed::AUTOTALK).with("redirect_uri", "https://evil.test").url()).await.expect(400);
        app.userinfo("x.y.z").await.expect(401);
        app.token(TokenRequest::code(seed::AUTOTALK, "vst_ac_x")).await.expect(400);
        app.token(TokenRequest::refresh(seed::AUTOTALK, "vst_rt_x")).await.expect(400);
        app.get("/logout").await;
    }
    assert_eq!(app.app.store.statement_counts().1, before.1, "an anonymous request wrote something");
}

/// Discovery and keys are prerendered; whether there are other scopes, or another replica has made keys, is looked up once a second, whoever asks how
/// often.
#[tokio::test]
async fn discovery_and_the_keys_ask_once_a_second() {
    let app = TestApp::start().await;
    let (first, ()) = cost(&app, async {
        app.get("/.well-known/openid-configuration").await.expect(200);
        app.get("/jwks").await.expect(200);
    })
    .await;
    within("discovery and keys", first, (2, 0));
    let (again, ()) = cost(&app, async {
        for _ in 0..10 {
            app.get("/.well-known/openid-configuration").await.expect(200);
            app.get("/jwks").await.expect(200);
        }
    })
    .await;
    within("the keys again", again, (0, 0));
}

/// `client_credentials` writes nothing, and with a warm client cache reads nothing.
#[tokio::test]
async fn client_credentials_ask_nothing_when_the_client_is_known() {
    let app = TestApp::start().await;
    app.token(TokenRequest::client_credentials(seed::BATCH)).await.expect(200);
    let (cost, _) = cost(&app, app.token(TokenRequest::client_credentials(seed::BATCH))).await;
    within("client_credentials", cost, (0, 0));
}

/// Authorize from a session: the session's read, and the consent's where one is needed.
#[tokio::test]
async fn authorize_from_a_session_reads_and_writes_nothing() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let url = app.authorize(seed::AUTOTALK).url();
    browser.open(&url).await.code();
    let (cost, page) = cost(&app, browser.open(&url)).await;
    page.code();
    within("authorize", cost, (2, 0));
}

/// A code is redeemed in one transaction: the grant and its audit event.
#[tokio::test]
async fn a_code_costs_one_transaction() {
    let app = TestApp::start().await;
    app.tokens(seed::AUTOTALK, "openid").await;
    let code = app.code(seed::AUTOTALK, "openid").await;
    let (cost, answer) = cost(&app, app.token(TokenRequest::code(seed::AUTOTALK, &code))).await;
    answer.expect(200);
    within("code", cost, (2, 2));
}

/// A refresh is one read and one conditional update. The one in every tenth of the session's idle time that notes the session's use writes once more:
/// `oauth::token::refresh_tests` counts that one.
#[tokio::test]
async fn a_refresh_costs_one_conditional_update() {
    let app = TestApp::start().await;
    let tokens = app.tokens(seed::AUTOTALK, "openid").await;
    let request = TokenRequest::refresh(seed::AUTOTALK, tokens["refresh_token"].as_str().unwrap());
    let (cost, answer) = cost(&app, app.token(request)).await;
    answer.expect(200);
    within("refresh", cost, (1, 1));
}

/// A scope of one's own costs nothing more; one that tells of organisations a read where they appear.
#[tokio::test]
async fn claims_of_organisations_cost_one_read_where_they_appear() {
    let app = TestApp::start().await;
    custom_scopes::scope(&app, "tier", &json!({ "claims": { "tier": { "constant": "gold" }, "login": "email" } })).await;
    custom_scopes::scope(&app, "roles", &json!({ "claims": { "roles": "organization_roles" }, "in": ["id_token"] })).await;
    app.change_client(seed::AUTOTALK, |client| client.metadata.scope = "openid tier roles".to_owned()).await;
    for (scope, expected) in [("openid tier", 1), ("openid roles", 2)] {
        let tokens = app.tokens(seed::AUTOTALK, scope).await;
        let request = TokenRequest::refresh(seed::AUTOTALK, tokens["refresh_token"].as_str().unwrap());
        let (refresh, answer) = cost(&app, app.token(request)).await;
        let access = answer.expect(200).json()["access_token"].as_str().unwrap().to_owned();
        within("refresh", refresh, (expected, 1));
        let (userinfo, _) = cost(&app, app.userinfo(&access)).await;
        within("userinfo", userinfo, (1, 0));
    }
}

/// Userinfo and introspection: is the grant alive? One indexed read.
#[tokio::test]
async fn userinfo_and_introspection_cost_one_read() {
    let app = TestApp::start().await;
    let tokens = app.tokens(seed::AUTOTALK, "openid email").await;
    let access = tokens["access_token"].as_str().unwrap();
    app.introspect(Credentials::of(seed::API), access).await.expect(200);
    let (userinfo, _) = cost(&app, app.userinfo(access)).await;
    within("userinfo", userinfo, (1, 0));
    let (introspection, _) = cost(&app, app.introspect(Credentials::of(seed::API), access)).await;
    within("introspection", introspection, (1, 0));
}

/// A sign-in is counted before its password is checked, and given back with one more statement; a refused one leaves its audit event.
#[tokio::test]
async fn a_sign_in_costs_one_transaction() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open("/login").await;
    let (action, mut form) = page.form_of("#login-submit");
    form.retain(|(name, _)| name != "email" && name != "password");
    let mut wrong = form.clone();
    wrong.extend([("email".to_owned(), seed::ANA.to_owned()), ("password".to_owned(), "not the right password".to_owned())]);
    let (refused, answer) = cost(&app, browser.post(&action, &wrong)).await;
    answer.expect(422);
    within("refused sign-in", refused, (2, 2));
    form.extend([("email".to_owned(), seed::ANA.to_owned()), ("password".to_owned(), seed::PASSWORD.to_owned())]);
    let (accepted, answer) = cost(&app, browser.post(&action, &form)).await;
    answer.expect(303);
    // Four of the reads are in the transaction of the sign-in: the policy, second factors, and sessions that are one too many.
    within("sign-in", accepted, (6, 6));
}
