//! OAuth 2.0: what clients talk to.
//!
//! Owns: the authorization, token, device authorization, introspection and revocation endpoints, client authentication, client metadata rules, OAuth errors.
//! Must not: render pages (`interaction`, `web`), mint tokens (`tokens`), or write statements (`store`).
//! RFC 6749, 6750, 7009, 7636, 7662, 8252, 8628, 9068, 9207, 9700.

pub mod answer;
pub mod authorize;
pub mod bearer;
pub mod client;
pub mod client_auth;
mod client_limit;
pub mod client_request;
pub mod cors;
pub mod device;
pub mod error;
pub mod grant_life;
pub mod introspect;
pub mod pkce;
pub mod redirect_uri;
pub mod revoke;
pub mod scopes;
#[cfg(test)]
pub(crate) mod testing;
pub mod token;
pub mod unanswered;

pub use error::{Code, Error};
