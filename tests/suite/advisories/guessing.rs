//! Guessing, finding out who has an account, and saying who one is not.

use std::net::SocketAddr;

use axum::body::Body;
use futures_util::future::join_all;

use crate::harness::{ISSUER, TestApp, encode, seed, through};

const SESSION: &str = "__Host-vestibule-session";

/// ZITADEL: guesses sent at once, or spread over sessions, were more than were counted.
#[tokio::test]
async fn cve_2024_32868_2025_64102_2023_47111_guesses_are_counted_before_they_are_checked() {
    let app = TestApp::start().await;
    let phone = app.with_totp(seed::ANA).await;
    let address: SocketAddr = "192.0.2.1:40000".parse().unwrap();
    let browsers: Vec<_> = (0..8).map(|_| app.browser()).collect();
    let mut requests = Vec::new();
    for browser in &browsers {
        let page = browser.open("/login").await.sign_in(seed::ANA).await.expect("/login/code", 200);
        let (action, form) = page.tamper("code", &phone.wrong_code()).form_of("#code-submit");
        let pairs: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        for _ in 0..4 {
            let request = browser.request("POST", &action).header("content-type", "application/x-www-form-urlencoded");
            requests.push(through(app.router(), address, request.header("origin", ISSUER).body(Body::from(encode(&pairs))).unwrap()));
        }
    }
    join_all(requests).await;
    let failed = app.audit().await.iter().filter(|kind| *kind == "second_factor.failed").count();
    assert!(failed <= 5, "{failed} of 32 guesses were looked at");
    // The right code has to wait as well, in whichever browser.
    let page = app.browser();
    let page = page.open("/login").await.sign_in(seed::ANA).await;
    assert!(!page.has_left() && page.path() != "/account", "{page:?}");
}

/// ZITADEL: the answer to a wrong password said whether there was such an account.
#[tokio::test]
async fn cve_2026_23511_2024_41952_a_failed_sign_in_tells_nothing() {
    let app = TestApp::start().await;
    let mut answers = Vec::new();
    for (email, password) in
        [(seed::ANA, "wrong password here"), ("nobody@example.test", "wrong password here"), (seed::CARLA, seed::PASSWORD)]
    {
        let browser = app.browser();
        let page = browser.open("/login").await.sign_in_with(email, password).await.expect("/login", 422);
        let cookies: Vec<String> = browser.cookie_names();
        answers.push((page.text().replace(email, "X"), page.title(), cookies));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:#?}");
}

/// authentik: asking for a reset said whether there was such an account.
#[tokio::test]
async fn cve_2023_39522_asking_for_a_reset_tells_nothing() {
    let app = TestApp::start().await;
    let mut answers = Vec::new();
    for email in [seed::ANA, "nobody@example.test", seed::CARLA] {
        let page = app.browser();
        let page = page.open("/password/reset").await.fill("Email", email).click("Send link").await;
        answers.push((page.status(), page.path().to_owned(), page.text().replace(email, "X")));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:#?}");
}

/// Authelia: tries for one account under two spellings of its name were counted apart.
#[tokio::test]
async fn cve_2025_24806_2026_47203_spellings_of_an_address_share_one_budget() {
    let app = TestApp::start().await;
    let spellings = ["ana@example.test", "ANA@example.test", "ana@EXAMPLE.test", " ana@example.test ", "Ana@Example.Test"];
    let mut keys = Vec::new();
    for spelling in spellings {
        let before = app.snapshot().await;
        app.browser().open("/login").await.sign_in_with(spelling, "wrong password here").await.expect("/login", 422);
        let after = app.snapshot().await;
        // Whatever is counted is counted for the person: no table of counters has a row per spelling.
        keys.push((after.rows("buckets"), after.rows("factor_attempts")));
        assert!(before.changed(&after).contains(&"audit_events".to_owned()));
    }
    assert!(keys.windows(2).all(|pair| pair[0] == pair[1]), "{keys:?}");
}

/// authentik: a header that anybody can send was believed, and a password or a limit left out. Ory Oathkeeper: the same for the scheme and host.
#[tokio::test]
async fn cve_2024_47070_2026_33495_forwarding_headers_of_anybody_are_not_believed() {
    let app = TestApp::start().await;
    for (name, value) in [
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-for", "127.0.0.1, ::1\r"),
        ("x-real-ip", "127.0.0.1"),
        ("forwarded", "for=127.0.0.1;host=evil.test;proto=http"),
        ("x-forwarded-proto", "http"),
        ("x-original-url", "/account"),
    ] {
        let browser = app.browser();
        let (action, mut form) = browser.open("/login").await.form_of("#login-submit");
        form.retain(|(field, _)| field != "email" && field != "password");
        form.extend([("email", seed::ANA), ("password", "wrong password here")].map(|(n, v)| (n.to_owned(), v.to_owned())));
        let pairs: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let request = browser.request("POST", &action).header("content-type", "application/x-www-form-urlencoded").header("origin", ISSUER);
        let request = request.header(name, value.trim()).body(Body::from(encode(&pairs))).unwrap();
        // Whatever is claimed, it is the same stranger who guesses: refused, and in the end limited.
        let status = browser.send(request).await.status;
        assert!([422, 429].contains(&status.as_u16()), "{name}: {status}");
        assert!(browser.cookie(SESSION).is_none());
        let request = browser.request("GET", "/account").header(name, value.trim()).body(Body::empty()).unwrap();
        assert_ne!(browser.send(request).await.status, 200);
    }
    let events = vestibule::store::audit_events::list(&app.app.store.read(), 20).await.unwrap();
    assert!(events.iter().filter_map(|event| event.address.as_deref()).all(|address| address == "192.0.2.1"), "{events:#?}");
}

/// Keycloak: whoever typed wrong passwords often enough locked the account for its owner, for good.
#[tokio::test]
async fn ghsa_cq42_vhv7_xr7p_wrong_passwords_of_strangers_lock_nobody_out() {
    let app = TestApp::with(|config| {
        config.limits.password_free = 3;
        config.limits.password_pause = "1s".parse().unwrap();
        config.limits.password_longest_pause = "1s".parse().unwrap();
        config.limits.password_ceiling = 6;
    })
    .await;
    let owner = app.browser_of(seed::ANA).await;
    owner.forget_cookie("__Host-vestibule-session");
    for _ in 0..12 {
        app.browser().open("/login").await.sign_in_with(seed::ANA, "not the right password").await;
        app.advance(std::time::Duration::from_secs(2));
    }
    // Nobody guesses any more, not even with the right password; the owner signs in where they did before, and their mail opens every other browser.
    let elsewhere = app.browser();
    assert_eq!(elsewhere.open("/login").await.sign_in(seed::ANA).await.status(), 429);
    owner.open("/login").await.sign_in(seed::ANA).await.expect("/account", 200);
    let user = app.user(seed::ANA).await;
    assert!(user.enabled, "a pause is no state of the account");
    let page = elsewhere.open("/password/reset").await.fill("Email", seed::ANA).click("Send link").await;
    drop(page);
    let link = app.mail("password_reset", seed::ANA).await.path("link");
    let new = "a lamp that nobody lit";
    elsewhere.open(&link).await.fill("New password", new).fill("Confirm new password", new).click("Save").await.expect("/login", 200);
    elsewhere.open("/login").await.sign_in_with(seed::ANA, new).await.expect("/account", 200);
}
