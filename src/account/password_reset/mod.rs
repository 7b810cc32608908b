//! Forgotten passwords: a link and a six-digit code by mail, either of which leads to a new password, once.
//!
//! Asking does the same work and has the same answer whether or not there is such an account ([`request`]); looking at a link uses nothing
//! ([`look`]); one conditional update decides who may set the password ([`finish`]). No session is made, and the second factor stays.
//! OWASP Forgot Password Cheat Sheet; OWASP ASVS 5 §6.3.8, §6.4.1, §6.4.3.

mod code;
mod finish;
mod look;
mod request;

pub(super) use code::digits;
pub use code::{CodeError, verify_code};
pub use finish::finish;
pub use look::{Found, State, Way, look};
pub use request::{Requested, Whom, Wish, request, send};
pub(super) use request::{insert_within, prepare, six_digits};

use std::time::Duration;

use uuid::Uuid;

use crate::app::App;
use crate::clock::Timestamp;
use crate::secret::Purpose;

/// Codes typed for one mail: with more, ten thousand mails would find one.
const CODE_TRIES: i32 = 5;

/// How long an old link still says whom it was for, and can be sent anew.
const REMEMBERED: Duration = Duration::from_hours(7 * 24);

/// What the six digits are authenticated as: they belong to one attempt at one account.
fn code_message(user_id: Uuid, attempt: Uuid, code: &str) -> Vec<u8> {
    [b"password-reset-code", user_id.as_bytes().as_slice(), attempt.as_bytes(), code.as_bytes()].concat()
}

/// The application's request, sealed for the row of this account.
fn seal_flow(app: &App, user_id: Uuid, flow: &str) -> Vec<u8> {
    app.sealer.seal_bytes(Purpose::Flow, user_id.as_bytes(), flow.as_bytes())
}

/// The application's request of a row, as it was given to [`request`].
fn open_flow(app: &App, user_id: Uuid, sealed: &[u8]) -> Option<String> {
    String::from_utf8(app.sealer.open_bytes(Purpose::Flow, user_id.as_bytes(), sealed)?).ok()
}

/// Until when a reset that is asked for now can be used.
fn expiry(app: &App, now: Timestamp) -> Timestamp {
    now.plus(app.config.recovery.link_ttl.0)
}

/// How long the link lasts, in whole minutes, for people.
#[must_use]
pub fn minutes(app: &App) -> u32 {
    u32::try_from(app.config.recovery.link_ttl.0.as_secs() / 60).unwrap_or(u32::MAX).max(1)
}
