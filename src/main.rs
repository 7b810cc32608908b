//! The binary: a runtime, a cryptography provider, and the command line.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser as _;
use vestibule::cli::{self, Cli};

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Fails only when a provider is installed already, which is what we want.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(cli::run(cli)),
        Err(error) => cli::report_failure(&format!("The asynchronous runtime cannot be started: {error}.")),
    }
}
