//! Strict parameters: ordered pairs, none twice (RFC 6749 §3.1), an empty value is no value.

use std::collections::HashSet;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use http_body_util::LengthLimitError;

/// The longest query, in bytes.
const MAX_QUERY: usize = 8 * 1024;
/// Of a parameter's name, as errors show it, in characters.
const MAX_SHOWN: usize = 64;
/// The longest body, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// What is wrong with a query or a body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParamsError {
    /// By name, cut and cleaned for logs and descriptions: it is whatever somebody sent.
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
        Self::parse_within(text.as_bytes(), MAX_QUERY)
    }

    fn parse_within(text: &[u8], limit: usize) -> Result<Self, ParamsError> {
        if text.len() > limit {
            return Err(ParamsError::TooLong);
        }
        let mut pairs = Vec::new();
        let mut seen = HashSet::new();
        for part in text.split(|&byte| byte == b'&').filter(|part| !part.is_empty()) {
            let mut halves = part.splitn(2, |&byte| byte == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            if !seen.insert(name.clone()) {
                return Err(ParamsError::Repeated(shown(&name)));
            }
            pairs.push((name, value));
        }
        Ok(Self(pairs))
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

/// Percent-decodes one name or value (WHATWG URL §5.1), but refuses what that algorithm would mend: a stray `%`, bytes that are not UTF-8. NUL is
/// refused because no parameter may contain it and PostgreSQL cannot store it.
fn decode(text: &[u8]) -> Result<String, ParamsError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let ([high, low], tail) = rest.split_first_chunk().ok_or(ParamsError::Malformed)?;
                bytes.push(hex(*high)? << 4 | hex(*low)?);
                rest = tail;
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0')).ok_or(ParamsError::Malformed)
}

/// A name that says what is meant and can do no harm where it is shown: printable ASCII, others replaced.
fn shown(name: &str) -> String {
    name.chars().take(MAX_SHOWN).map(|c| if matches!(c, ' '..='~') { c } else { '?' }).collect()
}

fn hex(digit: u8) -> Result<u8, ParamsError> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        b'A'..=b'F' => Ok(digit - b'A' + 10),
        _ => Err(ParamsError::Malformed),
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

    async fn from_request(request: Request, _state: &S) -> Result<Self, Self::Rejection> {
        let (parts, body) = request.into_parts();
        if !is_urlencoded(&parts.headers) {
            return Ok(Self(Err(ParamsError::ContentType)));
        }
        Ok(Self(read(body).await))
    }
}

async fn read(body: Body) -> Result<Params, ParamsError> {
    let bytes = axum::body::to_bytes(body, MAX_BODY).await.map_err(|error| {
        let error = error.into_inner();
        if error.is::<LengthLimitError>() { ParamsError::TooLong } else { ParamsError::Malformed }
    })?;
    Params::parse_within(&bytes, MAX_BODY)
}

/// The media type of forms (RFC 6749 appendix B), with or without parameters such as `charset`.
fn is_urlencoded(headers: &HeaderMap) -> bool {
    let essence =
        |value: &HeaderValue| value.to_str().ok().map(|text| text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    headers.get(CONTENT_TYPE).and_then(essence).is_some_and(|essence| essence == "application/x-www-form-urlencoded")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        Params::parse(text).unwrap().iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn order_spaces_and_escapes_are_kept() {
        assert_eq!(pairs("b=1+2&a=%C3%A9%26&c"), [("b", "1 2"), ("a", "é&"), ("c", "")].map(|(n, v)| (n.to_owned(), v.to_owned())));
        assert!(pairs("").is_empty());
        assert_eq!(Params::parse("a=b=c").unwrap().get("a"), Some("b=c"));
    }

    /// RFC 6749 §3.1.
    #[test]
    fn no_parameter_may_be_sent_twice_not_even_empty_or_escaped() {
        for text in ["a=1&a=1", "a=&a=1", "a&b&a", "a=1&%61=2"] {
            assert_eq!(Params::parse(text), Err(ParamsError::Repeated("a".to_owned())), "{text}");
        }
    }

    #[test]
    fn a_name_sent_twice_is_shown_short_and_plain() {
        let name = format!("a%0D%0A%1B{}", "x".repeat(1000));
        let told = Params::parse(&format!("{name}=1&{name}=2"));
        assert_eq!(told, Err(ParamsError::Repeated(format!("a???{}", "x".repeat(60)))));
        assert_eq!(Params::parse("%C3%A9&%C3%A9"), Err(ParamsError::Repeated("?".to_owned())));
    }

    /// RFC 6749 §3.1.
    #[test]
    fn an_empty_value_is_no_value() {
        assert_eq!(Params::parse("a=&b=").unwrap().get("a"), None);
    }

    #[test]
    fn what_is_not_well_formed_is_refused_instead_of_mended() {
        for text in ["a=%", "a=%4", "a=%zz", "a=%+1", "a=%ff", "a=%C3", "%ff=1", "a=%00", "a=%ED%A0%80"] {
            assert_eq!(Params::parse(text), Err(ParamsError::Malformed), "{text}");
        }
    }

    #[test]
    fn long_queries_are_refused() {
        let text = format!("a={}", "x".repeat(MAX_QUERY - 2));
        assert!(Params::parse(&text).is_ok());
        assert_eq!(Params::parse(&format!("{text}x")), Err(ParamsError::TooLong));
    }

    #[test]
    fn values_are_not_shown_in_debug_output() {
        assert!(!format!("{:?}", Params::parse("password=hunter2").unwrap()).contains("hunter2"));
    }

    async fn post(content_type: Option<&str>, body: impl Into<Body>) -> Result<Params, ParamsError> {
        let mut request = Request::post("/");
        if let Some(content_type) = content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        StrictForm::from_request(request.body(body.into()).unwrap(), &()).await.unwrap().0
    }

    #[tokio::test]
    async fn only_urlencoded_bodies_are_read() {
        for good in ["application/x-www-form-urlencoded", "Application/X-WWW-Form-Urlencoded; charset=UTF-8"] {
            assert_eq!(post(Some(good), "a=1").await.unwrap().get("a"), Some("1"), "{good}");
        }
        for bad in
            [None, Some("application/json"), Some("text/plain"), Some("multipart/form-data"), Some("application/x-www-form-urlencoded2")]
        {
            assert_eq!(post(bad, "a=1").await, Err(ParamsError::ContentType), "{bad:?}");
        }
    }

    #[tokio::test]
    async fn long_bodies_are_refused() {
        let form = Some("application/x-www-form-urlencoded");
        assert!(post(form, format!("a={}", "x".repeat(MAX_BODY - 2))).await.is_ok());
        assert_eq!(post(form, format!("a={}", "x".repeat(MAX_BODY - 1))).await, Err(ParamsError::TooLong));
        assert_eq!(post(form, vec![b'a', b'=', 0xff]).await, Err(ParamsError::Malformed));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn parsing_never_panics_and_what_is_encoded_comes_back(text in "\\PC{0,200}") {
            if let Ok(params) = Params::parse(&text) {
                prop_assert_eq!(Params::parse(&params.encode()), Ok(params));
            }
        }

        #[test]
        fn a_name_sent_again_is_always_refused(name in "[^\0]{1,80}", first in "[^\0]{0,8}", between in "[a-z=]{0,8}", second in "[^\0]{0,8}") {
            let pair = |value: &str| form_urlencoded::Serializer::new(String::new()).append_pair(&name, value).finish();
            let told = Params::parse(&format!("{}&{between}&{}", pair(&first), pair(&second)));
            let Err(ParamsError::Repeated(shown)) = told else { return Err(TestCaseError::fail(format!("{told:?}"))) };
            prop_assert!(shown.len() <= MAX_SHOWN && shown.bytes().all(|byte| matches!(byte, b' '..=b'~')));
        }

        #[test]
        fn any_pairs_survive_the_round_trip(pairs in proptest::collection::btree_map("[^\0]{1,12}", "[^\0]{0,24}", 0..8)) {
            let params = Params(pairs.into_iter().collect());
            prop_assert_eq!(Params::parse(&params.encode()), Ok(params));
        }
    }
}
