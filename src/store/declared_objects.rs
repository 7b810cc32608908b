//! What a directory of declared state manages, and how far each of it has come. A row is the tag: what has none is nobody's but the operator's.

use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait as _, IntoActiveModel as _, QueryOrder as _};
use serde::Serialize;

use super::entities::declared_objects::{Column, Entity, Model};
use super::{Conn, Error, Result};
use crate::clock::Timestamp;

/// How far a declared object has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As declared.
    Ready,
    /// It waits for something, such as a secret that is not there yet.
    Pending,
    /// Somebody has to change what is declared.
    Error,
}

impl State {
    pub const ALL: [Self; 3] = [Self::Ready, Self::Pending, Self::Error];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Pending => "pending",
            Self::Error => "error",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredObject {
    /// `client`, `organization`, `user`, or `document` for a file that cannot be used.
    pub kind: String,
    /// The client id, the organisation's id, the canonical address, or the file's name.
    pub id: String,
    /// The document it is from: a file's name.
    pub source: String,
    pub state: State,
    /// Why it is not ready.
    pub reason: Option<String>,
    /// Since when state and reason are these.
    pub since: Timestamp,
    /// Of what is declared, without passwords.
    pub digest: String,
}

pub async fn find(conn: &Conn<'_>, kind: &str, id: &str) -> Result<Option<DeclaredObject>> {
    Entity::find_by_id((kind.to_owned(), id.to_owned())).one(conn).await?.map(DeclaredObject::try_from).transpose()
}

/// By kind and id.
pub async fn list(conn: &Conn<'_>) -> Result<Vec<DeclaredObject>> {
    let rows = Entity::find().order_by_asc(Column::Kind).order_by_asc(Column::Id).all(conn).await?;
    rows.into_iter().map(DeclaredObject::try_from).collect()
}

/// Inserts it or replaces the one there is.
pub async fn update(conn: &Conn<'_>, object: &DeclaredObject) -> Result<()> {
    let row = Model {
        kind: object.kind.clone(),
        id: object.id.clone(),
        source: object.source.clone(),
        state: object.state.as_str().to_owned(),
        reason: object.reason.clone(),
        since: object.since.millis(),
        digest: object.digest.clone(),
    };
    let all = [Column::Source, Column::State, Column::Reason, Column::Since, Column::Digest];
    let replace = OnConflict::columns([Column::Kind, Column::Id]).update_columns(all).to_owned();
    Entity::insert(row.into_active_model()).on_conflict(replace).exec_without_returning(conn).await?;
    Ok(())
}

/// Whether there was one.
pub async fn revoke(conn: &Conn<'_>, kind: &str, id: &str) -> Result<bool> {
    Ok(Entity::delete_by_id((kind.to_owned(), id.to_owned())).exec(conn).await?.rows_affected > 0)
}

impl TryFrom<Model> for DeclaredObject {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        let known = State::ALL.into_iter().find(|state| state.as_str() == row.state);
        Ok(Self {
            kind: row.kind,
            id: row.id,
            source: row.source,
            state: known.ok_or_else(|| Error::inconsistent("declared_objects", "a state nobody knows"))?,
            reason: row.reason,
            since: Timestamp::from_millis(row.since),
            digest: row.digest,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{NOW, TestDatabase};
    use super::*;

    #[tokio::test]
    async fn an_object_is_tagged_followed_and_released() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            for state in State::ALL {
                let object = DeclaredObject {
                    kind: "client".to_owned(),
                    id: "tickets".to_owned(),
                    source: "clients.toml".to_owned(),
                    state,
                    reason: (state != State::Ready).then(|| "no secret".to_owned()),
                    since: NOW,
                    digest: "abc".to_owned(),
                };
                let row = object.clone();
                store
                    .write_one(move |conn| {
                        let row = row.clone();
                        Box::pin(async move { update(conn, &row).await })
                    })
                    .await
                    .unwrap();
                assert_eq!(find(&store.read(), "client", "tickets").await.unwrap(), Some(object.clone()));
                assert_eq!(list(&store.read()).await.unwrap(), [object]);
            }
            assert_eq!(find(&store.read(), "user", "tickets").await.unwrap(), None);
            assert!(store.write_one(|conn| Box::pin(revoke(conn, "client", "tickets"))).await.unwrap());
            assert!(!store.write_one(|conn| Box::pin(revoke(conn, "client", "tickets"))).await.unwrap());
        }
    }
}
