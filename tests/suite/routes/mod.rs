//! Every route of `src/routes.rs`, generated from it: a new one without its entries fails here.
//!
//! `table.txt` says what each principal is answered, `acts` has a form that acts for each `POST`, `forgery` shows that no other site can send it,
//! `strangers` that it does nothing to somebody else, `borrowed` that it does nothing without its person, `headers` that whatever is answered is protected.

mod acts;
mod acts_passkeys;
pub mod acts_unlock;
mod borrowed;
mod forgery;
mod headers;
mod internal;
mod listed;
mod matrix;
mod methods;
mod principals;
mod strangers;
