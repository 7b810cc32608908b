//! Rate limits.
//!
//! Owns: `edge`, the coarse fence by client address (tower_governor); `gate`, how many addresses it remembers; `bans`, the addresses an operator
//! keeps out; `refused`, what is refused without asking the store; `noted`, where secrets were guessed; `bounded`, the room these two have; `tally`,
//! what is recorded together; `headers`, how limits are told.
//! Must not: know what a request means.

pub mod bans;
mod bounded;
pub mod edge;
mod gate;
mod headers;
pub mod noted;
pub mod refused;
pub mod tally;
