//! Back-channel logout (OpenID Connect Back-Channel Logout 1.0): the outbox that `session::end` fills is emptied here.
//!
//! A logout token is signed when it is sent, not when it is due: it is short-lived (§2.4), and retries may come hours later.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt as _;

use crate::app::App;
use crate::audit::{self, Event, Kind, Origin};
use crate::clock::Timestamp;
use crate::store::clients::{self, Client};
use crate::store::logout_deliveries::{self, DeliveryState, LogoutDelivery};
use crate::store::{self, Store};
use crate::telemetry::metrics::DeliveryEnd;
use crate::tokens::logout_token;

/// Deliveries taken at once; to how many applications they go together, and how many are under way to one of them.
const BATCH: u64 = 64;
const APPLICATIONS: usize = 16;
const PER_APPLICATION: usize = 4;

/// For how long an application that could not be reached is left alone with everything else that is due to it: it must not hold up the others.
const LEFT_ALONE: Duration = Duration::from_mins(1);

/// A delivery that could not be made for so long is given up, tried or not.
const GIVE_UP_AFTER: Duration = Duration::from_hours(3);

/// An attempt that its replica does not live to note is made again after this.
const LEASE: Duration = Duration::from_mins(1);

/// Seconds to wait after each failed attempt; after the last, nothing is tried any more. Two hours in all: about as long as the sessions
/// of an application that can be down for so long without anybody noticing.
const BACK_OFF: [u64; 9] = [5, 15, 60, 300, 600, 1200, 1800, 1800, 1800];

/// The text of an error as it is kept, in bytes.
const MAX_ERROR: usize = 300;

/// Delivers everything that is due. How many attempts were made and noted.
///
/// Goes on only while what it does is written down: a delivery that could not be claimed or noted is as due as before, and asking again at
/// once would load a database that is already in trouble, and the application with it. The job's next time is soon enough.
///
/// # Errors
/// The store's, when it cannot even be asked what is due; a failed attempt is not an error.
pub async fn deliver_due(app: &App) -> store::Result<usize> {
    let mut attempts = 0;
    loop {
        let due = logout_deliveries::list_due(&app.store.read(), app.now(), BATCH).await?;
        let applications = by_application(due).into_values().map(|due| deliver_to(app, due));
        let runs: Vec<Run> = futures_util::stream::iter(applications).buffer_unordered(APPLICATIONS).collect().await;
        let noted: usize = runs.iter().map(|run| run.noted).sum();
        attempts += noted;
        if noted == 0 || runs.iter().any(|run| run.broken) {
            return Ok(attempts);
        }
    }
}

fn by_application(due: Vec<LogoutDelivery>) -> BTreeMap<String, Vec<LogoutDelivery>> {
    let mut applications: BTreeMap<String, Vec<LogoutDelivery>> = BTreeMap::new();
    for delivery in due {
        applications.entry(delivery.client_id.clone()).or_default().push(delivery);
    }
    applications
}

/// What became of the deliveries to one application.
#[derive(Default)]
struct Run {
    noted: usize,
    /// Something could not be written down.
    broken: bool,
}

/// A few at a time; the first that does not reach the application is the last: the others wait with it, and are not counted as tried.
async fn deliver_to(app: &App, due: Vec<LogoutDelivery>) -> Run {
    let Some(client_id) = due.first().map(|delivery| delivery.client_id.clone()) else { return Run::default() };
    let mut run = Run::default();
    let mut unreachable = false;
    let attempt = |delivery: LogoutDelivery| async move { deliver(app, &delivery).await };
    for few in due.chunks(PER_APPLICATION) {
        let few = futures_util::stream::iter(few.to_vec()).map(attempt);
        for attempt in few.buffer_unordered(PER_APPLICATION).collect::<Vec<_>>().await {
            match attempt {
                Ok(Attempt::Elsewhere) => {}
                Ok(attempt) => {
                    run.noted += 1;
                    unreachable |= attempt == Attempt::Unreachable;
                }
                Err(error) => {
                    tracing::warn!(client_id, %error, "logout delivery not noted");
                    run.broken = true;
                }
            }
        }
        if unreachable || run.broken {
            break;
        }
    }
    if unreachable && let Err(error) = leave_alone(app, client_id).await {
        tracing::warn!(%error, "logout deliveries not put off");
        run.broken = true;
    }
    run
}

async fn leave_alone(app: &App, client_id: String) -> store::Result<()> {
    let now = app.now();
    app.store
        .write_one(move |conn| {
            let client_id = client_id.clone();
            Box::pin(async move { logout_deliveries::update_due_of_client(conn, &client_id, now, now.plus(LEFT_ALONE)).await })
        })
        .await
}

/// How one attempt went, as far as the others to the same application are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attempt {
    /// Another replica has it.
    Elsewhere,
    /// It was answered, or needed no asking.
    Noted,
    Unreachable,
}

async fn deliver(app: &App, delivery: &LogoutDelivery) -> store::Result<Attempt> {
    let (id, before, lease_until) = (delivery.id, delivery.attempts, app.now().plus(LEASE));
    let mine = app.store.write_one(move |conn| Box::pin(logout_deliveries::redeem(conn, id, before, lease_until))).await?;
    if !mine {
        return Ok(Attempt::Elsewhere);
    }
    let client = clients::find(&app.store.read(), &delivery.client_id).await?;
    let outcome = match &client {
        _ if app.now().since(delivery.created_at) > GIVE_UP_AFTER => {
            Err(Failure::Final("the application could not be reached in time".to_owned()))
        }
        Some(client) => send(app, client, delivery).await,
        None => Err(Failure::Final("the client has been removed".to_owned())),
    };
    let attempt = if matches!(outcome, Err(Failure::Unreachable(_))) { Attempt::Unreachable } else { Attempt::Noted };
    let verdict = verdict(outcome, before, app.now());
    app.metrics.logout_delivery(match verdict.state {
        DeliveryState::Delivered => DeliveryEnd::Delivered,
        DeliveryState::Pending => DeliveryEnd::Delayed,
        DeliveryState::Failed => DeliveryEnd::Failed,
    });
    note(&app.store, delivery, &verdict, app.now()).await?;
    Ok(attempt)
}

/// Why an attempt failed.
#[derive(Debug, PartialEq, Eq)]
enum Failure {
    /// Worth another attempt. Also 400, by which a client says that its own logout failed (§2.8).
    Again(String),
    /// Nothing answered: neither will it answer the others that are due.
    Unreachable(String),
    Final(String),
}

/// §2.5: a form with the one parameter `logout_token`; §2.8: 200 is success, and 204 is what many frameworks make of an empty 200.
async fn send(app: &App, client: &Client, delivery: &LogoutDelivery) -> Result<(), Failure> {
    let token = logout_token::sign(&app.keys, &app.config, client, delivery.user_id, delivery.session_id, app.now())
        .map_err(|error| Failure::Again(error.to_string()))?;
    let status = app.outbound.post_form(&delivery.uri, &[("logout_token", &token)]).await;
    match status {
        Ok(status) if status.is_success() => Ok(()),
        Ok(status) => Err(Failure::Again(format!("answered {}", status.as_u16()))),
        Err(error) => Err(Failure::Unreachable(error.to_string())),
    }
}

/// What is written after an attempt.
#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    state: DeliveryState,
    next_attempt_at: Timestamp,
    error: Option<String>,
}

fn verdict(outcome: Result<(), Failure>, attempts_before: i32, now: Timestamp) -> Verdict {
    let wait = usize::try_from(attempts_before).ok().and_then(|attempts| BACK_OFF.get(attempts));
    match (outcome, wait) {
        (Ok(()), _) => Verdict { state: DeliveryState::Delivered, next_attempt_at: now, error: None },
        (Err(Failure::Again(error) | Failure::Unreachable(error)), Some(&wait)) => {
            Verdict { state: DeliveryState::Pending, next_attempt_at: now.plus(Duration::from_secs(wait)), error: Some(shorten(error)) }
        }
        (Err(Failure::Again(error) | Failure::Unreachable(error) | Failure::Final(error)), _) => {
            Verdict { state: DeliveryState::Failed, next_attempt_at: now, error: Some(shorten(error)) }
        }
    }
}

fn shorten(mut error: String) -> String {
    error.truncate(error.floor_char_boundary(MAX_ERROR));
    error
}

/// The row, and an event when it is the last word.
async fn note(store: &Store, delivery: &LogoutDelivery, verdict: &Verdict, now: Timestamp) -> store::Result<()> {
    let (id, state, next_attempt_at, error) = (delivery.id, verdict.state, verdict.next_attempt_at, verdict.error.clone());
    let event = event(delivery, verdict);
    store
        .write(move |conn| {
            let (error, event) = (error.clone(), event.clone());
            Box::pin(async move {
                logout_deliveries::update(conn, id, state, next_attempt_at, error.as_deref()).await?;
                match &event {
                    Some(event) => audit::record(conn, event, now).await,
                    None => Ok(()),
                }
            })
        })
        .await
}

fn event(delivery: &LogoutDelivery, verdict: &Verdict) -> Option<Event> {
    let kind = match verdict.state {
        DeliveryState::Pending => return None,
        DeliveryState::Delivered => Kind::LogoutDelivered,
        DeliveryState::Failed => Kind::LogoutDeliveryFailed,
    };
    let event = Event::new(kind, &Origin::default())
        .user(delivery.user_id)
        .client(&delivery.client_id)
        .session(delivery.session_id)
        .detail("attempts", delivery.attempts.saturating_add(1));
    Some(match &verdict.error {
        Some(error) => event.detail("error", error.clone()),
        None => event,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::Semaphore;

    use super::*;
    use crate::oauth::testing::House;
    use crate::{secret, session};

    const NOW: Timestamp = Timestamp::from_secs(1_000_000);

    fn again() -> Result<(), Failure> {
        Err(Failure::Again("answered 503".to_owned()))
    }

    fn delivery() -> LogoutDelivery {
        LogoutDelivery {
            id: secret::id(NOW),
            client_id: "autotalk".to_owned(),
            uri: "https://autotalk.example/backchannel".to_owned(),
            user_id: secret::random_id(),
            session_id: secret::id(NOW),
            state: DeliveryState::Pending,
            attempts: 2,
            next_attempt_at: NOW,
            last_error: None,
            created_at: NOW,
        }
    }

    #[test]
    fn failed_attempts_are_made_again_ever_later_and_then_given_up() {
        let mut now = NOW;
        for (attempts, wait) in (0..).zip(BACK_OFF) {
            let verdict = verdict(again(), attempts, now);
            assert_eq!(verdict.state, DeliveryState::Pending);
            assert_eq!(verdict.next_attempt_at, now.plus(Duration::from_secs(wait)));
            now = verdict.next_attempt_at;
        }
        assert_eq!(verdict(again(), 9, now).state, DeliveryState::Failed);
        let all = now.since(NOW);
        assert!(all > Duration::from_hours(2) && all < Duration::from_hours(3), "{all:?}");
    }

    #[test]
    fn success_is_final_and_so_is_a_client_that_is_gone() {
        assert_eq!(verdict(Ok(()), 9, NOW).state, DeliveryState::Delivered);
        assert_eq!(verdict(Err(Failure::Final("gone".to_owned())), 0, NOW).state, DeliveryState::Failed);
    }

    #[test]
    fn only_the_last_word_is_an_event() {
        assert!(event(&delivery(), &verdict(again(), 2, NOW)).is_none());
        let delivered = event(&delivery(), &verdict(Ok(()), 2, NOW)).unwrap();
        assert_eq!(delivered.kind, Kind::LogoutDelivered);
        assert_eq!(delivered.detail.get("attempts"), Some(&3.into()));
        let failed = event(&delivery(), &verdict(again(), 9, NOW)).unwrap();
        assert_eq!((failed.kind, failed.detail.get("error")), (Kind::LogoutDeliveryFailed, Some(&"answered 503".into())));
    }

    /// Keeps the database from taking any write until it is given a permit; what is read is read.
    async fn crowd(store: &Store) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        let wait = Arc::clone(&gate);
        let first = store.clone();
        tokio::spawn(async move {
            first
                .write(move |_| {
                    let wait = Arc::clone(&wait);
                    Box::pin(async move { wait.acquire().await.map(drop).map_err(|_| store::Error::Conflict) })
                })
                .await
        });
        tokio::time::sleep(Duration::from_millis(50)).await;
        for _ in 0..2048 {
            let store = store.clone();
            tokio::spawn(async move { store.write::<(), _>(|_| Box::pin(async { Ok(()) })).await });
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        gate
    }

    #[tokio::test]
    async fn a_database_that_takes_no_writes_is_not_asked_again_at_once() {
        let house = House::open().await;
        house.update_client("app", |client| client.metadata.backchannel_logout_uri = Some("http://127.0.0.1:9/".to_owned())).await;
        house.sign_in("openid").await;
        let told = session::end(&house.app, &house.session, &Origin::default()).await.unwrap();
        assert_eq!(told.len(), 1);

        let gate = crowd(&house.app.store).await;
        let before = house.app.store.statement_counts();
        let attempts = tokio::time::timeout(Duration::from_secs(5), deliver_due(&house.app)).await.expect("it returns").unwrap();
        assert_eq!(attempts, 0);
        assert_eq!(house.statements_since(before), (1, 0), "asked once what is due");

        gate.add_permits(1);
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(deliver_due(&house.app).await.unwrap(), 1);
        let noted = logout_deliveries::list(&house.app.store.read(), 10).await.unwrap();
        assert_eq!((noted[0].state, noted[0].attempts), (DeliveryState::Pending, 1));
    }

    #[tokio::test]
    async fn the_end_of_a_session_is_told_once_and_ends_its_grants() {
        let house = House::open().await;
        let tokens = house.sign_in("openid").await;
        house.update_client("app", |client| client.metadata.backchannel_logout_uri = Some("http://127.0.0.1:9/".to_owned())).await;
        assert_eq!(house.userinfo(&tokens.text("access_token")).await.status, 200);
        for told in [1, 0] {
            assert_eq!(session::end(&house.app, &house.session, &Origin::default()).await.unwrap().len(), told);
        }
        assert_eq!(house.userinfo(&tokens.text("access_token")).await.status, 401);
        assert_eq!(house.events().await.iter().filter(|kind| *kind == "session.signed_out").count(), 1);
    }

    #[tokio::test]
    async fn a_delivery_to_a_client_that_is_gone_is_given_up() {
        let house = House::open().await;
        let gone = LogoutDelivery { client_id: "gone".to_owned(), attempts: 0, next_attempt_at: house.app.now(), ..delivery() };
        let id = gone.id;
        let queued = house.app.store.write(move |conn| {
            let gone = gone.clone();
            Box::pin(async move { logout_deliveries::insert(conn, &gone).await })
        });
        queued.await.unwrap();
        assert_eq!(deliver_due(&house.app).await.unwrap(), 1);
        let noted = logout_deliveries::find(&house.app.store.read(), id).await.unwrap().unwrap();
        assert_eq!(noted.state, DeliveryState::Failed);
        assert!(house.events().await.contains(&"logout.delivery_failed".to_owned()));
    }

    #[test]
    fn a_long_error_is_kept_short() {
        assert_eq!(shorten("é".repeat(500)).len(), 300);
    }
}
