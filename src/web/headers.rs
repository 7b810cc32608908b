//! Security headers, on every response, whoever made it: pages bring their own content security policy, everything else gets the strictest.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};

/// The policy of responses that are no documents: nothing may load, nothing may frame.
const NO_DOCUMENT: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// Two years. Subdomains are other people's: the operator's own decision, made at the proxy.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=63072000");

/// What none of our pages needs.
const PERMISSIONS: HeaderValue =
    HeaderValue::from_static("browsing-topics=(), camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()");

const OPENER: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const NO_OPENER: HeaderValue = HeaderValue::from_static("same-origin");
const ANY_OPENER: HeaderValue = HeaderValue::from_static("unsafe-none");

const ALWAYS: [(HeaderName, HeaderValue); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
];

/// What the layer has to know.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Browsers reach us over TLS (`Issuer::is_https`): say so for the future.
    pub https: bool,
    /// Paths that applications may open in a window of their own and get the answer of: anything else is cut off from its opener.
    pub pop_up_paths: &'static [&'static str],
}

/// Middleware: adds the security headers a response lacks. To be mounted outermost, so that nothing leaves without them.
pub async fn layer(State(settings): State<Settings>, request: Request, next: Next) -> Response {
    let opener = if settings.pop_up_paths.contains(&request.uri().path()) { ANY_OPENER } else { NO_OPENER };
    let mut response = next.run(request).await;
    let status = response.status();
    harden(response.headers_mut(), status, opener, settings.https);
    response
}

fn harden(headers: &mut HeaderMap, status: StatusCode, opener: HeaderValue, https: bool) {
    headers.entry(OPENER).or_insert(opener);
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(value);
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(NO_DOCUMENT);
    if https {
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(HSTS);
    }
    // An error or a redirect that nobody gave a lifetime must not be served to somebody else.
    if !status.is_success() && status != StatusCode::NOT_MODIFIED {
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hardened(status: StatusCode, https: bool) -> HeaderMap {
        let mut headers = HeaderMap::new();
        harden(&mut headers, status, NO_OPENER, https);
        headers
    }

    #[test]
    fn every_response_gets_every_header() {
        for status in [StatusCode::OK, StatusCode::NOT_FOUND, StatusCode::INTERNAL_SERVER_ERROR] {
            let headers = hardened(status, true);
            assert_eq!(headers["content-security-policy"], "default-src 'none'; frame-ancestors 'none'");
            assert_eq!(headers["x-content-type-options"], "nosniff");
            assert_eq!(headers["x-frame-options"], "DENY");
            assert_eq!(headers["referrer-policy"], "no-referrer");
            assert_eq!(headers["cross-origin-opener-policy"], "same-origin");
            assert_eq!(headers["strict-transport-security"], "max-age=63072000");
        }
    }

    #[test]
    fn plain_http_promises_no_tls() {
        assert!(!hardened(StatusCode::OK, false).contains_key("strict-transport-security"));
    }

    #[test]
    fn what_a_page_brought_along_stays() {
        let mut headers = HeaderMap::from_iter([(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'self'"))]);
        harden(&mut headers, StatusCode::OK, NO_OPENER, false);
        assert_eq!(headers["content-security-policy"], "default-src 'self'");
    }

    #[test]
    fn errors_are_not_stored() {
        assert_eq!(hardened(StatusCode::NOT_FOUND, false)["cache-control"], "no-store");
        assert!(!hardened(StatusCode::OK, false).contains_key("cache-control"));
    }
}
