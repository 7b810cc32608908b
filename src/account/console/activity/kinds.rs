//! Which events concern a person, and the words for them.

use crate::audit::Kind;

/// What is shown. The rest is between applications and us, or for operators.
pub(super) const SHOWN: [&str; 51] = [
    Kind::SignInSucceeded.as_str(),
    Kind::SignInFailed.as_str(),
    Kind::SignInLimited.as_str(),
    Kind::UnlockRequested.as_str(),
    Kind::Unlocked.as_str(),
    Kind::SignedOut.as_str(),
    Kind::SessionEnded.as_str(),
    Kind::SessionsEnded.as_str(),
    Kind::ConsentGranted.as_str(),
    Kind::ConsentRevoked.as_str(),
    Kind::GrantCreated.as_str(),
    Kind::DeviceAuthorizationApproved.as_str(),
    Kind::DeviceAuthorizationDenied.as_str(),
    Kind::RefreshTokenReused.as_str(),
    Kind::UserCreated.as_str(),
    Kind::UserUpdated.as_str(),
    Kind::PasswordSet.as_str(),
    Kind::AdministratorCreated.as_str(),
    Kind::SecondFactorFailed.as_str(),
    Kind::TotpEnabled.as_str(),
    Kind::TotpReplaced.as_str(),
    Kind::TotpDisabled.as_str(),
    Kind::RecoveryCodesGenerated.as_str(),
    Kind::RecoveryCodeUsed.as_str(),
    Kind::EmailCodesChanged.as_str(),
    Kind::PasskeyAdded.as_str(),
    Kind::PasskeyRemoved.as_str(),
    Kind::PasskeyRenamed.as_str(),
    Kind::PasskeyCloneSuspected.as_str(),
    Kind::DeviceTrusted.as_str(),
    Kind::DeviceForgotten.as_str(),
    Kind::NewDevice.as_str(),
    Kind::PasswordChanged.as_str(),
    Kind::PasswordResetRequested.as_str(),
    Kind::PasswordReset.as_str(),
    Kind::UserRegistered.as_str(),
    Kind::UserInvited.as_str(),
    Kind::EmailVerified.as_str(),
    Kind::EmailChangeRequested.as_str(),
    Kind::EmailChanged.as_str(),
    Kind::ProfileChanged.as_str(),
    Kind::NotMe.as_str(),
    Kind::AdministratorNotified.as_str(),
    Kind::DataDownloaded.as_str(),
    Kind::DeletionRequested.as_str(),
    Kind::DeletionCancelled.as_str(),
    Kind::UserImported.as_str(),
    Kind::UserLocked.as_str(),
    Kind::UserUnlocked.as_str(),
    Kind::SecondFactorReset.as_str(),
    Kind::OrganizationChanged.as_str(),
];

/// The id of its text, without `activity-`: `sign_in-succeeded`. A sign-in that only confirmed who it was has its own.
pub(super) fn word(kind: &str, confirmed: bool) -> String {
    if confirmed { "sign_in-confirmed".to_owned() } else { kind.replace('.', "-") }
}

/// What a person should look at twice.
pub(super) fn is_alarming(kind: &str) -> bool {
    [
        Kind::SignInFailed,
        Kind::SignInLimited,
        Kind::SecondFactorFailed,
        Kind::PasskeyCloneSuspected,
        Kind::NewDevice,
        Kind::RefreshTokenReused,
    ]
    .iter()
    .any(|alarm| alarm.as_str() == kind)
}

/// What somebody else can have done with the account: what operators do, what only ends something, and tries that failed are none of it, but for a wrong
/// second factor, before which the right password was given.
pub(super) fn is_an_act(kind: &str) -> bool {
    const ACTS: [Kind; 23] = [
        Kind::SignInSucceeded,
        Kind::NewDevice,
        Kind::SecondFactorFailed,
        Kind::ConsentGranted,
        Kind::GrantCreated,
        Kind::DeviceAuthorizationApproved,
        Kind::TotpEnabled,
        Kind::TotpReplaced,
        Kind::TotpDisabled,
        Kind::RecoveryCodesGenerated,
        Kind::RecoveryCodeUsed,
        Kind::EmailCodesChanged,
        Kind::PasskeyAdded,
        Kind::PasskeyRemoved,
        Kind::DeviceTrusted,
        Kind::PasswordChanged,
        Kind::PasswordReset,
        Kind::EmailChangeRequested,
        Kind::EmailChanged,
        Kind::ProfileChanged,
        Kind::DataDownloaded,
        Kind::DeletionRequested,
        Kind::DeletionCancelled,
    ];
    ACTS.iter().any(|act| act.as_str() == kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Brand;
    use crate::web::pages::Pages;

    #[test]
    fn every_kind_that_is_shown_has_its_words() {
        let pages = Pages::load(&Brand::default()).unwrap();
        for kind in SHOWN {
            assert!(pages.has_text(&format!("activity-{}", word(kind, false))), "{kind}");
        }
        assert!(pages.has_text("activity-sign_in-confirmed"));
    }
}
