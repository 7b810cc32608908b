//! Browsers in which a person has signed in before: in any other, a sign-in is worth a mail.
//!
//! The cookie is sealed and lists people, for a browser may be shared. It proves nothing, and is good for nothing but to save a mail.

use std::time::Duration;

use http::HeaderValue;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::not_me;
use super::notice::{place, recipient};
use crate::app::App;
use crate::audit::{self, Event, Kind};
use crate::mail::{self, Message};
use crate::secret::Purpose;
use crate::session;
use crate::store;
use crate::store::mails;
use crate::store::sessions::Session;
use crate::store::users::User;
use crate::web::Visit;
use crate::web::cookies::Cookie;

/// A browser that nobody used for a year is new again.
const LIFETIME: Duration = Duration::from_hours(365 * 24);

/// More people do not share a browser; who was there longest ago is forgotten.
const MOST_PEOPLE: usize = 10;

/// Whom the browser knows, latest first.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    known_people: Vec<Uuid>,
}

impl Known {
    fn with(mut self, user_id: Uuid) -> Self {
        self.known_people.retain(|id| *id != user_id);
        self.known_people.insert(0, user_id);
        self.known_people.truncate(MOST_PEOPLE);
        self
    }
}

/// After a sign-in that succeeded: mails and records that the browser is new to this person, if they have signed in before (`user` as they were until
/// then). Answers the cookie that makes it known. Nobody's sign-in fails for want of a mail.
pub async fn greet(app: &App, visit: &Visit, user: &User, session: &Session) -> HeaderValue {
    let known = of(app, visit);
    if user.last_sign_in_at.is_some()
        && !known.known_people.contains(&user.id)
        && let Err(error) = tell(app, visit, user, session).await
    {
        tracing::error!(user_id = %user.id, %error, "the mail about a new device is not in the outbox");
    }
    let sealed = app.sealer.seal(Purpose::KnownAccounts, &known.with(user.id), app.now().plus(LIFETIME));
    Cookie::KnownDevice.set(&app.issuer, &sealed, Some(LIFETIME))
}

fn of(app: &App, visit: &Visit) -> Known {
    let sealed = visit.cookie(Cookie::KnownDevice.name(&app.issuer));
    sealed.and_then(|sealed| app.sealer.open(Purpose::KnownAccounts, sealed, app.now()).ok()).unwrap_or_default()
}

async fn tell(app: &App, visit: &Visit, user: &User, session: &Session) -> store::Result<()> {
    let now = app.now();
    let place = place(visit, now);
    let event =
        Event::new(Kind::NewDevice, &session::origin(visit)).user(user.id).session(session.id).detail("device", place.device.clone());
    let message = Message::NewDevice { place, not_me: not_me::link(app, user, now) };
    let mail = mail::prepare(app, &recipient(user, visit.locale_for(None)), &message, now);
    app.store
        .write(move |conn| {
            let (mail, event) = (mail.clone(), event.clone());
            Box::pin(async move {
                mails::insert(conn, &mail).await?;
                audit::record(conn, &event, now).await
            })
        })
        .await?;
    app.mail_waiting.notify_one();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_people_are_known() {
        let known = (0..12).fold(Known::default(), |known, id| known.with(Uuid::from_u128(id))).with(Uuid::from_u128(5));
        assert_eq!(known.known_people.len(), MOST_PEOPLE);
        assert_eq!(known.known_people.first(), Some(&Uuid::from_u128(5)));
        assert!(!known.known_people.contains(&Uuid::from_u128(0)));
    }
}
