//! The reference of all settings, read from the sections' own source: a field's doc comment is its documentation.

use std::fmt::Write as _;

use super::{Config, needs_restart};

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub section: &'static str,
    pub key: String,
    /// The doc comment of its field.
    pub doc: String,
    /// The field's Rust type without `Option<…>`, `Secret<…>`.
    pub kind: String,
    pub secret: bool,
    /// As TOML; `None`: nothing.
    pub default: Option<String>,
}

impl Setting {
    /// `section.key`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}.{}", self.section, self.key)
    }

    /// `VESTIBULE_SECTION__KEY`.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("VESTIBULE_{}__{}", self.section, self.key).to_uppercase()
    }

    /// What the reference says of a change while the service runs.
    fn restart(&self) -> &'static str {
        if needs_restart(&self.name()) { "; needs a restart" } else { "" }
    }

    /// What a value looks like, for the reference.
    #[must_use]
    pub fn form(&self) -> &'static str {
        match self.kind.as_str() {
            "bool" => "true or false",
            "u16" | "u32" | "usize" => "whole number",
            "Span" => "length of time",
            "Quota" => "quota",
            "CidrList" => "list of address ranges",
            "SocketAddr" => "address and port",
            "Issuer" => "URL",
            "PathBuf" => "path",
            "LogFormat" => "json or text",
            "MailTransport" => "smtp, file or log",
            "SmtpTls" => "starttls, tls or none",
            "EmailCodes" => "off, fallback or on",
            "RegistrationMode" => "off, invitation or open",
            "Removal" => "orphan, disable or delete",
            _ => "text",
        }
    }

    /// What to write, for a value that is not understood.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self.kind.as_str() {
            "bool" => "Write true or false.",
            "u16" | "u32" | "usize" => "Write a whole number, without quotes.",
            "Span" => "Write a length of time such as \"10s\", \"5m\", \"12h\" or \"90d\".",
            "Quota" => "Write a count and a time, such as \"60/1m\".",
            "CidrList" => "Write address ranges such as [\"10.0.0.0/8\", \"fd00::/8\"]; in the environment, 10.0.0.0/8,fd00::/8.",
            "SocketAddr" => "Write an IP address and a port such as \"127.0.0.1:8080\".",
            "Issuer" => "Write an https URL without a path such as \"https://id.example.com\".",
            "LogFormat" => "Write \"json\" or \"text\".",
            "MailTransport" => "Write \"smtp\", \"file\" or \"log\".",
            "SmtpTls" => "Write \"starttls\", \"tls\" or \"none\".",
            "EmailCodes" => "Write \"off\", \"fallback\" or \"on\".",
            "RegistrationMode" => "Write \"off\", \"invitation\" or \"open\".",
            "Removal" => "Write \"orphan\", \"disable\" or \"delete\".",
            _ => "Write it as text in quotes.",
        }
    }
}

/// The sections in the order of the reference, with the source their documentation is in.
const SECTIONS: [(&str, &str); 18] = [
    ("server", include_str!("server.rs")),
    ("database", include_str!("database.rs")),
    ("keys", include_str!("keys.rs")),
    ("tokens", include_str!("tokens.rs")),
    ("session", include_str!("session.rs")),
    ("password", include_str!("password.rs")),
    ("account", include_str!("account.rs")),
    ("mfa", include_str!("mfa.rs")),
    ("recovery", include_str!("recovery.rs")),
    ("registration", include_str!("registration.rs")),
    ("mail", include_str!("mail.rs")),
    ("limits", include_str!("limits.rs")),
    ("outbound", include_str!("outbound.rs")),
    ("declared", include_str!("declared.rs")),
    ("audit", include_str!("audit.rs")),
    ("brand", include_str!("brand.rs")),
    ("log", include_str!("log.rs")),
    ("telemetry", include_str!("telemetry.rs")),
];

/// All settings, in the order of the reference.
#[must_use]
pub fn settings() -> Vec<Setting> {
    let defaults = defaults();
    SECTIONS.iter().flat_map(|(section, source)| section_settings(section, source, &defaults)).collect()
}

/// The defaults by section. A secret serialises nowhere; the default of one is none.
fn defaults() -> toml::Table {
    let config = Config::default();
    let mut defaults = toml::Table::try_from(&config).unwrap_or_default();
    if let Some(database) = defaults.get_mut("database").and_then(toml::Value::as_table_mut) {
        database.insert("url".to_owned(), config.database.url.expose().clone().into());
    }
    defaults
}

fn section_settings(section: &'static str, source: &str, defaults: &toml::Table) -> Vec<Setting> {
    let mut settings = Vec::new();
    let mut doc: Vec<&str> = Vec::new();
    let body = source.lines().skip_while(|line| !line.starts_with("pub struct ")).skip(1).take_while(|line| *line != "}");
    for line in body.map(str::trim) {
        if let Some(text) = line.strip_prefix("///") {
            doc.push(text.trim());
        } else if let Some((key, kind)) = line.strip_prefix("pub ").and_then(|field| field.trim_end_matches(',').split_once(": ")) {
            let default = defaults.get(section).and_then(|table| table.get(key)).map(toml::Value::to_string);
            let secret = kind.contains("Secret<");
            let kind = kind.trim_start_matches("Option<").trim_start_matches("Secret<").trim_end_matches('>').to_owned();
            settings.push(Setting { section, key: key.to_owned(), doc: doc.join(" "), kind, secret, default });
            doc.clear();
        }
    }
    settings
}

/// The first line of the section's own documentation, without its name.
fn section_doc(source: &str) -> &str {
    let line = source.lines().next().unwrap_or_default();
    line.split_once(": ").map_or("", |(_, text)| text)
}

/// A configuration file with every setting, commented out at its default.
#[must_use]
pub fn toml() -> String {
    let mut text = String::from(
        "# Vestibule: every setting with its default. Layers, later over earlier: defaults, this file (--config or VESTIBULE_CONFIG),\n\
         # VESTIBULE_SECTION__KEY, and VESTIBULE_SECTION__KEY_FILE (a file with the value, for mounted secrets).\n",
    );
    let settings = settings();
    for (section, source) in SECTIONS {
        let _ = write!(text, "\n# {}\n[{section}]\n", capitalised(section_doc(source)));
        for setting in settings.iter().filter(|setting| setting.section == section) {
            for line in wrapped(&setting.doc, 110) {
                let _ = writeln!(text, "# {line}");
            }
            let _ = writeln!(text, "# {}; {}{}", setting.form(), setting.variable(), setting.restart());
            let default = setting.default.as_ref().map(|value| format!(" {value}")).unwrap_or_default();
            let _ = writeln!(text, "#{} ={default}\n", setting.key);
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

/// `docs/configuration.md`.
#[must_use]
pub fn markdown() -> String {
    let mut text = String::from(INTRODUCTION);
    let settings = settings();
    for (section, source) in SECTIONS {
        let _ = write!(text, "\n## `[{section}]`\n\n{}\n", capitalised(section_doc(source)));
        for setting in settings.iter().filter(|setting| setting.section == section) {
            let default = setting.default.as_ref().map_or_else(|| "none".to_owned(), |value| format!("`{value}`"));
            let secret = if setting.secret { " (secret)" } else { "" };
            let _ = write!(
                text,
                "\n### `{}`\n\n{}\n\n{}{secret} · default {default} · `{}`{}\n",
                setting.name(),
                setting.doc,
                capitalised(setting.form()),
                setting.variable(),
                setting.restart().replace("; ", " · ")
            );
        }
    }
    text
}

const INTRODUCTION: &str = "# Configuration

<!-- Generated: `vestibule config reference --markdown > docs/configuration.md`. A test holds this file to the source. -->

Every setting has a default that is safe; with none set, `vestibule serve` runs on `http://localhost:8080` for development.
Layers, later over earlier:

1. the defaults below
2. the TOML file of `--config FILE` or `VESTIBULE_CONFIG`
3. the environment variable `VESTIBULE_SECTION__KEY`
4. the file named by `VESTIBULE_SECTION__KEY_FILE` (a mounted secret; one trailing newline is cut)

A key or a `VESTIBULE_…` variable that is not listed here stops the service with the nearest known name, so that a slip is never a
silent default. Only `VESTIBULE_CONFIG`, names that begin with `VESTIBULE_TEST_` (the test suite's) and the variables that Kubernetes
sets for services (`VESTIBULE_…_SERVICE_HOST`, `VESTIBULE_…_PORT_8080_TCP`) are passed over.
`vestibule config check` reports all problems at once; `vestibule config reference` prints a commented file.

While the service runs it looks every ten seconds, and at once on SIGHUP, whether the file or a mounted secret has other content. What has changed takes effect without a
restart and without losing a request, except where a setting says \"needs a restart\": that waits for the next start, with a line in the log. Environment variables
are those of the start. A configuration that is refused changes nothing: the log says why, the one in force stays, and `vestibule_last_reload_successful` is 0. Limits
that change begin their counts in this process anew. Beside the settings, the key-encryption keys (`*.kek`), TLS certificates and the files of certificate authorities
are read again when their content changes.

Forms: a length of time is a whole number with a unit (`250ms`, `10s`, `5m`, `12h`, `90d`); a quota is a count and a time (`60/1m`: sixty
at once, refilled evenly within a minute); address ranges are an array of CIDR texts, in the environment separated by commas.
";

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_documented() {
        for setting in settings() {
            assert!(setting.doc.len() > 10, "{} has no documentation", setting.name());
        }
    }

    #[test]
    fn every_default_is_found_among_the_fields() {
        let names: Vec<String> = settings().iter().map(Setting::name).collect();
        for (section, table) in toml::Table::try_from(Config::default()).unwrap() {
            for key in table.as_table().unwrap().keys() {
                assert!(names.contains(&format!("{section}.{key}")), "{section}.{key} is missing from the reference");
            }
        }
    }

    #[test]
    fn no_key_is_another_key_with_file_appended() {
        let names: Vec<String> = settings().iter().map(Setting::name).collect();
        assert!(names.iter().all(|name| !names.contains(&format!("{name}_file"))));
    }

    #[test]
    fn the_printed_file_is_toml_and_stays_so_when_the_defaults_are_uncommented() {
        let uncommented: Vec<&str> = toml_lines_with_defaults();
        let config: Config = toml::from_str(&uncommented.join("\n")).unwrap();
        assert_eq!(config.server.listen, Config::default().server.listen);
        assert_eq!(config.limits.pages, Config::default().limits.pages);
    }

    fn toml_lines_with_defaults() -> Vec<&'static str> {
        let text: &'static str = toml().leak();
        text.lines()
            .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ') && !rest.ends_with('=')).unwrap_or(line))
            .filter(|line| !line.starts_with('#'))
            .collect()
    }

    #[test]
    fn the_documentation_is_current() {
        let file = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md")).unwrap_or_default();
        assert!(file == markdown(), "run: vestibule config reference --markdown > docs/configuration.md");
    }
}
