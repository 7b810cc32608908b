use super::*;
use crate::cli::database::{temporary, within};
use crate::cli::testing::{inserted, signed_in};
use crate::declare::plan::new_user;
use crate::store::{audit_events, sessions};

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

async fn person(store: &Store, email: &str, administrator: bool) -> User {
    let user = User { administrator, ..new_user(email, NOW) };
    inserted(store, [&user]).await;
    user
}

async fn enabled(store: &Store, id: Uuid) -> Option<bool> {
    users::find(&store.read(), id).await.unwrap().map(|user| user.enabled)
}

#[tokio::test]
async fn a_locked_person_is_out_until_unlocked() {
    let (store, _directory) = temporary().await;
    let ana = person(&store, "ana@example.com", false).await;
    let session = signed_in(&store, &ana, NOW).await;
    execute(&store, Act::Lock, "Ana@example.com", NOW).await.unwrap();
    assert_eq!(enabled(&store, ana.id).await, Some(false));
    assert!(sessions::find(&store.read(), session).await.unwrap().unwrap().ended_at.is_some());
    execute(&store, Act::Unlock, "ana@example.com", NOW).await.unwrap();
    assert_eq!(enabled(&store, ana.id).await, Some(true));
    let kinds: Vec<String> = audit_events::list(&store.read(), 10).await.unwrap().into_iter().map(|event| event.kind).collect();
    assert!(kinds.contains(&"user.locked".to_owned()) && kinds.contains(&"user.unlocked".to_owned()), "{kinds:?}");
}

#[tokio::test]
async fn somebody_is_logged_out_everywhere_and_can_come_back() {
    let (store, _directory) = temporary().await;
    let ana = person(&store, "ana@example.com", true).await;
    let session = signed_in(&store, &ana, NOW).await;
    execute(&store, Act::EndSessions, "ana@example.com", NOW).await.unwrap();
    assert!(sessions::find(&store.read(), session).await.unwrap().unwrap().ended_at.is_some());
    let after = users::find(&store.read(), ana.id).await.unwrap().unwrap();
    assert!(after.enabled && after.auth_epoch > ana.auth_epoch);
    let kinds: Vec<String> = audit_events::list(&store.read(), 10).await.unwrap().into_iter().map(|event| event.kind).collect();
    assert!(kinds.contains(&"user.sessions_ended".to_owned()), "{kinds:?}");
}

#[tokio::test]
async fn a_removed_person_is_gone_and_the_last_administrator_stays() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = within(directory.path());
    config.database.migrate_on_start = true;
    let app = App::open(config, Arc::new(SystemClock)).await.unwrap();
    let store = &app.store;
    let (ana, bob) = (person(store, "ana@example.com", true).await, person(store, "bob@example.com", false).await);
    let refusals =
        [execute(store, Act::Lock, "ana@example.com", NOW).await.unwrap_err(), remove_at(&app, "ana@example.com").await.unwrap_err()];
    for refusal in refusals.map(|refusal| refusal.to_string()) {
        assert!(refusal.contains("only administrator"), "{refusal}");
    }
    assert_eq!(enabled(store, ana.id).await, Some(true));
    remove_at(&app, "bob@example.com").await.unwrap();
    assert_eq!(enabled(store, bob.id).await, None);
    assert!(remove_at(&app, "bob@example.com").await.is_err());
}

#[tokio::test]
async fn a_reset_takes_the_second_factor_and_tells_why() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = within(directory.path());
    config.database.migrate_on_start = true;
    let app = App::open(config, Arc::new(SystemClock)).await.unwrap();
    let ana = person(&app.store, "ana@example.com", false).await;
    let arguments = ResetMfa { email: "ana@example.com".to_owned(), reason: "lost her phone".to_owned() };
    reset_mfa_at(&app, &arguments).await.unwrap();
    let waiting = mails::list_due(&app.store.read(), app.now().plus(std::time::Duration::from_mins(1)), 10).await.unwrap();
    assert_eq!(waiting.iter().map(|mail| mail.kind.as_str()).collect::<Vec<_>>(), ["second_factor_reset"]);
    assert_eq!(users::find(&app.store.read(), ana.id).await.unwrap().unwrap().auth_epoch, 1);
    let events = audit_events::list(&app.store.read(), 10).await.unwrap();
    assert!(events.iter().any(|event| event.kind == "second_factor.reset" && event.detail.contains("lost her phone")));
}
