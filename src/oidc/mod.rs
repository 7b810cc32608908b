//! OpenID Connect beyond OAuth: discovery, JWKS, userinfo, logout.
//!
//! Owns: those endpoints and the delivery of logout tokens. Must not: authenticate people or clients itself.

pub mod backchannel;
pub mod discovery;
mod document;
pub mod jwks;
pub mod logout;
pub mod passkey_endpoints;
pub mod userinfo;
