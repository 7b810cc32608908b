//! Rows that nobody will ask for again.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Apps, repeat};
use crate::app::App;
use crate::clock::Timestamp;
use crate::config::Limits;
use crate::mfa::recovery_codes;
use crate::secret;
use crate::store::{
    self, bans, buckets, device_authorizations, failures, former_addresses, grants, locks, logout_deliveries, mails, password_resets,
    pending_sign_ins, sessions, settings, spent, tried_accounts, trusted_devices,
};

const EVERY: Duration = Duration::from_mins(5);

/// Longer than a run takes, shorter than the pause: a replica that dies in the middle is replaced at the next time.
const LEASE: Duration = Duration::from_mins(4);

/// Rows per statement, and statements per table and run: a purge never holds up the writers, however much there is to remove.
const BATCH: u64 = 500;
const BATCHES: u32 = 200;
/// A table's share of a run, in rows.
const SHARE: u64 = BATCH * BATCHES as u64;

/// A run that may have left something comes again after this, so that no load makes the tables grow for ever.
const AGAIN: Duration = Duration::from_secs(1);

/// By how much a run gets on, at most, and how far it stays behind: more than the pause. Of a clock that jumps ahead and is set right soon, nothing is cleared
/// away that still mattered: what was used would be as new.
const STEP: Duration = Duration::from_hours(1);
/// The setting that holds how far the last run got, in milliseconds.
const REACHED: &str = "purged-until";

/// A spent code is remembered long after the last token of its grant is worthless.
const GRANTS_KEPT: Duration = Duration::from_hours(1);
const SPENT_KEPT: Duration = Duration::from_hours(1);
/// A device that still polls is told that its code has expired, rather than that there is no such code; and one that was redeemed is known again.
const DEVICE_AUTHORIZATIONS_KEPT: Duration = Duration::from_hours(1);
/// An ended session is looked at by refreshes and logouts that were under way.
const SESSIONS_KEPT: Duration = Duration::from_hours(24);
/// People may find an old mail: until then they are told that its link was used, or is too old, rather than that there is no such link.
const RESETS_KEPT: Duration = Duration::from_hours(7 * 24);
/// Deliveries are kept for the operator who asks which application was told.
const DELIVERIES_KEPT: Duration = Duration::from_hours(30 * 24);
/// That a mail was sent, or was not, for whoever asks where theirs is; its content is gone before.
const MAILS_KEPT: Duration = Duration::from_hours(7 * 24);

#[derive(Clone, Copy, Debug)]
enum Table {
    Sessions,
    Grants,
    Spent,
    LogoutDeliveries,
    Mails,
    PendingSignIns,
    TrustedDevices,
    PasswordResets,
    Buckets,
    Failures,
    TriedAccounts,
    Bans,
    FormerAddresses,
    ShownRecoveryCodes,
    DeviceAuthorizations,
}

impl Table {
    const ALL: [Self; 15] = [
        Self::Sessions,
        Self::Grants,
        Self::Spent,
        Self::LogoutDeliveries,
        Self::Mails,
        Self::PendingSignIns,
        Self::TrustedDevices,
        Self::PasswordResets,
        Self::Buckets,
        Self::FormerAddresses,
        Self::Failures,
        Self::TriedAccounts,
        Self::Bans,
        Self::ShownRecoveryCodes,
        Self::DeviceAuthorizations,
    ];

    fn before(self, now: Timestamp, limits: &Limits) -> Timestamp {
        match self {
            Self::Sessions => now.minus(SESSIONS_KEPT),
            Self::Grants => now.minus(GRANTS_KEPT),
            // Another replica's clock may be behind: what it still asks for must still be there.
            Self::Spent => now.minus(SPENT_KEPT),
            Self::PendingSignIns | Self::TrustedDevices | Self::Buckets | Self::Bans | Self::FormerAddresses => now,
            Self::Failures => now.minus(limits.failures_kept.0),
            Self::TriedAccounts => now.minus(limits.accounts_per_address.per.max(limits.addresses_per_password.per)),
            Self::PasswordResets => now.minus(RESETS_KEPT),
            Self::LogoutDeliveries => now.minus(DELIVERIES_KEPT),
            Self::Mails => now.minus(MAILS_KEPT),
            Self::DeviceAuthorizations => now.minus(DEVICE_AUTHORIZATIONS_KEPT),
            Self::ShownRecoveryCodes => now.minus(recovery_codes::SHOWN_FOR),
        }
    }
}

pub(super) async fn run(apps: Apps, shutdown: CancellationToken) {
    let holder = secret::random_id().to_string();
    repeat("purge", EVERY, &shutdown, || async { pause_after(once(&apps.newest(), &holder).await) }).await;
}

fn pause_after(run: store::Result<u64>) -> Duration {
    match run {
        Ok(0) => EVERY,
        Ok(rows) => {
            tracing::debug!(rows, "purged");
            // Fewer rows than one table's share: no table came to the end of its share.
            if rows < SHARE { EVERY } else { AGAIN }
        }
        Err(error) => {
            tracing::error!(%error, "purge failed");
            EVERY
        }
    }
}

/// One run, unless another replica has the lease. How many rows went.
///
/// # Errors
/// The store's; what has gone until then stays gone.
pub async fn once(app: &App, holder: &str) -> store::Result<u64> {
    let (name, now) = (holder.to_owned(), app.now());
    let mine = app
        .store
        .write_one(move |conn| {
            let name = name.clone();
            Box::pin(async move { locks::redeem(conn, "purge", &name, now, LEASE).await })
        })
        .await?;
    if !mine {
        return Ok(0);
    }
    let until = reach(now, reached(app).await?);
    let total = remove(app, until.minus(STEP)).await?;
    if total >= SHARE {
        // It may have left something, and gets no further for coming again soon.
        return Ok(total);
    }
    let value = until.millis().to_string();
    app.store
        .write_one(move |conn| {
            let value = value.clone();
            Box::pin(async move { settings::update(conn, REACHED, value.as_bytes()).await })
        })
        .await?;
    Ok(total)
}

async fn reached(app: &App) -> store::Result<Option<Timestamp>> {
    let value = settings::find(&app.store.read(), REACHED).await?;
    Ok(value.and_then(|value| String::from_utf8(value).ok()?.parse().ok()).map(Timestamp::from_millis))
}

/// After a pause of days it takes a run for every hour.
fn reach(now: Timestamp, reached: Option<Timestamp>) -> Timestamp {
    reached.map_or(now, |reached| now.min(reached.plus(STEP)))
}

async fn remove(app: &App, until: Timestamp) -> store::Result<u64> {
    let mut total = 0;
    for table in Table::ALL {
        total += purge(app, table, table.before(until, &app.config.limits)).await?;
    }
    Ok(total)
}

async fn purge(app: &App, table: Table, before: Timestamp) -> store::Result<u64> {
    let mut total = 0;
    for _ in 0..BATCHES {
        let rows = batch(app, table, before).await?;
        total += rows;
        if rows < BATCH {
            break;
        }
    }
    Ok(total)
}

async fn batch(app: &App, table: Table, before: Timestamp) -> store::Result<u64> {
    app.store
        .write_one(move |conn| {
            Box::pin(async move {
                match table {
                    Table::Sessions => sessions::purge(conn, before, BATCH).await,
                    Table::Grants => grants::purge(conn, before, BATCH).await,
                    Table::Spent => spent::purge(conn, before, BATCH).await,
                    Table::LogoutDeliveries => logout_deliveries::purge(conn, before, BATCH).await,
                    Table::PasswordResets => password_resets::purge(conn, before, BATCH).await,
                    Table::Failures => failures::purge(conn, before, BATCH).await,
                    Table::TriedAccounts => tried_accounts::purge(conn, before, BATCH).await,
                    Table::Bans => bans::purge(conn, before, BATCH).await,
                    Table::Buckets => buckets::purge(conn, before, BATCH).await,
                    Table::ShownRecoveryCodes => store::recovery_codes::purge_shown(conn, before, BATCH).await,
                    Table::FormerAddresses => former_addresses::purge(conn, before, BATCH).await,
                    Table::DeviceAuthorizations => device_authorizations::purge(conn, before, BATCH).await,
                    Table::Mails => mails::purge(conn, before, BATCH).await,
                    Table::PendingSignIns => pending_sign_ins::purge(conn, before, BATCH).await,
                    Table::TrustedDevices => trusted_devices::purge(conn, before, BATCH).await,
                }
            })
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Origin;
    use crate::oauth::testing::House;
    use crate::session;

    #[test]
    fn a_run_that_may_have_left_something_comes_again_soon() {
        assert_eq!(pause_after(Ok(0)), EVERY);
        assert_eq!(pause_after(Ok(99_999)), EVERY);
        assert_eq!(pause_after(Ok(100_000)), AGAIN);
        assert_eq!(pause_after(Err(store::Error::Conflict)), EVERY);
    }

    async fn spend(house: &House) {
        let expires_at = house.app.now().plus(Duration::from_hours(1));
        let spent = house.app.store.write_one(move |conn| Box::pin(spent::redeem(conn, spent::Kind::Setup, "x", expires_at)));
        assert!(spent.await.unwrap());
    }

    /// Ended or not: nothing but its age decides.
    #[tokio::test]
    async fn sessions_grants_and_spent_things_go_when_their_time_is_over() {
        let house = House::open().await;
        house.sign_in("openid").await;
        spend(&house).await;
        session::end(&house.app, &house.session, &Origin::default()).await.unwrap();
        assert_eq!(once(&house.app, "a").await.unwrap(), 0);

        house.clock.advance(Duration::from_hours(3));
        assert_eq!(remove(&house.app, house.app.now()).await.unwrap(), 1, "what was spent");
        assert!(sessions::find(&house.app.store.read(), house.session.id).await.unwrap().is_some());

        house.clock.advance(Duration::from_hours(24 * 31));
        assert_eq!(remove(&house.app, house.app.now()).await.unwrap(), 2, "the grant and the session");
        assert!(sessions::find(&house.app.store.read(), house.session.id).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn while_one_replica_purges_another_does_not() {
        let house = House::open().await;
        spend(&house).await;
        assert_eq!(once(&house.app, "a").await.unwrap(), 0);
        house.clock.advance(Duration::from_hours(4));
        let mut gone = 0;
        for _ in 0..4 {
            gone += once(&house.app, "a").await.unwrap();
        }
        assert_eq!(gone, 1);
        spend(&house).await;
        house.clock.advance(Duration::from_mins(3));
        assert_eq!(once(&house.app, "b").await.unwrap(), 0);
        let now = house.app.now();
        let mine = house.app.store.write_one(move |conn| Box::pin(locks::redeem(conn, "purge", "b", now, LEASE)));
        assert!(!mine.await.unwrap(), "the lease is another's");
    }

    /// A year ahead for as long as one run, and set right: what was used is not as new. Time that really passes is caught up with.
    #[tokio::test]
    async fn a_clock_that_jumps_ahead_clears_nothing_away_that_still_matters() {
        let house = House::open().await;
        let is_spent = async || spent::find(&house.app.store.read(), spent::Kind::Setup, "x").await.unwrap();
        let is_counted = async || !buckets::list(&house.app.store.read(), "try:", house.app.now(), 9).await.unwrap().is_empty();
        spend(&house).await;
        let right = house.app.now();
        let quota = "1/30m".parse().unwrap();
        house.app.store.write_one(move |conn| Box::pin(buckets::take(conn, "try:x", quota, right))).await.unwrap();
        once(&house.app, "a").await.unwrap();
        house.clock.advance(Duration::from_hours(365 * 24));
        once(&house.app, "a").await.unwrap();
        house.clock.set(right);
        once(&house.app, "a").await.unwrap();
        assert!(is_spent().await && is_counted().await);
        house.clock.advance(Duration::from_hours(5));
        for _ in 0..4 {
            once(&house.app, "a").await.unwrap();
        }
        assert!(!is_spent().await);
        assert!(STEP > EVERY);
    }

    /// OpenID Connect conformance `oidcc-codereuse-30seconds`, with a wide margin.
    #[test]
    fn spent_codes_are_remembered_for_ten_minutes_and_more() {
        let now = Timestamp::from_secs(1_000_000);
        assert!(now.since(Table::Grants.before(now, &Limits::default())) >= Duration::from_mins(10));
    }

    #[test]
    fn the_lease_is_over_before_the_next_run() {
        assert!(LEASE < EVERY);
    }
}
