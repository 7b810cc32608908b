//! Limits by account, person and address, that hold over restarts and for all replicas: the generic cell rate algorithm, one row per key.
//!
//! A bucket holds `burst` tokens and fills up evenly within `per`; the row says when it will be full. No row: full.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _,
};

use super::entities::buckets::{Column, Entity, Model};
use super::{Conn, Result};
use crate::clock::Timestamp;
use crate::config::Quota;
use crate::secret::Digest;

/// By how much the clocks of replicas may differ.
const SKEW: Duration = Duration::from_mins(1);

/// What became of an attempt to take one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    Given,
    /// Nothing is left; there will be after this time.
    Wait(Duration),
}

/// What a client is called in a key: ids may be longer than keys.
#[must_use]
pub fn name_of_client(client_id: &str) -> String {
    if client_id.len() <= 100 {
        return client_id.to_owned();
    }
    URL_SAFE_NO_PAD.encode(Digest::of(client_id.as_bytes()).as_bytes()).chars().take(12).collect()
}

/// Takes one from the bucket `key` (`what:whose`), in one statement, before whatever it pays for. A bucket that is empty is left as it is: trying
/// does not make the wait longer.
pub async fn take(conn: &Conn<'_>, key: &str, quota: Quota, now: Timestamp) -> Result<Take> {
    let one = std::cmp::max(quota.pause(), Duration::from_millis(1));
    let all_but_one = one.saturating_mul(quota.burst.saturating_sub(1));
    let row = Model { key: key.to_owned(), full_at: now.plus(one).millis() };
    let full_at = || Expr::col((Entity, Column::FullAt));
    let millis = now.plus(one).millis().saturating_sub(now.millis());
    // A bucket that is to be full later than any can be was emptied by a clock that was ahead: nobody waits for that time, it is full.
    let never = now.plus(quota.per).plus(one).plus(SKEW).millis();
    let filling = full_at().gt(now.millis()).and(full_at().lte(never));
    let later: Expr = Expr::case(filling, full_at().add(millis)).finally(now.plus(one).millis()).into();
    let take = OnConflict::column(Column::Key)
        .value(Column::FullAt, later)
        .action_and_where(full_at().lte(now.plus(all_but_one).millis()).or(full_at().gt(never)))
        .to_owned();
    let statement = Entity::insert(row.into_active_model()).on_conflict(take).into_query();
    if conn.change(&statement).await? > 0 {
        return Ok(Take::Given);
    }
    let full_at = Entity::find_by_id(key).one(conn).await?.map_or(now, |row| Timestamp::from_millis(row.full_at));
    Ok(Take::Wait(full_at.minus(all_but_one).since(now)))
}

/// Puts one back into each of these, in one statement per bucket: what was paid for was no guess.
pub async fn update_given_back(conn: &Conn<'_>, taken: &[(String, Quota)]) -> Result<()> {
    for (key, quota) in taken {
        let one = std::cmp::max(quota.pause(), Duration::from_millis(1));
        let millis = i64::try_from(one.as_millis()).unwrap_or(i64::MAX);
        let update = Entity::update_many().col_expr(Column::FullAt, Expr::col(Column::FullAt).sub(millis));
        update.filter(Column::Key.eq(key)).exec(conn).await?;
    }
    Ok(())
}

/// Takes one from each, or from none. How long there is nothing left, if so.
pub async fn take_each(conn: &Conn<'_>, costs: &[(String, Quota)], now: Timestamp) -> Result<Take> {
    for (paid, (key, quota)) in costs.iter().enumerate() {
        if let Take::Wait(wait) = take(conn, key, *quota, now).await? {
            update_given_back(conn, costs.get(..paid).unwrap_or_default()).await?;
            return Ok(Take::Wait(wait));
        }
    }
    Ok(Take::Given)
}

/// Buckets of this kind that are not full, the emptiest first: for operators.
pub async fn list(conn: &Conn<'_>, kind: &str, now: Timestamp, limit: u64) -> Result<Vec<(String, Timestamp)>> {
    let wanted = Column::FullAt.gt(now.millis()).and(Column::Key.starts_with(kind));
    let rows = Entity::find().filter(wanted).order_by_desc(Column::FullAt).limit(limit).all(conn).await?;
    Ok(rows.into_iter().map(|row| (row.key, Timestamp::from_millis(row.full_at))).collect())
}

/// Empties nobody's bucket: forgets `key`, so that it is full.
pub async fn revoke(conn: &Conn<'_>, key: &str) -> Result<bool> {
    Ok(Entity::delete_by_id(key).exec(conn).await?.rows_affected > 0)
}

/// Forgets `key`, and those whose key goes on after it with a colon. How many.
pub async fn revoke_all(conn: &Conn<'_>, key: &str) -> Result<u64> {
    // A colon and what comes after it in ASCII: a range of keys, which the index finds.
    let wanted = Column::Key.eq(key).or(Column::Key.gte(format!("{key}:")).and(Column::Key.lt(format!("{key};"))));
    Ok(Entity::delete_many().filter(wanted).exec(conn).await?.rows_affected)
}

/// Forgets those of this kind whose key ends with a colon and `end`, which has no wildcard in it. How many. Looks at all of the kind: for operators.
pub async fn revoke_ending(conn: &Conn<'_>, kind: &str, end: &str) -> Result<u64> {
    let wanted = Column::Key.starts_with(kind).and(Column::Key.ends_with(format!(":{end}")));
    Ok(Entity::delete_many().filter(wanted).exec(conn).await?.rows_affected)
}

/// Removes those that were full before `before`, at most `limit`.
pub async fn purge(conn: &Conn<'_>, before: Timestamp, limit: u64) -> Result<u64> {
    let full = Entity::find().select_only().column(Column::Key).filter(Column::FullAt.lt(before.millis())).limit(limit).into_query();
    Ok(Entity::delete_many().filter(Column::Key.in_subquery(full)).exec(conn).await?.rows_affected)
}

#[cfg(test)]
mod tests {
    use super::super::Store;
    use super::super::testing::{NOW, TestDatabase};
    use super::*;

    const THREE_AN_HOUR: Quota = Quota { burst: 3, per: Duration::from_hours(1) };

    #[tokio::test]
    async fn a_clock_that_was_ahead_empties_no_bucket_for_as_long() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            for _ in 0..3 {
                assert_eq!(taken(&store, "reset:ada", NOW.plus(Duration::from_hours(24 * 365))).await, Take::Given);
            }
            for _ in 0..3 {
                assert_eq!(taken(&store, "reset:ada", NOW).await, Take::Given);
            }
            assert!(
                matches!(taken(&store, "reset:ada", NOW).await, Take::Wait(wait) if wait <= Duration::from_mins(20)),
                "and it counts again"
            );
        }
    }

    async fn taken(store: &Store, key: &'static str, at: Timestamp) -> Take {
        store.write_one(move |conn| Box::pin(take(conn, key, THREE_AN_HOUR, at))).await.unwrap()
    }

    #[tokio::test]
    async fn three_at_once_and_then_one_every_twenty_minutes() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let minutes = |count| NOW.plus(Duration::from_mins(count));
            for _ in 0..3 {
                assert_eq!(taken(&store, "reset:ada", NOW).await, Take::Given);
            }
            assert_eq!(taken(&store, "reset:ada", NOW).await, Take::Wait(Duration::from_mins(20)));
            assert_eq!(taken(&store, "reset:ada", minutes(19)).await, Take::Wait(Duration::from_mins(1)));
            assert_eq!(taken(&store, "reset:bob", minutes(19)).await, Take::Given);
            assert_eq!(taken(&store, "reset:ada", minutes(20)).await, Take::Given);
            assert!(matches!(taken(&store, "reset:ada", minutes(21)).await, Take::Wait(_)));
            for _ in 0..3 {
                assert_eq!(taken(&store, "reset:ada", minutes(300)).await, Take::Given);
            }
            assert!(matches!(taken(&store, "reset:ada", minutes(300)).await, Take::Wait(_)));
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn of_sixteen_at_once_three_are_given() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let tries = (0..16).map(|_| {
                let store = store.clone();
                tokio::spawn(async move { taken(&store, "reset:ada", NOW).await })
            });
            let outcomes = futures_util::future::join_all(tries).await;
            assert_eq!(outcomes.into_iter().filter(|outcome| *outcome.as_ref().unwrap() == Take::Given).count(), 3);
        }
    }

    #[tokio::test]
    async fn full_buckets_are_purged_and_forgotten_ones_are_full() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            taken(&store, "a", NOW).await;
            let full = NOW.plus(Duration::from_mins(20));
            assert_eq!(store.write_one(move |conn| Box::pin(purge(conn, full, 10))).await.unwrap(), 0);
            let after = full.plus(Duration::from_millis(1));
            assert_eq!(store.write_one(move |conn| Box::pin(purge(conn, after, 10))).await.unwrap(), 1);
            for _ in 0..4 {
                taken(&store, "b", NOW).await;
            }
            store.write_one(|conn| Box::pin(revoke(conn, "b"))).await.unwrap();
            for _ in 0..6 {
                assert_eq!(taken(&store, "c", NOW).await, Take::Given, "what is put back can be taken again");
                let giving =
                    store.write_one(|conn| Box::pin(async move { update_given_back(conn, &[("c".to_owned(), THREE_AN_HOUR)]).await }));
                giving.await.unwrap();
            }
            assert_eq!(taken(&store, "b", NOW).await, Take::Given);
        }
    }

    /// Steps in milliseconds between tries of one key: what was given, when; a refusal must be honest about its end.
    async fn given(store: &Store, key: String, quota: Quota, steps: &[u64]) -> Vec<Timestamp> {
        let (mut now, mut given) = (NOW, Vec::new());
        for step in steps {
            now = now.plus(Duration::from_millis(*step));
            let taking = |at: Timestamp| {
                let key = key.clone();
                store.write_one(move |conn| {
                    let key = key.clone();
                    Box::pin(async move { take(conn, &key, quota, at).await })
                })
            };
            if let Take::Wait(wait) = taking(now).await.unwrap() {
                assert!(!wait.is_zero(), "a refusal without an end");
                now = now.plus(wait);
                assert_eq!(taking(now).await.unwrap(), Take::Given, "not given when it was said");
            }
            given.push(now);
        }
        given
    }

    #[test]
    fn whenever_it_is_tried_no_more_is_given_than_the_quota_and_refusals_are_honest() {
        use proptest::prelude::*;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let database = TestDatabase::sqlite();
        let store = runtime.block_on(database.migrated());
        let case = std::cell::Cell::new(0);
        let strategy = (1_u32..6, proptest::collection::vec(0_u64..900, 1..16));
        let config = ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() };
        let mut runner = proptest::test_runner::TestRunner::new(config);
        let outcome = runner.run(&strategy, |(burst, steps)| {
            case.set(case.get() + 1);
            // Whole milliseconds for each, so that nothing is rounded.
            let quota = Quota { burst, per: Duration::from_millis(600).saturating_mul(burst) };
            let given = runtime.block_on(given(&store, format!("case:{}", case.get()), quota, &steps));
            let one = (quota.per / burst).as_millis();
            for (first, from) in given.iter().enumerate() {
                for (last, to) in given.iter().enumerate().skip(first) {
                    let allowed = u128::from(burst) + to.since(*from).as_millis() / one;
                    prop_assert!((last - first + 1) as u128 <= allowed, "{burst} {given:?}");
                }
            }
            Ok(())
        });
        outcome.unwrap();
    }
}
