//! The schema's history: one portable migration per file, each with its way back.
//!
//! Owns: what the database looks like, version by version. Must not: import anything of the service, so that a migration means tomorrow what it
//! meant when it was written; nor change a migration that was released. Times are milliseconds since 1970 in BIGINT; ids are UUIDs.
#![forbid(unsafe_code)]

pub use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait};

mod m20261121_000001_create_clients;
mod m20261121_000002_create_users;
mod m20261121_000003_create_sessions;
mod m20261121_000004_create_grants;
mod m20261121_000005_create_consents;
mod m20261121_000006_create_signing_keys;
mod m20261121_000007_create_audit_events;
mod m20261121_000008_create_logout_deliveries;
mod m20261121_000009_create_spent;
mod m20261121_000010_create_settings;
mod m20261121_000011_create_locks;
mod m20261121_000012_index_sessions_by_user;
mod m20261121_000013_alter_sessions;
mod m20261121_000014_create_mails;
mod m20261121_000015_create_user_security;
mod m20261121_000016_create_second_factors;
mod m20261121_000017_create_pending_sign_ins;
mod m20261121_000018_create_password_resets;
mod m20261121_000019_create_buckets;
mod m20261121_000020_index_by_user;
mod m20261121_000021_create_organizations;
mod m20261121_000022_sessions_idle;
mod m20261122_000027_create_passkeys;
mod m20261122_000028_create_failures;
mod m20261122_000029_create_bans;
mod m20261122_000031_alter_audit_events;
mod m20261122_000032_create_audit_chain;
mod m20261122_000034_create_former_addresses;
mod m20261122_000035_recovery_codes_shown_to;
mod m20261122_000036_create_declared_objects;
mod m20261122_000039_suspend_users;
mod m20261122_000040_create_scopes;
mod m20261122_000041_create_device_authorizations;

/// The migration that a program must know to serve on this schema: what came after it only adds. Raised by a release that takes something away, to the newest
/// migration of the release before it; written into the database by whoever migrates.
pub const SERVES_FROM: &str = "m20261122_000035_recovery_codes_shown_to";

/// Every migration, oldest first.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_000001_create_clients::Migration),
            Box::new(m20261121_000002_create_users::Migration),
            Box::new(m20261121_000003_create_sessions::Migration),
            Box::new(m20261121_000004_create_grants::Migration),
            Box::new(m20261121_000005_create_consents::Migration),
            Box::new(m20261121_000006_create_signing_keys::Migration),
            Box::new(m20261121_000007_create_audit_events::Migration),
            Box::new(m20261121_000008_create_logout_deliveries::Migration),
            Box::new(m20261121_000009_create_spent::Migration),
            Box::new(m20261121_000010_create_settings::Migration),
            Box::new(m20261121_000011_create_locks::Migration),
            Box::new(m20261121_000012_index_sessions_by_user::Migration),
            Box::new(m20261121_000013_alter_sessions::Migration),
            Box::new(m20261121_000014_create_mails::Migration),
            Box::new(m20261121_000015_create_user_security::Migration),
            Box::new(m20261121_000016_create_second_factors::Migration),
            Box::new(m20261121_000017_create_pending_sign_ins::Migration),
            Box::new(m20261121_000018_create_password_resets::Migration),
            Box::new(m20261121_000019_create_buckets::Migration),
            Box::new(m20261121_000020_index_by_user::Migration),
            Box::new(m20261121_000021_create_organizations::Migration),
            Box::new(m20261121_000022_sessions_idle::Migration),
            Box::new(m20261122_000027_create_passkeys::Migration),
            Box::new(m20261122_000028_create_failures::Migration),
            Box::new(m20261122_000029_create_bans::Migration),
            Box::new(m20261122_000031_alter_audit_events::Migration),
            Box::new(m20261122_000032_create_audit_chain::Migration),
            Box::new(m20261122_000034_create_former_addresses::Migration),
            Box::new(m20261122_000035_recovery_codes_shown_to::Migration),
            Box::new(m20261122_000036_create_declared_objects::Migration),
            Box::new(m20261122_000039_suspend_users::Migration),
            Box::new(m20261122_000040_create_scopes::Migration),
            Box::new(m20261122_000041_create_device_authorizations::Migration),
        ]
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// What a program of the release before would miss, or could not fill in.
    const TAKES_AWAY: [&str; 8] = ["drop_", "rename_", "modify_column", "DROP ", "RENAME ", "TRUNCATE ", "delete_many", "DELETE FROM"];

    /// What a migration may consist of. The fault ladder (`src/store/migrate_ladder_tests.rs`) puts what each of these makes in its way: one that moves data has to
    /// come with a rung of its own, and with an answer to what it does on a table of a hundred million rows.
    const KINDS: [&str; 3] = ["create_table", "create_index", "alter_table"];

    #[test]
    fn every_kind_of_statement_has_its_rung_on_the_ladder() {
        for migration in Migrator::migrations() {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(format!("{}.rs", migration.name()));
            let text = std::fs::read_to_string(&file).unwrap();
            let (_, up) = text.split_once("async fn up").unwrap();
            let (up, _) = up.split_once("async fn down").unwrap();
            let up: String = up.split_whitespace().collect();
            let mut calls = up.split("manager.").skip(1).map(|call| call.split('(').next().unwrap_or_default());
            let unknown = calls.find(|call| !KINDS.contains(call));
            assert_eq!(unknown, None, "{}", migration.name());
            for word in ["execute", "exec_stmt", "get_connection"] {
                assert!(!up.contains(word), "{} has {word}", migration.name());
            }
        }
    }

    /// As the schema says of itself: a rolled back release, and replicas that are not replaced yet, go on serving on it.
    #[test]
    fn what_came_after_the_last_one_that_has_to_be_known_only_adds() {
        let names: Vec<String> = Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
        let known = names.iter().position(|name| name == SERVES_FROM).expect("it names a migration");
        for name in &names[known + 1..] {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(format!("{name}.rs"));
            let text = std::fs::read_to_string(&file).unwrap();
            let (_, up) = text.split_once("async fn up").unwrap();
            let (up, _) = up.split_once("async fn down").unwrap();
            for word in TAKES_AWAY {
                assert!(!up.contains(word), "{name} has {word:?} on its way up: raise SERVES_FROM, or take it away one release later");
            }
            for column in up.split("add_column").skip(1) {
                let column = column.split(".to_owned()").next().unwrap_or_default();
                let filled_in = ["default(", "_null(", ".null()"].iter().any(|word| column.contains(word));
                assert!(filled_in, "{name} adds a column that an older program does not fill in:{column}");
            }
        }
    }
}
