//! Carrying out the plan in the store, so that all replicas end up with the same keys.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::import::Imported;
use super::material::{self, Pkcs8};
use super::ring::KeyError;
use super::rotation::{self, Lifetime, Plan, Policy, Wish};
use super::witness::{Change, Witness};
use crate::clock::Timestamp;
use crate::secret::{self, Purpose, Sealer};
use crate::store::signing_keys::{self, Algorithm, SigningKey};
use crate::store::{self, Conn, Store, locks, settings};

/// The row in `locks` that everybody who changes keys updates first.
const MUTEX: &str = "signing-keys";

/// What the upkeep of keys needs.
pub(super) struct Upkeep {
    pub(super) store: Store,
    pub(super) sealer: Arc<Sealer>,
    pub(super) policy: Policy,
    pub(super) witness: Arc<dyn Witness>,
}

/// A key pair, sealed, whose times are not decided yet.
#[derive(Clone)]
struct Draft {
    id: Uuid,
    kid: String,
    algorithm: Algorithm,
    public_jwk: String,
    sealed_private_key: Vec<u8>,
}

impl Upkeep {
    /// Brings the keys in line with the plan. Answers all rows, and the `kid`s of those it made.
    ///
    /// The plan is made twice: outside, to know what to generate (RSA takes long), and again in the transaction, because another replica may
    /// have been faster; its keys then stand and ours are thrown away.
    pub(super) async fn settle(&self, wish: Wish, now: Timestamp) -> Result<(Vec<SigningKey>, Vec<String>), KeyError> {
        let rows = signing_keys::list(&self.store.read()).await?;
        let plans = plan(&rows, self.policy, now, wish);
        if plans.is_empty() && !rows.iter().any(|row| Lifetime::from(row).is_gone(now)) {
            return Ok((rows, Vec::new()));
        }
        let drafts = self.generate(plans.iter().filter(|plan| plan.make.is_some()).map(|plan| plan.algorithm), now).await?;
        let (policy, witness) = (self.policy, Arc::clone(&self.witness));
        let settled = self.store.write(move |conn| {
            let (drafts, witness) = (drafts.clone(), Arc::clone(&witness));
            Box::pin(async move {
                let (rows, made) = commit(conn, &drafts, policy, wish, now).await?;
                for key in rows.iter().filter(|row| made.contains(&row.kid)) {
                    witness.record(conn, Change::Created { kid: key.kid.clone(), algorithm: key.algorithm }, now).await?;
                }
                if wish != Wish::WhenDue {
                    let rotated = Change::Rotated { kids: made.clone(), immediately: wish == Wish::Now };
                    witness.record(conn, rotated, now).await?;
                }
                Ok((rows, made))
            })
        });
        Ok(settled.await?)
    }

    /// Takes in keys from files, each once: a key that was retired since must not come back at the next start.
    /// Answers the `kid`s of those that are new.
    pub(super) async fn import(&self, keys: Vec<Imported>, now: Timestamp) -> Result<Vec<String>, KeyError> {
        let mut taken = Vec::new();
        for key in keys {
            let mark = format!("imported-key:{}", key.kid);
            if settings::find(&self.store.read(), &mark).await?.is_some() {
                continue;
            }
            let draft = self.draft(key.algorithm, &key.der, now)?;
            let (policy, witness) = (self.policy, Arc::clone(&self.witness));
            let inserted = self.store.write(move |conn| {
                let (draft, mark, witness) = (draft.clone(), mark.clone(), Arc::clone(&witness));
                Box::pin(async move {
                    let taken = take_in(conn, &draft, &mark, policy, now).await?;
                    if taken {
                        witness.record(conn, Change::Created { kid: draft.kid, algorithm: draft.algorithm }, now).await?;
                    }
                    Ok(taken)
                })
            });
            if inserted.await? {
                taken.push(key.kid);
            }
        }
        Ok(taken)
    }

    /// Ends a key now. Whether there was one.
    pub(super) async fn revoke(&self, kid: &str, now: Timestamp) -> Result<bool, KeyError> {
        let (kid, witness) = (kid.to_owned(), Arc::clone(&self.witness));
        let revoked = self.store.write(move |conn| {
            let (kid, witness) = (kid.clone(), Arc::clone(&witness));
            Box::pin(async move {
                lock(conn, now).await?;
                let rows = signing_keys::list(conn).await?;
                let Some(row) = rows.into_iter().find(|row| row.kid == kid && row.expires_at.is_none_or(|at| at > now)) else {
                    return Ok(false);
                };
                let ended = SigningKey { retires_at: Some(row.retires_at.map_or(now, |at| at.min(now))), expires_at: Some(now), ..row };
                signing_keys::update(conn, &ended).await?;
                witness.record(conn, Change::Revoked { kid }, now).await?;
                Ok(true)
            })
        });
        Ok(revoked.await?)
    }

    /// All at the same time, away from the async threads.
    async fn generate(&self, algorithms: impl Iterator<Item = Algorithm>, now: Timestamp) -> Result<Vec<Draft>, KeyError> {
        let tasks: Vec<_> =
            algorithms.map(|algorithm| (algorithm, tokio::task::spawn_blocking(move || material::generate(algorithm)))).collect();
        let mut drafts = Vec::new();
        for (algorithm, task) in tasks {
            let der = task.await.map_err(|error| KeyError::Key(error.to_string()))??;
            drafts.push(self.draft(algorithm, &der, now)?);
        }
        Ok(drafts)
    }

    fn draft(&self, algorithm: Algorithm, der: &Pkcs8, now: Timestamp) -> Result<Draft, KeyError> {
        let key = material::open(algorithm, der)?;
        let id = secret::id(now);
        let sealed_private_key = self.sealer.seal_bytes(Purpose::SigningKey, id.as_bytes(), der);
        let public_jwk = serde_json::Value::Object(key.public_jwk).to_string();
        Ok(Draft { id, kid: key.kid, algorithm, public_jwk, sealed_private_key })
    }
}

fn plan(rows: &[SigningKey], policy: Policy, now: Timestamp, wish: Wish) -> Vec<Plan> {
    let keys: Vec<Lifetime> = rows.iter().map(Lifetime::from).collect();
    rotation::plan(&keys, policy, now, wish)
}

/// One after the other: whoever comes second waits at this row until the first has committed, and then reads what the first did. The
/// holder is the same for everybody and the lease has no length, because the transaction itself is the lock.
async fn lock(conn: &Conn<'_>, now: Timestamp) -> store::Result<()> {
    locks::redeem(conn, MUTEX, MUTEX, now, Duration::ZERO).await.map(|_| ())
}

async fn commit(
    conn: &Conn<'_>,
    drafts: &[Draft],
    policy: Policy,
    wish: Wish,
    now: Timestamp,
) -> store::Result<(Vec<SigningKey>, Vec<String>)> {
    lock(conn, now).await?;
    // `purge` takes what expired before its moment; a key is gone at its own.
    signing_keys::purge(conn, now.plus(Duration::from_millis(1))).await?;
    let rows = signing_keys::list(conn).await?;
    // Who waited for the lock read its clock before the keys it waited for were made: without this they would look like keys of the future, none
    // of which signs yet, and it would make a second set.
    let now = rows.iter().map(|row| row.created_at).fold(now, Timestamp::max);
    let mut made = Vec::new();
    for plan in plan(&rows, policy, now, wish) {
        let draft = drafts.iter().find(|draft| draft.algorithm == plan.algorithm);
        if plan.make.is_some() && draft.is_none() {
            // It became due between the two plans: the next refresh makes it.
            continue;
        }
        made.extend(carry_out(conn, &rows, &plan, draft, policy, now).await?);
    }
    Ok((signing_keys::list(conn).await?, made))
}

/// Answers the `kid` of the key it made.
async fn carry_out(
    conn: &Conn<'_>,
    rows: &[SigningKey],
    plan: &Plan,
    draft: Option<&Draft>,
    policy: Policy,
    now: Timestamp,
) -> store::Result<Option<String>> {
    for retire in &plan.retire {
        if let Some(row) = rows.iter().find(|row| row.id == retire.id) {
            let times = (Some(retire.retires_at), Some(retire.retires_at.plus(policy.retire_for)));
            let retired = SigningKey { retires_at: times.0, expires_at: times.1, ..row.clone() };
            signing_keys::update(conn, &retired).await?;
        }
    }
    let (Some(make), Some(draft)) = (plan.make, draft.cloned()) else { return Ok(None) };
    let key = SigningKey {
        id: draft.id,
        kid: draft.kid,
        algorithm: draft.algorithm,
        public_jwk: draft.public_jwk,
        sealed_private_key: draft.sealed_private_key,
        created_at: now,
        active_at: make.active_at,
        retires_at: make.retires_at,
        expires_at: make.retires_at.map(|at| at.plus(policy.retire_for)),
    };
    signing_keys::insert(conn, &key).await?;
    Ok(Some(key.kid))
}

/// Whether it was new: then it signs at once, in place of whatever did.
async fn take_in(conn: &Conn<'_>, draft: &Draft, mark: &str, policy: Policy, now: Timestamp) -> store::Result<bool> {
    lock(conn, now).await?;
    if settings::find(conn, mark).await?.is_some() {
        return Ok(false);
    }
    settings::insert_if_absent(conn, mark, &[]).await?;
    let rows = signing_keys::list(conn).await?;
    if rows.iter().any(|row| row.kid == draft.kid) {
        return Ok(false);
    }
    let lifetimes: Vec<Lifetime> = rows.iter().map(Lifetime::from).collect();
    let plan = rotation::supersede(&lifetimes, draft.algorithm, now);
    carry_out(conn, &rows, &plan, Some(draft), policy, now).await?;
    Ok(true)
}
