//! Turning proofs into a session.

use http::HeaderValue;

use super::proof::PasswordProof;
use crate::app::App;
use crate::audit;
use crate::store;
use crate::store::sessions::Session;
use crate::store::users::User;
use crate::web::Visit;

/// A session that has just begun, and the cookie that carries it.
#[derive(Debug)]
pub struct Started {
    pub session: Session,
    pub set_cookie: HeaderValue,
}

/// One transaction: the new session (a new identifier always), the end of the one this browser had, the last sign-in, the audit event.
///
/// A sign-in again of the same person in the same browser keeps the old session's `sid`: what applications learned stays true, only `auth_time` moves.
///
/// # Errors
/// The store's.
pub async fn start(app: &App, visit: &Visit, user: &User, proof: PasswordProof, origin: &audit::Origin) -> store::Result<Started> {
    todo!()
}
