//! Who is suspended: a person of whose organisations none is enabled. People of no organisation never are.
//!
//! The mark is kept on the person, where every path reads it, and moves in the transaction that changes the organisation or the membership. To suspend
//! raises the epoch with it, so that nothing of before comes back when the organisation does.

use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict, Query, SelectStatement};
use sea_orm::{ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QuerySelect as _, QueryTrait as _};
use uuid::Uuid;

use super::entities::{locks, memberships, organizations, sessions, users};
use super::users::{User, forward};
use super::{Conn, Result};
use crate::clock::Timestamp;

/// The row that changes of organisations and memberships take their turns at: two that each see the other's organisation enabled would suspend nobody.
const TURN: &str = "suspensions";

impl User {
    /// Whether they may sign in, and what they hold counts: the account is neither disabled nor suspended.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        self.enabled && !self.suspended
    }
}

/// Whose account is open.
pub(super) fn active() -> Expr {
    users::Column::Enabled.eq(true).and(users::Column::Suspended.eq(false))
}

/// Waits for whoever changes organisations or memberships at this moment, and makes others wait until this transaction is over. Before the change.
pub async fn lock(conn: &Conn<'_>) -> Result<()> {
    let row = locks::Model { name: TURN.to_owned(), holder: String::new(), expires_at: 0 };
    let again = OnConflict::column(locks::Column::Name).update_column(locks::Column::Holder).to_owned();
    locks::Entity::insert(row.into_active_model()).on_conflict(again).exec_without_returning(conn).await?;
    Ok(())
}

/// After this person's memberships changed.
pub async fn settle_user(conn: &Conn<'_>, user_id: Uuid, now: Timestamp) -> Result<()> {
    settle(conn, || users::Column::Id.eq(user_id), now).await
}

/// After this organisation was disabled or enabled.
pub async fn settle_organization(conn: &Conn<'_>, organization_id: &str, now: Timestamp) -> Result<()> {
    let members = memberships::Entity::find()
        .select_only()
        .column(memberships::Column::UserId)
        .filter(memberships::Column::OrganizationId.eq(organization_id))
        .into_query();
    settle(conn, || users::Column::Id.in_subquery(members.clone()), now).await
}

async fn settle(conn: &Conn<'_>, whose: impl Fn() -> Expr, now: Timestamp) -> Result<()> {
    let suspended = || Expr::exists(of(false)).and(Expr::exists(of(true)).not());
    let among = |marked: bool| users::Entity::update_many().filter(whose()).filter(users::Column::Suspended.eq(marked));
    let mark = |to: bool| (users::Column::Suspended, Expr::value(to));
    let (column, value) = mark(true);
    // Whose account is open loses what it holds; one that is disabled has nothing, and the time at which it was left must stay (`deletion`).
    among(false)
        .filter(users::Column::Enabled.eq(true))
        .filter(suspended())
        .col_expr(column, value.clone())
        .col_expr(users::Column::AuthEpoch, Expr::col(users::Column::AuthEpoch).add(1))
        .col_expr(users::Column::UpdatedAt, forward(now))
        .exec(conn)
        .await?;
    among(false).filter(users::Column::Enabled.eq(false)).filter(suspended()).col_expr(column, value).exec(conn).await?;
    let (column, value) = mark(false);
    among(true).filter(suspended().not()).col_expr(column, value).exec(conn).await?;
    Ok(())
}

/// The memberships of the person of the statement around it, in organisations that are enabled or are not.
fn of(enabled: bool) -> SelectStatement {
    Query::select()
        .expr(Expr::val(1))
        .from(memberships::Entity)
        .inner_join(
            organizations::Entity,
            Expr::col((organizations::Entity, organizations::Column::Id))
                .equals((memberships::Entity, memberships::Column::OrganizationId)),
        )
        .and_where(Expr::col((memberships::Entity, memberships::Column::UserId)).equals((users::Entity, users::Column::Id)))
        .and_where(Expr::col((organizations::Entity, organizations::Column::Enabled)).eq(enabled))
        .to_owned()
}

/// Suspended people whose sessions have not been ended, so that applications were not told, at most `limit`.
pub async fn list_unended(conn: &Conn<'_>, now: Timestamp, limit: u64) -> Result<Vec<Uuid>> {
    let going = sessions::Entity::find()
        .select_only()
        .column(sessions::Column::UserId)
        .filter(sessions::Column::EndedAt.is_null())
        .filter(sessions::Column::ExpiresAt.gt(now.millis()))
        .into_query();
    let people = users::Entity::find().select_only().column(users::Column::Id).filter(users::Column::Suspended.eq(true));
    Ok(people.filter(users::Column::Id.in_subquery(going)).limit(limit).into_tuple().all(conn).await?)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::sync::Notify;

    use super::super::memberships::Membership;
    use super::super::organizations::Organization;
    use super::super::testing::{NOW, TestDatabase, organization, user};
    use super::super::{Store, memberships, organizations, users};
    use super::*;

    async fn switch(store: &Store, id: &'static str, enabled: bool) {
        store
            .write(move |conn| Box::pin(async move { organizations::update_enabled(conn, id, enabled, NOW).await.map(drop) }))
            .await
            .unwrap();
    }

    async fn join(store: &Store, id: &str, user_id: Uuid) {
        let row = Membership { organization_id: id.to_owned(), user_id, administrator: false, created_at: NOW };
        store
            .write(move |conn| {
                let row = row.clone();
                Box::pin(async move { memberships::update(conn, &row).await })
            })
            .await
            .unwrap();
    }

    async fn house(store: &Store) -> [User; 4] {
        let people = ["one@e.org", "both@e.org", "none@e.org", "closed@e.org"].map(user);
        let [one, both, none, closed] = people;
        let people = [one, both, none, User { enabled: false, ..closed }];
        let rows = people.clone();
        store
            .write(move |conn| {
                let rows = rows.clone();
                Box::pin(async move {
                    for row in &rows {
                        users::insert(conn, row).await?;
                    }
                    organizations::insert(conn, &organization("acme")).await?;
                    organizations::insert(conn, &Organization { enabled: true, ..organization("bolt") }).await
                })
            })
            .await
            .unwrap();
        for (id, person) in [("acme", 0), ("acme", 1), ("bolt", 1), ("acme", 3)] {
            join(store, id, people[person].id).await;
        }
        people
    }

    async fn marks(store: &Store, people: &[User]) -> Vec<(bool, i64)> {
        let ids: Vec<Uuid> = people.iter().map(|user| user.id).collect();
        let found = users::list_by_ids(&store.read(), &ids).await.unwrap();
        found.iter().map(|user| (user.suspended, user.auth_epoch - 3)).collect()
    }

    #[tokio::test]
    async fn a_person_is_suspended_when_every_organisation_of_theirs_is_disabled() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let people = house(&store).await;
            switch(&store, "acme", false).await;
            assert_eq!(marks(&store, &people).await, [(true, 1), (false, 0), (false, 0), (true, 0)]);
            switch(&store, "bolt", false).await;
            assert_eq!(marks(&store, &people).await, [(true, 1), (true, 1), (false, 0), (true, 0)]);
            switch(&store, "acme", true).await;
            assert_eq!(marks(&store, &people).await, [(false, 1), (false, 1), (false, 0), (false, 0)], "the epoch never comes back");
        }
    }

    /// While a person's one organisation is being disabled, somebody disables their other one: each would see the other's still enabled.
    #[tokio::test]
    async fn two_organisations_disabled_at_once_suspend_who_belonged_to_both() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let people = house(&store).await;
            let (begun, other) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
            let (started, done) = (Arc::clone(&begun), Arc::clone(&other));
            let first = store.write(move |conn| {
                let (started, done) = (Arc::clone(&started), Arc::clone(&done));
                Box::pin(async move {
                    organizations::update_enabled(conn, "acme", false, NOW).await?;
                    started.notify_one();
                    // The other does not get this far before this one is committed: that it waits is what this waits for.
                    let _ = tokio::time::timeout(Duration::from_millis(300), done.notified()).await;
                    Ok(())
                })
            });
            let second = async {
                begun.notified().await;
                switch(&store, "bolt", false).await;
                other.notify_one();
            };
            let (first, ()) = tokio::join!(first, second);
            first.unwrap();
            assert_eq!(marks(&store, &people).await[1], (true, 1));
        }
    }

    #[tokio::test]
    async fn memberships_that_come_and_go_suspend_and_restore() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let people = house(&store).await;
            switch(&store, "bolt", false).await;
            join(&store, "bolt", people[2].id).await;
            assert_eq!(marks(&store, &people).await[2], (true, 1));
            join(&store, "acme", people[2].id).await;
            assert_eq!(marks(&store, &people).await[2], (false, 1));
            let id = people[2].id;
            for (organization, expected) in [("acme", (true, 2)), ("bolt", (false, 2))] {
                assert!(store.write(move |conn| Box::pin(memberships::revoke(conn, organization, id, NOW))).await.unwrap());
                assert_eq!(marks(&store, &people).await[2], expected);
            }
        }
    }

    #[tokio::test]
    async fn a_profile_that_was_read_before_does_not_lift_a_suspension() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let people = house(&store).await;
            let read = users::find(&store.read(), people[0].id).await.unwrap().unwrap();
            switch(&store, "acme", false).await;
            let (blind, seen) = (read.clone(), read.updated_at);
            let late = store.write(move |conn| {
                let read = read.clone();
                Box::pin(async move { users::update_seen(conn, &read, seen).await })
            });
            assert!(matches!(late.await, Err(super::super::Error::Conflict)));
            store
                .write(move |conn| {
                    let blind = blind.clone();
                    Box::pin(async move { users::update(conn, &blind).await })
                })
                .await
                .unwrap();
            assert!(marks(&store, &people).await[0].0);
        }
    }
}
