//! What people have allowed which client.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QueryTrait as _};
use uuid::Uuid;

use super::entities::consents::{Column, Entity, Model};
use super::{Conn, Error, Result};
use crate::clock::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    pub user_id: Uuid,
    pub client_id: String,
    /// All scopes allowed so far, separated by spaces, sorted.
    pub scope: String,
    pub granted_at: Timestamp,
}

pub async fn find(conn: &Conn<'_>, user_id: Uuid, client_id: &str) -> Result<Option<Consent>> {
    let row = Entity::find_by_id((user_id, client_id.to_owned())).one(conn).await?;
    Ok(row.map(|row| Consent {
        user_id: row.user_id,
        client_id: row.client_id,
        scope: row.scope,
        granted_at: Timestamp::from_millis(row.granted_at),
    }))
}

/// What a person has allowed.
pub async fn list_by_user(conn: &Conn<'_>, user_id: Uuid) -> Result<Vec<Consent>> {
    let rows = Entity::find().filter(Column::UserId.eq(user_id)).all(conn).await?;
    let consent = |row: Model| Consent {
        user_id: row.user_id,
        client_id: row.client_id,
        scope: row.scope,
        granted_at: Timestamp::from_millis(row.granted_at),
    };
    Ok(rows.into_iter().map(consent).collect())
}

/// Inserts it or replaces the one there is for this user and client.
pub async fn update(conn: &Conn<'_>, consent: &Consent) -> Result<()> {
    let replace = OnConflict::columns([Column::UserId, Column::ClientId]).update_columns([Column::Scope, Column::GrantedAt]).to_owned();
    Entity::insert(Model::from(consent).into_active_model()).on_conflict(replace).exec_without_returning(conn).await?;
    Ok(())
}

/// How often somebody else may be faster before a change gives up.
const TRIES: usize = 32;

/// Inserts or replaces it with a scope that `widen` makes from the one there is, whatever else is written at the same time: what was allowed in
/// one tab does not take away what is allowed in another.
///
/// # Errors
/// `Conflict` when somebody else was faster again and again.
pub async fn update_widened(conn: &Conn<'_>, consent: &Consent, widen: impl Fn(&str) -> String + Send) -> Result<()> {
    for _ in 0..TRIES {
        let seen = find(conn, consent.user_id, &consent.client_id).await?.map(|earlier| earlier.scope);
        let scope = seen.as_deref().map_or_else(|| consent.scope.clone(), &widen);
        if update_seen(conn, &Consent { scope, ..consent.clone() }, seen.as_deref()).await? {
            return Ok(());
        }
    }
    Err(Error::Conflict)
}

/// Replaces it only while its scope is `seen`; inserts it only while there is none. Whether that was so.
async fn update_seen(conn: &Conn<'_>, consent: &Consent, seen: Option<&str>) -> Result<bool> {
    let Some(seen) = seen else {
        let first = OnConflict::columns([Column::UserId, Column::ClientId]).do_nothing().to_owned();
        let statement = Entity::insert(Model::from(consent).into_active_model()).on_conflict(first).into_query();
        return Ok(conn.change(&statement).await? > 0);
    };
    let changed = Entity::update_many()
        .col_expr(Column::Scope, Expr::value(consent.scope.as_str()))
        .col_expr(Column::GrantedAt, Expr::value(consent.granted_at.millis()))
        .filter(Column::UserId.eq(consent.user_id))
        .filter(Column::ClientId.eq(&consent.client_id))
        .filter(Column::Scope.eq(seen))
        .exec(conn)
        .await?;
    Ok(changed.rows_affected > 0)
}

/// Whether there was one.
pub async fn revoke(conn: &Conn<'_>, user_id: Uuid, client_id: &str) -> Result<bool> {
    Ok(Entity::delete_by_id((user_id, client_id.to_owned())).exec(conn).await?.rows_affected > 0)
}

impl From<&Consent> for Model {
    fn from(consent: &Consent) -> Self {
        Self {
            user_id: consent.user_id,
            client_id: consent.client_id.clone(),
            scope: consent.scope.clone(),
            granted_at: consent.granted_at.millis(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{NOW, TestDatabase};
    use super::*;

    fn allowed(scope: &str) -> Consent {
        Consent { user_id: Uuid::nil(), client_id: "app".to_owned(), scope: scope.to_owned(), granted_at: NOW }
    }

    #[tokio::test]
    async fn a_consent_that_changed_since_it_was_read_is_not_replaced() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let attempt = |scope: &'static str, seen: Option<&'static str>| {
                store.write(move |conn| Box::pin(async move { update_seen(conn, &allowed(scope), seen).await }))
            };
            assert!(!attempt("email", Some("openid")).await.unwrap());
            assert!(attempt("openid", None).await.unwrap());
            assert!(!attempt("email", None).await.unwrap());
            assert!(!attempt("email", Some("phone")).await.unwrap());
            assert!(attempt("email openid", Some("openid")).await.unwrap());
            assert_eq!(find(&store.read(), Uuid::nil(), "app").await.unwrap(), Some(allowed("email openid")));
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn what_twelve_tabs_allow_at_once_is_all_kept() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let tabs = (0..12).map(|tab| {
                let store = store.clone();
                tokio::spawn(async move {
                    let job = store.write(move |conn| {
                        let (mine, more) = (allowed(&format!("s{tab}")), format!(" s{tab}"));
                        Box::pin(async move { update_widened(conn, &mine, |earlier| format!("{earlier}{more}")).await })
                    });
                    job.await.unwrap();
                })
            });
            for tab in futures_util::future::join_all(tabs).await {
                tab.unwrap();
            }
            let kept = find(&store.read(), Uuid::nil(), "app").await.unwrap().unwrap().scope;
            let kept: Vec<&str> = kept.split(' ').collect();
            assert_eq!(kept.len(), 12, "{kept:?}");
        }
    }
}
