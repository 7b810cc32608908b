//! How much guessing of passwords is borne: SECURITY §3, §4.5 PW-1 to PW-6.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use futures_util::future::join_all;
use http::Request;
use vestibule::app::App;
use vestibule::clock::Clock;
use vestibule::config::Config;
use vestibule::store::failures;

use crate::harness::{Answer, Browser, Page, TestApp, encode, seed, through};

pub const WRONG: &str = "not the right password";
const NOBODY: &str = "nobody@example.test";

/// A sign-in form of some browser, filled in, that can be sent from anywhere and again.
pub struct Form {
    action: String,
    body: String,
    cookies: String,
}

pub async fn form(browser: &Browser<'_>, email: &str, password: &str) -> Form {
    let (action, mut form) = browser.open("/login").await.form_of("#login-submit");
    form.retain(|(name, _)| name != "email" && name != "password");
    form.extend([("email".to_owned(), email.to_owned()), ("password".to_owned(), password.to_owned())]);
    let pairs: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let cookies: Vec<String> = browser.cookie_names().iter().map(|name| format!("{name}={}", browser.cookie(name).unwrap())).collect();
    Form { action, body: encode(&pairs), cookies: cookies.join("; ") }
}

impl Form {
    pub fn request(&self) -> Request<Body> {
        Request::post(&self.action)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "text/html")
            .header("origin", crate::harness::ISSUER)
            .header("sec-fetch-site", "same-origin")
            .header("cookie", &self.cookies)
            .body(Body::from(self.body.clone()))
            .unwrap()
    }
}

/// Tries this from an address.
pub async fn tried(app: &TestApp, request: Request<Body>, from: &str) -> Answer {
    app.send_from(format!("{from}:40000").parse::<SocketAddr>().unwrap(), request).await
}

/// A second replica on the same database.
async fn replica(app: &TestApp) -> (App, Router) {
    let other = App::open(app.app.config.clone(), Arc::clone(&app.clock) as Arc<dyn Clock>).await.unwrap();
    let router = vestibule::routes::router(&other);
    (other, router)
}

fn strict(config: &mut Config) {
    config.limits.password_free = 3;
    config.limits.password_pause = "1s".parse().unwrap();
    config.limits.password_longest_pause = "1s".parse().unwrap();
    config.limits.password_ceiling = 6;
}

/// Wrong passwords until the ceiling of [`strict`].
async fn exhausted(app: &TestApp, email: &str) {
    let browser = app.browser();
    let wrong = form(&browser, email, WRONG).await;
    for _ in 0..6 {
        assert_eq!(tried(app, wrong.request(), "198.51.100.7").await.status, 422);
        app.advance(Duration::from_secs(2));
    }
    assert_eq!(tried(app, wrong.request(), "198.51.100.7").await.status, 429);
}

pub async fn signs_in(page: Page<'_>) {
    page.sign_in(seed::ANA).await.expect("/account", 200);
}

/// PW-4: what strangers guess wrong keeps strangers out, from every address; the owner signs in where they did before.
#[tokio::test]
async fn strangers_never_keep_the_owner_out_of_a_known_browser() {
    let app = TestApp::start().await;
    let owner = app.browser_of(seed::ANA).await;
    owner.forget_cookie("__Host-vestibule-session");
    let stranger = app.browser();
    let wrong = form(&stranger, seed::ANA, WRONG).await;
    for number in 1..=5 {
        assert_eq!(tried(&app, wrong.request(), &format!("198.51.100.{number}")).await.status, 422);
    }
    let refused = tried(&app, wrong.request(), "198.51.100.99").await.expect(429);
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    assert!(refused.text().contains("Too many attempts. Try again in"), "{refused:?}");
    let right = form(&app.browser(), seed::ANA, seed::PASSWORD).await;
    tried(&app, right.request(), "203.0.113.5").await.expect(429);
    signs_in(owner.open("/login").await).await;
    // The owner's sign-in ends nothing for strangers.
    tried(&app, right.request(), "203.0.113.5").await.expect(429);
    assert!(app.audit().await.contains(&"sign_in.limited".to_owned()));
    app.advance(Duration::from_secs(6));
    assert_eq!(tried(&app, right.request(), "203.0.113.5").await.status, 303, "a pause, not a lock");
}

/// PW-4: a known browser has a small budget of its own, and is then treated like any other.
#[tokio::test]
async fn a_known_browser_has_a_small_budget_of_its_own() {
    let app = TestApp::with(|config| {
        strict(config);
        config.limits.known_device_ceiling = 4;
    })
    .await;
    let owner = app.browser_of(seed::ANA).await;
    owner.forget_cookie("__Host-vestibule-session");
    let wrong = form(&owner, seed::ANA, WRONG).await;
    for _ in 0..4 {
        tried(&app, wrong.request(), "192.0.2.1").await.expect(422);
        app.advance(Duration::from_secs(2));
    }
    let ana = app.user(seed::ANA).await.id;
    let strangers = || async { failures::find(&app.app.store.read(), &format!("password:{ana}")).await.unwrap() };
    assert_eq!(strangers().await, None, "nothing was counted with the strangers");
    tried(&app, wrong.request(), "192.0.2.1").await.expect(422);
    assert_eq!(strangers().await.unwrap().failures, 1);
    // With the right password it has its budget back, whatever strangers do from then on.
    let right = form(&owner, seed::ANA, seed::PASSWORD).await;
    tried(&app, right.request(), "192.0.2.1").await.expect(303);
    exhausted(&app, seed::ANA).await;
    tried(&app, right.request(), "192.0.2.1").await.expect(303);
}

/// RL-9: what is refused again and again does not fill the log.
#[tokio::test]
async fn a_flood_of_refusals_leaves_a_few_events() {
    let app = TestApp::start().await;
    let browser = app.browser();
    for _ in 0..30 {
        browser.open("/password/reset").await.fill("Email", NOBODY).click("Send link").await.expect("/password/reset/sent", 200);
    }
    let asked = app.audit().await.into_iter().filter(|kind| kind == "password_reset.requested").count();
    assert!((2..=5).contains(&asked), "{asked}");
}

/// PW-4: the cookie of a known browser is worth nothing after the credentials changed: whoever had it is a stranger.
#[tokio::test]
async fn a_browser_is_not_known_any_more_after_the_password_changed() {
    let app = TestApp::start().await;
    let thief = app.browser_of(seed::ANA).await;
    thief.forget_cookie("__Host-vestibule-session");
    app.change_user(seed::ANA, |user| user.auth_epoch += 1).await;
    tried(&app, form(&thief, seed::ANA, WRONG).await.request(), "192.0.2.1").await.expect(422);
    let ana = app.user(seed::ANA).await.id;
    let row = failures::find(&app.app.store.read(), &format!("password:{ana}")).await.unwrap();
    assert_eq!(row.map(|row| row.failures), Some(1));
}

/// PW-3: a hundred guesses at once, over two replicas, are no more than the free ones.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_guesses_at_once_only_the_free_ones_are_checked() {
    let app = TestApp::start().await;
    let (other, router) = replica(&app).await;
    let browser = app.browser();
    let wrong = form(&browser, seed::ANA, WRONG).await;
    let address: SocketAddr = "198.51.100.7:40000".parse().unwrap();
    let answers = join_all((0..100).map(|number| {
        let router = if number % 2 == 0 { app.router() } else { router.clone() };
        through(router, address, wrong.request())
    }))
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 422).count(), 5, "{:?}", answers.first());
    assert!(answers.iter().all(|answer| matches!(answer.status.as_u16(), 422 | 429)));
    assert_eq!(app.audit().await.iter().filter(|kind| *kind == "sign_in.failed").count(), 5);
    other.store.close().await;
}

/// PW-2: counters are those of all replicas, and a restart keeps them.
#[tokio::test]
async fn replicas_share_the_counters_and_a_restart_keeps_them() {
    let mut app = TestApp::start().await;
    let (other, router) = replica(&app).await;
    let address: SocketAddr = "198.51.100.7:40000".parse().unwrap();
    let wrong = {
        let browser = app.browser();
        form(&browser, seed::ANA, WRONG).await
    };
    for number in 0..5 {
        let router = if number % 2 == 0 { app.router() } else { router.clone() };
        through(router, address, wrong.request()).await.expect(422);
    }
    through(router, address, wrong.request()).await.expect(429);
    other.store.close().await;
    app.restart().await;
    tried(&app, wrong.request(), "203.0.113.1").await.expect(429);
}

/// PW-1: an address without an account is counted exactly like one with: the same answers, with the same number of statements.
#[tokio::test]
async fn a_limit_does_not_tell_who_has_an_account() {
    let app = TestApp::with(|config| {
        strict(config);
        config.limits.password_longest_pause = "3s".parse().unwrap();
    })
    .await;
    let mut seen = Vec::new();
    for email in [seed::ANA, NOBODY] {
        let browser = app.browser();
        let wrong = form(&browser, email, WRONG).await;
        let mut answers = Vec::new();
        for _ in 0..20 {
            // Long enough that the bans are read for every one.
            app.advance(Duration::from_millis(1100));
            let before = app.app.store.statement_counts();
            let answer = tried(&app, wrong.request(), "198.51.100.7").await;
            let after = app.app.store.statement_counts();
            let text = answer.text().replace(email, "somebody");
            let shown = text.split("<main").nth(1).unwrap().split("csrf_token").next().unwrap().to_owned();
            answers.push((answer.status, answer.header("retry-after").to_owned(), shown, (after.0 - before.0, after.1 - before.1)));
        }
        seen.push(answers);
    }
    let nobody = seen.pop().unwrap();
    for (known, unknown) in seen.pop().unwrap().into_iter().zip(nobody) {
        assert_eq!(known, unknown);
    }
}

/// PW-2: an address typed in another way is the same account.
#[tokio::test]
async fn aliases_of_an_address_are_counted_together() {
    let app = TestApp::start().await;
    for typed in ["ana@example.test", "ANA@example.test", " Ana@EXAMPLE.test ", "ana@Example.Test", "aNa@example.test"] {
        tried(&app, form(&app.browser(), typed, WRONG).await.request(), "198.51.100.7").await.expect(422);
    }
    tried(&app, form(&app.browser(), "AnA@example.test", WRONG).await.request(), "198.51.100.7").await.expect(429);
    tried(&app, form(&app.browser(), seed::BRUNO, WRONG).await.request(), "198.51.100.7").await.expect(422);
}

/// NIST SP 800-63B §3.2.2: at the ceiling no time helps, but a mail does; its link is used by its button alone, and once.
#[tokio::test]
async fn after_the_ceiling_a_mail_lets_the_owner_in() {
    let app = TestApp::with(strict).await;
    exhausted(&app, seed::ANA).await;
    app.advance(Duration::from_hours(24 * 30));
    let browser = app.browser();
    let page = browser.open("/login").await.sign_in(seed::ANA).await.expect("/login", 429);
    assert!(!page.answer.has("retry-after"), "no time is promised");
    page.assert_text("Confirm by email that it is you");
    let page = page.click("Email me a link").await.expect("/login/unlock", 200);
    page.assert_text("we have sent a mail");
    let link = app.mail("unlock", seed::ANA).await.path("link");
    for _ in 0..3 {
        browser.open(&link).await.expect("/login/unlock", 200).assert_text("Let me log in again");
    }
    browser.open("/login").await.sign_in(seed::ANA).await.expect("/login", 429);
    let page = browser.open(&link).await.click("#unlock-submit").await.expect("/login", 200);
    page.assert_text("You can log in again.");
    browser.open(&link).await.expect("/login/unlock", 410).assert_text("This link has been used");
    signs_in(page).await;
    let events = app.audit().await;
    assert!(events.contains(&"unlock.requested".to_owned()) && events.contains(&"unlock.done".to_owned()), "{events:?}");
}

/// PW-1: the mail is offered for every address, and goes to people only.
#[tokio::test]
async fn the_mail_is_offered_to_nobody_in_the_same_words_and_sent_only_when_there_is_something_to_lift() {
    let app = TestApp::with(strict).await;
    exhausted(&app, NOBODY).await;
    let browser = app.browser();
    let page = browser.open("/login").await.sign_in(NOBODY).await.expect("/login", 429);
    page.click("Email me a link").await.expect("/login/unlock", 200).assert_text("we have sent a mail");
    // Nothing is paused for Bruno: nobody can have mails sent to him.
    let page = browser.open("/login").await.sign_in(NOBODY).await;
    let (action, mut form) = page.form_of("#unlock-send");
    form.retain(|(name, _)| name != "email");
    form.push(("email".to_owned(), seed::BRUNO.to_owned()));
    browser.submit(&action, &form).await.expect("/login/unlock", 200);
    assert!(app.mails().await.is_empty());
    // Three mails an hour, and no more.
    exhausted(&app, seed::ANA).await;
    for _ in 0..5 {
        browser.open("/login").await.sign_in(seed::ANA).await.click("Email me a link").await.expect("/login/unlock", 200);
    }
    assert_eq!(app.mails_to(seed::ANA).await.len(), 3);
}

/// A new password, chosen by mail, ends what strangers brought about.
#[tokio::test]
async fn a_reset_lifts_the_ceiling() {
    const NEW: &str = "seven green bicycles in the rain";
    let app = TestApp::with(strict).await;
    exhausted(&app, seed::ANA).await;
    let browser = app.browser();
    let page = browser.open("/password/reset").await.fill("Email", seed::ANA).click("Send link").await;
    page.expect("/password/reset/sent", 200);
    let page = browser.open(&app.mail("password_reset", seed::ANA).await.path("link")).await;
    let page = page.fill("New password", NEW).fill("Confirm new password", NEW).click("Save").await.expect("/login", 200);
    page.sign_in_with(seed::ANA, NEW).await.expect("/account", 200);
}

/// PW-6: many accounts from one address; whose password is right does not count, and a known browser is not troubled.
#[tokio::test]
async fn stuffing_from_one_address_ends_after_a_few_accounts() {
    let app = TestApp::with(|config| {
        config.limits.enabled = true;
        config.limits.accounts_per_address = "3/10m".parse().unwrap();
    })
    .await;
    let known = app.browser_of(seed::ANA).await;
    known.forget_cookie("__Host-vestibule-session");
    let guess = async |email: &str, from: &str| tried(&app, form(&app.browser(), email, WRONG).await.request(), from).await.status.as_u16();
    assert_eq!(tried(&app, form(&app.browser(), seed::BRUNO, seed::PASSWORD).await.request(), "192.0.2.1").await.status, 303);
    for number in 0..3 {
        assert_eq!(guess(&format!("a{number}@example.test"), "192.0.2.1").await, 422);
    }
    assert_eq!(guess("a9@example.test", "192.0.2.1").await, 429);
    assert_eq!(guess("a1@example.test", "192.0.2.1").await, 422, "one that was tried before");
    assert_eq!(guess("a9@example.test", "192.0.2.2").await, 422, "another address");
    signs_in(known.open("/login").await).await;
    app.advance(Duration::from_mins(10));
    assert_eq!(guess("a9@example.test", "192.0.2.1").await, 422);
}

/// PW-5, PW-6: by address, and by account and address; an IPv6 customer has one budget; right ones are given back.
#[tokio::test]
async fn wrong_passwords_are_counted_by_address_and_right_ones_are_not() {
    let app = TestApp::with(|config| {
        config.limits.enabled = true;
        config.limits.password_per_account_and_address = "2/10m".parse().unwrap();
        config.limits.password_per_address = "4/10m".parse().unwrap();
    })
    .await;
    for _ in 0..6 {
        assert_eq!(tried(&app, form(&app.browser(), seed::ANA, seed::PASSWORD).await.request(), "192.0.2.1").await.status, 303);
    }
    let guess = async |email: &str, from: &str| tried(&app, form(&app.browser(), email, WRONG).await.request(), from).await.status.as_u16();
    assert_eq!(guess(seed::ANA, "[2001:db8:1:2::1]").await, 422);
    assert_eq!(guess(seed::ANA, "[2001:db8:1:2::2]").await, 422);
    assert_eq!(guess(seed::ANA, "[2001:db8:1:2:3::1]").await, 429, "the same customer");
    assert_eq!(guess(seed::ANA, "[2001:db8:1:3::1]").await, 422);
    assert_eq!(guess(seed::BRUNO, "[2001:db8:1:2::4]").await, 422);
    assert_eq!(guess("c@example.test", "[2001:db8:1:2::5]").await, 429, "four of one address, refused ones too");
}

/// PW-2: one counter for sign-in and re-authentication.
#[tokio::test]
async fn a_stolen_session_does_not_guess_the_password() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    browser.forget_cookie("__Host-vestibule-known-device");
    app.advance(Duration::from_mins(30));
    for _ in 0..5 {
        let page = browser.open("/account/confirm").await;
        page.fill("Password", WRONG).click("#confirm-submit").await.expect("/account/confirm", 422);
    }
    let page = browser.open("/account/confirm").await.fill("Password", seed::PASSWORD).click("#confirm-submit").await;
    assert_eq!(page.status(), 429);
    page.assert_text("Try again in");
}
