//! The keys of clients that sign assertions: registered with them, or fetched from where they publish them.
//!
//! A document is fetched when it is needed and has become old, and when an assertion does not verify with the keys at hand: so a client that changes its key is
//! served at once. That is done once in [`INTERVAL`] for each client, whoever asks: a stranger's invented key ids make us call nobody more often. Requests
//! that need the same document wait for the same call, which goes on when they do not. OpenID Connect Core §10.1, RFC 7517 §5.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moka::sync::Cache;
use serde_json::Value;
use tracing::Instrument as _;

use crate::app::App;
use crate::clock::Timestamp;
use crate::keys::{AssertionFailure, ClientKeys, KeySetProblem, MAX_KEY_SET, NobodysKeys, SignedAssertion};
use crate::store::clients::Client;

/// Keys older than this are fetched again before they are used.
const FRESH: Duration = Duration::from_mins(5);
/// A document is not fetched twice within this.
const INTERVAL: Duration = Duration::from_secs(30);
/// While fetching fails, the last document is used for so long after it was fetched, and nothing after that.
const KEPT: Duration = Duration::from_hours(1);
/// Clients whose keys are in memory at once; others are read, or fetched, again.
const CAPACITY: u64 = 10_000;
/// After this long without use they are forgotten.
const IDLE: Duration = Duration::from_hours(2);

const ACCEPT: (&str, &str) = ("accept", "application/jwk-set+json, application/json");

/// Keys by client.
pub struct ClientKeySets {
    /// Of `jwks`, by the client.
    registered: Cache<String, Arc<Registered>>,
    /// Of `jwks_uri`, by the client and the address.
    published: Cache<(String, String), Arc<Published>>,
    nobodys: NobodysKeys,
}

struct Registered {
    /// What was read: a client that has changed is read again.
    jwks: Value,
    /// None of what cannot be read.
    keys: Option<ClientKeys>,
}

/// What is known of one address.
#[derive(Default)]
struct Published {
    known: Mutex<Known>,
    /// Held while somebody fetches.
    fetching: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Clone, Default)]
struct Known {
    keys: Option<(Arc<ClientKeys>, Timestamp)>,
    tried_at: Option<Timestamp>,
}

impl Default for ClientKeySets {
    fn default() -> Self {
        Self {
            registered: Cache::builder().max_capacity(CAPACITY).time_to_idle(IDLE).build(),
            published: Cache::builder().max_capacity(CAPACITY).time_to_idle(IDLE).build(),
            nobodys: NobodysKeys::read(),
        }
    }
}

impl ClientKeySets {
    /// Whether a key of this client signed it. Nobody is called in the name of a client that is disabled.
    ///
    /// # Errors
    /// Why not, for the log alone.
    pub async fn verify(&self, app: &App, client: &Client, assertion: &SignedAssertion) -> Result<(), &'static str> {
        let verified = match (&client.metadata.jwks, &client.metadata.jwks_uri) {
            (Some(jwks), _) => self.registered(client, jwks).keys.as_ref().map(|keys| keys.verify(assertion)),
            (None, Some(uri)) => self.published(app, client, uri, assertion).await,
            (None, None) => None,
        };
        match verified {
            Some(Ok(())) => return Ok(()),
            Some(Err(AssertionFailure::Signature)) => return Err("the signature is not of the client's key"),
            _ => self.refuse(assertion),
        }
        Err(match verified {
            Some(Err(AssertionFailure::KeyNotNamed)) => "no kid, and the client has several keys for the algorithm",
            Some(_) => "the client has no such key for the algorithm",
            None => "there are no keys of the client",
        })
    }

    /// Takes as long as to refuse what a client's own key has not signed.
    pub fn refuse(&self, assertion: &SignedAssertion) {
        let _ = self.nobodys.verify(assertion);
    }

    fn registered(&self, client: &Client, jwks: &Value) -> Arc<Registered> {
        if let Some(registered) = self.registered.get(&client.client_id).filter(|registered| registered.jwks == *jwks) {
            return registered;
        }
        let told = |problem: &KeySetProblem| tracing::warn!(client_id = client.client_id, %problem, "the client's jwks cannot be read");
        let keys = ClientKeys::read(&jwks.to_string()).inspect_err(told).ok().map(|read| read.keys);
        let registered = Arc::new(Registered { jwks: jwks.clone(), keys });
        self.registered.insert(client.client_id.clone(), Arc::clone(&registered));
        registered
    }

    async fn published(&self, app: &App, client: &Client, uri: &str, assertion: &SignedAssertion) -> Option<Result<(), AssertionFailure>> {
        let key = (client.client_id.clone(), uri.to_owned());
        let published = self.published.get_with(key, Arc::default);
        let (verified, again) = published.look(assertion, app.now());
        if !again || !client.enabled {
            return verified;
        }
        let turn = Arc::clone(&published.fetching).lock_owned().await;
        // Others may have fetched meanwhile.
        let (verified, again) = published.look(assertion, app.now());
        if !again {
            return verified;
        }
        let (calling, app, client_id, uri) = (Arc::clone(&published), app.clone(), client.client_id.clone(), uri.to_owned());
        let now = app.now();
        // Whoever asked may go away: a call that ended with it would have been made in vain, and not be made again for a while.
        let call = async move {
            calling.note(fetch(&app, &client_id, &uri).await, app.now());
            drop(turn);
        };
        if tokio::spawn(call.in_current_span()).await.is_err() {
            tracing::error!("fetching the keys of a client ended in a panic");
        }
        published.look(assertion, now).0
    }
}

impl Published {
    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the keys at hand say, and whether they are to be fetched now for a better answer.
    fn look(&self, assertion: &SignedAssertion, now: Timestamp) -> (Option<Result<(), AssertionFailure>>, bool) {
        let Known { keys, tried_at } = self.known().clone();
        let may_fetch = !tried_at.is_some_and(|then| now.is_within(INTERVAL, then));
        let keys = keys.filter(|(_, fetched_at)| now.is_within(KEPT, *fetched_at));
        let Some((keys, fetched_at)) = keys else { return (None, may_fetch) };
        let verified = keys.verify(assertion);
        let satisfied = verified.is_ok() && now.is_within(FRESH, fetched_at);
        (Some(verified), may_fetch && !satisfied)
    }

    fn note(&self, fetched: Option<ClientKeys>, now: Timestamp) {
        let mut known = self.known();
        known.tried_at = Some(now);
        if let Some(keys) = fetched {
            known.keys = Some((Arc::new(keys), now));
        }
    }
}

/// The document, if it can be had and is one.
async fn fetch(app: &App, client_id: &str, uri: &str) -> Option<ClientKeys> {
    let read = match app.outbound.get_text(uri, &[ACCEPT], MAX_KEY_SET).await {
        Ok(text) => ClientKeys::read(&text).map_err(|problem| problem.to_string()),
        Err(error) => Err(error.to_string()),
    };
    app.metrics.client_keys_fetched(read.is_ok());
    match read {
        Ok(read) => {
            for reason in &read.passed_over {
                tracing::debug!(client_id, reason, "a key of the client's jwks_uri is not used");
            }
            Some(read.keys)
        }
        Err(problem) => {
            tracing::warn!(
                client_id,
                problem,
                "the client's jwks_uri gives no keys: its assertions are refused, or verified with the last ones for an hour"
            );
            None
        }
    }
}
