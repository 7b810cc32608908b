use serde_json::{Value, json};

use super::*;
use crate::clock::Timestamp;
use crate::store::clients::{Client, GrantType};
use crate::store::memberships::Membership;
use crate::store::organizations::Organization;
use crate::store::scopes::CustomScope;
use crate::store::users::User;
use crate::tokens::testing;

fn row(name: &str, definition: &Value) -> CustomScope {
    let at = Timestamp::default();
    CustomScope { name: name.to_owned(), definition: definition.to_string(), managed: false, enabled: true, created_at: at, updated_at: at }
}

fn definition(value: Value) -> Definition {
    serde_json::from_value(value).unwrap()
}

fn scope(text: &str) -> Scope {
    Scope::parse(text).unwrap()
}

fn membership(id: &str, user: &User, administrator: bool, enabled: bool) -> (Membership, Organization) {
    let at = Timestamp::default();
    let organization = Organization {
        id: id.to_owned(),
        name: id.to_uppercase(),
        policy: String::new(),
        managed: false,
        enabled,
        created_at: at,
        updated_at: at,
    };
    (Membership { organization_id: id.to_owned(), user_id: user.id, administrator, created_at: at }, organization)
}

fn members_of(value: Value) -> Vec<String> {
    definition(value).broken(&["en", "es"]).into_iter().map(|broken| broken.member).collect()
}

#[test]
fn a_claim_of_the_protocol_is_never_mapped() {
    for name in RESERVED {
        assert_eq!(members_of(json!({ "claims": { name: { "constant": "x" } } })), [format!("claims.{name}")]);
    }
    // Whatever access tokens have of their own is among them.
    let ours = ["iss", "sub", "aud", "client_id", "exp", "iat", "jti", "scope", "auth_time", "acr", "amr", "grant_id"];
    assert!(ours.iter().all(|name| RESERVED.contains(name)));
}

#[test]
fn what_applications_find_people_by_comes_from_itself_alone() {
    for (name, source) in [
        ("email", json!("preferred_username")),
        ("email", json!({ "constant": "root@example.org" })),
        ("email_verified", json!({ "constant": true })),
        ("phone_number", json!("nickname")),
        ("updated_at", json!({ "constant": 1 })),
        ("address", json!("organizations")),
        ("name", json!("organization_ids")),
        ("picture", json!({ "constant": 7 })),
        ("birthdate", json!("email_verified")),
    ] {
        assert_eq!(members_of(json!({ "claims": { name: source } })), [format!("claims.{name}")], "{name}");
    }
    let good = json!({ "claims": { "email": "email", "preferred_username": "email", "https://x.example/groups": "organization_ids" } });
    assert!(members_of(good).is_empty());
}

#[test]
fn a_definition_says_what_is_wrong_with_it() {
    assert_eq!(
        members_of(json!({ "description": { "de": "x", "en": " ", "es": "a\nb" } })),
        ["description.de", "description.en", "description.es"]
    );
    assert_eq!(members_of(json!({ "claims": { "a b": "name", "": "name", "name#pt": "name" } })).len(), 3);
    assert_eq!(members_of(json!({ "claims": { "a": { "constant": null } } })), ["claims.a"]);
    assert_eq!(members_of(json!({ "claims": { "a": { "constant": { "b": 1 } } } })), ["claims.a"]);
    assert_eq!(members_of(json!({ "claims": { "a": { "constant": "x".repeat(2000) } } })), ["claims.a"]);
    assert_eq!(members_of(json!({ "claims": { "a": "name" }, "in": [] })), ["in"]);
    for audience in ["api", "https://api.example/#x", "https://api.example/ x", ""] {
        assert_eq!(members_of(json!({ "audience": audience })), ["audience"], "{audience}");
    }
    assert!(members_of(json!({ "audience": "https://api.example", "description": { "en": "see your role" } })).is_empty());
    assert!(serde_json::from_value::<Definition>(json!({ "claims": { "a": "password_hash" } })).is_err());
    assert!(serde_json::from_value::<Definition>(json!({ "clams": {} })).is_err());
}

#[test]
fn a_scope_has_one_name_that_is_not_taken() {
    for good in ["roles", "orders:read", "https://api.example/read"] {
        assert_eq!(broken_name(good), None, "{good}");
    }
    for bad in ["", " ", "a b", "roles ", "caf\u{e9}", "a\"b", "openid", "offline_access", "vestibule:admin", &"x".repeat(101)] {
        assert!(broken_name(bad).is_some(), "{bad}");
    }
}

#[test]
fn only_what_was_granted_is_released_where_it_is_to_appear() {
    let user = User { administrator: true, ..testing::user() };
    let organizations =
        [membership("acme", &user, true, true), membership("bolt", &user, false, true), membership("gone", &user, true, false)];
    let about = Some(About { user: &user, organizations: &organizations });
    let scopes = Scopes::of(vec![
        row("a", &json!({ "claims": { "roles": "organization_roles", "who": "preferred_username" }, "in": ["id_token"] })),
        row("b", &json!({ "claims": { "roles": { "constant": "second" }, "tier": { "constant": ["x"] } } })),
        row("c", &json!({ "claims": { "login": "email", "all": "organizations", "admin": "administrator" }, "in": ["access_token"] })),
        CustomScope { enabled: false, ..row("off", &json!({ "claims": { "secret": { "constant": "x" } } })) },
        row("later", &json!({ "claims": {}, "since_version_9": true })),
    ]);
    let all = scope("openid a b c off later unknown");
    let released = |scope: &Scope, place| Value::Object(scopes.claims(scope, place, about));
    assert_eq!(released(&all, Place::IdToken), json!({ "roles": ["acme:administrator", "bolt:member"], "tier": ["x"] }));
    assert_eq!(released(&scope("openid b"), Place::IdToken), json!({ "roles": "second", "tier": ["x"] }));
    assert_eq!(released(&all, Place::Userinfo), json!({ "roles": "second", "tier": ["x"] }));
    let organizations =
        json!([{ "id": "acme", "name": "ACME", "role": "administrator" }, { "id": "bolt", "name": "BOLT", "role": "member" }]);
    assert_eq!(released(&all, Place::AccessToken), json!({ "login": "ana@example.org", "admin": true, "all": organizations }));
    assert_eq!(released(&scope("openid"), Place::IdToken), json!({}));
    assert_eq!(Value::Object(scopes.claims(&all, Place::IdToken, None)), json!({ "roles": "second", "tier": ["x"] }));
    assert!(scopes.asks_for_organizations(&all, &[Place::IdToken]) && !scopes.asks_for_organizations(&all, &[Place::Userinfo]));
    assert!(!scopes.asks_for_organizations(&scope("openid b"), &[Place::IdToken]));
    assert_eq!(scopes.names().collect::<Vec<_>>(), ["a", "b", "c"]);
    assert!(!scopes.claim_names().contains("secret"));
}

#[test]
fn a_client_has_what_it_is_registered_for_and_exists() {
    let scopes = Scopes::of(vec![row("roles", &json!({})), CustomScope { enabled: false, ..row("off", &json!({})) }]);
    let mut client: Client = testing::client(crate::keys::Algorithm::ES256);
    client.metadata.scope = "openid roles off gone".to_owned();
    assert_eq!(scopes.registered(&client).to_string(), "openid roles");
    client.metadata.grant_types = vec![GrantType::ClientCredentials];
    assert_eq!(scopes.registered(&client).to_string(), "gone openid roles", "scopes of APIs");
}

#[test]
fn a_description_is_in_the_persons_language_or_in_english() {
    let scopes = Scopes::of(vec![
        row("roles", &json!({ "description": { "en": "see your role", "es": "ver tu función" } })),
        row("spanish", &json!({ "description": { "es": "ver" } })),
        row("silent", &json!({})),
    ]);
    assert_eq!(scopes.description("roles", "es"), Some("ver tu función"));
    assert_eq!(scopes.description("roles", "pt-BR"), Some("see your role"));
    assert_eq!(scopes.description("spanish", "en"), Some("ver"));
    assert_eq!((scopes.description("silent", "en"), scopes.description("unknown", "en")), (None, None));
}

#[test]
fn whom_a_token_is_for_is_said_by_its_scopes() {
    let api = |name: &str| row(name, &json!({ "audience": format!("https://{name}.example") }));
    let scopes = Scopes::of(vec![api("a"), api("b"), row("c", &json!({}))]);
    assert_eq!(scopes.audiences(&scope("openid c")).len(), 0);
    assert_eq!(scopes.audiences(&scope("a c")).into_iter().collect::<Vec<_>>(), ["https://a.example"]);
    assert_eq!(scopes.audiences(&scope("a b")).len(), 2);
}
