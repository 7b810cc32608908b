//! A fuzz driver for a stable compiler: runs every target over its corpus, then over mutations of it, and keeps what made one panic or take too long.
//!
//! Not an example of anything: it lies here because an example is built with what the service and its tests have compiled already, where a fuzz target of
//! its own workspace costs a second build of every dependency. `tests/fuzz` has the corpus and the command.
//!
//! It has no eyes for coverage: what it finds new, the structure of the corpus and the dictionary must lead it to. In return it needs no second build of
//! the dependencies and no other compiler, and what it does is decided by `--seed` alone.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a driver on the command line; what it finds must stop it"
)]

mod mutate;
mod service;
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use mutate::Mutator;
use targets::{TARGETS, Target};

/// An input that takes longer is kept as a crash is. Generous: the build is not optimised and the machine may be busy.
const TOO_LONG: Duration = Duration::from_secs(5);

struct Options {
    target: Option<String>,
    seconds: u64,
    seed: u64,
    corpus: PathBuf,
    crashes: PathBuf,
    files: Vec<PathBuf>,
}

fn options() -> Result<Options, String> {
    let mut options = Options { target: None, seconds: 30, seed: 1, corpus: "corpus".into(), crashes: "crashes".into(), files: Vec::new() };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--target" => options.target = Some(value()?),
            "--seconds" => options.seconds = value()?.parse().map_err(|error| format!("--seconds: {error}"))?,
            "--seed" => options.seed = value()?.parse().map_err(|error| format!("--seed: {error}"))?,
            "--corpus" => options.corpus = value()?.into(),
            "--crashes" => options.crashes = value()?.into(),
            "--list" => {
                TARGETS.iter().for_each(|target| println!("{}", target.name));
                std::process::exit(0);
            }
            word if word.starts_with("--") => return Err(format!("unknown option {word}")),
            file => options.files.push(file.into()),
        }
    }
    Ok(options)
}

/// Whether the target came back, in time and without a panic. What did not is kept.
fn survives(target: &Target, input: &[u8], crashes: &Path) -> bool {
    let start = Instant::now();
    let ended = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    let took = start.elapsed();
    if ended.is_ok() && took < TOO_LONG {
        return true;
    }
    let file = crashes.join(format!("{}-{:016x}", target.name, mutate::hash(input)));
    let kept = std::fs::create_dir_all(crashes).and_then(|()| std::fs::write(&file, input));
    let what = if ended.is_err() { "panicked".to_owned() } else { format!("took {took:?}") };
    eprintln!("FAILED: {} {what}: {} ({kept:?})", target.name, file.display());
    false
}

/// The kept inputs of a target, in the order of their names.
fn corpus(directory: &Path, target: &Target) -> Vec<Vec<u8>> {
    let Ok(entries) = std::fs::read_dir(directory.join(target.name)) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    files.iter().filter_map(|file| std::fs::read(file).ok()).collect()
}

fn fuzz(target: &Target, options: &Options, time: Duration) -> Result<u64, ()> {
    let kept = corpus(&options.corpus, target);
    if kept.is_empty() {
        eprintln!("FAILED: {} has no corpus", target.name);
        return Err(());
    }
    for input in &kept {
        if !survives(target, input, &options.crashes) {
            return Err(());
        }
    }
    let mut mutator = Mutator::new(options.seed ^ mutate::hash(target.name.as_bytes()), target.words);
    let (start, mut runs) = (Instant::now(), 0);
    while start.elapsed() < time {
        if !survives(target, &mutator.next(&kept), &options.crashes) {
            return Err(());
        }
        runs += 1;
    }
    Ok(runs)
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let chosen: Vec<&Target> = TARGETS.iter().filter(|target| options.target.as_ref().is_none_or(|name| target.name == name)).collect();
    if chosen.is_empty() {
        eprintln!("no such target; --list names them");
        return ExitCode::from(2);
    }
    if !options.files.is_empty() {
        let inputs = options.files.iter().map(|file| std::fs::read(file).expect("the file can be read"));
        let fine = inputs.fold(true, |fine, input| chosen.iter().all(|target| survives(target, &input, &options.crashes)) && fine);
        return if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let each = Duration::from_secs(options.seconds) / u32::try_from(chosen.len()).unwrap_or(1);
    let mut fine = true;
    for target in chosen {
        match fuzz(target, &options, each) {
            Ok(runs) => println!("{:<16} ok  {runs} mutations", target.name),
            Err(()) => fine = false,
        }
    }
    if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
