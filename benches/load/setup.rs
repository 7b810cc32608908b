//! Servers with the same clients and the same person.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::party::{CLIENT_ID, CLIENT_SECRET, EMAIL, MACHINE_ID, PASSWORD, REDIRECT_URI};
use crate::process::{self, Server};
use crate::{Plan, Problem};

const METADATA: &str = "/.well-known/openid-configuration";

/// A running server under the name it has in the tables.
pub struct Target {
    pub name: &'static str,
    pub server: Server,
    /// From the start of the process to its first answer, with keys and schema in place.
    pub cold_start: Duration,
    pub rss_idle_mib: f64,
}

pub struct Targets {
    pub sqlite: Target,
    pub postgres: Target,
    pub limited: Target,
    pub peer: Target,
    pub bare: Target,
}

pub async fn start(plan: &Plan, directory: &Path) -> Result<Targets, Problem> {
    let sqlite_url = |name: &str| format!("sqlite://{}", directory.join(format!("{name}.db")).display());
    let limits =
        [("VESTIBULE_LIMITS__ENABLED", "true"), ("VESTIBULE_LIMITS__TOKEN", "100000000/1s"), ("VESTIBULE_LIMITS__PAGES", "100000000/1s")];
    Ok(Targets {
        sqlite: vestibule("Vestibule, SQLite", &directory.join("sqlite"), &sqlite_url("sqlite"), Vec::new(), &[]).await?,
        postgres: vestibule("Vestibule, PostgreSQL", &directory.join("postgres"), &plan.postgres_url, vec![plan.postmaster], &[]).await?,
        limited: vestibule("Vestibule, limits on", &directory.join("limited"), &sqlite_url("limited"), Vec::new(), &limits).await?,
        peer: peer().await?,
        bare: bare().await?,
    })
}

async fn vestibule(
    name: &'static str,
    directory: &Path,
    url: &str,
    beside: Vec<u32>,
    settings: &[(&str, &str)],
) -> Result<Target, Problem> {
    std::fs::create_dir_all(directory)?;
    let port = process::free_port()?;
    let command = || process::vestibule(directory, url, port, settings);
    apply(directory, url)?;
    // The first start makes keys and schema; the second is the one to measure.
    drop(Server::start(command(), port, METADATA, Vec::new()).await?);
    let (server, cold_start) = Server::start(command(), port, METADATA, beside).await?;
    settle(name, server, cold_start).await
}

fn apply(directory: &Path, url: &str) -> Result<(), Problem> {
    let file = directory.join("state.toml");
    std::fs::write(
        &file,
        format!(
            r#"
[[clients]]
client_id = "{CLIENT_ID}"
client_secret = "{CLIENT_SECRET}"
redirect_uris = ["{REDIRECT_URI}"]
grant_types = ["authorization_code", "refresh_token"]
id_token_signed_response_alg = "ES256"
first_party = true

[[clients]]
client_id = "{MACHINE_ID}"
client_secret = "{CLIENT_SECRET}"
grant_types = ["client_credentials"]
response_types = []
scope = ""

[[users]]
email = "{EMAIL}"
password = "{PASSWORD}"
name = "Load Person"
email_verified = true
"#
        ),
    )?;
    let migrate = process::vestibule(directory, url, 8080, &[]);
    let program = migrate.get_program().to_owned();
    let environment: Vec<_> = migrate.get_envs().filter_map(|(k, v)| Some((k.to_owned(), v?.to_owned()))).collect();
    for arguments in [vec!["migrate".into(), "up".into()], vec!["apply".into(), file.into_os_string()]] {
        let output = Command::new(&program).args(&arguments).envs(environment.clone()).output()?;
        if !output.status.success() {
            return Err(format!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
    }
    Ok(())
}

async fn peer() -> Result<Target, Problem> {
    let port = process::free_port()?;
    let mut command = Command::new("node");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/load/peer/server.js");
    command.env("NODE_ENV", "production").args([script, &port.to_string(), REDIRECT_URI, CLIENT_ID, CLIENT_SECRET]);
    let (server, cold_start) = Server::start(command, port, METADATA, Vec::new()).await?;
    settle("npm oidc-provider", server, cold_start).await
}

async fn bare() -> Result<Target, Problem> {
    let port = process::free_port()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--bare", &port.to_string()]);
    let (server, cold_start) = Server::start(command, port, METADATA, Vec::new()).await?;
    settle("bare axum", server, cold_start).await
}

async fn settle(name: &'static str, server: Server, cold_start: Duration) -> Result<Target, Problem> {
    tokio::time::sleep(Duration::from_millis(500)).await;
    let rss_idle_mib = server.rss_mib();
    Ok(Target { name, server, cold_start, rss_idle_mib })
}
