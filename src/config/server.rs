//! `[server]`: where the service listens and what it is called from outside.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::types::{CidrList, Issuer, Span};

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// The issuer: the URL under which browsers and applications reach this service, without a path. Goes into every token as `iss`
    /// and into every link; never taken from a request. Default: `http://localhost:<port of listen>`, for development.
    pub public_url: Option<Issuer>,
    /// Address ranges of the proxies in front of this service. Only from these is `X-Forwarded-For` believed, from the right to the first other address.
    pub trusted_proxies: CidrList,
    /// PEM file with the certificate chain, to serve TLS in this process. Needs `tls_key`. Read again when it changes.
    pub tls_certificate: Option<PathBuf>,
    /// PEM file with the private key of `tls_certificate`.
    pub tls_key: Option<PathBuf>,
    /// Connections served at once; further ones wait to be accepted.
    pub max_connections: usize,
    /// Connections of one address at once, of IPv6 a /64; further ones are closed. Does not hold for `trusted_proxies`.
    pub max_connections_per_address: usize,
    /// Address and port of a second listener, for operators alone: `/metrics` in the text format of Prometheus, and health. Nothing there asks who calls, so
    /// it must not be reached from outside.
    pub internal_listen: Option<SocketAddr>,
    /// A connection that has not sent its request headers by then is closed.
    pub header_read_timeout: Span,
    /// A request that has not been answered by then gets 503.
    pub request_timeout: Span,
    /// After SIGTERM, readiness says no at once, but connections are still accepted for so long: what was already on its way is answered.
    pub drain_delay: Span,
    /// After that, running requests may take this long.
    pub drain_timeout: Span,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            trusted_proxies: CidrList::default(),
            tls_certificate: None,
            tls_key: None,
            max_connections: 4096,
            max_connections_per_address: 512,
            internal_listen: None,
            header_read_timeout: Span::secs(10),
            request_timeout: Span::secs(15),
            drain_delay: Span::secs(1),
            drain_timeout: Span::secs(20),
        }
    }
}
