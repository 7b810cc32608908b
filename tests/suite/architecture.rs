//! The house rules, held against the source: docs/architecture.md and the decisions.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const GROUND: [&str; 9] = ["clock", "config", "secret", "telemetry", "store", "keys", "web", "ratelimit", "outbound"];

/// Who may import whom. `GROUND` stands for all of the ground floor; a room may always import itself. Rooms that are not listed here assemble
/// the others and may import everything.
const IMPORTS: [(&str, &[&str]); 22] = [
    ("clock", &[]),
    ("secret", &["clock"]),
    ("config", &["secret"]),
    ("telemetry", &["config", "clock"]),
    ("store", &["clock", "config", "secret", "telemetry"]),
    ("keys", &["clock", "config", "secret", "store"]),
    ("web", &["clock", "config", "secret", "store", "telemetry"]),
    ("outbound", &["config", "telemetry"]),
    ("ratelimit", &["clock", "config", "store", "telemetry", "web"]),
    ("audit", &["clock", "config", "secret", "store", "keys", "telemetry"]),
    ("mail", &["GROUND", "app", "audit"]),
    ("session", &["GROUND", "app", "audit", "organization"]),
    ("organization", &["GROUND", "audit", "session"]),
    ("mfa", &["GROUND", "app", "audit", "mail", "session", "organization", "account"]),
    ("account", &["GROUND", "app", "audit", "mail", "session", "organization", "mfa"]),
    ("tokens", &["clock", "config", "secret", "store", "keys"]),
    ("interaction", &["GROUND", "app", "audit", "session", "account", "tokens", "mfa", "organization", "mail"]),
    ("oauth", &["GROUND", "app", "audit", "session", "account", "tokens", "interaction"]),
    ("oidc", &["GROUND", "app", "audit", "session", "account", "tokens", "interaction", "oauth"]),
    ("declare", &["GROUND", "audit", "session", "account", "oauth", "tokens", "organization"]),
    ("backup", &["clock", "config", "secret", "store", "keys", "audit", "mfa"]),
    ("jobs", &["GROUND", "app", "audit", "tokens", "oidc", "mail", "account", "mfa", "declare"]),
];

/// Rooms that put the others together.
const ASSEMBLY: [&str; 7] = ["app", "cli", "routes", "home", "health", "main", "lib"];

/// Outside crates and the only places, below `src/`, that may name them.
const CONFINED: [(&str, &[&str]); 47] = [
    ("sea_orm", &["store/"]),
    ("vestibule_migrations", &["store/migrate.rs"]),
    ("openssl", &["keys/"]),
    ("josekit", &["keys/"]),
    ("minijinja", &["web/"]),
    ("fluent_bundle", &["web/"]),
    ("rust_embed", &["web/"]),
    ("argon2", &["account/password"]),
    ("sha1", &["account/password"]),
    ("bcrypt", &["account/password"]),
    ("pbkdf2", &["account/password"]),
    ("scrypt", &["account/password"]),
    ("zxcvbn", &["account/password"]),
    ("fastbloom", &["account/password"]),
    ("totp_rs", &["mfa/totp"]),
    ("qrcodegen", &["mfa/totp"]),
    ("webauthn_rs", &["mfa/passkey"]),
    ("lettre", &["mail/"]),
    ("vestibule_arena", &["account/password"]),
    ("unicode_normalization", &["account/"]),
    ("idna", &["account/"]),
    ("tower_governor", &["ratelimit/"]),
    ("governor", &["ratelimit/"]),
    ("metrics", &["telemetry/"]),
    ("metrics_exporter_prometheus", &["telemetry/"]),
    ("opentelemetry", &["telemetry/"]),
    ("opentelemetry_sdk", &["telemetry/"]),
    ("opentelemetry_otlp", &["telemetry/"]),
    ("opentelemetry_http", &["telemetry/", "outbound/collector.rs"]),
    ("tracing_opentelemetry", &["telemetry/"]),
    ("tracing_subscriber", &["telemetry/"]),
    ("chacha20poly1305", &["secret/"]),
    ("aead_stream", &["secret/"]),
    ("hkdf", &["secret/"]),
    ("subtle", &["secret/"]),
    ("getrandom", &["secret/"]),
    ("openidconnect", &["oidc/", "tokens/id_token.rs", "keys/signer.rs"]),
    ("chrono", &["tokens/id_token.rs"]),
    ("reqwest", &["outbound/", "cli/healthcheck/", "cli/doctor/"]),
    ("hyper", &["app/"]),
    ("hyper_util", &["app/"]),
    ("rustls", &["app/", "outbound/", "cli/healthcheck/", "main.rs"]),
    ("rustls_native_certs", &["outbound/authorities.rs"]),
    ("webpki_root_certs", &["outbound/authorities.rs"]),
    ("figment", &["config/"]),
    ("sd_notify", &["app/notify.rs"]),
    ("clap", &["cli/", "main.rs"]),
];

/// What must never appear in a place: HTTP frameworks in rooms that know nothing of HTTP.
const WITHOUT_AXUM: [&str; 10] =
    ["clock.rs", "secret/", "config/", "store/", "keys/", "tokens/", "outbound/", "telemetry/", "interaction/step.rs", "oauth/pkce.rs"];

/// Lines in one file at most.
const LONGEST_FILE: usize = 400;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut entries: Vec<PathBuf> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found
}

/// One file of the service.
struct Source {
    /// Below `src/`, with `/`.
    path: String,
    text: String,
}

impl Source {
    /// The room it lies in.
    fn room(&self) -> &str {
        self.path.split(['/', '.']).next().unwrap()
    }

    fn is_test(&self) -> bool {
        self.path.ends_with("_tests.rs")
            || self.path.ends_with("/tests.rs")
            || self.path.ends_with("/testing.rs")
            || self.path.contains("/tests/")
    }

    /// Lines of code with their numbers: no comments, and nothing from the tests at the end of the file.
    fn code(&self) -> Vec<(usize, &str)> {
        let end = self.text.find("\n#[cfg(test)]\nmod tests").unwrap_or(self.text.len());
        let lines = self.text[..end].lines().enumerate().map(|(number, line)| (number + 1, line.split(" // ").next().unwrap_or(line)));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//")).collect()
    }

    /// How many `super::` lead from this file to the root.
    fn depth(&self) -> usize {
        let parts = self.path.matches('/').count();
        if self.path.ends_with("/mod.rs") { parts } else { parts + 1 }
    }
}

fn sources() -> Vec<Source> {
    let src = root().join("src");
    files(&src, "rs")
        .into_iter()
        .map(|path| Source {
            path: path.strip_prefix(&src).unwrap().to_string_lossy().replace('\\', "/"),
            text: std::fs::read_to_string(&path).unwrap(),
        })
        .filter(|source| !source.path.starts_with("arena/"))
        .collect()
}

/// The word that begins here.
fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// Whether `name` stands there as a whole word.
fn names(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let free = before.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '_' && c != '.' && c != ':');
        free && word(&line[at..]) == name
    })
}

/// The rooms a line imports: through `crate::`, `crate::{…}` and `super::` up to the root.
fn imported(source: &Source, line: &str) -> Vec<String> {
    let up = "super::".repeat(source.depth());
    let mut rooms = Vec::new();
    for prefix in ["crate::", &up] {
        for (at, _) in line.match_indices(prefix) {
            let preceded = line[..at].chars().next_back().is_some_and(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':');
            let rest = &line[at + prefix.len()..];
            if preceded && prefix != "crate::" {
                continue;
            }
            match rest.strip_prefix('{') {
                Some(group) => rooms.extend(group.split(',').map(|item| word(item.trim()).to_owned())),
                None => rooms.push(word(rest).to_owned()),
            }
        }
    }
    rooms.retain(|room| !room.is_empty() && room != "super");
    rooms
}

/// Shows each line of code of the service, without its tests, with the path of its file below `src/`.
pub fn each_source(mut look: impl FnMut(&str, &str)) {
    for source in sources().iter().filter(|source| !source.is_test()) {
        for (_, line) in source.code() {
            look(&source.path, line);
        }
    }
}

#[track_caller]
fn none(rule: &str, broken: &[String]) {
    let mut message = format!("{rule}:\n");
    for line in broken {
        writeln!(message, "  {line}").unwrap();
    }
    assert!(broken.is_empty(), "{message}");
}

fn may_import(room: &str, other: &str) -> bool {
    if room == other || ASSEMBLY.contains(&room) {
        return true;
    }
    let Some((_, allowed)) = IMPORTS.iter().find(|(name, _)| *name == room) else { return false };
    allowed.contains(&other) || (allowed.contains(&"GROUND") && GROUND.contains(&other))
}

/// docs/architecture.md, the import table.
#[test]
fn rooms_import_only_what_the_table_allows() {
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        for (number, line) in source.code() {
            for other in imported(source, line) {
                if !may_import(source.room(), &other) {
                    broken.push(format!("src/{}:{number}: `{}` must not import `{other}`: {}", source.path, source.room(), line.trim()));
                }
            }
        }
    }
    none("the import table of docs/architecture.md", &broken);
}

/// docs/architecture.md: outside crates stay in their rooms.
#[test]
fn outside_crates_stay_in_their_rooms() {
    let mut broken = Vec::new();
    for source in sources() {
        for (number, line) in source.code() {
            for (name, rooms) in CONFINED {
                let used = names(line, name) && line.contains(&format!("{name}::"));
                if used && !rooms.iter().any(|room| source.path.starts_with(room)) {
                    broken.push(format!("src/{}:{number}: `{name}` belongs to {rooms:?}: {}", source.path, line.trim()));
                }
            }
            if names(line, "axum") && WITHOUT_AXUM.iter().any(|place| source.path.starts_with(place)) {
                broken.push(format!("src/{}:{number}: no HTTP framework here: {}", source.path, line.trim()));
            }
        }
    }
    none("outside crates are confined", &broken);
}

/// SECURITY consequence 1: a session is made from proofs in one place, and proofs by their verifiers alone.
#[test]
fn proofs_and_sessions_are_made_in_one_place_each() {
    let places = [
        ("PasswordProof::witnessed", ["account/", "session/proof.rs"]),
        ("SecondFactorProof::witnessed", ["mfa/", "session/proof.rs"]),
        ("pending_sign_ins::insert", ["session/pending.rs", "store/"]),
        ("sessions::insert", ["session/start.rs", "store/"]),
        ("grants::redeem", ["oauth/token/", "store/"]),
        ("VerifiedRedirect {", ["oauth/redirect_uri.rs", "oauth/redirect_uri/"]),
    ];
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        for (number, line) in source.code() {
            for (call, allowed) in places {
                if line.contains(call) && !allowed.iter().any(|place| source.path.starts_with(place)) {
                    broken.push(format!("src/{}:{number}: `{call}` belongs to {allowed:?}: {}", source.path, line.trim()));
                }
            }
        }
    }
    none("what only one place may do", &broken);
}

/// RUSTSEC-2023-0071: RSA private keys are OpenSSL's; the crate that is vulnerable verifies only. No implicit or password grant exists.
#[test]
fn what_must_not_exist_does_not_exist() {
    let forbidden = ["CoreRsaPrivateSigningKey", "CoreHmacKey", "from_insecure", "decode_unsecured", "todo!(", "unimplemented!("];
    let mut broken = Vec::new();
    for source in sources() {
        for (number, line) in source.code() {
            for word in forbidden {
                if line.contains(word) {
                    broken.push(format!("src/{}:{number}: {word}", source.path));
                }
            }
        }
    }
    none("never", &broken);
}

/// Decision 0005.
#[test]
fn the_service_forbids_unsafe_code() {
    for path in ["src/lib.rs", "src/main.rs", "migrations/src/lib.rs"] {
        let text = std::fs::read_to_string(root().join(path)).unwrap();
        assert!(text.contains("#![forbid(unsafe_code)]"), "{path}");
    }
}

/// docs/architecture.md: small files, and every room says what it owns.
#[test]
fn files_are_small_and_rooms_say_what_they_own() {
    let mut broken = Vec::new();
    for source in sources() {
        let lines = source.text.lines().count();
        if lines > LONGEST_FILE {
            broken.push(format!("src/{}: {lines} lines, {LONGEST_FILE} at most", source.path));
        }
        if !source.text.starts_with("//!") && !source.is_test() && source.path != "main.rs" {
            broken.push(format!("src/{}: does not begin with what it is (`//!`)", source.path));
        }
        let is_room = source.path.ends_with("/mod.rs") && source.path.matches('/').count() == 1;
        let head: String = source.text.lines().take_while(|line| line.starts_with("//!")).collect();
        if is_room && !(head.contains("Owns") && head.contains("Must not")) {
            broken.push(format!("src/{}: does not say what the room owns and must not do", source.path));
        }
    }
    none("the shape of the source", &broken);
}

/// A grant type lives in exactly one file.
#[test]
fn every_grant_type_has_its_file() {
    for grant in ["authorization_code", "refresh_token", "client_credentials", "device_code"] {
        assert!(root().join(format!("src/oauth/token/{grant}.rs")).exists(), "{grant}");
    }
}

/// Templates escape everything: the filter that switches it off is not used, and there is nothing inline.
#[test]
fn templates_have_no_way_around_escaping() {
    let mut broken = Vec::new();
    for path in files(&root().join("templates"), "html") {
        let text = std::fs::read_to_string(&path).unwrap();
        // Mail programs load no style sheet, and no policy forbids them one in the head.
        let mail = path.components().any(|part| part.as_os_str() == "mail");
        for (number, line) in text.lines().enumerate() {
            let squeezed = line.replace(' ', "");
            if mail && squeezed == "<style>" {
                continue;
            }
            for word in ["|safe", "<style", "style=\"", "onclick=", "javascript:", "autoescapefalse"] {
                if squeezed.contains(word) {
                    broken.push(format!("{}:{}: {word}", path.display(), number + 1));
                }
            }
        }
    }
    none("templates", &broken);
}

/// The documents name only what a reader of this repository can open.
#[test]
fn links_in_the_documents_lead_somewhere() {
    let mut documents = files(&root().join("docs"), "md");
    documents.extend(["README.md", "CHANGELOG.md", "SECURITY.md"].iter().map(|name| root().join(name)).filter(|path| path.exists()));
    let mut broken = Vec::new();
    for document in documents {
        let text = std::fs::read_to_string(&document).unwrap();
        for (number, line) in text.lines().enumerate() {
            for word in ["/home/", "/root/", "file://"] {
                if line.contains(word) {
                    broken.push(format!("{}:{}: a machine's path: {word}", document.display(), number + 1));
                }
            }
            for (at, _) in line.match_indices("](") {
                let target = line[at + 2..].split([')', ' ', '#']).next().unwrap_or_default();
                let outside = target.is_empty() || target.contains("://") || target.starts_with("mailto:");
                if !outside && !document.parent().unwrap().join(target).exists() {
                    broken.push(format!("{}:{}: {target} is not there", document.display(), number + 1));
                }
            }
        }
    }
    none("links", &broken);
}

/// Every test of the suite says which clause it holds, or what it is about.
#[test]
fn every_test_has_its_doc_line() {
    let mut broken = Vec::new();
    for path in files(&root().join("tests/suite"), "rs") {
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            let begins = line.starts_with("#[tokio::test") || *line == "#[test]";
            if begins && !lines[number.saturating_sub(1)].starts_with("///") {
                broken.push(format!("{}:{}", path.display(), number + 1));
            }
        }
    }
    none("tests without a doc line", &broken);
}
