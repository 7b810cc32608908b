//! A response, read whole, with the promises every response keeps.

use http::{HeaderMap, StatusCode};
use serde_json::Value;
use url::Url;

/// What the service answered.
#[derive(Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// Method and path, for messages.
    pub asked: String,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} -> {} {:?}\n{}", self.asked, self.status, self.headers, self.text())
    }
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        assert!(self.header("content-type").starts_with("application/json"), "JSON expected: {self:?}");
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// A header's value; empty when absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub fn has(&self, name: &str) -> bool {
        self.headers.contains_key(name)
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        self
    }

    /// The OAuth error of a JSON answer: `(status, error)`.
    #[track_caller]
    pub fn error(&self) -> (u16, String) {
        let json = self.json();
        let word = json["error"].as_str().unwrap_or_else(|| panic!("no error member: {self:?}"));
        (self.status.as_u16(), word.to_owned())
    }

    /// Demands this OAuth error, a description that can be shown, and nothing that may be cached.
    #[track_caller]
    pub fn expect_error(&self, status: u16, word: &str) {
        assert_eq!(self.error(), (status, word.to_owned()), "{self:?}");
        let json = self.json();
        let description = json["error_description"].as_str().unwrap_or_default();
        assert_description(description, &format!("{self:?}"));
        assert!(self.header("cache-control").contains("no-store"), "an error must not be cached: {self:?}");
    }

    /// Where a redirect goes, resolved against the issuer.
    #[track_caller]
    pub fn location(&self) -> Url {
        assert!(self.status.is_redirection(), "a redirect expected: {self:?}");
        Url::parse(super::ISSUER).unwrap().join(self.header("location")).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn is_html(&self) -> bool {
        self.header("content-type").starts_with("text/html")
    }

    pub fn set_cookies(&self) -> Vec<String> {
        self.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned()).collect()
    }
}

/// RFC 6749 §5.2: printable ASCII without `"` and `\`; ours has at most 200 characters and is never empty.
#[track_caller]
pub fn assert_description(description: &str, context: &str) {
    assert!(!description.is_empty(), "an error without a description helps nobody: {context}");
    assert!(description.len() <= 200, "too long ({}): {context}", description.len());
    assert!(description.bytes().all(|b| matches!(b, 0x20..=0x7E) && b != b'"' && b != b'\\'), "{context}");
}

/// What holds for every response of the service, checked on each one the suite sees.
#[track_caller]
pub fn assert_promises(answer: &Answer) {
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{answer:?}");
    assert!(!matches!(answer.status.as_u16(), 301 | 302 | 307 | 308), "a redirect after a form must be a 303 (RFC 9700 §4.12): {answer:?}");
    for cookie in answer.set_cookies() {
        assert_cookie(&cookie);
    }
    if answer.is_html() {
        assert_page_headers(answer);
    }
}

#[track_caller]
fn assert_cookie(cookie: &str) {
    let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
    let attributes: Vec<String> = attributes.split(';').map(|part| part.trim().to_ascii_lowercase()).collect();
    let has = |wanted: &str| attributes.iter().any(|attribute| attribute == wanted);
    assert!(pair.starts_with("__Host-"), "{cookie}");
    assert!(has("secure") && has("httponly") && has("path=/") && has("samesite=lax"), "{cookie}");
    assert!(!attributes.iter().any(|attribute| attribute.starts_with("domain")), "{cookie}");
}

#[track_caller]
fn assert_page_headers(answer: &Answer) {
    let csp = answer.header("content-security-policy");
    for directive in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action "] {
        assert!(csp.contains(directive), "`{directive}` is missing from the content security policy: {answer:?}");
    }
    assert!(!csp.contains("unsafe-inline") && !csp.contains("unsafe-eval") && !csp.contains('*'), "{answer:?}");
    assert_eq!(answer.header("referrer-policy"), "no-referrer", "{answer:?}");
    // Pages of an application's request may be in a window that the application opened and waits for.
    assert!(["same-origin", "unsafe-none"].contains(&answer.header("cross-origin-opener-policy")), "{answer:?}");
    assert!(answer.header("cache-control").contains("no-store"), "{answer:?}");
    assert!(!answer.header("content-language").is_empty(), "{answer:?}");
}
