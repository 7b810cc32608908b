//! `audit`.

use std::fs::OpenOptions;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use uuid::Uuid;

use super::database;
use super::failure::Failure;
use super::moment::{Moment, rfc3339};
use super::output::{self, Answer, table};
use crate::account::email;
use crate::audit::chain::{self, Head, Report};
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::store::audit_events::{self, AuditEvent, Filter};
use crate::store::{Store, users};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// The newest events, newest first.
    List(List),
    /// Everything, with what proves it, as JSON Lines: for an archive that `audit verify` can check anywhere.
    Export {
        /// A new file, readable by you alone. Standard output when absent.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Check that no event was removed, changed, put in or moved since it was sealed. Exit code 1 when one was.
    Verify {
        /// An export, instead of the database.
        file: Option<PathBuf>,
        /// A head that an earlier `audit verify` printed: finds out when the end was cut off since, or everything was written anew.
        #[arg(long, value_name = "BATCH:HASH")]
        expect_head: Option<Head>,
    },
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// E-mail address or id of a person.
    #[arg(long)]
    user: Option<String>,
    #[arg(long)]
    client: Option<String>,
    /// Such as `sign_in.failed`; `sign_in.` for all that begin so.
    #[arg(long)]
    kind: Option<String>,
    /// `2027-01-31`, `2027-01-31T08:30:00Z`, or `7d` for seven days ago.
    #[arg(long)]
    since: Option<Moment>,
    /// The same; not including.
    #[arg(long)]
    until: Option<Moment>,
    #[arg(long, default_value_t = 50)]
    limit: u64,
}

pub(super) async fn run(command: Command, config: &Config) -> Result<Answer, Failure> {
    match command {
        Command::Verify { file: Some(file), expect_head } => verify_file(&file, expect_head),
        command => {
            let store = database::open_to_read(config).await?;
            let answer = with_store(command, &store).await;
            store.close().await;
            answer
        }
    }
}

async fn with_store(command: Command, store: &Store) -> Result<Answer, Failure> {
    match command {
        Command::List(arguments) => list(arguments, store).await,
        Command::Export { output: Some(path) } => export_to(store, &path).await,
        Command::Export { output: None } => {
            chain::export(store, &mut output::stream()).await?;
            Ok(Answer::said())
        }
        Command::Verify { expect_head, .. } => Ok(report(&chain::verify_database(store, expect_head).await?)),
    }
}

async fn list(arguments: List, store: &Store) -> Result<Answer, Failure> {
    let user_id = match &arguments.user {
        Some(user) => Some(person(store, user).await?),
        None => None,
    };
    let now = SystemClock.now();
    let filter = Filter {
        user_id,
        client_id: arguments.client,
        kind: arguments.kind,
        since: arguments.since.map(|moment| moment.before(now)),
        until: arguments.until.map(|moment| moment.before(now)),
    };
    let events = audit_events::list_filtered(&store.read(), &filter, arguments.limit).await?;
    let rows: Vec<Vec<String>> = events.iter().map(row).collect();
    let json: Vec<Value> = events.iter().map(view).collect();
    Ok(Answer::new(table(&["at", "event", "user", "client", "address", "detail"], &rows), &json))
}

/// People who were removed are known by their ids alone.
async fn person(store: &Store, user: &str) -> Result<Uuid, Failure> {
    if let Ok(id) = user.parse() {
        return Ok(id);
    }
    let address = email::canonical(user).ok_or_else(|| Failure::new(format!("{user} is neither an e-mail address nor an id.")))?;
    let found = users::find_by_email(&store.read(), &address).await?;
    found
        .map(|user| user.id)
        .ok_or_else(|| Failure::new(format!("There is nobody with the address {user}. Removed people are found by their id.")))
}

fn row(event: &AuditEvent) -> Vec<String> {
    let id = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    vec![rfc3339(event.at), event.kind.clone(), id(event.user_id), text(&event.client_id), text(&event.address), event.detail.clone()]
}

fn view(event: &AuditEvent) -> Value {
    json!({
        "id": event.id,
        "at": rfc3339(event.at),
        "event": event.kind,
        "user_id": event.user_id,
        "client_id": event.client_id,
        "session_id": event.session_id,
        "grant_id": event.grant_id,
        "address": event.address,
        "request_id": event.request_id,
        "detail": serde_json::from_str::<Value>(&event.detail).unwrap_or_default(),
    })
}

async fn export_to(store: &Store, path: &Path) -> Result<Answer, Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("{}: {error}.", path.display()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = BufWriter::new(options.open(path).map_err(failed)?);
    let events = chain::export(store, &mut file).await?;
    file.flush().map_err(failed)?;
    file.get_ref().sync_all().map_err(failed)?;
    Ok(Answer::new(format!("{events} events written to {}.", path.display()), &json!({ "events": events, "file": path })))
}

fn verify_file(path: &Path, expected: Option<Head>) -> Result<Answer, Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("{}: {error}.", path.display()));
    let file = std::fs::File::open(path).map_err(failed)?;
    Ok(report(&chain::verify_file(&mut BufReader::new(file), expected).map_err(failed)?))
}

fn report(report: &Report) -> Answer {
    let holds = report.findings.is_empty();
    let head = report.head.as_ref().map(ToString::to_string);
    let mut lines = vec![if holds { "The audit chain holds.".to_owned() } else { "The audit chain is BROKEN:".to_owned() }];
    lines.extend(report.findings.iter().map(|finding| format!("  - {finding}")));
    if report.more_findings > 0 {
        lines.push(format!("  and {} more", report.more_findings));
    }
    lines.push(format!("{} events in {} batches.", report.events, report.batches));
    lines.extend(report.removed_up_to.map(|up_to| format!("{} events were removed by retention, up to event {up_to}.", report.removed)));
    if report.erased > 0 {
        lines.push(format!("{} events of people who were removed keep their place and kind alone.", report.erased));
    }
    if report.waiting > 0 {
        lines.push(format!("{} events are not sealed yet.", report.waiting));
    }
    lines.extend(report.kids.iter().map(|kid| format!("Signed with {kid}.")));
    lines.extend(head.iter().map(|head| format!("Head: {head}")));
    let json = json!({
        "holds": holds,
        "findings": report.findings,
        "more_findings": report.more_findings,
        "batches": report.batches,
        "events": report.events,
        "removed_by_retention": report.removed,
        "removed_up_to": report.removed_up_to,
        "erased": report.erased,
        "not_sealed_yet": report.waiting,
        "kids": report.kids,
        "head": head,
    });
    let mut answer = Answer::new(lines.join("\n"), &json);
    answer.bad = !holds;
    answer
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::app::App;
    use crate::cli::database::within;
    use crate::jobs;

    /// A service that made its keys, sealed what it did about them, and stopped.
    async fn house() -> (tempfile::TempDir, Config) {
        let directory = tempfile::tempdir().unwrap();
        let config = within(directory.path());
        let app = App::open(config.clone(), Arc::new(SystemClock)).await.unwrap();
        assert_eq!(jobs::audit::seal(&app).await.unwrap(), (4, false));
        app.store.close().await;
        (directory, config)
    }

    fn verify(file: Option<PathBuf>, expect_head: Option<&str>) -> Command {
        Command::Verify { file, expect_head: expect_head.map(|head| head.parse().unwrap()) }
    }

    #[tokio::test]
    async fn events_are_listed_exported_and_verified_with_and_without_the_database() {
        let (directory, config) = house().await;
        let arguments = |kind: &str, user: Option<&str>| List {
            user: user.map(str::to_owned),
            client: None,
            kind: Some(kind.to_owned()),
            since: Some("1h".parse().unwrap()),
            until: None,
            limit: 3,
        };
        let listed = run(Command::List(arguments("key.", None)), &config).await.unwrap();
        assert_eq!(listed.json.as_array().unwrap().len(), 3, "as many as were asked for: {}", listed.text);
        assert_eq!((&listed.json[0]["event"], listed.json[0]["detail"]["kid"].is_string()), (&json!("key.created"), true));
        let nobody = run(Command::List(arguments("key.", Some(&Uuid::nil().to_string()))), &config).await.unwrap();
        assert_eq!(nobody.json, json!([]));
        assert!(run(Command::List(arguments("key.", Some("nobody@example.org"))), &config).await.is_err());

        let here = run(verify(None, None), &config).await.unwrap();
        assert!(!here.bad && here.text.contains("4 events in 1 batches"), "{}", here.text);
        let file = directory.path().join("audit.jsonl");
        run(Command::Export { output: Some(file.clone()) }, &config).await.unwrap();
        assert!(run(Command::Export { output: Some(file.clone()) }, &config).await.is_err(), "evidence is not overwritten");
        let head = here.json["head"].as_str().unwrap();
        // Nothing but the file is needed.
        let elsewhere = within(&directory.path().join("nowhere"));
        let there = run(verify(Some(file.clone()), Some(head)), &elsewhere).await.unwrap();
        assert_eq!((there.bad, &there.json["head"]), (false, &json!(head)));

        let text = std::fs::read_to_string(&file).unwrap().replacen("key.created", "key.revoked", 1);
        std::fs::write(&file, text).unwrap();
        let touched = run(verify(Some(file), None), &elsewhere).await.unwrap();
        assert!(touched.bad && touched.text.contains("BROKEN") && touched.text.contains("was changed"), "{}", touched.text);
        let unknown = format!("2:{}", "0".repeat(64));
        assert!(run(verify(None, Some(&unknown)), &config).await.unwrap().bad, "a head that is not there");
    }
}
