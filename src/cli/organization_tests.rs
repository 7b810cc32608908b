use super::*;
use crate::cli::database::temporary;
use crate::cli::organization_policy::Member;
use crate::cli::testing::inserted;
use crate::declare::plan::new_user;
use crate::organization::{Factor, Requirement};

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

fn required() -> Members {
    Members { second_factor: Some(Requirement::Required), ..Members::default() }
}

fn acme() -> Add {
    Add { id: "acme".to_owned(), name: "Acme".to_owned(), members: required() }
}

#[tokio::test]
async fn an_organisation_is_made_joined_left_and_removed() {
    let (store, _directory) = temporary().await;
    let ana = new_user("ana@example.com", NOW);
    inserted(&store, [&ana]).await;
    let added = execute(Command::Add(Box::new(acme())), &store, NOW).await.unwrap();
    assert_eq!(added.json["policy"]["second_factor"], "required");
    assert!(execute(Command::Add(Box::new(acme())), &store, NOW).await.is_err());
    let member = |administrator| Command::AddMember { id: "acme".to_owned(), email: "Ana@example.com".to_owned(), administrator };
    execute(member(false), &store, NOW).await.unwrap();
    execute(member(true), &store, NOW).await.unwrap();
    let shown = execute(Command::Show { id: "acme".to_owned() }, &store, NOW).await.unwrap();
    assert_eq!(shown.json["members"], json!([{ "email": "ana@example.com", "administrator": true }]));
    let leave = || Command::RemoveMember { id: "acme".to_owned(), email: "ana@example.com".to_owned() };
    execute(leave(), &store, NOW).await.unwrap();
    assert!(execute(leave(), &store, NOW).await.unwrap_err().to_string().contains("does not belong"));
    execute(Command::Remove { id: "acme".to_owned(), force: Force::default() }, &store, NOW).await.unwrap();
    assert!(execute(Command::Show { id: "acme".to_owned() }, &store, NOW).await.is_err());
}

#[tokio::test]
async fn an_organisation_is_disabled_and_enabled_but_never_over_the_last_administrator() {
    let (store, _directory) = temporary().await;
    let people = [new_user("ana@example.com", NOW), User { administrator: true, ..new_user("root@example.com", NOW) }];
    inserted(&store, people.each_ref()).await;
    execute(Command::Add(Box::new(acme())), &store, NOW).await.unwrap();
    let member = |email: &str| Command::AddMember { id: "acme".to_owned(), email: email.to_owned(), administrator: false };
    let (disable, enable) = (
        || Command::Disable { id: "acme".to_owned(), force: Force::default() },
        || Command::Enable { id: "acme".to_owned(), force: Force::default() },
    );
    execute(member("root@example.com"), &store, NOW).await.unwrap();
    let refusal = execute(disable(), &store, NOW).await.unwrap_err().to_string();
    assert!(refusal.starts_with("Nobody who administers"), "{refusal}");
    assert!(find(&store, "acme").await.unwrap().enabled, "nothing was written");
    execute(Command::RemoveMember { id: "acme".to_owned(), email: "root@example.com".to_owned() }, &store, NOW).await.unwrap();
    assert_eq!(execute(disable(), &store, NOW).await.unwrap().json["changed"], true);
    assert_eq!(execute(disable(), &store, NOW).await.unwrap().json["changed"], false);
    assert!(execute(member("root@example.com"), &store, NOW).await.is_err(), "nor by joining one that is disabled");
    assert_eq!(execute(member("ana@example.com"), &store, NOW).await.unwrap().json["suspended"], true);
    let refusal = execute(Command::Remove { id: "acme".to_owned(), force: Force::default() }, &store, NOW).await.unwrap_err().to_string();
    assert!(refusal.starts_with("acme is disabled"), "{refusal}");
    assert!(person(&store, "ana@example.com").await.unwrap().suspended);
    execute(enable(), &store, NOW).await.unwrap();
    assert!(!person(&store, "ana@example.com").await.unwrap().suspended);
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    let (store, _directory) = temporary().await;
    let contradiction = Add { members: Members { allowed_factors: vec![Factor::Email], ..required() }, ..acme() };
    let refusal = execute(Command::Add(Box::new(contradiction)), &store, NOW).await.unwrap_err().to_string();
    assert!(refusal.starts_with("allowed_factors: "), "{refusal}");
    let name = Add { id: "Acme Ltd".to_owned(), ..acme() };
    assert!(execute(Command::Add(Box::new(name)), &store, NOW).await.is_err());
    assert!(execute(Command::List, &store, NOW).await.unwrap().json.as_array().unwrap().is_empty());
}

#[tokio::test]
async fn a_policy_is_changed_member_by_member() {
    let (store, _directory) = temporary().await;
    execute(Command::Add(Box::new(acme())), &store, NOW).await.unwrap();
    let change = async |members: Members, unset: Vec<Member>| {
        let policy = Policy { id: "acme".to_owned(), members, unset, force: Force::default() };
        execute(Command::Policy(Box::new(policy)), &store, NOW).await
    };
    let idle = Members { session_idle: Some("15m".parse().unwrap()), ..Members::default() };
    let changed = change(idle, Vec::new()).await.unwrap();
    assert_eq!(changed.json["policy"], json!({ "second_factor": "required", "session_idle": "15m" }));
    let refusal = change(Members { allowed_factors: vec![Factor::Email], ..Members::default() }, Vec::new()).await.unwrap_err();
    assert!(refusal.to_string().starts_with("allowed_factors: "), "{refusal}");
    let changed = change(Members::default(), vec![Member::SecondFactor]).await.unwrap();
    assert_eq!(changed.json["policy"], json!({ "session_idle": "15m" }));
    let declared = Organization { managed: true, ..find(&store, "acme").await.unwrap() };
    let seen = declared.updated_at;
    store
        .write(move |conn| {
            let declared = declared.clone();
            Box::pin(async move { organizations::update_seen(conn, &declared, seen).await })
        })
        .await
        .unwrap();
    assert!(change(Members::default(), vec![Member::SessionIdle]).await.unwrap_err().to_string().contains("declared in a file"));
}
