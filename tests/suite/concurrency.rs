//! Sixteen at once, one winner: SECURITY TE-3, TE-7. (Over two processes: tests/processes.)

use axum::body::Body;
use http::Request;
use tokio::task::JoinSet;

use crate::harness::{Answer, TestApp, TokenRequest, encode, seed, through};

async fn sixteen_times(app: &TestApp, request: impl Fn() -> Request<Body>) -> Vec<Answer> {
    let mut running = JoinSet::new();
    for _ in 0..16 {
        let (router, request) = (app.router(), request());
        running.spawn(async move { through(router, "192.0.2.9:9".parse().unwrap(), request).await });
    }
    running.join_all().await
}

/// TE-3: one success; the replays revoke what it got.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_redemptions_of_one_code_have_one_winner() {
    let app = TestApp::start().await;
    let code = app.code(seed::AUTOTALK, "openid").await;
    let answers = sixteen_times(&app, || TokenRequest::code(seed::AUTOTALK, &code).build("/token")).await;
    let winners: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(winners.len(), 1, "{answers:?}");
    for loser in answers.iter().filter(|answer| answer.status != 200) {
        loser.expect_error(400, "invalid_grant");
    }
    let access = winners[0].json()["access_token"].as_str().unwrap().to_owned();
    assert!(!app.is_alive(&access).await, "a replayed code revokes its grant");
}

/// TE-7: within the grace all get the same successor: never two live generations.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_refreshes_of_one_token_leave_one_generation() {
    let app = TestApp::start().await;
    let tokens = app.tokens(seed::AUTOTALK, "openid").await;
    let first = tokens["refresh_token"].as_str().unwrap().to_owned();
    let answers = sixteen_times(&app, || TokenRequest::refresh(seed::AUTOTALK, &first).build("/token")).await;
    let mut successors: Vec<String> =
        answers.iter().filter(|a| a.status == 200).map(|a| a.json()["refresh_token"].as_str().unwrap().to_owned()).collect();
    assert!(!successors.is_empty(), "{answers:?}");
    // One of them goes on; after that every other one is a token of a past generation.
    let chosen = successors.pop().unwrap();
    let next = app.token(TokenRequest::refresh(seed::AUTOTALK, &chosen)).await.expect(200).json();
    app.seconds_pass(11);
    if let Some(other) = successors.pop() {
        app.token(TokenRequest::refresh(seed::AUTOTALK, &other)).await.expect_error(400, "invalid_grant");
        let next = next["refresh_token"].as_str().unwrap();
        app.token(TokenRequest::refresh(seed::AUTOTALK, next)).await.expect_error(400, "invalid_grant");
    }
}

/// Without the grace exactly one wins, and the others are reuse: the grant is dead.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_the_grace_sixteen_refreshes_have_one_winner_and_revoke() {
    let app = TestApp::with(|config| config.tokens.refresh_token_grace = "0s".parse().unwrap()).await;
    let tokens = app.tokens(seed::AUTOTALK, "openid").await;
    let first = tokens["refresh_token"].as_str().unwrap().to_owned();
    let answers = sixteen_times(&app, || TokenRequest::refresh(seed::AUTOTALK, &first).build("/token")).await;
    let winners = answers.iter().filter(|answer| answer.status == 200).count();
    assert!(winners <= 1, "{winners} winners");
    let access = answers.iter().find(|a| a.status == 200).map(|a| a.json()["access_token"].as_str().unwrap().to_owned());
    if let Some(access) = access {
        assert!(!app.is_alive(&access).await, "reuse revokes the grant");
    }
}

/// Sixteen people at once on one database: everybody gets their own.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_codes_at_once_all_become_tokens() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let mut codes = Vec::new();
    for _ in 0..16 {
        codes.push(browser.open(&app.authorize(seed::AUTOTALK).url()).await.code());
    }
    let mut running = JoinSet::new();
    for code in codes {
        let (router, request) = (app.router(), TokenRequest::code(seed::AUTOTALK, &code).build("/token"));
        running.spawn(async move { through(router, "192.0.2.9:9".parse().unwrap(), request).await });
    }
    for answer in running.join_all().await {
        let access = answer.expect(200).json()["access_token"].as_str().unwrap().to_owned();
        assert!(app.is_alive(&access).await);
    }
}

/// A button that is pressed twice: each press does it, and none of them fails.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_other_devices_are_logged_out_by_each_of_many_presses_at_once() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    for _ in 0..4 {
        let there = app.browser_of(seed::ANA).await;
        let (action, form) = browser.open("/account/sessions").await.form_of("Log out all other devices");
        let pairs: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let form = encode(&pairs);
        let mut running = JoinSet::new();
        for _ in 0..6 {
            let request = browser.request("POST", &action).header("content-type", "application/x-www-form-urlencoded");
            let request = request.header("sec-fetch-site", "same-origin").body(Body::from(form.clone())).unwrap();
            let router = app.router();
            running.spawn(async move { through(router, "192.0.2.1:9".parse().unwrap(), request).await });
        }
        for answer in running.join_all().await {
            let answer = answer.expect(303);
            assert!(answer.header("location").contains("/account/sessions"), "{answer:?}");
        }
        browser.open("/account").await.expect("/account", 200);
        there.open("/account").await.expect("/login", 200);
    }
}
