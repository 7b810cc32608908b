//! Redirect URIs: exact comparison, loopback ports excepted (RFC 9700 §2.1, RFC 8252 §7.3).

use url::Url;

/// A registered redirect URI, proven. Without one nothing can be redirected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedRedirect {
    uri: String,
}

/// What an application is told: names and values, each name once.
pub type Parameters<'a> = Vec<(&'static str, &'a str)>;

/// A code (RFC 6749 §4.1.2), with `iss` (RFC 9207 §2).
#[must_use]
pub fn granted<'a>(code: &'a str, state: Option<&'a str>, issuer: &'a str) -> Parameters<'a> {
    [("code", code)].into_iter().chain(state.map(|state| ("state", state))).chain([("iss", issuer)]).collect()
}

/// An error (RFC 6749 §4.1.2.1), with `iss` (RFC 9207 §2).
#[must_use]
pub fn refused<'a>(error: &'a str, description: &'a str, state: Option<&'a str>, issuer: &'a str) -> Parameters<'a> {
    let said = [("error", error), ("error_description", description)];
    said.into_iter().chain(state.map(|state| ("state", state))).chain([("iss", issuer)]).collect()
}

/// Whether a browser can post a form there: not to a native application's own scheme.
#[must_use]
pub fn takes_forms(uri: &str) -> bool {
    Url::parse(uri).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// The registered beginnings after which the port is free: native applications listen on whichever the system gives them
/// (RFC 8252 §7.3). The name `localhost` is not among them (§8.3).
const LOOPBACK: [&str; 2] = ["http://127.0.0.1", "http://[::1]"];

impl VerifiedRedirect {
    /// `native`: a public client, which may listen on any port of the loopback addresses.
    ///
    /// # Errors
    /// How the received URI differs from the registered ones, in words for the developer that do not list them.
    pub fn resolve(registered: &[String], received: &str, native: bool) -> Result<Self, String> {
        // What goes into a header is visible ASCII without a fragment, whatever may have been registered.
        let sound = received.bytes().all(|byte| byte.is_ascii_graphic()) && !received.contains('#');
        if sound && registered.iter().any(|known| known == received || native && same_but_for_loopback_port(known, received)) {
            return Ok(Self { uri: received.to_owned() });
        }
        Err(difference(registered, received))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.uri
    }

    /// The location that carries these parameters. Keeps the query that was registered (RFC 6749 §3.1.2).
    #[must_use]
    pub fn location(&self, parameters: &Parameters<'_>) -> String {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        let joint = match self.uri.split_once('?') {
            None => "?",
            Some((_, "")) => "",
            Some((_, query)) if query.ends_with('&') => "",
            Some(_) => "&",
        };
        format!("{}{joint}{query}", self.uri)
    }
}

fn same_but_for_loopback_port(registered: &str, received: &str) -> bool {
    LOOPBACK.iter().any(|host| {
        let rest = |uri: &str| uri.strip_prefix(host).and_then(after_port).map(str::to_owned);
        rest(registered).is_some_and(|known| rest(received) == Some(known))
    })
}

/// What follows the port, if there is a port at all. `None` when it is no port, or what follows could still be part of the host.
fn after_port(text: &str) -> Option<&str> {
    let rest = match text.strip_prefix(':') {
        None => text,
        Some(port) => {
            let digits = port.bytes().take_while(u8::is_ascii_digit).count();
            let (port, rest) = port.split_at_checked(digits)?;
            (!port.starts_with('0') && port.parse::<u16>().is_ok()).then_some(rest)?
        }
    };
    (rest.is_empty() || rest.starts_with(['/', '?'])).then_some(rest)
}

/// In words, and by the registered address that differs in the fewest things.
fn difference(registered: &[String], received: &str) -> String {
    if registered.is_empty() {
        return "no redirect URI is registered for this application".to_owned();
    }
    if received.trim() != received {
        return "it begins or ends with white space".to_owned();
    }
    let Ok(ours) = Url::parse(received) else {
        return "it is not an absolute URI".to_owned();
    };
    let nearest = registered.iter().filter_map(|known| Some((known, Url::parse(known).ok()?)));
    let nearest = nearest.map(|(text, known)| differences(&known, text, &ours, received)).min_by_key(Vec::len);
    match nearest {
        Some(parts) if parts.len() < 4 => format!("it differs from a registered address only in: {}", parts.join(", ")),
        _ => "it is not like any registered address".to_owned(),
    }
}

fn differences(known: &Url, known_text: &str, ours: &Url, ours_text: &str) -> Vec<&'static str> {
    let user = |url: &Url| (url.username().to_owned(), url.password().map(str::to_owned));
    let mut parts: Vec<&'static str> = [
        (known.scheme() != ours.scheme(), "scheme"),
        (user(known) != user(ours), "user name or password"),
        (known.host_str() != ours.host_str(), "host"),
        (known.port_or_known_default() != ours.port_or_known_default(), "port"),
        (known.query() != ours.query(), "query"),
        (known.fragment() != ours.fragment(), "fragment"),
    ]
    .into_iter()
    .filter_map(|(differs, name)| differs.then_some(name))
    .collect();
    parts.extend(path_difference(known.path(), ours.path()));
    if parts.is_empty() {
        parts.push(spelling_difference(known_text, ours_text));
    }
    parts
}

fn path_difference(known: &str, ours: &str) -> Option<&'static str> {
    let decoded = |path: &str| percent_encoding::percent_decode_str(path).collect::<Vec<u8>>();
    if known == ours {
        None
    } else if known.trim_end_matches('/') == ours.trim_end_matches('/') {
        Some("trailing slash")
    } else if decoded(known) == decoded(ours) {
        Some("percent-encoding")
    } else if known.eq_ignore_ascii_case(ours) {
        Some("upper and lower case in the path")
    } else {
        Some("path")
    }
}

/// Two texts that mean the same address: they are compared letter by letter all the same.
fn spelling_difference(known: &str, ours: &str) -> &'static str {
    if known.eq_ignore_ascii_case(ours) { "upper and lower case" } else { "spelling (an explicit default port, a slash, or encoding)" }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn resolve(registered: &[&str], received: &str) -> Result<VerifiedRedirect, String> {
        VerifiedRedirect::resolve(&registered.iter().map(|uri| (*uri).to_owned()).collect::<Vec<_>>(), received, true)
    }

    const APP: &str = "https://app.example/cb";

    #[test]
    fn the_registered_one_resolves_and_near_misses_do_not() {
        assert!(resolve(&[APP], APP).is_ok());
        let near_misses = [
            "https://app.example/cb/",
            "https://app.example/CB",
            "https://app.example/cb?",
            "https://app.example/cb?x=1",
            "https://app.example/cb#",
            "https://app.example/cb#x",
            "https://app.example:443/cb",
            "http://app.example/cb",
            "HTTPS://app.example/cb",
            "https://APP.example/cb",
            "https://app.example./cb",
            "https://app.example/cb ",
            " https://app.example/cb",
            "https://app.example/cb%20",
            "https://app.example/c%62",
            "https://app.example//cb",
            "https://app.example/x/../cb",
            "https://app.example/./cb",
            "https://app.example/cb/../cb",
            "https://app.example/cb;x",
            "https://app.example\\cb",
            "https:/app.example/cb",
            "https:app.example/cb",
            "//app.example/cb",
            "/cb",
            "",
            "https://app.example@evil.example/cb",
            "https://user@app.example/cb",
            "https://evil.example/cb",
            "https://app.example.evil.example/cb",
            "https://evil.example/https://app.example/cb",
            "https://app.example/cb\n",
            "https://app.example/cb\0",
            "https://app.example/cb\u{200b}",
            "https://app.exаmple/cb",
            "javascript:alert(1)",
            "https://app.example/c",
            "https://*/cb",
            "https://app.example/*",
        ];
        for received in near_misses {
            assert!(resolve(&[APP], received).is_err(), "{received:?}");
        }
    }

    #[test]
    fn a_pattern_is_only_itself() {
        assert!(resolve(&["https://app.example/*"], "https://app.example/x").is_err());
        assert!(resolve(&["https://.*"], "https://evil.example").is_err());
        assert!(resolve(&[""], "https://evil.example").is_err());
        assert!(resolve(&[], "https://evil.example").is_err());
    }

    #[test]
    fn loopback_addresses_may_have_any_port_and_nothing_else() {
        for registered in ["http://127.0.0.1/cb", "http://127.0.0.1:1/cb"] {
            for received in ["http://127.0.0.1/cb", "http://127.0.0.1:1/cb", "http://127.0.0.1:51004/cb", "http://127.0.0.1:65535/cb"] {
                assert!(resolve(&[registered], received).is_ok(), "{registered} {received}");
            }
        }
        assert!(resolve(&["http://[::1]/cb"], "http://[::1]:51004/cb").is_ok());
        assert!(resolve(&["http://127.0.0.1?x=1"], "http://127.0.0.1:51004?x=1").is_ok());
        let near_misses = [
            "http://127.0.0.1:51004/cb/",
            "http://127.0.0.1:51004",
            "http://127.0.0.1:65536/cb",
            "http://127.0.0.1:0/cb",
            "http://127.0.0.1:080/cb",
            "http://127.0.0.1:/cb",
            "http://127.0.0.1:80@evil.example/cb",
            "http://127.0.0.1:80.evil.example/cb",
            "http://127.0.0.1@evil.example/cb",
            "http://127.0.0.1.evil.example/cb",
            "http://127.0.0.1:80\\@evil.example/cb",
            "http://127.0.0.1:+80/cb",
            "http://127.0.0.1: 80/cb",
            "http://127.0.0.2:80/cb",
            "http://[::1]:80/cb",
            "http://localhost:80/cb",
            "https://127.0.0.1:80/cb",
            "http://127.1:80/cb",
            "http://2130706433:80/cb",
            "http://127.0.0.1:80/cb?x=1",
            "http://127.0.0.1:80/cb#x",
        ];
        for received in near_misses {
            assert!(resolve(&["http://127.0.0.1/cb"], received).is_err(), "{received:?}");
        }
    }

    #[test]
    fn localhost_by_name_and_other_hosts_keep_their_port() {
        assert!(resolve(&["http://localhost:8081/cb"], "http://localhost:8081/cb").is_ok());
        assert!(resolve(&["http://localhost:8081/cb"], "http://localhost:8082/cb").is_err());
        assert!(resolve(&["https://127.0.0.1:8081/cb"], "https://127.0.0.1:8082/cb").is_err());
    }

    #[test]
    fn differences_are_described_and_registered_addresses_are_not_told() {
        let rows = [
            ("https://app.example/cb/", "only in: trailing slash"),
            ("http://app.example/cb", "only in: scheme, port"),
            ("https://app.example:8443/cb", "only in: port"),
            ("https://app.example/CB", "only in: upper and lower case in the path"),
            ("https://app.example/c%62", "only in: percent-encoding"),
            ("https://app.example/cb?x=1", "only in: query"),
            ("https://app.example/cb#x", "only in: fragment"),
            ("https://evil.example/cb", "only in: host"),
            ("https://APP.example/cb", "only in: upper and lower case"),
            ("https://app.example:443/cb", "only in: spelling"),
            ("https://app.example/cb ", "white space"),
            ("cb", "not an absolute URI"),
            ("http://evil.example:99/x?y", "not like any"),
        ];
        for (received, expected) in rows {
            let told = resolve(&["https://other.example/a/b", APP], received).unwrap_err();
            assert!(told.contains(expected), "{received}: {told}");
            assert!(!told.contains("app.example") && !told.contains("other.example"), "{told}");
        }
    }

    #[test]
    fn forms_are_posted_to_the_web_and_to_loopback() {
        for uri in [APP, "http://127.0.0.1:51004/cb", "http://[::1]/cb", "HTTPS://app.example/cb"] {
            assert!(takes_forms(uri), "{uri}");
        }
        for uri in [
            "com.example.app:/cb",
            "com.example.app://https/cb",
            "javascript:alert(1)",
            "data:text/html,x",
            "httpss://app.example",
            "",
            "/cb",
        ] {
            assert!(!takes_forms(uri), "{uri}");
        }
    }

    #[test]
    fn answers_keep_the_registered_query_and_carry_iss() {
        let at = |uri: &str| resolve(&[uri], uri).unwrap();
        assert_eq!(
            at(APP).location(&granted("c", Some("a b&c"), "https://id.example")),
            "https://app.example/cb?code=c&state=a+b%26c&iss=https%3A%2F%2Fid.example"
        );
        assert_eq!(at("https://a/?x=1").location(&granted("c", None, "i")), "https://a/?x=1&code=c&iss=i");
        assert_eq!(at("https://a/?").location(&granted("c", None, "i")), "https://a/?code=c&iss=i");
        assert_eq!(at("com.example.app:/cb").location(&granted("c", None, "i")), "com.example.app:/cb?code=c&iss=i");
        assert_eq!(
            at(APP).location(&refused("access_denied", "no", Some("s"), "i")),
            "https://app.example/cb?error=access_denied&error_description=no&state=s&iss=i"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        /// Any text put in, taken out or exchanged anywhere makes another URI, and another URI does not resolve.
        #[test]
        fn an_edited_uri_never_resolves(at in 0usize..30, cut in 0usize..4, put in ".{0,6}") {
            for registered in [APP, "http://127.0.0.1:4000/cb"] {
                let at = at.min(registered.len());
                let end = (at + cut).min(registered.len());
                let edited = format!("{}{put}{}", &registered[..at], &registered[end..]);
                if let Ok(verified) = resolve(&[registered], &edited) {
                    let ours = Url::parse(verified.as_str()).unwrap();
                    let known = Url::parse(registered).unwrap();
                    prop_assert!(edited == registered || registered.starts_with("http://127.0.0.1"));
                    prop_assert_eq!((ours.scheme(), ours.host_str(), ours.path(), ours.query()), (known.scheme(), known.host_str(), known.path(), known.query()));
                    prop_assert_eq!((ours.username(), ours.password(), ours.fragment()), ("", None, None));
                }
            }
        }

        /// Whatever is received, what a redirect can be made of goes to a registered host.
        #[test]
        fn nothing_resolves_to_another_host(received in "(http|https)://[a-z0-9.:@\\[\\]/\\\\?#%-]{0,40}") {
            if let Ok(verified) = resolve(&[APP, "http://127.0.0.1/cb", "http://[::1]/cb"], &received) {
                let host = Url::parse(verified.as_str()).unwrap().host_str().map(str::to_owned);
                prop_assert!(["app.example", "127.0.0.1", "[::1]"].contains(&host.as_deref().unwrap()));
            }
        }

        /// Free text in an answer cannot leave its parameter.
        #[test]
        fn state_comes_back_as_it_was(state in ".{0,64}") {
            let location = resolve(&[APP], APP).unwrap().location(&granted("c", Some(&state), "https://id.example"));
            prop_assert!(location.bytes().all(|byte| byte.is_ascii_graphic()));
            let url = Url::parse(&location).unwrap();
            let states: Vec<_> = url.query_pairs().filter(|(name, _)| name == "state").map(|(_, value)| value.into_owned()).collect();
            prop_assert_eq!(states, vec![state]);
        }
    }
}
