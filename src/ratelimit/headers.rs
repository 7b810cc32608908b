//! How a limit is told: `RateLimit-Policy` and `RateLimit` (IETF draft-ietf-httpapi-ratelimit-headers) beside `Retry-After`.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::config::Quota;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STATE: HeaderName = HeaderName::from_static("ratelimit");

/// What the limiter says in headers of its own.
const REMAINING: &str = "x-ratelimit-remaining";
const NOT_OURS: [&str; 4] = ["x-ratelimit-limit", REMAINING, "x-ratelimit-after", "x-ratelimit-whitelisted"];

/// Puts the limiter's own words into those of the draft. Without them nothing was counted, and nothing is said.
pub(super) fn translate(headers: &mut HeaderMap, name: &str, quota: Quota) {
    let remaining = headers.get(REMAINING).and_then(|value| value.to_str().ok()?.parse::<u32>().ok());
    for name in NOT_OURS {
        headers.remove(name);
    }
    // Of two limits on one route the stricter one, which is the inner one, has spoken.
    if let Some(remaining) = remaining.filter(|_| !headers.contains_key(&STATE)) {
        tell(headers, name, quota, remaining, seconds_until_another(quota, remaining));
    }
}

/// `remaining` requests may be made now; in `after` seconds there is one more, or the first.
pub(super) fn tell(headers: &mut HeaderMap, name: &str, quota: Quota, remaining: u32, after: u64) {
    let policy = format!("\"{name}\";q={};w={}", quota.burst, quota.per.as_secs().max(1));
    let state = format!("\"{name}\";r={remaining};t={after}");
    if let (Ok(policy), Ok(state)) = (HeaderValue::from_str(&policy), HeaderValue::from_str(&state)) {
        headers.insert(POLICY, policy);
        headers.insert(STATE, state);
    }
}

/// When the budget is whole again, rounded up.
fn seconds_until_another(quota: Quota, remaining: u32) -> u64 {
    let spent = quota.burst.saturating_sub(remaining);
    quota.pause().saturating_mul(spent).as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_limiters_words_become_those_of_the_draft() {
        let quota = Quota { burst: 60, per: Duration::from_mins(1) };
        let mut headers = HeaderMap::new();
        headers.insert("x-ratelimit-limit", 60.into());
        headers.insert("x-ratelimit-remaining", 50.into());
        translate(&mut headers, "token", quota);
        assert_eq!(headers["ratelimit-policy"], "\"token\";q=60;w=60");
        assert_eq!(headers["ratelimit"], "\"token\";r=50;t=10");
        assert!(!headers.contains_key("x-ratelimit-limit"));
        let mut untold = HeaderMap::new();
        translate(&mut untold, "token", quota);
        assert!(untold.is_empty());
    }
}
