//! Confirming an address: that of an account, or another one that is to become it.
//!
//! A mail with a link and a code goes to the address; whoever gives either has read it. Until then nothing changes. OWASP ASVS 5 §6.4.
//!
//! Routes: `GET, POST /email/confirm` [`get`], [`post`]; `POST /email/confirm/send` [`send`].

mod apply;
mod page;
mod request;

pub use page::{get, post, send};
pub use request::{change, confirm};
