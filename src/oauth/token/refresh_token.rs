//! `grant_type=refresh_token` (RFC 6749 §6, RFC 9700 §4.14.2): a generation counter on the grant.
//!
//! The current generation rotates by one conditional statement. The one before it gets the same successor again for a moment, while
//! that is unused: an answer lost on the wire is no theft. Anything older is reuse and ends the grant, unless this process knows that it
//! answered nobody ([`Unanswered`](crate::oauth::unanswered::Unanswered)).
//!
//! One conditional update is all that a refresh writes, but for the one in every tenth of the session's idle time that notes the session's use.

use uuid::Uuid;

use super::issue::{self, Delegation, Issuance};
use super::{Code, Outcome};
use crate::app::App;
use crate::audit::{self, Event, Kind};
use crate::clock::Timestamp;
use crate::oauth::client_request::ClientRequest;
use crate::oauth::error::Error;
use crate::oauth::grant_life::{self, Dead};
use crate::oauth::scopes::check_audience;
use crate::session;
use crate::store::grants::{self, Grant, GrantContext};
use crate::store::{self, Conn};
use crate::tokens::refresh::{self, RefreshToken};
use crate::tokens::scope::Scope;

/// What a presented generation means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presented {
    Current,
    /// The one just replaced, whose successor nobody has used yet.
    LostAnswer,
    Reused,
    /// Never issued: the database is older than the token.
    Unknown,
}

/// Reads the grant, decides, rotates. Another request may rotate in between: then it is read and decided once more.
pub(super) async fn decide(app: &App, request: &ClientRequest) -> Result<Outcome, Error> {
    let Some(token) = refresh::open(&app.sealer, request.required("refresh_token")?) else {
        return Ok(invalid("the refresh token is not one of this server, or it was cut off or changed"));
    };
    for _ in 0..2 {
        let Some(context) = grants::find_context(&app.store.read(), token.grant_id).await? else {
            return Ok(invalid("the refresh token belongs to a grant that is gone"));
        };
        if let Some(outcome) = attempt(app, request, token, context).await? {
            return Ok(outcome);
        }
    }
    Ok(invalid(Dead::Revoked.description()))
}

fn invalid(description: &'static str) -> Outcome {
    Outcome::reject(Code::InvalidGrant, description)
}

/// `None`: another request was faster.
async fn attempt(app: &App, request: &ClientRequest, token: RefreshToken, context: GrantContext) -> Result<Option<Outcome>, Error> {
    let client = request.client();
    if context.grant.client_id != client.client_id {
        return Ok(Some(invalid("the refresh token was issued to another client")));
    }
    if context.grant.revoked_at.is_some() {
        return Ok(Some(invalid(Dead::Revoked.description())));
    }
    let presented = match classify(&context.grant, token.generation, app.config.tokens.refresh_token_grace.0, request.now) {
        Presented::Reused if app.unanswered.holds(token, &context.grant) => Presented::LostAnswer,
        presented => presented,
    };
    if presented == Presented::Reused {
        return end_reused(app, request, &context, token.generation).await.map(Some);
    }
    if presented == Presented::Unknown {
        return Ok(Some(invalid("the refresh token is not one of this grant")));
    }
    if let Err(dead) = alive(app, &context, request.now) {
        return Ok(Some(invalid(dead.description())));
    }
    let granted = Scope::parse(&context.grant.scope).unwrap_or_default();
    let scopes = app.scopes.all().await?;
    let left = grant_life::still_registered(&context.grant.scope, client, &scopes);
    let scope = match narrowed(&granted, &left, request.form.get("scope")) {
        Ok(scope) => scope,
        Err(description) => return Ok(Some(Outcome::reject(Code::InvalidScope, description))),
    };
    // Scopes may have got an API of their own since they were allowed.
    if let Err(description) = check_audience(&scopes, &scope) {
        return Ok(Some(Outcome::reject(Code::InvalidScope, description)));
    }
    if !grant_life::is_consented(&app.store.read(), client, context.user.id, &granted).await? {
        return Ok(Some(invalid(Dead::ConsentWithdrawn.description())));
    }
    let released = issue::released(app, request, &scope, Some(&context.user)).await?;
    if presented == Presented::Current {
        use_session(app, &context).await?;
        if !rotate(app, token, request.now).await? {
            return Ok(None);
        }
    }
    let GrantContext { user, grant, .. } = context;
    let refresh_generation = Some(token.generation.saturating_add(1));
    let delegation = Delegation { user, grant, nonce: None, refresh_generation };
    Ok(Some(Outcome::Issue(Box::new(Issuance { scope, released, delegation: Some(delegation) }))))
}

fn classify(grant: &Grant, generation: i64, grace: std::time::Duration, now: Timestamp) -> Presented {
    if generation == grant.generation {
        return Presented::Current;
    }
    if generation > grant.generation {
        return Presented::Unknown;
    }
    // The grant still being one ahead is the proof that the successor is unused: using it would have moved the grant on.
    let just_replaced = generation.saturating_add(1) == grant.generation;
    if just_replaced && now.is_within(grace, grant.rotated_at) { Presented::LostAnswer } else { Presented::Reused }
}

/// The grant stands, and its refresh token was used recently enough.
fn alive(app: &App, context: &GrantContext, now: Timestamp) -> Result<(), Dead> {
    grant_life::check(context, &app.config, now)?;
    if now < grant_life::idle_end(context, &app.config) { Ok(()) } else { Err(Dead::Idle) }
}

/// What the new access token may do: what the person allowed and is `left` of it, or less if less is asked for (RFC 6749 §6). The grant keeps what it has.
/// Whoever asks for all that was granted is not refused for what there is no more: the answer says what it got (§3.3).
fn narrowed(granted: &Scope, left: &Scope, asked: Option<&str>) -> Result<Scope, String> {
    let Some(asked) = asked else { return Ok(left.clone()) };
    let asked = Scope::parse(asked).ok_or("scope is malformed (RFC 6749 section 3.3)")?;
    if let Some(more) = asked.iter().find(|value| !granted.contains(value)) {
        return Err(format!("the scope {more} was not granted: a refresh can only narrow (RFC 6749 section 6)"));
    }
    let scope = asked.intersection(left);
    if scope.is_empty() && !asked.is_empty() {
        return Err(format!("of the scope {asked} nothing is left"));
    }
    Ok(scope)
}

/// A grant that dies with its session keeps it from dying of neglect: whoever works in an application all day is not idle, though their
/// browser does not come by here. Before the rotation, so that a failure costs nobody their refresh token. The session's absolute end stays.
async fn use_session(app: &App, context: &GrantContext) -> store::Result<()> {
    match &context.session {
        Some(session) if !context.grant.offline => session::touch(app, session).await,
        _ => Ok(()),
    }
}

/// From here to the answer nothing waits and nothing reads: once it is known to be done, somebody is told.
async fn rotate(app: &App, token: RefreshToken, now: Timestamp) -> store::Result<bool> {
    let attempt = app.unanswered.begin(token, now);
    let rotated = app.store.write_one(move |conn| Box::pin(grants::rotate(conn, token.grant_id, token.generation, now))).await?;
    attempt.answered();
    Ok(rotated)
}

/// Somebody has a refresh token that was replaced: the thief or the client, and nobody can tell which.
async fn end_reused(app: &App, request: &ClientRequest, context: &GrantContext, generation: i64) -> Result<Outcome, Error> {
    let grant = &context.grant;
    let event = Event::new(Kind::RefreshTokenReused, &request.origin)
        .user(grant.user_id)
        .client(&grant.client_id)
        .session(grant.session_id)
        .grant(grant.id)
        .detail("generation", generation)
        .detail("current_generation", grant.generation);
    let (id, now) = (grant.id, request.now);
    app.store
        .write(move |conn| {
            let event = event.clone();
            Box::pin(async move { revoke(conn, id, &event, now).await })
        })
        .await?;
    let description = "the refresh token was used before and replaced; for safety its whole grant is revoked";
    Ok(Outcome::RejectAndCommit(Error::new(Code::InvalidGrant, description)))
}

async fn revoke(conn: &Conn<'_>, id: Uuid, event: &Event, now: Timestamp) -> store::Result<()> {
    if grants::revoke(conn, id, "reuse", now).await? {
        audit::record(conn, event, now).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::oauth::testing::rotated;
    use crate::store::clients::{Client, Metadata};
    use crate::tokens::custom_scope::Scopes;

    const GRACE: Duration = Duration::from_secs(10);
    const ROTATED: Timestamp = Timestamp::from_secs(1000);

    fn registered_for(scope: &str) -> Client {
        Client {
            client_id: "app".to_owned(),
            enabled: true,
            metadata: Metadata { scope: scope.to_owned(), ..Metadata::default() },
            secrets: vec![],
            managed: false,
            created_at: ROTATED,
            updated_at: ROTATED,
        }
    }

    #[test]
    fn the_generation_just_replaced_is_a_lost_answer_for_a_moment_and_reuse_afterwards() {
        let after = |secs| ROTATED.plus(Duration::from_secs(secs));
        assert_eq!(classify(&rotated(3, ROTATED), 3, GRACE, after(1)), Presented::Current);
        assert_eq!(classify(&rotated(3, ROTATED), 2, GRACE, after(9)), Presented::LostAnswer);
        assert_eq!(classify(&rotated(3, ROTATED), 2, GRACE, after(10)), Presented::Reused);
        assert_eq!(classify(&rotated(3, ROTATED), 2, Duration::ZERO, ROTATED), Presented::Reused);
    }

    #[test]
    fn older_generations_are_reuse_at_any_time() {
        assert_eq!(classify(&rotated(3, ROTATED), 1, GRACE, ROTATED), Presented::Reused);
        assert_eq!(classify(&rotated(3, ROTATED), 0, GRACE, ROTATED), Presented::Reused);
        assert_eq!(classify(&rotated(3, ROTATED), 4, GRACE, ROTATED), Presented::Unknown);
    }

    #[test]
    fn a_clock_that_went_back_does_not_turn_a_lost_answer_into_theft_or_revive_older_ones() {
        let before = ROTATED.minus(Duration::from_mins(1));
        assert_eq!(classify(&rotated(3, ROTATED), 2, GRACE, before), Presented::LostAnswer);
        assert_eq!(classify(&rotated(3, ROTATED), 1, GRACE, before), Presented::Reused);
    }

    #[test]
    fn scope_only_narrows() {
        let granted = Scope::parse("openid email").unwrap();
        let narrowed = |registered: &str, asked| {
            let left = grant_life::still_registered("openid email", &registered_for(registered), &Scopes::default());
            super::narrowed(&granted, &left, asked).map(|scope| scope.to_string())
        };
        let all = Scope::KNOWN.join(" ");
        assert_eq!(narrowed(&all, None).unwrap(), "email openid");
        assert_eq!(narrowed(&all, Some("openid")).unwrap(), "openid");
        assert!(narrowed(&all, Some("openid profile")).is_err());
        // What the client is no longer registered for, or nobody knows any more, is left out.
        assert_eq!(narrowed("openid", None).unwrap(), "openid");
        assert_eq!(narrowed("openid", Some("openid email")).unwrap(), "openid");
        assert!(narrowed("openid", Some("email")).is_err());
    }
}
