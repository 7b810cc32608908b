use super::*;
use crate::account::password::Verdict;
use crate::cli::database::within;
use crate::cli::testing::{inserted, is_ended_properly, signed_in};
use crate::declare::plan::new_user;
use crate::secret::Secret;
use crate::store::audit_events;

const ANA: &str = "ana@example.com";

async fn opened() -> (App, User, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let app = App::open(within(directory.path()), Arc::new(SystemClock)).await.unwrap();
    let user = new_user(ANA, app.now());
    inserted(&app.store, [&user]).await;
    (app, user, directory)
}

fn from_stdin(email: &str) -> SetPassword {
    SetPassword { email: email.to_owned(), password: PasswordInput { password_stdin: true, generate_password: false } }
}

async fn mails_of(app: &App) -> Vec<String> {
    mails::list(&app.store.read(), 10).await.unwrap().into_iter().map(|mail| mail.kind).collect()
}

#[tokio::test]
async fn setting_a_password_ends_everything_made_before_and_tells_the_person() {
    let (app, ana, _directory) = opened().await;
    let session = signed_in(&app.store, &ana, app.now()).await;
    assert!(!is_ended_properly(&app.store, session).await);
    let answer = set_at(&app, from_stdin("Ana@Example.com"), "correct horse battery".as_bytes()).await.unwrap();
    assert!(answer.text.contains("told by mail") && !answer.text.contains("locked"), "{}", answer.text);
    assert!(is_ended_properly(&app.store, session).await);
    let now = users::find(&app.store.read(), ana.id).await.unwrap().unwrap();
    assert_eq!(now.auth_epoch, 1);
    let verdict = app.passwords.verify(Secret::new("correct horse battery".to_owned()), now.password_hash).await.unwrap();
    assert_ne!(verdict, Verdict::Wrong);
    assert_eq!(mails_of(&app).await, ["password_changed"]);
    assert!(user_security::find(&app.store.read(), ana.id).await.unwrap().password_changed_at.is_some());
    let none = SetPassword { email: ANA.to_owned(), password: PasswordInput::default() };
    let none = set_at(&app, none, std::io::empty()).await.unwrap_err().to_string();
    assert!(none.contains("--password-stdin"), "{none}");
}

#[tokio::test]
async fn what_a_new_password_does_not_change_is_said() {
    let (app, ana, _directory) = opened().await;
    let now = app.now();
    app.store
        .write(move |conn| {
            let locked = User { enabled: false, ..ana.clone() };
            Box::pin(async move {
                users::update(conn, &locked).await?;
                let frozen = Security { frozen_at: Some(now), ..Security::default() };
                user_security::update(conn, locked.id, &Security::default(), &frozen).await
            })
        })
        .await
        .unwrap();
    let answer = set_at(&app, from_stdin(ANA), "correct horse battery".as_bytes()).await.unwrap();
    assert!(answer.text.contains("user unlock") && answer.text.contains("user reset-password"), "{}", answer.text);
    let refusal = reset_at(&app, ANA).await.unwrap_err().to_string();
    assert!(refusal.contains("cannot sign in") && refusal.contains("user unlock"), "{refusal}");
    assert_eq!(mails_of(&app).await, ["password_changed"]);
}

#[tokio::test]
async fn a_reset_is_a_mail_and_changes_nothing_else() {
    let (app, ana, _directory) = opened().await;
    let answer = reset_at(&app, ANA).await.unwrap();
    assert!(answer.text.contains("minutes"), "{}", answer.text);
    assert_eq!(mails_of(&app).await, ["password_reset"]);
    assert_eq!(users::find(&app.store.read(), ana.id).await.unwrap().unwrap().auth_epoch, 0);
    let events = audit_events::list(&app.store.read(), 10).await.unwrap();
    assert!(events.iter().any(|event| event.kind == "password_reset.requested" && event.detail.contains("command line")));
    assert!(reset_at(&app, "nobody@example.com").await.is_err());
}
