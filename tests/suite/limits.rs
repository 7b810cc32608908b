//! Requests per client address: SECURITY PW-5, RFC 6585 §4.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use http::{Method, Request};

use crate::harness::{Answer, TestApp, TokenRequest, seed};

async fn limited() -> TestApp {
    TestApp::with(|config| {
        config.limits.enabled = true;
        config.limits.pages = "5/1h".parse().unwrap();
        config.limits.sign_in = "3/1h".parse().unwrap();
        config.limits.token = "3/1h".parse().unwrap();
        config.limits.userinfo = "3/1h".parse().unwrap();
        config.limits.metadata = "4/1h".parse().unwrap();
        config.server.trusted_proxies = "10.0.0.0/8".parse().unwrap();
    })
    .await
}

async fn get_from(app: &TestApp, peer: &str, forwarded: Option<&str>) -> Answer {
    let address: SocketAddr = format!("{peer}:1234").parse().unwrap();
    let mut request = Request::get("/jwks");
    if let Some(forwarded) = forwarded {
        request = request.header("x-forwarded-for", forwarded);
    }
    app.send_from(address, request.body(Body::empty()).unwrap()).await
}

/// People get a page with the time in words, programs get JSON; both `Retry-After`.
#[tokio::test]
async fn a_429_has_the_shape_of_who_asked() {
    let app = limited().await;
    for left in (0..5).rev() {
        let page = app.get("/").await.expect(200);
        assert_eq!(page.header("ratelimit-policy"), "\"pages\";q=5;w=3600");
        assert!(page.header("ratelimit").starts_with(&format!("\"pages\";r={left};t=")), "{page:?}");
        assert!(!page.has("x-ratelimit-remaining"), "{page:?}");
    }
    let page = app.get("/").await.expect(429);
    assert!(page.header("ratelimit").starts_with("\"pages\";r=0;t="), "{page:?}");
    assert!(page.is_html() && page.text().contains("Too many attempts"), "{page:?}");
    assert!(page.header("retry-after").parse::<u64>().unwrap() > 0);

    for _ in 0..3 {
        app.token(TokenRequest::client_credentials(seed::BATCH)).await.expect(200);
    }
    let json = app.token(TokenRequest::client_credentials(seed::BATCH)).await;
    json.expect_error(429, "temporarily_unavailable");
    assert!(json.header("retry-after").parse::<u64>().unwrap() > 0);
}

/// Who waits for as long as `Retry-After` says is let in; and whose budget is whole again is forgotten.
#[tokio::test]
async fn whoever_waits_as_long_as_told_is_let_in_and_then_forgotten() {
    let app = TestApp::with(|config| {
        config.limits.enabled = true;
        for quota in [&mut config.limits.metadata, &mut config.limits.pages] {
            *quota = "1/1s".parse().unwrap();
        }
    })
    .await;
    for path in ["/jwks", "/"] {
        // The limiter reads its own clock, and on a busy machine more than a second may be between two requests: then there was nothing to refuse.
        let refused = loop {
            app.get(path).await;
            let second = app.get(path).await;
            if second.status == 429 {
                break second;
            }
        };
        let seconds: u64 = refused.header("retry-after").parse().unwrap();
        assert_eq!(seconds, 1, "{refused:?}");
        assert!(app.app.edge.remembered() >= 1);
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        app.get(path).await.expect(200);
    }
    for _ in 0..100 {
        if app.app.edge.sweep() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(app.app.edge.remembered(), 0, "whose budget is whole again is forgotten");
}

/// Nothing gets around the fence: a wrong method, a file, and an address that is nowhere are counted like everything else, and say so.
#[tokio::test]
async fn what_is_not_there_is_counted_too() {
    for (method, path, budget, status) in [
        (Method::DELETE, "/login", 5, 405),
        (Method::GET, "/nothing/here", 5, 404),
        (Method::PUT, "/token", 3, 405),
        (Method::DELETE, "/userinfo", 3, 405),
        (Method::GET, "/static/nothing.0.css", 4, 404),
    ] {
        let app = limited().await;
        for _ in 0..budget {
            let answer = app.method(method.clone(), path).await.expect(status);
            assert!(answer.has("ratelimit-policy") && !answer.has("x-ratelimit-remaining"), "{path}: {answer:?}");
        }
        app.method(method, path).await.expect(429);
    }
}

/// In words, and in the visitor's own.
#[tokio::test]
async fn a_429_speaks_the_visitors_language() {
    for (language, words) in [("pt-BR", "minuto"), ("es", "minuto"), ("en", "minute")] {
        let app = limited().await;
        let ask = || Request::get("/").header("accept-language", language).body(Body::empty()).unwrap();
        for _ in 0..5 {
            app.send(ask()).await.expect(200);
        }
        let page = app.send(ask()).await.expect(429);
        assert!(page.text().contains(&format!("lang=\"{language}\"")) && page.text().contains(words), "{page:?}");
    }
}

/// Groups do not starve each other, and the health of the process is never limited.
#[tokio::test]
async fn groups_are_counted_apart_and_probes_not_at_all() {
    let app = limited().await;
    for _ in 0..10 {
        app.get("/").await;
    }
    app.token(TokenRequest::client_credentials(seed::BATCH)).await.expect(200);
    app.get("/jwks").await.expect(200);
    for _ in 0..20 {
        app.get("/health/live").await.expect(200);
    }
}

/// Forms that take a password have a budget of their own.
#[tokio::test]
async fn sign_in_attempts_have_their_own_budget() {
    let app = TestApp::with(|config| {
        config.limits.enabled = true;
        config.limits.sign_in = "3/1h".parse().unwrap();
    })
    .await;
    let browser = app.browser();
    let page = browser.open("/login").await;
    for _ in 0..3 {
        assert_eq!(page.clone().sign_in_with(seed::ANA, "not the right password").await.status(), 422);
    }
    let refused = page.sign_in(seed::ANA).await;
    assert_eq!(refused.status(), 429);
    assert!(browser.cookie("__Host-vestibule-session").is_none());
    browser.open("/login").await.expect("/login", 200);
}

/// The right-most hop that is no proxy of ours counts; what the client writes to the left of it does not.
#[tokio::test]
async fn forwarded_addresses_are_believed_from_trusted_proxies_only() {
    let app = limited().await;
    for attempt in 0..4 {
        get_from(&app, "10.0.0.1", Some(&format!("203.0.113.{attempt}, 198.51.100.7"))).await.expect(200);
    }
    get_from(&app, "10.0.0.2", Some("1.2.3.4, 198.51.100.7, 10.9.9.9")).await.expect(429);
    get_from(&app, "10.0.0.1", Some("198.51.100.8")).await.expect(200);
    // Not a proxy of ours: its own address counts, whatever it says.
    for attempt in 0..4 {
        get_from(&app, "192.0.2.66", Some(&format!("203.0.113.{attempt}"))).await.expect(200);
    }
    get_from(&app, "192.0.2.66", Some("203.0.113.99")).await.expect(429);
}

/// One IPv6 customer has a /64: all of it is one client.
#[tokio::test]
async fn an_ipv6_network_is_one_client() {
    let app = limited().await;
    for attempt in 1..=4 {
        get_from(&app, &format!("[2001:db8:1:2::{attempt}]"), None).await.expect(200);
    }
    get_from(&app, "[2001:db8:1:2:ffff::1]", None).await.expect(429);
    get_from(&app, "[2001:db8:1:3::1]", None).await.expect(200);
}
