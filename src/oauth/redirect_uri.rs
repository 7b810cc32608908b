//! Redirect URIs: exact comparison, loopback ports excepted (RFC 9700 §2.1, RFC 8252 §7.3).

/// A registered redirect URI, proven. Without one nothing can be redirected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedRedirect {
    uri: String,
}

impl VerifiedRedirect {
    /// # Errors
    /// How the received URI differs from the registered ones, in words for the developer that do not list them.
    pub fn resolve(registered: &[String], received: &str) -> Result<Self, String> {
        todo!()
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.uri
    }
}
