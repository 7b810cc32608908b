//! The database: its schema, its settings, its files, its clock; and the signing keys in it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::client_keys;
use super::finding::Finding;
use super::issuer::judge_clock;
use crate::clock::Timestamp;
use crate::config::Config;
use crate::keys::{self, Algorithm, KeyInfo, KeyState};
use crate::secret::Sealer;
use crate::store::{Facts, PostgresFacts, SchemaState, SqliteFacts, Store, find_file};

const NOTHING: &str = "Nobody can sign in without the database.";
const CRASH: &str = "A crash may forget revocations and used codes that were already answered.";

/// PostgreSQL 14 is the oldest that still gets fixes.
const OLDEST: i64 = 140_000;
/// In MiB.
const LITTLE_SPACE: u64 = 512;

pub(super) async fn look(config: &Config, replicas: u32, now: Timestamp) -> Vec<Finding> {
    let file = find_file(&config.database);
    // Opening would make it.
    if let Some(file) = file.as_ref().filter(|file| !file.exists()) {
        let remedy = "Check database.url and the volume; `vestibule serve` or `vestibule migrate up` makes it where there is none yet.";
        return vec![Finding::failed("database", format!("{} does not exist", file.display()), (NOTHING, remedy))];
    }
    let store = match Store::connect(&config.database).await {
        Ok(store) => store,
        Err(error) => {
            let remedy = "Check database.url, that the server runs, and that this machine may connect.";
            return vec![Finding::failed("database", error.to_string(), (NOTHING, remedy))];
        }
    };
    let mut found = vec![look_at_schema(&store).await];
    match store.facts().await {
        Ok(Facts::Sqlite(facts)) => {
            found.push(judge_sqlite(&facts));
            found.extend(file.iter().flat_map(|file| look_at_files(file)));
        }
        Ok(Facts::Postgres(facts)) => {
            found.extend(judge_postgres(&facts, config.database.max_connections, replicas));
            found.push(judge_clock("the database's", facts.now.div_euclid(1000), now.secs()));
        }
        Err(error) => found.push(Finding::skipped("database", format!("its settings cannot be read: {error}"))),
    }
    found.extend(look_at_keys(config, &store, now).await);
    found.extend(client_keys::look(config, &store).await);
    store.close().await;
    found
}

async fn look_at_schema(store: &Store) -> Finding {
    match store.check().await {
        Ok(SchemaState::Current) => Finding::ok("schema", "the schema is this program's"),
        Ok(SchemaState::Older) => {
            let advice =
                ("This program does not serve on it.", "Run `vestibule migrate up`, or start `serve` with database.migrate_on_start.");
            Finding::failed("schema", "the schema is older than this program", advice)
        }
        Ok(SchemaState::Newer) => {
            let advice = (
                "A newer version has migrated it, and only added to it: this one serves beside it.",
                "Finish the rollout with the newer version.",
            );
            Finding::warning("schema", "the schema is newer than this program", advice)
        }
        Ok(SchemaState::TooNew) => {
            let advice = ("A newer version has taken something away that this program needs.", "Start the newer version.");
            Finding::failed("schema", "the schema is too new for this program", advice)
        }
        Err(error) => Finding::failed("schema", error.to_string(), (NOTHING, "Check the database's log and the rights of its user.")),
    }
}

fn judge_sqlite(facts: &SqliteFacts) -> Finding {
    if facts.journal_mode != "wal" {
        let advice = (
            "Readers and the writer stand in each other's way.",
            "Keep the file on a local disk: network file systems cannot do write-ahead logging.",
        );
        return Finding::failed("database", format!("SQLite's journal mode is {}, not wal", facts.journal_mode), advice);
    }
    if facts.synchronous != "2" {
        return Finding::failed(
            "database",
            format!("SQLite's synchronous is {}, not FULL", facts.synchronous),
            (CRASH, "Leave the pragma to the service."),
        );
    }
    Finding::ok("database", format!("SQLite {}, write-ahead log, every commit on disk", facts.version))
}

fn look_at_files(file: &Path) -> Vec<Finding> {
    let beside = |ending: &str| PathBuf::from(format!("{}{ending}", file.display()));
    let open: Vec<String> = [file.to_owned(), beside("-wal"), beside("-shm")]
        .into_iter()
        .filter_map(|path| Some((std::fs::metadata(&path).ok()?.permissions().mode() & 0o777, path)))
        .filter(|(mode, _)| mode & 0o007 != 0)
        .map(|(mode, path)| format!("{} ({mode:o})", path.display()))
        .collect();
    let advice = ("It holds digests of passwords and what people have told us.", "chmod 600, and 700 its directory.");
    let files = if open.is_empty() {
        Finding::ok("files", "the database's files are closed to others")
    } else {
        Finding::failed("files", format!("others may read {}", open.join(", ")), advice)
    };
    let space = free_space(file).map_or_else(|| Finding::skipped("disk", "no `df` here to ask for free space"), judge_space);
    vec![files, space]
}

/// In MiB, as `df` says: the standard library does not.
fn free_space(file: &Path) -> Option<u64> {
    let said = Command::new("df").arg("-Pk").arg(file).output().ok().filter(|said| said.status.success())?;
    let text = String::from_utf8(said.stdout).ok()?;
    text.lines().nth(1)?.split_whitespace().nth(3)?.parse::<u64>().ok().map(|kib| kib >> 10)
}

fn judge_space(free: u64) -> Finding {
    let advice = ("A full disk refuses every sign-in: nothing is answered that is not written down.", "Make room, or enlarge the volume.");
    let what = format!("{free} MiB are free where the database is");
    match free {
        ..64 => Finding::failed("disk", what, advice),
        64..LITTLE_SPACE => Finding::warning("disk", what, advice),
        _ => Finding::ok("disk", what),
    }
}

fn judge_postgres(facts: &PostgresFacts, pool: u32, replicas: u32) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut warn = |what: String, advice: (&'static str, &str)| found.push(Finding::warning("database", what, advice));
    if facts.version < OLDEST {
        warn(format!("PostgreSQL {} gets no fixes any more", facts.version / 10_000), ("Its security faults stay.", "Upgrade it."));
    }
    if facts.synchronous_commit == "off" {
        warn("synchronous_commit is off".to_owned(), (CRASH, "Set it to on, or better, for this database."));
    }
    if facts.isolation != "read committed" {
        let why = "The service counts on conditional statements that see what others committed; under other levels they fail and are tried again.";
        warn(
            format!("transactions are {:?}", facts.isolation),
            (why, "Set default_transaction_isolation to 'read committed' for this user."),
        );
    }
    if facts.is_superuser {
        warn(
            "the service connects as a superuser".to_owned(),
            ("Who breaks into the service has the whole server.", "Give it a user that owns its database alone."),
        );
    }
    if !facts.tls {
        let why = "Whoever is between sees and changes what goes over the wire; no matter on the same machine.";
        warn("the connection is not encrypted".to_owned(), (why, "Add sslmode=verify-full and sslrootcert to database.url."));
    }
    // One more each: migrations have a connection of their own.
    let need = i64::from(replicas).saturating_mul(i64::from(pool).saturating_add(1));
    let have = facts.max_connections.saturating_sub(facts.reserved);
    let what = format!("{replicas} replicas take up to {need} of {have} connections");
    found.push(if need > have {
        let advice = (
            "Some replicas get none, and answer 503.",
            "Lower database.max_connections, raise PostgreSQL's max_connections, or put a pooler in between.",
        );
        Finding::failed("connections", what, advice)
    } else {
        Finding::ok("connections", what)
    });
    if found.len() == 1 {
        found.insert(0, Finding::ok("database", format!("PostgreSQL {}, every commit durable", facts.version / 10_000)));
    }
    found
}

async fn look_at_keys(config: &Config, store: &Store, now: Timestamp) -> Vec<Finding> {
    let lost = "Signing keys, second factors and mail rest under these keys: without them nothing opens.";
    let sealer = keys::load_key_encryption_keys(&config.keys.directory, false).map_err(|error| error.to_string());
    let sealer = sealer.and_then(|keys| Sealer::new(&keys).map_err(|error| error.to_string()));
    let first = match &sealer {
        Ok(sealer) => match keys::usage(store, sealer).await {
            Ok(usage) if usage.iter().any(|usage| usage.key.is_none() && usage.rows > 0) => {
                let remedy = "Bring back the key-encryption key that is missing; `vestibule keys check` says what rests under it.";
                Finding::failed("keys", "something rests under a key-encryption key that is not here", (lost, remedy))
            }
            Ok(_) => Finding::ok("keys", format!("{} key-encryption keys, closed to others, and everything opens", sealer.key_ids().len())),
            Err(error) => Finding::skipped("keys", error.to_string()),
        },
        Err(problem) => Finding::failed(
            "keys",
            problem.clone(),
            (lost, "Mount the directory that this database was made with; its files closed to others (chmod 600)."),
        ),
    };
    let second = match keys::list(store, now).await {
        Ok(keys) => judge_keys(&keys, config, now),
        Err(error) => Finding::skipped("signing", error.to_string()),
    };
    vec![first, second]
}

fn judge_keys(keys: &[KeyInfo], config: &Config, now: Timestamp) -> Finding {
    let active = |algorithm| {
        keys.iter()
            .filter(move |key: &&KeyInfo| key.algorithm == algorithm && key.state == KeyState::Active)
            .max_by_key(|key| key.active_at)
    };
    let without: Vec<&str> = Algorithm::ALL.into_iter().filter(|algorithm| active(*algorithm).is_none()).map(Algorithm::name).collect();
    if !without.is_empty() {
        let advice = (
            "Tokens of these algorithms cannot be signed.",
            "Start the service once: it makes what is missing. If it does not, its log says why.",
        );
        return Finding::failed("signing", format!("no key signs {}", without.join(", ")), advice);
    }
    let overdue = |algorithm: &Algorithm| {
        active(*algorithm).is_some_and(|key| key.retires_at.is_none() && key.active_at.plus(config.keys.active_for.0) < now)
    };
    let overdue: Vec<&str> = Algorithm::ALL.into_iter().filter(overdue).map(Algorithm::name).collect();
    if overdue.is_empty() {
        return Finding::ok("signing", "every algorithm has a key that signs, and none is overdue");
    }
    let advice = (
        "Rotation has stopped: no replica does its upkeep.",
        "See the service's log for the job \"keys\"; `vestibule keys rotate` makes new ones now.",
    );
    Finding::warning("signing", format!("keys are overdue to be replaced: {}", overdue.join(", ")), advice)
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    fn well() -> PostgresFacts {
        PostgresFacts {
            version: 170_002,
            synchronous_commit: "on".to_owned(),
            isolation: "read committed".to_owned(),
            max_connections: 100,
            reserved: 3,
            is_superuser: false,
            tls: true,
            now: 0,
        }
    }

    fn levels(facts: &PostgresFacts, pool: u32, replicas: u32) -> Vec<Level> {
        judge_postgres(facts, pool, replicas).iter().map(|finding| finding.level).collect()
    }

    #[test]
    fn postgresql_is_judged_by_what_it_says() {
        assert_eq!(levels(&well(), 16, 2), [Level::Ok, Level::Ok]);
        assert_eq!(levels(&well(), 16, 6), [Level::Ok, Level::Failed]);
        for odd in [
            PostgresFacts { version: 130_000, ..well() },
            PostgresFacts { synchronous_commit: "off".to_owned(), ..well() },
            PostgresFacts { isolation: "serializable".to_owned(), ..well() },
            PostgresFacts { is_superuser: true, ..well() },
            PostgresFacts { tls: false, ..well() },
        ] {
            assert_eq!(levels(&odd, 16, 2), [Level::Warning, Level::Ok], "{odd:?}");
        }
    }

    #[test]
    fn sqlite_and_its_disk_are_judged() {
        let facts = SqliteFacts { version: "3.50".to_owned(), journal_mode: "wal".to_owned(), synchronous: "2".to_owned() };
        assert_eq!(judge_sqlite(&facts).level, Level::Ok);
        assert_eq!(judge_sqlite(&SqliteFacts { journal_mode: "delete".to_owned(), ..facts.clone() }).level, Level::Failed);
        assert_eq!(judge_sqlite(&SqliteFacts { synchronous: "1".to_owned(), ..facts }).level, Level::Failed);
        assert_eq!([10, 100, 1000].map(|free| judge_space(free).level), [Level::Failed, Level::Warning, Level::Ok]);
    }

    #[test]
    fn a_file_that_others_may_read_is_a_failure() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("v.db");
        std::fs::write(&file, "").unwrap();
        let judged = |mode| {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            look_at_files(&file).remove(0).level
        };
        assert_eq!([judged(0o600), judged(0o640), judged(0o644)], [Level::Ok, Level::Ok, Level::Failed]);
    }
}
