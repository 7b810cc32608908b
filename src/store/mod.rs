//! The store: the only room that knows sea-orm.
//!
//! Owns: connections, transactions, the grouping SQLite writer, entities, and every statement, one query file per
//! aggregate. Functions use a closed set of verbs: `find` (Option), `get` (error if absent), `list`, `insert`, `update`,
//! `redeem`, `rotate`, `revoke`, `purge`. Must not: decide anything the specifications decide.

pub mod addresses;
pub mod assertion_algorithm;
pub mod audit_chain;
pub mod audit_events;
pub mod bans;
pub mod buckets;
mod client_row;
pub mod clients;
pub mod consents;
pub mod declared_objects;
pub mod device_authorizations;
mod error;
pub mod factor_attempts;
pub mod failures;
pub mod former_addresses;
pub mod grants;
pub mod locks;
pub mod logout_deliveries;
pub mod mails;
pub mod memberships;
pub mod organizations;
pub mod passkeys;
pub mod password_resets;
pub mod pending_sign_ins;
pub mod people;
pub mod recovery_codes;
pub mod restored;
pub mod scopes;
pub mod sealed;
pub mod sessions;
pub mod settings;
pub mod signing_keys;
pub mod spent;
pub mod suspensions;
pub mod totp_credentials;
pub mod tried_accounts;
pub mod trusted_devices;
pub mod user_security;
pub mod users;

mod conn;
mod connection;
mod entities;
mod facts;
mod file;
mod measure;
mod migrate;
#[cfg(test)]
mod plans;
mod postgres;
mod refusal;
mod sqlite;
#[cfg(test)]
mod testing;
mod writer;

pub use conn::Conn;
pub use connection::{Renewal, Store};
pub use error::{Error, Result};
pub use facts::{Facts, PostgresFacts, SqliteFacts, find_file};
pub use file::{InUse, claim, directory_of, fold_log, path};
pub use measure::{Pool, Queues, find_queues};
pub use migrate::{MigrationStatus, SchemaState};

/// By how much a change moves `updated_at` forward at least, so that it tells one state of a row from the next.
const TICK: std::time::Duration = std::time::Duration::from_millis(1);

/// A boxed future, as transactions take it.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
