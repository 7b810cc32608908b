//! Rotations of refresh tokens that this process began and could tell nobody of: the database went away between taking the statement and
//! saying so, or the request ran out of time. Whether they were made is not known, and who asked was told to try again.

use std::time::Duration;

use moka::sync::Cache;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::store::grants::Grant;
use crate::tokens::refresh::RefreshToken;

/// A database that is away for longer costs those few their grant.
const LIFE: Duration = Duration::from_mins(15);
/// More requests are not in flight at one moment.
const MOST: u64 = 10_000;

/// In memory: another replica knows nothing of it, and judges by `tokens.refresh_token_grace` alone.
#[derive(Clone)]
pub struct Unanswered(Cache<(Uuid, i64), Timestamp>);

impl Default for Unanswered {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(MOST).time_to_live(LIFE).build())
    }
}

impl Unanswered {
    /// A rotation of `token` begins, which will say that it was made at `now`. Dropped before it is [answered](Attempt::answered), it is remembered.
    #[must_use]
    pub fn begin(&self, token: RefreshToken, now: Timestamp) -> Attempt<'_> {
        Attempt { of: Some(self), key: (token.grant_id, token.generation), now }
    }

    /// Whether the grant stands where an attempt from here put it, of which nobody was told.
    #[must_use]
    pub fn holds(&self, token: RefreshToken, grant: &Grant) -> bool {
        let is_last = token.grant_id == grant.id && token.generation.saturating_add(1) == grant.generation;
        is_last && self.0.get(&(token.grant_id, token.generation)) == Some(grant.rotated_at)
    }
}

/// One rotation on its way.
pub struct Attempt<'u> {
    of: Option<&'u Unanswered>,
    key: (Uuid, i64),
    now: Timestamp,
}

impl Attempt<'_> {
    /// The database has said what came of it.
    pub fn answered(mut self) {
        self.of = None;
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if let Some(unanswered) = self.of {
            unanswered.0.insert(self.key, self.now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::testing::rotated;

    const NOW: Timestamp = Timestamp::from_secs(1000);

    #[test]
    fn only_the_attempt_that_nobody_was_told_of_is_remembered() {
        let unanswered = Unanswered::default();
        let after = rotated(4, NOW);
        let token = |generation| RefreshToken { grant_id: after.id, generation };
        unanswered.begin(token(3), NOW).answered();
        assert!(!unanswered.holds(token(3), &after));
        drop(unanswered.begin(token(3), NOW));
        assert!(unanswered.holds(token(3), &after));
        assert!(!unanswered.holds(token(2), &after), "an older token");
        assert!(!unanswered.holds(token(3), &rotated(5, NOW)), "the successor was used");
        assert!(
            !unanswered.holds(token(3), &Grant { rotated_at: NOW.plus(Duration::from_secs(1)), ..after.clone() }),
            "another's rotation"
        );
        assert!(!unanswered.holds(token(3), &Grant { id: Uuid::max(), ..after.clone() }), "another grant");
    }
}
