//! Organisations: who belongs, who administers, and what they ask of their people.
//!
//! Owns: membership, [`Policy`] and [`Rules`]. Must not: enforce them (`session`, `mfa` and `account` do).

mod rules;

use std::collections::BTreeSet;
use std::time::Duration;

use uuid::Uuid;

pub use rules::{Factor, Requirement, Rules};

use crate::config::{Config, EmailCodes};
use crate::store::organizations::Organization;
use crate::store::users::User;
use crate::store::{self, Conn, memberships, users};

/// What holds for one person: the service's settings, made stricter by every organisation they belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub second_factor_required: bool,
    /// Authenticator apps may be set up.
    pub totp: bool,
    pub email_codes: EmailCodes,
    /// Passkeys may be added, and used in place of a password.
    pub passkeys: bool,
    /// `None`: devices are not trusted.
    pub trusted_device_ttl: Option<Duration>,
    pub session_idle: Duration,
    pub session_absolute: Duration,
    /// Least length of a password, in code points, for those who have no second factor.
    pub password_min_length: usize,
}

impl Policy {
    /// What the service's settings say, for people of no organisation.
    #[must_use]
    pub fn of_service(config: &Config) -> Self {
        let trusted = config.mfa.trusted_device_ttl.0;
        Self {
            second_factor_required: config.mfa.required,
            totp: true,
            email_codes: config.mfa.email_code,
            passkeys: config.mfa.passkeys && config.issuer().domain().is_some(),
            trusted_device_ttl: (!trusted.is_zero()).then_some(trusted),
            session_idle: config.session.idle.0,
            session_absolute: config.session.absolute.0,
            password_min_length: config.password.min_length,
        }
    }
}

impl Policy {
    /// Asks for a second factor, and lets an authenticator app be set up: that is done at the sign-in, and nothing else can be there by everybody. Of
    /// organisations that contradict each other, the requirement holds: without it, or without a way to meet it, their common members would be less safe
    /// than either asks, or locked out.
    pub(crate) const fn require_second_factor(&mut self) {
        self.second_factor_required = true;
        self.totp = true;
    }
}

/// The policy that holds for a person: of everything that is asked of them, the strictest that can be met. One read.
///
/// # Errors
/// The store's. `Inconsistent` when a stored policy cannot be read: what it asks is not guessed.
pub async fn policy(conn: &Conn<'_>, config: &Config, user_id: Uuid) -> store::Result<Policy> {
    let organizations = memberships::list_by_user(conn, user_id).await?;
    policy_of(config, organizations.iter().map(|(_, organization)| organization))
}

/// The policy that holds for whoever belongs to these, and no others.
///
/// # Errors
/// `Inconsistent` when a stored policy cannot be read: what it asks is not guessed.
pub fn policy_of<'a>(config: &Config, organizations: impl IntoIterator<Item = &'a Organization>) -> store::Result<Policy> {
    let mut policy = Policy::of_service(config);
    for organization in organizations {
        let rules: Rules = serde_json::from_str(&organization.policy).map_err(|error| store::Error::Inconsistent {
            table: "organizations",
            detail: format!("the policy of {}: {error}", organization.id),
        })?;
        rules.tighten(&mut policy);
    }
    if policy.second_factor_required {
        policy.require_second_factor();
    }
    Ok(policy)
}

/// Whether it can name an organisation in files and commands.
#[must_use]
pub fn is_id(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=63).contains(&text.len()) && text.chars().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

/// Somebody to tell when something is wrong with an account.
#[derive(Clone, Debug)]
pub struct Administrator {
    pub user: User,
    /// The name of the organisation they administer; `None`: the service itself.
    pub organization: Option<String>,
}

/// Told at most: whoever has more has a security desk among them.
const MOST_ADMINISTRATORS: usize = 20;

/// The administrators of a person's organisations, each once; where there are none, those of the service. Never the person.
///
/// # Errors
/// The store's.
pub async fn administrators_of(conn: &Conn<'_>, user_id: Uuid) -> store::Result<Vec<Administrator>> {
    let of = memberships::list_by_user(conn, user_id).await?;
    let ids: Vec<String> = of.iter().map(|(_, organization)| organization.id.clone()).collect();
    let mut seen = BTreeSet::from([user_id]);
    let mut found = Vec::new();
    for (id, user) in memberships::list_administrators(conn, &ids).await? {
        if seen.insert(user.id) {
            let organization = of.iter().find(|(_, organization)| organization.id == id).map(|(_, organization)| organization.name.clone());
            found.push(Administrator { user, organization });
        }
    }
    if found.is_empty() {
        let service = users::list_administrators(conn).await?.into_iter().filter(|user| user.id != user_id);
        found.extend(service.map(|user| Administrator { user, organization: None }));
    }
    found.truncate(MOST_ADMINISTRATORS);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_lower_case_and_fit_for_files() {
        for good in ["acme", "a", "ministry-of-works-2"] {
            assert!(is_id(good), "{good}");
        }
        for bad in ["", "Acme", "-acme", "acme-", "a b", "é", "a_b", &"a".repeat(64)] {
            assert!(!is_id(bad), "{bad}");
        }
    }
}
