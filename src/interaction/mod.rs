//! The browser flow: from an application's request to the moment a code can be issued.
//!
//! Owns: the sealed [`Flow`], the pure function [`step::next_step`], the login, consent and account-choice pages. Must not: import
//! `oauth`. Pages never call each other: each does its one job and returns to `/authorize/resume`, which asks again.

pub mod choose_account;
pub mod consent;
pub mod flow;
pub mod login;
pub mod step;

pub use flow::Flow;
