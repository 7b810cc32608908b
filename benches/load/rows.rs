//! The rows of the table, measured in turn on every server, several times over.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::try_join_all;

use crate::limits::{self, Limits};
use crate::measure::{self, Round};
use crate::party::{Endpoints, Party};
use crate::setup::{self, Target, Targets};
use crate::{Plan, Problem};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Discovery,
    Jwks,
    ClientCredentials,
    Authorize,
    Login,
    Refresh,
    Userinfo,
    Introspect,
    PasswordSignIn,
}

impl Step {
    pub const ALL: [Self; 9] = [
        Self::Discovery,
        Self::Jwks,
        Self::ClientCredentials,
        Self::Authorize,
        Self::Login,
        Self::Refresh,
        Self::Userinfo,
        Self::Introspect,
        Self::PasswordSignIn,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Discovery => "discovery",
            Self::Jwks => "JWKS",
            Self::ClientCredentials => "client_credentials, ES256 JWT",
            Self::Authorize => "authorize from a session",
            Self::Login => "login: authorize + code exchange",
            Self::Refresh => "refresh with rotation",
            Self::Userinfo => "userinfo",
            Self::Introspect => "introspection",
            Self::PasswordSignIn => "password sign-in",
        }
    }

    async fn run(self, party: &mut Party) -> Result<(), Problem> {
        match self {
            Self::Discovery => party.discovery().await,
            Self::Jwks => party.jwks().await,
            Self::ClientCredentials => party.client_credentials().await,
            Self::Authorize => party.authorize().await,
            Self::Login => party.login().await,
            Self::Refresh => party.refresh().await,
            Self::Userinfo => party.userinfo().await,
            Self::Introspect => party.introspect().await,
            Self::PasswordSignIn => party.password_sign_in().await,
        }
    }
}

pub struct Results {
    /// By step and server name.
    pub rounds: BTreeMap<(Step, &'static str), Vec<Round>>,
    pub limits: Limits,
    /// Server name, cold start, MiB idle, MiB after the load.
    pub processes: Vec<(&'static str, Duration, f64, f64)>,
    /// Median p99 of `client_credentials` without and with a storm of sign-ins, in microseconds.
    pub storm_p99: (f64, f64),
}

pub async fn run(plan: &Plan) -> Result<Results, Problem> {
    let directory = tempfile::tempdir()?;
    let limits_sqlite = format!("sqlite://{}", directory.path().join("limits.db").display());
    eprintln!("measuring the limits of the machine");
    let limits = limits::measure(directory.path(), &limits_sqlite, &plan.postgres_url, Duration::from_secs(2)).await?;
    let targets = setup::start(plan, directory.path()).await?;
    let mut parties = BTreeMap::new();
    for target in [&targets.sqlite, &targets.postgres, &targets.limited, &targets.peer] {
        parties.insert(target.name, signed_in(plan, target).await?);
    }
    let mut rounds: BTreeMap<(Step, &'static str), Vec<Round>> = BTreeMap::new();
    for number in 1..=plan.rounds {
        for step in Step::ALL {
            for target in servers_of(&targets, step) {
                eprintln!("round {number}: {} on {}", step.name(), target.name);
                let states = match parties.remove(target.name) {
                    Some(states) => states,
                    None => anonymous(plan, target).await?,
                };
                let (round, states) =
                    measure::round(&target.server, states, plan.time, async move |party: &mut Party| step.run(party).await).await?;
                parties.insert(target.name, states);
                rounds.entry((step, target.name)).or_default().push(round);
            }
        }
    }
    let storm_p99 = storm(plan, &targets.sqlite).await?;
    let processes = [&targets.sqlite, &targets.postgres, &targets.peer]
        .map(|target| (target.name, target.cold_start, target.rss_idle_mib, target.server.rss_mib()))
        .to_vec();
    Ok(Results { rounds, limits, processes, storm_p99 })
}

fn servers_of(targets: &Targets, step: Step) -> Vec<&Target> {
    match step {
        Step::Discovery => vec![&targets.bare, &targets.sqlite, &targets.peer],
        Step::Jwks => vec![&targets.sqlite, &targets.peer],
        Step::ClientCredentials => vec![&targets.sqlite, &targets.postgres, &targets.limited, &targets.peer],
        // The peer's sign-in page asks for no password.
        Step::PasswordSignIn => vec![&targets.sqlite, &targets.postgres],
        _ => vec![&targets.sqlite, &targets.postgres, &targets.peer],
    }
}

async fn anonymous(plan: &Plan, target: &Target) -> Result<Vec<Party>, Problem> {
    let nowhere = Endpoints {
        authorize: String::new(),
        token: String::new(),
        userinfo: String::new(),
        introspect: String::new(),
        jwks: String::new(),
    };
    try_join_all((0..plan.connections).map(|_| Party::new(target.server.address, nowhere.clone()))).await
}

/// One party per connection, each with a session and tokens; one after the other, so that no sign-in is turned away.
async fn signed_in(plan: &Plan, target: &Target) -> Result<Vec<Party>, Problem> {
    let endpoints = Endpoints::discover(target.server.address).await?;
    let mut parties = Vec::new();
    for _ in 0..plan.connections {
        let mut party = Party::new(target.server.address, endpoints.clone()).await?;
        party.sign_in().await?;
        party.login().await?;
        parties.push(party);
    }
    Ok(parties)
}

/// Tokens while sign-ins saturate the hash threads: cheap requests must not wait behind hashing.
async fn storm(plan: &Plan, target: &Target) -> Result<(f64, f64), Problem> {
    let tokens = async move |party: &mut Party| party.client_credentials().await;
    let sign_ins = async move |party: &mut Party| {
        // Being turned away with 503 is what a full queue is for.
        let _ = party.password_sign_in().await;
        Ok(())
    };
    let (mut calm, mut stormy) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        let parties = signed_in(plan, target).await?;
        calm.push(measure::round(&target.server, parties, plan.time, tokens).await?.0);
        let (parties, crowd) = (signed_in(plan, target).await?, signed_in(plan, target).await?);
        let (with, _) = tokio::join!(
            measure::round(&target.server, parties, plan.time, tokens),
            measure::round(&target.server, crowd, plan.time, sign_ins)
        );
        stormy.push(with?.0);
    }
    Ok((measure::median(&calm).p99_micros, measure::median(&stormy).p99_micros))
}
