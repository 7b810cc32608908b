//! Client authentication at the token, device authorization, introspection and revocation endpoints (RFC 6749 §2.3).

mod assertion;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, header};
use percent_encoding::percent_decode_str;

use super::client::is_client_id;
use super::client_limit::Attempt;
use super::error::{Code, Error};
use crate::app::App;
use crate::audit;
use crate::clock::Timestamp;
use crate::secret::{Digest, Secret};
use crate::store;
use crate::store::clients::{AuthMethod, Client, ClientSecret};
use crate::web::Params;

/// A client that has proved who it is (or, if public, has said so by the method it registered). Nothing is issued without one.
#[derive(Clone, Debug)]
pub struct AuthenticatedClient(Arc<Client>);

impl AuthenticatedClient {
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.0
    }
}

/// What a request says about its client.
#[derive(Debug)]
struct Credentials {
    client_id: String,
    method: AuthMethod,
    /// Empty for a public client.
    secret: Secret<String>,
}

/// Secrets a client may have at once; as many comparisons are made for every client, known or not.
const SECRET_SLOTS: usize = 2;

/// Only the registered method; two methods at once are refused; `Basic` is form-decoded (RFC 6749 §2.3.1); digests in constant time.
///
/// # Errors
/// `invalid_client`, `invalid_request`.
pub async fn authenticate(app: &App, headers: &HeaderMap, form: &Params, origin: &audit::Origin) -> Result<AuthenticatedClient, Error> {
    match assertion::presented(headers, form) {
        Ok(Some(assertion)) => return assertion::authenticate(app, &assertion, origin).await,
        Ok(None) => {}
        Err(error) => return assertion::refuse(app, form.get("client_id").unwrap_or_default(), error, origin).await,
    }
    let credentials = presented(headers, form)?;
    let client = find(app, &credentials.client_id).await?;
    let attempt = Attempt::of(app, client.as_deref(), &credentials.client_id, origin);
    let checking = || check(client.clone(), &credentials, app.now());
    let failed = recorder(&credentials.client_id, credentials.method, origin);
    attempt.run(app, checking, failed).await
}

/// The client of this id, which anybody may have written.
async fn find(app: &App, client_id: &str) -> store::Result<Option<Arc<Client>>> {
    if is_client_id(client_id) { app.clients.find(client_id).await } else { Ok(None) }
}

/// What the log and the audit have of a failure.
fn recorder<'a>(client_id: &'a str, method: AuthMethod, origin: &'a audit::Origin) -> impl Fn(&Error) -> audit::Event + 'a {
    move |error| {
        tracing::warn!(
            event = audit::Kind::ClientAuthenticationFailed.as_str(),
            client_id = client_id.chars().take(128).collect::<String>(),
            method = method_name(method),
            address = ?origin.address,
            request_id = origin.request_id,
            reason = %error.description,
        );
        audit::Event::new(audit::Kind::ClientAuthenticationFailed, origin).detail("method", method_name(method))
    }
}

/// The one way a request identifies its client without an assertion.
fn presented(headers: &HeaderMap, form: &Params) -> Result<Credentials, Error> {
    let in_form = form.get("client_id");
    let form_secret = form.get("client_secret");
    let mut authorization = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = authorization.next() else {
        let client_id = in_form.ok_or_else(|| {
            Error::new(Code::InvalidClient, "no client authentication: send the client id and secret by the registered method")
        })?;
        let method = if form_secret.is_some() { AuthMethod::ClientSecretPost } else { AuthMethod::None };
        let secret = Secret::new(form_secret.unwrap_or_default().to_owned());
        return Ok(Credentials { client_id: client_id.to_owned(), method, secret });
    };
    if form_secret.is_some() || authorization.next().is_some() {
        return Err(Error::new(Code::InvalidRequest, "the client authenticated in more than one way: use only the registered method"));
    }
    let (client_id, secret) = value.to_str().ok().and_then(basic).ok_or_else(malformed_basic)?;
    if in_form.is_some_and(|id| id != client_id) {
        return Err(Error::new(Code::InvalidRequest, "client_id in the body is not the client of the Authorization header"));
    }
    Ok(Credentials { client_id, method: AuthMethod::ClientSecretBasic, secret: Secret::new(secret) })
}

fn malformed_basic() -> Error {
    let description = "the Authorization header must be: Basic base64(client_id:client_secret), both form-encoded (RFC 6749 section 2.3.1)";
    Error::new(Code::InvalidClient, description)
}

/// Client id and secret of a `Basic` header: base64, split at the first colon, each form-decoded (RFC 6749 §2.3.1).
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (client_id, secret) = decoded.split_once(':')?;
    Some((form_decode(client_id)?, form_decode(secret)?))
}

fn form_decode(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

/// An unknown client and a wrong secret take the same steps and get the same words. That a known client uses another method than it
/// registered is said plainly: its id is public, and integrators lose days over it.
fn check(client: Option<Arc<Client>>, credentials: &Credentials, now: Timestamp) -> Result<AuthenticatedClient, Error> {
    let secrets = client.as_ref().map_or(&[][..], |client| &client.secrets);
    let secret_fits = matches_any(secrets, credentials.secret.expose(), now);
    let registered = client.as_ref().map_or(credentials.method, |client| client.metadata.token_endpoint_auth_method);
    if registered != credentials.method {
        return Err(not_registered(credentials.method, registered));
    }
    match client {
        Some(client) if registered == AuthMethod::None || secret_fits => {
            if client.enabled {
                Ok(AuthenticatedClient(client))
            } else {
                Err(disabled())
            }
        }
        _ => Err(Error::new(Code::InvalidClient, "client authentication failed: unknown client, or the client secret is not valid")),
    }
}

fn not_registered(used: AuthMethod, registered: AuthMethod) -> Error {
    let (used, registered) = (method_name(used), method_name(registered));
    let description = format!("client authentication failed: {used} is not allowed for this client (registered: {registered})");
    Error::new(Code::InvalidClient, description)
}

fn disabled() -> Error {
    Error::new(Code::InvalidClient, "this client is disabled")
}

/// Compares with every secret, and as often for a client that has none, so that time tells nothing.
fn matches_any(secrets: &[ClientSecret], presented: &str, now: Timestamp) -> bool {
    let digest = Digest::of(presented.as_bytes());
    let mut matched = false;
    for slot in 0..SECRET_SLOTS.max(secrets.len()) {
        let (known, valid) = match secrets.get(slot) {
            Some(secret) => (secret.digest, secret.expires_at.is_none_or(|end| now < end)),
            None => (Digest::from_bytes([0; 32]), false),
        };
        matched |= (known == digest) & valid;
    }
    matched
}

const fn method_name(method: AuthMethod) -> &'static str {
    match method {
        AuthMethod::ClientSecretBasic => "client_secret_basic",
        AuthMethod::ClientSecretPost => "client_secret_post",
        AuthMethod::PrivateKeyJwt => "private_key_jwt",
        AuthMethod::None => "none",
    }
}

#[cfg(test)]
mod tests;
