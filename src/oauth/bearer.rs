//! Bearer tokens at protected resources of ours (RFC 6750): where they are taken from, and how they are refused.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, header};

use super::answer;
use super::error::{Body, Code, Error};
use crate::app::App;
use crate::clock::Timestamp;
use crate::tokens::access::{self, AccessClaims};
use crate::web::Params;

/// The claims of an access token of ours. Before one is refused for its key, the key is looked up: another replica may have made it a moment ago.
pub async fn access_claims(app: &App, token: &str, now: Timestamp) -> Option<Arc<AccessClaims>> {
    if let Some(claims) = app.access_tokens.verify(token, now) {
        return Some(claims);
    }
    if app.keys.catch_up(token, Some(access::TYP)).await { app.access_tokens.verify(token, now) } else { None }
}

/// A refusal with its `WWW-Authenticate` (RFC 6750 §3).
#[derive(Debug)]
pub enum Refusal {
    /// The request carried no token: a challenge without an error word (RFC 6750 §3.1).
    NoToken,
    Error(Error),
    /// The token is good but lacks this scope.
    Scope(&'static str),
}

impl Refusal {
    /// `invalid_token`: the client should get another one.
    #[must_use]
    pub fn invalid_token(description: &'static str) -> Self {
        Self::Error(Error::new(Code::InvalidToken, description))
    }
}

impl<E: Into<Error>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (error, scope) = match self {
            Self::NoToken => {
                let error = Error::new(Code::InvalidToken, "no access token: send it as Authorization: Bearer, or in a form body");
                let mut response = error.into_response();
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"vestibule\""));
                return response;
            }
            Self::Error(error) => (error, None),
            Self::Scope(scope) => (Error::new(Code::InsufficientScope, format!("the access token lacks the scope {scope}")), Some(scope)),
        };
        if error.code.status().is_server_error() {
            return error.into_response();
        }
        error.log();
        let description = error.public_description();
        let word = error.code.as_str();
        let scope = scope.map(|scope| format!(", scope=\"{scope}\"")).unwrap_or_default();
        let challenge = format!("Bearer realm=\"vestibule\", error=\"{word}\", error_description=\"{description}\"{scope}");
        let mut response = answer::json(error.code.status(), &Body { error: word, error_description: &description });
        if let Ok(challenge) = HeaderValue::from_str(&challenge) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// The one token of a request: from the `Authorization` header or the form body (RFC 6750 §2.1, §2.2), never from the query (§5.3).
///
/// # Errors
/// None at all, or more than one.
pub fn token(headers: &HeaderMap, query: &Params, form: &Params) -> Result<String, Refusal> {
    let invalid = |description: &'static str| Refusal::Error(Error::new(Code::InvalidRequest, description));
    if query.get("access_token").is_some() {
        return Err(invalid("access tokens are not taken from the query: send Authorization: Bearer"));
    }
    let mut from_header = headers.get_all(header::AUTHORIZATION).iter();
    let from_form = form.get("access_token");
    let Some(value) = from_header.next() else {
        return from_form.map(str::to_owned).ok_or(Refusal::NoToken);
    };
    if from_form.is_some() || from_header.next().is_some() {
        return Err(invalid("the access token was sent in more than one way"));
    }
    let text = value.to_str().map_err(|_| invalid("the Authorization header is not ASCII"))?;
    let (scheme, credentials) = text.split_once(' ').unwrap_or((text, ""));
    let credentials = credentials.trim();
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::NoToken);
    }
    if credentials.is_empty() || credentials.contains(' ') {
        return Err(invalid("the Authorization header must be: Bearer, one space, the access token"));
    }
    Ok(credentials.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap())])
    }

    fn none() -> Params {
        Params::default()
    }

    #[test]
    fn the_scheme_is_case_insensitive() {
        assert_eq!(token(&headers("bEARER abc"), &none(), &none()).unwrap(), "abc");
    }

    #[test]
    fn no_token_is_challenged_without_an_error_word() {
        let response = token(&HeaderMap::new(), &none(), &none()).unwrap_err().into_response();
        assert_eq!(response.status(), 401);
        assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer realm=\"vestibule\"");
        assert!(matches!(token(&headers("Basic abc"), &none(), &none()), Err(Refusal::NoToken)));
    }

    #[test]
    fn two_headers_are_two_tokens() {
        let mut headers = headers("Bearer abc");
        headers.append(header::AUTHORIZATION, HeaderValue::from_static("Bearer abc"));
        let response = token(&headers, &none(), &none()).unwrap_err().into_response();
        assert_eq!(response.status(), 400);
    }

    #[test]
    fn a_missing_scope_is_named_in_the_challenge() {
        let response = Refusal::Scope("openid").into_response();
        assert_eq!(response.status(), 403);
        let challenge = response.headers()[header::WWW_AUTHENTICATE].to_str().unwrap().to_owned();
        assert!(challenge.starts_with("Bearer realm=\"vestibule\", error=\"insufficient_scope\", error_description=\""));
        assert!(challenge.ends_with(", scope=\"openid\""));
    }
}
