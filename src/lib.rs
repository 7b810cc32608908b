//! Vestibule: a standalone OpenID Connect and OAuth 2.0 identity provider.
//!
//! This is the map. [`routes`] has every URL; [`app`] puts the parts together. Where numbers decide something they do not wrap around (decision 0027).
#![forbid(unsafe_code)]

// The ground floor: knows nothing of OAuth.
#[cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]
pub mod clock;
pub mod config;
pub mod keys;
pub mod mail;
pub mod outbound;
#[cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]
pub mod ratelimit;
#[cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]
pub mod secret;
#[cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]
pub mod store;
pub mod telemetry;
pub mod web;

// People.
pub mod account;
pub mod audit;
#[cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]
pub mod mfa;
#[cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]
pub mod organization;
#[cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]
pub mod session;

// Protocol.
#[cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]
pub mod interaction;
#[cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]
pub mod oauth;
pub mod oidc;
#[cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]
pub mod tokens;

// Operators and upkeep.
#[cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]
pub mod backup;
pub mod cli;
pub mod declare;
pub mod health;
pub mod home;
pub mod jobs;

// Assembly.
pub mod app;
pub mod routes;
