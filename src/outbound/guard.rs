//! Which addresses may be called.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::config::CidrList;

/// How far a call may go without the operator's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    Public,
    AllowedOnly,
}

#[derive(Debug)]
pub(super) struct Guard {
    allowed: CidrList,
    reach: Reach,
}

impl Guard {
    pub(super) const fn new(allowed: CidrList, reach: Reach) -> Self {
        Self { allowed, reach }
    }

    pub(super) fn permits(&self, address: IpAddr) -> bool {
        self.allowed.contains(address) || (self.reach == Reach::Public && is_public(address))
    }
}

fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Not in the IANA IPv4 Special-Purpose Address Registry (RFC 6890), multicast or reserved.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127 | 224..=255, _, _)
            | (100, 64..=127, _) // shared address space, RFC 6598
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99) // 6to4 relays, RFC 7526
            | (192, 168, _)
            | (198, 18 | 19, _) // benchmarking, RFC 2544
            | (198, 51, 100)
            | (203, 0, 113)
    )
}

/// Global unicast (2000::/3, RFC 4291 §2.4) without the ranges in it that the IANA IPv6 Special-Purpose Address Registry sets apart. Those
/// that carry an IPv4 address inside (6to4, Teredo, NAT64) would be a way around the rule for IPv4.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let special = matches!(
        (a, b),
        (0x2001, 0..=0x1ff | 0xdb8) // protocol assignments with Teredo, RFC 2928; documentation, RFC 3849
            | (0x2002, _) // 6to4, RFC 3056
            | (0x3fff, 0..=0xfff) // documentation, RFC 9637
    );
    a & 0xe000 == 0x2000 && !special
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn public(text: &str) -> bool {
        is_public(text.parse().unwrap())
    }

    #[test]
    fn special_ranges_are_not_public() {
        for text in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "fc00::1",
            "fd00::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
        ] {
            assert!(!public(text), "{text}");
        }
    }

    #[test]
    fn public_addresses_are() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "223.255.255.255",
        ] {
            assert!(public(text), "{text}");
        }
        for text in ["2606:4700:4700::1111", "2001:4860:4860::8888", "2a00:1450:4001::", "::ffff:8.8.8.8"] {
            assert!(public(text), "{text}");
        }
    }

    #[test]
    fn what_the_operator_allows_is_permitted_mapped_or_not() {
        let guard = Guard::new("10.0.0.0/8".parse().unwrap(), Reach::AllowedOnly);
        assert!(guard.permits("10.1.2.3".parse().unwrap()));
        assert!(guard.permits("::ffff:10.1.2.3".parse().unwrap()));
        assert!(!guard.permits("8.8.8.8".parse().unwrap()));
        assert!(!guard.permits("127.0.0.1".parse().unwrap()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        /// The standard library's own (stable) words for what must never be called.
        #[test]
        fn nothing_the_standard_library_calls_private_is_public(bits: u32) {
            let address = Ipv4Addr::from(bits);
            let special = address.is_private() || address.is_loopback() || address.is_link_local() || address.is_multicast()
                || address.is_broadcast() || address.is_documentation() || address.is_unspecified();
            prop_assert!(!(special && is_public_v4(address)));
            prop_assert_eq!(is_public_v4(address), is_public(IpAddr::V6(address.to_ipv6_mapped())));
        }

        /// RFC 6052, RFC 8215, RFC 3056, RFC 4380, RFC 4291 §2.5.5: whatever IPv4 address is in it, a private one could be.
        #[test]
        fn no_address_that_carries_an_ipv4_address_is_public(bits: u32, rest: u128) {
            let v4 = u128::from(bits);
            let forms = [
                0x0064_ff9b_u128 << 96 | v4,
                0x0064_ff9b_0001_u128 << 80 | rest >> 48,
                0x2002_u128 << 112 | v4 << 80 | rest >> 48,
                0x2001_0000_u128 << 96 | rest >> 32,
                v4,
            ];
            for form in forms {
                prop_assert!(!is_public_v6(Ipv6Addr::from(form)), "{}", Ipv6Addr::from(form));
            }
        }

        /// No operator's list of private networks makes a stranger's reachable over plain http.
        #[test]
        fn what_is_allowed_does_not_widen(bits: u32) {
            let address = Ipv4Addr::from(bits);
            let guard = Guard::new("10.0.0.0/8".parse().unwrap(), Reach::AllowedOnly);
            prop_assert_eq!(guard.permits(address.into()), address.octets()[0] == 10);
            prop_assert_eq!(guard.permits(address.to_ipv6_mapped().into()), address.octets()[0] == 10);
        }

        #[test]
        fn nothing_the_standard_library_calls_local_is_public(bits: u128) {
            let address = Ipv6Addr::from(bits);
            let special = address.is_loopback() || address.is_multicast() || address.is_unspecified() || address.is_unique_local()
                || address.is_unicast_link_local();
            prop_assert!(!(special && is_public_v6(address)));
        }
    }
}
