//! The suite: the real router in process, on SQLite or PostgreSQL, one file per subject.
//!
//! Test names are sentences; the doc line names the clause. `harness` is how a test talks to the service.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets something unexpected must stop there and then"
)]

mod harness;

mod account_activity;
mod account_choice;
mod account_confirm;
mod account_deletion;
mod account_devices;
mod account_password;
mod account_profile;
mod advisories;
mod architecture;
mod audit_chain;
mod audit_kinds;
mod auth_epoch;
mod authorize;
mod authorize_parameters;
mod backchannel_logout;
mod canary;
mod client_assertions;
mod client_authentication;
mod client_credentials;
mod client_guessing;
mod clock;
mod code;
mod concurrency;
mod connections;
mod consent;
mod cors;
mod csrf;
mod custom_scopes;
mod declared;
mod declared_scopes;
mod device;
mod discovery;
mod email_change;
mod fault_ladder;
mod form_post;
mod guessing;
mod headers;
mod health;
mod id_token;
mod introspection;
mod invitation;
mod jwks;
mod key_rings;
mod languages;
mod limits;
mod logout;
mod lost_commits;
mod mail;
mod navigation;
mod new_device;
mod not_me;
mod observability;
mod operators_limits;
mod organizations;
mod outage;
mod pages;
mod passkeys;
mod password_reset;
mod pkce;
mod prompt;
mod properties;
mod real_binary;
mod redirect_uris;
mod refresh;
mod registration;
mod relying_party;
mod request_objects;
mod revocation;
mod routes;
mod second_factor;
mod second_factor_account;
mod second_factor_limits;
mod sessions;
mod setup;
mod sign_in;
mod spraying;
mod statements;
mod step_up;
mod timing;
mod userinfo;
