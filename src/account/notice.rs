//! What every mail about an account says: to whom, when and from where.

use crate::clock::Timestamp;
use crate::mail::{Recipient, Where};
use crate::store::users::User;
use crate::web::{Locale, Visit};

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
