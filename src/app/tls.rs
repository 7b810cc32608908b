//! TLS in this process, with a certificate that may be replaced while it runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{Error, ServerConfig};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use zeroize::Zeroizing;

use super::certificate::Validity;
use crate::clock::Timestamp;
use crate::config::{Server, StartupError};
use crate::secret::Digest;

/// A certificate and its key, as configured now.
#[derive(Clone)]
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    current: Arc<ArcSwap<Served>>,
}

/// What is served.
struct Served {
    config: Arc<ServerConfig>,
    validity: Option<Validity>,
    /// Of the files it was read from.
    seen: Digest,
}

impl Tls {
    /// `None` when no certificate is configured.
    ///
    /// # Errors
    /// A pair that does not fit, or cannot be read.
    pub fn load(server: &Server) -> Result<Option<Self>, StartupError> {
        let (certificate, key) = match (&server.tls_certificate, &server.tls_key) {
            (Some(certificate), Some(key)) => (certificate.clone(), key.clone()),
            (None, None) => return Ok(None),
            _ => return Err(StartupError::new("server.tls_certificate", "tls_certificate and tls_key go together".to_owned())),
        };
        let first = Content::read(&certificate, &key)
            .and_then(|content| content.served())
            .map_err(|problem| StartupError::new("server.tls_certificate", problem))?;
        Ok(Some(Self { certificate, key, current: Arc::new(ArcSwap::from_pointee(first)) }))
    }

    pub(super) async fn accept(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        TlsAcceptor::from(Arc::clone(&self.current.load().config)).accept(stream).await
    }

    /// When the certificate that is served holds.
    #[must_use]
    pub fn validity(&self) -> Option<Validity> {
        self.current.load().validity
    }

    /// Reads the files again. Whether their content had changed.
    ///
    /// # Errors
    /// A pair that does not fit, or cannot be read, or does not hold now while the old one does: that stays.
    pub(super) fn renew(&self, now: Timestamp) -> Result<bool, String> {
        let content = Content::read(&self.certificate, &self.key)?;
        let present = self.current.load_full();
        if content.digest() == present.seen {
            return Ok(false);
        }
        let next = content.served()?;
        let holds = |served: &Served| served.validity.is_none_or(|validity| validity.holds(now));
        if !holds(&next) && holds(&present) {
            return Err(format!("{}: this certificate has expired, or does not hold yet", self.certificate.display()));
        }
        self.current.store(Arc::new(next));
        tracing::info!(certificate = %self.certificate.display(), "TLS certificate replaced");
        Ok(true)
    }

    /// Of the files as they are now, for comparison; `None`: they cannot be read.
    pub(super) fn found(&self) -> Option<Digest> {
        Content::read(&self.certificate, &self.key).ok().map(|content| content.digest())
    }
}

/// The two files, read together.
struct Content<'p> {
    paths: (&'p Path, &'p Path),
    certificate: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

impl<'p> Content<'p> {
    fn read(certificate: &'p Path, key: &'p Path) -> Result<Self, String> {
        let read = |path: &Path| std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
        Ok(Self { paths: (certificate, key), certificate: read(certificate)?, key: Zeroizing::new(read(key)?) })
    }

    fn digest(&self) -> Digest {
        let both = [Digest::of(&self.certificate), Digest::of(&self.key)];
        Digest::of(&both.map(|digest| *digest.as_bytes()).concat())
    }

    fn served(&self) -> Result<Served, String> {
        let (certificate, key) = self.paths;
        let chain = self.chain().map_err(|error| format!("{}: not a certificate chain in PEM: {error}", certificate.display()))?;
        let private =
            PrivateKeyDer::from_pem_slice(&self.key).map_err(|error| format!("{}: not a private key in PEM: {error}", key.display()))?;
        let validity = chain.first().and_then(|leaf| Validity::of(leaf));
        let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private))
            .map_err(|error| match error {
                Error::InconsistentKeys(_) => format!("{} is not the key of {}", key.display(), certificate.display()),
                error => format!("{} and {}: {error}", certificate.display(), key.display()),
            })?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Served { config: Arc::new(config), validity, seen: self.digest() })
    }

    fn chain(&self) -> Result<Vec<CertificateDer<'static>>, pem::Error> {
        CertificateDer::pem_slice_iter(&self.certificate).collect()
    }
}
