//! Authorization codes: sealed, no row until they are redeemed.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::config;
use crate::secret::{OpenError, Purpose, Sealer};

/// So that scanners find leaked ones.
const PREFIX: &str = "vst_ac_";

/// Everything a code stands for, checked when it is redeemed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationCode {
    /// Becomes the grant's id.
    pub id: Uuid,
    pub client_id: String,
    /// As received, to be compared at the token endpoint (RFC 6749 §4.1.3).
    pub redirect_uri: String,
    pub user_id: Uuid,
    pub session_id: Uuid,
    pub scope: String,
    pub code_challenge: Option<String>,
    pub nonce: Option<String>,
    pub auth_time: Timestamp,
    pub amr: Vec<String>,
    pub acr: String,
    pub epoch: i64,
    pub issued_at: Timestamp,
}

/// Seals it for `authorization_code_ttl` from `issued_at` on.
#[must_use]
pub fn seal(sealer: &Sealer, config: &config::Tokens, code: &AuthorizationCode) -> String {
    let expires_at = code.issued_at.plus(config.authorization_code_ttl.0);
    format!("{PREFIX}{}", sealer.seal(Purpose::AuthorizationCode, code, expires_at))
}

/// What a presented code is.
#[derive(Debug)]
pub enum Opened {
    Valid(AuthorizationCode),
    /// Ours, but its minute is over. (If it was redeemed before, this is a replay all the same.)
    Expired(AuthorizationCode),
    Invalid,
}

#[must_use]
pub fn open(sealer: &Sealer, code: &str, now: Timestamp) -> Opened {
    let Some(sealed) = code.strip_prefix(PREFIX) else { return Opened::Invalid };
    match sealer.open(Purpose::AuthorizationCode, sealed, now) {
        Ok(code) => Opened::Valid(code),
        Err(OpenError::Expired(code)) => Opened::Expired(code),
        Err(OpenError::Invalid) => Opened::Invalid,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::secret::{KeyEncryptionKey, random_id};

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    fn sealer() -> Sealer {
        Sealer::new(&[KeyEncryptionKey::new([7; 32])]).unwrap()
    }

    fn code() -> AuthorizationCode {
        AuthorizationCode {
            id: random_id(),
            client_id: "client".to_owned(),
            redirect_uri: "https://app.example/callback".to_owned(),
            user_id: random_id(),
            session_id: random_id(),
            scope: "openid".to_owned(),
            code_challenge: Some("challenge".to_owned()),
            nonce: None,
            auth_time: NOW,
            amr: vec!["pwd".to_owned()],
            acr: "aal1".to_owned(),
            epoch: 0,
            issued_at: NOW,
        }
    }

    #[test]
    fn a_code_is_valid_for_its_minute_and_then_recognised_as_expired() {
        let (sealer, code) = (sealer(), code());
        let sealed = seal(&sealer, &config::Tokens::default(), &code);
        assert!(sealed.starts_with("vst_ac_"));
        assert!(matches!(open(&sealer, &sealed, NOW.plus(Duration::from_secs(59))), Opened::Valid(opened) if opened == code));
        assert!(matches!(open(&sealer, &sealed, NOW.plus(Duration::from_secs(60))), Opened::Expired(opened) if opened == code));
    }

    #[test]
    fn cut_lengthened_unprefixed_and_other_sealed_values_are_invalid() {
        let sealer = sealer();
        let sealed = seal(&sealer, &config::Tokens::default(), &code());
        let other = format!("vst_ac_{}", sealer.seal(Purpose::Flow, &code(), NOW.plus(Duration::from_secs(60))));
        for forged in [&sealed[..sealed.len() - 1], &format!("{sealed}A"), &sealed[7..], &sealed.to_uppercase(), &other, "vst_ac_", ""] {
            assert!(matches!(open(&sealer, forged, NOW), Opened::Invalid), "{forged}");
        }
    }
}
