//! Guessing user codes: RFC 8628 §5.1.

use std::time::Duration;

use vestibule::config::Config;
use vestibule::store::buckets;

use super::{TV, begin, clients, enter};
use crate::harness::{TestApp, seed};

const WRONG: &str = "BCDF-GHJK";

async fn start(change: impl FnOnce(&mut Config)) -> TestApp {
    let app = TestApp::with(|config| {
        config.limits.enabled = true;
        config.limits.device_codes = "3/10m".parse().unwrap();
        change(config);
    })
    .await;
    clients(&app).await;
    app
}

/// By address: the right code is not tried either, and after a while it is.
#[tokio::test]
async fn an_address_has_so_many_guesses() {
    let app = start(|_| ()).await;
    let asked = begin(&app, TV, "openid").await;
    let browser = app.browser();
    for _ in 0..3 {
        enter(&browser, WRONG).await.expect("/device", 422).assert_text("not right");
    }
    let other = app.browser();
    enter(&other, &asked.user_code).await.expect("/device", 429).assert_text("Too many codes were wrong");
    enter(&other, WRONG).await.expect("/device", 429);
    app.advance(Duration::from_secs(201));
    enter(&other, &asked.user_code).await.expect("/login", 200);
    assert!(app.app.metrics.render().contains("vestibule_limited_total{limit=\"device_codes\"}"));
}

/// By person, wherever they are: also where limits by address are off.
#[tokio::test]
async fn a_person_has_so_many_guesses() {
    let app = start(|config| config.limits.enabled = false).await;
    let asked = begin(&app, TV, "openid").await;
    let browser = app.browser_of(seed::ANA).await;
    for _ in 0..3 {
        enter(&browser, WRONG).await.expect("/device", 422);
    }
    enter(&app.browser_of(seed::ANA).await, &asked.user_code).await.expect("/device", 429);
    enter(&app.browser_of(seed::BRUNO).await, &asked.user_code).await.expect("/device/confirm", 200);
}

/// What was right costs nothing, and what cannot be a code is not counted; it is all one budget over replicas.
#[tokio::test]
async fn right_codes_cost_nothing() {
    let app = start(|_| ()).await;
    let browser = app.browser_of(seed::ANA).await;
    for _ in 0..4 {
        let asked = begin(&app, TV, "openid").await;
        enter(&browser, &asked.user_code).await.expect("/device/confirm", 200);
        enter(&browser, "AEIOU").await.expect("/device", 422);
        enter(&browser, "").await.expect("/device", 422).assert_text("Enter the code");
    }
    assert!(buckets::list(&app.app.store.read(), "device-code", app.now(), 9).await.unwrap().is_empty());
    enter(&browser, WRONG).await.expect("/device", 422);
    let kept = buckets::list(&app.app.store.read(), "device-code", app.now(), 9).await.unwrap();
    assert_eq!(kept.len(), 2, "address and person: {kept:?}");
    let replica = app.replica().await;
    for _ in 0..2 {
        enter(&replica.browser(), WRONG).await.expect("/device", 422);
    }
    enter(&replica.browser(), WRONG).await.expect("/device", 429);
}
