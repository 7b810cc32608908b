//! Parsed types that settings are made of.

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The issuer identifier (OpenID Connect Discovery §3): an https URL without query or fragment; plain http only on loopback, for development.
/// Kept as the exact string that goes into `iss`, without a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer(String);

impl Issuer {
    /// The issuer of a service that nobody configured.
    #[must_use]
    pub fn development(port: u16) -> Self {
        Self(format!("http://localhost:{port}"))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The absolute URL of a path of ours, for example `/token`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Scheme, host and port, as a browser sends it in `Origin`.
    #[must_use]
    pub fn origin(&self) -> String {
        url::Url::parse(&self.0).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
    }

    /// Whether only this machine can reach it: a service for development.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        url::Url::parse(&self.0).is_ok_and(|url| is_loopback(&url))
    }

    /// The host by its name; `None` when it is an address, for which there are no passkeys (WebAuthn §5.1.2, effective domain).
    #[must_use]
    pub fn domain(&self) -> Option<String> {
        url::Url::parse(&self.0).ok()?.domain().map(str::to_owned)
    }

    /// Whether browsers reach us over TLS: then cookies are `Secure` and carry the `__Host-` prefix.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

fn is_loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

impl FromStr for Issuer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.strip_suffix('/').unwrap_or(text);
        let url = url::Url::parse(text).map_err(|error| format!("not a URL: {error}"))?;
        if url.host().is_none() {
            return Err("has no host".to_owned());
        }
        let loopback = is_loopback(&url);
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            "http" => return Err("must be https; plain http is only for localhost".to_owned()),
            other => return Err(format!("must be https, not {other}")),
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("must have no query and no fragment (OpenID Connect Discovery §3)".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must carry no user name or password".to_owned());
        }
        if !matches!(url.path(), "" | "/") {
            return Err("must have no path: the well-known URLs and the __Host- cookies live at the root".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

impl Serialize for Issuer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Issuer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A length of time, written `10s`, `5m`, `12h`, `90d` or `250ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

impl Span {
    #[must_use]
    pub const fn secs(secs: u64) -> Self {
        Self(Duration::from_secs(secs))
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_| format!("`{text}` is not a length of time like 10s, 5m, 12h or 90d"))?;
        let unit_millis: u64 = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(format!("`{text}` needs a unit: ms, s, m, h or d")),
        };
        let millis = number.checked_mul(unit_millis).ok_or_else(|| format!("`{text}` is too long"))?;
        Ok(Self(Duration::from_millis(millis)))
    }
}

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let millis = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        for (unit, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)] {
            if millis > 0 && millis.is_multiple_of(size) {
                return write!(f, "{}{unit}", millis / size);
            }
        }
        write!(f, "{millis}ms")
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// How much is allowed: `burst` at once, refilled evenly so that `burst` comes back in `per`. Written `60/1m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    pub burst: u32,
    pub per: Duration,
}

impl Quota {
    /// What passes until one more is allowed.
    #[must_use]
    pub fn pause(&self) -> Duration {
        self.per.checked_div(self.burst.max(1)).unwrap_or(self.per)
    }
}

impl FromStr for Quota {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (burst, per) = text.split_once('/').ok_or_else(|| format!("`{text}` is not a quota like 60/1m"))?;
        let burst = burst.parse().ok().filter(|&n| n > 0).ok_or_else(|| format!("`{text}` must start with a count above 0"))?;
        let per = per.parse::<Span>()?.0;
        if per.is_zero() {
            return Err(format!("`{text}` must name a time above 0"));
        }
        Ok(Self { burst, per })
    }
}

impl std::fmt::Display for Quota {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.burst, Span(self.per))
    }
}

impl Serialize for Quota {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Quota {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Address ranges in CIDR notation; a single address is a range of one. From an array, or from one comma-separated string (environment).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CidrList(pub Vec<ipnet::IpNet>);

impl CidrList {
    /// Whether `address` lies in one of the ranges. IPv4 addresses mapped into IPv6 count as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|net| net.contains(&address))
    }
}

impl FromStr for CidrList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = |part: &str| {
            part.parse::<ipnet::IpNet>()
                .or_else(|_| part.parse::<IpAddr>().map(ipnet::IpNet::from))
                .map_err(|_| format!("`{part}` is not an address range like 10.0.0.0/8"))
        };
        text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(parse).collect::<Result<_, _>>().map(Self)
    }
}

impl<'de> Deserialize<'de> for CidrList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Text(String),
            List(Vec<String>),
        }
        let text = match Form::deserialize(deserializer)? {
            Form::Text(text) => text,
            Form::List(list) => list.join(","),
        };
        text.parse().map_err(de::Error::custom)
    }
}
