//! What a link can do for the account as it stands.

use super::Link;
use crate::account::deletion;
use crate::clock::Timestamp;
use crate::store::user_security::{self, Security};
use crate::store::users::{self, User};
use crate::store::{self, Conn, former_addresses};

/// The account of a link, and what has to be put right in it.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    /// As it is stored now.
    pub user: User,
    pub security: Security,
    /// The address was taken away a short while ago: it comes back.
    pub restores: bool,
    /// A deletion was asked for: it is taken back.
    pub revives: bool,
}

/// Why there is nothing to do.
pub(super) enum Nothing {
    /// No such account.
    Nobody,
    /// The mail went to an address that the account has no longer, and has not had for a while.
    Moved,
}

/// Looks at it. The link of a mail counts for whoever reads it at the account's own address, and for a while at the one the account had before.
///
/// # Errors
/// The store's.
pub(super) async fn find(conn: &Conn<'_>, link: &Link, now: Timestamp) -> store::Result<Result<Standing, Nothing>> {
    let Some(user) = users::find(conn, link.user_id).await? else { return Ok(Err(Nothing::Nobody)) };
    let restores = user.email != link.email;
    if restores && !may_restore(conn, link, now).await? {
        return Ok(Err(Nothing::Moved));
    }
    let security = user_security::find(conn, user.id).await?;
    let revives = deletion::is_pending(&user, &security);
    Ok(Ok(Standing { user, security, restores, revives }))
}

/// Also not when the address is somebody else's meanwhile.
async fn may_restore(conn: &Conn<'_>, link: &Link, now: Timestamp) -> store::Result<bool> {
    let former = former_addresses::find(conn, link.user_id, now).await?;
    Ok(former.as_ref() == Some(&link.email) && users::find_by_email(conn, &link.email).await?.is_none())
}

impl Standing {
    /// The person as the button leaves them: without a password, at the address the mail went to. Written only while the row is the one that was read.
    pub(super) fn secured(&self, link: &Link, now: Timestamp) -> User {
        let user = self.user.clone();
        User {
            email: link.email.clone(),
            // Whoever presses the link of a mail has read it there.
            email_verified: user.email_verified || self.restores,
            password_hash: None,
            enabled: user.enabled || self.revives,
            auth_epoch: user.auth_epoch.saturating_add(1),
            updated_at: now,
            ..user
        }
    }

    /// Frozen, and no longer on the way out.
    pub(super) fn frozen(&self, now: Timestamp) -> Security {
        let delete_at = if self.revives { None } else { self.security.delete_at };
        let left_at = if self.revives { None } else { self.security.left_at };
        Security { frozen_at: self.security.frozen_at.or(Some(now)), delete_at, left_at, ..self.security }
    }
}
