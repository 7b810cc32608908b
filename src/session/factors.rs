//! Which second factors a person has, and whether they must have one.

use uuid::Uuid;

use crate::config::{Config, EmailCodes};
use crate::organization::{self, Policy};
use crate::store::{self, Conn, user_security};
use crate::store::{passkeys, totp_credentials};

#[derive(Clone, Debug)]
pub struct Factors {
    /// An authenticator app in use.
    pub totp: bool,
    /// Codes by e-mail, switched on and allowed.
    pub email: bool,
    /// At least one passkey. It counts also where no new ones are allowed: a setting takes no factor away.
    pub passkeys: bool,
    pub policy: Policy,
}

impl Factors {
    /// Whether a password alone makes no session.
    #[must_use]
    pub const fn are_asked(&self) -> bool {
        self.any() || self.policy.second_factor_required
    }

    /// Whether the only one is a code by e-mail.
    #[must_use]
    pub const fn email_alone(&self) -> bool {
        self.email && !self.has_codes()
    }

    /// Whether they have a factor that recovery codes stand in for: an authenticator app or a passkey.
    #[must_use]
    pub const fn has_codes(&self) -> bool {
        self.totp || self.passkeys
    }

    /// Whether there is one to ask for; if not, and one is asked, it has to be set up.
    #[must_use]
    pub const fn any(&self) -> bool {
        self.has_codes() || self.email
    }
}

/// Those of a person, now.
///
/// # Errors
/// The store's.
pub async fn factors(conn: &Conn<'_>, config: &Config, user_id: Uuid) -> store::Result<Factors> {
    let mut policy = organization::policy(conn, config, user_id).await?;
    let totp = totp_credentials::any_active(conn, user_id).await?;
    let passkeys = passkeys::any(conn, user_id).await?;
    let better = totp || passkeys;
    // Beside an app or a passkey, what is not a fallback is of no account.
    let chosen = (!better || policy.email_codes == EmailCodes::On) && user_security::find(conn, user_id).await?.email_codes == Some(true);
    let email = chosen && allows_email(policy.email_codes, better);
    if chosen && !email && !better {
        // Forbidden since they chose it: their password alone must not become enough (decision 0018).
        policy.require_second_factor();
    }
    Ok(Factors { totp, email, passkeys, policy })
}

const fn allows_email(policy: EmailCodes, has_better: bool) -> bool {
    match policy {
        EmailCodes::Off => false,
        EmailCodes::Fallback => !has_better,
        EmailCodes::On => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_by_mail_are_a_fallback_unless_the_policy_says_otherwise() {
        for (policy, without_app, with_app) in
            [(EmailCodes::Off, false, false), (EmailCodes::Fallback, true, false), (EmailCodes::On, true, true)]
        {
            assert_eq!((allows_email(policy, false), allows_email(policy, true)), (without_app, with_app), "{policy:?}");
        }
    }
}
