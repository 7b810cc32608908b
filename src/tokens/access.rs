//! Access tokens: JWTs of RFC 9068, signed ES256.

use std::sync::Arc;

use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::config::Issuer;
use crate::keys::{Algorithm, KeyError, KeyRing};
use crate::secret::Digest;

/// `typ` of RFC 9068 §2.1.
pub const TYP: &str = "at+jwt";

/// How many tokens a verifier remembers; each takes about half a kilobyte.
const REMEMBERED: u64 = 10_000;

/// The claims (RFC 9068 §2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    pub iss: String,
    /// The user's id; for `client_credentials` the client's.
    pub sub: String,
    pub aud: Audience,
    pub client_id: String,
    pub exp: i64,
    pub iat: i64,
    pub jti: String,
    pub scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amr: Option<Vec<String>>,
    /// Ours: the grant whose life it shares. None for `client_credentials`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_id: Option<Uuid>,
    /// What scopes beside the standard ones release here: never one of the names above (`custom_scope::RESERVED`).
    #[serde(flatten)]
    pub released: Map<String, Value>,
}

/// Whom a token is for: one as text, several as a list (RFC 7519 §4.1.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    /// The issuer, where userinfo is, before all others.
    #[must_use]
    pub fn of<'a>(issuer: &str, others: impl IntoIterator<Item = &'a str>) -> Self {
        let others: Vec<String> = others.into_iter().filter(|other| *other != issuer).map(str::to_owned).collect();
        if others.is_empty() { Self::One(issuer.to_owned()) } else { Self::Several([vec![issuer.to_owned()], others].concat()) }
    }

    #[must_use]
    pub fn contains(&self, one: &str) -> bool {
        match self {
            Self::One(only) => only == one,
            Self::Several(all) => all.iter().any(|other| other == one),
        }
    }
}

/// Signs it.
///
/// # Errors
/// When there is no key.
pub fn sign(keys: &KeyRing, claims: &AccessClaims) -> Result<String, KeyError> {
    keys.signer(Algorithm::ES256)?.sign_jwt(TYP, claims)
}

/// Checks signature, `typ`, `iss`, `aud`, `exp`, `iat` of tokens presented to us; a bounded cache from the token's digest spares the second signature
/// check, which costs more than everything else that userinfo and introspection do.
pub struct Verifier {
    keys: KeyRing,
    issuer: String,
    known: Cache<[u8; 32], Known>,
}

/// A token whose signature was good under this revision of the key ring.
#[derive(Clone)]
struct Known {
    revision: u64,
    claims: Arc<AccessClaims>,
}

impl Verifier {
    #[must_use]
    pub fn new(keys: KeyRing, issuer: &Issuer) -> Self {
        Self { keys, issuer: issuer.as_str().to_owned(), known: Cache::new(REMEMBERED) }
    }

    /// `None`: not an access token of ours, expired, or issued further ahead than clocks of replicas differ (a minute). There is no `nbf`: what we sign holds at once. Whether its grant is alive is the caller's to check.
    #[must_use]
    pub fn verify(&self, token: &str, now: Timestamp) -> Option<Arc<AccessClaims>> {
        let digest = *Digest::of(token.as_bytes()).as_bytes();
        let revision = self.keys.revision();
        let known = self.known.get(&digest).filter(|known| known.revision == revision);
        let claims = match known {
            Some(known) => known.claims,
            None => self.remember(digest, revision, self.check(token)?),
        };
        let is_ahead = now.is_before(Timestamp::from_secs(claims.iat));
        (now.secs() < claims.exp && !is_ahead).then_some(claims)
    }

    fn check(&self, token: &str) -> Option<AccessClaims> {
        let claims = self.keys.verify(token, Some(TYP)).ok()?;
        let claims: AccessClaims = serde_json::from_value(Value::Object(claims)).ok()?;
        (claims.iss == self.issuer && claims.aud.contains(&self.issuer)).then_some(claims)
    }

    fn remember(&self, digest: [u8; 32], revision: u64, claims: AccessClaims) -> Arc<AccessClaims> {
        let claims = Arc::new(claims);
        self.known.insert(digest, Known { revision, claims: Arc::clone(&claims) });
        claims
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::testing;
    use crate::tokens::testing::{ISSUER, issuer};

    fn claims() -> AccessClaims {
        AccessClaims {
            iss: ISSUER.to_owned(),
            sub: "person".to_owned(),
            aud: Audience::of(ISSUER, []),
            client_id: "client".to_owned(),
            exp: testing::START.secs() + 300,
            iat: testing::START.secs(),
            jti: "jti".to_owned(),
            scope: "openid".to_owned(),
            auth_time: None,
            acr: None,
            amr: None,
            grant_id: None,
            released: Map::new(),
        }
    }

    #[test]
    fn our_token_is_accepted_until_it_expires_the_first_time_and_the_second() {
        let keys = testing::ring(&testing::clock());
        let verifier = Verifier::new(keys.clone(), &issuer());
        let token = sign(&keys, &claims()).unwrap();
        for _ in 0..2 {
            assert_eq!(*verifier.verify(&token, Timestamp::from_secs(claims().exp - 1)).unwrap(), claims());
        }
        assert!(verifier.verify(&token, Timestamp::from_secs(claims().exp)).is_none());
        assert!(Verifier::new(keys, &issuer()).verify(&token, Timestamp::from_secs(claims().exp)).is_none());
    }

    #[test]
    fn a_token_from_the_future_is_none() {
        let keys = testing::ring(&testing::clock());
        let verifier = Verifier::new(keys.clone(), &issuer());
        let token = sign(&keys, &claims()).unwrap();
        let before = |secs: i64| Timestamp::from_secs(claims().iat - secs);
        for _ in 0..2 {
            assert!(verifier.verify(&token, before(10)).is_some() && verifier.verify(&token, before(60)).is_some());
            assert!(verifier.verify(&token, before(61)).is_none() && verifier.verify(&token, before(86_400)).is_none());
        }
    }

    #[test]
    fn tokens_of_another_issuer_audience_or_kind_are_refused() {
        let keys = testing::ring(&testing::clock());
        let verifier = Verifier::new(keys.clone(), &issuer());
        let foreign_issuer = AccessClaims { iss: "https://other.example".to_owned(), ..claims() };
        let foreign_audience = AccessClaims { aud: Audience::One("https://api.example".to_owned()), ..claims() };
        for refused in [foreign_issuer, foreign_audience] {
            assert!(verifier.verify(&sign(&keys, &refused).unwrap(), testing::START).is_none());
        }
        for typ in ["", "JWT", "logout+jwt"] {
            let token = keys.signer(Algorithm::ES256).unwrap().sign_jwt(typ, &claims()).unwrap();
            assert!(verifier.verify(&token, testing::START).is_none(), "{typ}");
        }
        assert!(verifier.verify("", testing::START).is_none());
    }

    #[test]
    fn a_token_for_an_api_is_for_us_too_and_has_what_its_scopes_release() {
        let keys = testing::ring(&testing::clock());
        let released = Map::from_iter([("roles".to_owned(), serde_json::json!(["acme:member"]))]);
        let wanted = AccessClaims { aud: Audience::of(ISSUER, ["https://api.example", ISSUER]), released, ..claims() };
        let token = sign(&keys, &wanted).unwrap();
        assert_eq!(*Verifier::new(keys, &issuer()).verify(&token, testing::START).unwrap(), wanted);
        let claims = crate::tokens::testing::part(&token, 1);
        assert_eq!(claims["aud"], serde_json::json!([ISSUER, "https://api.example"]));
        assert_eq!(claims["roles"], serde_json::json!(["acme:member"]));
    }

    #[test]
    fn has_the_header_and_the_required_claims_of_rfc_9068() {
        let keys = testing::ring(&testing::clock());
        let token = sign(&keys, &claims()).unwrap();
        let part = |index| crate::tokens::testing::part(&token, index);
        assert_eq!(part(0)["typ"], "at+jwt");
        assert_eq!(part(0)["alg"], "ES256");
        for required in ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"] {
            assert!(part(1).get(required).is_some(), "{required}");
        }
    }
}
