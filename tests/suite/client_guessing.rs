//! How much guessing of client secrets is borne, and what is recorded of it: OWASP ASVS 5 §6.3.1, SECURITY PW-3, decision 0026.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;
use vestibule::audit::{Event, Kind, Origin};
use vestibule::config::Config;
use vestibule::jobs::limits;
use vestibule::store::audit_events::{self, AuditEvent};
use vestibule::store::buckets;

use crate::harness::{Answer, Credentials, TestApp, TokenRequest, seed};

fn strict(config: &mut Config) {
    config.limits.enabled = true;
    config.limits.client_authentication = "5/10m".parse().unwrap();
}

fn guess(client_id: &str, secret: &str) -> TokenRequest {
    let credentials = Credentials::Basic(client_id.to_owned(), secret.to_owned());
    TokenRequest::new(credentials).with("grant_type", "client_credentials")
}

fn right() -> TokenRequest {
    TokenRequest::client_credentials(seed::BATCH)
}

async fn from(app: &TestApp, address: &str, request: TokenRequest) -> Answer {
    app.send_from(format!("{address}:40000").parse::<SocketAddr>().unwrap(), request.build("/token")).await
}

async fn recorded(app: &TestApp) -> Vec<AuditEvent> {
    let mut events = audit_events::list(&app.app.store.read(), 200).await.unwrap();
    events.retain(|event| event.kind == "client.authentication_failed");
    events
}

fn failures(event: &AuditEvent) -> u64 {
    serde_json::from_str::<serde_json::Value>(&event.detail).unwrap()["failures"].as_u64().unwrap()
}

/// The buckets of clients that are not full.
async fn kept(app: &TestApp) -> Vec<String> {
    let mut keys: Vec<String> =
        buckets::list(&app.app.store.read(), "client", app.now(), 100).await.unwrap().into_iter().map(|(key, _)| key).collect();
    keys.sort();
    keys
}

/// A hundred guesses at once, half of them at each of two replicas, the right secret the last at each: as many as one after another, and one for each replica.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_hundred_guesses_at_once_only_the_budget_is_compared() {
    let app = TestApp::with(strict).await;
    let other = app.replica().await;
    let guesses = (0..50).flat_map(|number| {
        let request = move || if number == 49 { right() } else { guess(seed::BATCH, &format!("vst_cs_guess-{number}")) };
        [from(&app, "198.51.100.7", request()), from(&other, "198.51.100.7", request())]
    });
    let answers = join_all(guesses).await;
    let compared = answers.iter().filter(|answer| answer.status != 429).count();
    assert!((1..=5 + 2).contains(&compared), "{compared} were compared");
    // Whatever right ones were given back is spent, too.
    for _ in 0..3 {
        from(&app, "198.51.100.7", guess(seed::BATCH, "vst_cs_wrong")).await;
    }
    for app in [&app, &other] {
        from(app, "198.51.100.7", right()).await.expect(429);
        from(app, "203.0.113.9", right()).await.expect(200);
    }
}

/// What is right is given back: a client that works beside one that fails at the same address goes on, however often it comes.
#[tokio::test]
async fn right_secrets_cost_no_budget_and_mostly_no_statement() {
    let app = TestApp::with(strict).await;
    from(&app, "198.51.100.7", right()).await.expect(200);
    let before = app.app.store.statement_counts();
    from(&app, "198.51.100.7", right()).await.expect(200);
    assert_eq!(app.app.store.statement_counts(), before, "nothing failed: nothing is asked or written");
    from(&app, "198.51.100.7", guess(seed::BATCH, "vst_cs_wrong")).await.expect(401);
    for _ in 0..20 {
        from(&app, "198.51.100.7", right()).await.expect(200);
    }
    for _ in 0..4 {
        from(&app, "198.51.100.7", guess(seed::BATCH, "vst_cs_wrong")).await.expect(401);
    }
    from(&app, "198.51.100.7", guess(seed::BATCH, "vst_cs_wrong")).await.expect(429);
    app.advance(Duration::from_mins(10));
    let before = app.app.store.statement_counts();
    from(&app, "198.51.100.7", right()).await.expect(200);
    let after = app.app.store.statement_counts();
    assert!(after.0 - before.0 <= 1 && after.1 == before.1, "the failures are forgotten: {before:?} {after:?}");
}

/// Strangers at many addresses spend the client's budget, and keep it out nowhere: not where it works, not where it has never been.
#[tokio::test]
async fn strangers_everywhere_do_not_lock_a_client_out() {
    let app = TestApp::with(|config| {
        strict(config);
        config.limits.client_authentication_total = "4/1h".parse().unwrap();
    })
    .await;
    from(&app, "203.0.113.9", right()).await.expect(200);
    for number in 1..=5 {
        from(&app, &format!("198.51.100.{number}"), guess(seed::BATCH, "vst_cs_wrong")).await.expect(401);
    }
    // From here on an address has one guess, not five.
    from(&app, "192.0.2.77", guess(seed::BATCH, "vst_cs_wrong")).await.expect(401);
    from(&app, "192.0.2.77", guess(seed::BATCH, "vst_cs_wrong")).await.expect(429);
    for address in ["203.0.113.9", "192.0.2.200", "[2001:db8::1]"] {
        from(&app, address, right()).await.expect(200);
    }
    from(&app, "192.0.2.77", guess(seed::API, "vst_cs_wrong")).await.expect(401);
    from(&app, "192.0.2.77", guess(seed::API, "vst_cs_wrong")).await.expect(401);
}

/// Many that are right at once are not in each other's way where something failed, however little is left; of many that are wrong one is looked at.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_that_are_right_at_once_are_all_let_in() {
    let app = TestApp::with(|config| {
        strict(config);
        config.limits.client_authentication_total = "1/1h".parse().unwrap();
    })
    .await;
    from(&app, "192.0.2.77", guess(seed::BATCH, "vst_cs_wrong")).await.expect(401);
    from(&app, "192.0.2.78", guess(seed::BATCH, "vst_cs_wrong")).await.expect(401);
    // The failure is noted for ten minutes and paid off in two: there is one guess left, since none is over all addresses.
    app.advance(Duration::from_mins(3));
    for _ in 0..3 {
        for answer in join_all((0..16).map(|_| from(&app, "192.0.2.77", right()))).await {
            answer.expect(200);
        }
    }
    let guesses = join_all((0..16).map(|number| from(&app, "192.0.2.77", guess(seed::BATCH, &format!("vst_cs_guess-{number}"))))).await;
    assert_eq!(guesses.iter().filter(|answer| answer.status != 429).count(), 1, "the right ones gave back what they took, and no more");
    from(&app, "192.0.2.77", right()).await.expect(429);
}

/// A guess that could not be recorded, because the database was away, is in the number that is recorded later.
#[tokio::test]
#[cfg(debug_assertions)]
async fn failures_that_could_not_be_recorded_are_recorded_later() {
    let app = TestApp::with(strict).await;
    from(&app, "198.51.100.7", right()).await.expect(200);
    app.app.store.fail_statement(1);
    let answer = from(&app, "198.51.100.7", guess(seed::BATCH, "vst_cs_wrong")).await;
    assert!(answer.status.is_server_error(), "{answer:?}");
    app.seconds_pass(61);
    app.app.store.fail_statement(1);
    limits::record(&app.app).await.unwrap_err();
    app.app.store.fail_statement(0);
    assert!(recorded(&app).await.is_empty());
    app.seconds_pass(61);
    limits::record(&app.app).await.unwrap();
    assert_eq!(recorded(&app).await.iter().map(failures).collect::<Vec<_>>(), [1]);
}

/// More clients and addresses than are listed one by one: the number of the others is recorded all the same.
#[tokio::test]
async fn failures_of_more_than_can_be_listed_are_recorded_as_a_number() {
    let app = TestApp::with(strict).await;
    let flood = Event::new(Kind::ClientAuthenticationFailed, &Origin::default());
    for number in 0..10_000 {
        app.app.client_failures.count(&format!("flood:{number}"), &flood, app.now()).unwrap().told();
    }
    from(&app, "198.51.100.7", guess(seed::BATCH, "vst_cs_wrong")).await.expect(401);
    from(&app, "198.51.100.7", guess(seed::BATCH, "vst_cs_wrong")).await.expect(401);
    app.seconds_pass(61);
    limits::record(&app.app).await.unwrap();
    let events = recorded(&app).await;
    assert_eq!(events.iter().map(failures).collect::<Vec<_>>(), [2]);
    assert!(events[0].client_id.is_none() && events[0].detail.contains("not listed"), "{:?}", events[0]);
}

/// One event at once, one with the number of the others a minute later, however many there are; and none that names a client there is not.
#[tokio::test]
async fn failures_are_recorded_without_filling_the_log() {
    let app = TestApp::with(strict).await;
    for number in 0..10 {
        from(&app, "198.51.100.7", guess(seed::BATCH, "vst_cs_wrong")).await;
        let of_nobody = from(&app, "198.51.100.8", guess(&format!("nobody-{number}"), "vst_cs_wrong")).await;
        of_nobody.expect(if number < 5 { 401 } else { 429 });
    }
    // Nobody can make this grow but by addresses.
    assert_eq!(kept(&app).await, ["client-total:batch", "client-unknown:198.51.100.8", "client:batch:198.51.100.7"]);
    let first = recorded(&app).await;
    assert_eq!(first.iter().map(failures).collect::<Vec<_>>(), [1, 1]);
    let of_batch = first.iter().find(|event| event.client_id.as_deref() == Some(seed::BATCH)).unwrap();
    assert_eq!(of_batch.address.as_deref(), Some("198.51.100.7"));
    let of_nobody = first.iter().find(|event| event.client_id.is_none()).unwrap();
    assert!(of_nobody.detail.contains("nobody-0"), "{of_nobody:?}");
    limits::record(&app.app).await.unwrap();
    assert_eq!(recorded(&app).await.len(), 2, "not before a minute is over");
    app.seconds_pass(61);
    limits::record(&app.app).await.unwrap();
    let mut more: Vec<u64> = recorded(&app).await.iter().map(failures).collect();
    more.sort_unstable();
    assert_eq!(more, [1, 1, 4, 4], "five of batch were looked at, and five of nobody, who is one client");
    app.seconds_pass(61);
    limits::record(&app.app).await.unwrap();
    assert_eq!(recorded(&app).await.len(), 4, "nothing is told twice");
}

/// Without limits by address failures are recorded all the same; a public client has no secret to guess.
#[tokio::test]
async fn failures_are_recorded_where_nothing_is_limited() {
    let app = TestApp::start().await;
    for _ in 0..40 {
        app.token(guess(seed::BATCH, "vst_cs_wrong")).await.expect_error(401, "invalid_client");
    }
    assert_eq!(recorded(&app).await.iter().map(failures).collect::<Vec<_>>(), [1]);
    app.token(right()).await.expect(200);
}
