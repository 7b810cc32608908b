//! Verifying a logout token (OpenID Connect Back-Channel Logout §2.6) with the keys of the discovery document.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{CoreJsonWebKey, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKey as _, ProviderMetadataWithLogout};
use serde_json::Value;

use crate::relying_party::Problem;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// The claims of a compact JWS, unverified.
pub fn payload(token: &str) -> Result<Value, Problem> {
    let part = token.split('.').nth(1).ok_or("not a JWS")?;
    Ok(serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part)?)?)
}

/// Answers the `sid` of the session that has ended.
pub fn verify(token: &str, metadata: &ProviderMetadataWithLogout, client_id: &str) -> Result<String, Problem> {
    let (signed, signature) = token.rsplit_once('.').ok_or("not a JWS")?;
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(signed.split('.').next().unwrap_or_default())?)?;
    if header.get("typ").and_then(Value::as_str) != Some("logout+jwt") {
        return Err("not a logout token".into());
    }
    let kid = header.get("kid").and_then(Value::as_str).ok_or("no kid")?;
    let key: &CoreJsonWebKey =
        metadata.jwks().keys().iter().find(|key| key.key_id().is_some_and(|id| id.as_str() == kid)).ok_or("signed with an unknown key")?;
    let algorithm: CoreJwsSigningAlgorithm = serde_json::from_value(header.get("alg").cloned().unwrap_or_default())?;
    key.verify_signature(&algorithm, signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature)?)?;

    let claims = payload(token)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(metadata.issuer().as_str()) || text("aud") != Some(client_id) {
        return Err("a logout token for somebody else".into());
    }
    if claims.get("nonce").is_some() || claims.get("events").and_then(|events| events.get(EVENT)).is_none() {
        return Err("not a logout token".into());
    }
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed()?.as_secs();
    if claims.get("exp").and_then(Value::as_u64).is_none_or(|exp| exp < now) {
        return Err("the logout token has expired".into());
    }
    text("sid").map(str::to_owned).ok_or_else(|| "no sid".into())
}
