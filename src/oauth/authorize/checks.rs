//! Every check of an authorization request whose redirect URI is proven: the list, and one function each.
//!
//! A check reads its parameters and either refuses them, or writes what they mean into the request.

use std::time::Duration;

use super::claims;
use super::request::{Asked, AuthorizeRequest};
use crate::interaction::step::Prompt;
use crate::oauth::redirect_uri::takes_forms;
use crate::oauth::scopes::check_audience;
use crate::oauth::{Code, Error, pkce};
use crate::session::{AAL1, AAL2};
use crate::store::clients::{Client, GrantType};
use crate::tokens::Scope;
use crate::tokens::custom_scope::Scopes;

/// A named check and the clause it enforces.
pub struct Check {
    pub name: &'static str,
    pub clause: &'static str,
    pub run: fn(&Asked<'_>, &mut AuthorizeRequest) -> Result<(), Error>,
}

/// In the order they are made; the first that fails decides the error.
pub const ALL: &[Check] = &[
    Check { name: "state", clause: "RFC 6749 §4.1.1; at most 2 KiB", run: state },
    Check { name: "response_type", clause: "RFC 6749 §4.1.1, RFC 9700 §2.1.2: code, nothing else", run: response_type },
    Check { name: "response_mode", clause: "OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode §2", run: response_mode },
    Check { name: "request", clause: "OpenID Connect Core §3.1.2.6, §6.1", run: request_object },
    Check { name: "request_uri", clause: "OpenID Connect Core §3.1.2.6, §6.2", run: request_uri },
    Check { name: "registration", clause: "OpenID Connect Core §3.1.2.6, §7.2.1", run: registration },
    Check { name: "grant_type", clause: "RFC 6749 §4.1.2.1 unauthorized_client", run: grant_type },
    Check { name: "scope", clause: "RFC 6749 §3.3, OpenID Connect Core §3.1.2.1, §11", run: scope },
    Check { name: "code_challenge", clause: "RFC 7636 §4.3, §4.4.1, RFC 9700 §2.1.1", run: code_challenge },
    Check { name: "nonce", clause: "OpenID Connect Core §3.1.2.1; at most 2 KiB", run: nonce },
    Check { name: "prompt", clause: "OpenID Connect Core §3.1.2.1", run: prompt },
    Check { name: "max_age", clause: "OpenID Connect Core §3.1.2.1", run: max_age },
    Check { name: "acr_values", clause: "OpenID Connect Core §3.1.2.1, RFC 9470 §4", run: acr_values },
    Check { name: "claims", clause: "OpenID Connect Core §5.5, §5.5.1.1", run: claims::acr },
    Check { name: "id_token_hint", clause: "OpenID Connect Core §3.1.2.1, §3.1.2.2", run: id_token_hint },
];

/// Of `state` and `nonce`.
pub const MAX_VALUE: usize = 2048;

/// The value of `response_mode` with which the answer is a form (OAuth 2.0 Form Post Response Mode §2).
pub const FORM_POST: &str = "form_post";

/// Browsers make every line break in a field CR LF (HTML §4.10.21.4): an application would not know its own state again. RFC 6749 §A.5 allows no control
/// characters anyway.
pub fn survives_a_form(state: &str) -> bool {
    !state.chars().any(char::is_control)
}

fn refuse(code: Code, description: impl Into<std::borrow::Cow<'static, str>>) -> Result<(), Error> {
    Err(Error::new(code, description))
}

fn state(asked: &Asked<'_>, _: &mut AuthorizeRequest) -> Result<(), Error> {
    match asked.params.get("state") {
        Some(state) if state.len() > MAX_VALUE => refuse(Code::InvalidRequest, "state is longer than 2048 bytes"),
        _ => Ok(()),
    }
}

fn response_type(asked: &Asked<'_>, _: &mut AuthorizeRequest) -> Result<(), Error> {
    match asked.params.get("response_type") {
        Some("code") => Ok(()),
        Some(_) => refuse(Code::UnsupportedResponseType, "response_type must be code"),
        None => refuse(Code::InvalidRequest, "response_type is missing; it must be code"),
    }
}

fn response_mode(asked: &Asked<'_>, _: &mut AuthorizeRequest) -> Result<(), Error> {
    match asked.params.get("response_mode") {
        None | Some("query") => Ok(()),
        Some(FORM_POST) if !asked.params.get("redirect_uri").is_some_and(takes_forms) => {
            refuse(Code::InvalidRequest, "response_mode=form_post needs a redirect_uri of http or https")
        }
        Some(FORM_POST) if !asked.params.get("state").is_none_or(survives_a_form) => {
            refuse(Code::InvalidRequest, "state has control characters, which browsers change in a form")
        }
        Some(FORM_POST) => Ok(()),
        Some(_) => refuse(Code::InvalidRequest, "response_mode must be query or form_post, or left out"),
    }
}

/// Ignoring a request object would mean to answer another request than the one that was signed.
fn request_object(asked: &Asked<'_>, _: &mut AuthorizeRequest) -> Result<(), Error> {
    match asked.params.get("request") {
        Some(_) => refuse(Code::RequestNotSupported, "request objects are not supported; send the parameters themselves"),
        None => Ok(()),
    }
}

/// Nothing is fetched.
fn request_uri(asked: &Asked<'_>, _: &mut AuthorizeRequest) -> Result<(), Error> {
    match asked.params.get("request_uri") {
        Some(_) => refuse(Code::RequestUriNotSupported, "request_uri is not supported; send the parameters themselves"),
        None => Ok(()),
    }
}

fn registration(asked: &Asked<'_>, _: &mut AuthorizeRequest) -> Result<(), Error> {
    match asked.params.get("registration") {
        Some(_) => refuse(Code::RegistrationNotSupported, "registration is not supported; the client must be registered beforehand"),
        None => Ok(()),
    }
}

fn grant_type(asked: &Asked<'_>, _: &mut AuthorizeRequest) -> Result<(), Error> {
    if asked.client.may_use(GrantType::AuthorizationCode) {
        return Ok(());
    }
    refuse(Code::UnauthorizedClient, "the client is not registered for the grant type authorization_code")
}

/// Values nobody knows are ignored (OpenID Connect Core §3.1.2.1); known ones that the client is not registered for are not.
/// `offline_access` counts where a refresh token can be issued at all, and is ignored elsewhere (§11): whether a person agrees to it is
/// asked on the consent page, of first-party clients by the operator's setting. Without `openid` this is plain OAuth, with no ID token.
fn scope(asked: &Asked<'_>, request: &mut AuthorizeRequest) -> Result<(), Error> {
    request.scope = check_scope(asked.params.get("scope"), asked.client, asked.scopes)?;
    Ok(())
}

/// What a client may have of the scope it asks for, where a person is to agree to it.
///
/// # Errors
/// `invalid_scope`.
pub fn check_scope(asked: Option<&str>, client: &Client, scopes: &Scopes) -> Result<Scope, Error> {
    let invalid = |description: String| Error::new(Code::InvalidScope, description);
    let Some(wanted) = Scope::parse(asked.unwrap_or_default()) else {
        return Err(invalid("scope is not a list of at most 50 scope values of RFC 6749 in at most 1024 bytes".to_owned()));
    };
    let wanted = if client.may_use(GrantType::RefreshToken) { wanted } else { wanted.without("offline_access") };
    let registered = scopes.registered(client);
    let mut known = Scope::KNOWN.into_iter().chain(scopes.names());
    if let Some(refused) = known.find(|value| wanted.contains(value) && !registered.contains(value)) {
        return Err(invalid(format!("the client is not registered for the scope {refused}")));
    }
    let scope = wanted.intersection(&registered);
    if scope.is_empty() {
        return Err(invalid("scope is missing, or has no value that this service knows; ask for openid at least".to_owned()));
    }
    check_audience(scopes, &scope).map_err(invalid)?;
    Ok(scope)
}

/// A challenge without a method would be `plain` (RFC 7636 §4.3), which is never accepted; a method without a challenge is a mistake.
/// A public client cannot be exempted, whatever its registration says.
fn code_challenge(asked: &Asked<'_>, request: &mut AuthorizeRequest) -> Result<(), Error> {
    let required = asked.client.is_public() || asked.client.metadata.require_pkce;
    match (asked.params.get("code_challenge"), asked.params.get("code_challenge_method")) {
        (None, None) if required => refuse(Code::InvalidRequest, "code_challenge is missing: PKCE with S256 is required"),
        (None, None) => Ok(()),
        (None, Some(_)) => refuse(Code::InvalidRequest, "code_challenge_method was sent without code_challenge"),
        (Some(challenge), Some("S256")) if pkce::is_challenge(challenge) => {
            request.code_challenge = Some(challenge.to_owned());
            Ok(())
        }
        (Some(_), Some("S256")) => refuse(Code::InvalidRequest, "code_challenge is not the base64url form of a SHA-256 (43 characters)"),
        (Some(_), None) => refuse(Code::InvalidRequest, "code_challenge_method is missing, which means plain; it must be S256"),
        (Some(_), Some(_)) => refuse(Code::InvalidRequest, "code_challenge_method must be S256"),
    }
}

fn nonce(asked: &Asked<'_>, request: &mut AuthorizeRequest) -> Result<(), Error> {
    match asked.params.get("nonce") {
        Some(nonce) if nonce.len() > MAX_VALUE => refuse(Code::InvalidRequest, "nonce is longer than 2048 bytes"),
        nonce => {
            request.nonce = nonce.map(str::to_owned);
            Ok(())
        }
    }
}

fn prompt(asked: &Asked<'_>, request: &mut AuthorizeRequest) -> Result<(), Error> {
    let mut prompt = Prompt::default();
    for value in asked.params.get("prompt").unwrap_or_default().split(' ').filter(|value| !value.is_empty()) {
        match value {
            "none" => prompt.none = true,
            "login" => prompt.login = true,
            "consent" => prompt.consent = true,
            "select_account" => prompt.select_account = true,
            // Whether people may register here is looked at by the endpoint.
            "create" => prompt.create = true,
            _ => return refuse(Code::InvalidRequest, "prompt has a value other than those of prompt_values_supported"),
        }
    }
    if prompt.none && (prompt.login || prompt.consent || prompt.select_account || prompt.create) {
        return refuse(Code::InvalidRequest, "prompt=none cannot be combined with other values");
    }
    request.prompt = prompt;
    Ok(())
}

fn max_age(asked: &Asked<'_>, request: &mut AuthorizeRequest) -> Result<(), Error> {
    let Some(text) = asked.params.get("max_age") else { return Ok(()) };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse().ok().filter(|_| digits) {
        Some(secs) => {
            request.max_age = Some(Duration::from_secs(secs));
            Ok(())
        }
        None => refuse(Code::InvalidRequest, "max_age must be a number of seconds, 0 or more"),
    }
}

/// In order of preference; the first one we know counts, and values nobody knows are ignored. Whoever prefers two factors gets them, or no code:
/// an application that asks because a resource server refused it (RFC 9470) is not helped by less.
#[expect(clippy::unnecessary_wraps, reason = "a check among checks")]
fn acr_values(asked: &Asked<'_>, request: &mut AuthorizeRequest) -> Result<(), Error> {
    let values = asked.params.get("acr_values").unwrap_or_default();
    request.aal2 = values.split(' ').find(|value| [AAL1, AAL2].contains(value)) == Some(AAL2);
    Ok(())
}

/// A token that has expired still names a person; one that we did not sign names nobody.
fn id_token_hint(asked: &Asked<'_>, request: &mut AuthorizeRequest) -> Result<(), Error> {
    let Some(hint) = asked.params.get("id_token_hint") else { return Ok(()) };
    match (asked.hinted_user)(hint) {
        Some(user) => {
            request.hinted_user = Some(user);
            Ok(())
        }
        None => refuse(Code::InvalidRequest, "id_token_hint is not an ID token of this issuer"),
    }
}

#[cfg(test)]
#[path = "checks_tests.rs"]
mod tests;
