//! The command line.
//!
//! Owns: arguments, one file per command group, and what is printed. Every command takes `--config FILE` (or `VESTIBULE_CONFIG`), prints
//! JSON with `--json`, and fails with one clear paragraph on standard error and an exit code other than 0.
//! Must not: decide what the other rooms decide.

mod apply;
mod arguments;
mod audit;
mod backup;
mod client;
mod client_keys;
mod client_state;
mod client_view;
mod config;
mod database;
mod declared;
mod declared_check;
mod doctor;
mod failure;
mod healthcheck;
mod invite;
mod keys;
mod keys_at_rest;
mod limits;
mod mail;
mod managed;
mod migrate;
mod moment;
mod organization;
mod organization_policy;
mod organization_switch;
mod output;
mod password_input;
mod plan;
mod scope;
mod scope_definition;
mod serve;
mod templates;
#[cfg(test)]
mod testing;
mod user;
mod user_import;
mod user_password;
mod user_security;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Config, Loaded, Log, LogFormat};
use crate::telemetry;
use failure::Failure;
use output::Answer;

/// A standalone OpenID Connect and OAuth 2.0 identity provider.
#[derive(Debug, Parser)]
#[command(name = "vestibule", version, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    /// The configuration file; VESTIBULE_CONFIG when absent.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service.
    Serve,
    /// Change the database's schema.
    #[command(subcommand)]
    Migrate(migrate::Command),
    /// Applications that sign people in here.
    #[command(subcommand)]
    Client(client::Command),
    /// Scopes beside the standard ones, and the claims they release.
    #[command(subcommand)]
    Scope(scope::Command),
    /// People.
    #[command(subcommand)]
    User(user::Command),
    /// Organisations: who belongs, and what is asked of them.
    #[command(subcommand)]
    Organization(organization::Command),
    /// Bring clients, scopes, organisations and people into the state that files declare.
    Apply(apply::Arguments),
    /// Say what `apply` would change. The exit code is 0 when that is nothing, 2 when there is something, 1 when it cannot be said.
    Plan(plan::Arguments),
    /// What the declared directory manages, and how far it has come; whether documents are fit for it.
    #[command(subcommand)]
    Declared(declared::Command),
    /// Signing keys.
    #[command(subcommand)]
    Keys(keys::Command),
    /// Security events: what happened, and the proof that nobody touched it since.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Who is limited; release, ban and unban.
    #[command(subcommand)]
    Limits(limits::Command),
    /// Mail.
    #[command(subcommand)]
    Mail(mail::Command),
    /// Back up the embedded database (SQLite), sealed, while the service runs.
    Backup(backup::Backup),
    /// Put a backup in the database's place, while no service runs.
    Restore(backup::Restore),
    /// Settings.
    #[command(subcommand)]
    Config(config::Command),
    /// Page templates.
    #[command(subcommand)]
    Templates(templates::Command),
    /// Look at everything the service stands on, and say what is wrong and what to do.
    Doctor(doctor::Arguments),
    /// Ask the running service whether it is ready; for container health checks, and with --issuer for a test after an installation.
    Healthcheck(healthcheck::Arguments),
}

/// Runs the command and prints what came of it.
pub async fn run(cli: Cli) -> ExitCode {
    let json = cli.json;
    match dispatch(cli).await {
        Ok(answer) => output::answer(&answer, json),
        Err(failure) => output::failure(&failure.to_string()),
    }
}

/// For what goes wrong before there is a command.
#[must_use]
pub fn report_failure(paragraph: &str) -> ExitCode {
    output::failure(paragraph)
}

async fn dispatch(cli: Cli) -> Result<Answer, Failure> {
    let path = cli.config.or_else(|| std::env::var_os("VESTIBULE_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from));
    // Needs no valid configuration: it helps to write one.
    if let Command::Config(config::Command::Reference(arguments)) = &cli.command {
        return Ok(config::reference(arguments));
    }
    let loaded = crate::config::load(path.as_deref())?;
    if !matches!(cli.command, Command::Serve) {
        telemetry::init(&quiet(), None)?;
    }
    Box::pin(run_configured(cli.command, loaded)).await
}

async fn run_configured(command: Command, loaded: Loaded) -> Result<Answer, Failure> {
    if matches!(command, Command::Serve) {
        return Box::pin(serve::run(loaded)).await;
    }
    let config: Config = loaded.config;
    match command {
        // Above.
        Command::Serve => Ok(Answer::said()),
        Command::Migrate(command) => migrate::run(command, &config).await,
        Command::Client(command) => client::run(command, &config).await,
        Command::Scope(command) => scope::run(command, &config).await,
        Command::User(command) => user::run(command, &config).await,
        Command::Organization(command) => organization::run(command, &config).await,
        Command::Apply(arguments) => apply::run(arguments, &config).await,
        Command::Plan(arguments) => plan::run(arguments, &config).await,
        Command::Declared(command) => declared::run(command, &config).await,
        Command::Keys(command) => keys::run(command, &config).await,
        Command::Audit(command) => audit::run(command, &config).await,
        Command::Limits(command) => limits::run(command, &config).await,
        Command::Mail(command) => mail::run(command, &config).await,
        Command::Backup(arguments) => backup::back_up(arguments, &config).await,
        Command::Restore(arguments) => backup::restore(arguments, &config).await,
        Command::Config(_) => config::check(&config, &loaded.sources),
        Command::Templates(command) => templates::run(command, &config),
        Command::Doctor(arguments) => doctor::run(&arguments, &config).await,
        Command::Healthcheck(arguments) => healthcheck::run(&arguments, &config).await,
    }
}

/// A command's own answer says what happened; the log adds warnings only.
fn quiet() -> Log {
    Log { format: LogFormat::Text, filter: "warn".to_owned() }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn config_and_json_are_taken_after_any_command() {
        let cli = Cli::try_parse_from(["vestibule", "client", "list", "--json", "--config", "v.toml"]).unwrap();
        assert!(cli.json);
        assert_eq!(cli.config, Some(PathBuf::from("v.toml")));
    }

    #[test]
    fn every_command_of_the_stable_interface_is_there() {
        for line in [
            "serve",
            "migrate up",
            "migrate status",
            "migrate down",
            "client add",
            "client list",
            "client show a",
            "client remove a",
            "client rotate-secret a",
            "user add a@b.example",
            "user list",
            "user show a@b.example",
            "user set-password a@b.example --generate-password",
            "user import people.csv --dry-run",
            "user reset-mfa a@b.example --reason lost",
            "user lock a@b.example",
            "user unlock a@b.example",
            "user remove a@b.example",
            "organization add acme --name Acme --second-factor required --allowed-factor totp --trusted-device-ttl 0s",
            "organization list",
            "organization show acme",
            "organization remove acme",
            "organization add-member acme a@b.example --administrator",
            "organization remove-member acme a@b.example",
            "apply a.toml b.toml --dry-run",
            "apply",
            "plan",
            "plan a.toml directory --json",
            "declared status",
            "declared check",
            "declared check a.toml directory",
            "declared release client a",
            "declared release --all",
            "client remove a --force",
            "client disable a",
            "client enable a",
            "keys list",
            "keys rotate",
            "keys revoke a",
            "keys check",
            "keys rewrap",
            "keys generate-kek",
            "keys generate-kek 001.kek",
            "audit list --user a@b.example --kind sign_in. --client a --since 7d --until 2027-01-31 --limit 10",
            "audit export --output audit.jsonl",
            "audit verify",
            "audit verify audit.jsonl",
            "limits list",
            "limits release password:x",
            "limits release --account a@b.example",
            "limits release --address 192.0.2.1",
            "limits ban 203.0.113.0/24 --for 1d --reason stuffing",
            "limits unban 203.0.113.0/24",
            "mail test --to a@b.example --kind all --locale es",
            "backup vestibule.backup",
            "backup - --force",
            "restore vestibule.backup --force",
            "restore -",
            "restore --finish",
            "config check",
            "config reference",
            "templates check",
            "doctor --replicas 3",
            "healthcheck",
            "healthcheck --issuer https://id.example.com",
        ] {
            let arguments = std::iter::once("vestibule").chain(line.split(' '));
            assert!(Cli::try_parse_from(arguments).is_ok(), "{line}");
        }
    }
}
