use super::*;
use crate::cli::database::{cheap, temporary};
use crate::store::{audit_events, clients, users};

const STATE: &str = r#"
[[clients]]
client_id = "autotalk"
client_secret = "a-secret-for-the-demonstration"
redirect_uris = ["http://localhost:8081/callback"]
first_party = true

[[users]]
email = "ana@example.com"
password = "demo"
name = "Ana"

[[users]]
email = "bia@example.com"
password_hash = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI"
administrator = true
"#;

struct Place {
    store: Store,
    directory: tempfile::TempDir,
}

impl Place {
    async fn new() -> Self {
        let (store, directory) = temporary().await;
        Self { store, directory }
    }

    async fn apply(&self, text: &str, dry_run: bool, secs: i64) -> Result<Answer, Failure> {
        let file = self.directory.path().join("state.toml");
        std::fs::write(&file, text).unwrap();
        let arguments = Arguments { files: vec![file], dry_run, secret_overlap: Span::secs(3600) };
        execute(&arguments, &cheap(), &self.store, Timestamp::from_secs(secs)).await
    }

    async fn events(&self) -> usize {
        audit_events::list(&self.store.read(), 100).await.unwrap().len()
    }
}

#[tokio::test]
async fn a_second_apply_writes_nothing() {
    let place = Place::new().await;
    let first = place.apply(STATE, false, 1_700_000_000).await.unwrap();
    assert!(first.text.ends_with("3 changed, 0 as declared"), "{}", first.text);
    let events = place.events().await;
    let writes = place.store.statement_counts().1;
    let second = place.apply(STATE, false, 1_700_000_100).await.unwrap();
    assert!(second.text.ends_with("0 changed, 3 as declared"), "{}", second.text);
    assert_eq!(place.events().await, events);
    assert_eq!(place.store.statement_counts().1, writes);
    assert!(clients::find(&place.store.read(), "autotalk").await.unwrap().unwrap().managed);
}

#[tokio::test]
async fn a_dry_run_changes_nothing_and_shows_no_secret() {
    let place = Place::new().await;
    let answer = place.apply(STATE, true, 1_700_000_000).await.unwrap();
    assert!(answer.text.contains("+ client autotalk") && answer.text.contains("3 would change"), "{}", answer.text);
    let printed = format!("{}{}", answer.text, answer.json);
    assert!(
        !printed.contains("a-secret-for-the-demonstration") && !printed.contains("argon2id") && !printed.contains("\"demo\""),
        "{printed}"
    );
    assert!(users::list(&place.store.read()).await.unwrap().is_empty());
    assert_eq!(place.events().await, 0);
}

#[tokio::test]
async fn a_changed_password_is_set_and_ends_what_was_made_before() {
    let place = Place::new().await;
    place.apply(STATE, false, 1_700_000_000).await.unwrap();
    let answer = place.apply(&STATE.replace("\"demo\"", "\"demo2\""), false, 1_700_000_100).await.unwrap();
    assert!(answer.text.contains("~ user ana@example.com") && answer.text.contains("[secret]"), "{}", answer.text);
    let ana = users::find_by_email(&place.store.read(), "ana@example.com").await.unwrap().unwrap();
    assert_eq!(ana.auth_epoch, 1);
}

#[tokio::test]
async fn a_row_that_changed_since_the_plan_stops_everything() {
    let place = Place::new().await;
    place.apply(STATE, false, 1_700_000_000).await.unwrap();
    let file = place.directory.path().join("state.toml");
    std::fs::write(&file, STATE.replace("Ana", "Ana Maria").replace("first_party = true", "")).unwrap();
    let (config, now) = (cheap(), Timestamp::from_secs(1_700_000_100));
    let document = declare::read(&[file], &config).unwrap();
    let options = Options { now, secret_overlap: std::time::Duration::ZERO };
    let plan = declare::plan(&place.store, &Passwords::start(&config.password), &document, options).await.unwrap();
    place.apply(&STATE.replace("Ana", "Anne"), false, 1_700_000_050).await.unwrap();
    assert!(matches!(declare::apply(&place.store, &plan, now).await, Err(declare::Error::Changed)));
    let client = clients::find(&place.store.read(), "autotalk").await.unwrap().unwrap();
    assert!(client.metadata.first_party, "nothing of the plan was written");
}
