//! Where a request really comes from: the connection's address, or what trusted proxies say about it.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::HeaderMap;

use crate::config::CidrList;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// More hops than any real chain of proxies has.
const MAX_HOPS: usize = 32;

/// The client's address. `X-Forwarded-For` is walked from the right, past the addresses of trusted proxies, to the first other one; each proxy
/// appends the address it saw, so everything left of that is the client's own word. What cannot be read ends the walk at the last address that
/// could. IPv4 mapped into IPv6 comes out as IPv4.
#[must_use]
pub fn client(socket: IpAddr, headers: &HeaderMap, trusted: &CidrList) -> IpAddr {
    let mut nearest = socket.to_canonical();
    let lines: Vec<&[u8]> = headers.get_all(FORWARDED_FOR).iter().map(http::HeaderValue::as_bytes).collect();
    for hop in lines.iter().rev().flat_map(|line| line.rsplit(|&byte| byte == b',')).take(MAX_HOPS) {
        if !trusted.contains(nearest) {
            break;
        }
        let Some(address) = std::str::from_utf8(hop).ok().and_then(parse_hop) else { break };
        nearest = address;
    }
    nearest
}

/// What counts as one client where clients are counted: an IPv4 address as it is, an IPv6 address by its /64, which one subscriber has whole.
#[must_use]
pub fn class(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711`.
fn parse_hop(text: &str) -> Option<IpAddr> {
    let text = text.trim_matches([' ', '\t']);
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).filter(|inner| inner.contains(':')).unwrap_or(text);
    bare.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip())).ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ask(socket: &str, lines: &[&[u8]], trusted: &str) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, http::HeaderValue::from_bytes(line).unwrap());
        }
        client(socket.parse().unwrap(), &headers, &trusted.parse().unwrap()).to_string()
    }

    #[test]
    fn nobody_is_believed_by_default() {
        assert_eq!(ask("192.0.2.9", &[b"198.51.100.1"], ""), "192.0.2.9");
    }

    #[test]
    fn the_first_untrusted_hop_from_the_right_is_the_client() {
        assert_eq!(ask("10.0.0.1", &[b"1.1.1.1, 198.51.100.1, 10.0.0.2"], "10.0.0.0/8"), "198.51.100.1");
        assert_eq!(ask("10.0.0.1", &[b"1.1.1.1", b"198.51.100.1", b"10.0.0.2"], "10.0.0.0/8"), "198.51.100.1");
    }

    #[test]
    fn when_all_hops_are_trusted_the_farthest_one_is_the_client() {
        assert_eq!(ask("10.0.0.1", &[b"10.0.0.3, 10.0.0.2"], "10.0.0.0/8"), "10.0.0.3");
    }

    #[test]
    fn ports_brackets_and_mapped_addresses_are_read() {
        for (hop, expected) in [
            ("198.51.100.1:4711", "198.51.100.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("::ffff:198.51.100.1", "198.51.100.1"),
            ("[::ffff:198.51.100.1]:80", "198.51.100.1"),
            ("\t 198.51.100.1 ", "198.51.100.1"),
        ] {
            assert_eq!(ask("10.0.0.1", &[hop.as_bytes()], "10.0.0.1"), expected, "{hop}");
        }
        assert_eq!(ask("::ffff:10.0.0.1", &[b"198.51.100.1"], "10.0.0.0/8"), "198.51.100.1");
    }

    #[test]
    fn garbage_ends_the_walk_at_the_last_readable_hop() {
        for hop in ["unknown", "_hidden", "", "198.51.100.1, ", "198.51.100", "[198.51.100.1]", "[2001:db8::1", "1.2.3.4:99999"] {
            assert_eq!(ask("10.0.0.1", &[hop.as_bytes()], "10.0.0.0/8"), "10.0.0.1", "{hop}");
        }
        assert_eq!(ask("10.0.0.1", &[b"198.51.100.1, \xff, 10.0.0.2"], "10.0.0.0/8"), "10.0.0.2");
    }

    #[test]
    fn ipv6_addresses_count_by_their_64() {
        let class = |text: &str| class(text.parse().unwrap()).to_string();
        assert_eq!(class("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(class("192.0.2.1"), "192.0.2.1");
        assert_eq!(class("::ffff:192.0.2.1"), "192.0.2.1");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn whatever_the_header_says_an_untrusted_peer_is_itself(line in proptest::collection::vec(32_u8..=255, 0..80), peer: u32) {
            let mut headers = HeaderMap::new();
            if let Ok(value) = http::HeaderValue::from_bytes(&line) {
                headers.append(FORWARDED_FOR, value);
            }
            let peer = IpAddr::from(std::net::Ipv4Addr::from(peer));
            prop_assert_eq!(client(peer, &headers, &CidrList::default()), peer);
        }

        #[test]
        fn what_a_client_prepends_never_changes_the_answer(claims in "[ -~]{0,60}", real: u32) {
            let real = std::net::Ipv4Addr::from(real);
            prop_assume!(real.octets()[0] != 10);
            let line = format!("{claims}, {real}");
            prop_assert_eq!(ask("10.0.0.1", &[line.as_bytes()], "10.0.0.0/8"), real.to_string());
        }

        #[test]
        fn classes_are_stable(address: u128) {
            let once = class(IpAddr::from(Ipv6Addr::from(address)));
            prop_assert_eq!(class(once), once);
        }
    }
}
