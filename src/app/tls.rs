//! TLS in this process, with a certificate that may be replaced while it runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::config::{Server, StartupError};

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// A certificate and its key, as configured now.
#[derive(Clone)]
pub(super) struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    current: Arc<ArcSwap<ServerConfig>>,
}

impl Tls {
    /// `None` when no certificate is configured.
    pub(super) fn load(server: &Server) -> Result<Option<Self>, StartupError> {
        let (certificate, key) = match (&server.tls_certificate, &server.tls_key) {
            (Some(certificate), Some(key)) => (certificate.clone(), key.clone()),
            (None, None) => return Ok(None),
            _ => return Err(StartupError::new("server.tls_certificate", "tls_certificate and tls_key go together".to_owned())),
        };
        let config = read(&certificate, &key).map_err(|problem| StartupError::new("server.tls_certificate", problem))?;
        Ok(Some(Self { certificate, key, current: Arc::new(ArcSwap::from_pointee(config)) }))
    }

    pub(super) async fn accept(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        TlsAcceptor::from(self.current.load_full()).accept(stream).await
    }

    /// Reads the files again when one of them changes; a pair that does not fit is refused with a log line and the old one stays.
    pub(super) async fn keep_current(self, stop: CancellationToken) {
        let mut seen = self.modified();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            let now = self.modified();
            if now == seen {
                continue;
            }
            match read(&self.certificate, &self.key) {
                Ok(config) => {
                    self.current.store(Arc::new(config));
                    seen = now;
                    tracing::info!(certificate = %self.certificate.display(), "TLS certificate replaced");
                }
                Err(problem) => tracing::error!(problem, "the new TLS certificate cannot be used; the old one stays"),
            }
        }
    }

    fn modified(&self) -> [Option<SystemTime>; 2] {
        [&self.certificate, &self.key].map(|path| std::fs::metadata(path).and_then(|meta| meta.modified()).ok())
    }
}

fn read(certificate: &Path, key: &Path) -> Result<ServerConfig, String> {
    let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|error| format!("{}: {error}", certificate.display()))?;
    let key_der = PrivateKeyDer::from_pem_file(key).map_err(|error| format!("{}: {error}", key.display()))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key_der))
        .map_err(|error| format!("{} and {}: {error}", certificate.display(), key.display()))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
