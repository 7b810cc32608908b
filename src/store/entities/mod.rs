//! Rows as the database has them, one file per table. Private to the store: the query files turn them into what the service works with.
//! Times are milliseconds since 1970.

pub mod audit_batches;
pub mod audit_events;
pub mod audit_keys;
pub mod audit_seals;
pub mod bans;
pub mod buckets;
pub mod clients;
pub mod consents;
pub mod declared_objects;
pub mod device_authorizations;
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
pub mod recovery_codes;
pub mod scopes;
pub mod sessions;
pub mod settings;
pub mod signing_keys;
pub mod spent;
pub mod totp_credentials;
pub mod tried_accounts;
pub mod trusted_devices;
pub mod user_security;
pub mod users;
