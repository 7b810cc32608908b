use super::*;
use crate::account::password::{Passwords, Verdict};
use crate::cli::database::{cheap, temporary};
use crate::secret::Secret;
use crate::store::audit_events;

fn add(email: &str, password: PasswordInput, administrator: bool) -> Command {
    Command::Add(Box::new(Add {
        email: email.to_owned(),
        email_verified: true,
        name: Some("Ana".to_owned()),
        given_name: None,
        family_name: None,
        locale: None,
        administrator,
        password,
    }))
}

fn from_stdin() -> PasswordInput {
    PasswordInput { password_stdin: true, generate_password: false }
}

fn generated() -> PasswordInput {
    PasswordInput { password_stdin: false, generate_password: true }
}

async fn run(store: &Store, command: Command, input: &str) -> Result<Answer, Failure> {
    Desk { store, config: &cheap(), now: Timestamp::from_secs(1_700_000_000) }.execute(command, input.as_bytes()).await
}

async fn verifies(store: &Store, email: &str, password: &str) -> bool {
    let user = users::find_by_email(&store.read(), email).await.unwrap().unwrap();
    let verdict = Passwords::start(&cheap().password).verify(Secret::new(password.to_owned()), user.password_hash).await.unwrap();
    verdict != Verdict::Wrong
}

async fn kinds(store: &Store) -> Vec<String> {
    let mut kinds: Vec<String> = audit_events::list(&store.read(), 10).await.unwrap().into_iter().map(|event| event.kind).collect();
    kinds.sort();
    kinds
}

#[tokio::test]
async fn a_password_comes_from_standard_input() {
    let (store, _directory) = temporary().await;
    let answer = run(&store, add("Ana@Example.com", from_stdin(), true), "correct horse battery\n").await.unwrap();
    assert!(!answer.text.contains("correct horse") && !answer.json.to_string().contains("argon2"));
    assert!(verifies(&store, "ana@example.com", "correct horse battery").await);
    assert_eq!(kinds(&store).await, ["user.administrator_created", "user.created", "user.password_set"]);
}

#[tokio::test]
async fn a_generated_password_is_shown_once() {
    let (store, _directory) = temporary().await;
    let answer = run(&store, add("ana@example.com", generated(), false), "").await.unwrap();
    let password = answer.json["password"].as_str().unwrap().to_owned();
    assert!(verifies(&store, "ana@example.com", &password).await);
    let shown = run(&store, Command::Show { email: "ana@example.com".to_owned() }, "").await.unwrap();
    assert!(shown.json.get("password").is_none());
    assert_eq!(shown.json["has_password"], true);
}

#[tokio::test]
async fn a_short_password_and_a_taken_address_are_refused() {
    let (store, _directory) = temporary().await;
    let short = run(&store, add("ana@example.com", from_stdin(), false), "short").await.unwrap_err().to_string();
    assert!(short.contains("at least 15 characters"), "{short}");
    run(&store, add("ana@example.com", PasswordInput::default(), false), "").await.unwrap();
    let taken = run(&store, add("ANA@example.com", PasswordInput::default(), false), "").await.unwrap_err().to_string();
    assert!(taken.contains("already"), "{taken}");
}

#[tokio::test]
async fn nobody_is_named_when_there_is_nobody() {
    let (store, _directory) = temporary().await;
    let error = run(&store, Command::Show { email: "x@example.com".to_owned() }, "").await.unwrap_err().to_string();
    assert!(error.contains("There is nobody with the address x@example.com"), "{error}");
}
