//! Every statement that runs per request, and every purge, must find its rows through an index: asked of SQLite's planner with the very statements
//! the functions make.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, Statement};
use uuid::Uuid;

use super::spent::Kind;
use super::testing::{NOW, TestDatabase, grant, session, user};
use super::totp_credentials::TotpState;
use super::{
    BoxFuture, Conn, Result, Store, audit_chain, audit_events, bans, buckets, clients, consents, device_authorizations, factor_attempts,
    failures, grants, locks, logout_deliveries, mails, memberships, organizations, passkeys, password_resets, pending_sign_ins,
    recovery_codes, sessions, settings, spent, totp_credentials, tried_accounts, trusted_devices, user_security, users,
};
use crate::secret::Digest;

/// Runs `job` and answers the plan of each of its statements.
async fn plans<F>(store: &Store, job: F) -> Vec<(String, Vec<String>)>
where
    F: for<'c> Fn(&'c Conn<'c>) -> BoxFuture<'c, Result<()>> + Send + Sync + 'static,
{
    store.counts.statements.lock().unwrap().clear();
    store.write(job).await.unwrap();
    let statements = std::mem::take(&mut *store.counts.statements.lock().unwrap());
    let mut plans = Vec::new();
    for statement in statements {
        let explain = Statement { sql: format!("EXPLAIN QUERY PLAN {}", statement.sql), ..statement.clone() };
        let rows = store.read().query_all_raw(explain).await.unwrap();
        let plan = rows.iter().map(|row| row.try_get::<String>("", "detail").unwrap()).collect();
        plans.push((statement.sql, plan));
    }
    plans
}

async fn reads(conn: &Conn<'_>) -> Result<()> {
    let hour = Duration::from_hours(1);
    clients::find(conn, "autotalk").await?;
    users::find(conn, Uuid::nil()).await?;
    users::find_by_email(conn, "ada@example.org").await?;
    users::list_by_ids(conn, &[Uuid::nil(), Uuid::max()]).await?;
    users::any_administrator(conn).await?;
    sessions::find(conn, Uuid::nil()).await?;
    sessions::find_live(conn, &Digest::of(b"cookie"), NOW, hour).await?;
    sessions::list_live_by_user(conn, Uuid::nil(), NOW).await?;
    consents::find(conn, Uuid::nil(), "autotalk").await?;
    consents::list_by_user(conn, Uuid::nil()).await?;
    grants::list_live_by_user(conn, Uuid::nil(), 0, NOW).await?;
    user_security::list_to_delete(conn, NOW, 10).await?;
    let wanted = audit_events::Wanted { user_id: Uuid::nil(), kinds: &["a", "b"], since: NOW, before: Some(Uuid::max()) };
    audit_events::list_by_user(conn, wanted, 10).await?;
    organizations::find(conn, "acme").await?;
    memberships::list_by_user(conn, Uuid::nil()).await?;
    memberships::list_administrators(conn, &["acme".to_owned(), "bolt".to_owned()]).await?;
    grants::find(conn, Uuid::nil()).await?;
    grants::find_context(conn, Uuid::nil()).await?;
    grants::list_clients_of_session(conn, Uuid::nil()).await?;
    spent::find(conn, Kind::Setup, "x").await?;
    settings::find(conn, "x").await?;
    logout_deliveries::list_due(conn, NOW, 10).await?;
    mails::list_due(conn, NOW, 10).await?;
    logout_deliveries::find(conn, Uuid::nil()).await?;
    password_resets::find(conn, Uuid::nil()).await?;
    logout_deliveries::list(conn, 10).await.map(drop)
}

async fn second_factors(conn: &Conn<'_>) -> Result<()> {
    let (nobody, digest) = (Uuid::nil(), Digest::of(b"x"));
    totp_credentials::find(conn, nobody, TotpState::Active).await?;
    totp_credentials::any_active(conn, nobody).await?;
    totp_credentials::redeem(conn, nobody, 1).await?;
    totp_credentials::revoke(conn, nobody, TotpState::Pending).await?;
    passkeys::any(conn, nobody).await?;
    passkeys::list(conn, nobody).await?;
    passkeys::find(conn, b"x").await?;
    recovery_codes::redeem(conn, nobody, &[digest], NOW).await?;
    recovery_codes::find_left(conn, nobody).await?;
    recovery_codes::list(conn, nobody).await?;
    recovery_codes::update_hidden(conn, nobody, nobody).await?;
    trusted_devices::find(conn, &digest, nobody, 0, NOW).await?;
    trusted_devices::update_last_used(conn, nobody, NOW).await?;
    trusted_devices::revoke_all(conn, nobody).await?;
    trusted_devices::purge(conn, NOW, 10).await?;
    pending_sign_ins::find(conn, &digest, NOW).await?;
    pending_sign_ins::update_failed(conn, nobody, 5).await?;
    pending_sign_ins::redeem_code(conn, nobody, &[digest], NOW).await?;
    pending_sign_ins::redeem(conn, nobody, 0, NOW).await?;
    pending_sign_ins::purge(conn, NOW, 10).await?;
    factor_attempts::find(conn, nobody).await?;
    factor_attempts::update_succeeded(conn, nobody).await
}

async fn writes(conn: &Conn<'_>) -> Result<()> {
    let ada = user("ada@example.org");
    let hers = session(&ada, "cookie");
    users::insert(conn, &ada).await?;
    sessions::insert(conn, &hers).await?;
    sessions::update_last_seen(conn, hers.id, NOW).await?;
    sessions::update_epoch_of_user(conn, ada.id, 4).await?;
    users::update_last_sign_in(conn, ada.id, NOW).await?;
    users::update_password(conn, ada.id, "new", NOW).await?;
    users::update_password_hash(conn, ada.id, "new", "stronger").await?;
    grants::redeem(conn, &grant(ada.id, hers.id)).await?;
    grants::rotate(conn, Uuid::nil(), 0, NOW).await?;
    grants::revoke(conn, Uuid::nil(), "replay", NOW).await?;
    grants::revoke_by_session(conn, hers.id, "logout", NOW).await?;
    grants::revoke_by_client(conn, ada.id, "autotalk", "revoked", NOW).await?;
    grants::revoke_all_of_client(conn, "autotalk", "removed", NOW).await?;
    sessions::revoke(conn, hers.id, NOW).await?;
    let consent = consents::Consent { user_id: ada.id, client_id: "autotalk".to_owned(), scope: "openid".to_owned(), granted_at: NOW };
    consents::update_widened(conn, &consent, str::to_owned).await?;
    consents::update_widened(conn, &consent, str::to_owned).await?;
    consents::revoke(conn, ada.id, "autotalk").await?;
    spent::redeem(conn, Kind::Setup, "x", NOW).await?;
    locks::redeem(conn, "purge", "me", NOW, Duration::from_secs(1)).await?;
    logout_deliveries::redeem(conn, Uuid::nil(), 0, NOW).await?;
    resets(conn, ada.id).await?;
    mails::redeem(conn, Uuid::nil(), 0, NOW).await?;
    mails::purge(conn, NOW, 10).await?;
    sessions::purge(conn, NOW, 10).await?;
    grants::purge(conn, NOW, 10).await?;
    spent::purge(conn, NOW, 10).await?;
    logout_deliveries::purge(conn, NOW, 10).await.map(drop)
}

async fn organizations_left(conn: &Conn<'_>) -> Result<()> {
    memberships::revoke(conn, "acme", Uuid::nil(), NOW).await?;
    organizations::remove(conn, "acme", NOW).await.map(drop)
}

async fn chain(conn: &Conn<'_>) -> Result<()> {
    let batch = audit_chain::Batch {
        number: 1,
        first: 1,
        last: 9,
        newest_at: NOW,
        previous: Digest::of(b"x"),
        hash: Digest::of(b"y"),
        checkpoint: String::new(),
        sealed_at: NOW,
        removed_at: None,
    };
    audit_chain::lock(conn).await?;
    audit_chain::find_head(conn).await?;
    audit_chain::list_waiting(conn, Some(Uuid::nil()), 10).await?;
    audit_chain::list(conn, 0, 10).await?;
    audit_chain::list_oldest(conn, 10).await?;
    audit_chain::list_content(conn, &batch).await?;
    audit_chain::update_erased(conn, Uuid::nil()).await?;
    audit_chain::purge(conn, &batch, NOW).await.map(drop)
}

async fn guesses(conn: &Conn<'_>) -> Result<()> {
    let quota = crate::config::Quota { burst: 2, per: Duration::from_hours(1) };
    let rules = failures::Rules { free: 3, pause: Duration::from_secs(1), longest_pause: Duration::from_secs(8), ceiling: 9 };
    failures::redeem(conn, "password:ada", Uuid::nil(), &rules, NOW).await?;
    failures::find(conn, "password:ada").await?;
    failures::update_given_back(conn, "password:ada").await?;
    failures::revoke(conn, "password:ada").await?;
    failures::revoke_all(conn, Uuid::nil()).await?;
    failures::purge(conn, NOW, 10).await?;
    tried_accounts::redeem(conn, "192.0.2.1", Uuid::nil(), quota, NOW).await?;
    tried_accounts::update_given_back(conn, "192.0.2.1", Uuid::nil()).await?;
    tried_accounts::find(conn, "192.0.2.1").await?;
    tried_accounts::purge(conn, NOW, 10).await?;
    buckets::update_given_back(conn, &[("reset:ada".to_owned(), quota)]).await?;
    bans::list(conn, NOW).await?;
    bans::purge(conn, NOW, 10).await.map(drop)
}

async fn resets(conn: &Conn<'_>, user_id: Uuid) -> Result<()> {
    let quota = crate::config::Quota { burst: 1, per: Duration::from_hours(1) };
    buckets::take(conn, "reset:ada", quota, NOW).await?;
    buckets::take(conn, "reset:ada", quota, NOW).await?;
    buckets::revoke(conn, "reset:ada").await?;
    buckets::purge(conn, NOW, 10).await?;
    password_resets::redeem_try(conn, user_id, Uuid::nil(), 5, NOW).await?;
    password_resets::redeem(conn, user_id, Uuid::nil(), NOW).await?;
    password_resets::revoke(conn, user_id).await?;
    password_resets::purge(conn, NOW, 10).await.map(drop)
}

async fn devices(conn: &Conn<'_>) -> Result<()> {
    let (nobody, digest) = (Uuid::nil(), Digest::of(b"x"));
    let approval = device_authorizations::Approval {
        user_id: nobody,
        session_id: nobody,
        auth_time: NOW,
        amr: Vec::new(),
        acr: String::new(),
        epoch: 0,
    };
    device_authorizations::find(conn, nobody).await?;
    device_authorizations::find_by_device_code(conn, &digest).await?;
    device_authorizations::find_by_user_code(conn, &digest).await?;
    device_authorizations::redeem_approval(conn, nobody, "openid", &approval, NOW).await?;
    device_authorizations::redeem_denial(conn, nobody, NOW).await?;
    device_authorizations::redeem_poll(conn, nobody, NOW).await?;
    device_authorizations::update_slowed(conn, nobody, NOW).await?;
    device_authorizations::revoke(conn, nobody).await?;
    device_authorizations::purge(conn, NOW, 10).await.map(drop)
}

#[tokio::test]
async fn hot_statements_never_scan_a_table() {
    let database = TestDatabase::sqlite();
    let store = database.migrated().await;
    let mut plans_of_all = plans(&store, |conn| Box::pin(reads(conn))).await;
    plans_of_all.extend(plans(&store, |conn| Box::pin(writes(conn))).await);
    plans_of_all.extend(plans(&store, |conn| Box::pin(second_factors(conn))).await);
    plans_of_all.extend(plans(&store, |conn| Box::pin(organizations_left(conn))).await);
    plans_of_all.extend(plans(&store, |conn| Box::pin(guesses(conn))).await);
    plans_of_all.extend(plans(&store, |conn| Box::pin(chain(conn))).await);
    plans_of_all.extend(plans(&store, |conn| Box::pin(devices(conn))).await);
    assert!(plans_of_all.len() > 30);
    for (sql, plan) in plans_of_all {
        // An index that holds only the rows asked for, or in the order asked for, may be read from its start.
        // The number of a batch is its row id: with a limit the table is its own index.
        let by_row_id = |step: &str| step == "SCAN audit_batches" && sql.contains("LIMIT");
        let scans = plan.iter().filter(|step| step.starts_with("SCAN") && !step.contains("USING") && !step.contains("CONSTANT ROW"));
        let scans = scans.filter(|step| !by_row_id(step));
        assert_eq!(scans.count(), 0, "{sql}\n{plan:#?}");
        // Sorting means reading everything first; telling apart the handful of clients of one session does not.
        assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE") && !step.contains("DISTINCT")), "{sql}\n{plan:#?}");
    }
}
