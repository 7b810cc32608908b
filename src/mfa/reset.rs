//! Taking away every second factor of a person who has lost theirs: for operators.

use uuid::Uuid;

use crate::store::totp_credentials::{self, TotpState};
use crate::store::user_security::{self, Security};
use crate::store::{self, Conn, factor_attempts, failures, passkeys, recovery_codes, trusted_devices};

/// Inside a transaction: the authenticator app, one being set up, passkeys, recovery codes, trusted devices, codes by e-mail, and what was counted against them. The
/// caller ends what was begun with them.
///
/// # Errors
/// The store's.
pub async fn reset_within(conn: &Conn<'_>, user_id: Uuid) -> store::Result<()> {
    for state in [TotpState::Active, TotpState::Pending] {
        totp_credentials::revoke(conn, user_id, state).await?;
    }
    passkeys::revoke_all(conn, user_id).await?;
    recovery_codes::revoke(conn, user_id).await?;
    trusted_devices::revoke_all(conn, user_id).await?;
    factor_attempts::revoke(conn, user_id).await?;
    failures::revoke_all(conn, user_id).await?;
    let security = user_security::find(conn, user_id).await?;
    user_security::update(conn, user_id, &security, &Security { email_codes: None, ..security }).await
}
