//! The product's first minute: Vestibule on embedded SQLite and two relying applications, in one process, on loopback only.
//!
//! `cargo run --release --example demo`, then open the addresses it prints. Ctrl-C removes everything it made.

mod eml;
mod logout_token;
mod mail;
mod relying_party;
mod seed;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use relying_party::{Problem, Registration, RelyingParty};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use vestibule::app::{App, Server};
use vestibule::clock::SystemClock;
use vestibule::config::{CidrList, Config, MailTransport};
use vestibule::secret::Secret;

const PROVIDER_PORT: u16 = 8080;
const AUTOTALK_PORT: u16 = 8081;
const TICKETING_PORT: u16 = 8082;

#[tokio::main]
async fn main() -> Result<(), Problem> {
    // Two TLS libraries' worth of crates are linked; rustls wants to be told which cryptography to use.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let directory = tempfile::tempdir()?;
    let autotalk = TcpListener::bind(loopback(AUTOTALK_PORT)).await.map_err(|error| taken(AUTOTALK_PORT, &error))?;
    let ticketing = TcpListener::bind(loopback(TICKETING_PORT)).await.map_err(|error| taken(TICKETING_PORT, &error))?;

    let app = App::open(config(directory.path())?, Arc::new(SystemClock)).await?;
    seed::people_and_applications(&app, AUTOTALK_PORT, TICKETING_PORT).await?;
    let issuer = app.issuer.as_str().to_owned();
    let mailbox = mail::router(app.config.mail.directory.clone());
    let server = Server::bind(app).await?.beside(mailbox);
    let stop = CancellationToken::new();
    let provider = tokio::spawn(server.run(stop.clone()));

    for (listener, registration) in [(autotalk, seed::AUTOTALK), (ticketing, seed::TICKETING)] {
        let base_url = format!("http://localhost:{}", listener.local_addr()?.port());
        let (name, client_id, client_secret) = registration;
        let application = RelyingParty::discover(&issuer, Registration { name, client_id, client_secret, base_url }).await?;
        let stop = stop.clone();
        tokio::spawn(async move { axum::serve(listener, application.router()).with_graceful_shutdown(stop.cancelled_owned()).await });
    }
    announce(&issuer);
    tokio::signal::ctrl_c().await?;
    stop.cancel();
    provider.await?;
    Ok(())
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

fn taken(port: u16, error: &std::io::Error) -> Problem {
    format!("the demo needs port {port} on localhost: {error}").into()
}

/// The defaults of the service, in a directory that goes away, with the applications' loopback addresses allowed for logout notices.
fn config(directory: &Path) -> Result<Config, Problem> {
    let mut config = Config::default();
    config.server.listen = loopback(PROVIDER_PORT);
    config.database.url = Secret::new(format!("sqlite://{}", directory.join("vestibule.db").display()));
    config.keys.directory = directory.join("keys");
    config.mail.transport = MailTransport::File;
    config.mail.directory = directory.join("mail");
    config.outbound.allowed_networks = "127.0.0.0/8, ::1".parse::<CidrList>()?;
    Ok(config)
}

#[expect(clippy::print_stdout, reason = "this is what the demo has to say")]
fn announce(issuer: &str) {
    println!("AutoTalk   http://localhost:{AUTOTALK_PORT}   an application: sign in here first");
    println!("Ticketing  http://localhost:{TICKETING_PORT}   another one: no second prompt");
    println!("Vestibule  {issuer}/account   the identity provider and My Account");
    println!("Mail       {issuer}/demo/mail   what people get sent");
    println!("Account    {}   password: {}", seed::EMAIL, seed::PASSWORD);
    println!("Ctrl-C ends the demo and removes everything it made.");
}
