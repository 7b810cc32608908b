//! OWASP ASVS 5 §6.3.8: how long "Forgot your password?" takes tells nobody who has an account.

use std::time::{Duration, Instant};

use vestibule::config::Quota;

use crate::harness::{TestApp, seed};

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
    TestApp::with(|config| {
        config.recovery.mails_per_account = plenty;
        config.recovery.mails_per_address = plenty;
        // Were a password hashed on one of the paths, it would cost what it costs in earnest.
        config.password.memory_kib = 19_456;
        config.password.iterations = 2;
    })
    .await
}

/// Interleaved samples of a known and an unknown address. `synchronous`: as if the mail were sent before the answer.
async fn samples(app: &TestApp, synchronous: bool) -> Vec<(Duration, Duration)> {
    let browser = app.browser();
    let page = browser.open("/password/reset").await;
    let time = async |email: &str| {
        let (url, form) = page.clone().fill("Email", email).form_of("Send link");
        let begin = Instant::now();
        browser.post(&url, &form).await.expect(303);
        if synchronous {
            vestibule::mail::deliver_due(&app.app).await.unwrap();
        }
        begin.elapsed()
    };
    let mut pairs = Vec::new();
    for pair in 0..PAIRS + 10 {
        // In turns, so that being first is nobody's advantage.
        pairs.push(if pair % 2 == 0 {
            let known = time(seed::ANA).await;
            (known, time("eve@example.test").await)
        } else {
            let unknown = time("eve@example.test").await;
            (time(seed::ANA).await, unknown)
        });
    }
    // The first ones fill caches.
    pairs.split_off(10)
}

/// Neither takes longer.
#[tokio::test]
async fn known_and_unknown_addresses_take_the_same_time() {
    let pairs = samples(&app().await, false).await;
    let (known, unknown) = beyond(&pairs);
    assert!(known < TOO_MANY, "a known address took longer in {known} of {PAIRS} pairs");
    assert!(unknown < TOO_MANY, "an unknown address took longer in {unknown} of {PAIRS} pairs");
}

/// The statistic sees what it is for: a mail that is composed and written, even to a file of this machine, before the person is answered.
#[tokio::test]
async fn a_mail_sent_before_the_answer_would_be_noticed() {
    let pairs = samples(&app().await, true).await;
    let (known, _) = beyond(&pairs);
    assert!(known >= TOO_MANY, "noticed in {known} of {PAIRS} pairs only");
}
