//! Where a person wants to go in My Account.

/// The pages of My Account, by name: what a sign-in or a confirmation may lead to. Never a URL from a request (OWASP ASVS 5 §3.7.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    Overview,
    Profile,
    Email,
    /// The link to another address, opened signed out.
    ConfirmEmail,
    Authentication,
    Totp,
    NewQrCode,
    RecoveryCodes,
    Disable,
    Passkeys,
    Password,
    Sessions,
    Applications,
    Activity,
    Data,
    Delete,
}

impl Then {
    pub const ALL: [Self; 16] = [
        Self::Overview,
        Self::Profile,
        Self::Email,
        Self::ConfirmEmail,
        Self::Authentication,
        Self::Totp,
        Self::NewQrCode,
        Self::RecoveryCodes,
        Self::Disable,
        Self::Passkeys,
        Self::Password,
        Self::Sessions,
        Self::Applications,
        Self::Activity,
        Self::Data,
        Self::Delete,
    ];

    /// Its name in URLs and forms; its text is `confirm-for-<name>`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Overview => "account",
            Self::Profile => "profile",
            Self::Email => "email",
            Self::ConfirmEmail => "confirm-email",
            Self::Authentication => "authentication",
            Self::Totp => "totp",
            Self::NewQrCode => "new-qr-code",
            Self::RecoveryCodes => "recovery-codes",
            Self::Disable => "disable",
            Self::Passkeys => "passkeys",
            Self::Password => "password",
            Self::Sessions => "sessions",
            Self::Applications => "applications",
            Self::Activity => "activity",
            Self::Data => "data",
            Self::Delete => "delete",
        }
    }

    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Overview => "/account",
            Self::Profile => "/account/profile",
            Self::Email => "/account/email",
            Self::ConfirmEmail => "/account/email/confirm",
            Self::Authentication => "/account/authentication",
            Self::Totp => "/account/authentication/totp",
            Self::NewQrCode => "/account/authentication#one-time-password",
            Self::RecoveryCodes => "/account/authentication/recovery-codes",
            Self::Disable => "/account/authentication/disable",
            Self::Passkeys => "/account/authentication/passkeys",
            Self::Password => "/account/password",
            Self::Sessions => "/account/sessions",
            Self::Applications => "/account/applications",
            Self::Activity => "/account/activity",
            Self::Data => "/account/data",
            Self::Delete => "/account/delete",
        }
    }

    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|then| then.name() == name)
    }

    /// Where a person who is not signed in goes first.
    #[must_use]
    pub fn login_path(self) -> String {
        if self == Self::Overview { "/login".to_owned() } else { format!("/login?then={}", self.name()) }
    }

    /// Where a person goes first whose last proof is too old.
    #[must_use]
    pub fn confirm_path(self) -> String {
        format!("/account/confirm?then={}", self.name())
    }

    /// Where a person goes first whose last second factor is too old.
    #[must_use]
    pub fn code_path(self) -> String {
        format!("/account/authentication/code?then={}", self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_found_by_its_name_and_leads_into_my_account() {
        for then in Then::ALL {
            assert_eq!(Then::named(then.name()), Some(then));
            assert!(then.path().starts_with("/account"));
        }
    }

    #[test]
    fn addresses_are_no_names() {
        for name in ["", "https://evil.example", "//evil.example", "/account", "Password"] {
            assert_eq!(Then::named(name), None, "{name}");
        }
    }
}
