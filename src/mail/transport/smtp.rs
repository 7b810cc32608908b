//! `smtp`: RFC 5321 with STARTTLS (RFC 3207) or TLS from the first byte (RFC 8314 §3.3), and AUTH (RFC 4954).
//!
//! lettre's connection with our own pool: its own gives a connection back when a send is given up in the middle, with an answer still to come that
//! the next message would take for its own. Here such a connection is closed.

use std::path::Path;
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::{Response, Severity};
use tokio::sync::Mutex;

use super::{Failure, Reason};
use crate::config::{self, SmtpTls};
use crate::mail::compose::{Fault, Outgoing};
use crate::outbound::Authorities;

/// Connections kept for the next message.
const KEPT: usize = 4;

pub(crate) struct Smtp {
    host: String,
    port: u16,
    encryption: Encryption,
    credentials: Option<Credentials>,
    timeout: Duration,
    idle: Mutex<Vec<AsyncSmtpConnection>>,
}

enum Encryption {
    None,
    StartTls(TlsParameters),
    Tls(TlsParameters),
}

impl Smtp {
    pub(super) fn new(config: &config::Mail) -> Result<Self, Fault> {
        let (encryption, port) = match config.smtp_tls {
            SmtpTls::None => (Encryption::None, 25),
            SmtpTls::Starttls => (Encryption::StartTls(parameters(config)?), 587),
            SmtpTls::Tls => (Encryption::Tls(parameters(config)?), 465),
        };
        let credentials = config.smtp_username.clone().zip(config.smtp_password.as_ref());
        Ok(Self {
            host: config.smtp_host.clone(),
            port: config.smtp_port.unwrap_or(port),
            encryption,
            credentials: credentials.map(|(name, password)| Credentials::new(name, password.expose().clone())),
            timeout: config.timeout.0,
            idle: Mutex::new(Vec::new()),
        })
    }

    /// Within `mail.timeout` in all. A connection that was given up on is closed, not kept.
    pub(super) async fn send(&self, outgoing: &Outgoing) -> Result<String, Failure> {
        let attempt = async {
            let mut connection = self
                .connection()
                .await
                .map_err(|error| Failure::Again(Reason::new("connection", format!("{}:{}: {error}", self.host, self.port))))?;
            match deliver(&mut connection, outgoing).await {
                Ok(response) => {
                    self.keep(connection).await;
                    Ok(tell(&response))
                }
                Err(failure) => {
                    connection.abort().await;
                    Err(failure)
                }
            }
        };
        let late = || Failure::Again(Reason::new("timeout", format!("{}:{} has not taken it within mail.timeout", self.host, self.port)));
        tokio::time::timeout(self.timeout, attempt).await.unwrap_or_else(|_| Err(late()))
    }

    /// Connects, greets, encrypts and authenticates, and says goodbye.
    pub(super) async fn probe(&self) -> Result<String, String> {
        let place = format!("{}:{}", self.host, self.port);
        let attempt = async {
            let mut connection = self.connection().await.map_err(|error| format!("{place}: {error}"))?;
            let encrypted = connection.is_encrypted();
            let _ = connection.quit().await;
            let how = if encrypted { "encrypted" } else { "not encrypted" };
            let who = if self.credentials.is_some() { ", and knows us" } else { "" };
            Ok(format!("{place} takes mail, {how}{who}"))
        };
        tokio::time::timeout(self.timeout, attempt).await.unwrap_or_else(|_| Err(format!("{place} does not answer within mail.timeout")))
    }

    async fn connection(&self) -> Result<AsyncSmtpConnection, Error> {
        while let Some(mut kept) = self.take().await {
            // Servers close what is idle.
            if kept.test_connected().await {
                return Ok(kept);
            }
        }
        let (server, name) = ((self.host.as_str(), self.port), ClientId::default());
        let wrapper = if let Encryption::Tls(parameters) = &self.encryption { Some(parameters.clone()) } else { None };
        let mut connection = AsyncSmtpConnection::connect_tokio1(server, Some(self.timeout), &name, wrapper, None).await?;
        if let Encryption::StartTls(parameters) = &self.encryption {
            // Fails where the server does not offer it: nothing is ever sent in the clear instead.
            connection.starttls(parameters.clone(), &name).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }

    async fn take(&self) -> Option<AsyncSmtpConnection> {
        self.idle.lock().await.pop()
    }

    async fn keep(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle.lock().await;
        if idle.len() < KEPT {
            idle.push(connection);
        }
    }
}

/// MAIL, RCPT, DATA, the message. Only a refusal of the recipient or of the message is final: one of the sender is about our own settings.
async fn deliver(connection: &mut AsyncSmtpConnection, outgoing: &Outgoing) -> Result<Response, Failure> {
    let (envelope, message) = (&outgoing.envelope, outgoing.bytes.as_slice());
    let offers = |extension| connection.server_info().supports_feature(extension);
    let mut parameters = Vec::new();
    let international = |address: &Address| !AsRef::<str>::as_ref(address).is_ascii();
    if envelope.to().iter().chain(envelope.from()).any(international) {
        // RFC 6531 §3.1.
        if !offers(Extension::SmtpUtfEight) {
            return Err(Failure::Final(Reason::new("smtputf8", "the server takes no addresses with other letters than ASCII (SMTPUTF8)")));
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    if !message.is_ascii() && offers(Extension::EightBitMime) {
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    connection.command(Mail::new(envelope.from().cloned(), parameters)).await.map_err(|error| Failure::Again(reason(&error)))?;
    for recipient in envelope.to() {
        connection.command(Rcpt::new(recipient.clone(), Vec::new())).await.map_err(|error| refusal(&error))?;
    }
    connection.command(Data).await.map_err(|error| refusal(&error))?;
    connection.message(message).await.map_err(|error| refusal(&error))
}

/// RFC 5321 §4.2.1: 5yz is permanent; but 530 and 535 (RFC 4954 §6) say that we are not known.
fn refusal(error: &Error) -> Failure {
    let code = error.status().filter(|code| code.severity == Severity::PermanentNegativeCompletion).map(u16::from);
    match code {
        None | Some(530 | 534 | 535) => Failure::Again(reason(error)),
        Some(_) => Failure::Final(reason(error)),
    }
}

fn reason(error: &Error) -> Reason {
    let kind = error.status().map_or_else(|| "connection".to_owned(), |code| format!("smtp {code}"));
    Reason { kind, text: error.to_string() }
}

fn tell(response: &Response) -> String {
    let words: Vec<&str> = response.message().collect();
    format!("{} {}", response.code(), words.join(" "))
}

fn parameters(config: &config::Mail) -> Result<TlsParameters, Fault> {
    let public = Authorities::read().map_err(|what| ("mail.smtp_tls", what))?;
    // The same authorities as every other call: lettre would take a list of its own.
    let mut builder = TlsParameters::builder(config.smtp_host.clone()).certificate_store(CertificateStore::None);
    for certificate in &public.certificates {
        let certificate = Certificate::from_der(certificate.to_vec()).map_err(|error| ("mail.smtp_tls", error.to_string()))?;
        builder = builder.add_root_certificate(certificate);
    }
    if let Some(file) = &config.smtp_ca_file {
        builder = builder.add_root_certificate(authorities(file).map_err(|what| ("mail.smtp_ca_file", what))?);
    }
    builder.build().map_err(|error| ("mail.smtp_ca_file", error.to_string()))
}

fn authorities(file: &Path) -> Result<Certificate, String> {
    let pem = std::fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    // A file without any certificate would be trusted for nothing, silently.
    if !pem.windows(11).any(|window| window == b"BEGIN CERTI") {
        return Err(format!("{} has no PEM certificate", file.display()));
    }
    Certificate::from_pem(&pem).map_err(|error| format!("{}: {error}", file.display()))
}
