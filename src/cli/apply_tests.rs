use super::*;
use crate::cli::database::{cheap, temporary, within};
use crate::cli::testing::{is_ended_properly, signed_in};
use crate::store::{audit_events, clients, mails, user_security, users};

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
        let arguments = Arguments { files: vec![file], dry_run, secret_overlap: Span::secs(3600), force: Force::default() };
        execute(&arguments, &within(self.directory.path()), &self.store, Timestamp::from_secs(secs)).await
    }

    async fn user(&self, email: &str) -> users::User {
        users::find_by_email(&self.store.read(), email).await.unwrap().unwrap()
    }

    /// What a sign-in does with a brought hash.
    async fn rehash(&self, email: &str) -> String {
        let user = self.user(email).await;
        let (id, old) = (user.id, user.password_hash.unwrap());
        let new = old.replace("m=19456,t=2", "m=64,t=1");
        assert_ne!(old, new);
        let replaced = new.clone();
        let job = self.store.write(move |conn| {
            let (old, new) = (old.clone(), replaced.clone());
            Box::pin(async move { users::update_password_hash(conn, id, &old, &new).await })
        });
        assert!(job.await.unwrap());
        new
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
async fn a_changed_password_is_set_ends_what_was_made_before_and_is_told_by_mail() {
    let place = Place::new().await;
    place.apply(STATE, false, 1_700_000_000).await.unwrap();
    let mails = async || mails::list(&place.store.read(), 10).await.unwrap().into_iter().map(|mail| mail.kind).collect::<Vec<_>>();
    assert!(mails().await.is_empty(), "whoever is new is told nothing");
    place.apply(&STATE.replace("\"demo\"", "\"demo2\""), true, 1_700_000_050).await.unwrap();
    assert!(mails().await.is_empty(), "what is not done is not told");
    assert!(!place.directory.path().join("keys").exists(), "keys are not made for what needs none");
    let answer = place.apply(&STATE.replace("\"demo\"", "\"demo2\""), false, 1_700_000_100).await.unwrap();
    assert!(answer.text.contains("~ user ana@example.com") && answer.text.contains("[secret]"), "{}", answer.text);
    let ana = users::find_by_email(&place.store.read(), "ana@example.com").await.unwrap().unwrap();
    assert_eq!(ana.auth_epoch, 1);
    assert_eq!(mails().await, ["password_changed"]);
    let security = user_security::find(&place.store.read(), ana.id).await.unwrap();
    assert_eq!(security.password_changed_at, Some(Timestamp::from_secs(1_700_000_100)));
    place.apply(&STATE.replace("\"demo\"", "\"demo2\""), false, 1_700_000_200).await.unwrap();
    assert_eq!(mails().await.len(), 1, "the same once more");
}

#[tokio::test]
async fn a_changed_password_ends_sessions_as_a_sign_out_does() {
    let place = Place::new().await;
    place.apply(STATE, false, 1_700_000_000).await.unwrap();
    let session = signed_in(&place.store, &place.user("ana@example.com").await, Timestamp::from_secs(1_700_000_000)).await;
    place.apply(&STATE.replace("Ana", "Anne"), false, 1_700_000_050).await.unwrap();
    assert!(!is_ended_properly(&place.store, session).await);
    place.apply(&STATE.replace("\"demo\"", "\"demo2\""), false, 1_700_000_100).await.unwrap();
    assert!(is_ended_properly(&place.store, session).await);
}

#[tokio::test]
async fn a_declared_hash_is_applied_once_and_a_changed_one_again() {
    let place = Place::new().await;
    let bia = "bia@example.com";
    place.apply(STATE, false, 1_700_000_000).await.unwrap();
    let rehashed = place.rehash(bia).await;
    let same = place.apply(STATE, false, 1_700_000_100).await.unwrap();
    assert!(same.text.ends_with("0 changed, 3 as declared"), "{}", same.text);
    assert_eq!(place.user(bia).await.password_hash, Some(rehashed));
    let other = STATE.replace("MTIzNDU2Nzg5MDEyMzQ1", "OTIzNDU2Nzg5MDEyMzQ1");
    let changed = place.apply(&other, false, 1_700_000_200).await.unwrap();
    assert!(changed.text.contains("~ user bia@example.com"), "{}", changed.text);
    let user = place.user(bia).await;
    assert!(user.password_hash.unwrap().contains("$OTIzNDU2"));
    assert_eq!(user.auth_epoch, 1);
}

#[tokio::test]
async fn a_declared_hash_is_applied_again_after_another_password_was_declared() {
    let place = Place::new().await;
    let bia = "bia@example.com";
    place.apply(STATE, false, 1_700_000_000).await.unwrap();
    let line = STATE.lines().find(|line| line.starts_with("password_hash")).unwrap();
    place.apply(&STATE.replace(line, "password = \"between\""), false, 1_700_000_100).await.unwrap();
    assert!(!line.contains(&place.user(bia).await.password_hash.unwrap()));
    place.apply(STATE, false, 1_700_000_200).await.unwrap();
    assert!(line.contains(&place.user(bia).await.password_hash.unwrap()));
}

#[tokio::test]
async fn a_declared_password_is_not_put_back_after_the_person_changed_it() {
    let place = Place::new().await;
    let ana = "ana@example.com";
    place.apply(STATE, false, 1_700_000_000).await.unwrap();
    for theirs in [Some("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$OTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI"), None] {
        let own = users::User { password_hash: theirs.map(str::to_owned), ..place.user(ana).await };
        let written = own.clone();
        place
            .store
            .write(move |conn| {
                let own = written.clone();
                Box::pin(async move { users::update(conn, &own).await })
            })
            .await
            .unwrap();
        let same = place.apply(STATE, false, 1_700_000_100).await.unwrap();
        assert!(same.text.ends_with("0 changed, 3 as declared"), "{}", same.text);
        assert_eq!(place.user(ana).await.password_hash, own.password_hash);
    }
    // Another one is applied, and so is the first again after it.
    for declared in ["demo2", "demo"] {
        let changed = place.apply(&STATE.replace("\"demo\"", &format!("\"{declared}\"")), false, 1_700_000_200).await.unwrap();
        assert!(changed.text.contains("~ user ana@example.com"), "{}", changed.text);
    }
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
