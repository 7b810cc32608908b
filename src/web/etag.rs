//! Entity tags: whether the reader has it already (RFC 9110 §8.8.3, §13.1.2).

use http::HeaderMap;
use http::header::IF_NONE_MATCH;

/// Whether the request's `If-None-Match` names this tag (with its quotes). It compares weakly: a proxy that compresses may have made the tag weak.
#[must_use]
pub fn is_current(request: &HeaderMap, etag: &str) -> bool {
    let values = request.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn one_tag_of_many_is_enough_and_only_a_whole_one() {
        for (sent, current) in [("\"a\"", true), ("W/\"a\"", true), ("\"x\", W/\"a\"", true), ("*", true), ("\"ab\"", false), ("a", false)]
        {
            let request = HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_static(sent))]);
            assert_eq!(is_current(&request, "\"a\""), current, "{sent}");
        }
        assert!(!is_current(&HeaderMap::new(), "\"a\""));
    }
}
