//! What a request is made of, one part at a time: each with the promises that hold for every input.

use std::net::{IpAddr, Ipv4Addr};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use uuid::Uuid;
use vestibule::account::email;
use vestibule::account::password::{self, Context, is_importable, is_verifiable};
use vestibule::config::{CidrList, Config};
use vestibule::mfa::totp::TotpSecret;
use vestibule::mfa::{SixDigits, passkey, recovery_codes};
use vestibule::oauth::redirect_uri::{VerifiedRedirect, refused};
use vestibule::oauth::{bearer, pkce};
use vestibule::secret::Pepper;
use vestibule::telemetry::request::{Asked, Spans};
use vestibule::tokens::Scope;
use vestibule::tokens::device::UserCode;
use vestibule::web::{Locale, Params, ParamsError, Visit, address};

pub fn text(input: &[u8]) -> String {
    String::from_utf8_lossy(input).into_owned()
}

/// The first line, and the rest.
pub fn halves(input: &[u8]) -> (String, String) {
    let text = text(input);
    text.split_once('\n').map(|(one, two)| (one.to_owned(), two.to_owned())).unwrap_or((text, String::new()))
}

/// Queries and forms.
pub fn params(input: &[u8]) {
    if let Ok(params) = Params::parse(&text(input)) {
        // What is escaped grows, and may be longer than a query may be.
        let again = Params::parse(&params.encode());
        assert!(again.as_ref() == Ok(&params) || again == Err(ParamsError::TooLong));
    }
}

pub fn redirect_uri(input: &[u8]) {
    let (known, received) = halves(input);
    if let Ok(verified) = VerifiedRedirect::resolve(std::slice::from_ref(&known), &received, true) {
        assert_eq!(verified.as_str(), received);
        assert!(received.is_ascii() && !received.contains('#'));
        let location = verified.location(&refused("access_denied", "no", Some(&known), "https://idp.test"));
        assert!(HeaderValue::from_str(&location).is_ok() && location.starts_with(&received));
    }
}

pub fn scope(input: &[u8]) {
    if let Some(scope) = Scope::parse(&text(input)) {
        assert!(scope.iter().all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_graphic())));
        assert!(scope.iter().count() <= Scope::MAX_VALUES);
    }
}

/// An address has one form, and names of things one line.
pub fn email(input: &[u8]) {
    let typed = text(input);
    if let Some(form) = email::canonical(&typed) {
        assert_eq!(email::canonical(&form).as_deref(), Some(form.as_str()), "{typed:?}");
        let _ = (email::masked(&form), email::mixes_scripts(&form));
    }
    assert!(passkey::name(&typed).is_none_or(|name| !name.chars().any(char::is_control)));
}

const READ: [HeaderName; 6] = [
    header::ACCEPT_LANGUAGE,
    header::COOKIE,
    header::AUTHORIZATION,
    header::USER_AGENT,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("traceparent"),
];

pub fn headers(input: &[u8]) {
    let mut visit = Visit::anonymous("/");
    for line in input.split(|&byte| byte == b'\n') {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            for name in READ {
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
    let _ = Spans::begin(Asked { request_id: "1", method: "GET", route: None, trusted_headers: Some(&one) });
    let peer = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    assert_eq!(address::client(peer, &one, &CidrList::default()), peer, "an untrusted peer is itself");
    let trusted = "192.0.2.0/24".parse().map(|range| CidrList(vec![range])).unwrap_or_default();
    let _ = address::class(address::client(peer, &one, &trusted));
}

pub fn codes(input: &[u8]) {
    let typed = text(input);
    if let Ok(code) = SixDigits::parse(&typed) {
        assert!(code.as_str().len() == 6 && code.as_str().bytes().all(|b| b.is_ascii_digit()));
    }
    let _ = recovery_codes::read(&Pepper::new([7; 32]), Uuid::nil(), &typed);
    if let Some(code) = UserCode::read(&typed) {
        assert!(UserCode::read(&code.to_string()) == Some(code));
    }
    if let Some(secret) = TotpSecret::from_base32(&typed) {
        assert!(TotpSecret::from_base32(&secret.base32()).is_some());
    }
    let (challenge, verifier) = halves(input);
    let _ = (pkce::is_challenge(&challenge), pkce::is_verifier(&verifier), pkce::matches(&challenge, &verifier));
}

/// Hashes that come with imported people.
pub fn stored_hash(input: &[u8]) {
    let stored = text(input);
    let _ = (is_verifiable(&stored), is_importable(&stored));
}

/// New passwords: any text, whatever normalisation makes of it.
pub fn password(input: &[u8]) {
    let typed = text(input);
    let context = Context::of_service(&Config::default()).email("ana@example.test");
    if password::check(&typed, &context).is_ok() {
        assert!(typed.len() <= 512 && !typed.contains('\0'), "{typed:?}");
    }
}
