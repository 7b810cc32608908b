//! Rate limits.
//!
//! Owns: `edge`, the coarse fence by client address (tower_governor); `gate`, how many addresses it remembers; `bans`, the addresses an operator
//! keeps out; `refused`, what is refused without asking the store; `tally`, what is recorded together; `headers`, how limits are told.
//! Must not: know what a request means.

pub mod bans;
pub mod edge;
mod gate;
mod headers;
pub mod refused;
pub mod tally;
