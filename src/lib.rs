//! Vestibule: a standalone OpenID Connect and OAuth 2.0 identity provider.
//!
//! This is the map. [`routes`] has every URL; [`app`] puts the parts together.
#![forbid(unsafe_code)]

// The ground floor: knows nothing of OAuth.
pub mod clock;
pub mod config;
pub mod keys;
pub mod mail;
pub mod outbound;
pub mod ratelimit;
pub mod secret;
pub mod store;
pub mod telemetry;
pub mod web;

// People.
pub mod account;
pub mod audit;
pub mod mfa;
pub mod organization;
pub mod session;

// Protocol.
pub mod interaction;
pub mod oauth;
pub mod oidc;
pub mod tokens;

// Operators and upkeep.
pub mod backup;
pub mod cli;
pub mod declare;
pub mod health;
pub mod home;
pub mod jobs;

// Assembly.
pub mod app;
pub mod routes;
