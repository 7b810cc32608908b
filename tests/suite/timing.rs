//! OWASP ASVS 5 §6.3.8: how long "Forgot your password?" and a refused sign-in take tells nobody who has an account.

use std::time::{Duration, Instant};

use vestibule::config::Quota;
use vestibule::secret::Secret;

use crate::harness::{Browser, Page, TestApp, seed};

/// Pairs of a known and an unknown address, one right after the other, so that whatever else the machine does befalls both.
const PAIRS: usize = 150;

/// What a pair may differ by and still tell nothing over a network: both paths run the same statements, and what remains between them is a few per cent.
/// One Argon2 hash, or one mail sent while the person waits, is many times the whole request.
const TOLERANCE: f64 = 1.25;

/// So many pairs beyond the tolerance, all in one direction, are a fault. While the median of the pairs' ratios is within the tolerance, each pair is
/// beyond it with a chance of at most one half, whatever the noise and its shape: then 107 or more of 150 come up by chance once in ten million runs in
/// each direction (binomial), on a busy machine as on a quiet one, on which a difference of one per cent would show in the order of the pairs alone.
const TOO_MANY: usize = 107;

/// In how many pairs the known address took longer than the tolerance allows, and in how many the unknown one.
fn beyond(pairs: &[(Duration, Duration)]) -> (usize, usize) {
    let slower = |one: Duration, other: Duration| one.as_secs_f64() > other.as_secs_f64() * TOLERANCE;
    let known = pairs.iter().filter(|(known, unknown)| slower(*known, *unknown)).count();
    (known, pairs.iter().filter(|(known, unknown)| slower(*unknown, *known)).count())
}

async fn app() -> TestApp {
    let plenty = Quota { burst: 100_000, per: Duration::from_secs(1) };
    let app = TestApp::with(|config| {
        config.recovery.mails_per_account = plenty;
        config.recovery.mails_per_address = plenty;
        let limits = &mut config.limits;
        (limits.sign_in, limits.accounts_per_address) = (plenty, plenty);
        (limits.password_per_account_and_address, limits.password_per_address) = (plenty, plenty);
        (limits.password_free, limits.password_ceiling) = (100_000, 1_000_000);
        // Were a password hashed on one of the paths alone, it would cost what it costs in earnest.
        config.password.memory_kib = 19_456;
        config.password.iterations = 2;
    })
    .await;
    // As it is after one sign-in under these settings: a hash from before costs what it cost then.
    let hash = app.app.passwords.hash(Secret::new(seed::PASSWORD.to_owned())).await.unwrap();
    for email in [seed::ANA, seed::CARLA] {
        let hash = hash.clone();
        app.change_user(email, |user| user.password_hash = Some(hash)).await;
    }
    app
}

/// Interleaved samples, what is asked of a known address and of an unknown one, in turns, so that being first is nobody's advantage.
async fn samples(known: impl AsyncFn() -> Duration, unknown: impl AsyncFn() -> Duration) -> Vec<(Duration, Duration)> {
    let mut pairs = Vec::new();
    for pair in 0..PAIRS + 10 {
        pairs.push(if pair % 2 == 0 {
            let known = known().await;
            (known, unknown().await)
        } else {
            let unknown = unknown().await;
            (known().await, unknown)
        });
    }
    // The first ones fill caches.
    pairs.split_off(10)
}

fn assert_the_same(pairs: &[(Duration, Duration)]) {
    let (known, unknown) = beyond(pairs);
    assert!(known < TOO_MANY, "a known address took longer in {known} of {PAIRS} pairs");
    assert!(unknown < TOO_MANY, "an unknown address took longer in {unknown} of {PAIRS} pairs");
}

/// One reset asked for. `synchronous`: as if the mail were sent before the answer.
async fn reset(browser: &Browser<'_>, page: &Page<'_>, email: &str, synchronous: Option<&TestApp>) -> Duration {
    let (url, form) = page.clone().fill("Email", email).form_of("Send link");
    let begin = Instant::now();
    browser.post(&url, &form).await.expect(303);
    if let Some(app) = synchronous {
        vestibule::mail::deliver_due(&app.app).await.unwrap();
    }
    begin.elapsed()
}

/// Neither takes longer.
#[tokio::test]
async fn a_reset_takes_as_long_for_unknown_addresses() {
    let app = app().await;
    let browser = app.browser();
    let page = browser.open("/password/reset").await;
    let pairs =
        samples(async || reset(&browser, &page, seed::ANA, None).await, async || reset(&browser, &page, "eve@example.test", None).await);
    assert_the_same(&pairs.await);
}

/// The statistic sees what it is for: a mail that is composed and written, even to a file of this machine, before the person is answered.
#[tokio::test]
async fn a_mail_sent_before_the_answer_would_be_noticed() {
    let app = app().await;
    let browser = app.browser();
    let page = browser.open("/password/reset").await;
    let here = Some(&app);
    let pairs =
        samples(async || reset(&browser, &page, seed::ANA, here).await, async || reset(&browser, &page, "eve@example.test", here).await);
    let (known, _) = beyond(&pairs.await);
    assert!(known >= TOO_MANY, "noticed in {known} of {PAIRS} pairs only");
}

/// One sign-in that is refused.
async fn refused(browser: &Browser<'_>, page: &Page<'_>, email: &str, password: &str) -> Duration {
    let (url, form) = page.clone().fill("Email", email).fill("Password", password).form_of("#login-submit");
    let begin = Instant::now();
    browser.post(&url, &form).await.expect(422);
    begin.elapsed()
}

/// PW-1: a wrong password of somebody, and any of nobody.
#[tokio::test]
async fn a_refused_sign_in_takes_as_long_for_unknown_addresses() {
    let app = app().await;
    let browser = app.browser();
    let page = browser.open("/login").await;
    let pairs = samples(
        async || refused(&browser, &page, seed::ANA, "not the right password").await,
        async || refused(&browser, &page, "eve@example.test", "not the right password").await,
    );
    assert_the_same(&pairs.await);
}

/// PW-1: the right password of somebody whose account is disabled, and any of nobody.
#[tokio::test]
async fn a_refused_sign_in_takes_as_long_for_disabled_accounts() {
    let app = app().await;
    let browser = app.browser();
    let page = browser.open("/login").await;
    let pairs = samples(
        async || refused(&browser, &page, seed::CARLA, seed::PASSWORD).await,
        async || refused(&browser, &page, "eve@example.test", seed::PASSWORD).await,
    );
    assert_the_same(&pairs.await);
}

/// The statistic sees what it is for: an answer that needed no hash.
#[tokio::test]
async fn a_hash_that_is_left_out_would_be_noticed() {
    let app = app().await;
    let browser = app.browser();
    let page = browser.open("/login").await;
    let pairs = samples(
        async || refused(&browser, &page, seed::ANA, "not the right password").await,
        async || refused(&browser, &page, "eve@example.test", "").await,
    );
    let (known, _) = beyond(&pairs.await);
    assert!(known >= TOO_MANY, "noticed in {known} of {PAIRS} pairs only");
}
