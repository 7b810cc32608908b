//! "This wasn't me": the link in every mail about a change, the page behind it, and what it does.
//!
//! The page works signed out and explains before it acts. The button ends every session and grant, takes the password away, freezes the account's
//! security until a new password is chosen by mail, sends that mail, takes back a deletion, and tells the administrators
//! ([decision 0014](../../docs/decisions/0014-mail-links.md)).
//!
//! Routes: `GET /not-me` [`get`], `POST /not-me` [`post`].

mod page;
mod secure;
mod standing;

pub use page::{get, post};

use std::time::Duration;

use http::HeaderValue;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::clock::Timestamp;
use crate::secret::{self, OpenError, Purpose};
use crate::store::users::User;
use crate::web::cookies::Cookie;

/// A person may read their mail late.
const LIFETIME: Duration = Duration::from_hours(30 * 24);

/// Somebody who presses it in My Account is at the page already.
const LIFETIME_HERE: Duration = Duration::from_hours(1);

/// For how long the old address of an account may take it back. Not longer: an address that was given up becomes somebody else's.
pub(in crate::account) const RESTORABLE: Duration = Duration::from_hours(72);

/// What the link carries, sealed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Link {
    id: Uuid,
    user_id: Uuid,
    /// Where the mail went: the account's address at that moment. Whoever presses the link has read it there, so what follows goes there, too: never to
    /// an address that somebody else has put in its place.
    email: String,
}

/// A link of its own for every mail, as an absolute URL. `user`: as they are when the mail is written, or, in the mail about a change of their address,
/// as they were before.
#[must_use]
pub fn link(app: &App, user: &User, now: Timestamp) -> String {
    app.issuer.url(&format!("/not-me?token={}", sealed(app, user, now.plus(LIFETIME))))
}

/// The cookie with which [`get`] shows the page to somebody signed in, without a mail.
#[must_use]
pub(in crate::account) fn cookie(app: &App, user: &User, now: Timestamp) -> HeaderValue {
    Cookie::NotMe.set(&app.issuer, &sealed(app, user, now.plus(LIFETIME_HERE)), None)
}

fn sealed(app: &App, user: &User, expires_at: Timestamp) -> String {
    let link = Link { id: secret::random_id(), user_id: user.id, email: user.email.clone() };
    app.sealer.seal(Purpose::NotMe, &link, expires_at)
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
