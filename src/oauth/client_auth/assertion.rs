//! `private_key_jwt`: a client says who it is with a JWT that it signed, once.
//!
//! RFC 7521 §4.2, §5.2; RFC 7523 §2.2, §3; OpenID Connect Core §9; FAPI 2.0 Security Profile §5.3.2.1. What is looked at before the key is the same for every
//! client, and is said plainly; which client there is, and whether a key of it signed this, is one answer. Decision 0029.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, header};
use serde::Deserialize;
use serde_json::{Number, Value};

use super::{AuthenticatedClient, disabled, find, not_registered, recorder};
use crate::app::App;
use crate::audit;
use crate::clock::{SKEW, Timestamp};
use crate::keys::SignedAssertion;
use crate::oauth::client_limit::Attempt;
use crate::oauth::error::{Code, Error};
use crate::secret::Digest;
use crate::store::clients::{AuthMethod, Client};
use crate::store::{self, spent};
use crate::web::Params;

/// RFC 7523 §2.2.
const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How far ahead an assertion may expire, by a clock that is right.
const LONGEST: Duration = Duration::from_mins(5);
/// The same by a clock that is as wrong as one may be.
const FURTHEST: Duration = LONGEST.saturating_add(SKEW);
/// The longest `jti`, in bytes.
const MAX_JTI: usize = 256;

/// An assertion and what it says, unverified.
#[derive(Debug)]
pub(super) struct Assertion {
    signed: SignedAssertion,
    claims: Claims,
    /// Whom it is of, by its own word.
    client_id: String,
    /// `client_id` of the form.
    named: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Claims {
    iss: Option<String>,
    sub: Option<String>,
    aud: Option<Value>,
    exp: Option<Number>,
    nbf: Option<Number>,
    iat: Option<Number>,
    jti: Option<String>,
}

/// The assertion in a form, if there is one.
///
/// # Errors
/// `invalid_request` when the client authenticates in another way too; `invalid_client` when it is no assertion.
pub(super) fn presented(headers: &HeaderMap, form: &Params) -> Result<Option<Assertion>, Error> {
    let (assertion, kind) = (form.get("client_assertion"), form.get("client_assertion_type"));
    if assertion.is_none() && kind.is_none() {
        return Ok(None);
    }
    if form.get("client_secret").is_some() || headers.contains_key(header::AUTHORIZATION) {
        let description = "the client authenticated in more than one way: send the client assertion alone";
        return Err(Error::new(Code::InvalidRequest, description));
    }
    if kind != Some(TYPE) {
        return Err(refused(format!("client_assertion_type must be {TYPE}")));
    }
    let signed = SignedAssertion::read(assertion.unwrap_or_default()).map_err(|problem| refused(format!("client_assertion {problem}")))?;
    let claims: Claims = serde_json::from_slice(signed.payload()).map_err(|_| {
        refused("the claims of the client assertion must be an object with texts iss, sub, aud, jti and numbers exp, iat, nbf")
    })?;
    let named = form.get("client_id").map(str::to_owned);
    let client_id = claims.sub.clone().or_else(|| named.clone()).unwrap_or_default();
    Ok(Some(Assertion { signed, claims, client_id, named }))
}

/// What is no assertion fails as one that does not verify: counted, in the log, in the audit.
///
/// # Errors
/// `error`; there were too many failures; the store's.
pub(super) async fn refuse(app: &App, client_id: &str, error: Error, origin: &audit::Origin) -> Result<AuthenticatedClient, Error> {
    if error.code != Code::InvalidClient {
        return Err(error);
    }
    let client = find(app, client_id).await?;
    let attempt = Attempt::of(app, client.as_deref(), client_id, origin);
    attempt.run(app, || Err(error.clone()), recorder(client_id, AuthMethod::PrivateKeyJwt, origin)).await
}

/// Verified first, and spent only then: nobody uses up what a client has yet to send.
///
/// # Errors
/// `invalid_client`; there were too many failures; the store's.
pub(super) async fn authenticate(app: &App, assertion: &Assertion, origin: &audit::Origin) -> Result<AuthenticatedClient, Error> {
    let client_id = &assertion.client_id;
    let client = find(app, client_id).await?;
    let attempt = Attempt::of(app, client.as_deref(), client_id, origin);
    let failed = recorder(client_id, AuthMethod::PrivateKeyJwt, origin);
    // A signature takes a hundred times as long as a digest: it is not verified where all wait for each other.
    let checked = check(app, client, assertion).await;
    let client = attempt.run(app, || checked.clone(), &failed).await?;
    if redeem(app, assertion).await? {
        return Ok(client);
    }
    attempt
        .run(app, || Err(refused("this client assertion was used before: sign a new one, with another jti, for every request")), &failed)
        .await
}

async fn check(app: &App, client: Option<Arc<Client>>, assertion: &Assertion) -> Result<AuthenticatedClient, Error> {
    assertion.check_claims(app.issuer.as_str(), app.now()).map_err(refused)?;
    let unknown = || refused("client authentication failed: unknown client, or the assertion is not signed with a key of it");
    let Some(client) = client else {
        app.client_keys.refuse(&assertion.signed);
        return Err(unknown());
    };
    let registered = client.metadata.token_endpoint_auth_method;
    if registered != AuthMethod::PrivateKeyJwt {
        return Err(not_registered(AuthMethod::PrivateKeyJwt, registered));
    }
    let algorithm = client.metadata.token_endpoint_auth_signing_alg;
    if let Some(algorithm) = algorithm.filter(|algorithm| *algorithm != assertion.signed.algorithm()) {
        return Err(refused(format!("the assertions of this client must be signed with {}", algorithm.name())));
    }
    if let Err(reason) = app.client_keys.verify(app, &client, &assertion.signed).await {
        return Err(unknown().because(reason));
    }
    if client.enabled { Ok(AuthenticatedClient(client)) } else { Err(disabled()) }
}

/// Whether nobody has used it before, on any replica. Kept until no assertion that is taken now can be valid, and longer, for clocks that are behind.
async fn redeem(app: &App, assertion: &Assertion) -> store::Result<bool> {
    let id = assertion.single_use_id();
    let expires_at = app.now().plus(FURTHEST);
    let redeeming = app.store.write_one(move |conn| {
        let id = id.clone();
        Box::pin(async move { spent::redeem(conn, spent::Kind::ClientAssertion, &id, expires_at).await })
    });
    redeeming.await
}

impl Assertion {
    /// RFC 7523 §3, without the signature: what to change, if anything is wrong.
    fn check_claims(&self, issuer: &str, now: Timestamp) -> Result<(), &'static str> {
        let Claims { iss, sub, aud, exp, nbf, iat, jti } = &self.claims;
        if sub.is_none() || iss != sub {
            return Err("iss and sub of the client assertion must both be the client id");
        }
        if self.named.as_ref().is_some_and(|named| *named != self.client_id) {
            return Err("client_id is not the client of the client assertion");
        }
        // The token endpoint's address is not taken: an assertion for another server could be brought here (RFC 7523bis, FAPI 2.0).
        if aud.as_ref().and_then(Value::as_str) != Some(issuer) {
            return Err("aud of the client assertion must be the issuer of this server, as one text: neither a list nor an endpoint");
        }
        let exp = exp.as_ref().and_then(seconds).ok_or("the client assertion has no exp")?;
        if exp <= now {
            return Err("the client assertion has expired: sign a new one, and compare your clock");
        }
        if exp > now.plus(FURTHEST) {
            return Err("exp of the client assertion is more than 5 minutes ahead: let it live for a minute, and compare your clock");
        }
        for time in [nbf, iat].into_iter().flatten() {
            if seconds(time).is_none_or(|time| time > now.plus(SKEW)) {
                return Err("nbf or iat of the client assertion is in the future: compare your clock");
            }
        }
        match jti {
            Some(jti) if (1..=MAX_JTI).contains(&jti.len()) => Ok(()),
            _ => Err("the client assertion needs a jti of 1 to 256 bytes, another one each time"),
        }
    }

    /// Of the client and its `jti`, so that clients are not in each other's way; always of the same length.
    fn single_use_id(&self) -> String {
        let jti = self.claims.jti.as_deref().unwrap_or_default();
        URL_SAFE_NO_PAD.encode(Digest::of(format!("{}:{}{jti}", self.client_id.len(), self.client_id).as_bytes()).as_bytes())
    }
}

/// A `NumericDate` (RFC 7519 §2), which may have a fraction.
fn seconds(number: &Number) -> Option<Timestamp> {
    if let Some(seconds) = number.as_i64() {
        return Some(Timestamp::from_secs(seconds));
    }
    let millis = number.as_f64().map(|seconds| seconds * 1000.0).filter(|millis| (0.0..1e15).contains(millis))?;
    #[expect(clippy::cast_possible_truncation, reason = "it is a whole number of milliseconds that fits")]
    Some(Timestamp::from_millis(millis.floor() as i64))
}

fn refused(description: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Code::InvalidClient, description)
}

#[cfg(test)]
#[path = "assertion_tests.rs"]
mod tests;
