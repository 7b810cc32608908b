//! `grant_type=authorization_code` (RFC 6749 §4.1.3, RFC 7636 §4.5).
//!
//! A code is sealed, not stored: it becomes the row of its grant when it is redeemed, and the row's unique id decides who won. A code that
//! fails any check is burnt by the same insert, so that nobody can try it twice.

use std::sync::Arc;

use uuid::Uuid;

use super::issue::{self, Delegation, Issuance};
use super::{Code, Outcome};
use crate::app::App;
use crate::audit::{self, Event, Kind};
use crate::clock::Timestamp;
use crate::oauth::client_request::ClientRequest;
use crate::oauth::error::Error;
use crate::oauth::scopes::check_audience;
use crate::oauth::{grant_life, pkce};
use crate::session;
use crate::store::clients::{Client, GrantType};
use crate::store::grants::{self, Grant, Redemption};
use crate::store::sessions::{self, Session};
use crate::store::users::User;
use crate::store::{self, Conn};
use crate::tokens::code::{self, AuthorizationCode, Opened};
use crate::tokens::scope::Scope;

/// How long a burnt code is remembered: longer than any code lives.
const BURNT_FOR: std::time::Duration = std::time::Duration::from_hours(1);
/// What is not there when the person logged out while their code was being redeemed.
const SESSION: &str = "session";
const REPLAYED: &str = "the code was used before; whatever it had been exchanged for is revoked";

pub(super) async fn decide(app: &App, request: &ClientRequest) -> Result<Outcome, Error> {
    let presented = request.required("code")?;
    let redirect_uri = request.required("redirect_uri")?;
    match code::open(&app.sealer, presented, request.now) {
        Opened::Invalid => Ok(Outcome::reject(Code::InvalidGrant, "the code is not one of this server, or it was cut off or changed")),
        Opened::Expired(code) => expired(app, request, &code).await,
        Opened::Valid(code) => {
            let found = sessions::find_with_user(&app.store.read(), code.session_id).await?;
            let verifier = request.form.get("code_verifier");
            let checked = check_binding(&code, request.client(), redirect_uri, verifier, request.now)
                .and_then(|()| check_person(app, &code, found, request.now));
            let (session, user) = match checked {
                Ok(found) => found,
                Err(description) => return burn(app, request, code, description).await,
            };
            let scopes = app.scopes.all().await?;
            let scope = grant_life::still_registered(&code.scope, request.client(), &scopes);
            if let Err(description) = check_audience(&scopes, &scope) {
                return burn(app, request, code, description).await;
            }
            if !grant_life::is_consented(&app.store.read(), request.client(), user.id, &scope).await? {
                return burn(app, request, code, grant_life::Dead::ConsentWithdrawn.description().to_owned()).await;
            }
            redeem(app, request, code, Redeemer { session, user, scope }).await
        }
    }
}

/// Who a code is redeemed for, and for what: all of it asked again.
struct Redeemer {
    session: Session,
    user: User,
    /// What the person allowed and the client is still registered for.
    scope: Scope,
}

/// What the code was made for must be what it is presented with.
fn check_binding(
    code: &AuthorizationCode,
    client: &Client,
    redirect_uri: &str,
    verifier: Option<&str>,
    now: Timestamp,
) -> Result<(), String> {
    if code.client_id != client.client_id {
        return Err("the code was issued to another client".to_owned());
    }
    if code.redirect_uri != redirect_uri {
        return Err("redirect_uri is not the one of the authorization request, character by character".to_owned());
    }
    let age = now.since(code.issued_at).as_secs();
    match (code.code_challenge.as_deref(), verifier) {
        // A public client cannot be exempted, whatever its registration says.
        (None, None) if client.metadata.require_pkce || client.is_public() => {
            Err("PKCE is required of this client, and the request had no code_challenge".to_owned())
        }
        (None, Some(_)) => Err("code_verifier was sent, but the authorization request had no code_challenge".to_owned()),
        (Some(_), None) => Err("code_verifier is missing: the authorization request had a code_challenge".to_owned()),
        (Some(_), Some(verifier)) if !pkce::is_verifier(verifier) => {
            Err("code_verifier must be 43 to 128 characters A-Z a-z 0-9 - . _ ~ (RFC 7636 section 4.1)".to_owned())
        }
        (Some(challenge), Some(verifier)) if !pkce::matches(challenge, verifier) => {
            Err(format!("code_verifier does not match code_challenge (S256); the code was issued {age} s ago to this client"))
        }
        _ => Ok(()),
    }
}

/// The person and the session the code was made in must be as good as they were then.
fn check_person(app: &App, code: &AuthorizationCode, found: Option<(Session, User)>, now: Timestamp) -> Result<(Session, User), String> {
    let (session, user) = found.ok_or_else(|| grant_life::Dead::SessionEnded.description().to_owned())?;
    grant_life::check_person(&user, code.epoch)
        .and_then(|()| grant_life::check_session(Some(&session), &user, &app.config, now))
        .map_err(|dead| dead.description().to_owned())?;
    if user.id == code.user_id { Ok((session, user)) } else { Err(grant_life::Dead::SessionEnded.description().to_owned()) }
}

/// The code's time is over. If it had been redeemed this is a replay all the same (OpenID Connect conformance: after 30 seconds too).
async fn expired(app: &App, request: &ClientRequest, code: &AuthorizationCode) -> Result<Outcome, Error> {
    let age = request.now.since(code.issued_at).as_secs();
    let late = format!("the code has expired: it was issued {age} s ago");
    let redeemed = grants::find(&app.store.read(), code.id).await?.is_some_and(|grant| grant.revoked_at.is_none());
    if !redeemed {
        return Ok(Outcome::reject(Code::InvalidGrant, late));
    }
    let job = Replay { grant_id: code.id, event: event(Kind::CodeReplayed, request, code), now: request.now };
    app.store
        .write(move |conn| {
            let job = job.clone();
            Box::pin(async move { job.run(conn).await })
        })
        .await?;
    Ok(Outcome::RejectAndCommit(Error::new(Code::InvalidGrant, REPLAYED)))
}

/// Every check has passed: the first to insert the grant has it.
async fn redeem(app: &App, request: &ClientRequest, code: AuthorizationCode, redeemer: Redeemer) -> Result<Outcome, Error> {
    let Redeemer { session, user, scope } = redeemer;
    let released = issue::released(app, request, &scope, Some(&user)).await?;
    let grant = grant_of(app, request.now, &code, session.expires_at, &scope);
    let stale = session::is_due(&session, request.now, &app.config.session);
    let job = Redeem {
        won: event(Kind::GrantCreated, request, &code).detail("scope", grant.scope.clone()),
        replayed: event(Kind::CodeReplayed, request, &code),
        grant: grant.clone(),
        seen_session: stale.then_some(session.id),
        now: request.now,
    };
    let redemption = match insert(app, job).await {
        Err(store::Error::NotFound(SESSION)) => {
            return burn(app, request, code, grant_life::Dead::SessionEnded.description().to_owned()).await;
        }
        redemption => redemption?,
    };
    if redemption == Redemption::Replayed {
        return Ok(Outcome::RejectAndCommit(Error::new(Code::InvalidGrant, REPLAYED)));
    }
    let refresh_generation = request.client().may_use(GrantType::RefreshToken).then_some(grant.generation);
    let delegation = Delegation { user, grant, nonce: code.nonce, refresh_generation };
    Ok(Outcome::Issue(Box::new(Issuance { scope, released, delegation: Some(delegation) })))
}

/// A check has failed: the code's grant is inserted dead. If there is one already, this is a replay.
async fn burn(app: &App, request: &ClientRequest, code: AuthorizationCode, description: String) -> Result<Outcome, Error> {
    let scope = Scope::parse(&code.scope).unwrap_or_default();
    let mut grant = grant_of(app, request.now, &code, request.now, &scope);
    grant.expires_at = request.now.plus(BURNT_FOR);
    grant.revoked_at = Some(request.now);
    grant.revoked_reason = Some("failed_redemption".to_owned());
    let redemption = insert(
        app,
        Redeem {
            won: event(Kind::CodeRefused, request, &code).detail("reason", description.clone()),
            replayed: event(Kind::CodeReplayed, request, &code),
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
fn grant_of(app: &App, now: Timestamp, code: &AuthorizationCode, session_end: Timestamp, scope: &Scope) -> Grant {
    let offline = scope.contains("offline_access");
    // Signed in by a clock that was ahead counts as at no time (`session`): the application gets tokens all the same, that do not end in 1970.
    let end = code.auth_time.known_or(now).plus(app.config.tokens.refresh_token_absolute.0);
    let expires_at = if offline { end } else { end.min(session_end.plus(app.config.session.absolute.0)) };
    Grant {
        id: code.id,
        client_id: code.client_id.clone(),
        user_id: code.user_id,
        session_id: code.session_id,
        scope: scope.to_string(),
        offline,
        auth_time: code.auth_time,
        amr: code.amr.clone(),
        acr: code.acr.clone(),
        nonce: code.nonce.clone(),
        generation: 0,
        rotated_at: now,
        epoch: code.epoch,
        created_at: now,
        expires_at,
        revoked_at: None,
        revoked_reason: None,
    }
}

fn event(kind: Kind, request: &ClientRequest, code: &AuthorizationCode) -> Event {
    let event = Event::new(kind, &request.origin).user(code.user_id).session(code.session_id).grant(code.id).client(&code.client_id);
    let presenter = &request.client().client_id;
    if *presenter == code.client_id { event } else { event.detail("presented_by", presenter.clone()) }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::clients::{AuthMethod, Metadata};

    const NOW: Timestamp = Timestamp::from_secs(1000);
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    const URI: &str = "https://app.example/cb";

    fn code(challenge: Option<&str>) -> AuthorizationCode {
        AuthorizationCode {
            id: Uuid::nil(),
            client_id: "app".to_owned(),
            redirect_uri: URI.to_owned(),
            user_id: Uuid::nil(),
            session_id: Uuid::nil(),
            scope: "openid".to_owned(),
            code_challenge: challenge.map(str::to_owned),
            nonce: None,
            auth_time: NOW,
            amr: vec!["pwd".to_owned()],
            acr: "aal1".to_owned(),
            epoch: 0,
            issued_at: Timestamp::from_secs(997),
        }
    }

    fn client(client_id: &str, require_pkce: bool) -> Client {
        Client {
            client_id: client_id.to_owned(),
            enabled: true,
            metadata: Metadata { require_pkce, ..Metadata::default() },
            secrets: vec![],
            managed: false,
            created_at: NOW,
            updated_at: NOW,
        }
    }

    #[test]
    fn a_code_is_bound_to_its_client_and_redirect_uri() {
        let app = client("app", true);
        assert_eq!(check_binding(&code(Some(CHALLENGE)), &app, URI, Some(VERIFIER), NOW), Ok(()));
        assert!(check_binding(&code(Some(CHALLENGE)), &client("other", true), URI, Some(VERIFIER), NOW).is_err());
        for other in ["https://app.example/cb/", "https://APP.example/cb", "https://app.example/c"] {
            assert!(check_binding(&code(Some(CHALLENGE)), &app, other, Some(VERIFIER), NOW).is_err(), "{other}");
        }
    }

    #[test]
    fn the_verifier_is_needed_exactly_when_there_was_a_challenge() {
        let (strict, exempt) = (client("app", true), client("app", false));
        for (challenge, verifier, strict_passes, exempt_passes) in [
            (Some(CHALLENGE), Some(VERIFIER), true, true),
            (Some(CHALLENGE), None, false, false),
            (Some(CHALLENGE), Some("too-short"), false, false),
            (Some(CHALLENGE), Some("eBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), false, false),
            (None, Some(VERIFIER), false, false),
            (None, None, false, true),
        ] {
            assert_eq!(check_binding(&code(challenge), &strict, URI, verifier, NOW).is_ok(), strict_passes, "{challenge:?} {verifier:?}");
            assert_eq!(check_binding(&code(challenge), &exempt, URI, verifier, NOW).is_ok(), exempt_passes, "{challenge:?} {verifier:?}");
        }
    }

    #[test]
    fn a_public_client_is_never_exempt_from_pkce() {
        let mut public = client("app", false);
        public.metadata.token_endpoint_auth_method = AuthMethod::None;
        assert!(check_binding(&code(None), &public, URI, None, NOW).is_err());
        assert_eq!(check_binding(&code(Some(CHALLENGE)), &public, URI, Some(VERIFIER), NOW), Ok(()));
    }

    #[test]
    fn a_wrong_verifier_is_explained() {
        let wrong = "eBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let description = check_binding(&code(Some(CHALLENGE)), &client("app", true), URI, Some(wrong), NOW).unwrap_err();
        assert_eq!(description, "code_verifier does not match code_challenge (S256); the code was issued 3 s ago to this client");
    }
}
