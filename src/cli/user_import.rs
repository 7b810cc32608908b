//! `user import`: people and their hashes from another product.

use std::fmt::Write as _;
use std::io::Read;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::arguments::named;
use super::database;
use super::failure::Failure;
use super::output::Answer;
use crate::account::import::{self, Format, Line};
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::keys;
use crate::secret::Sealer;
use crate::store;

/// A file that does not fit into memory several times is better cut in parts.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// Refused lines named in the error; the rest is counted.
const SHOWN: usize = 100;

#[derive(Debug, Args)]
pub(super) struct Import {
    /// CSV with a header line, or JSON lines; `-` is standard input. Members: email, email_verified, enabled, name, given_name, family_name,
    /// preferred_username, locale, zoneinfo, phone_number, password_hash (Argon2, bcrypt, PBKDF2, scrypt), totp_secret (base32).
    file: PathBuf,
    /// csv or jsonl; by default what the file's name says.
    #[arg(long, value_parser = named::<Format>)]
    format: Option<Format>,
    /// Look at every line and say what would happen; change nothing.
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(arguments: Import, config: &Config) -> Result<Answer, Failure> {
    let name = arguments.file.display().to_string();
    let unknown = || Failure::new(format!("Say which format {name} has: --format csv or --format jsonl."));
    let format = arguments.format.or_else(|| Format::of_name(&name)).ok_or_else(unknown)?;
    let text = text(&arguments.file).map_err(|error| Failure::new(format!("{name} cannot be read: {error}.")))?;
    let mut lines = import::read(format, &text).map_err(|fault| Failure::new(format!("{name}: {fault}.")))?;
    let sealer = sealer(config)?;
    let store = database::open(config).await?;
    // Sealed under another key than the service's, a secret could never be opened again.
    keys::check_key_encryption_key(&store, &sealer, &config.keys.directory).await.map_err(|error| Failure::new(error.to_string()))?;
    let answer = take_in(&store, &sealer, &mut lines, arguments.dry_run).await;
    store.close().await;
    answer
}

/// TOTP secrets are kept sealed.
fn sealer(config: &Config) -> Result<Sealer, Failure> {
    let keys = keys::load_key_encryption_keys(&config.keys.directory, true).map_err(|error| Failure::new(error.to_string()))?;
    Sealer::new(&keys).map_err(|error| Failure::new(error.to_string()))
}

async fn take_in(store: &store::Store, sealer: &Sealer, lines: &mut [Line], dry_run: bool) -> Result<Answer, Failure> {
    import::check(store, lines).await?;
    let refused = lines.iter().filter(|line| line.outcome.is_err()).count();
    if refused > 0 {
        return Err(Failure::new(report(lines, refused)));
    }
    let count = if dry_run { lines.len() } else { import::insert(store, sealer, lines, SystemClock.now()).await.map_err(meanwhile)? };
    let text = if dry_run { format!("{count} people would be added; nothing was changed.") } else { format!("Added {count} people.") };
    let people: Vec<Value> = lines.iter().map(view).collect();
    Ok(Answer::new(text, &json!({ "dry_run": dry_run, "added": count, "people": people })))
}

fn meanwhile(error: store::Error) -> Failure {
    match error {
        store::Error::Conflict => Failure::new("Somebody of the file was added by somebody else meanwhile. Nobody was added; try again."),
        other => other.into(),
    }
}

fn text(file: &std::path::Path) -> std::io::Result<String> {
    let mut text = String::new();
    let source: Box<dyn Read> = if file.as_os_str() == "-" { Box::new(std::io::stdin()) } else { Box::new(std::fs::File::open(file)?) };
    let read = source.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    if u64::try_from(read).unwrap_or(u64::MAX) > MAX_BYTES {
        return Err(std::io::Error::other(format!("more than {} MiB; cut it in parts", MAX_BYTES / 1024 / 1024)));
    }
    Ok(text)
}

/// One line per line that is refused, as far as anybody wants to read.
fn report(lines: &[Line], refused: usize) -> String {
    let mut text = format!("Nobody was added: {refused} of {} lines are refused.", lines.len());
    for line in lines.iter().filter(|line| line.outcome.is_err()).take(SHOWN) {
        let reason = line.outcome.as_ref().err().map_or("", String::as_str);
        let _ = write!(text, "\nline {}  {}: {reason}", line.number, line.email);
    }
    if refused > SHOWN {
        let _ = write!(text, "\n… and {} more", refused - SHOWN);
    }
    text
}

/// Of hashes and secrets only whether there are any.
fn view(line: &Line) -> Value {
    let record = line.outcome.as_ref().ok();
    json!({
        "line": line.number,
        "email": record.map(|record| record.email.as_str()),
        "has_password": record.is_some_and(|record| record.password_hash.is_some()),
        "has_totp": record.is_some_and(|record| record.totp_secret.is_some()),
    })
}

#[cfg(test)]
#[path = "user_import_tests.rs"]
mod tests;
