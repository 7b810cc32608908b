//! A sign-in that waits for its second factor: a row and a cookie of its own, never a session. Whoever has it can give the second factor, and
//! nothing else.

use std::time::Duration;

use http::HeaderValue;
use uuid::Uuid;

use super::proof::{First, Proofs};
use crate::app::App;
use crate::secret::{self, Digest};
use crate::store;
use crate::store::pending_sign_ins::{self, PendingSignIn};
use crate::store::users::{self, User};
use crate::web::Visit;
use crate::web::cookies::Cookie;

/// How long the second factor may take.
const LIFETIME: Duration = Duration::from_mins(15);

/// One that can go on. Only this file makes it, from a row that a right password made.
#[derive(Clone, Debug)]
pub struct Pending {
    row: PendingSignIn,
    /// A second factor was set up in it, with recovery codes that are shown to whoever did.
    enrolled: bool,
}

impl Pending {
    #[must_use]
    pub const fn row(&self) -> &PendingSignIn {
        &self.row
    }

    pub(super) const fn is_enrolled(&self) -> bool {
        self.enrolled
    }

    #[must_use]
    pub const fn user_id(&self) -> Uuid {
        self.row.user_id
    }

    /// The same, after a second factor was set up in it, which raised the person's epoch and its own.
    #[must_use]
    pub fn in_epoch(&self, epoch: i64) -> Self {
        Self { row: PendingSignIn { epoch, ..self.row.clone() }, enrolled: true }
    }
}

/// Begins one, from the proofs that [`super::start`] found to lack a second factor. With the cookie to set. `leads_to`: the name
/// of the page that asked for it, when no application did.
///
/// # Errors
/// The store's. `Inconsistent` when there is no password among the proofs, or it is somebody else's.
pub async fn begin(app: &App, user: &User, proofs: &Proofs, leads_to: Option<String>) -> store::Result<(Pending, HeaderValue)> {
    let First::Password(proof) = &proofs.first else { return Err(inconsistent("there is no password")) };
    if proof.user_id() != user.id {
        return Err(inconsistent("the proof is of another person"));
    }
    let (cookie, now) = (secret::random_token(), app.now());
    let row = PendingSignIn {
        id: secret::id(now),
        user_id: user.id,
        digest: Digest::of(cookie.as_bytes()),
        password_at: proof.at(),
        // As read before the password was checked: had it changed meanwhile, this would be born dead.
        epoch: user.auth_epoch,
        failures: 0,
        code: None,
        code_sent_at: None,
        leads_to,
        created_at: now,
        expires_at: now.plus(LIFETIME),
    };
    let inserted = row.clone();
    app.store
        .write(move |conn| {
            let row = inserted.clone();
            Box::pin(async move { pending_sign_ins::insert(conn, &row).await })
        })
        .await?;
    Ok((Pending { row, enrolled: false }, Cookie::PendingSignIn.set(&app.issuer, &cookie, Some(LIFETIME))))
}

fn inconsistent(detail: &str) -> store::Error {
    store::Error::Inconsistent { table: "pending_sign_ins", detail: detail.to_owned() }
}

/// The one of this browser and its person: enabled, and with the credentials they had then.
///
/// # Errors
/// The store's.
pub async fn find(app: &App, visit: &Visit) -> store::Result<Option<(Pending, User)>> {
    let Some(cookie) = visit.cookie(Cookie::PendingSignIn.name(&app.issuer)) else { return Ok(None) };
    let read = app.store.read();
    let Some(row) = pending_sign_ins::find(&read, &Digest::of(cookie.as_bytes()), app.now()).await? else { return Ok(None) };
    let user = users::find(&read, row.user_id).await?.filter(|user| user.is_active() && user.auth_epoch == row.epoch);
    Ok(user.map(|user| (Pending { row, enrolled: false }, user)))
}

/// Gives up the one of this browser, if there is one: whoever logs out leaves none behind that a code would still turn into a session. The cookie that goes
/// with it.
///
/// # Errors
/// The store's.
pub async fn give_up(app: &App, visit: &Visit) -> store::Result<Option<HeaderValue>> {
    let Some(cookie) = visit.cookie(Cookie::PendingSignIn.name(&app.issuer)) else { return Ok(None) };
    if let Some(row) = pending_sign_ins::find(&app.store.read(), &Digest::of(cookie.as_bytes()), app.now()).await? {
        app.store.write_one(move |conn| Box::pin(pending_sign_ins::revoke(conn, row.id))).await?;
    }
    Ok(Some(forget(app)))
}

/// The cookie goes with it.
#[must_use]
pub fn forget(app: &App) -> HeaderValue {
    Cookie::PendingSignIn.remove(&app.issuer)
}
