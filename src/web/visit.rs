//! Who is asking: what every handler wants to know about a request.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;

use super::i18n::Locale;

/// The circumstances of a request. Put into the request's extensions by `web::visit::layer` (all requests), taken out by this extractor.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The client's address, after trusted proxies.
    pub address: IpAddr,
    pub request_id: String,
    /// From `?lang=`, the language cookie, `Accept-Language`, or the default, in this order.
    pub locale: Locale,
    /// Whether the locale was picked by the person (query or cookie): then `ui_locales` does not override it.
    pub locale_picked: bool,
    pub headers: HeaderMap,
}

impl Visit {
    /// A cookie's value.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        todo!()
    }

    /// The locale to render in, given the `ui_locales` of the authorization request (OpenID Connect Core §3.1.2.1).
    #[must_use]
    pub fn locale_for(&self, ui_locales: Option<&str>) -> Locale {
        todo!()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        todo!()
    }
}
