//! `doctor`: looks at everything a service stands on, and says what is wrong, why it matters and what to do.
//!
//! It changes nothing: no migration, no file, no mail. What it cannot see from where it runs it says so of. Exit code 0 when nothing failed, whatever the
//! warnings; 1 otherwise.

mod client_keys;
mod database;
mod finding;
mod issuer;
mod proxy;
mod resources;

use clap::Args;
use finding::{Finding, report};

use super::failure::Failure;
use super::output::Answer;
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::mail::Mailer;
use crate::outbound::Authorities;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// How many replicas run, for the connections they may take together.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    replicas: u32,
}

pub(super) async fn run(arguments: &Arguments, config: &Config) -> Result<Answer, Failure> {
    let now = SystemClock.now();
    let (reached, mail) = tokio::join!(issuer::look(config, now), look_at_mail(config));
    let mut found = reached;
    found.push(look_at_authorities());
    found.extend(proxy::look(config).await);
    found.extend(database::look(config, arguments.replicas, now).await);
    found.push(mail);
    found.extend(resources::look(config));
    Ok(report(&found))
}

fn look_at_authorities() -> Finding {
    match Authorities::read() {
        Ok(authorities) => Finding::ok("authorities", authorities.told()),
        Err(problem) => {
            let why = "Nobody is called over TLS, and nothing is mailed: it is not known whom to believe.";
            let remedy = "Put a file in PEM where SSL_CERT_FILE or SSL_CERT_DIR points to, or leave both unset.";
            Finding::failed("authorities", problem, (why, remedy))
        }
    }
}

async fn look_at_mail(config: &Config) -> Finding {
    let why = "Nobody can reset a password, confirm an address or hear of a change.";
    let remedy = "Check mail.smtp_host, the port, mail.smtp_tls and the user's password; `vestibule mail test` then sends one.";
    let probed = match Mailer::open(config) {
        Ok(mailer) => mailer.probe().await,
        Err(error) => Err(error.to_string()),
    };
    match probed {
        Ok(said) => Finding::ok("mail", said),
        Err(problem) => Finding::failed("mail", problem, (why, remedy)),
    }
}
