//! People's accounts: passwords, sign-in, the account pages.
//!
//! Owns: password hashing (the only user of argon2), the canonical form of e-mail addresses, credential verification, `/account`,
//! the set-up page of the first administrator. Must not: make sessions (`session::start`), or know about clients.

pub mod administrators;
pub mod authentication;
pub mod confirm;
pub mod console;
pub mod deletion;
pub mod email;
pub mod email_confirmation;
pub mod guesses;
pub mod import;
pub mod kept;
pub mod known_device;
mod mail_budget;
mod mail_link;
pub mod mailed;
pub mod new_password;
pub mod not_me;
pub mod notice;
pub mod password;
pub mod password_reset;
pub mod registration;
pub mod setup;
pub mod sign_in;
pub mod unlock;
