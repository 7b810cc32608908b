//! The result as a Markdown page: target, result, ratio.

use std::fmt::Write as _;

use crate::Plan;
use crate::measure::{Round, median, spread};
use crate::rows::{Results, Step};

const SQLITE: &str = "Vestibule, SQLite";
const POSTGRES: &str = "Vestibule, PostgreSQL";
const LIMITED: &str = "Vestibule, limits on";
const PEER: &str = "npm oidc-provider";
const BARE: &str = "bare axum";

impl Results {
    fn row(&self, step: Step, server: &'static str) -> Option<Round> {
        self.rounds.get(&(step, server)).map(|rounds| median(rounds))
    }
}

pub fn markdown(plan: &Plan, results: &Results) -> String {
    let mut page = String::from("# Performance\n\n");
    let _ = writeln!(
        page,
        "One run of `benches/load/run`: medians of {} rounds of {} ms each, {} keep-alive connections, servers and driver on the same {} cores, all servers up\n\
         at once and measured in turn. Absolute figures are context; the ratios are what counts. CPU includes PostgreSQL's processes.\n",
        plan.rounds,
        plan.time.as_millis(),
        plan.connections,
        std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
    );
    rates(&mut page, results);
    against_peer(&mut page, results);
    against_limits(&mut page, results);
    processes(&mut page, results);
    page
}

fn rates(page: &mut String, results: &Results) {
    page.push_str("## Every server\n\n| step | server | per second | CPU µs per operation | p50 ms | p99 ms | spread |\n|---|---|---:|---:|---:|---:|---:|\n");
    for ((step, server), rounds) in &results.rounds {
        let row = median(rounds);
        let _ = writeln!(
            page,
            "| {} | {server} | {:.0} | {:.0} | {:.2} | {:.2} | {:.0} % |",
            step.name(),
            row.per_second,
            row.cpu_micros,
            row.p50_micros / 1e3,
            row.p99_micros / 1e3,
            spread(rounds) * 100.0
        );
    }
}

/// Step, server, least CPU ratio, least rate ratio. None where the target is against another peer (PostgreSQL against PostgreSQL) or there is
/// none: those rows are shown without a verdict.
const PEER_TARGETS: [(Step, &str, Option<f64>, Option<f64>); 13] = [
    (Step::Discovery, SQLITE, Some(10.0), Some(5.0)),
    (Step::Jwks, SQLITE, Some(10.0), Some(5.0)),
    (Step::ClientCredentials, SQLITE, Some(6.0), None),
    (Step::Authorize, SQLITE, None, None),
    (Step::Login, SQLITE, Some(6.0), Some(5.0)),
    (Step::Refresh, SQLITE, Some(5.0), None),
    (Step::Userinfo, SQLITE, Some(6.0), None),
    (Step::Introspect, SQLITE, Some(6.0), None),
    (Step::ClientCredentials, POSTGRES, None, None),
    (Step::Login, POSTGRES, None, None),
    (Step::Refresh, POSTGRES, None, None),
    (Step::Userinfo, POSTGRES, None, None),
    (Step::Introspect, POSTGRES, None, None),
];

/// A target as the table shows it.
fn shown(target: Option<f64>) -> String {
    target.map_or_else(|| "–".to_owned(), |target| format!("{target:.0}"))
}

fn against_peer(page: &mut String, results: &Results) {
    page.push_str(
        "\n## Against npm oidc-provider with its in-memory store\n\n| step | ours | CPU ratio (target) | rate ratio (target) | p99 ratio (target 5) | |\n|---|---|---:|---:|---:|---|\n",
    );
    for (step, server, cpu_target, rate_target) in PEER_TARGETS {
        let (Some(ours), Some(peer)) = (results.row(step, server), results.row(step, PEER)) else { continue };
        let (cpu, rate, p99) = (peer.cpu_micros / ours.cpu_micros, ours.per_second / peer.per_second, peer.p99_micros / ours.p99_micros);
        let verdict = match cpu_target {
            None => "no target",
            Some(least) if cpu >= least && rate_target.is_none_or(|least| rate >= least) => "met",
            Some(_) => "**missed**",
        };
        let _ = writeln!(
            page,
            "| {} | {server} | ×{cpu:.1} ({}) | ×{rate:.1} ({}) | ×{p99:.1} | {verdict} |",
            step.name(),
            shown(cpu_target),
            shown(rate_target)
        );
    }
    page.push_str("\nThe targets for PostgreSQL are against the peer on PostgreSQL, which this run does not have.\n");
}

fn against_limits(page: &mut String, results: &Results) {
    let limits = &results.limits;
    let _ = writeln!(
        page,
        "\n## Against the limits of the machine\n\nES256 {:.0} signatures/s/core, RS256 {:.0}/s/core, Argon2id {:.0} hashes/s on all hash threads, durable commits of one row at 16 callers: SQLite {:.0}/s, PostgreSQL {:.0}/s.\n",
        limits.es256_signatures, limits.rs256_signatures, limits.password_hashes, limits.sqlite_commits, limits.postgres_commits
    );
    page.push_str("| step | result | limit | share (target) | |\n|---|---:|---:|---:|---|\n");
    let mut line = |name: &str, result: Option<f64>, limit: f64, target: f64| {
        let Some(result) = result else { return };
        let share = result / limit;
        let _ = writeln!(
            page,
            "| {name} | {result:.0}/s | {limit:.0}/s | {:.0} % ({:.0} %) | {} |",
            share * 100.0,
            target * 100.0,
            if share >= target { "met" } else { "**missed**" }
        );
    };
    let rate = |step, server| results.row(step, server).map(|row| row.per_second);
    // CPU per operation on the server side decides: 1 / Σ cpu, per core.
    let per_core = |step, server| results.row(step, server).map(|row| 1e6 / row.cpu_micros);
    let http = results.row(Step::Discovery, BARE).map_or(f64::INFINITY, |row| row.cpu_micros);
    let signing = 1e6 / (http + 1e6 / limits.es256_signatures);
    let two_signatures = 1e6 / (2.0 * http + 2e6 / limits.es256_signatures);
    line("discovery, against the bare handler", rate(Step::Discovery, SQLITE), rate(Step::Discovery, BARE).unwrap_or(1.0), 0.85);
    line("client_credentials per core, against http + signature", per_core(Step::ClientCredentials, SQLITE), signing, 0.70);
    line(
        "login per core, SQLite, against two requests + two signatures",
        per_core(Step::Login, SQLITE),
        two_signatures.min(limits.sqlite_commits),
        0.60,
    );
    line("login, PostgreSQL, against the insert-commit rate", rate(Step::Login, POSTGRES), limits.postgres_commits, 0.60);
    line("refresh, PostgreSQL, against the commit rate", rate(Step::Refresh, POSTGRES), limits.postgres_commits, 0.60);
    line("password sign-in, against the hash rate", rate(Step::PasswordSignIn, SQLITE), limits.password_hashes, 0.90);
    line(
        "client_credentials with rate limits on, against off",
        rate(Step::ClientCredentials, LIMITED),
        rate(Step::ClientCredentials, SQLITE).unwrap_or(1.0),
        0.95,
    );
    let (calm, storm) = results.storm_p99;
    let ratio = storm / calm.max(1.0);
    let verdict = if ratio <= 3.0 { "met" } else { "**missed**" };
    let (storm, calm) = (storm / 1e3, calm / 1e3);
    let _ = writeln!(
        page,
        "\nToken p99 while sign-ins saturate the hash threads: {storm:.2} ms, against {calm:.2} ms without: ×{ratio:.1} (target ≤ ×3): {verdict}."
    );
}

fn processes(page: &mut String, results: &Results) {
    page.push_str("\n## Start and memory\n\n| server | start to first 200, keys and schema in place | RSS idle | RSS after the load |\n|---|---:|---:|---:|\n");
    for (name, cold_start, idle, loaded) in &results.processes {
        let _ = writeln!(page, "| {name} | {} ms | {idle:.0} MiB | {loaded:.0} MiB |", cold_start.as_millis());
    }
    page.push_str("\nTargets: start ≤ 100 ms on SQLite, ≤ 200 ms on PostgreSQL and ≤ 1/8 of the peer's; RSS idle ≤ 25 MiB, after load ≤ 60 MiB plus the Argon2 arenas (19 MiB per hash thread).\n");
}
