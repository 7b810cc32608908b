//! After a change of credentials: the session it was done in goes on under a new cookie, everything older is dead (OWASP ASVS 5 §7.2.4, §7.4.3).

use http::HeaderValue;
use uuid::Uuid;

use super::end::{end_others_within, ended};
use super::proof::PasswordProof;
use crate::app::App;
use crate::audit::{self, Kind, Origin};
use crate::clock::Timestamp;
use crate::secret::{self, Digest};
use crate::store::sessions::{self, Session};
use crate::store::users::{self, User};
use crate::store::{self, Conn};
use crate::web::cookies::Cookie;

/// A session on its way to its new cookie.
#[derive(Clone, Debug)]
pub struct Rotation {
    session: Session,
    set_cookie: HeaderValue,
}

impl Rotation {
    /// Draws the new cookie. Nothing is changed yet.
    #[must_use]
    pub fn of(app: &App, session: &Session) -> Self {
        let cookie = secret::random_token();
        let session = Session { digest: Digest::of(cookie.as_bytes()), last_seen_at: app.now(), ..session.clone() };
        Self { session, set_cookie: Cookie::Session.set(&app.issuer, &cookie, None) }
    }

    /// What to send to the browser after the commit.
    #[must_use]
    pub fn set_cookie(&self) -> HeaderValue {
        self.set_cookie.clone()
    }

    /// Inside the transaction that has raised the person's `auth_epoch`: this session takes the new one, under its new cookie; all others end. What was granted under
    /// the old epoch is dead by itself. How many sessions ended.
    ///
    /// # Errors
    /// `NotFound` when the session has ended meanwhile; the store's.
    pub async fn keep_within(&self, conn: &Conn<'_>, reason: &str, now: Timestamp) -> store::Result<usize> {
        self.renew(conn).await?;
        end_others_within(conn, (self.session.user_id, Some(self.session.id)), reason, now).await
    }

    /// The same, but the person's other sessions go on, too, as the person wants it; what applications were granted through them is dead all the same.
    ///
    /// # Errors
    /// As [`Rotation::keep_within`].
    pub async fn keep_with_others_within(&self, conn: &Conn<'_>) -> store::Result<()> {
        let epoch = self.renew(conn).await?;
        sessions::update_epoch_of_user(conn, self.session.user_id, epoch).await
    }

    async fn renew(&self, conn: &Conn<'_>) -> store::Result<i64> {
        let user = users::find(conn, self.session.user_id).await?.ok_or(store::Error::NotFound("user"))?;
        let session = Session { epoch: user.auth_epoch, ..self.session.clone() };
        if sessions::renew(conn, &session).await? { Ok(session.epoch) } else { Err(store::Error::NotFound("session")) }
    }
}

/// A password given again in a live session: it goes on under a new cookie with a young `auth_time`, and stays what it is otherwise. The cookie to set.
///
/// # Errors
/// `NotFound` when the session has ended meanwhile; `Inconsistent` when the proof is somebody else's; the store's.
pub async fn confirm(app: &App, session: &Session, proof: &PasswordProof, origin: &Origin) -> store::Result<HeaderValue> {
    if proof.user_id() != session.user_id {
        return Err(store::Error::Inconsistent { table: "sessions", detail: "the proof is of another person".to_owned() });
    }
    let rotation = Rotation::of(app, &Session { auth_time: proof.at(), ..session.clone() });
    let event = ended(Kind::SignInSucceeded, session, origin).detail("confirmed", true);
    let (cookie, now) = (rotation.set_cookie(), app.now());
    app.store
        .write(move |conn| {
            let (session, event) = (rotation.session.clone(), event.clone());
            Box::pin(async move {
                if !sessions::renew(conn, &session).await? {
                    return Err(store::Error::NotFound("session"));
                }
                audit::record(conn, &event, now).await
            })
        })
        .await?;
    Ok(cookie)
}

/// For a session that goes on under the cookie it has: inside the transaction of a change to the credentials that `user` was read with. Raises the person's
/// epoch, takes the session `kept` into it, and ends all others. What applications were granted before is dead by its epoch; through the session that goes
/// on they get it again. The new epoch; `None`, and nothing done, when the credentials are others by now.
///
/// # Errors
/// `Conflict` when the session that was to go on has ended meanwhile: then all of the transaction must be; the store's.
pub async fn raise_epoch_within(
    conn: &Conn<'_>,
    user: &User,
    kept: Option<Uuid>,
    reason: &str,
    now: Timestamp,
) -> store::Result<Option<i64>> {
    let Some(epoch) = users::update_epoch_seen(conn, user.id, user.auth_epoch, now).await? else { return Ok(None) };
    if let Some(kept) = kept
        && !sessions::update_epoch(conn, kept, epoch).await?
    {
        return Err(store::Error::Conflict);
    }
    end_others_within(conn, (user.id, kept), reason, now).await?;
    Ok(Some(epoch))
}
