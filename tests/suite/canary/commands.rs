//! What the commands print, and what leaves the house by them: lists, exports, a backup, and the complaint that a database is away.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::harness::{ISSUER, TestApp, seed};

/// A password of a database that is not there.
pub const DATABASE_PASSWORD: &str = "canary-database-9c0d1b";

const COMMANDS: [&[&str]; 16] = [
    &["audit", "list", "--limit", "1000"],
    &["audit", "export"],
    &["audit", "verify"],
    &["client", "list"],
    &["client", "show", seed::AUTOTALK],
    &["user", "list"],
    &["user", "show", seed::ANA],
    &["keys", "list"],
    &["keys", "check"],
    &["limits", "list"],
    &["scope", "list"],
    &["organization", "list"],
    &["declared", "status"],
    &["migrate", "status"],
    &["config", "check"],
    &["doctor"],
];

/// The program with this test's keys and secrets.
fn vestibule(app: &TestApp, database: &str, arguments: &[&str]) -> Vec<u8> {
    let config = &app.app.config;
    let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
    command
        .args(arguments)
        .stdin(Stdio::null())
        .env("VESTIBULE_SERVER__PUBLIC_URL", ISSUER)
        .env("VESTIBULE_DATABASE__URL", database)
        .env("VESTIBULE_KEYS__DIRECTORY", &config.keys.directory)
        .env("VESTIBULE_MAIL__TRANSPORT", "file")
        .env("VESTIBULE_MAIL__DIRECTORY", app.mailbox_directory())
        .env("VESTIBULE_MAIL__SMTP_USERNAME", "canary")
        .env("VESTIBULE_MAIL__SMTP_PASSWORD", super::SMTP_PASSWORD);
    let output = command.output().unwrap();
    [output.stdout, output.stderr].concat()
}

/// The name of each command, with what it said; and what it wrote.
pub fn said(app: &TestApp, directory: &Path) -> Vec<(String, Vec<u8>)> {
    let url = app.database.url.as_str();
    let mut said = Vec::new();
    for command in COMMANDS {
        for form in [&[][..], &["--json"][..]] {
            let arguments = [command, form].concat();
            said.push((arguments.join(" "), vestibule(app, url, &arguments)));
        }
    }
    let text = |name: &str| String::from_utf8_lossy(&said.iter().find(|(command, _)| command == name).unwrap().1).into_owned();
    assert!(text("audit export").contains("sign_in.failed") && text("user show ana@example.test").contains("ana@example.test"));
    // That the commands reached the database: which schema it is, is not asked here.
    assert!(text("keys list").contains("ES256") && text("doctor").contains("the schema is "));
    let file = directory.join("backup");
    let answer = vestibule(app, url, &["backup", file.to_str().unwrap()]);
    if url.starts_with("sqlite") {
        let backup = std::fs::read(&file).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&answer)));
        assert!(backup.len() > 100_000, "everything is in it, sealed");
        said.push(("a backup".to_owned(), backup));
    }
    said.push(("backup".to_owned(), answer));
    let away = vestibule(app, &format!("postgres://canary:{DATABASE_PASSWORD}@127.0.0.1:9/nothing"), &["migrate", "status"]);
    assert!(String::from_utf8_lossy(&away).contains("database"), "it says what is wrong");
    said.push(("a database that is away".to_owned(), away));
    said
}
