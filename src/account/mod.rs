//! People's accounts: passwords, sign-in, the account pages.
//!
//! Owns: password hashing (the only user of argon2), the canonical form of e-mail addresses, credential verification, `/account`,
//! the set-up page of the first administrator. Must not: make sessions (`session::start`), or know about clients.

pub mod console;
pub mod email;
pub mod import;
pub mod not_me;
pub mod password;
pub mod setup;
pub mod sign_in;
