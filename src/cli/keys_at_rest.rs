//! `keys check` and `keys rewrap`: key-encryption keys, and what rests under them.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use super::database;
use super::failure::Failure;
use super::output::{self, Answer, table};
use crate::app::App;
use crate::audit::KeyEvents;
use crate::config::Config;
use crate::keys::{self, Rewrapped, Usage, Witness};
use crate::secret::Sealer;

const NOTHING_OLD: &str =
    "\nNothing in the database needs the older keys. Refresh tokens that were given out under them do, for tokens.refresh_token_idle.";

/// From the files and the store: opens and changes nothing.
pub(super) async fn check(config: &Config) -> Result<Answer, Failure> {
    let sealer = Sealer::new(&keys::load_key_encryption_keys(&config.keys.directory, false)?)?;
    let store = database::open_to_read(config).await?;
    let usage = keys::usage(&store, &sealer).await;
    store.close().await;
    Ok(report(&sealer.key_ids(), &usage?))
}

/// Not over anything that is there: a key that is lost takes with it what it sealed. A directory that is missing is made.
pub(super) fn generate(file: Option<&Path>) -> Result<Answer, Failure> {
    let key = keys::new_key_encryption_key();
    let Some(path) = file else {
        output::stream().write_all(key.as_bytes())?;
        return Ok(Answer::said());
    };
    let failed = |error: std::io::Error| Failure::new(format!("{}: {error}.", path.display()));
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    // As the service makes it: nobody else may look into a directory of keys.
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
    let mut made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    made.write_all(key.as_bytes()).and_then(|()| made.sync_all()).map_err(failed)?;
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed)?;
    let text =
        format!("Made {}. Keep a copy of it apart from the database and its backups: what it seals opens with it alone.", path.display());
    Ok(Answer::new(text, &json!({ "file": path })))
}

fn report(ids: &[String], usage: &[Usage]) -> Answer {
    let newest = ids.first().map(String::as_str).unwrap_or_default();
    let row = |usage: &Usage| {
        vec![usage.what.to_owned(), usage.key.clone().unwrap_or_else(|| "none of these".to_owned()), usage.rows.to_string()]
    };
    let rows: Vec<Vec<String>> = usage.iter().map(row).collect();
    let old: u64 = usage.iter().filter(|usage| usage.key.as_deref().is_some_and(|key| key != newest)).map(|usage| usage.rows).sum();
    let lost: u64 = usage.iter().filter(|usage| usage.key.is_none()).map(|usage| usage.rows).sum();
    let mut lines = vec![format!("Key-encryption keys: {} (the first seals)\n", ids.join(", "))];
    lines.push(table(&["what rests", "under", "rows"], &rows));
    if lost > 0 {
        lines.push(format!("\n{lost} rows rest under a key that is not in keys.directory: bring it back."));
    }
    lines.extend(match (ids.len(), old) {
        (0 | 1, _) => None,
        (_, 0) => Some(NOTHING_OLD.to_owned()),
        (_, rows) => Some(format!("\n{rows} rows still need an older key than {newest}: `vestibule keys rewrap`.")),
    });
    let counts: Vec<serde_json::Value> =
        usage.iter().map(|usage| json!({ "what": usage.what, "key": usage.key, "rows": usage.rows })).collect();
    let json = json!({ "keys": ids, "rest": counts, "under_older_keys": old, "under_no_key": lost });
    Answer { bad: lost > 0, ..Answer::new(lines.join("\n"), &json) }
}

/// Everything under the newest key.
pub(super) async fn rewrap(app: &App) -> Result<Answer, Failure> {
    let witness: Arc<dyn Witness> = Arc::new(KeyEvents);
    let done = keys::rewrap(&app.store, &app.sealer, &witness, app.now()).await?;
    let row = |of: &Rewrapped| vec![of.what.to_owned(), of.rows.to_string(), of.unreadable.to_string()];
    let rows: Vec<Vec<String>> = done.iter().map(row).collect();
    let unreadable: u64 = done.iter().map(|of| of.unreadable).sum();
    let newest = app.sealer.newest();
    let mut lines = vec![format!("Sealed again under {newest}:\n"), table(&["what", "rows", "unreadable"], &rows)];
    if unreadable > 0 {
        lines.push("\nUnreadable rows rest under a key that is not in keys.directory. They were left as they are.".to_owned());
    }
    let counts: Vec<serde_json::Value> =
        done.iter().map(|of| json!({ "what": of.what, "rows": of.rows, "unreadable": of.unreadable })).collect();
    let json = json!({ "key": newest, "rewrapped": counts });
    Ok(Answer { bad: unreadable > 0, ..Answer::new(lines.join("\n"), &json) })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn usage(what: &'static str, key: Option<&str>, rows: u64) -> Usage {
        Usage { what, key: key.map(str::to_owned), rows }
    }

    #[test]
    fn a_generated_key_is_one_and_replaces_none() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("vestibule/keys");
        let path = directory.join("001.kek");
        generate(Some(&path)).unwrap();
        let first = keys::load_key_encryption_keys(&directory, false).unwrap();
        assert_eq!(std::fs::metadata(&directory).unwrap().permissions().mode() & 0o777, 0o700);
        assert!(generate(Some(&path)).is_err());
        assert_eq!(keys::load_key_encryption_keys(&directory, false).unwrap()[0].id(), first[0].id());
    }

    #[test]
    fn a_report_says_what_still_needs_an_older_key_and_what_is_lost() {
        let ids = ["bb".to_owned(), "aa".to_owned()];
        let needed = report(&ids, &[usage("mails", Some("bb"), 2), usage("TOTP secrets", Some("aa"), 3)]);
        assert!(needed.text.contains("3 rows still need an older key than bb") && !needed.bad, "{}", needed.text);
        let done = report(&ids, &[usage("mails", Some("bb"), 5)]);
        assert!(done.text.contains("Nothing in the database needs") && !done.bad, "{}", done.text);
        let lost = report(&ids, &[usage("mails", None, 1)]);
        assert!(lost.bad && lost.text.contains("1 rows rest under a key that is not"), "{}", lost.text);
        assert!(!report(&ids[..1], &[usage("mails", Some("bb"), 5)]).text.contains("older"), "one key: nothing to take away");
    }
}
