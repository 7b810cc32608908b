//! Scopes beside the standard ones, and the claims they release: docs/declared-state.md, decision 0024.

use openidconnect::AdditionalClaims;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vestibule::store::clients::GrantType;
use vestibule::store::scopes::{self, CustomScope};

use crate::harness::{Credentials, ISSUER, TestApp, TokenRequest, claims_of, seed};
use crate::organizations::{join, organization};

/// A scope of this definition, known at once.
pub async fn scope(app: &TestApp, name: &str, definition: &Value) {
    let now = app.now();
    let row = CustomScope {
        name: name.to_owned(),
        definition: definition.to_string(),
        managed: false,
        enabled: true,
        created_at: now,
        updated_at: now,
    };
    app.app
        .store
        .write(move |conn| {
            let row = row.clone();
            Box::pin(async move { scopes::insert(conn, &row).await })
        })
        .await
        .unwrap();
    app.app.scopes.forget();
}

async fn remove(app: &TestApp, name: &'static str) {
    assert!(app.app.store.write(move |conn| Box::pin(scopes::remove(conn, name))).await.unwrap());
    app.app.scopes.forget();
}

pub async fn registered(app: &TestApp, client: &str, scope: &str) {
    app.change_client(client, |client| scope.clone_into(&mut client.metadata.scope)).await;
}

/// What an application that gives rights by role wants to read.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Staff {
    #[serde(default)]
    roles: Vec<String>,
    tier: Option<String>,
}

impl AdditionalClaims for Staff {}

fn staff() -> Value {
    json!({
        "description": { "en": "see your role at work", "es": "ver tu función en el trabajo" },
        "claims": { "roles": "organization_roles", "tier": { "constant": "gold" }, "preferred_username": "email" }
    })
}

/// The `openidconnect` crate reads mapped claims from the ID token and userinfo; without the scope there are none.
#[tokio::test]
async fn a_relying_party_reads_mapped_claims() {
    let app = TestApp::start().await;
    organization(&app, "acme", "{}").await;
    organization(&app, "bolt", "{}").await;
    join(&app, "acme", seed::ANA, true).await;
    join(&app, "bolt", seed::ANA, false).await;
    scope(&app, "staff", &staff()).await;
    for client in [seed::TICKETING, seed::SPA] {
        registered(&app, client, "openid profile staff").await;
        let party = app.relying_party(client).await;
        let signed_in = party.sign_in(seed::ANA, &["profile", "staff"]).await;
        let token = party.id_token_as::<Staff>(&signed_in);
        assert_eq!(token.additional_claims().roles, ["acme:administrator", "bolt:member"]);
        assert_eq!(token.preferred_username().unwrap().as_str(), seed::ANA);
        let userinfo = party.userinfo_as::<Staff>(&signed_in).await;
        assert_eq!(userinfo.additional_claims().roles, ["acme:administrator", "bolt:member"]);
        assert_eq!(userinfo.additional_claims().tier.as_deref(), Some("gold"));
        assert_eq!(userinfo.preferred_username().unwrap().as_str(), seed::ANA, "the source that was declared wins over `profile`");
        assert_eq!(userinfo.name().unwrap().get(None).unwrap().as_str(), "Ana Souza");
        // Granted less: nothing of it.
        let less = party.sign_in(seed::ANA, &["profile"]).await;
        let (token, userinfo) = (party.id_token_as::<Staff>(&less), party.userinfo_as::<Staff>(&less).await);
        assert!(token.additional_claims().roles.is_empty() && token.additional_claims().tier.is_none());
        assert!(userinfo.additional_claims().roles.is_empty() && userinfo.additional_claims().tier.is_none());
        assert_eq!(userinfo.preferred_username().unwrap().as_str(), "ana");
    }
    // Somebody else's roles are their own.
    let party = app.relying_party(seed::SPA).await;
    let bruno = party.sign_in(seed::BRUNO, &["staff"]).await;
    assert_eq!(claims_of(&bruno.id_token())["roles"], json!([]));
}

/// Roles are those of now: at a refresh, and at userinfo.
#[tokio::test]
async fn what_changes_is_seen_at_the_next_refresh_and_at_userinfo() {
    let app = TestApp::start().await;
    organization(&app, "acme", "{}").await;
    scope(&app, "staff", &staff()).await;
    registered(&app, seed::AUTOTALK, "openid staff").await;
    let tokens = app.tokens(seed::AUTOTALK, "openid staff").await;
    assert_eq!(claims_of(tokens["id_token"].as_str().unwrap())["roles"], json!([]));
    join(&app, "acme", seed::ANA, false).await;
    assert_eq!(app.userinfo(tokens["access_token"].as_str().unwrap()).await.json()["roles"], json!(["acme:member"]));
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let tokens = app.token(TokenRequest::refresh(seed::AUTOTALK, refresh)).await.expect(200).json();
    assert_eq!(claims_of(tokens["id_token"].as_str().unwrap())["roles"], json!(["acme:member"]));
}

/// The consent page says what it is, in the person's language, and so does My Account.
#[tokio::test]
async fn people_read_what_a_scope_allows() {
    let app = TestApp::start().await;
    scope(&app, "staff", &staff()).await;
    scope(&app, "other", &json!({ "description": { "en": "<b>bold</b> & more" } })).await;
    scope(&app, "silent", &json!({})).await;
    registered(&app, seed::TICKETING, "openid staff other silent").await;
    for (language, text) in [("en", "see your role at work"), ("es", "ver tu función en el trabajo"), ("pt-BR", "see your role at work")] {
        let browser = app.browser_of(seed::BRUNO).await.speaks(language);
        let page =
            browser.open(&app.authorize(seed::TICKETING).with("scope", "openid staff other silent").url()).await.expect("/consent", 200);
        page.assert_text(text);
        page.assert_text("<b>bold</b> & more");
        page.assert_text("silent");
        assert!(!page.has("b"), "a description is text");
    }
    let browser = app.browser_of(seed::BRUNO).await;
    let page = browser.open(&app.authorize(seed::TICKETING).with("scope", "openid staff").url()).await;
    page.click("#consent-allow").await.code();
    let page = browser.open("/account/applications").await.expect("/account/applications", 200);
    page.assert_text("see your role at work");
}

/// OpenID Connect Discovery §3: named while they can be had, with another entity tag.
#[tokio::test]
async fn discovery_names_scopes_and_claims() {
    let app = TestApp::start().await;
    let discovery = async || {
        let answer = app.get("/.well-known/openid-configuration").await.expect(200);
        (answer.json(), answer.header("etag").to_owned())
    };
    let has = |document: &Value, member: &str, one: &str| document[member].as_array().unwrap().iter().filter(|value| *value == one).count();
    let (before, tag) = discovery().await;
    scope(&app, "staff", &staff()).await;
    let (after, other_tag) = discovery().await;
    assert_ne!(tag, other_tag);
    assert_eq!((has(&before, "scopes_supported", "staff"), has(&after, "scopes_supported", "staff")), (0, 1));
    assert_eq!((has(&before, "claims_supported", "roles"), has(&after, "claims_supported", "roles")), (0, 1));
    assert_eq!(has(&after, "claims_supported", "preferred_username"), 1);
    remove(&app, "staff").await;
    assert_eq!(discovery().await, (before, tag));
}

/// RFC 6749 §6, §3.3: a scope that is gone is in no token, and the rest goes on.
#[tokio::test]
async fn a_scope_that_is_removed_is_lost_and_the_rest_goes_on() {
    let app = TestApp::start().await;
    scope(&app, "staff", &staff()).await;
    registered(&app, seed::AUTOTALK, "openid email staff").await;
    let tokens = app.tokens(seed::AUTOTALK, "openid email staff").await;
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(app.userinfo(access).await.json()["tier"], "gold");
    remove(&app, "staff").await;
    let userinfo = app.userinfo(access).await.expect(200).json();
    assert!(userinfo.get("tier").is_none() && userinfo["email"] == seed::ANA, "{userinfo}");
    let request = TokenRequest::refresh(seed::AUTOTALK, tokens["refresh_token"].as_str().unwrap());
    let refreshed = app.token(request.with("scope", "openid email staff")).await.expect(200).json();
    assert_eq!(refreshed["scope"], "email openid");
    assert!(claims_of(refreshed["id_token"].as_str().unwrap()).get("tier").is_none());
    let page = app.browser_of(seed::ANA).await.open(&app.authorize(seed::AUTOTALK).with("scope", "openid staff").url()).await.code();
    let json = app.token(TokenRequest::code(seed::AUTOTALK, &page)).await.expect(200).json();
    assert_eq!(json["scope"], "openid");
}

/// An application that is not registered for it is told so, and gets nothing.
#[tokio::test]
async fn a_scope_is_for_the_applications_that_are_registered_for_it() {
    let app = TestApp::start().await;
    scope(&app, "staff", &staff()).await;
    let browser = app.browser_of(seed::ANA).await;
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("scope", "openid staff").url()).await;
    assert_eq!(page.error(), "invalid_scope");
}

/// RFC 9068 §2.2.3, §3: claims and audience of access tokens, and what introspection says of them.
#[tokio::test]
async fn an_api_gets_its_claims_and_its_audience() {
    let app = TestApp::start().await;
    organization(&app, "acme", "{}").await;
    join(&app, "acme", seed::ANA, false).await;
    let claims = json!({ "roles": "organization_roles", "tier": { "constant": "gold" } });
    scope(&app, "orders", &json!({ "claims": claims, "in": ["access_token"], "audience": "https://orders.example" })).await;
    scope(&app, "stock", &json!({ "audience": "https://stock.example" })).await;
    registered(&app, seed::AUTOTALK, "openid orders stock").await;
    let tokens = app.tokens(seed::AUTOTALK, "openid orders").await;
    let access = tokens["access_token"].as_str().unwrap();
    let claims = claims_of(access);
    assert_eq!(claims["aud"], json!([ISSUER, "https://orders.example"]));
    assert_eq!((&claims["roles"], &claims["tier"]), (&json!(["acme:member"]), &json!("gold")));
    assert!(claims_of(tokens["id_token"].as_str().unwrap()).get("roles").is_none());
    assert!(app.userinfo(access).await.expect(200).json().get("roles").is_none());
    let seen = app.introspect(Credentials::of(seed::API), access).await.expect(200).json();
    assert_eq!((&seen["active"], &seen["aud"], &seen["roles"]), (&json!(true), &claims["aud"], &claims["roles"]));
    let page =
        app.browser_of(seed::ANA).await.open(&app.authorize(seed::AUTOTALK).with("scope", "openid orders stock").url()).await.error();
    assert_eq!(page, "invalid_scope");
    // A client that acts for itself: nobody's roles.
    app.change_client(seed::BATCH, |client| {
        client.metadata.grant_types = vec![GrantType::ClientCredentials];
        client.metadata.scope = "orders stock".to_owned();
    })
    .await;
    let request = || TokenRequest::client_credentials(seed::BATCH);
    let tokens = app.token(request().with("scope", "orders")).await.expect(200).json();
    let claims = claims_of(tokens["access_token"].as_str().unwrap());
    assert_eq!((&claims["aud"][1], &claims["tier"], claims.get("roles")), (&json!("https://orders.example"), &json!("gold"), None));
    app.token(request().with("scope", "orders stock")).await.expect_error(400, "invalid_scope");
}

/// `id_token_scope_claims`: what userinfo has is in the ID token, too.
#[tokio::test]
async fn a_client_that_wants_everything_in_the_id_token_gets_it() {
    let app = TestApp::start().await;
    scope(&app, "staff", &json!({ "claims": { "tier": { "constant": "gold" } }, "in": ["userinfo"] })).await;
    registered(&app, seed::AUTOTALK, "openid staff").await;
    for wants in [false, true] {
        app.change_client(seed::AUTOTALK, |client| client.metadata.id_token_scope_claims = wants).await;
        let tokens = app.tokens(seed::AUTOTALK, "openid staff").await;
        assert_eq!(claims_of(tokens["id_token"].as_str().unwrap()).get("tier").is_some(), wants);
    }
}

/// Another replica knows within a second.
#[tokio::test]
async fn every_replica_knows_within_a_second() {
    let app = TestApp::start().await;
    let other = app.replica().await;
    assert_eq!(other.app.scopes.all().await.unwrap().names().count(), 0);
    scope(&app, "staff", &staff()).await;
    let started = std::time::Instant::now();
    while other.app.scopes.all().await.unwrap().names().count() == 0 {
        assert!(started.elapsed().as_secs() < 10, "never seen");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}
