//! Moments for people.

use std::str::FromStr;
use std::time::Duration;

use time::format_description::well_known::Rfc3339;
use time::{Date, Month, OffsetDateTime, Time};

use crate::clock::Timestamp;
use crate::config::Span;

/// RFC 3339 in UTC, to the second.
pub(super) fn rfc3339(at: Timestamp) -> String {
    OffsetDateTime::from_unix_timestamp(at.secs()).ok().and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_else(|| at.millis().to_string())
}

/// A moment that an operator writes: `2027-01-31`, `2027-01-31T08:30:00Z`, or `7d` for seven days ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    At(Timestamp),
    Ago(Duration),
}

impl Moment {
    pub(super) fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(span) => now.minus(span),
        }
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(span) = text.parse::<Span>() {
            return Ok(Self::Ago(span.0));
        }
        let (date, time) = text.split_once('T').unwrap_or((text, "00:00:00Z"));
        let date = numbers(date, '-').and_then(|[year, month, day]| {
            let (year, month, day) = (i32::try_from(year).ok()?, u8::try_from(month).ok()?, u8::try_from(day).ok()?);
            Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()
        });
        let time = time.strip_suffix('Z').and_then(|time| numbers(time, ':')).and_then(|[hour, minute, second]| {
            Time::from_hms(u8::try_from(hour).ok()?, u8::try_from(minute).ok()?, u8::try_from(second).ok()?).ok()
        });
        match (date, time) {
            (Some(date), Some(time)) => Ok(Self::At(Timestamp::from_secs(date.with_time(time).assume_utc().unix_timestamp()))),
            _ => Err("write 2027-01-31, 2027-01-31T08:30:00Z, or a length of time such as 7d for seven days ago".to_owned()),
        }
    }
}

fn numbers(text: &str, between: char) -> Option<[u32; 3]> {
    let numbers: Vec<u32> = text.split(between).map(|number| number.parse().ok()).collect::<Option<_>>()?;
    numbers.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_dates_times_or_ago() {
        let parse = |text: &str| text.parse::<Moment>();
        assert_eq!(parse("2023-11-14T22:13:20Z"), Ok(Moment::At(Timestamp::from_secs(1_700_000_000))));
        assert_eq!(parse("2023-11-14"), Ok(Moment::At(Timestamp::from_secs(1_699_920_000))));
        assert_eq!(parse("7d").unwrap().before(Timestamp::from_secs(700_000)), Timestamp::from_secs(95_200));
        for wrong in ["", "yesterday", "2023-02-30", "2023-11-14T25:00:00Z", "2023-11-14T22:13:20", "14.11.2023", "2023-11"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_moment_is_rfc_3339_in_utc() {
        assert_eq!(rfc3339(Timestamp::from_millis(1_700_000_000_999)), "2023-11-14T22:13:20Z");
    }
}
