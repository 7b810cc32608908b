//! What holds for every input: property tests against small models, many cases each. `VESTIBULE_TEST_LONG=1` runs fifty times as many
//! where nothing but a function is called, and 10,000 where a database is asked (SECURITY TE: the figure of the long run), or what is written there.

mod buckets;
mod headers;
mod input;
mod refresh;
mod secrets;

use proptest::test_runner::Config;

/// Cheap cases: nothing but a function is called.
fn many() -> Config {
    cases(10_000, 500_000)
}

/// Cases that ask a database: so many, and so many in a long run.
fn few(number: u32, in_a_long_run: u32) -> Config {
    cases(number, in_a_long_run)
}

fn cases(number: u32, in_a_long_run: u32) -> Config {
    let long = std::env::var("VESTIBULE_TEST_LONG").is_ok_and(|value| value == "1");
    // What fails is printed whole, to become a test of its own: nothing is written beside the source.
    Config { cases: if long { in_a_long_run } else { number }, failure_persistence: None, ..Config::default() }
}

/// A runtime for the cases that need one.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}
