//! Rules for the addresses in client metadata.

use url::{Host, Url};

const MAX_BYTES: usize = 2048;
/// Parameters of an authorization response: a registered query must not hold them already.
const RESPONSE_PARAMETERS: [&str; 8] = ["code", "state", "iss", "error", "error_description", "error_uri", "session_state", "response"];

/// Where a browser is sent with an answer: absolute, no fragment (RFC 6749 §3.1.2); `https`, `http` on loopback (RFC 8252 §7.3, for
/// development too), or for public clients a private-use scheme (RFC 8252 §7.1).
pub(super) fn check_redirect(text: &str, public: bool) -> Result<(), String> {
    let url = parse(text)?;
    match url.scheme() {
        "https" => check_host(&url)?,
        "http" if is_loopback(&url) => check_host(&url)?,
        "http" => return Err(format!("`{text}` must be https; plain http is only for localhost, 127.0.0.1 and [::1]")),
        scheme if !scheme.contains('.') => {
            return Err(format!(
                "`{text}` must be https, or use a private scheme of a domain name in reverse, like com.example.app:/callback (RFC 8252 §7.1)"
            ));
        }
        _ if !public => {
            return Err(format!(
                "`{text}` has a private scheme: those are for native applications, which are public clients (RFC 8252 §8.4)"
            ));
        }
        _ => {}
    }
    match url.query_pairs().find(|(name, _)| RESPONSE_PARAMETERS.contains(&name.as_ref())) {
        Some((name, _)) => Err(format!("`{text}` has `{name}` in its query, which the response would repeat")),
        None => Ok(()),
    }
}

/// A page people are shown a link to: `https`, or `http` on loopback.
pub(super) fn check_page(text: &str) -> Result<(), String> {
    let url = parse(text)?;
    match url.scheme() {
        "https" => check_host(&url),
        "http" if is_loopback(&url) => check_host(&url),
        _ => Err(format!("`{text}` must be https")),
    }
}

/// Where we post logout tokens: `https`; plain `http` on loopback, and for a confidential client (Back-Channel Logout §2.2) to a host that
/// the internet cannot reach, because inside a cluster TLS often ends before the application. Whether a private address may be
/// called at all is `outbound`'s to say.
pub(super) fn check_backchannel(text: &str, public: bool) -> Result<(), String> {
    let url = parse(text)?;
    match url.scheme() {
        "https" => check_host(&url),
        "http" if is_loopback(&url) || (is_internal(&url) && !public) => check_host(&url),
        _ => Err(format!("`{text}` must be https; plain http is only for loopback, private addresses and names inside a cluster")),
    }
}

/// Where a confidential client's keys are fetched: the same.
pub(super) fn check_jwks(text: &str) -> Result<(), String> {
    check_backchannel(text, false)
}

fn parse(text: &str) -> Result<Url, String> {
    if text.len() > MAX_BYTES {
        return Err(format!("an address is longer than {MAX_BYTES} bytes"));
    }
    // The parser would quietly drop or encode what the exact comparison later needs.
    if !text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'\\' | b'"' | b'<' | b'>' | b'`' | b'{' | b'}' | b'|' | b'^')) {
        return Err(format!("`{}` has characters that must be percent-encoded in an address", text.escape_default()));
    }
    let url = Url::parse(text).map_err(|error| format!("`{text}` is not an absolute address: {error}"))?;
    if text.contains('#') {
        return Err(format!("`{text}` must have no fragment (#)"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("`{text}` must carry no user name or password"));
    }
    Ok(url)
}

fn check_host(url: &Url) -> Result<(), String> {
    match url.host_str() {
        None | Some("") => Err(format!("`{url}` has no host")),
        Some(host) if host.contains('*') => Err(format!("`{url}` has a wildcard: addresses are compared exactly, register each one")),
        Some(_) => Ok(()),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// A private address, or a name that public DNS does not have.
fn is_internal(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => !name.contains('.') || [".svc", ".cluster.local", ".internal"].iter().any(|end| name.ends_with(end)),
        Some(Host::Ipv4(ip)) => ip.is_private() || ip.is_link_local(),
        Some(Host::Ipv6(ip)) => ip.is_unique_local() || ip.is_unicast_link_local(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirect_uris_are_https_or_loopback_or_a_private_scheme_of_a_public_client() {
        for good in ["https://app.example/cb?x=1", "http://localhost:8081/cb", "http://127.0.0.1/cb", "http://[::1]:9/cb"] {
            assert_eq!(check_redirect(good, false), Ok(()), "{good}");
        }
        assert_eq!(check_redirect("com.example.app:/cb", true), Ok(()));
        assert!(check_redirect("com.example.app:/cb", false).is_err());
    }

    #[test]
    fn redirect_uris_that_could_leak_a_code_are_refused() {
        for bad in [
            "",
            "/cb",
            "app.example/cb",
            "http://app.example/cb",
            "http://localhost.evil.example/cb",
            "https://app.example/cb#f",
            "https://app.example/cb#",
            "https://*.example/cb",
            "https://user@app.example/cb",
            "https://app.example/c b",
            "https://app.example\\@evil.example/",
            "https://app.example/cb?code=1",
            "javascript:alert(1)",
            "data:text/html,x",
            "myapp:/cb",
            "https://caf\u{e9}.example/",
        ] {
            assert!(check_redirect(bad, true).is_err(), "{bad}");
        }
        assert!(check_redirect(&format!("https://app.example/{}", "x".repeat(2048)), true).is_err());
    }

    #[test]
    fn logout_tokens_travel_in_the_clear_only_inside() {
        for good in ["https://app.example/out", "http://app.default.svc.cluster.local/out", "http://10.1.2.3:80/out", "http://app:8080/out"]
        {
            assert_eq!(check_backchannel(good, false), Ok(()), "{good}");
        }
        assert_eq!(check_backchannel("http://localhost:8081/out", true), Ok(()));
        assert!(check_backchannel("http://10.1.2.3/out", true).is_err());
        for bad in ["http://app.example/out", "http://8.8.8.8/out", "ftp://app/out", "https://app.example/out#x"] {
            assert!(check_backchannel(bad, false).is_err(), "{bad}");
        }
    }
}
