//! Calls to the outside: one client with a guard against server-side request forgery.
//!
//! Owns: every outgoing HTTP call. The resolved address is checked and the connection pinned to it; no redirects, no proxies; answer and
//! time bounded; loopback, private, link-local and special-use ranges refused unless `outbound.allowed_networks` has them.
//! Must not: know why somebody is called. OWASP ASVS 5 §1.3.6, OWASP SSRF Prevention Cheat Sheet.

mod authorities;
mod collector;
mod guard;
mod resolver;

pub use authorities::Authorities;
pub use collector::Collector;

use std::error::Error as _;
use std::sync::Arc;

use guard::{Guard, Reach};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Certificate, Client, ClientBuilder, RequestBuilder, Response, redirect};
use resolver::{Forbidden, GuardedResolver};
use tracing::Instrument as _;
use url::{Host, Url};

use crate::config;
use crate::telemetry::{self, SPANS};

#[derive(Debug, thiserror::Error)]
pub enum CallError {
    #[error("not a URL that may be called: {0}")]
    Url(String),
    /// The name resolves to addresses that may not be called.
    #[error("{host} resolves to an address that outbound.allowed_networks does not allow")]
    Forbidden { host: String },
    #[error("{0}")]
    Transport(String),
}

/// The client. Cheap to clone.
#[derive(Clone)]
pub struct Outbound {
    /// For `https`: public and allowed addresses.
    public: Caller,
    /// For `http`: allowed addresses alone, since anybody on the way can read and change what is sent.
    internal: Caller,
}

/// A client that connects to nothing its guard does not let through.
#[derive(Clone)]
struct Caller {
    client: Client,
    guard: Arc<Guard>,
}

impl Outbound {
    /// # Errors
    /// When `extra_ca_file`, or what `SSL_CERT_FILE` and `SSL_CERT_DIR` name, cannot be read.
    pub fn new(config: &config::Outbound) -> Result<Self, String> {
        // `reqwest` takes the process's provider; when somebody has installed one already, it is this one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let public = Authorities::read()?;
        tracing::info!(authorities = public.told(), "certificates of those who are called");
        let authorities = with_extra(&public, config)?;
        let caller = |reach: Reach, trust: &dyn Fn(ClientBuilder) -> ClientBuilder| {
            let guard = Arc::new(Guard::new(config.allowed_networks.clone(), reach));
            trust(builder(config, &guard)).build().map(|client| Caller { client, guard })
        };
        let public = caller(Reach::Public, &|builder| builder.https_only(true).tls_certs_only(authorities.clone()));
        let internal = caller(Reach::AllowedOnly, &|builder| builder.tls_certs_only([]));
        Ok(Self { public: public.map_err(|error| chain(&error))?, internal: internal.map_err(|error| chain(&error))? })
    }

    /// Posts a form (`https`, or `http` to an allowed network) and answers the status. The body of the answer is not read.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn post_form(&self, url: &str, form: &[(&str, &str)]) -> Result<http::StatusCode, CallError> {
        let (url, caller) = self.caller(url)?;
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = caller.client.post(url.clone()).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        let response = send(request, "POST", &url).await?;
        Ok(response.status())
    }

    /// Gets a text of at most `limit` bytes, when the answer is 200.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn get_text(&self, url: &str, headers: &[(&str, &str)], limit: usize) -> Result<String, CallError> {
        let (url, caller) = self.caller(url)?;
        let request = headers.iter().fold(caller.client.get(url.clone()), |request, (name, value)| request.header(*name, *value));
        let mut response = send(request, "GET", &url).await?;
        if response.status() != http::StatusCode::OK {
            return Err(CallError::Transport(format!("answered {}", response.status())));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failure(&url, error))? {
            body.extend_from_slice(&chunk);
            if body.len() > limit {
                return Err(CallError::Transport(format!("the answer is longer than {limit} bytes")));
            }
        }
        String::from_utf8(body).map_err(|_| CallError::Transport("the answer is no text".to_owned()))
    }

    /// Who may call this address.
    fn caller(&self, url: &str) -> Result<(Url, &Caller), CallError> {
        let url = Url::parse(url).map_err(|error| CallError::Url(error.to_string()))?;
        let caller = match url.scheme() {
            "https" => &self.public,
            "http" => &self.internal,
            other => return Err(CallError::Url(format!("{other} is neither https nor http"))),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(CallError::Url("it has a user name or a password".to_owned()));
        }
        caller.check_literal(&url)?;
        Ok((url, caller))
    }
}

impl Caller {
    /// Addresses written into the URL never reach the resolver. The URL parser has brought every spelling of them (`0x7f.1`, `2130706433`,
    /// `[::ffff:127.0.0.1]`) into one form.
    fn check_literal(&self, url: &Url) -> Result<(), CallError> {
        let permitted = match url.host() {
            Some(Host::Ipv4(address)) => self.guard.permits(address.into()),
            Some(Host::Ipv6(address)) => self.guard.permits(address.into()),
            Some(Host::Domain(_)) => true,
            None => return Err(CallError::Url("it has no host".to_owned())),
        };
        if permitted { Ok(()) } else { Err(CallError::Forbidden { host: host_of(url) }) }
    }
}

/// Sends a request in a span of its own, and says so to whom it goes. Of the URL only the host is told: paths and queries can carry secrets.
async fn send(request: RequestBuilder, method: &'static str, url: &Url) -> Result<Response, CallError> {
    let span = tracing::trace_span!(
        target: SPANS,
        "call",
        otel.name = method,
        otel.kind = "client",
        otel.status_code = tracing::field::Empty,
        http.request.method = method,
        http.response.status_code = tracing::field::Empty,
        server.address = url.host_str(),
    );
    let sending = async {
        let mut headers = HeaderMap::new();
        telemetry::request::inject(&mut headers);
        let outcome = request.headers(headers).send().await.map_err(|error| failure(url, error));
        let span = tracing::Span::current();
        match &outcome {
            Ok(response) => span.record("http.response.status_code", i64::from(response.status().as_u16())),
            Err(_) => span.record("otel.status_code", "ERROR"),
        };
        outcome
    };
    sending.instrument(span).await
}

fn builder(config: &config::Outbound, guard: &Arc<Guard>) -> ClientBuilder {
    Client::builder()
        .user_agent("vestibule")
        .dns_resolver(GuardedResolver::new(Arc::clone(guard)))
        .redirect(redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .timeout(config.timeout.0)
        // An idle connection would be used again without looking at what its name means by then.
        .pool_max_idle_per_host(0)
}

/// Whose certificates are believed: the public authorities and `outbound.extra_ca_file`.
///
/// # Errors
/// As [`Outbound::new`].
pub fn trusted(config: &config::Outbound) -> Result<Vec<Certificate>, String> {
    with_extra(&Authorities::read()?, config)
}

fn with_extra(public: &Authorities, config: &config::Outbound) -> Result<Vec<Certificate>, String> {
    let mut trusted = extra_authorities(config)?;
    for certificate in &public.certificates {
        trusted.push(Certificate::from_der(certificate).map_err(|error| chain(&error))?);
    }
    Ok(trusted)
}

fn extra_authorities(config: &config::Outbound) -> Result<Vec<Certificate>, String> {
    let Some(path) = &config.extra_ca_file else { return Ok(Vec::new()) };
    let problem = |detail: String| format!("outbound.extra_ca_file: {}: {detail}", path.display());
    let pem = std::fs::read(path).map_err(|error| problem(error.to_string()))?;
    let certificates = Certificate::from_pem_bundle(&pem).map_err(|error| problem(chain(&error)))?;
    if certificates.is_empty() { Err(problem("no certificate in it".to_owned())) } else { Ok(certificates) }
}

fn failure(url: &Url, error: reqwest::Error) -> CallError {
    let mut source = error.source();
    while let Some(inner) = source {
        if inner.is::<Forbidden>() {
            return CallError::Forbidden { host: host_of(url) };
        }
        source = inner.source();
    }
    // `reqwest` would tell the whole URL.
    CallError::Transport(format!("{}: {}", host_of(url), chain(&error.without_url())))
}

fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

/// An error with all its causes on one line: `reqwest` keeps what matters in the last of them.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::config::Span;

    /// A server that answers everything with `answer` and counts its connections.
    async fn server(answer: &'static str) -> (SocketAddr, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let mut request = vec![0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.flush().await;
            }
        });
        (address, connections)
    }

    const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

    fn outbound(allowed: &str) -> Outbound {
        let allowed_networks = allowed.parse().unwrap();
        Outbound::new(&config::Outbound { allowed_networks, timeout: Span::secs(5), ..config::Outbound::default() }).unwrap()
    }

    #[tokio::test]
    async fn loopback_is_refused_unless_it_is_allowed() {
        let (address, connections) = server(OK).await;
        let url = format!("http://{address}/logout");
        let refused = outbound("").post_form(&url, &[("a", "b")]).await;
        assert!(matches!(refused, Err(CallError::Forbidden { .. })), "{refused:?}");
        assert_eq!(connections.load(Ordering::SeqCst), 0);
        assert_eq!(outbound("127.0.0.0/8").post_form(&url, &[("a", "b")]).await.unwrap(), 200);
        assert_eq!(connections.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_name_that_means_loopback_is_refused_unless_it_is_allowed() {
        let (address, connections) = server(OK).await;
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://localhost:{}/logout", address.port());
            let refused = outbound("").post_form(&url, &[]).await;
            assert!(matches!(refused, Err(CallError::Forbidden { .. })), "{refused:?}");
        }
        assert_eq!(connections.load(Ordering::SeqCst), 0);
        let url = format!("http://localhost:{}/logout", address.port());
        assert_eq!(outbound("127.0.0.0/8,::1").post_form(&url, &[]).await.unwrap(), 200);
    }

    #[tokio::test]
    async fn plain_http_goes_to_allowed_networks_only() {
        let refused = outbound("10.0.0.0/8").post_form("http://8.8.8.8/logout", &[]).await;
        assert!(matches!(refused, Err(CallError::Forbidden { .. })), "{refused:?}");
    }

    #[tokio::test]
    async fn every_spelling_of_loopback_is_refused() {
        for url in
            ["https://0x7f.1/", "https://2130706433/", "https://[::ffff:127.0.0.1]/", "https://[::1]/", "https://0/", "https://127.1/"]
        {
            let refused = outbound("").post_form(url, &[]).await;
            assert!(matches!(refused, Err(CallError::Forbidden { .. })), "{url}: {refused:?}");
        }
    }

    #[tokio::test]
    async fn what_is_no_web_address_is_refused() {
        for url in ["", "logout", "file:///etc/passwd", "ftp://example.com/", "https://ada:secret@example.com/"] {
            assert!(matches!(outbound("").post_form(url, &[]).await, Err(CallError::Url(_))), "{url}");
        }
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_not_an_order() {
        let (target, followed) = server(OK).await;
        let answer = format!("HTTP/1.1 307 Temporary Redirect\r\nlocation: http://{target}/\r\ncontent-length: 0\r\n\r\n");
        let (address, _) = server(answer.leak()).await;
        assert_eq!(outbound("127.0.0.0/8").post_form(&format!("http://{address}/"), &[]).await.unwrap(), 307);
        assert_eq!(followed.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn a_server_that_never_answers_is_not_waited_for() {
        let (address, _) = server("").await;
        let config = config::Outbound {
            allowed_networks: "127.0.0.1".parse().unwrap(),
            timeout: Span(std::time::Duration::from_millis(100)),
            ..config::Outbound::default()
        };
        let failed = Outbound::new(&config).unwrap().post_form(&format!("http://{address}/paths?can=be-secrets"), &[]).await;
        assert!(
            matches!(&failed, Err(CallError::Transport(text)) if text.starts_with("127.0.0.1: ") && !text.contains("secrets")),
            "{failed:?}"
        );
    }

    const FIVE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello";

    #[tokio::test]
    async fn an_answer_is_read_up_to_its_limit_and_only_when_it_is_one() {
        let get = async |answer: &'static str, limit: usize| {
            let (address, _) = server(answer).await;
            outbound("127.0.0.1").get_text(&format!("http://{address}/"), &[("accept", "text/plain")], limit).await
        };
        assert_eq!(get(FIVE, 5).await.unwrap(), "hello");
        assert!(matches!(get(FIVE, 4).await, Err(CallError::Transport(text)) if text.contains("longer than 4 bytes")));
        let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n";
        assert!(get(chunked, 9).await.is_err(), "no length announced");
        assert_eq!(get(chunked, 10).await.unwrap(), "helloworld");
        let moved = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
        assert!(matches!(get(moved, 9).await, Err(CallError::Transport(text)) if text.contains("302")));
        assert!(get("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n\u{fffd}", 9).await.is_err(), "cut in a letter");
    }

    #[tokio::test]
    async fn an_answer_that_trickles_ends_with_the_time_for_the_whole_call() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n").await;
            while stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        });
        let config = config::Outbound {
            allowed_networks: "127.0.0.1".parse().unwrap(),
            timeout: Span(std::time::Duration::from_millis(300)),
            ..config::Outbound::default()
        };
        let failed = Outbound::new(&config).unwrap().get_text(&format!("http://{address}/"), &[], 1 << 20).await;
        assert!(matches!(failed, Err(CallError::Transport(_))), "{failed:?}");
    }

    #[test]
    fn a_missing_or_empty_authority_file_is_named() {
        let config = config::Outbound { extra_ca_file: Some("/nowhere/ca.pem".into()), ..config::Outbound::default() };
        assert!(Outbound::new(&config).err().unwrap().contains("/nowhere/ca.pem"));
        let empty = tempfile::NamedTempFile::new().unwrap();
        let config = config::Outbound { extra_ca_file: Some(empty.path().to_owned()), ..config::Outbound::default() };
        assert!(Outbound::new(&config).err().unwrap().contains("no certificate"));
    }
}
