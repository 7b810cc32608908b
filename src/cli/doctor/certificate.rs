//! When a certificate expires: so much of X.509 (RFC 5280 §4.1) as it takes to find `notAfter`.

use time::{Date, Month, PrimitiveDateTime, Time};

/// `notAfter` as Unix time in seconds; `None`: not a certificate that can be read.
pub(super) fn expires_at(der: &[u8]) -> Option<i64> {
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
    let (_, _, after_not_before) = element(validity)?;
    let (tag, not_after, _) = element(after_not_before)?;
    moment(tag, std::str::from_utf8(not_after).ok()?)
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
fn moment(tag: u8, text: &str) -> Option<i64> {
    let digits = text.strip_suffix('Z').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
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
    fn the_end_is_found_in_both_forms_of_time() {
        assert_eq!(expires_at(&certificate(true, &tagged(0x17, b"270102030405Z"))), Some(1_798_859_045));
        assert_eq!(expires_at(&certificate(false, &tagged(0x18, b"20270102030405Z"))), Some(1_798_859_045));
    }

    #[test]
    fn what_is_no_certificate_is_none() {
        let whole = certificate(true, &tagged(0x17, b"270102030405Z"));
        for end in 0..whole.len() {
            assert_eq!(expires_at(&whole[..end]), None);
        }
        assert_eq!(expires_at(&certificate(true, &tagged(0x17, b"279902030405Z"))), None);
        assert_eq!(expires_at(&[0x30, 0xFF]), None);
    }
}
