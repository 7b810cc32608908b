//! An HTML document as a response.

use std::collections::BTreeSet;

use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, HeaderValue, VARY};
use url::Url;

use crate::web::Locale;

/// Nothing from elsewhere, nothing inline, no framing, no `<base>`.
const POLICY: [&str; 2] = [
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action 'self'",
    "; frame-ancestors 'none'; base-uri 'none'",
];

/// With the headers that belong to a document; `web::headers::layer` adds those that every response has.
pub(super) fn respond(status: StatusCode, locale: Locale, html: String, form_action: Option<&str>) -> Response {
    let mut response = (status, Html(html)).into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(locale.tag()));
    headers.insert(VARY, HeaderValue::from_static("Accept-Language, Cookie"));
    headers.insert(CONTENT_SECURITY_POLICY, policy(form_action));
    response
}

fn policy(form_action: Option<&str>) -> HeaderValue {
    let [start, end] = POLICY;
    let sources = form_action.unwrap_or_default().split(' ').filter(|source| is_source(source));
    let sources: String = sources.flat_map(|source| [" ", source]).collect();
    HeaderValue::from_str(&format!("{start}{sources}{end}"))
        .unwrap_or(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"))
}

/// Characters that cannot end the source, the directive or the policy.
fn is_source(text: &str) -> bool {
    text.contains(':') && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'/' | b'.' | b'-' | b'+' | b'_'))
}

/// The CSP source (CSP3 §2.3.1) of the place a redirect URI leads to: `https://app.example.com:8443` for the web, `com.example.app:` for a native
/// application's own scheme. None when it is no URL.
#[must_use]
pub fn form_action_source(redirect_uri: &str) -> Option<String> {
    let url = Url::parse(redirect_uri).ok()?;
    match (url.scheme(), url.host()) {
        // CSP has no way to write an IPv6 address; a redirect to one is a native application on this machine.
        ("http" | "https", Some(url::Host::Ipv6(_))) | (_, None) => Some(format!("{}:", url.scheme())),
        ("http" | "https", Some(_)) => Some(url.origin().ascii_serialization()),
        _ => Some(format!("{}:", url.scheme())),
    }
}

/// The sources of a redirect URI and of its client's other places, once each and separated by spaces: for a client that redirects onward from its
/// redirect URI (browsers hold every redirect after a post against `form-action`, the application's own too). Of the others only those that CSP
/// can name: for a host it cannot write, all of `http:` or `https:` is opened only when the answer itself goes there.
#[must_use]
pub fn form_action_sources<'a>(redirect_uri: &str, others: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let others = others.into_iter().filter_map(form_action_source).filter(|source| !matches!(source.as_str(), "http:" | "https:"));
    let sources: BTreeSet<String> = form_action_source(redirect_uri).into_iter().chain(others).collect();
    (!sources.is_empty()).then(|| sources.into_iter().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_uri_becomes_a_source() {
        for (uri, source) in [
            ("https://app.example.com/callback?x=1", "https://app.example.com"),
            ("https://app.example.com:8443/callback", "https://app.example.com:8443"),
            ("http://127.0.0.1:51004/", "http://127.0.0.1:51004"),
            ("http://[::1]:51004/", "http:"),
            ("com.example.app:/callback", "com.example.app:"),
            ("com.example.app://callback", "com.example.app:"),
            ("https://b\u{fc}cher.example/", "https://xn--bcher-kva.example"),
        ] {
            assert_eq!(form_action_source(uri).as_deref(), Some(source), "{uri}");
        }
        assert_eq!(form_action_source("not a url"), None);
    }

    #[test]
    fn a_source_cannot_add_to_the_policy() {
        for source in ["https://a.example;", "*", "'unsafe-inline'", "https://a.example,x", "", "https://*.example"] {
            assert_eq!(policy(Some(source)), policy(None), "{source}");
        }
        assert_eq!(policy(Some("https://a.example; script-src *")), policy(None));
    }

    #[test]
    fn several_places_are_named_once_each() {
        let sources = form_action_sources("https://b.example/x", ["https://a.example/", "https://b.example/y", "nonsense"]);
        assert_eq!(sources.as_deref(), Some("https://a.example https://b.example"));
        assert!(policy(sources.as_deref()).to_str().unwrap().contains("form-action 'self' https://a.example https://b.example;"));
        assert_eq!(form_action_sources("nonsense", []), None);
    }

    #[test]
    fn an_address_that_csp_cannot_write_opens_its_scheme_only_to_its_own_flow() {
        let (web, native) = ("https://a.example/cb", "http://[::1]/cb");
        let others = [web, native, "https://[2001:db8::1]/cb", "com.example.app:/cb"];
        assert_eq!(form_action_sources(web, others).as_deref(), Some("com.example.app: https://a.example"));
        assert_eq!(form_action_sources("http://[::1]:51004/cb", others).as_deref(), Some("com.example.app: http: https://a.example"));
    }
}
