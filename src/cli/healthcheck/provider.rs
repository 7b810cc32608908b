//! What an application asks of a provider before anybody can sign in.
//!
//! OpenID Connect Discovery 1.0 §4, RFC 7517 §5, RFC 6749 §5.2.

use http::StatusCode;
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use reqwest::{Client, RequestBuilder};
use serde_json::Value;

use super::unreachable;
use crate::cli::failure::Failure;

/// No discovery document and no key set is longer.
const MOST: usize = 256 * 1024;

/// A provider that applications can use.
#[derive(Debug)]
pub(super) struct Provider {
    pub keys: usize,
    /// What ID tokens are signed with.
    pub algorithms: Vec<String>,
}

/// An answer that was JSON.
struct Document {
    status: StatusCode,
    challenge: bool,
    body: Value,
}

/// Asks the service at `base`, whose public URL is `issuer`.
///
/// # Errors
/// The first thing that is not as an application needs it.
pub(super) async fn look(client: &Client, base: &str, issuer: &str) -> Result<Provider, Failure> {
    let url = format!("{base}/.well-known/openid-configuration");
    let document = ask(client.get(&url), &url).await?.body;
    let theirs = text(&document, "issuer");
    // To the letter: applications compare it so (§4.3).
    if theirs != issuer {
        return Err(wrong(&format!(
            "{url} says that the issuer is {theirs:?}, not {issuer:?}. Set server.public_url to the URL that applications know"
        )));
    }
    let at = |member: &str| {
        let public = text(&document, member);
        let path = public.strip_prefix(issuer).filter(|path| path.starts_with('/'));
        path.map(|path| format!("{base}{path}")).ok_or_else(|| wrong(&format!("{url}: {member} {public:?} is not below the issuer")))
    };
    let algorithms: Vec<String> =
        list(&document, "id_token_signing_alg_values_supported").filter_map(Value::as_str).map(str::to_owned).collect();
    let keys = look_at_keys(client, &at("jwks_uri")?, &algorithms).await?;
    look_at_token_endpoint(client, &at("token_endpoint")?).await?;
    Ok(Provider { keys, algorithms })
}

/// Each announced algorithm has a key that verifies.
async fn look_at_keys(client: &Client, url: &str, algorithms: &[String]) -> Result<usize, Failure> {
    let set = ask(client.get(url), url).await?.body;
    let keys: Vec<&Value> = list(&set, "keys").filter(|key| text(key, "use") != "enc" && !text(key, "kid").is_empty()).collect();
    if keys.is_empty() || algorithms.is_empty() {
        return Err(wrong(&format!("{url} has {} keys, for the {} algorithms of the discovery document", keys.len(), algorithms.len())));
    }
    match algorithms.iter().find(|algorithm| !keys.iter().any(|key| text(key, "alg") == algorithm.as_str())) {
        Some(missing) => {
            Err(wrong(&format!("{url} has no key for {missing}, which the discovery document announces. See `vestibule keys list`")))
        }
        None => Ok(keys.len()),
    }
}

/// What is no token request, and one of nobody: neither leaves a trace in the audit log, and no secret is tried.
async fn look_at_token_endpoint(client: &Client, url: &str) -> Result<(), Failure> {
    let form = client.post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body("grant_type=authorization_code");
    for (request, status, code) in
        [(client.post(url), StatusCode::BAD_REQUEST, "invalid_request"), (form, StatusCode::UNAUTHORIZED, "invalid_client")]
    {
        let answer = ask(request, url).await?;
        let error = text(&answer.body, "error");
        if answer.status != status || error != code || (status == StatusCode::UNAUTHORIZED && !answer.challenge) {
            return Err(wrong(&format!("{url} answered {} {error:?} where RFC 6749 has {status} {code:?}", answer.status)));
        }
    }
    Ok(())
}

/// One answer, of whatever status; anything but JSON is somebody else's.
async fn ask(request: RequestBuilder, url: &str) -> Result<Document, Failure> {
    let mut response = request.send().await.map_err(|error| unreachable("Ready, but not usable", url, &error))?;
    let status = response.status();
    let challenge = response.headers().contains_key(WWW_AUTHENTICATE);
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable("Ready, but not usable", url, &error))? {
        body.extend_from_slice(&chunk);
        if body.len() > MOST {
            return Err(wrong(&format!("{url}: the answer is longer than {MOST} bytes")));
        }
    }
    let media = kind.split(';').next().unwrap_or_default().trim();
    let is_json = media == "application/json" || media == "application/jwk-set+json";
    let value = serde_json::from_slice::<Value>(&body).ok().filter(|_| is_json);
    let body = value.ok_or_else(|| wrong(&format!("{url} answered {status} and {kind:?}, not JSON: something else answers there")))?;
    Ok(Document { status, challenge, body })
}

fn wrong(what: &str) -> Failure {
    Failure::new(format!("Ready, but not usable: {what}."))
}

fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

fn list<'v>(value: &'v Value, member: &str) -> impl Iterator<Item = &'v Value> {
    value.get(member).and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
#[path = "provider_tests.rs"]
mod tests;
