//! `healthcheck`: asks the running service. Plain, for probes: whether it is ready. With `--issuer`, for a test after an installation: also what an
//! application needs before the first sign-in.
//!
//! The questions go to `server.listen`, not through the public URL (`doctor` does that): in a cluster that is the Service.

mod provider;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::failure::Failure;
use super::output::Answer;
use crate::config::{Config, Server};

const DEADLINE: Duration = Duration::from_secs(5);

#[derive(Debug, Default, Args)]
pub(super) struct Arguments {
    /// Also ask what an application asks: the discovery document must name exactly this issuer, the key set have a key for each of its algorithms, and
    /// the token endpoint answer errors as RFC 6749 has them.
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
}

/// Asks `/health/ready` of the service that this configuration starts, and then what [`Arguments`] say.
pub(super) async fn run(arguments: &Arguments, config: &Config) -> Result<Answer, Failure> {
    let base = base(&config.server);
    // The certificate is for the public name, not for this address; the questions carry no secret, and the answers are public.
    let client = reqwest::Client::builder().no_proxy().timeout(DEADLINE).redirect(reqwest::redirect::Policy::none());
    let client = client.tls_danger_accept_invalid_certs(true).build()?;
    let url = format!("{base}/health/ready");
    let status = client.get(&url).send().await.map_err(|error| unreachable("Not ready", &url, &error))?.status();
    if !status.is_success() {
        return Err(Failure::new(format!("Not ready: {url} answered {status}. The service's log says why.")));
    }
    let Some(issuer) = &arguments.issuer else { return Ok(Answer::new("ready", &json!({ "ready": true }))) };
    let found = provider::look(&client, &base, issuer).await?;
    let algorithms = found.algorithms.join(", ");
    let text = format!("ready\nissuer {issuer}\n{} keys, for {algorithms}\nthe token endpoint answers", found.keys);
    Ok(Answer::new(text, &json!({ "ready": true, "issuer": issuer, "keys": found.keys, "algorithms": found.algorithms })))
}

fn unreachable(verdict: &str, url: &str, error: &reqwest::Error) -> Failure {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    Failure::new(format!("{verdict}: {url} does not answer: {cause}. Is the service running with this configuration?"))
}

fn base(server: &Server) -> String {
    let scheme = if server.tls_certificate.is_some() { "https" } else { "http" };
    format!("{scheme}://{}", near(server.listen))
}

/// The address as this machine reaches it: the wildcard addresses are nobody's.
pub(super) fn near(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[test]
    fn a_wildcard_address_is_asked_on_loopback() {
        let at = |listen: &str| base(&Server { listen: listen.parse().unwrap(), ..Server::default() });
        assert_eq!(at("0.0.0.0:80"), "http://127.0.0.1:80");
        assert_eq!(at("[::]:80"), "http://[::1]:80");
        assert_eq!(at("10.1.2.3:80"), "http://10.1.2.3:80");
    }

    async fn answering(response: &'static str) -> Config {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut config = Config::default();
        config.server.listen = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await;
            stream.write_all(response.as_bytes()).await.unwrap();
        });
        config
    }

    #[tokio::test]
    async fn a_service_that_is_ready_is_ready() {
        let config = answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
        assert_eq!(run(&Arguments::default(), &config).await.unwrap().text, "ready");
    }

    #[tokio::test]
    async fn a_service_that_is_not_ready_fails() {
        let config = answering("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
        assert!(run(&Arguments::default(), &config).await.unwrap_err().to_string().contains("503"));
    }

    #[tokio::test]
    async fn no_service_at_all_fails() {
        let config = answering("").await;
        let _ = run(&Arguments::default(), &config).await;
        assert!(run(&Arguments::default(), &config).await.unwrap_err().to_string().contains("does not answer"));
    }
}
