//! What operators are shown of the database.

use std::time::Duration;

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _, Select};

use super::connection::Backend;
use super::entities::{audit_events, logout_deliveries, mails};
use super::{Conn, Result, Store};
use crate::clock::Timestamp;
use crate::telemetry::metrics::{Metrics, Waiting};

/// Connections, and writes that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Of those that read, for SQLite.
    pub in_use: usize,
    pub idle: usize,
    /// For the one writer of SQLite; `None`: writers are connections of the pool.
    pub writes_waiting: Option<usize>,
}

/// Rows that wait for a job.
#[derive(Clone, Copy, Debug, Default)]
pub struct Queues {
    pub mails: Waiting,
    pub logouts: Waiting,
    pub audit: Waiting,
}

impl Store {
    /// From now on statements, writes and their failures are counted there.
    pub fn measure(&self, metrics: &Metrics) {
        // Only the first call counts: a store belongs to one service.
        let _ = self.counts.metrics.set(metrics.clone());
    }

    /// `sqlite` or `postgresql`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.backend() {
            Backend::Sqlite(_) => "sqlite",
            Backend::Postgres(_) => "postgresql",
        }
    }

    #[must_use]
    pub fn pool(&self) -> Pool {
        let (all, idle, writes_waiting) = match self.backend() {
            Backend::Sqlite(sqlite) => {
                let pool = sqlite.readers.get_sqlite_connection_pool();
                (pool.size(), pool.num_idle(), Some(sqlite.writer.waiting()))
            }
            Backend::Postgres(postgres) => {
                let pool = postgres.pool.get_postgres_connection_pool();
                (pool.size(), pool.num_idle(), None)
            }
        };
        let all = usize::try_from(all).unwrap_or(usize::MAX);
        Pool { in_use: all.saturating_sub(idle), idle, writes_waiting }
    }
}

/// How much waits, and how long the oldest of it.
pub async fn find_queues(conn: &Conn<'_>, now: Timestamp) -> Result<Queues> {
    let mails = mails::Entity::find().filter(mails::Column::State.eq("pending"));
    let logouts = logout_deliveries::Entity::find().filter(logout_deliveries::Column::State.eq("pending"));
    let audit = audit_events::Entity::find().filter(audit_events::Column::SealedIn.is_null());
    Ok(Queues {
        mails: waiting(conn, mails, mails::Column::CreatedAt, now).await?,
        logouts: waiting(conn, logouts, logout_deliveries::Column::CreatedAt, now).await?,
        audit: waiting(conn, audit, audit_events::Column::At, now).await?,
    })
}

async fn waiting<E: sea_orm::EntityTrait>(conn: &Conn<'_>, rows: Select<E>, at: E::Column, now: Timestamp) -> Result<Waiting> {
    let found = rows.select_only().column_as(at.count(), "rows").column_as(at.min(), "oldest").into_tuple::<(i64, Option<i64>)>();
    let (rows, oldest) = found.one(conn).await?.unwrap_or_default();
    let age = oldest.map_or(Duration::ZERO, |at| now.since(Timestamp::from_millis(at)));
    Ok(Waiting { rows: rows.unsigned_abs(), age })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{NOW, TestDatabase, event};
    use super::super::{audit_events, users};
    use super::*;

    #[tokio::test]
    async fn what_waits_is_counted_with_the_age_of_the_oldest() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let nothing = find_queues(&store.read(), NOW).await.unwrap();
            assert_eq!((nothing.audit, nothing.mails), (Waiting::default(), Waiting::default()));
            store.write(|conn| Box::pin(async move { audit_events::insert(conn, &event("user.created")).await })).await.unwrap();
            let later = find_queues(&store.read(), NOW.plus(Duration::from_secs(90))).await.unwrap();
            assert_eq!(later.audit, Waiting { rows: 1, age: Duration::from_secs(90) });
        }
    }

    #[tokio::test]
    async fn statements_writes_and_failures_are_measured() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let metrics = Metrics::default();
            store.measure(&metrics);
            users::list(&store.read()).await.unwrap();
            store.write(|conn| Box::pin(async move { audit_events::insert(conn, &event("user.created")).await })).await.unwrap();
            store.fail_statement(1);
            assert!(users::list(&store.read()).await.is_err());
            let text = metrics.render();
            for line in [
                "vestibule_database_statement_duration_seconds_count{kind=\"read\"} 2",
                "vestibule_database_statement_duration_seconds_count{kind=\"write\"} 1",
                "vestibule_database_write_duration_seconds_count 1",
                "vestibule_database_errors_total{kind=\"unavailable\"} 1",
            ] {
                assert!(text.lines().any(|found| found == line), "{line}\n{text}");
            }
            assert!(store.pool().in_use + store.pool().idle <= 8);
        }
    }
}
