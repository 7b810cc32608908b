//! Settings: typed sections, one file each; loading, validation and the printed reference.
//!
//! Owns: every setting, its default and its documentation. Must not: open files other than configuration, or act on settings.

mod account;
mod audit;
mod brand;
mod database;
mod declared;
mod environment;
mod error;
#[cfg(test)]
mod figures;
mod file;
mod keys;
mod layers;
mod limits;
mod load;
mod log;
mod mail;
mod mfa;
mod nearest;
mod outbound;
mod password;
mod recovery;
pub mod reference;
mod registration;
mod reload;
mod server;
mod session;
mod telemetry;
mod tokens;
mod types;
mod validate;
mod validate_mail;

pub use account::Account;
pub use audit::{Audit, LEAST_AUDIT_RETENTION};
pub use brand::Brand;
pub use database::Database;
pub use declared::{Declared, Removal};
pub use error::{Problem, Source, StartupError};
pub(crate) use file::line_of;
pub use keys::Keys;
pub use limits::Limits;
pub use load::{Loaded, load, load_from};
pub use log::{Log, LogFormat};
pub use mail::{Mail, MailTransport, SmtpTls};
pub use mfa::{EmailCodes, Mfa};
pub use nearest::{nearest, suggestion};
pub use outbound::Outbound;
pub use password::Password;
pub use recovery::Recovery;
pub use registration::{Registration, RegistrationMode};
pub use reload::needs_restart;
pub use server::Server;
pub use session::Session;
pub use telemetry::Telemetry;
pub use tokens::Tokens;
pub use types::{CidrList, Issuer, Quota, Span};

use serde::{Deserialize, Serialize};

/// All settings of the service.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub server: Server,
    pub database: Database,
    pub keys: Keys,
    pub tokens: Tokens,
    pub session: Session,
    pub password: Password,
    pub account: Account,
    pub mfa: Mfa,
    pub recovery: Recovery,
    pub registration: Registration,
    pub mail: Mail,
    pub limits: Limits,
    pub outbound: Outbound,
    pub declared: Declared,
    pub audit: Audit,
    pub brand: Brand,
    pub log: Log,
    pub telemetry: Telemetry,
}

impl Config {
    /// The issuer in force: the configured one, or `http://localhost:<port>` for development.
    #[must_use]
    pub fn issuer(&self) -> Issuer {
        match &self.server.public_url {
            Some(issuer) => issuer.clone(),
            None => Issuer::development(self.server.listen.port()),
        }
    }
}
