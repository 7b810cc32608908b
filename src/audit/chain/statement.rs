//! The signed word for what is taken out of the chain. Without it, whoever can write the database could take events away and put one beside them that
//! says it was retention.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::audit::{Event, record};
use crate::clock::Timestamp;
use crate::keys::{PublicKeys, Signer};
use crate::store::audit_events::AuditEvent;
use crate::store::{self, Conn, audit_chain};

/// `typ` in the header: a type of its own, so that it is no token anywhere.
const TYPE: &str = "audit-removal+jwt";

/// The detail of the event in which it is kept.
const DETAIL: &str = "statement";

/// What was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Taken {
    /// By retention: every event up to this number.
    UpTo(i64),
    /// By the removal of a person: what was personal in their events.
    Person(Uuid),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    /// NumericDate.
    iat: i64,
    taken: Taken,
}

/// Signed, and not yet written.
#[derive(Clone)]
pub struct Statement {
    signer: Arc<Signer>,
    jws: String,
}

impl Statement {
    /// That a person is removed, and what was personal in their events with them.
    ///
    /// # Errors
    /// When it cannot be signed: then nobody is removed.
    pub fn of_person(signer: &Arc<Signer>, issuer: &str, user_id: Uuid, now: Timestamp) -> store::Result<Self> {
        Self::sign(signer, issuer, Taken::Person(user_id), now)
    }

    pub(super) fn sign(signer: &Arc<Signer>, issuer: &str, taken: Taken, now: Timestamp) -> store::Result<Self> {
        let claims = Claims { iss: issuer.to_owned(), iat: now.secs(), taken };
        let jws = signer.sign_jwt(TYPE, &claims);
        let jws = jws.map_err(|error| store::Error::Database(format!("the audit chain's statement of a removal: {error}")))?;
        Ok(Self { signer: Arc::clone(signer), jws })
    }

    #[cfg(test)]
    pub(super) fn jws(&self) -> &str {
        &self.jws
    }

    /// Records `event`, which tells of it, with the signed word. In the transaction of the removal.
    ///
    /// # Errors
    /// The store's.
    pub async fn record(&self, conn: &Conn<'_>, event: Event, now: Timestamp) -> store::Result<()> {
        audit_chain::insert_key(conn, self.signer.kid(), &self.signer.public_jwk().to_string()).await?;
        record(conn, &event.detail(DETAIL, self.jws.clone()), now).await
    }
}

/// The signed word that an event carries, if it does.
pub(super) fn in_event(event: &AuditEvent) -> Option<String> {
    let detail: Value = serde_json::from_str(&event.detail).ok()?;
    detail.get(DETAIL)?.as_str().map(str::to_owned)
}

/// What was taken, and when that was signed. `None`: it is not signed by one of these keys.
pub(super) fn verify(jws: &str, keys: &PublicKeys) -> Option<(Taken, Timestamp)> {
    let (_, claims) = keys.verify(jws, TYPE).ok()?;
    let claims: Claims = serde_json::from_value(Value::Object(claims)).ok()?;
    Some((claims.taken, Timestamp::from_secs(claims.iat)))
}
