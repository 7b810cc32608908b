//! Tokens: what we issue.
//!
//! Owns: access tokens (RFC 9068), ID tokens (OpenID Connect Core §2), refresh tokens and authorization codes (sealed), the codes of devices,
//! logout tokens, scopes and the claims they stand for. Must not: decide whether a token may be issued (`oauth`).

pub mod access;
pub mod claims;
pub mod code;
pub mod custom_scope;
pub mod device;
pub mod id_token;
pub mod logout_token;
pub mod refresh;
pub mod scope;
#[cfg(test)]
mod testing;

pub use scope::Scope;
