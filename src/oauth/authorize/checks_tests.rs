//! One row per clause: what is sent, and the error it meets.

use uuid::Uuid;

use super::*;
use crate::clock::Timestamp;
use crate::store::clients::{AuthMethod, Client, Metadata};
use crate::store::scopes::CustomScope;
use crate::tokens::custom_scope::Scopes;
use crate::web::Params;

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const APP: &str = "https://app.example/cb";
const ANN: Uuid = Uuid::from_u128(1);

fn client(metadata: Metadata) -> Client {
    let at = Timestamp::default();
    Client {
        client_id: "autotalk".to_owned(),
        enabled: true,
        metadata,
        secrets: Vec::new(),
        managed: false,
        created_at: at,
        updated_at: at,
    }
}

/// `roles`, and two for different APIs.
fn scopes() -> Scopes {
    let at = Timestamp::default();
    let row = |name: &str, definition: &str| CustomScope {
        name: name.to_owned(),
        definition: definition.to_owned(),
        managed: false,
        enabled: name != "disabled",
        created_at: at,
        updated_at: at,
    };
    Scopes::of(vec![
        row("roles", "{}"),
        row("disabled", "{}"),
        row("orders", r#"{"audience":"https://orders.example"}"#),
        row("stock", r#"{"audience":"https://stock.example"}"#),
    ])
}

fn check(metadata: Metadata, pairs: &[(&str, &str)]) -> Result<AuthorizeRequest, (Code, String)> {
    let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let hinted_user = |token: &str| (token == "ours").then_some(ANN);
    let asked = Asked { params: &Params::parse(&text).unwrap(), client: &client(metadata), scopes: &scopes(), hinted_user: &hinted_user };
    AuthorizeRequest::check(&asked).map_err(|error| (error.code, error.description.into_owned()))
}

/// A good request with some parameters replaced, added, or (empty) taken out.
fn with(metadata: Metadata, changes: &[(&str, &str)]) -> Result<AuthorizeRequest, (Code, String)> {
    let good = [("response_type", "code"), ("scope", "openid"), ("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    let kept = good.into_iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    check(metadata, &kept.chain(changes.iter().copied()).collect::<Vec<_>>())
}

fn code_of(metadata: Metadata, changes: &[(&str, &str)]) -> Option<Code> {
    with(metadata, changes).err().map(|(code, _)| code)
}

#[test]
fn each_bad_request_meets_its_error() {
    let (long, many) = ("x".repeat(2049), "a ".repeat(51));
    let (state, nonce, scopes) = ([("state", long.as_str())], [("nonce", long.as_str())], [("scope", many.as_str())]);
    let short = [("code_challenge", CHALLENGE.trim_end_matches('M'))];
    let rows: Vec<(&[(&str, &str)], Code)> = vec![
        (&[("response_type", "")], Code::InvalidRequest),
        (&[("response_type", "token")], Code::UnsupportedResponseType),
        (&[("response_type", "id_token")], Code::UnsupportedResponseType),
        (&[("response_type", "code id_token")], Code::UnsupportedResponseType),
        (&[("response_type", "code ")], Code::UnsupportedResponseType),
        (&[("response_type", "none")], Code::UnsupportedResponseType),
        (&[("response_mode", "fragment")], Code::InvalidRequest),
        (&[("response_mode", "FORM_POST"), ("redirect_uri", APP)], Code::InvalidRequest),
        (&[("response_mode", "form_post"), ("redirect_uri", "com.example.app:/cb")], Code::InvalidRequest),
        (&[("response_mode", "form_post"), ("redirect_uri", "com.example.https://cb")], Code::InvalidRequest),
        (&[("response_mode", "form_post"), ("redirect_uri", APP), ("state", "a\nb")], Code::InvalidRequest),
        (&[("response_mode", "form_post"), ("redirect_uri", APP), ("state", "\u{7f}")], Code::InvalidRequest),
        (&[("response_mode", "query.jwt")], Code::InvalidRequest),
        (&[("request", "eyJhbGciOiJub25lIn0.e30.")], Code::RequestNotSupported),
        (&[("request_uri", "https://app.example/r")], Code::RequestUriNotSupported),
        (&[("registration", "{}")], Code::RegistrationNotSupported),
        (&[("scope", "")], Code::InvalidScope),
        (&[("scope", "nobody-knows")], Code::InvalidScope),
        (&[("scope", "openid \"")], Code::InvalidScope),
        (&scopes, Code::InvalidScope),
        (&[("code_challenge", "")], Code::InvalidRequest),
        (&[("code_challenge", ""), ("code_challenge_method", "")], Code::InvalidRequest),
        (&[("code_challenge_method", "plain")], Code::InvalidRequest),
        (&[("code_challenge_method", "")], Code::InvalidRequest),
        (&[("code_challenge_method", "s256")], Code::InvalidRequest),
        (&short, Code::InvalidRequest),
        (&state, Code::InvalidRequest),
        (&nonce, Code::InvalidRequest),
        (&[("prompt", "none login")], Code::InvalidRequest),
        (&[("prompt", "consent create none")], Code::InvalidRequest),
        (&[("max_age", "-1")], Code::InvalidRequest),
        (&[("max_age", "+1")], Code::InvalidRequest),
        (&[("max_age", "1.5")], Code::InvalidRequest),
        (&[("max_age", "99999999999999999999")], Code::InvalidRequest),
        (&[("id_token_hint", "forged")], Code::InvalidRequest),
        (&[("claims", "{")], Code::InvalidRequest),
        (&[("claims", r#"{"id_token":{"acr":"aal2"}}"#)], Code::InvalidRequest),
        (&[("claims", r#"{"id_token":{"acr":{"essential":true,"values":["gold"]}}}"#)], Code::UnmetAuthenticationRequirements),
        (&[("claims", r#"{"id_token":{"acr":{"essential":true,"value":"gold"}}}"#)], Code::UnmetAuthenticationRequirements),
    ];
    for (changes, expected) in rows {
        assert_eq!(code_of(Metadata::default(), changes), Some(expected), "{changes:?}");
    }
}

#[test]
fn good_requests_pass_and_what_is_not_known_is_ignored() {
    let rows: [&[(&str, &str)]; 13] = [
        &[],
        &[("claims", r#"{"id_token":{"acr":{"essential":true,"values":["gold","aal1"]},"auth_time":null}}"#)],
        &[("claims", r#"{"id_token":{"acr":{"values":["gold"]}},"userinfo":{"acr":{"essential":true,"values":["gold"]}}}"#)],
        &[("response_mode", "query"), ("state", "s\n"), ("nonce", "n")],
        &[("response_mode", "form_post"), ("redirect_uri", APP), ("state", "\"><script> é")],
        &[("response_mode", "form_post"), ("redirect_uri", "http://127.0.0.1:51004/cb")],
        &[("display", "popup"), ("claims_locales", "de"), ("ui_locales", "xx"), ("acr_values", "1 2"), ("login_hint", "a@b")],
        &[("claims", "{\"userinfo\":{\"name\":{\"essential\":true}}}"), ("anything", "else")],
        &[("scope", "openid nobody-knows")],
        &[("scope", "email")],
        &[("max_age", "0")],
        &[("prompt", "login consent select_account")],
        &[("state", "")],
    ];
    for changes in rows {
        assert_eq!(code_of(Metadata::default(), changes), None, "{changes:?}");
    }
}

#[test]
fn what_is_asked_is_what_is_read() {
    let changes = [
        ("scope", "email openid nobody-knows"),
        ("nonce", "n"),
        ("prompt", "login consent"),
        ("max_age", "60"),
        ("id_token_hint", "ours"),
        ("acr_values", "urn:other aal2 aal1"),
    ];
    let request = with(Metadata::default(), &changes).unwrap();
    let expected = AuthorizeRequest {
        scope: Scope::parse("openid email").unwrap(),
        code_challenge: Some(CHALLENGE.to_owned()),
        nonce: Some("n".to_owned()),
        prompt: Prompt { login: true, consent: true, ..Prompt::default() },
        max_age: Some(Duration::from_mins(1)),
        hinted_user: Some(ANN),
        aal2: true,
    };
    assert_eq!(request, expected);
}

#[test]
fn the_first_assurance_level_we_know_is_the_one_asked_for() {
    for (values, aal2) in [("aal2", true), ("aal1 aal2", false), ("0 aal2 aal1", true), ("AAL2", false), ("aal22", false), ("aal1", false)]
    {
        assert_eq!(with(Metadata::default(), &[("acr_values", values)]).unwrap().aal2, aal2, "{values}");
    }
}

#[test]
fn a_scope_the_client_is_not_registered_for_is_refused() {
    let narrow = Metadata { scope: "openid".to_owned(), ..Metadata::default() };
    assert_eq!(code_of(narrow.clone(), &[("scope", "openid email")]), Some(Code::InvalidScope));
    assert_eq!(code_of(narrow, &[("scope", "openid")]), None);
}

#[test]
fn offline_access_counts_only_where_a_refresh_token_can_be_issued() {
    let refreshing = Metadata { grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken], ..Metadata::default() };
    let scope = |metadata| with(metadata, &[("scope", "openid offline_access")]).unwrap().scope.to_string();
    assert_eq!(scope(refreshing.clone()), "offline_access openid");
    assert_eq!(scope(Metadata::default()), "openid");
    let never_offline = Metadata { scope: "openid".to_owned(), ..refreshing };
    assert_eq!(code_of(never_offline, &[("scope", "openid offline_access")]), Some(Code::InvalidScope));
}

#[test]
fn only_a_confidential_client_can_be_exempted_from_pkce() {
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    let exempt = Metadata { require_pkce: false, ..Metadata::default() };
    let public = Metadata { token_endpoint_auth_method: AuthMethod::None, ..exempt.clone() };
    assert_eq!(code_of(exempt.clone(), &without), None);
    assert_eq!(code_of(public, &without), Some(Code::InvalidRequest));
    assert_eq!(code_of(exempt.clone(), &[("code_challenge_method", "plain")]), Some(Code::InvalidRequest));
    assert_eq!(code_of(exempt, &[("code_challenge", "")]), Some(Code::InvalidRequest));
}

#[test]
fn a_client_without_the_grant_type_may_not_ask() {
    let machine = Metadata { grant_types: vec![GrantType::ClientCredentials], ..Metadata::default() };
    assert_eq!(code_of(machine, &[]), Some(Code::UnauthorizedClient));
}

/// RFC 6749 §4.1.2.1: `error_description` has no other characters.
#[test]
fn descriptions_are_plain_text_that_helps() {
    for changes in [[("prompt", "\"<script>")], [("scope", "\\")], [("max_age", "é")], [("response_type", "\n")]] {
        let (_, description) = with(Metadata::default(), &changes).unwrap_err();
        assert!(
            description.len() <= 200 && description.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E)),
            "{description}"
        );
    }
}

#[test]
fn every_check_has_a_name_of_its_own_and_a_clause() {
    let mut names: Vec<_> = ALL.iter().map(|check| check.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), ALL.len());
    assert!(ALL.iter().all(|check| !check.clause.is_empty()));
}

#[test]
fn scopes_beside_the_standard_ones_are_for_clients_that_are_registered_for_them() {
    let registered = || Metadata { scope: "openid roles disabled orders stock".to_owned(), ..Metadata::default() };
    let granted = |scope: &str| with(registered(), &[("scope", scope)]).map(|request| request.scope.to_string());
    assert_eq!(granted("openid roles").unwrap(), "openid roles");
    assert_eq!(granted("openid roles disabled unknown").unwrap(), "openid roles", "what nobody knows, or nobody gets, is ignored");
    assert_eq!(granted("openid orders").unwrap(), "openid orders");
    // RFC 9068 §3: one token is not for two APIs.
    let (code, description) = granted("openid orders stock").unwrap_err();
    assert!(code == Code::InvalidScope && description.contains("https://stock.example"), "{description}");
    let (code, description) = with(Metadata::default(), &[("scope", "openid roles")]).unwrap_err();
    assert!(code == Code::InvalidScope && description.contains("not registered for the scope roles"), "{description}");
    assert!(with(Metadata::default(), &[("scope", "openid disabled")]).is_ok());
}
