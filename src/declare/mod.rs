//! Declared state: clients, scopes, organisations and users from TOML files.
//!
//! Owns: reading, checking, planning and applying; keeping to a directory of documents. A declared client is exactly what its file says; of a declared
//! user the members given are enforced and the others left alone. What no file declares is never touched, but for what a directory declared before.
//! A declared password hash cannot be compared with what a sign-in made of it since: which one was applied is remembered, and another one
//! replaces whatever the person has.
//! Must not: write statements (`store`), or know better than `oauth::client` what a client may be.
//! RFC 7591 §2, OpenID Connect Registration §2, OpenID Connect Core §5.1.

mod apply;
mod check;
pub mod client;
mod compare;
mod directory;
mod document;
mod entry;
mod file;
mod in_force;
mod key;
pub mod organization;
mod password_hash;
pub(crate) mod plan;
mod reconcile;
mod removal;
mod scope;
mod standing;
mod user;

pub use apply::{Error, Marks, apply};
pub use check::{Checked, check};
pub use client::DesiredClient;
pub use compare::{Verified, plan};
pub use directory::{Directory, File, Lost};
pub use document::{Document, read};
pub use in_force::{InForce, Observed, Turn};
pub use key::Key;
pub use organization::{DesiredMemberships, DesiredOrganization};
pub use plan::{Action, Change, FieldChange, Options, Plan};
pub use reconcile::{Keeping, Outcome, Reconciler, preview};
pub use scope::DesiredScope;
pub use user::{DesiredPassword, DesiredUser};
