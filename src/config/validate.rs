//! Rules between settings, and bounds of single ones. Every problem is reported, not the first.

use std::time::Duration;

use super::error::{Problem, StartupError};
use super::{Config, Span};

/// The languages the pages are written in.
pub const LOCALES: [&str; 3] = ["en", "pt-BR", "es"];

/// OWASP Password Storage Cheat Sheet: Argon2id settings of equal strength, `(memory in KiB, iterations)`.
const ARGON2_FLOORS: [(u32, u32); 5] = [(47_104, 1), (19_456, 2), (12_288, 3), (9216, 4), (7168, 5)];

/// Clocks differ and caches linger: how much later than the arithmetic says a key may still be asked for.
const KEY_MARGIN: Duration = Duration::from_mins(5);

impl Config {
    /// Checks every rule.
    ///
    /// # Errors
    /// All problems found.
    pub fn validate(&self) -> Result<(), StartupError> {
        let problems = self.problems();
        if problems.is_empty() { Ok(()) } else { Err(problems.into()) }
    }

    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut found = Found::default();
        self.check_server(&mut found);
        self.check_tls(&mut found);
        self.check_limits(&mut found);
        self.check_database(&mut found);
        self.check_keys(&mut found);
        self.check_tokens(&mut found);
        self.check_session(&mut found);
        self.check_hashing(&mut found);
        self.check_passwords(&mut found);
        self.check_brand(&mut found);
        self.check_mail(&mut found);
        found.positive("declared.interval", self.declared.interval);
        let shown = "the 90 days of activity that people see";
        found.at_least("audit.retention", self.audit.retention, super::LEAST_AUDIT_RETENTION, shown);
        found.0
    }

    fn check_server(&self, found: &mut Found) {
        let server = &self.server;
        let reachable = !server.listen.ip().to_canonical().is_loopback();
        if reachable && !server.public_url.as_ref().is_some_and(super::Issuer::is_https) {
            found.add(
                "server.public_url",
                format!("listening on {} for other machines, the service needs an https URL of its own", server.listen),
                "Set it to the https URL that browsers use, or set server.listen to a loopback address.",
            );
        }
        if server.max_connections == 0 {
            found.add("server.max_connections", "nobody could connect", "Set it to 1 or more.");
        }
        if server.max_connections_per_address == 0 {
            found.add("server.max_connections_per_address", "nobody could connect", "Set it to 1 or more.");
        }
        found.positive("server.header_read_timeout", server.header_read_timeout);
        found.positive("server.request_timeout", server.request_timeout);
    }

    /// A ceiling above 100 is none (NIST SP 800-63B §3.2.2).
    fn check_limits(&self, found: &mut Found) {
        let limits = &self.limits;
        for (key, ceiling) in [("limits.password_ceiling", limits.password_ceiling), ("limits.code_ceiling", limits.code_ceiling)] {
            if !(1..=100).contains(&ceiling) {
                found.add(key, "outside of 1 to 100 (NIST SP 800-63B §3.2.2)", "Set it to 100 or less.");
            }
        }
        for (key, number) in
            [("limits.code_window_failures", limits.code_window_failures), ("limits.codes_per_sign_in", limits.codes_per_sign_in)]
        {
            if number == 0 {
                found.add(key, "nobody could give a code", "Set it to 1 or more.");
            }
        }
        for (key, span) in [
            ("limits.password_pause", limits.password_pause),
            ("limits.code_pause", limits.code_pause),
            ("limits.code_window", limits.code_window),
            ("limits.failures_kept", limits.failures_kept),
        ] {
            found.positive(key, span);
        }
    }

    fn check_tls(&self, found: &mut Found) {
        let server = &self.server;
        match (&server.tls_certificate, &server.tls_key) {
            (Some(_), None) => found.add("server.tls_certificate", "the private key is missing", "Set server.tls_key too."),
            (None, Some(_)) => found.add("server.tls_key", "the certificate is missing", "Set server.tls_certificate too."),
            (Some(_), Some(_)) if !self.issuer().is_https() => {
                found.add(
                    "server.public_url",
                    "this service serves TLS, so its URL is https",
                    "Set it to the https URL that browsers use.",
                );
            }
            _ => {}
        }
    }

    fn check_database(&self, found: &mut Found) {
        if let Err(what) = check_database_url(self.database.url.expose()) {
            found.add("database.url", what, "Write sqlite://path/to/file.db or postgres://user:password@host/name.");
        }
        if self.database.max_connections == 0 {
            found.add("database.max_connections", "nothing could be read", "Set it to 1 or more.");
        }
        found.positive("database.acquire_timeout", self.database.acquire_timeout);
        found.positive("database.statement_timeout", self.database.statement_timeout);
    }

    fn check_keys(&self, found: &mut Found) {
        let keys = &self.keys;
        if keys.directory.as_os_str().is_empty() {
            found.add("keys.directory", "empty", "Name a directory.");
        }
        let longest = self.tokens.id_token_ttl.0.max(self.tokens.access_token_ttl.0);
        found.at_least("keys.retire_for", keys.retire_for, longest.saturating_add(KEY_MARGIN), "the longest token lifetime and 5m");
        let cached = keys.jwks_max_age.0.saturating_add(KEY_MARGIN);
        found.at_least("keys.publish_before_use", keys.publish_before_use, cached, "keys.jwks_max_age and 5m");
        if keys.active_for.0 <= keys.publish_before_use.0 {
            found.add("keys.active_for", "its successor could not be published in time", "Set it to more than keys.publish_before_use.");
        }
    }

    fn check_tokens(&self, found: &mut Found) {
        let tokens = &self.tokens;
        found.positive("tokens.authorization_code_ttl", tokens.authorization_code_ttl);
        found.positive("tokens.access_token_ttl", tokens.access_token_ttl);
        found.positive("tokens.id_token_ttl", tokens.id_token_ttl);
        found.positive("tokens.refresh_token_idle", tokens.refresh_token_idle);
        if tokens.authorization_code_ttl.0 > Duration::from_mins(10) {
            found.add("tokens.authorization_code_ttl", "more than the ten minutes of RFC 6749 §4.1.2", "Set it to 10m or less.");
        }
        if !(Duration::from_mins(1)..=Duration::from_mins(30)).contains(&tokens.device_code_ttl.0) {
            found.add("tokens.device_code_ttl", "outside of 1m to 30m: too short to type, or long enough to guess", "Set it to 10m.");
        }
        if tokens.refresh_token_grace.0 > Duration::from_mins(1) {
            found.add("tokens.refresh_token_grace", "a stolen refresh token could be used that long unnoticed", "Set it to 60s or less.");
        }
        if tokens.refresh_token_idle.0 > tokens.refresh_token_absolute.0 {
            found.add("tokens.refresh_token_idle", "longer than the grant lives", "Set it to at most tokens.refresh_token_absolute.");
        }
    }

    fn check_session(&self, found: &mut Found) {
        let session = &self.session;
        found.positive("session.idle", session.idle);
        found.positive("session.flow_ttl", session.flow_ttl);
        if session.idle.0 > session.absolute.0 {
            found.add("session.idle", "longer than the session lives", "Set it to at most session.absolute.");
        }
        if self.tokens.refresh_token_absolute.0 < session.absolute.0 {
            found.add(
                "tokens.refresh_token_absolute",
                "shorter than the session: a code made late in a session would be exchanged for a grant that is over",
                "Set it to at least session.absolute, or shorten that.",
            );
        }
    }

    fn check_hashing(&self, found: &mut Found) {
        let password = &self.password;
        let strong = ARGON2_FLOORS.iter().any(|&(memory, passes)| password.memory_kib >= memory && password.iterations >= passes);
        // No person's password is behind an issuer that nobody but this machine can reach.
        let issuer = self.issuer();
        let development = issuer.is_loopback() && !issuer.is_https();
        if !strong && !development {
            found.add(
                "password.memory_kib",
                format!("{} KiB with {} iterations is weaker than OWASP's minimum", password.memory_kib, password.iterations),
                "Set memory_kib to 19456 and iterations to 2, or more; less is only for an http issuer on loopback.",
            );
        }
        // What a sign-in would not verify (`account::password`, which holds imported hashes to the same) must not be made.
        let work = u64::from(password.memory_kib).saturating_mul(u64::from(password.iterations));
        if password.memory_kib > 262_144 || password.iterations > 32 || work > 1_048_576 {
            found.add(
                "password.memory_kib",
                format!("{} KiB with {} iterations takes longer than people wait", password.memory_kib, password.iterations),
                "Set memory_kib to 262144 at most, iterations to 32, and both so that one times the other is at most 1048576.",
            );
        }
        if password.iterations == 0 || password.memory_kib < 8 {
            found.add(
                "password.iterations",
                "Argon2 needs 8 KiB and one pass at least (RFC 9106 §3.1)",
                "Set memory_kib and iterations higher.",
            );
        }
    }

    fn check_passwords(&self, found: &mut Found) {
        let password = &self.password;
        if password.hash_queue == 0 {
            found.add("password.hash_queue", "nobody could wait for a hash thread", "Set it to 1 or more.");
        }
        found.positive("password.hash_deadline", password.hash_deadline);
        if password
            .breach_lookup_url
            .as_deref()
            .is_some_and(|url| !(url.starts_with("https://") || url.starts_with("http://")) || !url.ends_with('/'))
        {
            found.add("password.breach_lookup_url", "not a web address that ends with /", "Write it such as https://pwned.example/range/.");
        }
        if !(8..=64).contains(&password.min_length) {
            let change = "Set it to 15, or to 8 at least where every person has a second factor; 64 is the most.";
            found.add("password.min_length", "outside of 8 to 64 (NIST SP 800-63B-4 §3.1.1.2)", change);
        }
    }

    fn check_brand(&self, found: &mut Found) {
        let brand = &self.brand;
        if brand.name.trim().is_empty() {
            found.add("brand.name", "empty", "Write the name that people know.");
        }
        if !LOCALES.contains(&brand.default_locale.as_str()) {
            found.add("brand.default_locale", "not a language the pages are written in", "Write \"en\", \"pt-BR\" or \"es\".");
        }
        let linkable = |url: &String| url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "https" | "http" | "mailto"));
        if brand.support_url.as_ref().is_some_and(|url| !linkable(url)) {
            found.add("brand.support_url", "not a link", "Write an https URL or a mailto: address.");
        }
    }
}

fn check_database_url(url: &str) -> Result<(), &'static str> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        return match path.split('?').next().unwrap_or_default() {
            "" => Err("names no file"),
            ":memory:" => Err("a database in memory is another one for every connection"),
            _ => Ok(()),
        };
    }
    match url::Url::parse(url) {
        Ok(url) if !matches!(url.scheme(), "postgres" | "postgresql") => Err("neither sqlite nor postgres"),
        Ok(url) if url.path().trim_matches('/').is_empty() => Err("names no database"),
        Ok(_) => Ok(()),
        Err(_) => Err("not a URL"),
    }
}

#[derive(Default)]
pub(super) struct Found(Vec<Problem>);

impl Found {
    pub(super) fn add(&mut self, key: &str, what: impl Into<String>, change: &str) {
        self.0.push(Problem { key: Some(key.to_owned()), what: what.into(), change: change.to_owned(), ..Problem::default() });
    }

    pub(super) fn positive(&mut self, key: &str, span: Span) {
        if span.0.is_zero() {
            self.add(key, "no time at all", "Set it to more than 0s.");
        }
    }

    fn at_least(&mut self, key: &str, span: Span, least: Duration, why: &str) {
        if span.0 < least {
            let least = Span(least);
            self.add(key, format!("{span} is less than {why} ({least})"), &format!("Set it to {least} or more."));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn keys_of(change: impl FnOnce(&mut Config)) -> Vec<String> {
        let mut config = Config::default();
        change(&mut config);
        config.problems().into_iter().filter_map(|problem| problem.key).collect()
    }

    fn https(config: &mut Config) {
        config.server.public_url = Some("https://id.example".parse().unwrap());
    }

    #[test]
    fn the_defaults_are_valid() {
        assert!(Config::default().validate().is_ok());
    }

    #[test]
    fn other_machines_are_served_under_https_only() {
        assert_eq!(keys_of(|c| c.server.listen = "0.0.0.0:8080".parse().unwrap()), ["server.public_url"]);
        let http = keys_of(|c| {
            c.server.listen = "0.0.0.0:8080".parse().unwrap();
            c.server.public_url = Some("http://localhost:8080".parse().unwrap());
        });
        assert_eq!(http, ["server.public_url"]);
        let https = keys_of(|c| {
            c.server.listen = "[::]:8080".parse().unwrap();
            https(c);
        });
        assert!(https.is_empty());
    }

    #[test]
    fn a_certificate_needs_its_key_and_an_https_issuer() {
        assert_eq!(keys_of(|c| c.server.tls_certificate = Some("c.pem".into())), ["server.tls_certificate"]);
        assert_eq!(keys_of(|c| c.server.tls_key = Some("k.pem".into())), ["server.tls_key"]);
        let both = |c: &mut Config| {
            c.server.tls_certificate = Some("c.pem".into());
            c.server.tls_key = Some("k.pem".into());
        };
        assert_eq!(keys_of(both), ["server.public_url"]);
        assert!(
            keys_of(|c| {
                both(c);
                https(c);
            })
            .is_empty()
        );
    }

    #[test]
    fn weak_hashing_is_for_loopback_http_only() {
        let weak = |c: &mut Config| c.password.memory_kib = 64;
        assert!(keys_of(weak).is_empty());
        let weak_and_public = keys_of(|c| {
            weak(c);
            https(c);
        });
        assert_eq!(weak_and_public, ["password.memory_kib"]);
    }

    #[test]
    fn every_owasp_alternative_is_accepted() {
        for (memory, passes) in ARGON2_FLOORS {
            let found = keys_of(|c| {
                https(c);
                c.password.memory_kib = memory;
                c.password.iterations = passes;
            });
            assert!(found.is_empty(), "{memory} {passes}");
        }
    }

    #[test]
    fn keys_are_published_long_enough_before_and_after() {
        assert_eq!(keys_of(|c| c.keys.retire_for = Span::secs(599)), ["keys.retire_for"]);
        assert_eq!(keys_of(|c| c.keys.publish_before_use = Span::secs(899)), ["keys.publish_before_use"]);
        assert_eq!(keys_of(|c| c.keys.active_for = Span::secs(24 * 3600)), ["keys.active_for"]);
        assert_eq!(keys_of(|c| c.tokens.id_token_ttl = Span::secs(24 * 3600)), ["keys.retire_for"]);
    }

    #[test]
    fn times_are_bounded() {
        assert_eq!(keys_of(|c| c.tokens.refresh_token_grace = Span::secs(61)), ["tokens.refresh_token_grace"]);
        assert!(keys_of(|c| c.tokens.refresh_token_grace = Span::secs(0)).is_empty());
        assert_eq!(keys_of(|c| c.tokens.authorization_code_ttl = Span::secs(601)), ["tokens.authorization_code_ttl"]);
        assert_eq!(keys_of(|c| c.tokens.device_code_ttl = Span::secs(59)), ["tokens.device_code_ttl"]);
        assert_eq!(keys_of(|c| c.tokens.device_code_ttl = Span::secs(1801)), ["tokens.device_code_ttl"]);
        assert_eq!(keys_of(|c| c.session.idle = Span::secs(13 * 3600)), ["session.idle"]);
        assert_eq!(keys_of(|c| c.session.idle = Span::secs(0)), ["session.idle"]);
    }

    #[test]
    fn database_urls_are_of_the_two_kinds() {
        for good in
            ["sqlite://data/v.db", "sqlite:///var/lib/v.db", "sqlite:v.db", "postgres://u:p@h/db", "postgresql://h/db?sslmode=require"]
        {
            assert_eq!(check_database_url(good), Ok(()), "{good}");
        }
        for bad in ["sqlite://", "sqlite::memory:", "mysql://h/db", "postgres://h", "v.db", ""] {
            assert!(check_database_url(bad).is_err(), "{bad}");
        }
        assert_eq!(keys_of(|c| c.database.url = Secret::new("mysql://h/db".to_owned())), ["database.url"]);
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let found = keys_of(|c| {
            c.session.idle = Span::secs(0);
            c.brand.default_locale = "de".to_owned();
            c.brand.support_url = Some("javascript:alert(1)".to_owned());
            c.password.min_length = 4;
            c.database.max_connections = 0;
        });
        assert_eq!(found.len(), 5, "{found:?}");
    }
}
