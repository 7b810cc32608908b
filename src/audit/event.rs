//! What can happen.

use std::net::IpAddr;

use uuid::Uuid;

/// The kinds of events; their names in the log and the table are `as_str`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    SignInSucceeded,
    SignInFailed,
    SignInLimited,
    SignedOut,
    SessionEnded,
    SessionsEnded,
    ConsentGranted,
    ConsentDenied,
    GrantCreated,
    CodeReplayed,
    CodeRefused,
    RefreshTokenReused,
    TokenRevoked,
    ClientAuthenticationFailed,
    ClientCreated,
    ClientUpdated,
    ClientRemoved,
    ClientSecretRotated,
    UserCreated,
    UserUpdated,
    PasswordSet,
    AdministratorCreated,
    KeyCreated,
    KeyRotated,
    KeyRevoked,
    KeysRewrapped,
    LogoutDelivered,
    LogoutDeliveryFailed,
    StateApplied,
    SecondFactorFailed,
    TotpEnabled,
    TotpReplaced,
    TotpDisabled,
    RecoveryCodesGenerated,
    RecoveryCodeUsed,
    EmailCodesChanged,
    PasskeyAdded,
    PasskeyRemoved,
    PasskeyRenamed,
    PasskeyCloneSuspected,
    DeviceTrusted,
    DeviceForgotten,
    NewDevice,
    PasswordChanged,
    PasswordResetRequested,
    PasswordReset,
    UserRegistered,
    UserInvited,
    EmailVerified,
    EmailChangeRequested,
    EmailChanged,
    ProfileChanged,
    NotMe,
    AdministratorNotified,
    ConsentRevoked,
    DataDownloaded,
    DeletionRequested,
    DeletionCancelled,
    UserRemoved,
    UserImported,
    UserLocked,
    UserUnlocked,
    SecondFactorReset,
    OrganizationChanged,
    ScopeChanged,
    MailFailed,
    AuditEventsRemoved,
    UnlockRequested,
    Unlocked,
    LimitReleased,
    AddressBanned,
    AddressUnbanned,
    DatabaseBackedUp,
    DatabaseRestored,
    PasswordSprayed,
    DeviceAuthorizationRequested,
    DeviceAuthorizationApproved,
    DeviceAuthorizationDenied,
}

impl Kind {
    /// `aggregate.what_happened`, stable for ever.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignInSucceeded => "sign_in.succeeded",
            Self::SignInFailed => "sign_in.failed",
            Self::SignInLimited => "sign_in.limited",
            Self::SignedOut => "session.signed_out",
            Self::SessionEnded => "session.ended",
            Self::SessionsEnded => "user.sessions_ended",
            Self::ConsentGranted => "consent.granted",
            Self::ConsentDenied => "consent.denied",
            Self::GrantCreated => "grant.created",
            Self::CodeReplayed => "code.replayed",
            Self::CodeRefused => "code.refused",
            Self::RefreshTokenReused => "refresh_token.reused",
            Self::TokenRevoked => "token.revoked",
            Self::ClientAuthenticationFailed => "client.authentication_failed",
            Self::ClientCreated => "client.created",
            Self::ClientUpdated => "client.updated",
            Self::ClientRemoved => "client.removed",
            Self::ClientSecretRotated => "client.secret_rotated",
            Self::UserCreated => "user.created",
            Self::UserUpdated => "user.updated",
            Self::PasswordSet => "user.password_set",
            Self::AdministratorCreated => "user.administrator_created",
            Self::KeyCreated => "key.created",
            Self::KeyRotated => "key.rotated",
            Self::KeyRevoked => "key.revoked",
            Self::KeysRewrapped => "keys.rewrapped",
            Self::LogoutDelivered => "logout.delivered",
            Self::LogoutDeliveryFailed => "logout.delivery_failed",
            Self::StateApplied => "state.applied",
            Self::SecondFactorFailed => "second_factor.failed",
            Self::TotpEnabled => "totp.enabled",
            Self::TotpReplaced => "totp.replaced",
            Self::TotpDisabled => "totp.disabled",
            Self::RecoveryCodesGenerated => "recovery_codes.generated",
            Self::RecoveryCodeUsed => "recovery_code.used",
            Self::EmailCodesChanged => "email_codes.changed",
            Self::PasskeyAdded => "passkey.added",
            Self::PasskeyRemoved => "passkey.removed",
            Self::PasskeyRenamed => "passkey.renamed",
            Self::PasskeyCloneSuspected => "passkey.clone_suspected",
            Self::DeviceTrusted => "device.trusted",
            Self::DeviceForgotten => "device.forgotten",
            Self::NewDevice => "device.new",
            Self::PasswordChanged => "user.password_changed",
            Self::PasswordResetRequested => "password_reset.requested",
            Self::PasswordReset => "password_reset.done",
            Self::UserRegistered => "user.registered",
            Self::UserInvited => "user.invited",
            Self::EmailVerified => "email.verified",
            Self::EmailChangeRequested => "email.change_requested",
            Self::EmailChanged => "email.changed",
            Self::ProfileChanged => "user.profile_changed",
            Self::NotMe => "user.not_me",
            Self::AdministratorNotified => "administrator.notified",
            Self::ConsentRevoked => "consent.revoked",
            Self::DataDownloaded => "user.data_downloaded",
            Self::DeletionRequested => "user.deletion_requested",
            Self::DeletionCancelled => "user.deletion_cancelled",
            Self::UserRemoved => "user.removed",
            Self::UserImported => "user.imported",
            Self::UserLocked => "user.locked",
            Self::UserUnlocked => "user.unlocked",
            Self::SecondFactorReset => "second_factor.reset",
            Self::OrganizationChanged => "organization.changed",
            Self::ScopeChanged => "scope.changed",
            Self::MailFailed => "mail.failed",
            Self::AuditEventsRemoved => "audit.events_removed",
            Self::UnlockRequested => "unlock.requested",
            Self::Unlocked => "unlock.done",
            Self::LimitReleased => "limit.released",
            Self::AddressBanned => "address.banned",
            Self::AddressUnbanned => "address.unbanned",
            Self::DatabaseBackedUp => "database.backed_up",
            Self::DatabaseRestored => "database.restored",
            Self::PasswordSprayed => "password.sprayed",
            Self::DeviceAuthorizationRequested => "device_authorization.requested",
            Self::DeviceAuthorizationApproved => "device_authorization.approved",
            Self::DeviceAuthorizationDenied => "device_authorization.denied",
        }
    }
}

/// Where a request came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    pub address: Option<IpAddr>,
    pub request_id: Option<String>,
    /// What the browser said it is, in words.
    pub device: Option<String>,
}

/// One thing that happened. Built with the methods named after what they set.
#[derive(Clone, Debug)]
pub struct Event {
    pub kind: Kind,
    pub origin: Origin,
    pub user_id: Option<Uuid>,
    pub client_id: Option<String>,
    pub session_id: Option<Uuid>,
    pub grant_id: Option<Uuid>,
    pub detail: serde_json::Map<String, serde_json::Value>,
}

impl Event {
    #[must_use]
    pub fn new(kind: Kind, origin: &Origin) -> Self {
        Self {
            kind,
            origin: origin.clone(),
            user_id: None,
            client_id: None,
            session_id: None,
            grant_id: None,
            detail: serde_json::Map::new(),
        }
    }

    #[must_use]
    pub const fn user(mut self, id: Uuid) -> Self {
        self.user_id = Some(id);
        self
    }

    #[must_use]
    pub fn client(mut self, id: &str) -> Self {
        self.client_id = Some(id.to_owned());
        self
    }

    #[must_use]
    pub const fn session(mut self, id: Uuid) -> Self {
        self.session_id = Some(id);
        self
    }

    #[must_use]
    pub const fn grant(mut self, id: Uuid) -> Self {
        self.grant_id = Some(id);
        self
    }

    /// A fact worth keeping; never a secret.
    #[must_use]
    pub fn detail(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.detail.insert(name.to_owned(), value.into());
        self
    }
}
