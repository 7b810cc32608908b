//! Browser sessions: start, current, end.
//!
//! Owns: the session cookie; [`start`], the one place that turns proofs into a session; [`end`], with everything that ends with it.
//! Must not: verify credentials (`account`), or know about authorization requests.

mod end;
mod proof;
mod start;

pub use end::end;
pub use proof::PasswordProof;
pub use start::{Started, start};

use crate::app::App;
use crate::store;
use crate::store::sessions::Session;
use crate::store::users::User;
use crate::web::Visit;

/// A live session and its person.
#[derive(Clone, Debug)]
pub struct Current {
    pub session: Session,
    pub user: User,
}

/// The session behind this browser's cookie: one read, none without a cookie.
///
/// # Errors
/// The store's.
pub async fn current(app: &App, visit: &Visit) -> store::Result<Option<Current>> {
    todo!()
}

/// Notes that the session was used, at most every tenth of the idle time.
pub async fn touch(app: &App, session: &Session) -> store::Result<()> {
    todo!()
}
