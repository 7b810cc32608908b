//! Ending a session, and everything that ends with it.

use crate::app::App;
use crate::audit;
use crate::store;
use crate::store::sessions::Session;

/// One transaction: the session, every grant it made without `offline_access`, one logout delivery per client that was signed in
/// through it and registered a `backchannel_logout_uri`, the audit event. Then wakes the delivery job. Answers the names of the
/// applications that will be told.
///
/// # Errors
/// The store's.
pub async fn end(app: &App, session: &Session, origin: &audit::Origin) -> store::Result<Vec<String>> {
    todo!()
}
