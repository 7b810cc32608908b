//! The generic cell rate algorithm against the bucket of tokens it stands for.

use std::time::Duration;

use proptest::prelude::*;
use vestibule::clock::Timestamp;
use vestibule::config::Quota;
use vestibule::store::buckets::{self, Take};

use super::{few, runtime};
use crate::harness::TestApp;

/// A bucket of tokens: what there is, counted in the time it takes to fill.
struct Model {
    one: i64,
    most: i64,
    there: i64,
    at: i64,
}

impl Model {
    fn new(quota: Quota, now: Timestamp) -> Self {
        let one = i64::try_from((quota.per / quota.burst).as_millis()).unwrap().max(1);
        let most = one * i64::from(quota.burst);
        Self { one, most, there: most, at: now.millis() }
    }

    /// How many milliseconds are missing; 0: one was taken.
    fn take(&mut self, now: Timestamp) -> i64 {
        self.there = (self.there + now.millis() - self.at).min(self.most);
        self.at = now.millis();
        let missing = (self.one - self.there).max(0);
        if missing == 0 {
            self.there -= self.one;
        }
        missing
    }
}

/// PW-3: each take is given or refused as the bucket says, and a refusal tells how long to wait, to the millisecond.
#[test]
fn buckets_give_what_the_model_gives() {
    let runtime = runtime();
    let app = runtime.block_on(TestApp::start());
    let number = std::cell::Cell::new(0);
    let strategy = (1_u32..12, 1_u64..100_000, prop::collection::vec(0_u64..20_000, 1..25));
    let outcome = proptest::test_runner::TestRunner::new(few(60, 10_000)).run(&strategy, |(burst, per, pauses)| {
        let quota = Quota { burst, per: Duration::from_millis(per * u64::from(burst)) };
        let mut now = app.now();
        let mut model = Model::new(quota, now);
        number.set(number.get() + 1);
        for pause in pauses {
            now = now.plus(Duration::from_millis(pause));
            let key = format!("property:{}", number.get());
            let taken = runtime.block_on(app.app.store.write(move |conn| {
                let key = key.clone();
                Box::pin(async move { buckets::take(conn, &key, quota, now).await })
            }));
            let expected = match model.take(now) {
                0 => Take::Given,
                missing => Take::Wait(Duration::from_millis(missing.unsigned_abs())),
            };
            prop_assert_eq!(taken.unwrap(), expected);
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
