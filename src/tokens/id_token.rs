//! ID tokens (OpenID Connect Core §2), made of `openidconnect`'s types and signed by our own keys.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use openidconnect::core::{CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm};
use openidconnect::{
    AccessToken, AdditionalClaims, Audience, AuthenticationContextClass, AuthenticationMethodReference, ClientId, IdToken, IdTokenClaims,
    IssuerUrl, Nonce, PrivateSigningKey, SigningError, StandardClaims, SubjectIdentifier,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::claims;
use crate::clock::Timestamp;
use crate::config::Config;
use crate::keys::{Algorithm, KeyError, KeyRing, Signer};
use crate::store::clients::Client;
use crate::store::users::User;
use crate::tokens::Scope;

/// What an ID token says.
#[derive(Debug)]
pub struct IdTokenContent<'a> {
    pub client: &'a Client,
    pub user: &'a User,
    pub scope: &'a Scope,
    pub session_id: Uuid,
    pub nonce: Option<&'a str>,
    pub auth_time: Timestamp,
    pub acr: &'a str,
    pub amr: &'a [String],
    /// For `at_hash`.
    pub access_token: &'a str,
    /// What scopes beside the standard ones release here.
    pub released: Map<String, Value>,
}

/// Beside what OpenID Connect Core has.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct OurClaims {
    /// The session (OpenID Connect Back-Channel Logout §2.1): what a later logout token names.
    sid: String,
    /// Of scopes beside the standard ones, but for those that have a standard claim's name.
    #[serde(flatten)]
    released: Map<String, Value>,
}

impl AdditionalClaims for OurClaims {}

type Claims = IdTokenClaims<OurClaims, CoreGenderClaim>;
type Token = IdToken<OurClaims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

/// Signs it with the client's `id_token_signed_response_alg`.
///
/// # Errors
/// When there is no key.
pub fn sign(keys: &KeyRing, config: &Config, content: &IdTokenContent<'_>, now: Timestamp) -> Result<String, KeyError> {
    let key = SigningKey::new(keys.signer(content.client.metadata.id_token_signed_response_alg)?)?;
    let claims = build(config, content, now)?;
    let access_token = AccessToken::new(content.access_token.to_owned());
    let algorithm = core_algorithm(key.signer.algorithm());
    Token::new(claims, &key, algorithm, Some(&access_token), None).map(|token| token.to_string()).map_err(failed)
}

fn build(config: &Config, content: &IdTokenContent<'_>, now: Timestamp) -> Result<Claims, KeyError> {
    let issuer = IssuerUrl::new(config.issuer().as_str().to_owned()).map_err(failed)?;
    let audience = Audience::new(content.client.client_id.clone());
    let (standard, released) = content.released.clone().into_iter().partition(|(name, _)| claims::supported().any(|claim| claim == name));
    let ours = OurClaims { sid: content.session_id.to_string(), released };
    let expires_at = date(now.plus(config.tokens.id_token_ttl.0))?;
    Ok(Claims::new(issuer, vec![audience], expires_at, date(now)?, about(content, standard)?, ours)
        .set_auth_time(Some(date(content.auth_time)?))
        .set_nonce(content.nonce.map(|nonce| Nonce::new(nonce.to_owned())))
        .set_auth_context_ref(Some(AuthenticationContextClass::new(content.acr.to_owned())))
        .set_auth_method_refs(Some(content.amr.iter().cloned().map(AuthenticationMethodReference::new).collect()))
        .set_authorized_party(Some(ClientId::new(content.client.client_id.clone()))))
}

/// Who it is about. The claims of scopes belong to userinfo when there is an access token (Core §5.4), unless the client asks for them here.
/// `released`: standard claims from other sources, which win.
fn about(content: &IdTokenContent<'_>, released: Map<String, Value>) -> Result<StandardClaims<CoreGenderClaim>, KeyError> {
    if released.is_empty() && !content.client.metadata.id_token_scope_claims {
        return Ok(StandardClaims::new(SubjectIdentifier::new(content.user.id.to_string())));
    }
    let scope = if content.client.metadata.id_token_scope_claims { content.scope } else { &Scope::default() };
    let mut all = claims::of_scope(content.user, scope);
    all.extend(released);
    serde_json::from_value(Value::Object(all)).map_err(failed)
}

fn date(at: Timestamp) -> Result<DateTime<Utc>, KeyError> {
    DateTime::from_timestamp(at.secs(), 0).ok_or_else(|| failed("a time beyond all calendars"))
}

fn failed(error: impl std::fmt::Display) -> KeyError {
    KeyError::Key(format!("ID token: {error}"))
}

/// Our key as `openidconnect` wants it. Its own RSA keys are never used to sign: the crate below them leaks timing (RUSTSEC-2023-0071).
struct SigningKey {
    signer: Arc<Signer>,
    public: CoreJsonWebKey,
}

impl SigningKey {
    fn new(signer: Arc<Signer>) -> Result<Self, KeyError> {
        let public = CoreJsonWebKey::deserialize(signer.public_jwk()).map_err(failed)?;
        Ok(Self { signer, public })
    }
}

impl PrivateSigningKey for SigningKey {
    type VerificationKey = CoreJsonWebKey;

    fn sign(&self, algorithm: &CoreJwsSigningAlgorithm, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        if *algorithm != core_algorithm(self.signer.algorithm()) {
            return Err(SigningError::UnsupportedAlg(format!("{algorithm:?}")));
        }
        self.signer.sign(message).map_err(|error| SigningError::Other(error.to_string()))
    }

    fn as_verification_key(&self) -> CoreJsonWebKey {
        self.public.clone()
    }
}

const fn core_algorithm(algorithm: Algorithm) -> CoreJwsSigningAlgorithm {
    match algorithm {
        Algorithm::RS256 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        Algorithm::PS256 => CoreJwsSigningAlgorithm::RsaSsaPssSha256,
        Algorithm::ES256 => CoreJwsSigningAlgorithm::EcdsaP256Sha256,
        Algorithm::EdDSA => CoreJwsSigningAlgorithm::EdDsa,
    }
}

/// An ID token given back to us as `id_token_hint`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    pub user_id: Uuid,
    pub client_id: String,
    pub session_id: Option<Uuid>,
}

/// `None` unless we signed it; an expired one is fine (OpenID Connect Core §3.1.2.1, RP-Initiated Logout §2), as long as its key is still
/// published.
#[must_use]
pub fn open_hint(keys: &KeyRing, config: &Config, token: &str) -> Option<Hint> {
    let claims = keys.verify(token, None).ok()?;
    if text(&claims, "iss")? != config.issuer().as_str() {
        return None;
    }
    Some(Hint {
        user_id: text(&claims, "sub")?.parse().ok()?,
        client_id: text(&claims, "azp")?.to_owned(),
        session_id: text(&claims, "sid").and_then(|sid| sid.parse().ok()),
    })
}

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    claims.get(name)?.as_str()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use openidconnect::AccessTokenHash;
    use openidconnect::core::{CoreIdTokenVerifier, CoreJsonWebKeySet};

    use super::*;
    use crate::keys::testing;
    use crate::secret::random_id;
    use crate::tokens::testing::{ISSUER, client, config, issuer, part, user};
    use crate::tokens::{access, logout_token};

    const ACCESS_TOKEN: &str = "an access token";

    struct Case {
        client: Client,
        user: User,
        scope: Scope,
        session_id: Uuid,
        amr: Vec<String>,
        released: Map<String, Value>,
    }

    fn case(algorithm: Algorithm) -> Case {
        let scope = Scope::parse("openid profile email").unwrap();
        Case { client: client(algorithm), user: user(), scope, session_id: random_id(), amr: vec!["pwd".to_owned()], released: Map::new() }
    }

    fn signed(keys: &KeyRing, case: &Case) -> String {
        let content = IdTokenContent {
            client: &case.client,
            user: &case.user,
            scope: &case.scope,
            session_id: case.session_id,
            nonce: Some("n-0S6_WzA2Mj"),
            auth_time: testing::START.minus(Duration::from_mins(1)),
            acr: "aal1",
            amr: &case.amr,
            access_token: ACCESS_TOKEN,
            released: case.released.clone(),
        };
        sign(keys, &config(), &content, testing::START).unwrap()
    }

    /// OpenID Connect Core §3.1.3.7, by somebody else's implementation.
    #[test]
    fn a_relying_party_accepts_every_algorithm() {
        let keys = testing::ring(&testing::clock());
        let published: CoreJsonWebKeySet = serde_json::from_slice(&keys.jwks().0).unwrap();
        for algorithm in Algorithm::ALL {
            let case = case(algorithm);
            let token: Token = signed(&keys, &case).parse().unwrap();
            let verifier = CoreIdTokenVerifier::new_public_client(
                ClientId::new("app".to_owned()),
                IssuerUrl::new(ISSUER.to_owned()).unwrap(),
                published.clone(),
            )
            .set_allowed_algs([core_algorithm(algorithm)])
            .set_time_fn(|| DateTime::from_timestamp(testing::START.secs(), 0).unwrap());
            let claims =
                token.claims(&verifier, &Nonce::new("n-0S6_WzA2Mj".to_owned())).unwrap_or_else(|error| panic!("{algorithm:?}: {error}"));
            assert_eq!(claims.subject().as_str(), case.user.id.to_string());
            let access_token = AccessToken::new(ACCESS_TOKEN.to_owned());
            let hash =
                AccessTokenHash::from_token(&access_token, token.signing_alg().unwrap(), token.signing_key(&verifier).unwrap()).unwrap();
            assert_eq!(claims.access_token_hash(), Some(&hash), "{algorithm:?}");
        }
    }

    #[test]
    fn says_what_happened_and_leaves_the_rest_to_userinfo() {
        let keys = testing::ring(&testing::clock());
        let case = case(Algorithm::RS256);
        let mut claims = part(&signed(&keys, &case), 1);
        assert!(claims.as_object_mut().unwrap().remove("at_hash").is_some());
        let now = testing::START.secs();
        let expected = serde_json::json!({
            "iss": ISSUER,
            "sub": case.user.id,
            "aud": ["app"],
            "azp": "app",
            "iat": now,
            "exp": now + 300,
            "auth_time": now - 60,
            "nonce": "n-0S6_WzA2Mj",
            "acr": "aal1",
            "amr": ["pwd"],
            "sid": case.session_id,
        });
        assert_eq!(claims, expected);
    }

    #[test]
    fn carries_the_claims_of_the_scopes_for_clients_that_want_them() {
        let keys = testing::ring(&testing::clock());
        let mut case = case(Algorithm::ES256);
        case.client.metadata.id_token_scope_claims = true;
        let claims = part(&signed(&keys, &case), 1);
        for (name, value) in claims::of_scope(&case.user, &case.scope) {
            assert_eq!(claims[&name], value, "{name}");
        }
        assert!(claims.get("phone_number").is_none(), "a scope that was not granted");
        assert_eq!(claims["iss"], ISSUER);
    }

    #[test]
    fn says_what_other_scopes_release_each_claim_once() {
        let keys = testing::ring(&testing::clock());
        let mut case = case(Algorithm::ES256);
        let roles = serde_json::json!(["acme:member"]);
        case.released = Map::from_iter([("roles".to_owned(), roles.clone()), ("name".to_owned(), "Dr. Lima".into())]);
        for in_id_token in [false, true] {
            case.client.metadata.id_token_scope_claims = in_id_token;
            let token = signed(&keys, &case);
            let claims = part(&token, 1);
            assert_eq!((&claims["roles"], &claims["name"]), (&roles, &Value::from("Dr. Lima")));
            assert_eq!(claims.get("email").is_some(), in_id_token);
            let text = String::from_utf8(base64_of(&token)).unwrap();
            assert_eq!(text.matches("\"name\"").count(), 1, "{text}");
            assert_eq!(claims["sub"], case.user.id.to_string());
        }
    }

    fn base64_of(token: &str) -> Vec<u8> {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()
    }

    #[test]
    fn a_hint_is_accepted_long_after_it_expired() {
        let clock = testing::clock();
        let keys = testing::ring(&clock);
        let case = case(Algorithm::RS256);
        let token = signed(&keys, &case);
        clock.advance(Duration::from_hours(30 * 24));
        let hint = open_hint(&keys, &config(), &token).unwrap();
        assert_eq!(hint, Hint { user_id: case.user.id, client_id: "app".to_owned(), session_id: Some(case.session_id) });
    }

    #[test]
    fn other_tokens_of_ours_are_no_hints() {
        let keys = testing::ring(&testing::clock());
        let (case, config) = (case(Algorithm::ES256), config());
        let logout = logout_token::sign(&keys, &config, &case.client, case.user.id, case.session_id, testing::START).unwrap();
        let claims = serde_json::json!({ "iss": ISSUER, "sub": case.user.id, "azp": "app" });
        let access = keys.signer(Algorithm::ES256).unwrap().sign_jwt(access::TYP, &claims).unwrap();
        let foreign_issuer = serde_json::json!({ "iss": "https://other.example", "sub": case.user.id, "azp": "app" });
        let foreign_issuer = keys.signer(Algorithm::ES256).unwrap().sign_jwt("JWT", &foreign_issuer).unwrap();
        for refused in [logout, access, foreign_issuer, "x.y.z".to_owned()] {
            assert!(open_hint(&keys, &config, &refused).is_none(), "{refused}");
        }
    }

    #[test]
    fn an_id_token_is_no_access_token() {
        let keys = testing::ring(&testing::clock());
        let token = signed(&keys, &case(Algorithm::ES256));
        assert!(access::Verifier::new(keys, &issuer()).verify(&token, testing::START).is_none());
    }
}
