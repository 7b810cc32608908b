//! One password tried by many: SECURITY PW-6.

use std::time::Duration;

use crate::guessing::{WRONG, form, signs_in, tried};
use crate::harness::{TestApp, seed};

/// PW-6: one password over many addresses and accounts is an attack that no address shows. Strangers do not get on with it; a browser that knows its person
/// and every other password do; an operator sees it, and nothing says which password it was.
#[tokio::test]
async fn one_password_from_many_addresses_is_kept_from_strangers() {
    let app = TestApp::with(|config| {
        config.limits.enabled = true;
        config.limits.addresses_per_password = "12/20m".parse().unwrap();
    })
    .await;
    let known = app.browser_of(seed::ANA).await;
    let guess = async |email: &str, password: &str, from: &str| {
        tried(&app, form(&app.browser(), email, password).await.request(), from).await.status.as_u16()
    };
    // A right password from many addresses is none.
    for number in 0..40 {
        assert_eq!(guess(seed::BRUNO, seed::PASSWORD, &format!("203.0.113.{number}")).await, 303);
    }
    for number in 0..13 {
        assert_eq!(guess(&format!("a{number}@example.test"), seed::PASSWORD, &format!("198.51.100.{number}")).await, 422, "{number}");
    }
    assert_eq!(guess("b@example.test", seed::PASSWORD, "192.0.2.77").await, 429);
    assert_eq!(guess(seed::BRUNO, seed::PASSWORD, "192.0.2.78").await, 429, "nor does a stranger get in with it");
    assert_eq!(guess("b@example.test", WRONG, "192.0.2.79").await, 422, "another password");
    known.forget_cookie("__Host-vestibule-session");
    signs_in(known.open("/login").await).await;
    assert_eq!(app.audit().await.iter().filter(|kind| *kind == "password.sprayed").count(), 1);
    app.advance(Duration::from_mins(19));
    assert_eq!(guess(seed::BRUNO, seed::PASSWORD, "192.0.2.78").await, 429);
    app.advance(Duration::from_mins(2));
    assert_eq!(guess(seed::BRUNO, seed::PASSWORD, "192.0.2.78").await, 303);
}

/// Whoever fills what a replica remembers of sprayed passwords does not get on with his own: then the database is asked.
#[tokio::test]
async fn a_sprayed_password_is_kept_from_strangers_when_no_more_can_be_remembered() {
    let app = TestApp::with(|config| {
        config.limits.enabled = true;
        config.limits.addresses_per_password = "3/20m".parse().unwrap();
    })
    .await;
    for number in 0..10_000 {
        app.app.refused.insert(format!("flood:{number}"), app.now().plus(Duration::from_hours(1)), app.now());
    }
    let guess = async |email: &str, password: &str, from: &str| {
        tried(&app, form(&app.browser(), email, password).await.request(), from).await.status.as_u16()
    };
    for number in 0..4 {
        assert_eq!(guess(&format!("a{number}@example.test"), seed::PASSWORD, &format!("198.51.100.{number}")).await, 422, "{number}");
    }
    assert_eq!(guess(seed::BRUNO, seed::PASSWORD, "192.0.2.78").await, 429);
    assert_eq!(guess("b@example.test", WRONG, "192.0.2.79").await, 422, "another password");
    app.advance(Duration::from_mins(21));
    assert_eq!(guess(seed::BRUNO, seed::PASSWORD, "192.0.2.78").await, 303);
}
