use super::*;
use crate::cli::database::temporary;
use crate::store::audit_events;
use crate::store::clients::Metadata;

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

async fn run_here(store: &Store, words: &[&str]) -> Result<Value, String> {
    use clap::Parser as _;
    #[derive(clap::Parser)]
    struct Line {
        #[command(subcommand)]
        command: Command,
    }
    let line = Line::try_parse_from(std::iter::once(&"scope").chain(words)).map_err(|error| error.to_string())?;
    let answer = execute(line.command, store, NOW).await.map_err(|failure| failure.to_string())?;
    Ok(answer.json)
}

async fn actions(store: &Store) -> Vec<String> {
    let events = audit_events::list(&store.read(), 100).await.unwrap();
    let changes = events.into_iter().filter(|event| event.kind == "scope.changed");
    let action = |detail: &str| serde_json::from_str::<Value>(detail).unwrap()["action"].as_str().unwrap().to_owned();
    let mut actions: Vec<String> = changes.map(|event| action(&event.detail)).collect();
    actions.sort();
    actions
}

#[tokio::test]
async fn a_scope_is_made_changed_switched_and_removed() {
    let (store, _directory) = temporary().await;
    let add = [
        "add",
        "roles",
        "--claim",
        "roles=organization_roles",
        "--constant",
        "tier=[\"gold\"]",
        "--description",
        "see your role",
        "--description",
        "es=ver tu función",
    ];
    let made = run_here(&store, &add).await.unwrap();
    assert_eq!(made["claims"], json!({ "roles": "organization_roles", "tier": { "constant": ["gold"] } }));
    assert_eq!(made["description"], json!({ "en": "see your role", "es": "ver tu función" }));
    assert_eq!(made["in"], json!(["id_token", "userinfo"]));
    assert!(run_here(&store, &add).await.unwrap_err().contains("already"));
    let changed = run_here(&store, &["update", "roles", "--in", "access_token", "--audience", "https://api.example"]).await.unwrap();
    assert_eq!((&changed["in"], &changed["claims"]), (&json!(["access_token"]), &made["claims"]));
    run_here(&store, &["disable", "roles"]).await.unwrap();
    run_here(&store, &["disable", "roles"]).await.unwrap();
    assert_eq!(run_here(&store, &["list"]).await.unwrap()[0]["enabled"], false);
    run_here(&store, &["enable", "roles"]).await.unwrap();
    assert_eq!(run_here(&store, &["show", "roles"]).await.unwrap()["clients"], json!([]));
    run_here(&store, &["remove", "roles"]).await.unwrap();
    assert!(run_here(&store, &["remove", "roles"]).await.unwrap_err().contains("no scope roles"));
    assert_eq!(actions(&store).await, ["changed", "created", "disabled", "enabled", "removed"]);
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_what_to_do() {
    let (store, _directory) = temporary().await;
    for (words, said) in [
        (vec!["add", "openid"], "standard scope"),
        (vec!["add", "a b"], "RFC 6749"),
        (vec!["add", "x", "--claim", "sub=email"], "claims.sub: a claim of the protocol"),
        (vec!["add", "x", "--claim", "roles=organization_role"], "Did you mean `organization_roles`?"),
        (vec!["add", "x", "--claim", "roles"], "write a claim"),
        (vec!["add", "x", "--constant", "email_verified=true"], "only comes from email_verified itself"),
        (vec!["add", "x", "--in", "cookie"], "access_token"),
        (vec!["update", "profile"], "It is a standard one"),
    ] {
        let error = run_here(&store, &words).await.unwrap_err();
        assert!(error.contains(said), "{words:?}: {error}");
    }
    assert!(actions(&store).await.is_empty());
}

#[tokio::test]
async fn a_scope_of_a_client_stays_and_so_does_a_declared_one() {
    let (store, _directory) = temporary().await;
    run_here(&store, &["add", "roles"]).await.unwrap();
    let client = Client {
        client_id: "tickets".to_owned(),
        enabled: true,
        metadata: Metadata { scope: "openid roles".to_owned(), ..Metadata::default() },
        secrets: Vec::new(),
        managed: false,
        created_at: NOW,
        updated_at: NOW,
    };
    store
        .write(move |conn| {
            let client = client.clone();
            Box::pin(async move { clients::insert(conn, &client).await })
        })
        .await
        .unwrap();
    assert!(run_here(&store, &["remove", "roles"]).await.unwrap_err().contains("the scopes of tickets"));
    assert_eq!(run_here(&store, &["show", "roles"]).await.unwrap()["clients"], json!(["tickets"]));
    store
        .write(|conn| {
            Box::pin(async move {
                let object = store::declared_objects::DeclaredObject {
                    kind: "scope".to_owned(),
                    id: "roles".to_owned(),
                    source: "scopes.toml".to_owned(),
                    state: store::declared_objects::State::Ready,
                    reason: None,
                    since: NOW,
                    digest: String::new(),
                };
                store::declared_objects::update(conn, &object).await
            })
        })
        .await
        .unwrap();
    assert!(run_here(&store, &["disable", "roles"]).await.unwrap_err().contains("declared in scopes.toml"));
    assert!(run_here(&store, &["disable", "roles", "--force"]).await.is_ok());
}
