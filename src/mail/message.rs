//! What we write to people.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Timestamp;

/// Who gets it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Recipient {
    /// `None`: somebody who has no account yet.
    pub user_id: Option<Uuid>,
    /// The stored address, never a typed one.
    pub email: String,
    pub name: Option<String>,
    /// Tag of the language it is written in: that of the page it was asked for on.
    pub locale: String,
}

/// When and from where something was done.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Where {
    pub at: Timestamp,
    pub address: Option<String>,
    /// `Firefox on Windows`.
    pub device: Option<String>,
    /// The application on whose behalf, by name.
    pub application: Option<String>,
}

/// Every mail, with what it says. Links are absolute URLs of ours.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// A link and a six-digit code to choose a new password.
    PasswordReset {
        link: String,
        code: String,
        minutes: u32,
        place: Where,
    },
    /// A code to sign in with.
    OneTimeCode {
        code: String,
        minutes: u32,
        place: Where,
    },
    /// To a new address, or one that was never confirmed.
    ConfirmEmail {
        link: String,
        code: String,
        minutes: u32,
    },
    /// To the old address: it is being changed, or was.
    EmailChanged {
        new_email: String,
        done: bool,
        place: Where,
        not_me: String,
    },
    Invitation {
        link: String,
        inviter: Option<String>,
        organization: Option<String>,
        days: u32,
    },
    /// Somebody asked for an account for an address that has one: to its owner, in place of the confirmation.
    AlreadyRegistered {
        login: String,
        place: Where,
    },
    NewDevice {
        place: Where,
        not_me: String,
    },
    PasswordChanged {
        place: Where,
        not_me: String,
    },
    SecondFactorEnabled {
        place: Where,
        not_me: String,
    },
    SecondFactorReplaced {
        place: Where,
        not_me: String,
    },
    SecondFactorDisabled {
        place: Where,
        not_me: String,
    },
    /// An administrator took the second factor away.
    SecondFactorReset {
        reason: String,
        place: Where,
        not_me: String,
    },
    EmailCodesChanged {
        enabled: bool,
        place: Where,
        not_me: String,
    },
    PasskeyAdded {
        passkey: String,
        place: Where,
        not_me: String,
    },
    PasskeyRemoved {
        passkey: String,
        place: Where,
        not_me: String,
    },
    RecoveryCodeUsed {
        left: u32,
        place: Where,
        not_me: String,
    },
    RecoveryCodesReplaced {
        place: Where,
        not_me: String,
    },
    /// Somebody knows the password and fails at the second factor.
    SecondFactorGuessed {
        attempts: u32,
        place: Where,
        not_me: String,
    },
    /// A link that lifts the pause after too many wrong passwords, or wrong codes.
    Unlock {
        link: String,
        minutes: u32,
        codes: bool,
        place: Where,
    },
    /// What was done after "This wasn't me".
    AccountSecured {
        /// Where a new password can be asked for: the mail with one was sent at the same time, and may be too old or lost.
        reset: String,
        place: Where,
    },
    /// To administrators of the person's organisation.
    AdministratorNotice {
        person: String,
        organization: String,
        words: Option<String>,
        place: Where,
    },
    AccountDeletion {
        at: Timestamp,
        cancel: String,
        place: Where,
    },
    AccountDeletionCancelled {
        place: Where,
    },
}

impl Message {
    /// The name of its template and texts: stable, for operators.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::PasswordReset { .. } => "password_reset",
            Self::OneTimeCode { .. } => "one_time_code",
            Self::ConfirmEmail { .. } => "confirm_email",
            Self::EmailChanged { .. } => "email_changed",
            Self::Invitation { .. } => "invitation",
            Self::AlreadyRegistered { .. } => "already_registered",
            Self::NewDevice { .. } => "new_device",
            Self::PasswordChanged { .. } => "password_changed",
            Self::SecondFactorEnabled { .. } => "second_factor_enabled",
            Self::SecondFactorReplaced { .. } => "second_factor_replaced",
            Self::SecondFactorDisabled { .. } => "second_factor_disabled",
            Self::SecondFactorReset { .. } => "second_factor_reset",
            Self::EmailCodesChanged { .. } => "email_codes_changed",
            Self::PasskeyAdded { .. } => "passkey_added",
            Self::PasskeyRemoved { .. } => "passkey_removed",
            Self::RecoveryCodeUsed { .. } => "recovery_code_used",
            Self::RecoveryCodesReplaced { .. } => "recovery_codes_replaced",
            Self::SecondFactorGuessed { .. } => "second_factor_guessed",
            Self::Unlock { .. } => "unlock",
            Self::AccountSecured { .. } => "account_secured",
            Self::AdministratorNotice { .. } => "administrator_notice",
            Self::AccountDeletion { .. } => "account_deletion",
            Self::AccountDeletionCancelled { .. } => "account_deletion_cancelled",
        }
    }

    /// After this time its link or code is of no use; `None`: as long as mail is tried at all.
    #[must_use]
    pub fn useful_for(&self) -> Option<Duration> {
        match self {
            Self::PasswordReset { minutes, .. }
            | Self::OneTimeCode { minutes, .. }
            | Self::ConfirmEmail { minutes, .. }
            | Self::Unlock { minutes, .. } => Some(Duration::from_mins(u64::from(*minutes))),
            _ => None,
        }
    }
}
