//! Settings that change while the service runs: which take effect at once, and which at the next start.

use super::error::StartupError;
use super::reference::settings;
use super::{Config, Database, Declared, Log, Password, Server};
use crate::secret::{Digest, Secret};

/// What needs a restart: a section with all its settings, or one setting. What they name has been opened, started or written into every token by then.
const RESTART: [&str; 20] = [
    "server.listen",
    "server.public_url",
    "server.tls_certificate",
    "server.tls_key",
    "server.max_connections",
    "server.internal_listen",
    "server.header_read_timeout",
    "database.max_connections",
    "database.acquire_timeout",
    "database.statement_timeout",
    "database.migrate_on_start",
    "keys",
    "password.memory_kib",
    "password.iterations",
    "password.hash_threads",
    "password.hash_queue",
    "password.hash_deadline",
    "log.format",
    "telemetry",
    "declared.directory",
];

/// Whether a change of this setting, `section.key`, takes effect at the next start.
#[must_use]
pub fn needs_restart(name: &str) -> bool {
    let section = name.split('.').next().unwrap_or_default();
    RESTART.iter().any(|known| *known == name || *known == section)
}

impl Config {
    /// All of it, secrets included, as something to compare.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let secrets = [Some(self.database.url.expose()), self.mail.smtp_password.as_ref().map(Secret::expose)];
        let text = toml::to_string(self).unwrap_or_default();
        let parts: Vec<u8> = secrets.iter().flat_map(|secret| *Digest::of(format!("{secret:?}").as_bytes()).as_bytes()).collect();
        Digest::of(&[text.as_bytes(), &parts].concat())
    }

    /// The settings to go on with when `wanted` is what is configured now, and the names of those that differ: what needs a restart stays as it is.
    ///
    /// # Errors
    /// When what is new does not go with what has to stay.
    pub fn taking_over(&self, wanted: &Self) -> Result<(Self, Vec<String>), StartupError> {
        let (server, new) = (self.server.clone(), wanted.server.clone());
        let next = Self {
            server: Server {
                trusted_proxies: new.trusted_proxies,
                max_connections_per_address: new.max_connections_per_address,
                request_timeout: new.request_timeout,
                drain_delay: new.drain_delay,
                drain_timeout: new.drain_timeout,
                ..server
            },
            database: Database { url: wanted.database.url.clone(), ..self.database.clone() },
            keys: self.keys.clone(),
            password: Password {
                min_length: wanted.password.min_length,
                breach_lookup_url: wanted.password.breach_lookup_url.clone(),
                ..self.password.clone()
            },
            telemetry: self.telemetry.clone(),
            declared: Declared { directory: self.declared.directory.clone(), ..wanted.declared.clone() },
            log: Log { filter: wanted.log.filter.clone(), ..self.log.clone() },
            ..wanted.clone()
        };
        next.validate()?;
        Ok((next, self.differing(wanted)))
    }

    /// The names of the settings that differ.
    fn differing(&self, other: &Self) -> Vec<String> {
        let table = |config: &Self| toml::Table::try_from(config).unwrap_or_default();
        let (ours, theirs) = (table(self), table(other));
        let of = |table: &toml::Table, section: &str, key: &str| table.get(section).and_then(|section| section.get(key)).cloned();
        let password = |config: &Self| config.mail.smtp_password.as_ref().map(|secret| secret.expose().clone());
        let differs = |section: &str, key: &str| match (section, key) {
            ("database", "url") => self.database.url.expose() != other.database.url.expose(),
            ("mail", "smtp_password") => password(self) != password(other),
            _ => of(&ours, section, key) != of(&theirs, section, key),
        };
        settings().iter().filter(|setting| differs(setting.section, &setting.key)).map(super::reference::Setting::name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_in_the_list_is_a_setting_or_a_section() {
        let known = settings();
        for name in RESTART {
            assert!(known.iter().any(|setting| setting.name() == name || setting.section == name), "{name}");
        }
    }

    #[test]
    fn every_secret_is_compared() {
        let secrets: Vec<String> = settings().into_iter().filter(|setting| setting.secret).map(|setting| setting.name()).collect();
        assert_eq!(secrets, ["database.url", "mail.smtp_password"], "compare the new one in digest() and differing()");
    }

    #[test]
    fn a_change_of_anything_changes_the_digest() {
        let config = Config::default();
        let changes: [fn(&mut Config); 4] = [
            |config| config.brand.name = "Other".to_owned(),
            |config| config.database.url = Secret::new("sqlite://other.db".to_owned()),
            |config| config.mail.smtp_password = Some(Secret::new(String::new())),
            |config| config.server.trusted_proxies = "10.0.0.0/8".parse().unwrap(),
        ];
        for change in changes {
            let mut other = config.clone();
            change(&mut other);
            assert!(other.digest() != config.digest());
            assert_eq!(other.differing(&config).len(), 1);
        }
        assert!(Config::default().digest() == config.digest());
    }

    /// Another value of each kind there is.
    fn changed(setting: &crate::config::reference::Setting, default: Option<&toml::Value>) -> Option<toml::Value> {
        Some(match (setting.kind.as_str(), default) {
            ("bool", Some(toml::Value::Boolean(value))) => (!value).into(),
            ("u16" | "u32" | "usize", Some(toml::Value::Integer(value))) => (value + 1).into(),
            ("Span", Some(_)) => "77s".into(),
            ("SocketAddr", _) => "127.0.0.1:7777".into(),
            ("CidrList", _) => toml::Value::Array(vec!["10.7.0.0/16".into()]),
            ("PathBuf", _) => "/somewhere/else".into(),
            ("Issuer", _) => "http://localhost:7777".into(),
            ("LogFormat", _) => "json".into(),
            ("String", _) if setting.key == "filter" => "debug".into(),
            _ => return None,
        })
    }

    #[test]
    fn what_needs_a_restart_stays_and_the_rest_is_taken_over() {
        let config = Config::default();
        let mut table = toml::Table::try_from(&config).unwrap();
        let mut names = Vec::new();
        for setting in settings() {
            // A change of these does not go with the defaults of the others.
            if ["keys", "tokens", "session", "limits", "audit", "mfa", "recovery", "account"].contains(&setting.section) || setting.secret {
                continue;
            }
            let section = table.get_mut(setting.section).unwrap().as_table_mut().unwrap();
            if let Some(value) = changed(&setting, section.get(&setting.key)) {
                section.insert(setting.key.clone(), value);
                names.push(setting.name());
            }
        }
        let wanted: Config = toml::from_str(&toml::to_string(&table).unwrap()).unwrap();
        let (next, differing) = config.taking_over(&wanted).unwrap();
        assert!(differing.len() > 20 && names.iter().all(|name| differing.contains(name)), "{differing:?}");
        let stayed = next.differing(&wanted);
        for name in &differing {
            assert_eq!(stayed.contains(name), needs_restart(name), "{name}");
        }
    }

    #[test]
    fn what_does_not_go_with_what_stays_is_refused() {
        let mut config = Config::default();
        config.password.memory_kib = 64;
        config.password.iterations = 1;
        let mut wanted = Config::default();
        wanted.server.public_url = Some("https://id.example.com".parse().unwrap());
        assert!(config.taking_over(&wanted).is_ok(), "the old issuer stays, and with it what is allowed there");
        wanted.mail.from = "nobody".to_owned();
        assert_eq!(wanted.validate().is_err(), config.taking_over(&wanted).is_err());
    }
}
