//! One measurement: so many connections doing the same thing for so long.

use std::time::{Duration, Instant};

use crate::Problem;
use crate::process::Server;

/// What one round showed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Round {
    pub per_second: f64,
    pub cpu_micros: f64,
    pub p50_micros: f64,
    pub p99_micros: f64,
}

/// Runs `operation` on every state in turn, all states at once, for `time`.
pub async fn round<S, F>(server: &Server, states: Vec<S>, time: Duration, operation: F) -> Result<(Round, Vec<S>), Problem>
where
    S: Send + 'static,
    F: AsyncFn(&mut S) -> Result<(), Problem> + Copy + 'static,
{
    let (cpu, started) = (server.cpu(), Instant::now());
    let until = started + time;
    let workers = states.into_iter().map(|mut state| async move {
        let mut latencies = Vec::with_capacity(4096);
        while Instant::now() < until {
            let begun = Instant::now();
            operation(&mut state).await?;
            latencies.push(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX));
        }
        Ok::<_, Problem>((state, latencies))
    });
    let done = futures_util::future::try_join_all(workers).await?;
    let elapsed = started.elapsed();
    let cpu = server.cpu().saturating_sub(cpu);
    let (states, latencies): (Vec<S>, Vec<Vec<u32>>) = done.into_iter().unzip();
    Ok((summary(latencies.concat(), elapsed, cpu), states))
}

fn summary(mut latencies: Vec<u32>, elapsed: Duration, cpu: Duration) -> Round {
    latencies.sort_unstable();
    let count = f64::from(u32::try_from(latencies.len()).unwrap_or(u32::MAX)).max(1.0);
    let at = |share: usize| latencies.get(latencies.len().saturating_sub(1) * share / 100).copied().map_or(0.0, f64::from);
    Round { per_second: count / elapsed.as_secs_f64(), cpu_micros: cpu.as_secs_f64() * 1e6 / count, p50_micros: at(50), p99_micros: at(99) }
}

/// The median of the rounds, figure by figure.
pub fn median(rounds: &[Round]) -> Round {
    let middle = |pick: fn(&Round) -> f64| {
        let mut values: Vec<f64> = rounds.iter().map(pick).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    Round {
        per_second: middle(|r| r.per_second),
        cpu_micros: middle(|r| r.cpu_micros),
        p50_micros: middle(|r| r.p50_micros),
        p99_micros: middle(|r| r.p99_micros),
    }
}

/// How far the rounds of one row lie apart, as a share of their median rate.
pub fn spread(rounds: &[Round]) -> f64 {
    let rates = rounds.iter().map(|r| r.per_second);
    let (low, high) = rates.fold((f64::INFINITY, 0.0_f64), |(low, high), rate| (low.min(rate), high.max(rate)));
    (high - low) / median(rounds).per_second.max(1.0)
}
