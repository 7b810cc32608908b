//! Parameters, scopes, redirect URIs, addresses, import files.

use std::fmt::Write as _;

use proptest::prelude::*;
use url::Url;
use vestibule::account::email::canonical;
use vestibule::account::import::{self, Format};
use vestibule::oauth::redirect_uri::{VerifiedRedirect, granted};
use vestibule::tokens::Scope;
use vestibule::web::{Params, ParamsError};

use super::many;

/// A redirect URI as clients register them.
fn registered() -> impl Strategy<Value = String> {
    let host = prop_oneof![
        Just("https://app.test".to_owned()),
        Just("https://app.test:8443".to_owned()),
        Just("http://127.0.0.1".to_owned()),
        Just("http://127.0.0.1:3000".to_owned()),
        Just("http://[::1]".to_owned()),
        Just("http://localhost:3000".to_owned()),
        Just("com.example.app:".to_owned()),
    ];
    (host, "(/[a-z0-9._~-]{0,6}){0,3}", prop_oneof![Just(String::new()), "\\?[a-z]=[a-z0-9]{0,4}".boxed()])
        .prop_map(|(host, path, query)| format!("{host}{path}{query}"))
}

/// The same with one thing changed, as an attacker would.
fn near_miss() -> impl Strategy<Value = (String, String)> {
    let tricks = prop_oneof![
        Just("/../x".to_owned()),
        Just("/..;/x".to_owned()),
        Just("@evil.test".to_owned()),
        Just(".evil.test".to_owned()),
        Just("%2e%2e/".to_owned()),
        Just("#x".to_owned()),
        Just(":99".to_owned()),
        Just("\\evil.test".to_owned()),
        Just("?".to_owned()),
        Just("/".to_owned()),
        "[ -~]{1,3}".boxed(),
        any::<char>().prop_map(String::from).boxed(),
    ];
    (registered(), any::<prop::sample::Index>(), tricks, any::<bool>()).prop_map(|(known, at, trick, replace)| {
        let at = at.index(known.len() + 1);
        let mut received = known.clone();
        if replace && at < known.len() {
            received.replace_range(at..=at, &trick);
        } else {
            received.insert_str(at, &trick);
        }
        (known, received)
    })
}

/// Whether two URIs of a loopback address differ in nothing but the port, as the WHATWG parser sees it, and in no other character.
fn differ_in_the_port_alone(known: &str, received: &str) -> bool {
    let (Ok(one), Ok(two)) = (Url::parse(known), Url::parse(received)) else { return false };
    let loopback = one.scheme() == "http" && matches!(one.host_str(), Some("127.0.0.1" | "[::1]"));
    let without_port = |url: &Url| {
        let mut url = url.clone();
        url.set_port(None).unwrap();
        url.to_string()
    };
    loopback && without_port(&one) == without_port(&two)
}

proptest! {
    #![proptest_config(many())]

    /// RFC 9700 §4.1.3: what is accepted is registered to the letter, or differs in the port of a loopback address.
    #[test]
    fn no_near_miss_of_a_redirect_uri_is_accepted((known, received) in near_miss()) {
        if VerifiedRedirect::resolve(std::slice::from_ref(&known), &received, true).is_ok() {
            prop_assert!(known == received || differ_in_the_port_alone(&known, &received), "{known} took {received}");
            prop_assert!(!received.contains('#') && received.is_ascii());
        }
    }

    /// What is registered is accepted, and the answer goes to it and to nothing else.
    #[test]
    fn a_registered_redirect_uri_is_accepted(known in registered(), state in "[ -~]{0,20}") {
        let verified = VerifiedRedirect::resolve(std::slice::from_ref(&known), &known, false).unwrap();
        let location = verified.location(&granted("the-code", Some(&state), "https://idp.test"));
        prop_assert!(location.starts_with(&known));
        prop_assert!(location.bytes().all(|byte| byte.is_ascii_graphic()), "{location}");
        let url = Url::parse(&location).unwrap();
        let given: Vec<String> = url.query_pairs().filter(|(name, _)| name == "state").map(|(_, value)| value.into_owned()).collect();
        prop_assert_eq!(given, [state]);
    }

    /// RFC 6749 §3.1: bytes from anywhere are understood whole, with no name twice, or refused; what is understood means the same when it is sent again.
    #[test]
    fn parameters_are_understood_whole_or_refused(text in prop_oneof![".{0,200}", "([a-c%+=&]|%[0-9a-fA-F]{2}){0,40}"]) {
        if let Ok(params) = Params::parse(&text) {
            let mut names: Vec<&str> = params.iter().map(|(name, _)| name).collect();
            names.sort_unstable();
            prop_assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
            prop_assert!(params.iter().all(|(name, value)| !name.contains('\0') && !value.contains('\0')));
            prop_assert_eq!(&Params::parse(&params.encode()).unwrap(), &params);
        }
    }

    /// What a browser sends arrives; and a name that is sent twice is refused, wherever it stands and however it is written.
    #[test]
    fn forms_arrive_and_doubled_names_do_not(pairs in prop::collection::btree_map("[a-z]{1,4}", "[^\0]{0,12}", 1..6), at in any::<prop::sample::Index>()) {
        let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        let params = Params::parse(&text).unwrap();
        for (name, value) in &pairs {
            prop_assert_eq!(params.get(name), Some(value.as_str()).filter(|value| !value.is_empty()));
        }
        let name = pairs.keys().nth(at.index(pairs.len())).unwrap();
        let written = name.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
        prop_assert_eq!(Params::parse(&format!("{text}&{written}=x")), Err(ParamsError::Repeated(name.clone())));
    }

    /// RFC 6749 §3.3: a set of words; it is never more than what was asked for.
    #[test]
    fn scopes_are_sets_of_words(text in "[ -~]{0,60}", other in "[a-d ]{0,20}") {
        if let Some(scope) = Scope::parse(&text) {
            let words: std::collections::BTreeSet<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
            prop_assert_eq!(scope.iter().collect::<Vec<_>>(), words.into_iter().collect::<Vec<_>>());
            let other = Scope::parse(&other).unwrap();
            let both = scope.intersection(&other);
            prop_assert!(both.is_subset(&scope) && both.is_subset(&other));
            prop_assert!(scope.is_subset(&scope.union(&other)));
        }
    }

    /// One form for one address: taking it again changes nothing, and neither case nor spaces around it make another person.
    #[test]
    fn addresses_have_one_form(local in "[a-zA-Z0-9._+éÉß\u{301}σς-]{1,12}", domain in "[a-zA-Z][a-zA-Z0-9]{0,8}(\\.[a-zA-Z]{2,4}){1,2}") {
        let typed = format!("{local}@{domain}");
        if let Some(form) = canonical(&typed) {
            prop_assert_eq!(canonical(&form), Some(form.clone()));
            prop_assert_eq!(canonical(&format!("  {typed}\t")), Some(form.clone()));
            prop_assert_eq!(canonical(&format!("{local}@{}", domain.to_ascii_uppercase())), Some(form.clone()));
            prop_assert_eq!(form.matches('@').count(), 1);
        }
    }

    /// Whatever is typed: nothing of it that cannot be seen is kept.
    #[test]
    fn no_address_has_what_cannot_be_seen(typed in "\\PC{0,10}[\0-\u{20}\u{200b}\u{202e}]?@\\PC{0,20}") {
        if let Some(form) = canonical(&typed) {
            prop_assert!(!form.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\u{202e}' || c == '\u{200b}'), "{form:?}");
            prop_assert!(form.len() <= 254);
        }
    }
}

proptest! {
    #![proptest_config(super::few(2_000, 100_000))]

    /// An import file of anything is read to its end; what is refused is refused without its values.
    #[test]
    fn import_files_are_read_to_their_end(rows in prop::collection::vec(("[a-z]{1,6}@[a-z]{1,6}\\.test|[ -~]{0,20}", "true|false|x|", "[ -~]{0,40}"), 0..8)) {
        let mut csv = "email,enabled,password_hash\n".to_owned();
        for (email, enabled, hash) in &rows {
            let quote = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
            writeln!(csv, "{},{},{}", quote(email), quote(enabled), quote(hash)).unwrap();
        }
        let lines = import::read(Format::Csv, &csv).unwrap();
        prop_assert_eq!(lines.len(), rows.len());
        for (line, (email, _, hash)) in lines.iter().zip(&rows) {
            match &line.outcome {
                Ok(record) => prop_assert_eq!(Some(record.email.clone()), canonical(email)),
                Err(reason) => prop_assert!(hash.len() < 12 || !reason.contains(hash.as_str()), "{reason}"),
            }
        }
    }

    /// The same of bytes that are no file at all.
    #[test]
    fn no_text_stops_an_import(text in "\\PC{0,200}") {
        let _ = import::read(Format::Csv, &text);
        let _ = import::read(Format::Jsonl, &text);
        let _ = import::read(Format::Csv, &format!("email,name\n{text}"));
    }
}
