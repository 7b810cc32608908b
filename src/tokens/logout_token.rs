//! Logout tokens (OpenID Connect Back-Channel Logout §2.4).

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::config::Config;
use crate::keys::{KeyError, KeyRing};
use crate::secret;
use crate::store::clients::Client;

/// `typ` of Back-Channel Logout §2.4.
pub const TYP: &str = "logout+jwt";

/// The longest the specification recommends (§4); each attempt of a delivery has a token of its own.
const TTL: Duration = Duration::from_secs(120);

#[derive(Serialize)]
struct LogoutClaims<'a> {
    iss: &'a str,
    sub: Uuid,
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: Uuid,
    events: Value,
    sid: Uuid,
}

/// Signs it with the client's ID-token algorithm: `iss sub aud iat exp jti events sid`, never `nonce`.
///
/// # Errors
/// When there is no key.
pub fn sign(keys: &KeyRing, config: &Config, client: &Client, user_id: Uuid, session_id: Uuid, now: Timestamp) -> Result<String, KeyError> {
    let issuer = config.issuer();
    let claims = LogoutClaims {
        iss: issuer.as_str(),
        sub: user_id,
        aud: &client.client_id,
        iat: now.secs(),
        exp: now.plus(TTL).secs(),
        jti: secret::random_id(),
        events: json!({ "http://schemas.openid.net/event/backchannel-logout": {} }),
        sid: session_id,
    };
    keys.signer(client.metadata.id_token_signed_response_alg)?.sign_jwt(TYP, &claims)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{Algorithm, testing};
    use crate::secret::random_id;
    use crate::tokens::testing::{ISSUER, client, config, part};

    #[test]
    fn has_exactly_the_claims_of_the_specification() {
        let keys = testing::ring(&testing::clock());
        let (user_id, session_id) = (random_id(), random_id());
        let token = sign(&keys, &config(), &client(Algorithm::ES256), user_id, session_id, testing::START).unwrap();
        assert_eq!(part(&token, 0)["typ"], "logout+jwt");
        assert_eq!(part(&token, 0)["alg"], "ES256");
        let mut claims = part(&token, 1);
        assert!(claims.as_object_mut().unwrap().remove("jti").is_some());
        let expected = json!({
            "iss": ISSUER,
            "sub": user_id,
            "aud": "app",
            "iat": testing::START.secs(),
            "exp": testing::START.secs() + 120,
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
            "sid": session_id,
        });
        assert_eq!(claims, expected);
    }
}
