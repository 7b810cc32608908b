//! OWASP ASVS 5 §6.3.8: how long "Forgot your password?" takes tells nobody who has an account.

use std::time::{Duration, Instant};

use vestibule::config::Quota;

use crate::harness::{TestApp, seed};

/// Pairs of a known and an unknown address, one right after the other, so that whatever else the machine does befalls both.
const PAIRS: usize = 150;

/// Between what the median of the pairs' ratios may lie. Of pairs, not of two medians: while other tests run, a machine is fast for a while and slow for
/// a while, and both of a pair are taken in the same while. The two paths run the same statements, so what remains is noise, of a few per cent; one
/// Argon2 hash or one mail sent while the person waits is many times the whole request.
const RATIO: std::ops::RangeInclusive<f64> = 0.75..=1.33;

/// The share of pairs in which the known address was slower. For equal paths 1/2; with 150 pairs the standard deviation is 4 %, so a share outside
/// 30–70 % is five of them away: it happens by chance once in two million runs, and always when one path does more.
const SHARE: std::ops::RangeInclusive<f64> = 0.30..=0.70;

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Interleaved samples of a known and an unknown address: neither their medians nor their order tell them apart.
#[tokio::test]
async fn known_and_unknown_addresses_take_the_same_time() {
    let plenty = Quota { burst: 100_000, per: Duration::from_secs(1) };
    let app = TestApp::with(|config| {
        config.recovery.mails_per_account = plenty;
        config.recovery.mails_per_address = plenty;
        // Were a password hashed on one of the paths, it would cost what it costs in earnest.
        config.password.memory_kib = 19_456;
        config.password.iterations = 2;
    })
    .await;
    let browser = app.browser();
    let page = browser.open("/password/reset").await;
    let time = async |email: &str| {
        let (url, form) = page.clone().fill("Email", email).form_of("Send link");
        let begin = Instant::now();
        browser.post(&url, &form).await.expect(303);
        begin.elapsed()
    };
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for pair in 0..PAIRS + 10 {
        // In turns, so that being first is nobody's advantage.
        let (one, two) = if pair % 2 == 0 {
            let one = time(seed::ANA).await;
            (one, time("eve@example.test").await)
        } else {
            let two = time("eve@example.test").await;
            (time(seed::ANA).await, two)
        };
        // The first ones fill caches.
        if pair >= 10 {
            known.push(one);
            unknown.push(two);
        }
    }
    let slower = known.iter().zip(&unknown).filter(|(known, unknown)| known > unknown).count();
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let share = slower as f64 / PAIRS as f64;
    let ratio = median(known.iter().zip(&unknown).map(|(known, unknown)| known.as_secs_f64() / unknown.as_secs_f64()).collect());
    assert!(RATIO.contains(&ratio), "a known address takes {ratio} times as long as an unknown one");
    assert!(SHARE.contains(&share), "the known address was slower in {share} of the pairs");
}
