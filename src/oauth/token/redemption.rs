//! What an authorization code and the code of a device have in common: a person's permission becomes a grant, once.
//!
//! The row's unique id decides who won. What fails a check is burnt by the same insert, so that nobody can try it twice.

use std::sync::Arc;

use uuid::Uuid;

use super::issue::{self, Delegation, Issuance};
use super::{Code, Outcome};
use crate::app::App;
use crate::audit::{self, Event, Kind};
use crate::clock::Timestamp;
use crate::oauth::client_request::ClientRequest;
use crate::oauth::error::Error;
use crate::oauth::grant_life;
use crate::oauth::scopes::check_audience;
use crate::session;
use crate::store::clients::GrantType;
use crate::store::grants::{self, Grant, Redemption};
use crate::store::sessions::{self, Session};
use crate::store::users::User;
use crate::store::{self, Conn};
use crate::tokens::scope::Scope;

/// How long a burnt code is remembered: longer than any code lives.
const BURNT_FOR: std::time::Duration = std::time::Duration::from_hours(1);
/// What is not there when the person logged out while their code was being redeemed.
const SESSION: &str = "session";
const REPLAYED: &str = "the code was used before; whatever it had been exchanged for is revoked";

/// What a person allowed, as the code says it.
#[derive(Debug)]
pub(super) struct Delegated {
    /// Becomes the grant's.
    pub(super) id: Uuid,
    pub(super) client_id: String,
    pub(super) user_id: Uuid,
    pub(super) session_id: Uuid,
    pub(super) scope: String,
    pub(super) nonce: Option<String>,
    pub(super) auth_time: Timestamp,
    pub(super) amr: Vec<String>,
    pub(super) acr: String,
    pub(super) epoch: i64,
    /// To a device without a browser.
    pub(super) to_device: bool,
}

/// Who a code is redeemed for, and for what: all of it asked again.
struct Redeemer {
    session: Session,
    user: User,
    /// What the person allowed and the client is still registered for.
    scope: Scope,
}

/// The person and the session the code was made in must be as good as they were then.
fn check_person(app: &App, of: &Delegated, found: Option<(Session, User)>, now: Timestamp) -> Result<(Session, User), String> {
    let (session, user) = found.ok_or_else(|| grant_life::Dead::SessionEnded.description().to_owned())?;
    grant_life::check_person(&user, of.epoch)
        .and_then(|()| grant_life::check_session(Some(&session), &user, &app.config, now))
        .map_err(|dead| dead.description().to_owned())?;
    if user.id == of.user_id { Ok((session, user)) } else { Err(grant_life::Dead::SessionEnded.description().to_owned()) }
}

/// Everything about the person is asked again; the first to insert the grant has it. What fails a check is burnt.
///
/// # Errors
/// The store's.
pub(super) async fn redeem(app: &App, request: &ClientRequest, of: Delegated) -> Result<Outcome, Error> {
    match redeemer(app, request, &of).await? {
        Ok(redeemer) => exchange(app, request, of, redeemer).await,
        Err(description) => burn(app, request, of, description).await,
    }
}

/// Its time is over. If it had been redeemed this is a replay all the same; otherwise `late` is the answer.
///
/// # Errors
/// The store's.
pub(super) async fn too_late(app: &App, request: &ClientRequest, of: Delegated, late: Error) -> Result<Outcome, Error> {
    let redeemed = grants::find(&app.store.read(), of.id).await?.is_some_and(|grant| grant.revoked_at.is_none());
    if !redeemed {
        return Ok(Outcome::Reject(late));
    }
    let job = Replay { grant_id: of.id, event: event(Kind::CodeReplayed, request, &of), now: request.now };
    app.store
        .write(move |conn| {
            let job = job.clone();
            Box::pin(async move { job.run(conn).await })
        })
        .await?;
    Ok(Outcome::RejectAndCommit(Error::new(Code::InvalidGrant, REPLAYED)))
}

/// Who it is redeemed for and for what, or what is to be told instead.
async fn redeemer(app: &App, request: &ClientRequest, of: &Delegated) -> Result<Result<Redeemer, String>, Error> {
    let found = sessions::find_with_user(&app.store.read(), of.session_id).await?;
    let (session, user) = match check_person(app, of, found, request.now) {
        Ok(found) => found,
        Err(description) => return Ok(Err(description)),
    };
    let scopes = app.scopes.all().await?;
    let scope = grant_life::still_registered(&of.scope, request.client(), &scopes);
    if let Err(description) = check_audience(&scopes, &scope) {
        return Ok(Err(description));
    }
    if !grant_life::is_consented(&app.store.read(), request.client(), user.id, &scope).await? {
        return Ok(Err(grant_life::Dead::ConsentWithdrawn.description().to_owned()));
    }
    Ok(Ok(Redeemer { session, user, scope }))
}

/// Every check has passed: the first to insert the grant has it.
async fn exchange(app: &App, request: &ClientRequest, of: Delegated, redeemer: Redeemer) -> Result<Outcome, Error> {
    let Redeemer { session, user, scope } = redeemer;
    let released = issue::released(app, request, &scope, Some(&user)).await?;
    let grant = grant_of(app, request.now, &of, session.expires_at, &scope);
    let stale = session::is_due(&session, request.now, &app.config.session);
    let job = Redeem {
        won: event(Kind::GrantCreated, request, &of).detail("scope", grant.scope.clone()),
        replayed: event(Kind::CodeReplayed, request, &of),
        grant: grant.clone(),
        seen_session: stale.then_some(session.id),
        now: request.now,
    };
    let redemption = match insert(app, job).await {
        Err(store::Error::NotFound(SESSION)) => {
            return burn(app, request, of, grant_life::Dead::SessionEnded.description().to_owned()).await;
        }
        redemption => redemption?,
    };
    if redemption == Redemption::Replayed {
        return Ok(Outcome::RejectAndCommit(Error::new(Code::InvalidGrant, REPLAYED)));
    }
    let refresh_generation = request.client().may_use(GrantType::RefreshToken).then_some(grant.generation);
    let delegation = Delegation { user, grant, nonce: of.nonce, refresh_generation };
    Ok(Outcome::Issue(Box::new(Issuance { scope, released, delegation: Some(delegation) })))
}

/// A check has failed: the code's grant is inserted dead. If there is one already, this is a replay.
///
/// # Errors
/// The store's.
pub(super) async fn burn(app: &App, request: &ClientRequest, of: Delegated, description: String) -> Result<Outcome, Error> {
    let scope = Scope::parse(&of.scope).unwrap_or_default();
    let mut grant = grant_of(app, request.now, &of, request.now, &scope);
    grant.expires_at = request.now.plus(BURNT_FOR);
    grant.revoked_at = Some(request.now);
    grant.revoked_reason = Some("failed_redemption".to_owned());
    let redemption = insert(
        app,
        Redeem {
            won: event(Kind::CodeRefused, request, &of).detail("reason", description.clone()),
            replayed: event(Kind::CodeReplayed, request, &of),
            grant,
            seen_session: None,
            now: request.now,
        },
    )
    .await?;
    let description = match redemption {
        Redemption::Won => description,
        Redemption::Replayed => REPLAYED.to_owned(),
    };
    Ok(Outcome::RejectAndCommit(Error::new(Code::InvalidGrant, description)))
}

/// The grant a code becomes. One without `offline_access` lives as long as its session, which decides; its own end is one session's length
/// later, because signing in again prolongs a session and logout must still know whom to tell.
fn grant_of(app: &App, now: Timestamp, of: &Delegated, session_end: Timestamp, scope: &Scope) -> Grant {
    let offline = scope.contains("offline_access");
    // Signed in by a clock that was ahead counts as at no time (`session`): the application gets tokens all the same, that do not end in 1970.
    let end = of.auth_time.known_or(now).plus(app.config.tokens.refresh_token_absolute.0);
    let expires_at = if offline { end } else { end.min(session_end.plus(app.config.session.absolute.0)) };
    Grant {
        id: of.id,
        client_id: of.client_id.clone(),
        user_id: of.user_id,
        session_id: of.session_id,
        scope: scope.to_string(),
        offline,
        auth_time: of.auth_time,
        amr: of.amr.clone(),
        acr: of.acr.clone(),
        nonce: of.nonce.clone(),
        generation: 0,
        rotated_at: now,
        epoch: of.epoch,
        created_at: now,
        expires_at,
        revoked_at: None,
        revoked_reason: None,
    }
}

fn event(kind: Kind, request: &ClientRequest, of: &Delegated) -> Event {
    let event = Event::new(kind, &request.origin).user(of.user_id).session(of.session_id).grant(of.id).client(&of.client_id);
    let event = if of.to_device { event.detail("grant_type", "device_code") } else { event };
    let presenter = &request.client().client_id;
    if *presenter == of.client_id { event } else { event.detail("presented_by", presenter.clone()) }
}

/// One transaction: the grant, its audit event, and that the session was used.
#[derive(Debug)]
struct Redeem {
    grant: Grant,
    won: Event,
    replayed: Event,
    seen_session: Option<Uuid>,
    now: Timestamp,
}

async fn insert(app: &App, job: Redeem) -> store::Result<Redemption> {
    let job = Arc::new(job);
    app.store
        .write(move |conn| {
            let job = Arc::clone(&job);
            Box::pin(async move { job.run(conn).await })
        })
        .await
}

impl Redeem {
    async fn run(&self, conn: &Conn<'_>) -> store::Result<Redemption> {
        // Asked again where a logout cannot come in between: whoever ends the session tells the applications that have a grant by then.
        if self.grant.revoked_at.is_none() && !sessions::find_going_locked(conn, self.grant.session_id).await? {
            return Err(store::Error::NotFound(SESSION));
        }
        let redemption = grants::redeem(conn, &self.grant).await?;
        match redemption {
            Redemption::Won => {
                if let Some(session_id) = self.seen_session {
                    sessions::update_last_seen(conn, session_id, self.now).await?;
                }
                audit::record(conn, &self.won, self.now).await?;
            }
            Redemption::Replayed => {
                Replay { grant_id: self.grant.id, event: self.replayed.clone(), now: self.now }.run(conn).await?;
            }
        }
        Ok(redemption)
    }
}

/// A code came a second time: what it had been exchanged for ends (RFC 6749 §4.1.2).
#[derive(Clone, Debug)]
struct Replay {
    grant_id: Uuid,
    event: Event,
    now: Timestamp,
}

impl Replay {
    async fn run(&self, conn: &Conn<'_>) -> store::Result<()> {
        let was_alive = grants::revoke(conn, self.grant_id, "replay", self.now).await?;
        let event = self.event.clone().detail("revoked", was_alive);
        audit::record(conn, &event, self.now).await
    }
}
