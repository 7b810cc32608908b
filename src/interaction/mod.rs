//! The browser flow: from an application's request to the moment a code can be issued.
//!
//! Owns: the sealed [`Flow`], the pure function [`step::next_step`], the login, consent and account-choice pages, the cookie of known
//! accounts. Must not: import `oauth`. Pages never call each other: each does its one job and returns to `/authorize/resume`, which
//! asks again.
//! Routes: `/login`, `/login/…` (the second factor), `/consent`, `/choose-account`, GET and POST each; `/password/reset` and below; `/sign-up` and
//! below; `/invitation`; `/device` and below. OpenID Connect Core §3.1.2.1–3.1.2.4; RFC 9700 §4.7, §4.12, §4.16.

pub mod choose_account;
pub mod consent;
pub mod device;
pub mod flow;
mod form;
mod known_accounts;
pub mod login;
mod new_credentials;
mod passkey_first;
pub mod password_reset;
mod place;
pub mod second_factor;
pub mod sign_up;
pub mod step;
mod waiting;

pub use flow::Flow;
pub use form::{facts, see_other};
