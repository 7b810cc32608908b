//! The load runs: Vestibule on SQLite and on PostgreSQL, npm `oidc-provider` in memory and a bare axum handler, measured in turn in one run.
//!
//! `benches/load/run` prepares the peer and a throwaway PostgreSQL and starts this. Figures that count are ratios within one run;
//! nothing here is asserted. With `--write FILE` the result becomes a Markdown page.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a measuring program: it prints, and stops at the first surprise")]

mod bare;
mod http;
mod limits;
mod measure;
mod party;
mod process;
mod report;
mod rows;
mod setup;

use std::time::Duration;

pub type Problem = Box<dyn std::error::Error + Send + Sync>;

/// How long and how often; from the environment, so that `cargo bench` can pass them through.
pub struct Plan {
    pub rounds: usize,
    pub time: Duration,
    pub connections: usize,
    pub postgres_url: String,
    pub postmaster: u32,
    pub write: Option<String>,
}

impl Plan {
    fn from_environment() -> Result<Self, Problem> {
        let number = |name: &str, default: u64| std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default);
        Ok(Self {
            rounds: usize::try_from(number("LOAD_ROUNDS", 3))?,
            time: Duration::from_millis(number("LOAD_MILLIS", 3000)),
            connections: usize::try_from(number("LOAD_CONNECTIONS", 16))?,
            postgres_url: std::env::var("LOAD_POSTGRES_URL").map_err(|_| "LOAD_POSTGRES_URL is not set: start benches/load/run")?,
            postmaster: u32::try_from(number("LOAD_POSTMASTER", 0))?,
            write: std::env::var("LOAD_WRITE").ok(),
        })
    }
}

fn main() -> Result<(), Problem> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("--bare") {
        return bare::serve(arguments.next().unwrap_or_default().parse()?);
    }
    let plan = Plan::from_environment()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let result = runtime.block_on(rows::run(&plan))?;
    let page = report::markdown(&plan, &result);
    println!("{page}");
    if let Some(path) = &plan.write {
        std::fs::write(path, page)?;
    }
    Ok(())
}
