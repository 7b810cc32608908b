//! What must be used once, or is no longer valid, although it is sealed or signed: one row until it would have expired anyway.

use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QuerySelect as _, QueryTrait as _};

use super::entities::spent::{Column, Entity, Model};
use super::{Conn, Result};
use crate::clock::Timestamp;

/// Kinds never mix: an entry of one kind means nothing to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The one-time link that makes the first administrator.
    Setup,
    /// A revoked access token that has no grant (`client_credentials`), by `jti`.
    RevokedAccessToken,
    /// "This wasn't me" in a mail.
    NotMe,
    /// An invitation.
    Invitation,
    /// The confirmation of an address.
    ConfirmEmail,
    /// A mail that lifts a pause after wrong passwords or codes.
    Unlock,
    /// A passkey ceremony: what was signed for it once is no answer again.
    PasskeyCeremony,
    /// What a client signed to say who it is.
    ClientAssertion,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::RevokedAccessToken => "revoked_access_token",
            Self::NotMe => "not_me",
            Self::Invitation => "invitation",
            Self::ConfirmEmail => "confirm_email",
            Self::Unlock => "unlock",
            Self::PasskeyCeremony => "passkey_ceremony",
            Self::ClientAssertion => "client_assertion",
        }
    }
}

/// Spends it. Whether this call was the first.
pub async fn redeem(conn: &Conn<'_>, kind: Kind, id: &str, expires_at: Timestamp) -> Result<bool> {
    let row = Model { kind: kind.as_str().to_owned(), id: id.to_owned(), expires_at: expires_at.millis() };
    let first = OnConflict::columns([Column::Kind, Column::Id]).do_nothing().to_owned();
    let statement = Entity::insert(row.into_active_model()).on_conflict(first).into_query();
    Ok(conn.change(&statement).await? > 0)
}

pub async fn find(conn: &Conn<'_>, kind: Kind, id: &str) -> Result<bool> {
    let key = (kind.as_str().to_owned(), id.to_owned());
    Ok(Entity::find_by_id(key).one(conn).await?.is_some())
}

/// Removes what expired before `before`, at most `limit`.
pub async fn purge(conn: &Conn<'_>, before: Timestamp, limit: u64) -> Result<u64> {
    let old = Entity::find()
        .select_only()
        .columns([Column::Kind, Column::Id])
        .filter(Column::ExpiresAt.lt(before.millis()))
        .limit(limit)
        .into_query();
    let key = Expr::tuple([Expr::col(Column::Kind), Expr::col(Column::Id)]);
    Ok(Entity::delete_many().filter(key.in_subquery(old)).exec(conn).await?.rows_affected)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::testing::{NOW, TestDatabase};
    use super::*;

    #[tokio::test]
    async fn what_is_spent_stays_spent_until_it_is_purged() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let spend = |kind, id: &'static str| store.write_one(move |conn| Box::pin(redeem(conn, kind, id, NOW)));
            assert!(spend(Kind::Setup, "a").await.unwrap());
            assert!(!spend(Kind::Setup, "a").await.unwrap());
            assert!(spend(Kind::RevokedAccessToken, "a").await.unwrap());
            assert!(spend(Kind::Setup, "b").await.unwrap());
            assert!(!find(&store.read(), Kind::RevokedAccessToken, "b").await.unwrap());

            assert_eq!(store.write(|conn| Box::pin(purge(conn, NOW, 2))).await.unwrap(), 0);
            let after = NOW.plus(Duration::from_millis(1));
            assert_eq!(store.write(move |conn| Box::pin(purge(conn, after, 2))).await.unwrap(), 2);
            assert_eq!(store.write(move |conn| Box::pin(purge(conn, after, 2))).await.unwrap(), 1);
            assert!(!find(&store.read(), Kind::Setup, "a").await.unwrap());
        }
    }
}
