//! After a change of credentials: the session it was done in goes on under a new cookie, everything older is dead (OWASP ASVS 5 §7.2.4, §7.4.3).

use http::HeaderValue;
use uuid::Uuid;

use super::end::{end_within, ended};
use crate::app::App;
use crate::audit::{Kind, Origin};
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
        end_others_within(conn, &self.session, reason, now).await
    }

    /// The same, but the person's other sessions go on, too, as the person wants it; what applications were granted through them is dead all the same.
    ///
    /// # Errors
    /// As [`Rotation::keep_within`].
    pub async fn keep_with_others_within(&self, conn: &Conn<'_>) -> store::Result<()> {
        let epoch = self.renew(conn).await?;
        sessions::update_epoch(conn, self.session.user_id, epoch).await
    }

    async fn renew(&self, conn: &Conn<'_>) -> store::Result<i64> {
        let user = users::find(conn, self.session.user_id).await?.ok_or(store::Error::NotFound("user"))?;
        let session = Session { epoch: user.auth_epoch, ..self.session.clone() };
        if sessions::renew(conn, &session).await? { Ok(session.epoch) } else { Err(store::Error::NotFound("session")) }
    }
}

/// Inside a transaction: every session of the person but this one. How many.
///
/// # Errors
/// The store's.
pub async fn end_others_within(conn: &Conn<'_>, kept: &Session, reason: &str, now: Timestamp) -> store::Result<usize> {
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
