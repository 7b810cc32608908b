//! The settings as the store takes them.

use crate::config::Limits;
use crate::store::failures::Rules;

/// For everybody but known devices.
pub(super) fn strangers(limits: &Limits) -> Rules {
    Rules {
        free: whole(limits.password_free),
        pause: limits.password_pause.0,
        longest_pause: limits.password_longest_pause.0,
        ceiling: whole(limits.password_ceiling),
    }
}

/// For one known device.
pub(super) fn known_device(limits: &Limits) -> Rules {
    Rules { ceiling: whole(limits.known_device_ceiling), ..strangers(limits) }
}

fn whole(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// NIST SP 800-63B §3.2.2: no more than 100, and they take long.
    #[test]
    fn a_hundred_guesses_of_strangers_take_most_of_a_day() {
        let rules = strangers(&Limits::default());
        assert!(rules.ceiling <= 100);
        let (mut pause, mut all) = (rules.pause, Duration::ZERO);
        for _ in rules.free..rules.ceiling {
            all += pause;
            pause = (pause * 2).min(rules.longest_pause);
        }
        assert!(all > Duration::from_hours(20), "{all:?}");
        assert!(known_device(&Limits::default()).ceiling < rules.ceiling);
    }
}
