//! People who asked to be deleted, at the end of their grace period.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Apps, repeat};
use crate::account::deletion;
use crate::app::App;
use crate::secret;
use crate::store::{self, locks, user_security};

const EVERY: Duration = Duration::from_mins(10);

/// Longer than a run takes, shorter than the pause.
const LEASE: Duration = Duration::from_mins(9);

/// People in one run; the rest follows at the next.
const BATCH: u64 = 50;

pub(super) async fn run(apps: Apps, shutdown: CancellationToken) {
    let holder = secret::random_id().to_string();
    repeat("deletions", EVERY, &shutdown, || async {
        if let Err(error) = once(&apps.newest(), &holder).await {
            tracing::error!(%error, "accounts not deleted");
        }
        EVERY
    })
    .await;
}

/// One run, unless another replica has the lease. How many people went.
///
/// # Errors
/// The store's; who has gone until then stays gone.
pub async fn once(app: &App, holder: &str) -> store::Result<usize> {
    let (name, now) = (holder.to_owned(), app.now());
    let mine = app
        .store
        .write_one(move |conn| {
            let name = name.clone();
            Box::pin(async move { locks::redeem(conn, "deletions", &name, now, LEASE).await })
        })
        .await?;
    let mut gone = 0;
    if mine {
        for user_id in user_security::list_to_delete(&app.store.read(), now, BATCH).await? {
            gone += usize::from(deletion::remove(app, user_id).await?);
        }
    }
    Ok(gone)
}
