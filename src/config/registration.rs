//! `[registration]`: who may make an account.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationMode {
    /// Accounts are made by operators and the declared state.
    Off,
    /// By whoever was invited by mail.
    #[default]
    Invitation,
    /// By everybody with an address of an allowed domain.
    Open,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Registration {
    /// Who may make an account: `off`, `invitation` or `open`.
    pub mode: RegistrationMode,
    /// Domains whose addresses may register, separated by spaces; empty: all.
    pub allowed_domains: String,
}
