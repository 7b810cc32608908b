//! Rate limits.
//!
//! Owns: `edge`, the coarse fence by client address (tower_governor). Must not: know what a request means.

pub mod edge;
