//! The second factor in a confirmation: people who have one give a code of it, too.

use uuid::Uuid;

use crate::app::App;
use crate::audit::Origin;
use crate::store;

/// What a code was worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CodeVerdict {
    Right,
    Wrong,
}

/// Whether the person is to give a code.
///
/// # Errors
/// The store's.
#[expect(clippy::unused_async, reason = "mfa answers this once it keeps second factors")]
pub(super) async fn is_wanted(_app: &App, _user_id: Uuid) -> store::Result<bool> {
    Ok(false)
}

/// Whether the code is one of the person's second factor.
///
/// # Errors
/// The store's.
#[expect(clippy::unused_async, reason = "mfa answers this once it keeps second factors")]
pub(super) async fn verify(_app: &App, _user_id: Uuid, code: &str, _origin: &Origin) -> store::Result<CodeVerdict> {
    Ok(if code.is_empty() { CodeVerdict::Right } else { CodeVerdict::Wrong })
}
