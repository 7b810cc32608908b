//! `organization policy`, and the members of a policy as they are written on a command line.

use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::arguments::named;
use super::failure::Failure;
use super::managed::Force;
use super::organization::{event, find, view};
use super::output::Answer;
use crate::audit;
use crate::clock::Timestamp;
use crate::config::Span;
use crate::organization::{Factor, Requirement, Rules};
use crate::store::organizations::{self, Organization};
use crate::store::{self, Store};

#[derive(Debug, Default, Args)]
pub(super) struct Members {
    /// required: its people must have a second factor.
    #[arg(long, value_name = "HOW", value_parser = named::<Requirement>)]
    pub(super) second_factor: Option<Requirement>,
    /// totp, passkey, email: which second factors may be set up; may be repeated. All when absent.
    #[arg(long = "allowed-factor", value_name = "FACTOR", value_parser = named::<Factor>)]
    pub(super) allowed_factors: Vec<Factor>,
    /// For how long a device may be trusted; 0s: never.
    #[arg(long, value_name = "SPAN")]
    pub(super) trusted_device_ttl: Option<Span>,
    /// A session not used for this long ends.
    #[arg(long, value_name = "SPAN")]
    pub(super) session_idle: Option<Span>,
    /// A session ends this long after the sign-in.
    #[arg(long, value_name = "SPAN")]
    pub(super) session_absolute: Option<Span>,
    /// Least length of a password.
    #[arg(long, value_name = "CHARACTERS")]
    pub(super) password_min_length: Option<usize>,
}

impl Members {
    /// The rules with the members that are named here in the place of theirs.
    pub(super) fn over(self, before: Rules) -> Rules {
        let allowed = (!self.allowed_factors.is_empty()).then(|| self.allowed_factors.into_iter().collect());
        Rules {
            second_factor: self.second_factor.or(before.second_factor),
            allowed_factors: allowed.or(before.allowed_factors),
            trusted_device_ttl: self.trusted_device_ttl.or(before.trusted_device_ttl),
            session_idle: self.session_idle.or(before.session_idle),
            session_absolute: self.session_absolute.or(before.session_absolute),
            password_min_length: self.password_min_length.or(before.password_min_length),
        }
    }
}

#[derive(Debug, Default, Args)]
pub(super) struct Policy {
    pub(super) id: String,
    #[command(flatten)]
    pub(super) members: Members,
    /// A member that is to be as the service has it; may be repeated.
    #[arg(long, value_name = "MEMBER", value_enum)]
    pub(super) unset: Vec<Member>,
    #[command(flatten)]
    pub(super) force: Force,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(super) enum Member {
    SecondFactor,
    AllowedFactors,
    TrustedDeviceTtl,
    SessionIdle,
    SessionAbsolute,
    PasswordMinLength,
}

impl Member {
    fn unset(self, rules: &mut Rules) {
        match self {
            Self::SecondFactor => rules.second_factor = None,
            Self::AllowedFactors => rules.allowed_factors = None,
            Self::TrustedDeviceTtl => rules.trusted_device_ttl = None,
            Self::SessionIdle => rules.session_idle = None,
            Self::SessionAbsolute => rules.session_absolute = None,
            Self::PasswordMinLength => rules.password_min_length = None,
        }
    }
}

/// Changes it, while it is what was read.
pub(super) async fn change(store: &Store, arguments: Policy, now: Timestamp) -> Result<Answer, Failure> {
    let before = find(store, &arguments.id).await?;
    if before.managed {
        return Err(Failure::new(format!("{} is declared in a file. Change its policy there, and run `vestibule apply`.", before.id)));
    }
    let mut rules: Rules = serde_json::from_str(&before.policy)
        .map_err(|error| Failure::new(format!("The stored policy of {} cannot be read: {error}.", before.id)))?;
    for member in &arguments.unset {
        member.unset(&mut rules);
    }
    let rules = arguments.members.over(rules);
    rules.check().map_err(|(member, what)| Failure::new(format!("{member}: {what}.")))?;
    let after = Organization { policy: rules.to_json(), updated_at: now, ..before.clone() };
    if after.policy == before.policy {
        return Ok(Answer::new(format!("The policy of {} is that already.", before.id), &view(&before)));
    }
    let event =
        event(&after.id).detail("action", "policy_changed").detail("from", before.policy.clone()).detail("to", after.policy.clone());
    let job = Arc::new((after, before.updated_at, event));
    let written = Arc::clone(&job);
    let changing = store.write(move |conn| {
        let job = Arc::clone(&written);
        Box::pin(async move {
            organizations::update_seen(conn, &job.0, job.1).await?;
            audit::record(conn, &job.2, now).await
        })
    });
    changing.await.map_err(|error| match error {
        store::Error::Conflict => Failure::new(format!("{} was changed meanwhile; nothing was written. Run this again.", job.0.id)),
        other => other.into(),
    })?;
    Ok(Answer::new(format!("Changed the policy of {}.", job.0.id), &view(&job.0)))
}
