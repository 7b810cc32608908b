//! Strict parameters: ordered pairs, none twice (RFC 6749 §3.1), an empty value is no value.

use axum::extract::{FromRequest, FromRequestParts, Request};
use http::request::Parts;

/// What is wrong with a query or a body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParamsError {
    #[error("parameter {0} was sent more than once")]
    Repeated(String),
    #[error("the parameters are too long")]
    TooLong,
    #[error("the body must be application/x-www-form-urlencoded")]
    ContentType,
    #[error("the parameters are not well-formed UTF-8")]
    Malformed,
}

/// Parameters as they came.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, String)>);

impl std::fmt::Debug for Params {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl Params {
    /// From `application/x-www-form-urlencoded` text of at most 8 KiB.
    ///
    /// # Errors
    /// See [`ParamsError`].
    pub fn parse(text: &str) -> Result<Self, ParamsError> {
        todo!()
    }

    /// The value, unless absent or empty (RFC 6749 §3.1: treated as if omitted).
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, v)| n == name && !v.is_empty()).map(|(_, v)| v.as_str())
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }

    /// As text again.
    #[must_use]
    pub fn encode(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(self.iter()).finish()
    }
}

/// The query string. The handler gets the error, because only it knows in which shape to answer.
#[derive(Debug)]
pub struct StrictQuery(pub Result<Params, ParamsError>);

impl<S: Send + Sync> FromRequestParts<S> for StrictQuery {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(Params::parse(parts.uri.query().unwrap_or_default())))
    }
}

/// The urlencoded body, at most 64 KiB. The handler gets the error.
#[derive(Debug)]
pub struct StrictForm(pub Result<Params, ParamsError>);

impl<S: Send + Sync> FromRequest<S> for StrictForm {
    type Rejection = std::convert::Infallible;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        todo!()
    }
}
