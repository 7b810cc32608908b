//! When a certificate holds, and whether it should have been renewed: so much of X.509 (RFC 5280 §4.1) as it takes to find its `validity`.

use time::{Date, Month, PrimitiveDateTime, Time};

use crate::clock::Timestamp;

const DAY: i64 = 86_400;

/// From when to when, as Unix time in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    pub not_before: i64,
    pub not_after: i64,
}

/// How much of its time is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    Enough,
    /// Less than a quarter, thirty days at most: whatever renews it should have done so at a third.
    Little,
    /// Less than a twelfth, seven days at most; or nothing.
    HardlyAny,
}

impl Validity {
    /// Of a certificate in DER; `None`: not one that can be read.
    #[must_use]
    pub fn of(der: &[u8]) -> Option<Self> {
        find(der)
    }

    #[must_use]
    pub fn holds(self, now: Timestamp) -> bool {
        (self.not_before..=self.not_after).contains(&now.secs())
    }

    /// Whole days; below zero: it has expired.
    #[must_use]
    pub const fn days_left(self, now: Timestamp) -> i64 {
        self.not_after.saturating_sub(now.secs()).div_euclid(DAY)
    }

    #[must_use]
    pub fn left(self, now: Timestamp) -> Left {
        let (life, left) = (self.not_after.saturating_sub(self.not_before), self.not_after.saturating_sub(now.secs()));
        if left < (life / 12).min(7 * DAY) || left <= 0 {
            Left::HardlyAny
        } else if left < (life / 4).min(30 * DAY) {
            Left::Little
        } else {
            Left::Enough
        }
    }
}

fn find(der: &[u8]) -> Option<Validity> {
    let (_, certificate, _) = element(der)?;
    let (_, mut rest, _) = element(certificate)?;
    // version (explicitly tagged, may be missing), serialNumber, signature, issuer
    if rest.first() == Some(&0xA0) {
        rest = element(rest)?.2;
    }
    for _ in 0..3 {
        rest = element(rest)?.2;
    }
    let (_, validity, _) = element(rest)?;
    let (first, not_before, second) = element(validity)?;
    let (second, not_after, _) = element(second)?;
    Some(Validity { not_before: moment(first, not_before)?, not_after: moment(second, not_after)? })
}

/// The first element: its tag, its content, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7F)).filter(|(bytes, _)| bytes.len() <= 4)?;
        (bytes.iter().fold(0_usize, |length, byte| length << 8 | usize::from(*byte)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// UTCTime (`YYMMDDHHMMSSZ`, RFC 5280 §4.1.2.5.1) or GeneralizedTime (`YYYYMMDDHHMMSSZ`).
fn moment(tag: u8, text: &[u8]) -> Option<i64> {
    let digits = std::str::from_utf8(text).ok()?.strip_suffix('Z').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let (year, rest) = match tag {
        0x17 => {
            let (year, rest) = digits.split_at_checked(2)?;
            let year: i32 = year.parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        0x18 => {
            let (year, rest) = digits.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let two = |at: usize| rest.get(at..at + 2)?.parse::<u8>().ok();
    let date = Date::from_calendar_date(year, Month::try_from(two(0)?).ok()?, two(2)?).ok()?;
    let time = Time::from_hms(two(4)?, two(6)?, two(8)?).ok()?;
    Some(PrimitiveDateTime::new(date, time).assume_utc().unix_timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut der = vec![tag, 0x82];
        der.extend(u16::try_from(content.len()).unwrap().to_be_bytes());
        der.extend(content);
        der
    }

    fn certificate(version: bool, not_after: &[u8]) -> Vec<u8> {
        let version = if version { tagged(0xA0, &tagged(2, &[2])) } else { Vec::new() };
        let validity = tagged(0x30, &[tagged(0x17, b"260101000000Z"), not_after.to_vec()].concat());
        let to_be_signed = [version, tagged(2, &[1]), tagged(0x30, &[]), tagged(0x30, &[]), validity].concat();
        tagged(0x30, &tagged(0x30, &to_be_signed))
    }

    #[test]
    fn both_forms_of_time_are_read() {
        let validity = Validity { not_before: 1_767_225_600, not_after: 1_798_859_045 };
        assert_eq!(Validity::of(&certificate(true, &tagged(0x17, b"270102030405Z"))), Some(validity));
        assert_eq!(Validity::of(&certificate(false, &tagged(0x18, b"20270102030405Z"))), Some(validity));
    }

    #[test]
    fn what_is_no_certificate_is_none() {
        let whole = certificate(true, &tagged(0x17, b"270102030405Z"));
        for end in 0..whole.len() {
            assert_eq!(Validity::of(&whole[..end]), None);
        }
        assert_eq!(Validity::of(&certificate(true, &tagged(0x17, b"279902030405Z"))), None);
        assert_eq!(Validity::of(&[0x30, 0xFF]), None);
    }

    /// Of a year, of ninety days and of six: what is little for the one is plenty for the other.
    #[test]
    fn how_much_is_left_is_a_matter_of_its_whole_life() {
        for (life, little, hardly) in [(366, 30, 7), (90, 22, 7), (6, 1, 0)] {
            let validity = Validity { not_before: 0, not_after: life * DAY };
            let after = |days: i64| validity.left(Timestamp::from_secs((life - days) * DAY));
            assert_eq!(
                [after(little + 1), after(little - 1)],
                [Left::Enough, if little > 1 { Left::Little } else { Left::HardlyAny }],
                "{life}"
            );
            assert_eq!([after(hardly), after(-1)], [if hardly > 0 { Left::Little } else { Left::HardlyAny }, Left::HardlyAny], "{life}");
        }
        let validity = Validity { not_before: 10, not_after: DAY + 20 };
        assert_eq!([9, 10, DAY + 20, DAY + 21].map(|at| validity.holds(Timestamp::from_secs(at))), [false, true, true, false]);
        assert_eq!([20, 21].map(|at| validity.days_left(Timestamp::from_secs(DAY * at / 20))), [0, -1]);
    }
}
