//! The second factor in a confirmation: people who have an authenticator app give a code of it, or one of their recovery codes, too; so
//! do people who have a passkey and do not use it here.
//!
//! A code by e-mail, where that is all they have, is asked for on the page of the sign-in, after the password.

use crate::mfa::{Scene, SixDigits, verify};
use crate::session::SecondFactorProof;
use crate::store;

/// What a code was worth.
#[derive(Debug)]
pub(super) enum CodeVerdict {
    Proven(SecondFactorProof),
    Wrong,
    /// Too many were wrong: nothing was checked.
    Blocked,
}

/// Whether the code is one of the person's authenticator app, or a recovery code.
///
/// # Errors
/// The store's.
pub(super) async fn verify(scene: &Scene, typed: &str) -> store::Result<CodeVerdict> {
    let verdict = match SixDigits::parse(typed) {
        Ok(code) => Some(verify::totp(scene, None, code).await?),
        Err(_) => verify::recovery_code(scene, None, typed).await?,
    };
    Ok(match verdict {
        Some(verify::Verdict::Proven(proof)) => CodeVerdict::Proven(proof),
        Some(verify::Verdict::Refused { .. }) | None => CodeVerdict::Wrong,
        Some(verify::Verdict::Blocked(_)) => CodeVerdict::Blocked,
    })
}
