//! Whole requests, through the router: from anybody, from an application that has proved itself, from somebody who is signed in.

use std::sync::{LazyLock, Mutex};

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{Method, Request, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use vestibule::store::clients::{AuthMethod, GrantType, Metadata};
use vestibule::tokens::{code, id_token, refresh};

use crate::seed;
use crate::service::{Browser, service};
use crate::texts::{halves, text};

/// Nobody can make a token: whatever it looks like, none of these is one of ours.
pub fn tokens(input: &[u8]) {
    let (app, token) = (&service().app, text(input));
    let now = app.now();
    assert!(app.access_tokens.verify(&token, now).is_none(), "{token}");
    assert!(refresh::open(&app.sealer, &token).is_none(), "{token}");
    assert!(id_token::open_hint(&app.keys, &app.config, &token).is_none(), "{token}");
    let _ = code::open(&app.sealer, &token, now);
}

/// A request as text: method and target, headers by lines, an empty line, the body.
pub fn request(input: &[u8]) {
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

/// What an application asks of `/authorize`, by GET and by POST: every parameter, request objects and hints among them.
pub fn authorize(input: &[u8]) {
    if let Ok(request) = Request::get(format!("/authorize?{}", text(input))).body(Body::empty()) {
        let _ = service().send(request);
    }
    form("/authorize", None, input);
}

/// What an application that has proved itself asks for: tokens, revocation, introspection. Without its `Basic` header it may prove itself in the form,
/// with an assertion too.
pub fn token(input: &[u8]) {
    let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", seed::AUTOTALK, seed::SECRET)));
    for path in ["/token", "/revoke", "/introspect"] {
        form(path, Some(&basic), input);
    }
    form("/token", None, input);
    form("/userinfo", None, input);
}

/// What a client signed, by somebody who has none of its keys: header and claims on two lines, or a whole token. It opens nothing.
pub fn client_assertion(input: &[u8]) {
    static SIGNER: LazyLock<()> = LazyLock::new(|| {
        let key = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"1","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
        let metadata = Metadata {
            token_endpoint_auth_method: AuthMethod::PrivateKeyJwt,
            jwks: serde_json::from_str(key).ok(),
            grant_types: vec![GrantType::ClientCredentials],
            ..Metadata::default()
        };
        service().run(seed::insert_client(&service().app, seed::client("signer", metadata)));
    });
    LazyLock::force(&SIGNER);
    let (header, claims) = halves(input);
    // In the corpus this stands for a minute from now: without it, nothing would get past the clock.
    let claims = claims.replace("4102444800", &(service().app.now().secs() + 60).to_string());
    let token = if claims.is_empty() {
        header
    } else {
        format!("{}.{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims), URL_SAFE_NO_PAD.encode([1; 64]))
    };
    let token = utf8_percent_encode(&token, NON_ALPHANUMERIC);
    let body = format!(
        "grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion={token}"
    );
    let request = Request::post("/token").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(Body::from(body));
    let answer = service().send(request.expect("a request"));
    assert!(answer.status().is_client_error(), "{}", answer.status());
}

fn form(path: &str, authorization: Option<&str>, body: &[u8]) {
    let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    if let Some(authorization) = authorization {
        request = request.header(header::AUTHORIZATION, authorization);
    }
    let _ = service().send(request.body(Body::from(body.to_vec())).expect("a request"));
}

/// Links in mails: the token, at every page that takes one. To look spends nothing, so the pages are also sent back.
pub fn mail_link(input: &[u8]) {
    static BROWSER: LazyLock<Browser> = LazyLock::new(Browser::at_login);
    let token = utf8_percent_encode(&text(input), NON_ALPHANUMERIC).to_string();
    for path in
        ["/password/reset/finish", "/not-me", "/login/unlock", "/sign-up/finish", "/invitation", "/email/confirm", "/account/delete/cancel"]
    {
        let answer = BROWSER.get(&format!("{path}?token={token}"));
        assert!(answer.status() != 200 || token.is_empty(), "{path} took it");
        let _ = BROWSER.post(path, &format!("token={token}"));
    }
}

/// A page of My Account, and a form for it: with the session's own token, so that what the form says is read.
pub fn signed_in(input: &[u8]) {
    let (path, form) = halves(input);
    let browser = signed_in_browser();
    if Request::get(&path).body(()).is_err() || !path.starts_with("/account") {
        return;
    }
    let _ = browser.get(&path);
    if browser.post(path.split('?').next().unwrap_or_default(), &form).status() != 422 && !browser.is_signed_in() {
        *SIGNED_IN.lock().expect("one thread") = None;
    }
}

static SIGNED_IN: Mutex<Option<&'static Browser>> = Mutex::new(None);

/// The one there is, or another when that was signed out: a few in a run, which live as long as it.
fn signed_in_browser() -> &'static Browser {
    SIGNED_IN.lock().expect("one thread").get_or_insert_with(|| Box::leak(Box::new(Browser::signed_in())))
}

/// A new passkey: a line of client data, and the attestation object (CBOR). A line of JSON that is no client data is the whole answer.
pub fn passkey_attestation(input: &[u8]) {
    let at = input.iter().position(|&byte| byte == b'\n').unwrap_or(input.len());
    let (client_data, object) = (URL_SAFE_NO_PAD.encode(&input[..at]), URL_SAFE_NO_PAD.encode(input.get(at + 1..).unwrap_or_default()));
    let credential = match serde_json::from_slice::<serde_json::Value>(&input[..at]) {
        Ok(whole) if whole.get("response").is_some() => whole.to_string(),
        _ => format!(
            r#"{{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{{"clientDataJSON":"{client_data}","attestationObject":"{object}"}}}}"#
        ),
    };
    let browser = signed_in_browser();
    answer_ceremony(browser, "/account/authentication/passkeys", &credential);
}

/// A passkey at the door: client data, authenticator data and signature by lines, hexadecimal or as they are.
pub fn passkey_assertion(input: &[u8]) {
    static BROWSER: LazyLock<Browser> = LazyLock::new(Browser::at_login);
    let mut parts = input.splitn(3, |&byte| byte == b'\n').map(|part| URL_SAFE_NO_PAD.encode(part));
    let mut part = || parts.next().unwrap_or_default();
    let (client_data, authenticator_data, signature) = (part(), part(), part());
    let credential = format!(
        r#"{{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{{"clientDataJSON":"{client_data}","authenticatorData":"{authenticator_data}","signature":"{signature}"}}}}"#
    );
    answer_ceremony(&BROWSER, "/login", &credential);
}

fn answer_ceremony(browser: &Browser, path: &str, credential: &str) {
    let escaped = utf8_percent_encode(credential, NON_ALPHANUMERIC);
    let answer = browser.post(path, &format!("ceremony={}&credential={escaped}", browser.field("ceremony")));
    assert!(!answer.status().is_redirection(), "{} {path} took it: {credential}", Method::POST);
}
