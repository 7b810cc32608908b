//! `healthcheck`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use serde_json::json;

use super::failure::Failure;
use super::output::Answer;
use crate::config::{Config, Server};

const DEADLINE: Duration = Duration::from_secs(5);

/// Asks `/health/ready` of the service that this configuration starts.
pub(super) async fn run(config: &Config) -> Result<Answer, Failure> {
    let url = url(&config.server);
    // The certificate is for the public name, not for this address; the question carries no secret and the answer is one bit.
    let client = reqwest::Client::builder().no_proxy().timeout(DEADLINE).tls_danger_accept_invalid_certs(true).build()?;
    let status = client.get(&url).send().await.map_err(|error| unreachable(&url, &error))?.status();
    if status.is_success() {
        Ok(Answer::new("ready", &json!({ "ready": true })))
    } else {
        Err(Failure::new(format!("Not ready: {url} answered {status}. The service's log says why.")))
    }
}

fn unreachable(url: &str, error: &reqwest::Error) -> Failure {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    Failure::new(format!("Not ready: {url} does not answer: {cause}. Is the service running with this configuration?"))
}

fn url(server: &Server) -> String {
    let scheme = if server.tls_certificate.is_some() { "https" } else { "http" };
    format!("{scheme}://{}/health/ready", near(server.listen))
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
        let at = |listen: &str| url(&Server { listen: listen.parse().unwrap(), ..Server::default() });
        assert_eq!(at("0.0.0.0:80"), "http://127.0.0.1:80/health/ready");
        assert_eq!(at("[::]:80"), "http://[::1]:80/health/ready");
        assert_eq!(at("10.1.2.3:80"), "http://10.1.2.3:80/health/ready");
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
        assert_eq!(run(&config).await.unwrap().text, "ready");
    }

    #[tokio::test]
    async fn a_service_that_is_not_ready_fails() {
        let config = answering("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
        assert!(run(&config).await.unwrap_err().to_string().contains("503"));
    }

    #[tokio::test]
    async fn no_service_at_all_fails() {
        let config = answering("").await;
        let _ = run(&config).await;
        assert!(run(&config).await.unwrap_err().to_string().contains("does not answer"));
    }
}
