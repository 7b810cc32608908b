//! Everything that reads bytes from outside, as functions of bytes (docs/decisions/0025-fuzzing.md).

pub mod files;
pub mod requests;
#[path = "../../suite/harness/seed.rs"]
pub mod seed;
pub mod service;
pub mod targets;
pub mod texts;
