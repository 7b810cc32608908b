//! How sure we are of somebody: `auth_time`, `amr` (RFC 8176) and `acr` of what was proved, and nothing more.
//!
//! `acr` names the authenticator assurance levels of NIST SP 800-63B §2: `aal1` is one factor, or a second that NIST does not count (e-mail); `aal2` two.

use super::proof::{First, Proofs, SecondFactor};
use crate::clock::Timestamp;
use crate::store::sessions::Session;

pub const AAL1: &str = "aal1";
pub const AAL2: &str = "aal2";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Level {
    /// Of the first factor: how fresh a sign-in is, its oldest part decides.
    pub auth_time: Timestamp,
    pub amr: Vec<String>,
    pub acr: &'static str,
    pub second_factor_at: Option<Timestamp>,
}

pub(super) fn of(proofs: &Proofs) -> Level {
    let mut level = first(proofs);
    let Some(second) = &proofs.second else { return level };
    let (names, counts): (&[&str], bool) = match second.factor() {
        SecondFactor::Totp => (&["otp", "mfa"], true),
        SecondFactor::RecoveryCode => (&["mfa"], true),
        SecondFactor::EmailCode => (&["otp", "mfa"], false),
        SecondFactor::TrustedDevice => return level,
        SecondFactor::Passkey { hardware: true } => (&["hwk", "user", "mfa"], true),
        SecondFactor::Passkey { hardware: false } => (&["swk", "user", "mfa"], true),
    };
    for name in names {
        if !level.amr.iter().any(|known| known == name) {
            level.amr.push((*name).to_owned());
        }
    }
    level.second_factor_at = Some(second.at());
    if counts {
        level.acr = AAL2;
    }
    level
}

fn first(proofs: &Proofs) -> Level {
    let password = |at| Level { auth_time: at, amr: vec!["pwd".to_owned()], acr: AAL1, second_factor_at: None };
    match &proofs.first {
        First::Password(proof) => password(proof.at()),
        First::Pending(pending) => password(pending.row().password_at),
        First::Session(session) => of_session(session),
        First::Passkey => {
            let at = proofs.second.as_ref().map_or_else(Timestamp::default, super::proof::SecondFactorProof::at);
            Level { auth_time: at, amr: Vec::new(), acr: AAL1, second_factor_at: None }
        }
    }
}

fn of_session(session: &Session) -> Level {
    let acr = if session.acr == AAL2 { AAL2 } else { AAL1 };
    Level { auth_time: session.auth_time, amr: session.amr.clone(), acr, second_factor_at: session.second_factor_at }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::session::{PasswordProof, SecondFactorProof};

    const THEN: Timestamp = Timestamp::from_secs(1000);
    const NOW: Timestamp = Timestamp::from_secs(1030);

    fn level(factor: Option<SecondFactor>) -> (String, &'static str, Option<Timestamp>) {
        let second = factor.map(|factor| SecondFactorProof::witnessed(Uuid::nil(), factor, NOW));
        let level = of(&Proofs::password(PasswordProof::witnessed(Uuid::nil(), THEN), second));
        assert_eq!(level.auth_time, THEN);
        (level.amr.join(" "), level.acr, level.second_factor_at)
    }

    #[test]
    fn every_proof_counts_for_what_it_is() {
        assert_eq!(level(None), ("pwd".to_owned(), AAL1, None));
        assert_eq!(level(Some(SecondFactor::Totp)), ("pwd otp mfa".to_owned(), AAL2, Some(NOW)));
        assert_eq!(level(Some(SecondFactor::RecoveryCode)), ("pwd mfa".to_owned(), AAL2, Some(NOW)));
        assert_eq!(level(Some(SecondFactor::EmailCode)), ("pwd otp mfa".to_owned(), AAL1, Some(NOW)));
        assert_eq!(level(Some(SecondFactor::TrustedDevice)), ("pwd".to_owned(), AAL1, None));
        assert_eq!(level(Some(SecondFactor::Passkey { hardware: true })), ("pwd hwk user mfa".to_owned(), AAL2, Some(NOW)));
    }

    #[test]
    fn a_passkey_alone_is_both_factors() {
        let proof = SecondFactorProof::witnessed(Uuid::nil(), SecondFactor::Passkey { hardware: false }, NOW);
        let level = of(&Proofs::passkey(proof));
        assert_eq!((level.auth_time, level.amr.join(" ").as_str(), level.acr), (NOW, "swk user mfa", AAL2));
    }
}
