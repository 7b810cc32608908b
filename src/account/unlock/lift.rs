//! What the link lifts.

use std::sync::Arc;

use uuid::Uuid;

use super::super::guesses;
use crate::app::App;
use crate::audit::{self, Event, Kind};
use crate::clock::Timestamp;
use crate::config::Quota;
use crate::session;
use crate::store::buckets::{self, Take};
use crate::store::users::User;
use crate::store::{self, Conn, factor_attempts, spent};
use crate::web::Visit;

pub(super) enum Outcome {
    Lifted,
    /// At the same moment, by another click.
    Used,
    /// Codes were lifted a short while ago.
    TooSoon,
}

/// One transaction: the link is spent, what was counted is forgotten, the audit event.
///
/// # Errors
/// The store's.
pub(super) async fn lift(app: &App, visit: &Visit, user: &User, (id, codes): (Uuid, bool)) -> store::Result<Outcome> {
    let now = app.now();
    let event = Event::new(Kind::Unlocked, &session::origin(visit)).user(user.id);
    let lifting = Arc::new(Lifting {
        id,
        user_id: user.id,
        codes: codes.then_some(app.config.limits.code_unlocks),
        kept_until: now.plus(app.config.recovery.link_ttl.0),
        event: event.detail("what", if codes { "codes" } else { "passwords" }),
        now,
    });
    app.store
        .write(move |conn| {
            let lifting = Arc::clone(&lifting);
            Box::pin(async move { lifting.run(conn).await })
        })
        .await
}

struct Lifting {
    id: Uuid,
    user_id: Uuid,
    /// How often codes may be lifted, when it is they.
    codes: Option<Quota>,
    kept_until: Timestamp,
    event: Event,
    now: Timestamp,
}

impl Lifting {
    async fn run(&self, conn: &Conn<'_>) -> store::Result<Outcome> {
        if !spent::redeem(conn, spent::Kind::Unlock, &self.id.to_string(), self.kept_until).await? {
            return Ok(Outcome::Used);
        }
        if let Some(quota) = self.codes {
            if let Take::Wait(_) = buckets::take(conn, &format!("unlock-codes:{}", self.user_id), quota, self.now).await? {
                return Ok(Outcome::TooSoon);
            }
            factor_attempts::revoke(conn, self.user_id).await?;
        } else {
            guesses::lift_within(conn, self.user_id).await?;
        }
        audit::record(conn, &self.event, self.now).await?;
        Ok(Outcome::Lifted)
    }
}
