//! After a change of credentials: the session it was done in goes on under a new cookie, everything older is dead (OWASP ASVS 5 §7.2.4, §7.4.3).

use http::HeaderValue;
use uuid::Uuid;

use super::end::{end_within, ended};
use super::proof::PasswordProof;
use crate::app::App;
use crate::audit::{self, Kind, Origin};
use crate::clock::Timestamp;
use crate::secret::{self, Digest};
use crate::store::sessions::{self, Session};
use crate::store::{self, Conn, users};
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
        end_all_but_within(conn, &self.session, reason, now).await
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

/// Inside a transaction: every session of the person but this one. How many.
///
/// # Errors
/// The store's.
pub async fn end_all_but_within(conn: &Conn<'_>, kept: &Session, reason: &str, now: Timestamp) -> store::Result<usize> {
    let others: Vec<Session> = others(sessions::list_live_by_user(conn, kept.user_id, now).await?, kept.id);
    for session in &others {
        let event = ended(Kind::SessionEnded, session, &Origin::default()).detail("reason", reason);
        end_within(conn, session, &event, now).await?;
    }
    Ok(others.len())
}

fn others(live: Vec<Session>, kept: Uuid) -> Vec<Session> {
    live.into_iter().filter(|session| session.id != kept).collect()
}
