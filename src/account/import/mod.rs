//! People brought along from another product: their profile, password hash and TOTP secret.
//!
//! A file is taken in whole or not at all: every line is looked at first, and everything is one transaction. Nobody who is here already is touched.

mod file;
mod record;

pub use file::{Format, read};
pub use record::{Line, Record};

use std::collections::HashSet;
use std::sync::Arc;

use crate::audit::{self, Event, Kind, Origin};
use crate::clock::Timestamp;
use crate::mfa::totp::TotpSecret;
use crate::secret::{self, Sealer};
use crate::store::totp_credentials::{self, TotpCredential, TotpState};
use crate::store::users::{self, User};
use crate::store::{self, Conn, Store};

/// What is wrong with one line that is well-formed by itself.
const TWICE: &str = "the same address is on an earlier line";
const HERE_ALREADY: &str = "there is somebody with this address already";

/// Marks lines that name somebody twice, or somebody who is here already.
///
/// # Errors
/// The store's.
pub async fn check(store: &Store, lines: &mut [Line]) -> store::Result<()> {
    let mut seen = HashSet::new();
    for line in lines {
        let Ok(record) = &line.outcome else { continue };
        let refusal = if seen.insert(record.email.clone()) {
            let here = users::find_by_email(&store.read(), &record.email).await?.is_some();
            here.then_some(HERE_ALREADY)
        } else {
            Some(TWICE)
        };
        if let Some(refusal) = refusal {
            line.outcome = Err(refusal.to_owned());
        }
    }
    Ok(())
}

/// Takes everybody in, in one transaction. How many.
///
/// # Errors
/// The store's; `Conflict` when somebody of the file was added meanwhile. Then nobody has been taken in.
pub async fn insert(store: &Store, sealer: &Sealer, lines: &[Line], now: Timestamp) -> store::Result<usize> {
    let records = lines.iter().filter_map(|line| line.outcome.as_ref().ok());
    let people: Vec<Person> = records.map(|record| Person::of(record, sealer, now)).collect();
    let people = Arc::new(people);
    store
        .write(move |conn| {
            let people = Arc::clone(&people);
            Box::pin(async move { insert_all(conn, &people, now).await })
        })
        .await
}

struct Person {
    user: User,
    totp: Option<TotpCredential>,
}

impl Person {
    fn of(record: &Record, sealer: &Sealer, now: Timestamp) -> Self {
        let user = user(record, now);
        let secret = record.totp_secret.as_ref().and_then(|secret| TotpSecret::from_base32(secret.expose()));
        let totp = secret.map(|secret| TotpCredential {
            id: secret::id(now),
            user_id: user.id,
            secret: secret.seal(sealer, user.id),
            state: TotpState::Active,
            // No code was ever accepted here.
            last_step: 0,
            bound_to: None,
            created_at: now,
            verified_at: Some(now),
        });
        Self { user, totp }
    }
}

async fn insert_all(conn: &Conn<'_>, people: &[Person], now: Timestamp) -> store::Result<usize> {
    for Person { user, totp } in people {
        users::insert(conn, user).await?;
        if let Some(totp) = totp {
            totp_credentials::insert(conn, totp).await?;
        }
        let event = Event::new(Kind::UserImported, &Origin::default()).user(user.id).detail("by", "command line");
        audit::record(conn, &event.detail("totp", totp.is_some()), now).await?;
    }
    Ok(people.len())
}

fn user(record: &Record, now: Timestamp) -> User {
    User {
        id: secret::random_id(),
        email: record.email.clone(),
        email_verified: record.email_verified,
        profile: record.profile.clone(),
        password_hash: record.password_hash.clone(),
        enabled: record.enabled,
        suspended: false,
        administrator: false,
        auth_epoch: 0,
        created_at: now,
        updated_at: now,
        last_sign_in_at: None,
    }
}
