//! How many addresses a limiter remembers: never more than so many, however many ask.
//!
//! A limiter has an entry for every address that has asked, until it is swept; whoever has a /32 of IPv6 has four thousand million of them. When there is no
//! room for more, addresses that were there before keep their own budgets, and newcomers share: one budget for every /8 of IPv4 and one for 256 parts of
//! IPv6. That fails closed, for newcomers alone, and until the next sweep.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};

/// Addresses with a budget of their own at once, in each limiter; which has at most twice as many entries, of these and of some that were known before. Shared
/// budgets come on top, at most 512.
pub(super) const MOST: usize = 65_536;

/// Which addresses have a budget of their own.
#[derive(Debug)]
pub(super) struct Gate {
    /// Those of this interval between sweeps, and of the one before.
    known: RwLock<[HashSet<IpAddr>; 2]>,
    /// How many more may be remembered.
    room: AtomicUsize,
    /// How often somebody had to share, since the last sweep.
    shared: AtomicUsize,
}

impl Gate {
    pub(super) fn new() -> Self {
        Self { known: RwLock::default(), room: AtomicUsize::new(MOST), shared: AtomicUsize::new(0) }
    }

    /// Whose budget counts for this address class.
    pub(super) fn key(&self, class: IpAddr) -> IpAddr {
        let was_there = {
            let [current, before] = &*self.known.read().unwrap_or_else(PoisonError::into_inner);
            if current.contains(&class) {
                return class;
            }
            before.contains(&class)
        };
        self.admit(class, was_there)
    }

    fn admit(&self, class: IpAddr, was_there: bool) -> IpAddr {
        let takes_room = || self.room.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |room| room.checked_sub(1)).is_ok();
        if was_there || takes_room() {
            let [current, _] = &mut *self.known.write().unwrap_or_else(PoisonError::into_inner);
            current.insert(class);
            return class;
        }
        self.shared.fetch_add(1, Ordering::SeqCst);
        shared(class)
    }

    /// After a sweep that left `remembered` entries in the limiter: who was not seen since the sweep before is a newcomer again. How often somebody had to
    /// share.
    pub(super) fn swept(&self, remembered: usize) -> usize {
        let known = &mut *self.known.write().unwrap_or_else(PoisonError::into_inner);
        let [current, before] = known;
        *before = std::mem::take(current);
        // Who is known comes back without taking room, whether the limiter still has an entry or not.
        self.room.store(MOST.saturating_sub(remembered.max(before.len())), Ordering::SeqCst);
        self.shared.swap(0, Ordering::SeqCst)
    }
}

/// The budget that newcomers share: an address from where no request comes (RFC 1122 §3.2.1.3, RFC 6666).
fn shared(class: IpAddr) -> IpAddr {
    match class {
        IpAddr::V4(v4) => IpAddr::V4(Ipv4Addr::new(0, v4.octets()[0], 0, 0)),
        IpAddr::V6(v6) => {
            let [a, b, ..] = v6.segments();
            let part = (a ^ (a >> 8) ^ b ^ (b >> 8)) & 0xff;
            IpAddr::V6(Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, part))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The n-th /64 of a /32.
    fn of_one_provider(n: u32) -> IpAddr {
        IpAddr::V6(Ipv6Addr::from(0x2001_0db8_u128 << 96 | u128::from(n) << 64))
    }

    fn v4(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_million_newcomers_share_and_who_was_there_keeps_a_budget() {
        let gate = Gate::new();
        let known = v4("192.0.2.1");
        assert_eq!(gate.key(known), known);
        let keys: HashSet<IpAddr> = (0..1_000_000).map(|n| gate.key(of_one_provider(n))).collect();
        assert!(keys.len() <= MOST + 1, "{}", keys.len());
        assert_eq!(gate.key(known), known, "who was there before the flood");
        assert_eq!(gate.key(v4("198.51.100.7")), v4("0.198.0.0"), "a newcomer shares, but not with the flood");
    }

    #[test]
    fn when_the_flood_is_over_there_is_room_again() {
        let gate = Gate::new();
        for n in 0..200_000 {
            gate.key(of_one_provider(n));
        }
        assert!(gate.swept(MOST) > 100_000);
        let newcomer = v4("198.51.100.7");
        assert_ne!(gate.key(newcomer), newcomer, "the limiter is still full");
        gate.swept(10);
        assert_eq!(gate.swept(10), 0);
        assert_eq!(gate.key(newcomer), newcomer);
    }

    #[test]
    fn who_keeps_coming_takes_room_once() {
        let gate = Gate::new();
        let known = v4("192.0.2.1");
        for _ in 0..10 {
            assert_eq!(gate.key(known), known);
            gate.swept(1);
        }
        for n in 0..200_000 {
            gate.key(of_one_provider(n));
        }
        assert_eq!(gate.key(known), known, "in the flood");
        gate.swept(MOST);
        assert_eq!(gate.key(known), known, "and after it");
    }
}
