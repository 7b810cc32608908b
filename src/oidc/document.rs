//! Public documents that are the same for everybody: prerendered, with an entity tag and a lifetime (RFC 9110 §8.8, §13.1.2).

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::web::etag;

/// The document, or 304 when the reader has it. `tag` with its quotes.
pub(super) fn answer(request: &HeaderMap, body: Bytes, tag: &str, max_age: Duration) -> Response {
    let mut response = if etag::is_current(request, tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
    };
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(tag) {
        headers.insert(header::ETAG, value);
    }
    if let Ok(value) = HeaderValue::from_str(&format!("public, max-age={}", max_age.as_secs())) {
        headers.insert(header::CACHE_CONTROL, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(if_none_match: Option<&'static str>) -> Response {
        let headers = if_none_match.map(|value| (header::IF_NONE_MATCH, HeaderValue::from_static(value)));
        answer(&headers.into_iter().collect(), Bytes::from_static(b"{}"), "\"abc\"", Duration::from_mins(1))
    }

    #[test]
    fn a_reader_that_has_the_document_is_told_so() {
        for current in ["\"abc\"", "\"x\", W/\"abc\"", "*"] {
            let response = ask(Some(current));
            assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{current}");
            assert_eq!(response.headers()[header::ETAG], "\"abc\"");
        }
    }

    #[test]
    fn others_get_it_with_its_lifetime() {
        for other in [None, Some("\"abcd\""), Some("abc")] {
            let response = ask(other);
            assert_eq!(response.status(), StatusCode::OK);
            assert_eq!(response.headers()[header::CACHE_CONTROL], "public, max-age=60");
            assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
        }
    }
}
