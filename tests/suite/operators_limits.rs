//! What operators do about floods: bans, metrics, and limits of clients.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use http::Request;
use vestibule::store::bans::{self, Ban};

use crate::harness::{Answer, Credentials, TestApp, TokenRequest, seed, through};

async fn get_from(app: &TestApp, peer: &str, path: &str) -> Answer {
    let address: SocketAddr = format!("{peer}:1234").parse().unwrap();
    app.send_from(address, Request::get(path).header("accept", "text/html").body(Body::empty()).unwrap()).await
}

async fn ban(app: &TestApp, range: &str, time: Duration) {
    let now = app.now();
    let ban = Ban { range: range.to_owned(), reason: "stuffing".to_owned(), created_at: now, expires_at: now.plus(time) };
    app.app
        .store
        .write(move |conn| {
            let ban = ban.clone();
            Box::pin(async move { bans::update(conn, &ban).await })
        })
        .await
        .unwrap();
}

/// A ban holds after a second, everywhere but for health; it ends by itself, and a restart knows it at once.
#[tokio::test]
async fn a_banned_network_is_kept_out_within_a_second() {
    let mut app = TestApp::start().await;
    get_from(&app, "203.0.113.7", "/").await.expect(200);
    ban(&app, "203.0.113.0/24", Duration::from_hours(1)).await;
    app.advance(Duration::from_secs(1));
    let page = get_from(&app, "203.0.113.7", "/login").await.expect(403);
    assert!(page.text().contains("Your network is blocked"), "{page:?}");
    let json = get_from(&app, "203.0.113.8", "/userinfo").await;
    json.expect_error(403, "access_denied");
    get_from(&app, "203.0.113.7", "/nothing/here").await.expect(403);
    get_from(&app, "203.0.113.7", "/health/live").await.expect(200);
    get_from(&app, "203.0.114.7", "/").await.expect(200);
    app.restart().await;
    get_from(&app, "203.0.113.7", "/").await.expect(403);
    app.advance(Duration::from_hours(1));
    get_from(&app, "203.0.113.7", "/").await.expect(200);
}

/// PW-5: a client that writes another address into its headers does not get around a ban, and bans nobody else.
#[tokio::test]
async fn a_ban_is_for_the_address_that_asks() {
    let app = TestApp::with(|config| config.server.trusted_proxies = "10.0.0.0/8".parse().unwrap()).await;
    ban(&app, "2001:db8:1:2::/64", Duration::from_hours(1)).await;
    app.advance(Duration::from_secs(1));
    for (peer, forwarded, status) in [
        ("[2001:db8:1:2::9]", "192.0.2.1", 403),
        ("192.0.2.1", "2001:db8:1:2::9", 200),
        ("10.0.0.1", "2001:db8:1:2::9", 403),
        ("10.0.0.1", "2001:db8:1:2::9, 192.0.2.1", 200),
        ("10.0.0.1", "192.0.2.1, 2001:db8:1:2::9, 10.0.0.2", 403),
    ] {
        let address: SocketAddr = format!("{peer}:1234").parse().unwrap();
        let request = Request::get("/jwks").header("x-forwarded-for", forwarded).body(Body::empty()).unwrap();
        assert_eq!(app.send_from(address, request).await.status, status, "{peer} {forwarded}");
    }
}

/// Failed authentications of a client from one address end in 429, on every replica; elsewhere the client is served.
#[tokio::test]
async fn failed_client_authentications_are_limited_by_client_and_address() {
    let app = TestApp::with(|config| {
        config.limits.enabled = true;
        config.limits.client_authentication = "3/10m".parse().unwrap();
    })
    .await;
    let wrong =
        || TokenRequest::new(Credentials::Basic(seed::BATCH.to_owned(), "wrong".to_owned())).with("grant_type", "client_credentials");
    for _ in 0..3 {
        app.token(wrong()).await.expect_error(401, "invalid_client");
    }
    let refused = app.token(wrong()).await;
    refused.expect_error(429, "temporarily_unavailable");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    // Not even the right secret is compared there, and the client is served everywhere else.
    app.token(TokenRequest::client_credentials(seed::BATCH)).await.expect(429);
    let elsewhere = "198.51.100.7:1".parse().unwrap();
    let answer = app.send_from(elsewhere, TokenRequest::client_credentials(seed::BATCH).build("/token")).await;
    answer.expect(200);
    app.advance(Duration::from_mins(4));
    app.token(TokenRequest::client_credentials(seed::BATCH)).await.expect(200);
}

/// What limits refused is counted, under names of ours alone.
#[tokio::test]
async fn metrics_count_what_was_refused() {
    let app = TestApp::with(|config| {
        config.limits.enabled = true;
        config.limits.metadata = "2/1h".parse().unwrap();
    })
    .await;
    for _ in 0..4 {
        get_from(&app, "192.0.2.7", "/jwks").await;
    }
    let address: SocketAddr = "127.0.0.1:1".parse().unwrap();
    let internal = vestibule::routes::internal_router(&app.app);
    let answer = through(internal, address, Request::get("/metrics").body(Body::empty()).unwrap()).await.expect(200);
    assert!(answer.header("content-type").starts_with("text/plain"), "{answer:?}");
    assert!(answer.text().contains("vestibule_limited_total{limit=\"metadata\"} 2"), "{answer:?}");
    get_from(&app, "192.0.2.7", "/metrics").await.expect(404);
}
