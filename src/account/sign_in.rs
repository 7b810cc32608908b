//! Verifying e-mail and password: the same work and the same answer whether or not there is such an account.

use crate::app::App;
use crate::audit;
use crate::secret::Secret;
use crate::session::PasswordProof;
use crate::store;
use crate::store::users::User;
use crate::web::Visit;

/// How an attempt ended.
#[derive(Debug)]
pub enum Attempt {
    Proven {
        user: Box<User>,
        proof: PasswordProof,
    },
    /// Unknown address, wrong password, disabled account: told apart in the audit log only.
    Refused,
    /// No hash thread in time.
    Busy,
}

/// Exactly one Argon2 verification; a refused attempt leaves one audit event; a hash of weaker parameters is replaced.
///
/// # Errors
/// The store's.
pub async fn verify(app: &App, email: &str, password: Secret<String>, origin: &audit::Origin) -> store::Result<Attempt> {
    todo!()
}

/// Where a visit comes from, for audit events.
#[must_use]
pub fn origin(visit: &Visit) -> audit::Origin {
    audit::Origin { address: Some(visit.address), request_id: Some(visit.request_id.clone()) }
}
