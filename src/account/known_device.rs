//! Browsers in which a person has signed in before: in any other, a sign-in is worth a mail; and what strangers guess wrong never keeps the person out of
//! these, which have a budget of their own (OWASP ASVS 5 §6.3.5, [decision 0016](../../docs/decisions/0016-limits.md)).
//!
//! The cookie is sealed and lists people, for a browser may be shared. It proves nothing: with it a password and a second factor are asked for as always.

use std::time::Duration;

use http::HeaderValue;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::not_me;
use super::notice::{place, recipient};
use crate::app::App;
use crate::audit::{self, Event, Kind};
use crate::mail::{self, Message};
use crate::secret::{self, Purpose};
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
    people: Vec<Person>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Person {
    id: Uuid,
    /// This browser, for this person: what is guessed wrong here is counted by it.
    device: Uuid,
    /// The person's credentials then: whoever had a cookie before they changed has nothing of it afterwards.
    epoch: i64,
    /// Not only confirmed by mail.
    signed_in: bool,
}

impl Known {
    fn of(&self, user_id: Uuid) -> Option<Person> {
        self.people.iter().find(|person| person.id == user_id).copied()
    }

    /// The device keeps its id, and so what was counted for it, until the person's credentials change.
    fn with(mut self, user_id: Uuid, epoch: i64, signed_in: bool) -> Self {
        let before = self.of(user_id);
        let device = before.filter(|before| before.epoch == epoch).map_or_else(secret::random_id, |before| before.device);
        let signed_in = signed_in || before.is_some_and(|before| before.signed_in);
        self.people.retain(|person| person.id != user_id);
        self.people.insert(0, Person { id: user_id, device, epoch, signed_in });
        self.people.truncate(MOST_PEOPLE);
        self
    }
}

/// The id of this browser for this person, if they signed in here with the credentials they have now.
#[must_use]
pub fn id(app: &App, visit: &Visit, user: &User) -> Option<Uuid> {
    of(app, visit).of(user.id).filter(|person| person.epoch == user.auth_epoch).map(|person| person.device)
}

/// After a sign-in that succeeded: mails and records that the browser is new to this person, if they have signed in before (`user` as they were until
/// then). Answers the cookie that makes it known. Nobody's sign-in fails for want of a mail.
pub async fn greet(app: &App, visit: &Visit, user: &User, session: &Session) -> HeaderValue {
    let known = of(app, visit);
    if user.last_sign_in_at.is_some()
        && !known.of(user.id).is_some_and(|person| person.signed_in)
        && let Err(error) = tell(app, visit, user, session).await
    {
        tracing::error!(user_id = %user.id, %error, "the mail about a new device is not in the outbox");
    }
    set_cookie(app, &known.with(user.id, session.epoch, true))
}

/// The cookie that makes this browser known to somebody who has confirmed by mail that it is them: with a budget of its own, but still worth a mail at
/// the sign-in.
pub(in crate::account) fn confirmed_by_mail(app: &App, visit: &Visit, user: &User) -> HeaderValue {
    set_cookie(app, &of(app, visit).with(user.id, user.auth_epoch, false))
}

fn set_cookie(app: &App, known: &Known) -> HeaderValue {
    let sealed = app.sealer.seal(Purpose::KnownDevice, known, app.now().plus(LIFETIME));
    Cookie::KnownDevice.set(&app.issuer, &sealed, Some(LIFETIME))
}

fn of(app: &App, visit: &Visit) -> Known {
    let sealed = visit.cookie(Cookie::KnownDevice.name(&app.issuer));
    sealed.and_then(|sealed| app.sealer.open(Purpose::KnownDevice, sealed, app.now()).ok()).unwrap_or_default()
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
        let known = (0..12).fold(Known::default(), |known, id| known.with(Uuid::from_u128(id), 0, true)).with(Uuid::from_u128(5), 0, true);
        assert_eq!(known.people.len(), MOST_PEOPLE);
        assert_eq!(known.people.first().unwrap().id, Uuid::from_u128(5));
        assert_eq!(known.of(Uuid::from_u128(0)), None);
    }

    #[test]
    fn a_device_is_another_one_when_the_credentials_changed() {
        let ada = Uuid::from_u128(1);
        let first = Known::default().with(ada, 3, true).of(ada).unwrap();
        let known = Known { people: vec![first] };
        assert_eq!(known.with(ada, 3, false).of(ada), Some(first), "the same, and still signed in");
        let known = Known { people: vec![first] };
        assert_ne!(known.with(ada, 4, true).of(ada).unwrap().device, first.device);
    }
}
