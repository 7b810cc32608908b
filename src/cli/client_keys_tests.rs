use super::super::client::Command;
use super::*;
use crate::cli::client::{Add, execute};
use crate::cli::database::temporary;
use crate::cli::managed::Force;
use crate::config::Span;
use crate::store::audit_events;

fn now() -> Timestamp {
    Timestamp::from_secs(1_700_000_000)
}

const PUBLIC: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"1","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

fn file(text: &str) -> (Option<PathBuf>, tempfile::NamedTempFile) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    (Some(file.path().to_owned()), file)
}

async fn add(store: &Store, keys: Keys) -> Result<Answer, Failure> {
    execute(Command::Add(Box::new(Add::web_app("webapp", keys))), store, now()).await
}

async fn set_keys(store: &Store, keys: Keys) -> Result<Answer, Failure> {
    execute(Command::SetKeys { client_id: "webapp".to_owned(), keys, force: Force::default() }, store, now()).await
}

async fn stored(store: &Store) -> Client {
    clients::find(&store.read(), "webapp").await.unwrap().unwrap()
}

#[tokio::test]
async fn an_application_with_keys_has_no_secret_and_its_keys_are_shown() {
    let (store, _directory) = temporary().await;
    let (jwks, _file) = file(PUBLIC);
    let added = add(&store, Keys { jwks, ..Keys::default() }).await.unwrap();
    assert!(added.json.get("client_secret").is_none() && !added.text.contains("client_secret"), "{}", added.text);
    let client = stored(&store).await;
    assert_eq!((client.metadata.token_endpoint_auth_method, client.secrets.len()), (AuthMethod::PrivateKeyJwt, 0));
    let shown = execute(Command::Show { client_id: "webapp".to_owned() }, &store, now()).await.unwrap();
    assert_eq!(shown.json["jwks"]["keys"][0]["kid"], "1");
    assert!(shown.text.contains("private_key_jwt") && shown.text.contains("11qYAYKx"), "{}", shown.text);
    let rotate = Command::RotateSecret { client_id: "webapp".to_owned(), overlap: Span::secs(0), force: Force::default() };
    assert!(execute(rotate, &store, now()).await.unwrap_err().to_string().contains("set-keys"));
}

#[tokio::test]
async fn keys_take_the_place_of_a_secret_and_of_other_keys() {
    let (store, _directory) = temporary().await;
    add(&store, Keys::default()).await.unwrap();
    assert_eq!(stored(&store).await.secrets.len(), 1);
    let (jwks, _file) = file(PUBLIC);
    set_keys(&store, Keys { jwks, ..Keys::default() }).await.unwrap();
    let client = stored(&store).await;
    assert_eq!((client.secrets.len(), client.metadata.token_endpoint_auth_method), (0, AuthMethod::PrivateKeyJwt));
    let keys =
        Keys { jwks_uri: Some("https://app.example/jwks".to_owned()), auth_signing_alg: Some(AssertionAlgorithm::ES256), jwks: None };
    set_keys(&store, keys).await.unwrap();
    let metadata = stored(&store).await.metadata;
    assert_eq!((metadata.jwks, metadata.jwks_uri.as_deref()), (None, Some("https://app.example/jwks")));
    assert_eq!(metadata.token_endpoint_auth_signing_alg, Some(AssertionAlgorithm::ES256));
    let moved = Keys { jwks_uri: Some("https://app.example/keys".to_owned()), ..Keys::default() };
    set_keys(&store, moved).await.unwrap();
    assert_eq!(
        stored(&store).await.metadata.token_endpoint_auth_signing_alg,
        Some(AssertionAlgorithm::ES256),
        "what was restricted stays so"
    );
    let events = audit_events::list(&store.read(), 10).await.unwrap();
    assert_eq!(events.iter().filter(|event| event.kind == "client.updated").count(), 3);
}

#[tokio::test]
async fn what_cannot_be_keys_is_refused_and_changes_nothing() {
    let (store, _directory) = temporary().await;
    add(&store, Keys::default()).await.unwrap();
    let private = PUBLIC.replace("\"kid\"", "\"d\":\"AAAA\",\"kid\"");
    for (text, expected) in [("not JSON", "not JSON"), ("{}", "not a JWK Set"), (private.as_str(), "private or symmetric")] {
        let (jwks, _file) = file(text);
        let error = set_keys(&store, Keys { jwks, ..Keys::default() }).await.unwrap_err().to_string();
        assert!(error.contains(expected) && !error.contains("AAAA"), "{error}");
    }
    let nowhere = Keys { jwks: Some("/nowhere/jwks.json".into()), ..Keys::default() };
    assert!(set_keys(&store, nowhere).await.unwrap_err().to_string().contains("/nowhere/jwks.json"));
    assert!(set_keys(&store, Keys::default()).await.unwrap_err().to_string().contains("--jwks-uri"));
    assert_eq!(stored(&store).await.secrets.len(), 1);
}
