//! `/.well-known/openid-configuration` and `/.well-known/oauth-authorization-server`: one document for both (OpenID Connect Discovery §3,
//! RFC 8414 §2), made of `openidconnect`'s types, and again only when there are other scopes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::HeaderMap;
use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
};
use openidconnect::{
    AdditionalProviderMetadata, AuthUrl, AuthenticationContextClass, IssuerUrl, JsonWebKeySetUrl, LanguageTag, ProviderMetadata,
    ResponseTypes, TokenUrl, UserInfoUrl,
};
use serde::{Deserialize, Serialize};

use super::document;
use crate::app::App;
use crate::config::{Issuer, RegistrationMode};
use crate::secret::Digest;
use crate::session::{AAL1, AAL2};
use crate::store::assertion_algorithm::AssertionAlgorithm;
use crate::tokens::claims;
use crate::tokens::custom_scope::Scopes;
use crate::tokens::scope::Scope;
use crate::web::Locale;

/// The document changes with the program and the declared scopes; an hour keeps a changed one from being missed for long.
const MAX_AGE: Duration = Duration::from_hours(1);

/// Of ID tokens, beside those a scope stands for.
const ID_TOKEN_CLAIMS: [&str; 11] = ["iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "at_hash", "sid"];

/// The document, prerendered.
#[derive(Clone, Debug)]
pub struct Discovery {
    issuer: Issuer,
    registration: RegistrationMode,
    rendered: Arc<Mutex<(Arc<Scopes>, Document)>>,
}

#[derive(Clone, Debug)]
struct Document {
    bytes: Bytes,
    etag: String,
}

type Metadata = ProviderMetadata<
    Additional,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// What OpenID Connect Discovery 1.0 does not have: RFC 8414, RFC 8628, RFC 9207, the logout specifications, and `prompt_values_supported` of Initiating User Registration via OpenID Connect 1.0.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Additional {
    /// Discovery has it, too, but not every name that is taken.
    token_endpoint_auth_signing_alg_values_supported: Vec<String>,
    introspection_endpoint: String,
    introspection_endpoint_auth_methods_supported: Vec<CoreClientAuthMethod>,
    introspection_endpoint_auth_signing_alg_values_supported: Vec<String>,
    revocation_endpoint: String,
    revocation_endpoint_auth_methods_supported: Vec<CoreClientAuthMethod>,
    revocation_endpoint_auth_signing_alg_values_supported: Vec<String>,
    end_session_endpoint: String,
    /// RFC 8628 §4.
    device_authorization_endpoint: String,
    code_challenge_methods_supported: Vec<String>,
    prompt_values_supported: Vec<String>,
    authorization_response_iss_parameter_supported: bool,
    backchannel_logout_supported: bool,
    backchannel_logout_session_supported: bool,
}

impl AdditionalProviderMetadata for Additional {}

impl Discovery {
    #[must_use]
    pub fn new(issuer: &Issuer, registration: RegistrationMode) -> Self {
        let scopes = Arc::<Scopes>::default();
        let document = Document::new(issuer, registration, &scopes);
        Self { issuer: issuer.clone(), registration, rendered: Arc::new(Mutex::new((scopes, document))) }
    }

    /// The document as JSON, without scopes beside the standard ones.
    #[must_use]
    pub fn document(&self) -> Bytes {
        self.of(&Arc::default()).bytes
    }

    fn of(&self, scopes: &Arc<Scopes>) -> Document {
        let mut rendered = self.rendered.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&rendered.0, scopes) {
            if *rendered.0 != **scopes {
                rendered.1 = Document::new(&self.issuer, self.registration, scopes);
            }
            rendered.0 = Arc::clone(scopes);
        }
        rendered.1.clone()
    }
}

impl Document {
    fn new(issuer: &Issuer, registration: RegistrationMode, scopes: &Scopes) -> Self {
        // An issuer is a URL, and so are its paths; a struct of strings and lists serialises.
        let metadata = metadata(issuer, registration, scopes).ok();
        let json = metadata.and_then(|metadata| serde_json::to_vec(&metadata).ok()).unwrap_or_default();
        let first = Digest::of(&json).as_bytes().first_chunk().copied().unwrap_or_default();
        let etag = format!("\"{:032x}\"", u128::from_be_bytes(first));
        Self { bytes: Bytes::from(json), etag }
    }
}

/// `GET` of either well-known address.
pub async fn get(State(app): State<App>, headers: HeaderMap) -> Response {
    let Document { bytes, etag } = app.discovery.of(&app.scopes.last_known().await);
    document::answer(&headers, bytes, &etag, MAX_AGE)
}

fn metadata(issuer: &Issuer, registration: RegistrationMode, scopes: &Scopes) -> Result<Metadata, url::ParseError> {
    let methods = vec![
        CoreClientAuthMethod::ClientSecretBasic,
        CoreClientAuthMethod::ClientSecretPost,
        CoreClientAuthMethod::PrivateKeyJwt,
        CoreClientAuthMethod::None,
    ];
    let metadata = Metadata::new(
        IssuerUrl::new(issuer.as_str().to_owned())?,
        AuthUrl::new(issuer.url("/authorize"))?,
        JsonWebKeySetUrl::new(issuer.url("/jwks"))?,
        vec![ResponseTypes::new(vec![CoreResponseType::Code])],
        vec![CoreSubjectIdentifierType::Public],
        vec![
            CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
            CoreJwsSigningAlgorithm::RsaSsaPssSha256,
            CoreJwsSigningAlgorithm::EcdsaP256Sha256,
            CoreJwsSigningAlgorithm::EdDsa,
        ],
        additional(issuer, registration, &methods),
    );
    let claims: Vec<&str> = ID_TOKEN_CLAIMS.into_iter().chain(claims::supported()).collect();
    let others = scopes.claim_names().into_iter().filter(|claim| !claims.contains(claim));
    let claims: Vec<_> = claims.iter().copied().chain(others).map(|claim| CoreClaimName::new(claim.to_owned())).collect();
    let scopes = Scope::KNOWN.into_iter().chain(scopes.names()).map(|scope| openidconnect::Scope::new(scope.to_owned()));
    let locales = Locale::ALL.iter().map(|locale| LanguageTag::new(locale.tag().to_owned()));
    Ok(metadata
        .set_token_endpoint(Some(TokenUrl::new(issuer.url("/token"))?))
        .set_userinfo_endpoint(Some(UserInfoUrl::new(issuer.url("/userinfo"))?))
        .set_scopes_supported(Some(scopes.collect()))
        .set_response_modes_supported(Some(vec![CoreResponseMode::Query, CoreResponseMode::FormPost]))
        .set_grant_types_supported(Some(vec![
            CoreGrantType::AuthorizationCode,
            CoreGrantType::RefreshToken,
            CoreGrantType::ClientCredentials,
            CoreGrantType::Extension("urn:ietf:params:oauth:grant-type:device_code".to_owned()),
        ]))
        .set_acr_values_supported(Some([AAL1, AAL2].map(|value| AuthenticationContextClass::new(value.to_owned())).into()))
        .set_token_endpoint_auth_methods_supported(Some(methods))
        .set_claim_types_supported(Some(vec![CoreClaimType::Normal]))
        .set_claims_supported(Some(claims))
        .set_ui_locales_supported(Some(locales.collect()))
        // Of it `acr` alone is read (`oauth::authorize::claims`): whoever relied on true would miss other claims.
        .set_claims_parameter_supported(Some(false))
        .set_request_parameter_supported(Some(false))
        // Leaving it out would mean true (OpenID Connect Discovery §3).
        .set_request_uri_parameter_supported(Some(false))
        .set_require_request_uri_registration(Some(false)))
}

fn additional(issuer: &Issuer, registration: RegistrationMode, methods: &[CoreClientAuthMethod]) -> Additional {
    let owned = |values: &[&str]| values.iter().map(|&value| value.to_owned()).collect();
    let create = (registration == RegistrationMode::Open).then_some("create");
    let algorithms: Vec<String> = owned(&AssertionAlgorithm::NAMES);
    Additional {
        token_endpoint_auth_signing_alg_values_supported: algorithms.clone(),
        introspection_endpoint: issuer.url("/introspect"),
        introspection_endpoint_auth_signing_alg_values_supported: algorithms.clone(),
        // Introspection is for clients with a secret or a key (RFC 7662 §2.1).
        introspection_endpoint_auth_methods_supported: methods.iter().filter(|m| **m != CoreClientAuthMethod::None).cloned().collect(),
        revocation_endpoint: issuer.url("/revoke"),
        revocation_endpoint_auth_methods_supported: methods.to_vec(),
        revocation_endpoint_auth_signing_alg_values_supported: algorithms,
        end_session_endpoint: issuer.url("/logout"),
        device_authorization_endpoint: issuer.url("/device/authorize"),
        code_challenge_methods_supported: owned(&["S256"]),
        prompt_values_supported: ["none", "login", "consent", "select_account"].into_iter().chain(create).map(str::to_owned).collect(),
        authorization_response_iss_parameter_supported: true,
        backchannel_logout_supported: true,
        backchannel_logout_session_supported: true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const GRANT_TYPES: [&str; 4] =
        ["authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code"];

    fn document(issuer: &str) -> Value {
        serde_json::from_slice(&Discovery::new(&issuer.parse().unwrap(), RegistrationMode::Off).document()).unwrap()
    }

    /// CONFORMANCE §2.2: `oidcc-discovery-endpoint-verification`.
    #[test]
    fn says_what_the_config_profile_wants_to_read() {
        let document = document("https://id.example.test");
        assert_eq!(document["issuer"], "https://id.example.test");
        assert_eq!(document["response_types_supported"], json!(["code"]));
        assert_eq!(document["response_modes_supported"], json!(["query", "form_post"]));
        assert_eq!(document["subject_types_supported"], json!(["public"]));
        assert_eq!(document["id_token_signing_alg_values_supported"], json!(["RS256", "PS256", "ES256", "EdDSA"]));
        assert_eq!(document["code_challenge_methods_supported"], json!(["S256"]));
        assert_eq!(document["grant_types_supported"], json!(GRANT_TYPES));
        let proofs = ["client_secret_basic", "client_secret_post", "private_key_jwt"];
        let all: Vec<_> = proofs.into_iter().chain(["none"]).collect();
        assert_eq!(document["token_endpoint_auth_methods_supported"], json!(all));
        assert_eq!(document["revocation_endpoint_auth_methods_supported"], json!(all));
        assert_eq!(document["introspection_endpoint_auth_methods_supported"], json!(proofs));
        for endpoint in ["token", "introspection", "revocation"] {
            let algorithms = &document[format!("{endpoint}_endpoint_auth_signing_alg_values_supported")];
            assert_eq!(*algorithms, json!(["RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"]), "{endpoint}");
        }
        assert_eq!(document["scopes_supported"], json!(Scope::KNOWN));
        assert_eq!(document["ui_locales_supported"], json!(["en", "pt-BR", "es"]));
        assert_eq!(document["acr_values_supported"], json!(["aal1", "aal2"]));
        let announced: Vec<&str> = document["claims_supported"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert!(claims::supported().chain(["iss", "aud", "sid", "at_hash"]).all(|claim| announced.contains(&claim)), "{announced:?}");
        for refused in ["claims_parameter_supported", "request_parameter_supported", "request_uri_parameter_supported"] {
            assert_eq!(document[refused], false, "{refused}");
        }
        for offered in
            ["authorization_response_iss_parameter_supported", "backchannel_logout_supported", "backchannel_logout_session_supported"]
        {
            assert_eq!(document[offered], true, "{offered}");
        }
        assert!(document.get("registration_endpoint").is_none());
    }

    #[test]
    fn every_endpoint_is_a_path_of_the_issuer() {
        let document = document("https://id.example.test");
        let paths = [
            ("authorization_endpoint", "/authorize"),
            ("token_endpoint", "/token"),
            ("userinfo_endpoint", "/userinfo"),
            ("jwks_uri", "/jwks"),
            ("introspection_endpoint", "/introspect"),
            ("revocation_endpoint", "/revoke"),
            ("end_session_endpoint", "/logout"),
            ("device_authorization_endpoint", "/device/authorize"),
        ];
        for (member, path) in paths {
            assert_eq!(document[member], format!("https://id.example.test{path}"), "{member}");
        }
        let endpoints = document.as_object().unwrap().keys().filter(|name| name.ends_with("_endpoint") || name.ends_with("_uri"));
        assert_eq!(endpoints.count(), paths.len());
    }

    #[test]
    fn the_entity_tag_is_that_of_the_content() {
        let tag = |issuer: &str| Document::new(&issuer.parse().unwrap(), RegistrationMode::Off, &Scopes::default()).etag;
        assert_eq!(tag("https://a.example"), tag("https://a.example"));
        assert_ne!(tag("https://a.example"), tag("https://b.example"));
    }
}
