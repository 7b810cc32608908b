//! Clients that say who they are with what they signed: RFC 7521, RFC 7523, OpenID Connect Core §9, FAPI 2.0 Security Profile §5.3.2.1.

use std::net::SocketAddr;

use futures_util::future::join_all;
use serde_json::{Value, json};
use vestibule::config::Config;

use crate::harness::{Answer, ClientKey, KeyPage, TestApp, TokenRequest, redirect_uri, seed, with_assertion};

fn calling(config: &mut Config) {
    config.outbound.allowed_networks = "127.0.0.0/8".parse().unwrap();
    config.outbound.timeout = "3s".parse().unwrap();
}

/// The batch job publishes its keys here.
async fn publishing(jwks: &Value) -> (TestApp, KeyPage) {
    let (app, page) = (TestApp::with(calling).await, KeyPage::showing(jwks).await);
    app.client_signs(seed::BATCH, None, Some(&page.url)).await;
    (app, page)
}

fn request() -> TokenRequest {
    TokenRequest::client_credentials(seed::BATCH)
}

async fn ask(app: &TestApp, key: &ClientKey) -> Answer {
    app.token(key.signed(app, seed::BATCH, request())).await
}

/// RFC 7523 §2.2: at the token endpoint for every grant, at introspection and at revocation, with keys that were registered and keys that are published.
#[tokio::test]
async fn a_client_signs_in_refreshes_introspects_and_revokes_with_its_key() {
    let key = ClientKey::new("1");
    let page = KeyPage::showing(&key.jwks()).await;
    for uri in [None, Some(page.url.as_str())] {
        let app = TestApp::with(calling).await;
        app.client_signs(seed::AUTOTALK, uri.is_none().then(|| key.jwks()), uri).await;
        let signed = |request| key.signed(&app, seed::AUTOTALK, request);
        let code = app.code(seed::AUTOTALK, "openid").await;
        let tokens = app.token(signed(TokenRequest::code(seed::AUTOTALK, &code))).await.expect(200).json();
        let refreshed = signed(TokenRequest::refresh(seed::AUTOTALK, tokens["refresh_token"].as_str().unwrap()));
        let tokens = app.token(refreshed).await.expect(200).json();
        let of = |path: &str| {
            signed(TokenRequest::refresh(seed::AUTOTALK, "").with("token", tokens["access_token"].as_str().unwrap())).build(path)
        };
        assert_eq!(app.send(of("/introspect")).await.expect(200).json()["active"], true);
        app.send(of("/revoke")).await.expect(200);
        assert_eq!(app.send(of("/introspect")).await.expect(200).json()["active"], false);
    }
    assert_eq!(page.calls(), 1, "the keys were kept");
}

/// RFC 7523 §3, point 7: a `jti` is good once; on every replica, and after a restart.
#[tokio::test]
async fn a_replayed_assertion_is_refused_everywhere() {
    let key = ClientKey::new("1");
    let mut app = TestApp::start().await;
    app.client_signs(seed::BATCH, Some(key.jwks()), None).await;
    let assertion = key.assertion(&app, seed::BATCH);
    let replay = || with_assertion(request(), &assertion);
    app.token(replay()).await.expect(200);
    app.token(replay()).await.expect_error(401, "invalid_client");
    app.replica().await.token(replay()).await.expect_error(401, "invalid_client");
    app.restart().await;
    let answer = app.token(replay()).await;
    answer.expect_error(401, "invalid_client");
    assert!(answer.header("www-authenticate").starts_with("Basic"), "RFC 9110 §15.5.2: {answer:?}");
    assert!(app.audit().await.contains(&"client.authentication_failed".to_owned()));
    ask(&app, &key).await.expect(200);
}

/// The same: of any number at once, on two replicas, one is taken.
#[tokio::test]
async fn of_the_same_assertion_sent_many_times_at_once_one_is_taken() {
    let key = ClientKey::new("1");
    let app = TestApp::start().await;
    app.client_signs(seed::BATCH, Some(key.jwks()), None).await;
    let other = app.replica().await;
    let assertion = key.assertion(&app, seed::BATCH);
    let many = (0..12).map(|at| if at % 2 == 0 { &app } else { &other }).map(|on| on.token(with_assertion(request(), &assertion)));
    let answers = join_all(many).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");
    assert!(answers.iter().all(|answer| answer.status == 200 || answer.status == 401), "{answers:?}");
}

/// OpenID Connect Core §10.1.1: a client that has published another key is served within a minute, even under the same id.
#[tokio::test]
async fn a_client_that_changes_its_key_is_served_within_a_minute() {
    let (first, second, third) = (ClientKey::new("1"), ClientKey::new("2"), ClientKey::new("2"));
    let (app, page) = publishing(&first.jwks()).await;
    ask(&app, &first).await.expect(200);
    for (number, key) in [&second, &third].into_iter().enumerate() {
        page.show(200, &key.jwks().to_string());
        app.seconds_pass(60);
        ask(&app, key).await.expect(200);
        assert_eq!(page.calls(), number + 2);
    }
    for old in [&first, &second] {
        ask(&app, old).await.expect_error(401, "invalid_client");
    }
}

/// A key that is taken off the page ends within minutes, although nobody names another.
#[tokio::test]
async fn a_key_that_is_no_longer_published_ends() {
    let (gone, kept) = (ClientKey::new("1"), ClientKey::new("2"));
    let (app, page) = publishing(&json!({ "keys": [gone.public(), kept.public()] })).await;
    ask(&app, &gone).await.expect(200);
    page.show(200, &kept.jwks().to_string());
    app.seconds_pass(301);
    ask(&app, &gone).await.expect_error(401, "invalid_client");
    ask(&app, &kept).await.expect(200);
}

/// Invented key ids make us call nobody more often than once in half a minute, and keep nobody out.
#[tokio::test]
async fn a_strangers_key_ids_fetch_at_most_once() {
    let key = ClientKey::new("1");
    let (app, page) = publishing(&key.jwks()).await;
    let strangers: Vec<ClientKey> = (0..20).map(|number| ClientKey::new(&format!("stranger-{number}"))).collect();
    for answer in join_all(strangers.iter().map(|stranger| ask(&app, stranger))).await {
        answer.expect_error(401, "invalid_client");
    }
    assert_eq!(page.calls(), 1);
    ask(&app, &key).await.expect(200);
    assert_eq!(page.calls(), 1);
    app.seconds_pass(31);
    ask(&app, &key).await.expect(200);
    join_all(strangers.iter().map(|stranger| ask(&app, stranger))).await;
    assert_eq!(page.calls(), 2);
    // What cannot be an assertion for this server is not worth a call at all.
    app.seconds_pass(31);
    let mut claims = ClientKey::claims(&app, seed::BATCH);
    claims["aud"] = json!("https://other.example");
    let header = json!({ "alg": "ES256", "kid": "invented" });
    app.token(with_assertion(request(), &strangers[0].sign(&header, &claims))).await.expect_error(401, "invalid_client");
    app.change_client(seed::BATCH, |client| client.enabled = false).await;
    ask(&app, &strangers[0]).await.expect_error(401, "invalid_client");
    assert_eq!(page.calls(), 2, "nor is one in the name of a client that is disabled");
}

/// Requests that need the same keys wait for one call, which goes on when the one that began it goes away.
#[tokio::test]
async fn many_at_once_share_a_call_that_outlives_who_made_it() {
    let key = ClientKey::new("1");
    let (app, page) = publishing(&key.jwks()).await;
    page.close();
    let gone = tokio::time::timeout(std::time::Duration::from_millis(300), ask(&app, &key)).await;
    assert!(gone.is_err(), "went away");
    page.called(1).await;
    page.open();
    let answers = join_all((0..10).map(|_| ask(&app, &key))).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    assert_eq!(page.calls(), 1);
}

/// A page that is away: the last keys do for an hour, and then nothing does.
#[tokio::test]
async fn keys_outlive_their_page_for_an_hour() {
    let key = ClientKey::new("1");
    let (app, page) = publishing(&key.jwks()).await;
    ask(&app, &key).await.expect(200);
    page.show(503, "");
    for minutes in [10, 45] {
        app.seconds_pass(minutes * 60);
        ask(&app, &key).await.expect(200);
    }
    app.seconds_pass(6 * 60);
    ask(&app, &key).await.expect_error(401, "invalid_client");
    page.show(200, &key.jwks().to_string());
    app.seconds_pass(31);
    ask(&app, &key).await.expect(200);
}

/// Documents that are not what they should be: none is used, and what was known before holds on.
#[tokio::test]
async fn hostile_documents_are_refused() {
    let (key, other) = (ClientKey::new("1"), ClientKey::new("2"));
    let (app, page) = publishing(&key.jwks()).await;
    ask(&app, &key).await.expect(200);
    let giant = format!("{{\"keys\":[{}],\"x\":\"{}\"}}", other.public(), "x".repeat(70_000));
    let many = json!({ "keys": (0..2000).map(|_| json!({})).chain([other.public()]).collect::<Vec<_>>() }).to_string();
    let private = json!({ "keys": [other.public(), key.private()] }).to_string();
    let twice = json!({ "keys": [other.public(), other.public()] }).to_string();
    let deep = format!("{{\"keys\":[{}],\"x\":{}}}", other.public(), "[".repeat(5000));
    for text in [giant, many, private, twice, deep, "<html>".to_owned(), String::new()] {
        page.show(200, &text);
        app.seconds_pass(31);
        let calls = page.calls();
        ask(&app, &other).await.expect_error(401, "invalid_client");
        assert_eq!(page.calls(), calls + 1);
        ask(&app, &key).await.expect(200);
    }
}

/// The guard of outgoing calls holds for keys, too: nothing inside is called, and nobody is followed anywhere.
#[tokio::test]
async fn keys_are_not_fetched_from_inside_nor_from_elsewhere() {
    let key = ClientKey::new("1");
    let page = KeyPage::showing(&key.jwks()).await;
    let app = TestApp::start().await;
    app.client_signs(seed::BATCH, None, Some(&page.url)).await;
    ask(&app, &key).await.expect_error(401, "invalid_client");
    assert_eq!(page.calls(), 0);
    let (app, moved) = publishing(&json!({})).await;
    moved.show(302, &page.url);
    ask(&app, &key).await.expect_error(401, "invalid_client");
    assert_eq!((moved.calls(), page.calls()), (1, 0));
}

/// A dead address refuses, quickly enough to be answered, and is not called for every request.
#[tokio::test]
async fn a_dead_address_refuses() {
    let key = ClientKey::new("1");
    let (app, page) = publishing(&key.jwks()).await;
    let url = page.url.clone();
    drop(page);
    for _ in 0..3 {
        let answer = ask(&app, &key).await;
        answer.expect_error(401, "invalid_client");
        assert!(!answer.text().contains(&url), "{answer:?}");
    }
}

/// RFC 6819 §5.1.4.2.3, decision 0026: what fails is counted as wrong secrets are, and keeps the client out nowhere else.
#[tokio::test]
async fn failures_are_counted_as_wrong_secrets_are() {
    let (key, stranger) = (ClientKey::new("1"), ClientKey::new("1"));
    let app = TestApp::with(|config| {
        config.limits.enabled = true;
        config.limits.client_authentication = "5/10m".parse().unwrap();
    })
    .await;
    app.client_signs(seed::BATCH, Some(key.jwks()), None).await;
    let from = async |address: &str, key: &ClientKey| {
        let request = key.signed(&app, seed::BATCH, request()).build("/token");
        app.send_from(format!("{address}:40000").parse::<SocketAddr>().unwrap(), request).await.status.as_u16()
    };
    for _ in 0..5 {
        assert_eq!(from("198.51.100.1", &stranger).await, 401);
    }
    assert_eq!(from("198.51.100.1", &stranger).await, 429);
    assert_eq!(from("203.0.113.1", &key).await, 200);
    let replayed = with_assertion(request(), &key.assertion(&app, seed::BATCH));
    let again = || app.send_from("203.0.113.2:4000".parse::<SocketAddr>().unwrap(), replayed.clone().build("/token"));
    assert_eq!(again().await.status, 200);
    for _ in 0..5 {
        assert_eq!(again().await.status, 401);
    }
    assert_eq!(again().await.status, 429, "replays, too");
}

/// RFC 6749 §2.3: the redirect of a code is still that of the client; an assertion is no other right.
#[tokio::test]
async fn an_assertion_gives_no_more_than_a_secret() {
    let (autotalk, batch) = (ClientKey::new("1"), ClientKey::new("1"));
    let app = TestApp::start().await;
    app.client_signs(seed::AUTOTALK, Some(autotalk.jwks()), None).await;
    app.client_signs(seed::BATCH, Some(batch.jwks()), None).await;
    let code = app.code(seed::AUTOTALK, "openid").await;
    let exchange = || TokenRequest::code(seed::AUTOTALK, &code);
    app.token(batch.signed(&app, seed::BATCH, exchange())).await.expect_error(400, "unauthorized_client");
    app.token(batch.signed(&app, seed::AUTOTALK, exchange())).await.expect_error(401, "invalid_client");
    let elsewhere = exchange().with("redirect_uri", &redirect_uri(seed::LEGACY));
    app.token(autotalk.signed(&app, seed::AUTOTALK, elsewhere)).await.expect_error(400, "invalid_grant");
}

/// Whoever probes with what is no assertion at all is counted and audited as well.
#[tokio::test]
async fn what_is_no_assertion_is_a_failure_like_any_other() {
    let app = TestApp::start().await;
    app.token(with_assertion(request(), "e30.e30.")).await.expect_error(401, "invalid_client");
    assert!(app.audit().await.contains(&"client.authentication_failed".to_owned()));
}
