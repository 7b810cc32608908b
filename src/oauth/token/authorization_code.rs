//! `grant_type=authorization_code` (RFC 6749 §4.1.3, RFC 7636 §4.5).
//!
//! A code is sealed, not stored: it becomes the row of its grant when it is redeemed, and the row's unique id decides who won. A code that
//! fails any check is burnt by the same insert, so that nobody can try it twice.

use super::redemption::{self, Delegated};
use super::{Code, Outcome};
use crate::app::App;
use crate::clock::Timestamp;
use crate::oauth::client_request::ClientRequest;
use crate::oauth::error::Error;
use crate::oauth::pkce;
use crate::store::clients::Client;
use crate::tokens::code::{self, AuthorizationCode, Opened};

pub(super) async fn decide(app: &App, request: &ClientRequest) -> Result<Outcome, Error> {
    let presented = request.required("code")?;
    let redirect_uri = request.required("redirect_uri")?;
    match code::open(&app.sealer, presented, request.now) {
        Opened::Invalid => Ok(Outcome::reject(Code::InvalidGrant, "the code is not one of this server, or it was cut off or changed")),
        Opened::Expired(code) => expired(app, request, code).await,
        Opened::Valid(code) => {
            let verifier = request.form.get("code_verifier");
            let bound = check_binding(&code, request.client(), redirect_uri, verifier, request.now);
            let delegated = Delegated::from(code);
            match bound {
                Ok(()) => redemption::redeem(app, request, delegated).await,
                Err(description) => redemption::burn(app, request, delegated, description).await,
            }
        }
    }
}

/// What the code was made for must be what it is presented with.
fn check_binding(
    code: &AuthorizationCode,
    client: &Client,
    redirect_uri: &str,
    verifier: Option<&str>,
    now: Timestamp,
) -> Result<(), String> {
    if code.client_id != client.client_id {
        return Err("the code was issued to another client".to_owned());
    }
    if code.redirect_uri != redirect_uri {
        return Err("redirect_uri is not the one of the authorization request, character by character".to_owned());
    }
    let age = now.since(code.issued_at).as_secs();
    match (code.code_challenge.as_deref(), verifier) {
        // A public client cannot be exempted, whatever its registration says.
        (None, None) if client.metadata.require_pkce || client.is_public() => {
            Err("PKCE is required of this client, and the request had no code_challenge".to_owned())
        }
        (None, Some(_)) => Err("code_verifier was sent, but the authorization request had no code_challenge".to_owned()),
        (Some(_), None) => Err("code_verifier is missing: the authorization request had a code_challenge".to_owned()),
        (Some(_), Some(verifier)) if !pkce::is_verifier(verifier) => {
            Err("code_verifier must be 43 to 128 characters A-Z a-z 0-9 - . _ ~ (RFC 7636 section 4.1)".to_owned())
        }
        (Some(challenge), Some(verifier)) if !pkce::matches(challenge, verifier) => {
            Err(format!("code_verifier does not match code_challenge (S256); the code was issued {age} s ago to this client"))
        }
        _ => Ok(()),
    }
}

/// The code's time is over. If it had been redeemed this is a replay all the same (OpenID Connect conformance: after 30 seconds too).
async fn expired(app: &App, request: &ClientRequest, code: AuthorizationCode) -> Result<Outcome, Error> {
    let age = request.now.since(code.issued_at).as_secs();
    let late = Error::new(Code::InvalidGrant, format!("the code has expired: it was issued {age} s ago"));
    redemption::too_late(app, request, Delegated::from(code), late).await
}

impl From<AuthorizationCode> for Delegated {
    fn from(code: AuthorizationCode) -> Self {
        let AuthorizationCode { id, client_id, user_id, session_id, scope, nonce, auth_time, amr, acr, epoch, .. } = code;
        Self { id, client_id, user_id, session_id, scope, nonce, auth_time, amr, acr, epoch, to_device: false }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::store::clients::{AuthMethod, Metadata};

    const NOW: Timestamp = Timestamp::from_secs(1000);
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    const URI: &str = "https://app.example/cb";

    fn code(challenge: Option<&str>) -> AuthorizationCode {
        AuthorizationCode {
            id: Uuid::nil(),
            client_id: "app".to_owned(),
            redirect_uri: URI.to_owned(),
            user_id: Uuid::nil(),
            session_id: Uuid::nil(),
            scope: "openid".to_owned(),
            code_challenge: challenge.map(str::to_owned),
            nonce: None,
            auth_time: NOW,
            amr: vec!["pwd".to_owned()],
            acr: "aal1".to_owned(),
            epoch: 0,
            issued_at: Timestamp::from_secs(997),
        }
    }

    fn client(client_id: &str, require_pkce: bool) -> Client {
        Client {
            client_id: client_id.to_owned(),
            enabled: true,
            metadata: Metadata { require_pkce, ..Metadata::default() },
            secrets: vec![],
            managed: false,
            created_at: NOW,
            updated_at: NOW,
        }
    }

    #[test]
    fn a_code_is_bound_to_its_client_and_redirect_uri() {
        let app = client("app", true);
        assert_eq!(check_binding(&code(Some(CHALLENGE)), &app, URI, Some(VERIFIER), NOW), Ok(()));
        assert!(check_binding(&code(Some(CHALLENGE)), &client("other", true), URI, Some(VERIFIER), NOW).is_err());
        for other in ["https://app.example/cb/", "https://APP.example/cb", "https://app.example/c"] {
            assert!(check_binding(&code(Some(CHALLENGE)), &app, other, Some(VERIFIER), NOW).is_err(), "{other}");
        }
    }

    #[test]
    fn the_verifier_is_needed_exactly_when_there_was_a_challenge() {
        let (strict, exempt) = (client("app", true), client("app", false));
        for (challenge, verifier, strict_passes, exempt_passes) in [
            (Some(CHALLENGE), Some(VERIFIER), true, true),
            (Some(CHALLENGE), None, false, false),
            (Some(CHALLENGE), Some("too-short"), false, false),
            (Some(CHALLENGE), Some("eBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), false, false),
            (None, Some(VERIFIER), false, false),
            (None, None, false, true),
        ] {
            assert_eq!(check_binding(&code(challenge), &strict, URI, verifier, NOW).is_ok(), strict_passes, "{challenge:?} {verifier:?}");
            assert_eq!(check_binding(&code(challenge), &exempt, URI, verifier, NOW).is_ok(), exempt_passes, "{challenge:?} {verifier:?}");
        }
    }

    #[test]
    fn a_public_client_is_never_exempt_from_pkce() {
        let mut public = client("app", false);
        public.metadata.token_endpoint_auth_method = AuthMethod::None;
        assert!(check_binding(&code(None), &public, URI, None, NOW).is_err());
        assert_eq!(check_binding(&code(Some(CHALLENGE)), &public, URI, Some(VERIFIER), NOW), Ok(()));
    }

    #[test]
    fn a_wrong_verifier_is_explained() {
        let wrong = "eBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let description = check_binding(&code(Some(CHALLENGE)), &client("app", true), URI, Some(wrong), NOW).unwrap_err();
        assert_eq!(description, "code_verifier does not match code_challenge (S256); the code was issued 3 s ago to this client");
    }
}
