//! Loading: the layers, one over the other, then the rules between settings.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::error::{Problem, Source, StartupError};
use super::layers::{Layers, shown};
use super::reference::{Setting, settings};
use super::{Config, environment, file};

/// The settings in force, and where those that are not defaults come from.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub config: Config,
    /// By `section.key`.
    pub sources: BTreeMap<String, Source>,
    /// The configuration file, if there is one.
    pub path: Option<PathBuf>,
}

/// Defaults, then the file, then `VESTIBULE_SECTION__KEY`, then `VESTIBULE_SECTION__KEY_FILE`; then [`Config::validate`].
///
/// # Errors
/// Every problem found: unknown names, values that are not understood, and settings that do not fit each other.
pub fn load(path: Option<&Path>) -> Result<Loaded, StartupError> {
    load_from(path, std::env::vars_os())
}

/// The same with an environment of the caller's.
///
/// # Errors
/// As [`load`].
pub fn load_from(path: Option<&Path>, environment: impl Iterator<Item = (OsString, OsString)>) -> Result<Loaded, StartupError> {
    let settings = settings();
    let mut layers = Layers::default();
    let mut problems = path.map_or_else(Vec::new, |path| file::read(path, &settings, &mut layers));
    problems.extend(environment::read(environment, &settings, &mut layers));
    let sources = layers.sources();
    let (config, misread) = layers.extract(&settings);
    let misread_keys: Vec<String> = misread.iter().filter_map(|problem| problem.key.clone()).collect();
    problems.extend(misread);
    let contradictions =
        config.problems().into_iter().filter(|problem| !problem.key.as_ref().is_some_and(|key| misread_keys.contains(key)));
    problems.extend(contradictions.map(|problem| with_source(problem, &layers, &settings)));
    if problems.is_empty() { Ok(Loaded { config, sources, path: path.map(Path::to_owned) }) } else { Err(problems.into()) }
}

/// A rule between settings knows only their values; this adds where the value was given.
fn with_source(mut problem: Problem, layers: &Layers, settings: &[Setting]) -> Problem {
    let name = problem.key.clone().unwrap_or_default();
    if let (Some(given), Some(setting)) = (layers.get(&name), settings.iter().find(|setting| setting.name() == name)) {
        problem.value = Some(shown(setting, &given.value));
        problem.source = Some(given.source.clone());
    }
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> std::vec::IntoIter<(OsString, OsString)> {
        variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect::<Vec<_>>().into_iter()
    }

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    fn failure(text: &str, variables: &[(&str, &str)]) -> String {
        load_from(Some(file(text).path()), environment(variables)).unwrap_err().to_string()
    }

    #[test]
    fn nothing_configured_is_a_service_for_development() {
        let loaded = load_from(None, environment(&[])).unwrap();
        assert_eq!(loaded.config.issuer().as_str(), "http://localhost:8080");
        assert!(loaded.sources.is_empty());
    }

    #[test]
    fn the_environment_overrides_the_file_and_a_mounted_file_overrides_both() {
        let secret = file("postgres://db/mounted\n");
        let config = file("[brand]\nname = \"File\"\nsupport_url = \"https://help.example\"\n[database]\nurl = \"sqlite://a.db\"\n");
        let variables = [
            ("VESTIBULE_DATABASE__URL_FILE", secret.path().to_str().unwrap()),
            ("VESTIBULE_BRAND__NAME", "42"),
            ("VESTIBULE_DATABASE__URL", "sqlite://b.db"),
            ("VESTIBULE_DATABASE__MAX_CONNECTIONS", "7"),
            ("VESTIBULE_LIMITS__ENABLED", "false"),
            ("VESTIBULE_SERVER__TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
            ("VESTIBULE_CONFIG", "elsewhere.toml"),
        ];
        let loaded = load_from(Some(config.path()), environment(&variables)).unwrap();
        assert_eq!(loaded.config.brand.name, "42");
        assert_eq!(loaded.config.brand.support_url.as_deref(), Some("https://help.example"));
        assert_eq!(loaded.config.database.url.expose(), "postgres://db/mounted");
        assert_eq!(loaded.config.database.max_connections, 7);
        assert!(!loaded.config.limits.enabled);
        assert_eq!(loaded.config.server.trusted_proxies.0.len(), 2);
        assert!(matches!(loaded.sources.get("database.url"), Some(Source::MountedFile { .. })));
        assert!(matches!(loaded.sources.get("brand.support_url"), Some(Source::File { line: 3, .. })));
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_one_and_its_line() {
        let text = failure("[server]\nlisten = \"127.0.0.1:1\"\npublc_url = \"https://id.example\"\n[sesion]\nidle = \"1h\"\n", &[]);
        assert!(text.contains(":3): no such setting. Did you mean `server.public_url`?"), "{text}");
        assert!(text.contains(":4): no such setting. Did you mean `session`?"), "{text}");
    }

    #[test]
    fn an_unknown_variable_is_refused_with_the_nearest_one() {
        let text = failure("", &[("VESTIBULE_SERVER__LISTN", "127.0.0.1:1"), ("VESTIBULE_PARCEL__TRANSPORT", "log")]);
        assert!(text.contains("VESTIBULE_SERVER__LISTN: no such setting. Did you mean `VESTIBULE_SERVER__LISTEN`?"), "{text}");
        assert!(text.contains("VESTIBULE_PARCEL__TRANSPORT: no such setting."), "{text}");
    }

    #[test]
    fn variables_that_kubernetes_sets_are_passed_over() {
        let variables = [
            ("VESTIBULE_SERVICE_HOST", "10.0.0.1"),
            ("VESTIBULE_SERVICE_PORT_HTTP", "8080"),
            ("VESTIBULE_PORT", "tcp://10.0.0.1:8080"),
            ("VESTIBULE_POSTGRES_PORT_5432_TCP_ADDR", "10.0.0.2"),
        ];
        assert!(load_from(None, environment(&variables)).is_ok());
        assert!(load_from(None, environment(&[("VESTIBULE_PORT", "8080")])).is_err());
    }

    #[test]
    fn every_value_that_is_not_understood_is_reported_at_once() {
        let text = failure(
            "[server]\nlisten = \"localhost\"\n[session]\nidle = 3600\n[limits]\npages = \"sixty\"\n",
            &[("VESTIBULE_DATABASE__MAX_CONNECTIONS", "many"), ("VESTIBULE_SERVER__PUBLIC_URL", "http://id.example")],
        );
        for expected in [
            "server.listen = \"localhost\" (",
            ":2): ",
            "session.idle = 3600 (",
            "Write a length of time such as \"10s\"",
            "limits.pages = \"sixty\"",
            "database.max_connections = \"many\" (environment variable VESTIBULE_DATABASE__MAX_CONNECTIONS): ",
            "server.public_url = \"http://id.example\" (environment variable VESTIBULE_SERVER__PUBLIC_URL): must be https",
        ] {
            assert!(text.contains(expected), "{expected} is not in:\n{text}");
        }
    }

    #[test]
    fn a_secret_is_never_in_a_message() {
        let text = failure("[database]\nurl = 123456\n", &[]);
        assert!(text.contains("database.url = [secret]") && !text.contains("123456"), "{text}");
        let text = failure("", &[("VESTIBULE_DATABASE__URL", "mysql://root:hunter2@db/x")]);
        assert!(text.contains("database.url = [secret]") && !text.contains("hunter2"), "{text}");
    }

    #[test]
    fn contradictions_name_the_source_of_the_value() {
        let text = failure("[tokens]\nrefresh_token_grace = \"2m\"\n", &[("VESTIBULE_SERVER__TLS_KEY", "key.pem")]);
        assert!(text.contains("tokens.refresh_token_grace = \"2m\" (") && text.contains(":2): "), "{text}");
        assert!(text.contains("server.tls_key = \"key.pem\" (environment variable VESTIBULE_SERVER__TLS_KEY)"), "{text}");
    }

    #[test]
    fn a_file_that_is_not_there_or_not_toml_is_named() {
        let text = load_from(Some(Path::new("/nonexistent/vestibule.toml")), environment(&[])).unwrap_err().to_string();
        assert!(text.contains("/nonexistent/vestibule.toml: cannot be read"), "{text}");
        let text = failure("[server]\nlisten =\n", &[]);
        assert!(text.contains(":2: not TOML"), "{text}");
    }

    #[test]
    fn a_mounted_secret_that_is_not_there_is_named() {
        let text = failure("", &[("VESTIBULE_DATABASE__URL_FILE", "/nonexistent/url")]);
        assert!(text.contains("/nonexistent/url, named by VESTIBULE_DATABASE__URL_FILE: cannot be read"), "{text}");
    }
}
