//! What reads bytes from outside: each with the promises that hold for every input.

use std::net::{IpAddr, Ipv4Addr};

use axum::body::Body;
use http::{HeaderMap, HeaderName, HeaderValue, Request, header};
use uuid::Uuid;
use vestibule::account::email;
use vestibule::account::import::{self, Format};
use vestibule::account::password::{is_importable, is_verifiable};
use vestibule::clock::{Clock as _, SystemClock};
use vestibule::config::CidrList;
use vestibule::declare;
use vestibule::mfa::totp::TotpSecret;
use vestibule::mfa::{SixDigits, recovery_codes};
use vestibule::oauth::redirect_uri::VerifiedRedirect;
use vestibule::oauth::{bearer, pkce};
use vestibule::tokens::{Scope, access, code, id_token, refresh};
use vestibule::web::{Locale, Params, ParamsError, Visit, address};

use crate::service::service;

pub struct Target {
    pub name: &'static str,
    /// What a mutation may put in.
    pub words: &'static [&'static str],
    pub run: fn(&[u8]),
}

pub const TARGETS: [Target; 13] = [
    Target { name: "params", words: &["scope", "client_id=", "%2e", "+", "&a=1"], run: params },
    Target { name: "redirect_uri", words: &["https://", "@", ":0", "/../", "[::1]", "127.0.0.1", "#", "\\"], run: redirect_uri },
    Target { name: "scope", words: &["openid", "profile", " "], run: scope },
    Target { name: "email", words: &["@", "xn--", ".", "\u{200d}", "ß", "ﬁ", "İ"], run: address_of_a_person },
    Target {
        name: "headers",
        words: &["en;q=0.5", "for=", "Bearer ", "Basic ", "gzip", "\"x\"", "__Host-vestibule-session="],
        run: headers,
    },
    Target { name: "codes", words: &["-", " ", "８", "A", "2"], run: codes },
    Target { name: "stored_hash", words: &["$argon2id$v=19$m=", "$2b$", "$scrypt$ln=", "$pbkdf2-sha256$", ",t=1,p=1$"], run: stored_hash },
    Target { name: "import_csv", words: &["email,", "\"", "\n", "true", "password_hash"], run: import_csv },
    Target { name: "import_jsonl", words: &["{\"email\":\"", "\"}", "null", "[[[[", "\n"], run: import_jsonl },
    Target { name: "tokens", words: &["eyJ", ".", "alg", "none", "vst_ac_", "vst_rt_"], run: tokens },
    Target { name: "settings", words: &["[server]\n", "listen = ", "\"", "1h", "/24"], run: settings },
    Target { name: "state", words: &["[[users]]\n", "[[clients]]\n", "email = ", "policy = {", "}"], run: state },
    Target {
        name: "request",
        words: &[
            "GET ",
            "POST ",
            "/authorize?",
            "/token",
            "client_id=",
            "\n",
            "authorization: Basic ",
            "cookie: __Host-vestibule-flow=",
            "\n\n",
        ],
        run: request,
    },
];

fn text(input: &[u8]) -> String {
    String::from_utf8_lossy(input).into_owned()
}

/// The first line, and the rest.
fn halves(input: &[u8]) -> (String, String) {
    let text = text(input);
    text.split_once('\n').map(|(one, two)| (one.to_owned(), two.to_owned())).unwrap_or((text, String::new()))
}

fn params(input: &[u8]) {
    if let Ok(params) = Params::parse(&text(input)) {
        // What is escaped grows, and may be longer than a query may be.
        let again = Params::parse(&params.encode());
        assert!(again.as_ref() == Ok(&params) || again == Err(ParamsError::TooLong));
    }
}

fn redirect_uri(input: &[u8]) {
    let (known, received) = halves(input);
    if let Ok(verified) = VerifiedRedirect::resolve(std::slice::from_ref(&known), &received, true) {
        assert_eq!(verified.as_str(), received);
        assert!(received.is_ascii() && !received.contains('#'));
        let location = verified.error("access_denied", "no", Some(&known), "https://idp.test");
        assert!(HeaderValue::from_str(&location).is_ok() && location.starts_with(&received));
    }
}

fn scope(input: &[u8]) {
    if let Some(scope) = Scope::parse(&text(input)) {
        assert!(scope.iter().all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_graphic())));
        assert!(scope.iter().count() <= Scope::MAX_VALUES);
    }
}

fn address_of_a_person(input: &[u8]) {
    let typed = text(input);
    if let Some(form) = email::canonical(&typed) {
        assert_eq!(email::canonical(&form).as_deref(), Some(form.as_str()), "{typed:?}");
        let _ = (email::masked(&form), email::mixes_scripts(&form));
    }
}

fn headers(input: &[u8]) {
    let mut visit = Visit::anonymous("/");
    for line in input.split(|&byte| byte == b'\n') {
        let names = [
            header::ACCEPT_LANGUAGE,
            header::COOKIE,
            header::AUTHORIZATION,
            header::USER_AGENT,
            HeaderName::from_static("x-forwarded-for"),
        ];
        if let Ok(value) = HeaderValue::from_bytes(line) {
            for name in names {
                visit.headers.append(name, value.clone());
            }
        }
    }
    let nothing = Params::default();
    let one: HeaderMap = visit.headers.clone();
    let _ = Locale::accepted(&one);
    let _ = (visit.cookie("session"), visit.device());
    if let Ok(token) = bearer::token(&one, &nothing, &nothing) {
        assert!(!token.is_empty() && !token.contains(' '));
    }
    let peer = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    assert_eq!(address::client(peer, &one, &CidrList::default()), peer, "an untrusted peer is itself");
    let trusted: CidrList = a_proxy();
    let _ = address::class(address::client(peer, &one, &trusted));
}

fn a_proxy() -> CidrList {
    "192.0.2.0/24".parse().map(|range| CidrList(vec![range])).unwrap_or_default()
}

fn codes(input: &[u8]) {
    let typed = text(input);
    if let Ok(code) = SixDigits::parse(&typed) {
        assert!(code.as_str().len() == 6 && code.as_str().bytes().all(|b| b.is_ascii_digit()));
    }
    let _ = recovery_codes::read(Uuid::nil(), &typed);
    if let Some(secret) = TotpSecret::from_base32(&typed) {
        assert!(TotpSecret::from_base32(&secret.base32()).is_some());
    }
    let (challenge, verifier) = halves(input);
    let _ = (pkce::is_challenge(&challenge), pkce::is_verifier(&verifier), pkce::matches(&challenge, &verifier));
}

fn stored_hash(input: &[u8]) {
    let stored = text(input);
    let _ = (is_verifiable(&stored), is_importable(&stored));
}

fn import_csv(input: &[u8]) {
    let _ = import::read(Format::Csv, &text(input));
}

fn import_jsonl(input: &[u8]) {
    let _ = import::read(Format::Jsonl, &text(input));
}

/// Nobody can make a token: whatever it looks like, none of these is one of ours.
fn tokens(input: &[u8]) {
    let (app, now, token) = (&service().app, SystemClock.now(), text(input));
    assert!(app.access_tokens.verify(&token, now).is_none(), "{token}");
    assert!(refresh::open(&app.sealer, &token).is_none(), "{token}");
    assert!(id_token::open_hint(&app.keys, &app.config, &token).is_none(), "{token}");
    let _ = code::open(&app.sealer, &token, now);
    let _ = access::TYP;
}

fn settings(input: &[u8]) {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("vestibule.toml");
    std::fs::write(&file, input).expect("a file");
    let _ = vestibule::config::load_from(Some(&file), std::iter::empty());
}

fn state(input: &[u8]) {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("state.toml");
    std::fs::write(&file, input).expect("a file");
    let _ = declare::read(&[file], &service().app.config);
}

/// A request as text: method and target, headers by lines, an empty line, the body.
fn request(input: &[u8]) {
    let (head, body) = match input.windows(2).position(|pair| pair == b"\n\n") {
        Some(at) => (&input[..at], &input[at + 2..]),
        None => (input, &[][..]),
    };
    let mut lines = head.split(|&byte| byte == b'\n');
    let first = text(lines.next().unwrap_or_default());
    let (method, target) = first.split_once(' ').unwrap_or(("GET", &first));
    let mut request = Request::builder().method(method).uri(target);
    for line in lines.take(32) {
        if let Some(at) = line.iter().position(|&byte| byte == b':') {
            request = request.header(&line[..at], line[at + 1..].trim_ascii());
        }
    }
    if let Ok(request) = request.body(Body::from(body.to_vec())) {
        let _ = service().send(request);
    }
}
