use super::*;
use crate::declare::{DesiredPassword, Document};
use crate::secret::Secret;
use crate::store::clients::{AuthMethod, Metadata};

const SECRET: &str = "a-random-secret-of-32-characters";

fn options(secs: i64) -> Options {
    Options { now: Timestamp::from_secs(secs), secret_overlap: Duration::from_hours(1) }
}

fn source() -> crate::config::Source {
    crate::config::Source::File { path: "state.toml".into(), line: 1 }
}

fn client(secret: Option<&str>) -> DesiredClient {
    let metadata = Metadata { redirect_uris: vec!["https://app.example/cb".to_owned()], ..Metadata::default() };
    let secret = secret.map(|text| Secret::new(text.to_owned()));
    DesiredClient { client_id: "app".to_owned(), secret, enabled: true, metadata, source: source(), waits: None }
}

fn user() -> DesiredUser {
    let profile = serde_json::json!({ "name": "Ana", "locale": "pt-BR" });
    DesiredUser {
        email: "ana@example.com".to_owned(),
        password: Some(DesiredPassword::Clear(Secret::new("correct horse battery".to_owned()))),
        email_verified: Some(true),
        administrator: None,
        memberships: None,
        profile: profile.as_object().unwrap().clone(),
        source: source(),
        waits: None,
    }
}

/// The database after a plan.
fn after(plan: &Plan) -> Current {
    let mut current = Current::default();
    for change in &plan.changes {
        match &change.write {
            Write::Client { client, .. } => drop(current.clients.insert(change.id.clone(), Client::clone(client))),
            Write::Organization { organization, .. } => {
                drop(current.organizations.insert(change.id.clone(), crate::store::organizations::Organization::clone(organization)));
            }
            Write::Delete => {}
            Write::Scope { scope, .. } => drop(current.scopes.insert(change.id.clone(), CustomScope::clone(scope))),
            Write::User { user, .. } => drop(current.users.insert(change.id.clone(), User::clone(user))),
        }
    }
    current
}

fn plan(document: &Document, current: &Current, secs: i64) -> Plan {
    make(document, current, options(secs))
}

fn document() -> Document {
    Document { clients: vec![client(Some(SECRET))], users: vec![user()], ..Document::default() }
}

fn fields(plan: &Plan) -> Vec<String> {
    plan.changes.iter().flat_map(|change| &change.fields).map(|field| field.field.clone()).collect()
}

#[test]
fn an_empty_database_gets_everything_and_then_nothing_changes() {
    let mut current = Current::default();
    current.new_hashes.insert("ana@example.com".to_owned(), "$argon2id$…".to_owned());
    let first = plan(&document(), &current, 100);
    assert!(first.problems.is_empty());
    assert!(first.changes.iter().all(|change| change.action == Action::Create));
    let second = plan(&document(), &after(&first), 200);
    assert_eq!((second.changes.len(), second.unchanged), (0, 2), "{:?}", second.changes);
}

#[test]
fn secrets_are_never_in_a_plan() {
    let mut current = Current::default();
    current.new_hashes.insert("ana@example.com".to_owned(), "$argon2id$hash".to_owned());
    let json = serde_json::to_string(&plan(&document(), &current, 100)).unwrap();
    assert!(json.contains("client_secret") && json.contains("\"password\"") && json.contains(HIDDEN));
    assert!(!json.contains(SECRET) && !json.contains("argon2id") && !json.contains("correct horse"), "{json}");
}

#[test]
fn a_change_names_the_field_before_and_after() {
    let current = after(&plan(&document(), &Current::default(), 100));
    let mut changed = document();
    changed.clients[0].metadata.client_name = Some("App".to_owned());
    changed.users[0].profile.insert("name".to_owned(), "Ana Maria".into());
    let plan = plan(&changed, &current, 200);
    assert_eq!(fields(&plan), ["client_name", "name"]);
    assert_eq!((&plan.changes[1].fields[0].from, &plan.changes[1].fields[0].to), (&"Ana".into(), &"Ana Maria".into()));
}

#[test]
fn what_is_not_declared_of_a_person_is_left_alone() {
    let mut current = after(&plan(&document(), &Current::default(), 100));
    let stored = current.users.get_mut("ana@example.com").unwrap();
    stored.administrator = true;
    stored.profile.nickname = Some("Aninha".to_owned());
    assert!(plan(&document(), &current, 200).changes.is_empty());
}

#[test]
fn a_client_made_by_hand_becomes_a_declared_one() {
    let mut current = after(&plan(&document(), &Current::default(), 100));
    current.clients.get_mut("app").unwrap().managed = false;
    assert_eq!(fields(&plan(&document(), &current, 200)), ["managed"]);
}

#[test]
fn a_new_secret_leaves_the_previous_one_for_the_overlap() {
    let current = after(&plan(&document(), &Current::default(), 100));
    let changed = Document { clients: vec![client(Some("another-random-secret-of-32-char"))], ..Document::default() };
    let plan = plan(&changed, &current, 200);
    assert_eq!(fields(&plan), ["client_secret"]);
    let secrets = after(&plan).clients["app"].secrets.clone();
    assert_eq!(secrets.len(), 2);
    assert_eq!(secrets[1].expires_at, Some(Timestamp::from_secs(3800)));
}

#[test]
fn without_a_declared_secret_the_client_keeps_its_own() {
    let current = after(&plan(&document(), &Current::default(), 100));
    let plan = plan(&Document { clients: vec![client(None)], ..Document::default() }, &current, 200);
    assert!(plan.changes.is_empty() && plan.problems.is_empty());
}

#[test]
fn a_confidential_client_without_any_secret_is_refused() {
    let plan = plan(&Document { clients: vec![client(None)], ..Document::default() }, &Current::default(), 100);
    assert!(plan.problems[0].1.to_string().starts_with("clients[app].client_secret (state.toml:1): a confidential client needs a secret"));
}

#[test]
fn a_client_that_becomes_public_loses_its_secrets() {
    let current = after(&plan(&document(), &Current::default(), 100));
    let mut public = client(None);
    public.metadata.token_endpoint_auth_method = AuthMethod::None;
    let plan = plan(&Document { clients: vec![public], ..Document::default() }, &current, 200);
    assert_eq!(fields(&plan), ["token_endpoint_auth_method", "client_secret"]);
    assert!(after(&plan).clients["app"].secrets.is_empty());
}

#[test]
fn a_new_password_raises_the_epoch() {
    let mut current = after(&plan(&document(), &Current::default(), 100));
    current.new_hashes.insert("ana@example.com".to_owned(), "$argon2id$new".to_owned());
    let plan = plan(&document(), &current, 200);
    assert_eq!(fields(&plan), ["password"]);
    assert_eq!(after(&plan).users["ana@example.com"].auth_epoch, 1);
}

#[test]
fn a_client_that_signs_needs_no_secret_and_keeps_none() {
    let current = after(&plan(&document(), &Current::default(), 100));
    let mut signing = document();
    signing.clients[0].secret = None;
    signing.clients[0].metadata.token_endpoint_auth_method = AuthMethod::PrivateKeyJwt;
    signing.clients[0].metadata.jwks_uri = Some("https://app.example/jwks".to_owned());
    let plan_of = |current: &Current| plan(&signing, current, 200);
    let changed = plan_of(&current);
    assert!(changed.problems.is_empty(), "{:?}", changed.problems);
    assert_eq!(fields(&changed), ["jwks_uri", "token_endpoint_auth_method", "client_secret"]);
    assert!(after(&changed).clients["app"].secrets.is_empty());
    assert!(plan_of(&Current { users: current.users.clone(), ..after(&changed) }).changes.is_empty());
    assert!(plan_of(&Current::default()).problems.is_empty());
}
