//! Cross-site request forgery: a form token bound to the browser's flow cookie, and the browser's own word about where a post comes from.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;

use super::params::Params;
use super::visit::Visit;
use super::{ErrorKind, PageError};
use crate::config::Issuer;
use crate::secret::{Purpose, Sealer};

/// The form field.
pub const FIELD: &str = "csrf_token";

/// Why a post was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The browser says that another site made it post this.
    #[error("the browser says that the post comes from another site")]
    CrossSite,
    /// The token does not fit the flow cookie: forged, or the cookies were cleared meanwhile. A fresh form may be shown.
    #[error("the form token does not fit the browser's flow cookie")]
    Token,
}

impl From<Refusal> for PageError {
    fn from(refusal: Refusal) -> Self {
        Self::because(ErrorKind::Forbidden, refusal)
    }
}

/// The token for forms shown to the browser with this flow cookie value.
#[must_use]
pub fn token(sealer: &Sealer, flow_cookie: &str) -> String {
    URL_SAFE_NO_PAD.encode(sealer.mac(Purpose::Csrf, flow_cookie.as_bytes()))
}

/// Checks `Sec-Fetch-Site` (`same-origin`, or absent), `Origin` (ours, or absent; `null` refused) and the token.
///
/// # Errors
/// `Forbidden`.
pub fn verify(sealer: &Sealer, issuer: &Issuer, visit: &Visit, flow_cookie: Option<&str>, form: &Params) -> Result<(), PageError> {
    check(sealer, issuer, &visit.headers, flow_cookie, form).map_err(PageError::from)
}

/// The same, for pages that answer a token that does not fit with a fresh form.
///
/// # Errors
/// See [`Refusal`].
pub fn check(sealer: &Sealer, issuer: &Issuer, headers: &HeaderMap, flow_cookie: Option<&str>, form: &Params) -> Result<(), Refusal> {
    if !is_same_origin(issuer, headers) {
        return Err(Refusal::CrossSite);
    }
    let cookie = flow_cookie.filter(|value| !value.is_empty()).ok_or(Refusal::Token)?;
    let sent = form.get(FIELD).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()).ok_or(Refusal::Token)?;
    if sealer.verify_mac(Purpose::Csrf, cookie.as_bytes(), &sent) { Ok(()) } else { Err(Refusal::Token) }
}

/// Browsers send both headers with every post; a header sent twice is nothing a browser does.
fn is_same_origin(issuer: &Issuer, headers: &HeaderMap) -> bool {
    let all = |name: &str, expected: &str| headers.get_all(name).iter().all(|value| value.as_bytes() == expected.as_bytes());
    all("sec-fetch-site", "same-origin") && all("origin", &issuer.origin())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::KeyEncryptionKey;

    fn sealer() -> Sealer {
        Sealer::new(&[KeyEncryptionKey::new([1; 32])]).unwrap()
    }

    fn ask(headers: &[(&'static str, &'static str)], cookie: Option<&str>, token: &str) -> Result<(), Refusal> {
        let headers =
            headers.iter().map(|&(name, value)| (http::HeaderName::from_static(name), http::HeaderValue::from_static(value))).collect();
        let form = Params::parse(&format!("{FIELD}={token}")).unwrap();
        check(&sealer(), &"https://id.example.com".parse().unwrap(), &headers, cookie, &form)
    }

    #[test]
    fn a_post_of_our_own_form_passes() {
        let token = token(&sealer(), "cookie");
        assert_eq!(ask(&[("sec-fetch-site", "same-origin"), ("origin", "https://id.example.com")], Some("cookie"), &token), Ok(()));
        assert_eq!(ask(&[], Some("cookie"), &token), Ok(()));
    }

    #[test]
    fn what_the_browser_calls_cross_site_is_refused_even_with_the_right_token() {
        let token = token(&sealer(), "cookie");
        for headers in [
            [("sec-fetch-site", "cross-site")],
            [("sec-fetch-site", "same-site")],
            [("sec-fetch-site", "none")],
            [("origin", "null")],
            [("origin", "https://evil.example")],
            [("origin", "http://id.example.com")],
            [("origin", "https://id.example.com:8443")],
            [("origin", "")],
        ] {
            assert_eq!(ask(&headers, Some("cookie"), &token), Err(Refusal::CrossSite), "{headers:?}");
        }
    }

    #[test]
    fn a_token_fits_its_own_cookie_only() {
        let good = token(&sealer(), "cookie");
        for (cookie, token) in
            [(None, good.as_str()), (Some(""), &good), (Some("other"), &good), (Some("cookie"), "AAAA"), (Some("cookie"), "")]
        {
            assert_eq!(ask(&[], cookie, token), Err(Refusal::Token));
        }
    }
}
