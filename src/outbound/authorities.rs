//! Whose certificates are believed when this service calls somebody over TLS.
//!
//! `SSL_CERT_FILE` and `SSL_CERT_DIR` say it alone where they are set; else this machine's store says it; and where there is none, as in a
//! container with an empty root, Mozilla's list, which is part of this program (Mozilla Root Store Policy; `webpki-root-certs`).

use std::fmt;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

/// The public authorities, without those that a setting adds.
#[derive(Debug)]
pub struct Authorities {
    /// DER (RFC 5280); each of them can be used.
    pub certificates: Vec<CertificateDer<'static>>,
    pub origin: Origin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `SSL_CERT_FILE`, `SSL_CERT_DIR`, or both.
    Environment,
    /// Where this operating system keeps them.
    Machine,
    /// Mozilla's list as it was when this program was built.
    BuiltIn,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Environment => "SSL_CERT_FILE and SSL_CERT_DIR",
            Self::Machine => "this machine",
            Self::BuiltIn => "this program: there are none on this machine",
        })
    }
}

impl Authorities {
    /// Reads them from disk.
    ///
    /// # Errors
    /// When a variable is set and there is no certificate where it points to: whoever says whom to believe does not mean the whole world.
    pub fn read() -> Result<Self, String> {
        // As OpenSSL has them, and everybody after it. An empty file name is one that cannot be read; an empty list of directories is none.
        let named = std::env::var_os("SSL_CERT_FILE").is_some() || std::env::var_os("SSL_CERT_DIR").is_some_and(|value| !value.is_empty());
        let found = rustls_native_certs::load_native_certs();
        let errors: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
        Self::choose(named, usable(found.certs), &errors)
    }

    fn choose(named: bool, found: Vec<CertificateDer<'static>>, errors: &[String]) -> Result<Self, String> {
        match (named, found.is_empty()) {
            (true, true) => {
                let why = if errors.is_empty() { "no certificate there".to_owned() } else { errors.join("; ") };
                Err(format!("SSL_CERT_FILE or SSL_CERT_DIR is set: {why}"))
            }
            (true, false) => {
                if !errors.is_empty() {
                    tracing::warn!(problems = errors.join("; "), "not everything that SSL_CERT_FILE and SSL_CERT_DIR name can be read");
                }
                Ok(Self { certificates: found, origin: Origin::Environment })
            }
            (false, false) => Ok(Self { certificates: found, origin: Origin::Machine }),
            (false, true) => Ok(Self { certificates: usable(webpki_root_certs::TLS_SERVER_ROOT_CERTS.to_vec()), origin: Origin::BuiltIn }),
        }
    }

    /// What is said of them where somebody looks.
    #[must_use]
    pub fn told(&self) -> String {
        format!("{} authorities, from {}", self.certificates.len(), self.origin)
    }
}

/// Machines keep authorities that no TLS library reads any more; one of them must not cost all the others.
fn usable(certificates: Vec<CertificateDer<'static>>) -> Vec<CertificateDer<'static>> {
    certificates.into_iter().filter(|certificate| RootCertStore::empty().add(certificate.clone()).is_ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one() -> CertificateDer<'static> {
        webpki_root_certs::TLS_SERVER_ROOT_CERTS[0].clone()
    }

    #[test]
    fn without_any_on_the_machine_the_built_in_ones_are_believed() {
        let chosen = Authorities::choose(false, Vec::new(), &["/etc/ssl: gone".to_owned()]).unwrap();
        assert_eq!(chosen.origin, Origin::BuiltIn);
        assert!(chosen.certificates.len() > 100, "{}", chosen.told());
        assert_eq!(chosen.certificates.len(), webpki_root_certs::TLS_SERVER_ROOT_CERTS.len(), "each of them can be used");
    }

    #[test]
    fn the_machines_own_are_believed_and_no_others() {
        let chosen = Authorities::choose(false, vec![one()], &[]).unwrap();
        assert_eq!((chosen.origin, chosen.certificates), (Origin::Machine, vec![one()]));
        let chosen = Authorities::choose(true, vec![one()], &["another: gone".to_owned()]).unwrap();
        assert_eq!((chosen.origin, chosen.certificates), (Origin::Environment, vec![one()]));
    }

    #[test]
    fn whoever_names_a_file_that_is_not_there_does_not_get_the_whole_world() {
        let refused = Authorities::choose(true, Vec::new(), &["/nowhere/ca.pem: gone".to_owned()]).unwrap_err();
        assert!(refused.contains("SSL_CERT_FILE") && refused.contains("/nowhere/ca.pem"), "{refused}");
        assert!(Authorities::choose(true, Vec::new(), &[]).unwrap_err().contains("no certificate"));
    }

    #[test]
    fn what_is_no_certificate_costs_none_of_the_others() {
        assert_eq!(usable(vec![CertificateDer::from(vec![1, 2, 3]), one()]), vec![one()]);
    }
}
