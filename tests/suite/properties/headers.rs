//! What stands in the headers of a request: languages, cookies, tokens, credentials.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, header};
use proptest::prelude::*;
use vestibule::config::Quota;
use vestibule::oauth::bearer;
use vestibule::web::{Locale, Params, Visit};

use super::{few, many, runtime};
use crate::harness::{Credentials, TestApp, TokenRequest, basic, seed};

fn one(name: header::HeaderName, value: &[u8]) -> HeaderMap {
    HeaderValue::from_bytes(value).map(|value| HeaderMap::from_iter([(name, value)])).unwrap_or_default()
}

proptest! {
    #![proptest_config(many())]

    /// RFC 9110 §12.5.4: the heaviest of ours; the first among equals; none of weight 0.
    #[test]
    fn the_language_asked_for_most_is_taken(asked in prop::collection::vec((prop::sample::select(vec!["en", "pt", "es", "de", "fr-CA"]), 0_u16..=1000), 0..5)) {
        let ranges: Vec<String> = asked.iter().map(|(tag, weight)| format!("{tag};q={}.{:03}", weight / 1000, weight % 1000)).collect();
        let headers = one(header::ACCEPT_LANGUAGE, ranges.join(", ").as_bytes());
        let mut expected: Option<(u16, &str)> = None;
        for (tag, weight) in asked {
            let ours = ["en", "pt", "es"].contains(&tag);
            if ours && weight > 0 && expected.is_none_or(|(best, _)| weight > best) {
                expected = Some((weight, tag));
            }
        }
        let found = Locale::accepted(&headers).map(|locale| locale.tag().split('-').next().unwrap().to_owned());
        prop_assert_eq!(found.as_deref(), expected.map(|(_, tag)| tag));
    }

    /// No header stops a request.
    #[test]
    fn no_language_header_is_too_strange(line in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Locale::accepted(&one(header::ACCEPT_LANGUAGE, &line));
    }

    /// RFC 6265 §5.4: a cookie is found by its whole name among others, and one that only begins or ends like it is not it.
    #[test]
    fn cookies_are_found_by_their_names(name in "[a-z_-]{1,10}", value in "[A-Za-z0-9_.-]{1,20}", others in prop::collection::vec(("[a-z_-]{1,12}", "[A-Za-z0-9]{0,5}"), 0..4)) {
        let mut pairs: Vec<String> = others.iter().filter(|(other, _)| *other != name).map(|(other, value)| format!("{other}={value}")).collect();
        let mut visit = Visit::anonymous("/");
        visit.headers = one(header::COOKIE, pairs.join("; ").as_bytes());
        prop_assert_eq!(visit.cookie(&name), None);
        pairs.push(format!("{name}={value}"));
        visit.headers = one(header::COOKIE, pairs.join("; ").as_bytes());
        prop_assert_eq!(visit.cookie(&name), Some(value.as_str()));
    }

    /// RFC 6750 §2.1: a token is taken whole, from one place alone; anything else is refused.
    #[test]
    fn bearer_tokens_are_taken_whole(token in "[A-Za-z0-9._~+/-]{1,60}=?", scheme in "[bB][eE][aA][rR][eE][rR]") {
        let nothing = Params::default();
        let headers = one(header::AUTHORIZATION, format!("{scheme} {token}").as_bytes());
        prop_assert_eq!(bearer::token(&headers, &nothing, &nothing).unwrap(), token.clone());
        let form = Params::parse(&format!("access_token={}", token.replace('+', "%2b"))).unwrap();
        prop_assert_eq!(bearer::token(&HeaderMap::new(), &nothing, &form).unwrap(), token);
        prop_assert!(bearer::token(&headers, &nothing, &form).is_err() && bearer::token(&headers, &form, &nothing).is_err());
        prop_assert!(bearer::token(&HeaderMap::new(), &form, &nothing).is_err());
    }

    /// Nothing that is no token becomes one.
    #[test]
    fn no_authorization_header_is_too_strange(line in prop::collection::vec(any::<u8>(), 0..80)) {
        let nothing = Params::default();
        if let Ok(token) = bearer::token(&one(header::AUTHORIZATION, &line), &nothing, &nothing) {
            prop_assert!(!token.is_empty() && !token.contains(' ') && line.len() > 7 && line[..6].eq_ignore_ascii_case(b"bearer"));
        }
    }
}

/// RFC 6749 §2.3.1: whatever stands in a `Basic` header but the right id and secret, nobody is let in, and the answer is a challenge.
#[test]
fn no_basic_header_but_the_right_one_lets_in() {
    // Were its failures limited, the client would be told to wait before the end.
    // One for all: a connection to the database does not outlive the runtime it was made in.
    let runtime = runtime();
    let app = runtime.block_on(TestApp::with(|config| {
        config.limits.client_authentication = Quota { burst: 100_000, per: std::time::Duration::from_secs(1) };
    }));
    let runner = &mut proptest::test_runner::TestRunner::new(few(400, 20_000));
    let right = basic(seed::BATCH, seed::SECRET);
    let lines = prop_oneof![
        prop::collection::vec(32_u8..=255, 0..60),
        "Basic [A-Za-z0-9+/]{0,40}={0,2}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| format!("Basic {}", STANDARD.encode(bytes)).into_bytes()),
        (any::<prop::sample::Index>(), any::<u8>()).prop_map(move |(at, byte)| {
            let mut line = right.clone().into_bytes();
            let at = 6 + at.index(line.len() - 6);
            line[at] = byte;
            line
        }),
    ];
    let outcome = runner.run(&lines, |line| {
        let Ok(value) = HeaderValue::from_bytes(&line) else { return Ok(()) };
        prop_assume!(value != basic(seed::BATCH, seed::SECRET));
        let mut request = TokenRequest::client_credentials(seed::BATCH).credentials(Credentials::Nothing).build("/token");
        request.headers_mut().insert(header::AUTHORIZATION, value);
        let answer = runtime.block_on(app.send(request));
        // A changed character of base64 that decodes to the same bytes, or of what the form encoding reads alike, is the right secret still.
        let decodes_alike = answer.status == 200 && line.len() > 6;
        prop_assert!(decodes_alike && alike(&line) || answer.status == 401, "{answer:?}");
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

/// Whether the header says the right id and secret in other characters.
fn alike(line: &[u8]) -> bool {
    let decoded = STANDARD.decode(String::from_utf8_lossy(&line[6..]).trim()).unwrap_or_default();
    let text = String::from_utf8(decoded).unwrap_or_default().replace('+', " ");
    let decoded = percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned();
    decoded == format!("{}:{}", seed::BATCH, seed::SECRET)
}
