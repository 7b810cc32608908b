//! Whether a delegation still lives, and what it may still do: the questions every grant, userinfo and introspection ask again each time.

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::config::Config;
use crate::store::clients::Client;
use crate::store::grants::GrantContext;
use crate::store::sessions::Session;
use crate::store::users::User;
use crate::store::{self, Conn, consents};
use crate::tokens::custom_scope::Scopes;
use crate::tokens::scope::Scope;

/// Why it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dead {
    Revoked,
    Expired,
    /// Refresh tokens only: not used for too long.
    Idle,
    UserDisabled,
    /// Credentials changed, or everything was ended for this person.
    Epoch,
    SessionEnded,
    /// The person allows this client less than that by now, or nothing.
    ConsentWithdrawn,
}

impl Dead {
    /// For integrators.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Revoked => "the grant was revoked: send the person through the authorization endpoint again",
            Self::Expired => "the grant has reached its end: send the person through the authorization endpoint again",
            Self::Idle => "the refresh token was not used for too long: send the person through the authorization endpoint again",
            Self::UserDisabled => "the person's account is disabled",
            Self::Epoch => "the person's credentials have changed since: send them through the authorization endpoint again",
            Self::SessionEnded => "the person's session has ended (ask for offline_access to outlive it)",
            Self::ConsentWithdrawn => "the person has withdrawn their consent: send them through the authorization endpoint again",
        }
    }
}

/// Whether the grant stands: not revoked, not expired, its person and (unless `offline_access`) its session still there.
///
/// # Errors
/// The first reason why not.
pub fn check(context: &GrantContext, config: &Config, now: Timestamp) -> Result<(), Dead> {
    let GrantContext { grant, user, session } = context;
    if grant.revoked_at.is_some() {
        return Err(Dead::Revoked);
    }
    if now >= grant.expires_at {
        return Err(Dead::Expired);
    }
    check_person(user, grant.epoch)?;
    if grant.offline {
        return Ok(());
    }
    check_session(session.as_ref(), user, config, now)
}

/// # Errors
/// Disabled, or of another epoch.
pub fn check_person(user: &User, epoch: i64) -> Result<(), Dead> {
    if !user.is_active() {
        return Err(Dead::UserDisabled);
    }
    if user.auth_epoch == epoch { Ok(()) } else { Err(Dead::Epoch) }
}

/// # Errors
/// Missing, ended, expired, idle, of another person or another epoch.
pub fn check_session(session: Option<&Session>, user: &User, config: &Config, now: Timestamp) -> Result<(), Dead> {
    let live = session.is_some_and(|session| {
        session.ended_at.is_none()
            && now < session.expires_at
            && now.since(session.last_seen_at) < session.idle_within(config.session.idle.0)
            && session.user_id == user.id
            && session.epoch == user.auth_epoch
    });
    if live { Ok(()) } else { Err(Dead::SessionEnded) }
}

/// What is left of a scope that was granted: the values that there still are, and that the client is still registered for. Text that is no scope leaves
/// nothing.
#[must_use]
pub fn still_registered(granted: &str, client: &Client, scopes: &Scopes) -> Scope {
    Scope::parse(granted).unwrap_or_default().intersection(&scopes.registered(client))
}

/// Whether the person still allows this client all of this scope, or nobody asks them: first-party clients are the operator's own decision.
///
/// # Errors
/// The store's.
pub async fn is_consented(conn: &Conn<'_>, client: &Client, user_id: Uuid, scope: &Scope) -> store::Result<bool> {
    if client.metadata.first_party {
        return Ok(true);
    }
    let consent = consents::find(conn, user_id, &client.client_id).await?;
    Ok(consent.and_then(|consent| Scope::parse(&consent.scope)).is_some_and(|allowed| scope.is_subset(&allowed)))
}

/// When the refresh token of this grant dies of neglect.
#[must_use]
pub fn idle_end(context: &GrantContext, config: &Config) -> Timestamp {
    context.grant.rotated_at.max(context.grant.created_at).plus(config.tokens.refresh_token_idle.0)
}
