//! Lifting by mail what strangers' guesses brought about: the pause before another password or code is tried.
//!
//! The mail goes to the stored address, and only while there is something to lift; asking has the same answer for every address. Looking at its link
//! changes nothing; its button lifts, once, and gives this browser a budget of its own ([`known_device`](super::known_device)). A pause of the second
//! factor is lifted so once a day: whoever reads somebody's mail must not get a new row of guesses with each.
//! NIST SP 800-63B §3.2.2.
//!
//! Routes: `GET /login/unlock` [`get`], `POST /login/unlock` [`post`], `POST /login/unlock/send` [`send`].

mod lift;
mod page;
mod request;

pub use page::{get, post, send};
