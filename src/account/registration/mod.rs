//! New accounts, by oneself or by invitation. The account is made by whoever has read the mail and chosen a password there: until then nothing exists,
//! so nobody can prepare an account for an address that is not theirs.
//!
//! OWASP ASVS 5 §6.3.8 (asking tells nobody who has an account), §6.4.

mod create;
mod invite;
mod request;

pub use create::{Joining, Look, create, look};
pub use invite::{Invitation, invite};
pub use request::{Refusal, check_address, request};

use crate::store::spent;

/// What a used link is spent as.
const SPENT: spent::Kind = spent::Kind::Invitation;
