//! Who does something to a second factor, when and from where: what mails and events about it say.

use uuid::Uuid;

use crate::account::{known_device, not_me};
use crate::app::App;
use crate::audit::{Event, Kind, Origin};
use crate::clock::Timestamp;
use crate::mail::{self, Message, Recipient, Where};
use crate::session;
use crate::store::mails::Mail;
use crate::store::users::User;
use crate::web::{Locale, Visit, device};

#[derive(Clone)]
pub struct Scene {
    app: App,
    pub to: Recipient,
    pub place: Where,
    pub origin: Origin,
    pub user: User,
    pub now: Timestamp,
    /// This browser, if the person signed in here before.
    pub known_device: Option<Uuid>,
}

impl Scene {
    #[must_use]
    pub fn of(app: &App, visit: &Visit, user: &User, locale: Locale, application: Option<String>) -> Self {
        let now = app.now();
        let name = user.profile.name.clone();
        Self {
            app: app.clone(),
            to: Recipient { user_id: Some(user.id), email: user.email.clone(), name, locale: locale.tag().to_owned() },
            place: Where { at: now, address: Some(visit.address.to_canonical().to_string()), device: device::describe(visit), application },
            origin: session::origin(visit),
            user: user.clone(),
            now,
            known_device: known_device::id(app, visit, user),
        }
    }

    #[must_use]
    pub const fn app(&self) -> &App {
        &self.app
    }

    /// An event about this person.
    #[must_use]
    pub fn event(&self, kind: Kind) -> Event {
        Event::new(kind, &self.origin).user(self.user.id)
    }

    /// A mail with "This wasn't me". It is put into the outbox in the transaction of the act.
    #[must_use]
    pub fn notice(&self, message: impl FnOnce(Where, String) -> Message) -> Mail {
        let link = not_me::link(&self.app, &self.user, self.now);
        mail::prepare(&self.app, &self.to, &message(self.place.clone(), link), self.now)
    }
}
