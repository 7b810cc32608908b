//! What the link lifts.

use std::sync::Arc;

use uuid::Uuid;

use super::super::guesses;
use super::page::Link;
use crate::app::App;
use crate::audit::{self, Event, Kind};
use crate::clock::Timestamp;
use crate::config::Quota;
use crate::mfa::attempts::Counter;
use crate::session;
use crate::store::buckets::{self, Take};
use crate::store::users::User;
use crate::store::{self, Conn, spent};
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
pub(super) async fn lift(app: &App, visit: &Visit, user: &User, link: &Link) -> store::Result<Outcome> {
    let (now, limits, codes) = (app.now(), &app.config.limits, link.codes);
    let event = Event::new(Kind::Unlocked, &session::origin(visit)).user(user.id);
    let lifting = Arc::new(Lifting {
        id: link.id,
        user_id: user.id,
        codes: codes.then(|| (Counter::made(limits, user.id, link.device), limits.code_unlocks)),
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
    /// Where codes are counted and how often that may be lifted, when it is they.
    codes: Option<(Counter, Quota)>,
    kept_until: Timestamp,
    event: Event,
    now: Timestamp,
}

impl Lifting {
    async fn run(&self, conn: &Conn<'_>) -> store::Result<Outcome> {
        // Too soon: the link stays good for later.
        let taken = self.codes.as_ref().map(|(_, quota)| (format!("unlock-codes:{}", self.user_id), *quota));
        if let Some((key, quota)) = &taken
            && let Take::Wait(_) = buckets::take(conn, key, *quota, self.now).await?
        {
            return Ok(Outcome::TooSoon);
        }
        if !spent::redeem(conn, spent::Kind::Unlock, &self.id.to_string(), self.kept_until).await? {
            buckets::update_given_back(conn, taken.as_slice()).await?;
            return Ok(Outcome::Used);
        }
        match &self.codes {
            Some((counter, _)) => counter.lift(conn).await?,
            None => drop(guesses::lift_within(conn, self.user_id).await?),
        }
        audit::record(conn, &self.event, self.now).await?;
        Ok(Outcome::Lifted)
    }
}
