//! What every mail about an account says: to whom, when and from where.

use super::{administrators, not_me};
use crate::app::App;
use crate::clock::Timestamp;
use crate::mail::{self, Message, Recipient, Where};
use crate::store::mails::Mail;
use crate::store::users::User;
use crate::web::{Locale, Visit};

/// Tells somebody that others have set their password, in their own language.
#[must_use]
pub fn password_set(app: &App, user: &User, now: Timestamp) -> Mail {
    let message = Message::PasswordChanged { place: Where { at: now, ..Where::default() }, not_me: not_me::link(app, user, now) };
    mail::prepare(app, &recipient(user, administrators::locale_of(app, user)), &message, now)
}

/// The person at their stored address, in the language of the page.
#[must_use]
pub fn recipient(user: &User, locale: Locale) -> Recipient {
    Recipient { user_id: Some(user.id), email: user.email.clone(), name: user.profile.name.clone(), locale: locale.tag().to_owned() }
}

/// When and from where something is done.
#[must_use]
pub fn place(visit: &Visit, now: Timestamp) -> Where {
    Where { at: now, address: Some(visit.address.to_canonical().to_string()), device: visit.device(), application: None }
}
