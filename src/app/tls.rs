//! TLS in this process, with a certificate that may be replaced while it runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use zeroize::Zeroizing;

use crate::config::{Server, StartupError};
use crate::secret::Digest;

/// A certificate and its key, as configured now.
#[derive(Clone)]
pub(super) struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    current: Arc<ArcSwap<ServerConfig>>,
    /// Of the files it was read from.
    seen: Arc<ArcSwap<Digest>>,
}

impl Tls {
    /// `None` when no certificate is configured.
    pub(super) fn load(server: &Server) -> Result<Option<Self>, StartupError> {
        let (certificate, key) = match (&server.tls_certificate, &server.tls_key) {
            (Some(certificate), Some(key)) => (certificate.clone(), key.clone()),
            (None, None) => return Ok(None),
            _ => return Err(StartupError::new("server.tls_certificate", "tls_certificate and tls_key go together".to_owned())),
        };
        let refused = |problem: String| StartupError::new("server.tls_certificate", problem);
        let content = Content::read(&certificate, &key).map_err(refused)?;
        let config = content.config().map_err(|problem| refused(format!("{} and {}: {problem}", certificate.display(), key.display())))?;
        let (current, seen) = (Arc::new(ArcSwap::from_pointee(config)), Arc::new(ArcSwap::from_pointee(content.digest())));
        Ok(Some(Self { certificate, key, current, seen }))
    }

    pub(super) async fn accept(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        TlsAcceptor::from(self.current.load_full()).accept(stream).await
    }

    /// Reads the files again. Whether their content had changed.
    ///
    /// # Errors
    /// A pair that does not fit, or cannot be read: the old one stays.
    pub(super) fn renew(&self) -> Result<bool, String> {
        let content = Content::read(&self.certificate, &self.key)?;
        if content.digest() == *self.seen.load_full() {
            return Ok(false);
        }
        self.current.store(Arc::new(content.config().map_err(|problem| self.named(&problem))?));
        self.seen.store(Arc::new(content.digest()));
        tracing::info!(certificate = %self.certificate.display(), "TLS certificate replaced");
        Ok(true)
    }

    fn named(&self, problem: &str) -> String {
        format!("{} and {}: {problem}", self.certificate.display(), self.key.display())
    }
}

/// The two files, read together.
struct Content {
    certificate: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

impl Content {
    fn read(certificate: &Path, key: &Path) -> Result<Self, String> {
        let read = |path: &Path| std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
        Ok(Self { certificate: read(certificate)?, key: Zeroizing::new(read(key)?) })
    }

    fn digest(&self) -> Digest {
        let both = [Digest::of(&self.certificate), Digest::of(&self.key)];
        Digest::of(&both.map(|digest| *digest.as_bytes()).concat())
    }

    fn config(&self) -> Result<ServerConfig, String> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&self.certificate)
            .collect::<Result<_, _>>()
            .map_err(|error| format!("the certificate: {error}"))?;
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|error| format!("the key: {error}"))?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(|error| error.to_string())?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}
