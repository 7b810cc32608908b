//! What is measured when somebody asks for the metrics.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::App;
use crate::health;
use crate::keys::{Algorithm, KeyInfo, KeyState};
use crate::store;
use crate::telemetry::metrics::KeyState as KeysInState;

/// However often somebody scrapes, the database is asked this often at most; and it is not waited for longer than this.
const EVERY: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(2);

/// When the database was asked last. Those who come meanwhile wait for that answer.
#[derive(Clone, Debug, Default)]
pub struct Sampled(Arc<Mutex<Option<Instant>>>);

/// Brings everything that is measured rather than counted up to date.
pub async fn sample(app: &App) {
    let pool = app.store.pool();
    app.metrics.connections(app.connections.load(Ordering::Relaxed));
    app.metrics.limited_addresses(app.edge.remembered());
    let (waiting, running) = app.passwords.load();
    app.metrics.hashing(waiting, running);
    let most = usize::try_from(app.config.database.max_connections).unwrap_or(usize::MAX);
    app.metrics.pool((pool.in_use, pool.idle, most), pool.writes_waiting);
    measure_keys(app);
    measure_database(app).await;
}

async fn measure_database(app: &App) {
    let mut last = app.sampled.0.lock().await;
    if last.is_some_and(|last| last.elapsed() < EVERY) {
        return;
    }
    let found = tokio::time::timeout(PATIENCE, async { store::find_queues(&app.store.read(), app.now()).await }).await;
    if let Ok(Ok(queues)) = &found {
        app.metrics.waiting(queues.mails, queues.logouts, queues.audit);
    }
    let up = matches!(found, Ok(Ok(_)));
    // What does not answer is not asked twice.
    let ready = up && health::obstacle(app).await.is_none();
    app.metrics.health(up, ready);
    *last = Some(Instant::now());
}

fn measure_keys(app: &App) {
    let (now, keys) = (app.now(), app.keys.list());
    for algorithm in Algorithm::ALL {
        for (state, name) in [(KeyState::Next, "next"), (KeyState::Active, "active"), (KeyState::Retiring, "retiring")] {
            let of_state = keys.iter().filter(|key| key.algorithm == algorithm && key.state == state);
            let (mut count, mut age) = (0, None);
            for key in of_state {
                count += 1;
                age = Some(age.map_or(i64::MAX, |age: i64| age).min(now.secs().saturating_sub(key.created_at.secs())));
            }
            app.metrics.signing_keys(KeysInState { algorithm: algorithm.name(), state: name, keys: count, age });
        }
        if let Some(due_in) = rotates_in(app, &keys, algorithm) {
            app.metrics.key_rotates(algorithm.name(), due_in);
        }
    }
}

/// Seconds until the newest key that signs is replaced: when it retires, or without a successor when its time is over.
fn rotates_in(app: &App, keys: &[KeyInfo], algorithm: Algorithm) -> Option<i64> {
    let active = keys.iter().filter(|key| key.algorithm == algorithm && key.state == KeyState::Active).max_by_key(|key| key.active_at)?;
    let end = active.retires_at.unwrap_or_else(|| active.active_at.plus(app.config.keys.active_for.0));
    Some(end.secs().saturating_sub(app.now().secs()))
}
