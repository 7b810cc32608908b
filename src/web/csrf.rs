//! Cross-site request forgery: a form token bound to the browser's flow cookie, and the browser's own word about where a post comes from.

use super::params::Params;
use super::visit::Visit;
use super::{ErrorKind, PageError};
use crate::config::Issuer;
use crate::secret::{Purpose, Sealer};

/// The form field.
pub const FIELD: &str = "csrf_token";

/// The token for forms shown to the browser with this flow cookie value.
#[must_use]
pub fn token(sealer: &Sealer, flow_cookie: &str) -> String {
    todo!()
}

/// Checks `Sec-Fetch-Site` (`same-origin`, or absent), `Origin` (ours, or absent; `null` refused) and the token.
///
/// # Errors
/// `Forbidden`.
pub fn verify(sealer: &Sealer, issuer: &Issuer, visit: &Visit, flow_cookie: Option<&str>, form: &Params) -> Result<(), PageError> {
    todo!()
}
