//! The audit chain on a real database: issue "under attack", SECURITY LG-2, decision 0017.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use tokio::sync::Notify;
use vestibule::account::deletion;
use vestibule::audit::chain::{self, Head, Report};
use vestibule::audit::{self, Event, Kind, Origin};
use vestibule::jobs;
use vestibule::secret::random_id;
use vestibule::store::{audit_chain, people};

use crate::harness::{TestApp, seed};

const DAY: Duration = Duration::from_hours(24);

/// So many events, each committed by itself.
async fn act(app: &TestApp, times: usize) {
    for _ in 0..times {
        let (event, now) = (Event::new(Kind::SignInFailed, &origin()).user(app.user(seed::BRUNO).await.id), app.now());
        let recorded = app.app.store.write(move |conn| {
            let event = event.clone();
            Box::pin(async move { audit::record(conn, &event, now).await })
        });
        recorded.await.unwrap();
    }
}

fn origin() -> Origin {
    Origin { address: Some("192.0.2.7".parse().unwrap()), request_id: None, device: Some("Firefox on Linux".to_owned()) }
}

async fn verify(app: &TestApp, expected: Option<Head>) -> Report {
    chain::verify_database(&app.app.store, expected).await.unwrap()
}

/// What the database and an export of it say; both must say the same.
async fn findings(app: &TestApp) -> Vec<String> {
    let report = verify(app, None).await;
    let exported = chain::verify_file(&mut export(app).await.as_slice(), None).unwrap();
    assert_eq!(report.findings.is_empty(), exported.findings.is_empty(), "{:?} {:?}", report.findings, exported.findings);
    report.findings
}

async fn export(app: &TestApp) -> Vec<u8> {
    let mut file = Vec::new();
    chain::export(&app.app.store, &mut file).await.unwrap();
    file
}

/// What was committed is sealed, batch by batch, and the chain holds in the database and in a file.
#[tokio::test]
async fn committed_events_are_sealed_and_the_chain_holds() {
    let app = TestApp::start().await;
    app.browser_of(seed::ANA).await;
    assert!(verify(&app, None).await.waiting > 0);
    let (first, _) = jobs::audit::seal(&app.app).await.unwrap();
    assert!(first > 0);
    act(&app, 250).await;
    assert_eq!(jobs::audit::seal(&app.app).await.unwrap(), (250, false));
    assert_eq!(jobs::audit::seal(&app.app).await.unwrap(), (0, false));
    act(&app, 1).await;
    let report = verify(&app, None).await;
    assert_eq!((report.findings.as_slice(), report.events, report.batches, report.waiting), ([].as_slice(), first + 250, 3, 1));
    let head = report.head.unwrap();
    let exported = chain::verify_file(&mut export(&app).await.as_slice(), Some(head.clone())).unwrap();
    assert_eq!((exported.findings.as_slice(), exported.events, exported.waiting), ([].as_slice(), first + 250, 1));
    assert_eq!(exported.head.unwrap(), head);
    let text = String::from_utf8(export(&app).await).unwrap();
    let cut = text.lines().take(text.lines().count() / 2).collect::<Vec<_>>().join("\n");
    assert!(!chain::verify_file(&mut cut.as_bytes(), None).unwrap().findings.is_empty(), "half an export");
    let address = text.replacen("192.0.2.7", "192.0.2.8", 1);
    assert!(chain::verify_file(&mut address.as_bytes(), None).unwrap().findings[0].contains("was changed"));
}

/// Whoever can write to the database is found out.
#[tokio::test]
async fn what_is_touched_in_the_database_is_found() {
    // An act: the events of the keys are sealed before, in a batch of their own.
    let act_of_batch_two = "(SELECT event_id FROM audit_seals WHERE sequence = (SELECT last_sequence FROM audit_batches WHERE number = 2))";
    let cases = [
        ("is missing", vec![format!("DELETE FROM audit_events WHERE id = {act_of_batch_two}")]),
        ("was changed", vec![format!("UPDATE audit_events SET kind = 'sign_in.succeeded' WHERE id = {act_of_batch_two}")]),
        ("was changed", vec![format!("UPDATE audit_events SET user_id = NULL WHERE id = {act_of_batch_two}")]),
        ("was changed", vec![format!("UPDATE audit_events SET detail = '{{}}' WHERE id = {act_of_batch_two}")]),
        (
            "was changed",
            vec![
                "UPDATE audit_seals SET sequence = 9999 WHERE sequence = 8".to_owned(),
                "UPDATE audit_seals SET sequence = 8 WHERE sequence = 9".to_owned(),
                "UPDATE audit_seals SET sequence = 9 WHERE sequence = 9999".to_owned(),
            ],
        ),
        ("it has no seal", vec!["UPDATE audit_events SET sealed_in = 1 WHERE sealed_in IS NULL".to_owned()]),
        ("there is no such batch", vec!["UPDATE audit_events SET sealed_in = 77 WHERE sealed_in IS NULL".to_owned()]),
        ("batches 1 to 1 are missing", vec!["DELETE FROM audit_batches WHERE number = 1".to_owned()]),
        ("it was not retention", vec!["DELETE FROM audit_events WHERE sealed_in = 1".to_owned()]),
        ("says something else", vec!["UPDATE audit_batches SET last_sequence = last_sequence + 1 WHERE number = 2".to_owned()]),
        ("not among the keys", vec!["DELETE FROM audit_keys".to_owned()]),
        (
            "its person was not removed",
            vec![
                "UPDATE audit_seals SET salt = NULL WHERE sequence = (SELECT last_sequence FROM audit_batches WHERE number = 2)".to_owned(),
                format!("UPDATE audit_events SET address = NULL, detail = '{{}}' WHERE id = {act_of_batch_two}"),
            ],
        ),
    ];
    for (found, statements) in cases {
        let app = TestApp::start().await;
        jobs::audit::seal(&app.app).await.unwrap();
        act(&app, 10).await;
        jobs::audit::seal(&app.app).await.unwrap();
        act(&app, 5).await;
        jobs::audit::seal(&app.app).await.unwrap();
        act(&app, 1).await;
        assert_eq!(findings(&app).await, Vec::<String>::new());
        for statement in &statements {
            app.database.execute(statement).await;
        }
        let report = verify(&app, None).await;
        assert!(report.findings.iter().any(|finding| finding.contains(found)), "{found}: {:?}", report.findings);
    }
}

/// A chain whose end was cut off, rows and all, holds by itself; a head that was written down says otherwise.
#[tokio::test]
async fn a_cut_tail_is_found_by_a_known_head() {
    let app = TestApp::start().await;
    for _ in 0..2 {
        act(&app, 3).await;
        jobs::audit::seal(&app.app).await.unwrap();
    }
    let head = verify(&app, None).await.head.unwrap();
    for statement in [
        "DELETE FROM audit_seals WHERE sequence > (SELECT last_sequence FROM audit_batches WHERE number = 1)",
        "DELETE FROM audit_events WHERE sealed_in = 2",
        "DELETE FROM audit_batches WHERE number = 2",
    ] {
        app.database.execute(statement).await;
    }
    assert_eq!(verify(&app, None).await.findings, Vec::<String>::new());
    assert!(verify(&app, Some(head)).await.findings[0].contains("cut off"));
}

/// Whoever can write to the database can put an event there that says it was retention, or that a person was removed; without the signing key nobody
/// believes it, before it is sealed and after.
#[tokio::test]
async fn a_removal_is_not_explained_by_whoever_made_it() {
    let no_retention = ["DELETE FROM audit_events WHERE sealed_in = 2", "DELETE FROM audit_seals WHERE sequence > 4"];
    let no_erasure = [
        "UPDATE audit_events SET address = NULL, detail = '{}' WHERE sealed_in = 2",
        "UPDATE audit_seals SET salt = NULL WHERE sequence IN (SELECT last_sequence FROM audit_batches WHERE number = 2)",
    ];
    for (kind, statements, found) in
        [(Kind::AuditEventsRemoved, no_retention, "it was not retention"), (Kind::UserRemoved, no_erasure, "its person was not removed")]
    {
        let app = TestApp::start().await;
        jobs::audit::seal(&app.app).await.unwrap();
        act(&app, 10).await;
        jobs::audit::seal(&app.app).await.unwrap();
        for statement in statements {
            app.database.execute(statement).await;
        }
        let event = Event::new(kind, &Origin::default()).user(app.user(seed::BRUNO).await.id).detail("up_to", 9999);
        let later = app.now().plus(DAY * 91);
        let forged = app.app.store.write(move |conn| {
            let event = event.clone();
            Box::pin(async move { audit::record(conn, &event, later).await })
        });
        forged.await.unwrap();
        assert!(findings(&app).await.iter().any(|finding| finding.contains(found)), "{found}");
        jobs::audit::seal(&app.app).await.unwrap();
        assert!(findings(&app).await.iter().any(|finding| finding.contains(found)), "{found}, sealed");
    }
}

/// Two processes seal at the same time while others act: every event once, in one chain.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sealers_on_two_processes_make_one_chain() {
    let app = TestApp::start().await;
    let other = app.replica().await;
    for round in 0..5 {
        let acts = async {
            act(&app, 20).await;
            act(&other, 20).await;
        };
        let ((), one, two) = tokio::join!(acts, jobs::audit::seal(&app.app), jobs::audit::seal(&other.app));
        assert!(one.is_ok() && two.is_ok(), "round {round}: {one:?} {two:?}");
    }
    jobs::audit::seal(&other.app).await.unwrap();
    let report = verify(&app, None).await;
    assert_eq!((report.findings.as_slice(), report.waiting), ([].as_slice(), 0));
    assert!(report.events >= 200);
}

/// No act waits for another's hash: while somebody has the chain to themselves, for however long, people sign in. On PostgreSQL; SQLite has one writer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_for_the_chain() {
    let app = TestApp::start().await;
    if !app.database.url.starts_with("postgres") {
        return;
    }
    act(&app, 1).await;
    jobs::audit::seal(&app.app).await.unwrap();
    let (taken, over) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (store, tell, wait) = (app.app.store.clone(), Arc::clone(&taken), Arc::clone(&over));
    let holding = tokio::spawn(async move {
        let held = store.write(move |conn| {
            let (tell, wait) = (Arc::clone(&tell), Arc::clone(&wait));
            Box::pin(async move {
                audit_chain::lock(conn).await?;
                tell.notify_one();
                wait.notified().await;
                Ok(())
            })
        });
        held.await
    });
    taken.notified().await;
    let signed_in = tokio::time::timeout(Duration::from_mins(1), app.browser_of(seed::ANA)).await;
    assert!(signed_in.is_ok(), "a sign-in waits for the chain");
    assert!(app.audit().await.contains(&"sign_in.succeeded".to_owned()), "with its event");
    let connection = sea_orm::Database::connect(&app.database.url).await.unwrap();
    let sql = "SELECT name FROM locks WHERE name = 'audit-chain' FOR UPDATE SKIP LOCKED";
    let free = connection.query_one_raw(Statement::from_string(DbBackend::Postgres, sql.to_owned())).await.unwrap();
    assert!(free.is_none(), "all the while nobody else could have had it");
    over.notify_one();
    holding.await.unwrap().unwrap();
    assert!(jobs::audit::seal(&app.app).await.unwrap().0 > 0);
    assert_eq!(findings(&app).await, Vec::<String>::new());
}

/// An id that sorts before everything sealed, committed last: it is sealed then, not passed over.
#[tokio::test]
async fn an_event_that_commits_late_is_sealed_late() {
    let app = TestApp::start().await;
    act(&app, 3).await;
    jobs::audit::seal(&app.app).await.unwrap();
    let before = app.now().minus(DAY);
    let late = app
        .app
        .store
        .write(move |conn| Box::pin(async move { audit::record(conn, &Event::new(Kind::SignInFailed, &Origin::default()), before).await }));
    late.await.unwrap();
    assert_eq!(jobs::audit::seal(&app.app).await.unwrap(), (1, false));
    let report = verify(&app, None).await;
    assert_eq!((report.findings.as_slice(), report.waiting), ([].as_slice(), 0));
}

/// Old checkpoints verify after their key was rotated, retired and forgotten by the key ring.
#[tokio::test]
async fn checkpoints_outlive_their_keys() {
    let app = TestApp::start().await;
    act(&app, 1).await;
    jobs::audit::seal(&app.app).await.unwrap();
    app.app.keys.rotate(true).await.unwrap();
    app.advance(DAY * 2);
    app.app.keys.refresh().await.unwrap();
    act(&app, 1).await;
    jobs::audit::seal(&app.app).await.unwrap();
    let report = verify(&app, None).await;
    assert_eq!((report.findings.as_slice(), report.kids.len()), ([].as_slice(), 2));
}

/// After `audit.retention` events go, oldest first; the chain says how many and still holds.
#[tokio::test]
async fn retention_keeps_the_chain_provable() {
    let app = TestApp::start().await;
    act(&app, 210).await;
    jobs::audit::seal(&app.app).await.unwrap();
    let old = verify(&app, None).await;
    app.advance(DAY * 399);
    act(&app, 2).await;
    jobs::audit::seal(&app.app).await.unwrap();
    assert_eq!(jobs::audit::remove(&app.app).await.unwrap(), (0, false));
    app.advance(DAY * 2);
    let (gone, more) = jobs::audit::remove(&app.app).await.unwrap();
    assert!(gone >= 210 && !more);
    assert!(app.audit().await.contains(&"audit.events_removed".to_owned()));
    let waiting = verify(&app, old.head.clone()).await;
    assert_eq!((waiting.findings.as_slice(), waiting.removed, waiting.events), ([].as_slice(), gone, 2), "before it is sealed");
    jobs::audit::seal(&app.app).await.unwrap();
    let report = verify(&app, old.head).await;
    assert_eq!((report.findings.as_slice(), report.removed), ([].as_slice(), gone));
    assert_eq!(report.removed_up_to, Some(i64::try_from(gone).unwrap()));
    assert_eq!(findings(&app).await, Vec::<String>::new());
    // What retention did not take is missed.
    app.database.execute("DELETE FROM audit_events WHERE sealed_in = (SELECT max(number) - 1 FROM audit_batches)").await;
    assert!(findings(&app).await.iter().any(|finding| finding.contains("missing")));
}

/// Erasure: when a person is removed nothing is left of their addresses and devices, sealed or not, and the chain still holds.
#[tokio::test]
async fn a_removed_persons_events_are_erased_and_the_chain_holds() {
    let app = TestApp::start().await;
    act(&app, 3).await;
    jobs::audit::seal(&app.app).await.unwrap();
    act(&app, 1).await;
    let (id, now) = (app.user(seed::BRUNO).await.id, app.now());
    let statement = deletion::statement(&app.app, id).unwrap();
    let removed = app.app.store.write(move |conn| {
        let statement = statement.clone();
        Box::pin(async move {
            people::purge(conn, id).await?;
            statement.record(conn, Event::new(Kind::UserRemoved, &Origin::default()).user(id), now).await
        })
    });
    removed.await.unwrap();
    let export = String::from_utf8(export(&app).await).unwrap();
    for personal in ["192.0.2.7", "Firefox on Linux"] {
        assert!(!export.contains(personal), "{personal}");
    }
    let report = verify(&app, None).await;
    assert_eq!((report.findings.as_slice(), report.erased), ([].as_slice(), 3));
    jobs::audit::seal(&app.app).await.unwrap();
    assert_eq!(findings(&app).await, Vec::<String>::new());
    assert_ne!(id, random_id());
}
