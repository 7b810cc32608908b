use super::*;
use crate::cli::database::temporary;
use crate::store::audit_events;

fn now() -> Timestamp {
    Timestamp::from_secs(1_700_000_000)
}

fn webapp() -> Add {
    Add {
        client_id: Some("webapp".to_owned()),
        name: Some("Web app".to_owned()),
        redirect_uris: vec!["https://app.example/cb".to_owned()],
        ..Add::default()
    }
}

async fn run(store: &Store, command: Command) -> Result<Answer, Failure> {
    execute(command, store, now()).await
}

async fn kinds(store: &Store) -> Vec<String> {
    audit_events::list(&store.read(), 10).await.unwrap().into_iter().map(|event| event.kind).collect()
}

#[tokio::test]
async fn the_secret_is_shown_once_and_only_its_digest_is_kept() {
    let (store, _directory) = temporary().await;
    let added = run(&store, Command::Add(Box::new(webapp()))).await.unwrap();
    let secret = added.json["client_secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("vst_cs_") && added.text.contains(&secret));
    let client = clients::find(&store.read(), "webapp").await.unwrap().unwrap();
    assert_eq!(client.secrets[0].digest, Digest::of(secret.as_bytes()));
    let shown = run(&store, Command::Show { client_id: "webapp".to_owned() }).await.unwrap();
    assert!(!shown.text.contains(&secret) && !shown.json.to_string().contains(&secret));
    assert_eq!(shown.json["client_name"], "Web app");
    assert_eq!(kinds(&store).await, ["client.created"]);
}

#[tokio::test]
async fn a_taken_id_is_refused() {
    let (store, _directory) = temporary().await;
    run(&store, Command::Add(Box::new(webapp()))).await.unwrap();
    let again = run(&store, Command::Add(Box::new(webapp()))).await.unwrap_err().to_string();
    assert!(again.contains("There is a client webapp already"), "{again}");
}

#[tokio::test]
async fn broken_metadata_is_refused_with_every_problem() {
    let (store, _directory) = temporary().await;
    let bad = Add { redirect_uris: vec!["https://app.example/cb#f".to_owned()], public: true, no_pkce: true, ..Add::default() };
    let error = run(&store, Command::Add(Box::new(bad))).await.unwrap_err().to_string();
    assert!(error.contains("redirect_uris:") && error.contains("require_pkce:"), "{error}");
}

#[tokio::test]
async fn rotation_keeps_the_previous_secret_for_the_overlap() {
    let (store, _directory) = temporary().await;
    run(&store, Command::Add(Box::new(webapp()))).await.unwrap();
    let rotate = |overlap| Command::RotateSecret { client_id: "webapp".to_owned(), overlap, force: Force::default() };
    let rotated = run(&store, rotate(Span::secs(3600))).await.unwrap();
    let client = clients::find(&store.read(), "webapp").await.unwrap().unwrap();
    assert_eq!(client.secrets.len(), 2);
    assert_eq!(client.secrets[0].digest, Digest::of(rotated.json["client_secret"].as_str().unwrap().as_bytes()));
    assert_eq!(client.secrets[1].expires_at, Some(now().plus(Duration::from_hours(1))));
    run(&store, rotate(Span::secs(0))).await.unwrap();
    assert_eq!(clients::find(&store.read(), "webapp").await.unwrap().unwrap().secrets.len(), 1);
    assert_eq!(kinds(&store).await, ["client.secret_rotated", "client.secret_rotated", "client.created"]);
}

#[tokio::test]
async fn a_public_client_has_no_secret() {
    let (store, _directory) = temporary().await;
    let added = run(&store, Command::Add(Box::new(Add { public: true, ..webapp() }))).await.unwrap();
    assert!(added.json.get("client_secret").is_none());
    let rotate = Command::RotateSecret { client_id: "webapp".to_owned(), overlap: Span::secs(0), force: Force::default() };
    assert!(run(&store, rotate).await.unwrap_err().to_string().contains("public client"));
}

#[tokio::test]
async fn a_service_client_needs_no_redirect_uri() {
    let (store, _directory) = temporary().await;
    let service = Add { grant_types: vec![GrantType::ClientCredentials], ..Add::default() };
    let added = run(&store, Command::Add(Box::new(service))).await.unwrap();
    assert_eq!(added.json["response_types"], json!([]));
}

#[tokio::test]
async fn an_id_is_taken_when_the_token_endpoint_takes_it() {
    let (store, _directory) = temporary().await;
    let long = "a".repeat(256);
    let mut refused = 0;
    for id in ["plain", "a.b_c~d-1", "a:b", "a!b", "a/b@c", "a%20b", "a b", "a\"b", "\u{fc}", "", long.as_str()] {
        let added = run(&store, Command::Add(Box::new(Add { client_id: Some(id.to_owned()), ..webapp() }))).await;
        assert_eq!(added.is_ok(), is_client_id(id), "{id}");
        refused += u8::from(added.is_err());
    }
    assert!(refused >= 4);
}

#[tokio::test]
async fn a_removed_client_is_gone() {
    let (store, _directory) = temporary().await;
    run(&store, Command::Add(Box::new(webapp()))).await.unwrap();
    let remove = || Command::Remove { client_id: "webapp".to_owned(), force: Force::default() };
    run(&store, remove()).await.unwrap();
    assert!(run(&store, remove()).await.unwrap_err().to_string().contains("There is no client webapp"));
    assert_eq!(run(&store, Command::List).await.unwrap().json, json!([]));
    assert_eq!(kinds(&store).await, ["client.removed", "client.created"], "once");
}
