//! Settings: typed sections, one file each; loading, validation and the printed reference.
//!
//! Owns: every setting, its default and its documentation. Must not: open files other than configuration, or act on settings.

mod brand;
mod database;
mod keys;
mod limits;
mod log;
mod outbound;
mod password;
mod server;
mod session;
mod tokens;
mod types;

pub use brand::Brand;
pub use database::Database;
pub use keys::Keys;
pub use limits::Limits;
pub use log::{Log, LogFormat};
pub use outbound::Outbound;
pub use password::Password;
pub use server::Server;
pub use session::Session;
pub use tokens::Tokens;
pub use types::{CidrList, Issuer, Quota, Span};

use serde::Deserialize;

/// All settings of the service.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub server: Server,
    pub database: Database,
    pub keys: Keys,
    pub tokens: Tokens,
    pub session: Session,
    pub password: Password,
    pub limits: Limits,
    pub outbound: Outbound,
    pub brand: Brand,
    pub log: Log,
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
