//! A password of the database that has just been changed there: until the new one is read, no connection can be opened, while those that are open go on.

use std::time::{Duration, Instant};

use sea_orm::{DbErr, RuntimeErr, sqlx};

/// For so long somebody else's connection is waited for.
const PATIENCE: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(25);

/// Runs it again, as long as no connection can be had because none is let in: nothing has been done then, and a connection of somebody else's becomes free.
pub(super) async fn waited_out<T, F>(mut run: impl FnMut() -> F) -> Result<T, DbErr>
where
    F: Future<Output = Result<T, DbErr>>,
{
    let begun = Instant::now();
    loop {
        match run().await {
            Err(error) if is_refusal(&error) && begun.elapsed() < PATIENCE => tokio::time::sleep(PAUSE).await,
            outcome => return outcome,
        }
    }
}

/// Not let in: class 28 of SQLSTATE (PostgreSQL, appendix A).
pub(super) fn is_refusal(error: &DbErr) -> bool {
    let (DbErr::Conn(cause) | DbErr::Exec(cause) | DbErr::Query(cause)) = error else { return false };
    let RuntimeErr::SqlxError(cause) = cause else { return false };
    let sqlx::Error::Database(refusal) = &**cause else { return false };
    refusal.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some_and(|refusal| refusal.code().starts_with("28"))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn what_is_no_refusal_is_answered_at_once() {
        let tries = Cell::new(0);
        let outcome: Result<(), DbErr> = waited_out(|| {
            tries.set(tries.get() + 1);
            std::future::ready(Err(DbErr::Conn(RuntimeErr::Internal("gone".to_owned()))))
        })
        .await;
        assert!(outcome.is_err() && tries.get() == 1);
    }
}
