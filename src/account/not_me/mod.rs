//! "This wasn't me": the link in every mail about a change, the page behind it, and what it does.
//!
//! The page works signed out and explains before it acts. The button ends every session and grant, takes the password away, freezes the account's
//! security until a new password is chosen by mail, sends that mail, and tells the administrators ([decision 0014](../../docs/decisions/0014-mail-links.md)).
//!
//! Routes: `GET /not-me` [`get`], `POST /not-me` [`post`].

mod page;
mod secure;

pub use page::{get, post};

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::audit::Kind;
use crate::clock::Timestamp;
use crate::secret::{self, OpenError, Purpose};
use crate::store;
use crate::store::audit_events::{self, Wanted};

/// A person may read their mail late.
const LIFETIME: Duration = Duration::from_hours(30 * 24);

/// For how long the old address of an account may take it back. Not longer: an address that was given up becomes somebody else's.
const RESTORABLE: Duration = Duration::from_hours(72);

/// What the link carries, sealed.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Link {
    id: Uuid,
    user_id: Uuid,
    /// The address that the mail's change took away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    restores: Option<Restores>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Restores {
    email: String,
    until: Timestamp,
}

/// A link of its own for every mail, as an absolute URL.
#[must_use]
pub fn link(app: &App, user_id: Uuid, now: Timestamp) -> String {
    sealed(app, &Link { id: secret::random_id(), user_id, restores: None }, now)
}

/// The same, in the mail to an address that the account has no longer: for three days it also gives the address back, or the mail with the new
/// password would go to whoever changed it.
#[must_use]
pub fn link_restoring(app: &App, user_id: Uuid, email: &str, now: Timestamp) -> String {
    let restores = Some(Restores { email: email.to_owned(), until: now.plus(RESTORABLE) });
    sealed(app, &Link { id: secret::random_id(), user_id, restores }, now)
}

/// [`link_restoring`] for an address that the account has had for longer than that, and [`link`] for any other: of two changes in a row the mails to the
/// address between them must not take the account back from the one before.
///
/// # Errors
/// The store's.
pub async fn link_keeping(app: &App, user_id: Uuid, email: &str, now: Timestamp) -> store::Result<String> {
    let kinds = [Kind::EmailChanged.as_str()];
    let wanted = Wanted { user_id, kinds: &kinds, since: now.minus(RESTORABLE), before: None };
    let changed = audit_events::count_by_user(&app.store.read(), wanted, 1).await? > 0;
    Ok(if changed { link(app, user_id, now) } else { link_restoring(app, user_id, email, now) })
}

fn sealed(app: &App, link: &Link, now: Timestamp) -> String {
    let token = app.sealer.seal(Purpose::NotMe, link, now.plus(LIFETIME));
    app.issuer.url(&format!("/not-me?token={token}"))
}

/// Why a link does nothing.
enum Refusal {
    TooLate,
    NotOurs,
}

fn open(app: &App, token: &str) -> Result<Link, Refusal> {
    app.sealer.open(Purpose::NotMe, token, app.now()).map_err(|error| match error {
        OpenError::Expired(_) => Refusal::TooLate,
        OpenError::Invalid => Refusal::NotOurs,
    })
}
