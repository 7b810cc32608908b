//! Authenticator apps: at most one in use and one being set up for each person.

use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QuerySelect as _, QueryTrait as _};
use uuid::Uuid;

use super::entities::totp_credentials::{Column, Entity, Model};
use super::{Conn, Error, Result};
use crate::clock::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TotpState {
    /// Shown, but no code of it has been given yet.
    Pending,
    Active,
}

impl TotpState {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
        }
    }
}

#[derive(Clone, Debug)]
pub struct TotpCredential {
    pub id: Uuid,
    pub user_id: Uuid,
    /// Sealed, with the person's id as associated data.
    pub secret: Vec<u8>,
    pub state: TotpState,
    /// The last time step of which a code was accepted.
    pub last_step: i64,
    /// Pending: the session or pending sign-in in which it is being set up.
    pub bound_to: Option<Uuid>,
    pub created_at: Timestamp,
    pub verified_at: Option<Timestamp>,
}

pub async fn find(conn: &Conn<'_>, user_id: Uuid, state: TotpState) -> Result<Option<TotpCredential>> {
    Entity::find().filter(of(user_id, state)).one(conn).await?.map(TotpCredential::try_from).transpose()
}

/// Whether this person has an authenticator app in use.
pub async fn any_active(conn: &Conn<'_>, user_id: Uuid) -> Result<bool> {
    let one = Entity::find().select_only().column(Column::Id).filter(of(user_id, TotpState::Active));
    Ok(one.into_tuple::<Uuid>().one(conn).await?.is_some())
}

/// Begins to set one up, unless there is one in that state already: of two tabs the first decides for both. Whether this call did.
pub async fn insert(conn: &Conn<'_>, credential: &TotpCredential) -> Result<bool> {
    let first = OnConflict::columns([Column::UserId, Column::State]).do_nothing().to_owned();
    let statement = Entity::insert(Model::from(credential).into_active_model()).on_conflict(first).into_query();
    Ok(conn.change(&statement).await? > 0)
}

/// Accepts a code of this time step, once: whether no code of it or a later one was accepted before (RFC 6238 §5.2).
pub async fn redeem(conn: &Conn<'_>, id: Uuid, step: i64) -> Result<bool> {
    let accepted = Entity::update_many()
        .col_expr(Column::LastStep, Expr::value(step))
        .filter(Column::Id.eq(id))
        .filter(Column::State.eq(TotpState::Active.as_str()))
        .filter(Column::LastStep.lt(step))
        .exec(conn)
        .await?;
    Ok(accepted.rows_affected > 0)
}

/// Puts the pending one with this id to use, its first code's step accepted; the one in use until now goes. Whether it was still pending.
pub async fn rotate(conn: &Conn<'_>, user_id: Uuid, id: Uuid, step: i64, now: Timestamp) -> Result<bool> {
    let pending = find(conn, user_id, TotpState::Pending).await?;
    if pending.is_none_or(|pending| pending.id != id) {
        return Ok(false);
    }
    revoke(conn, user_id, TotpState::Active).await?;
    let verified = Entity::update_many()
        .col_expr(Column::State, Expr::value(TotpState::Active.as_str()))
        .col_expr(Column::LastStep, Expr::value(step))
        .col_expr(Column::BoundTo, Expr::value(Option::<Uuid>::None))
        .col_expr(Column::VerifiedAt, Expr::value(now.millis()))
        .filter(Column::Id.eq(id))
        .filter(Column::State.eq(TotpState::Pending.as_str()))
        .exec(conn)
        .await?;
    Ok(verified.rows_affected > 0)
}

/// Takes away the one in this state. Whether there was one.
pub async fn revoke(conn: &Conn<'_>, user_id: Uuid, state: TotpState) -> Result<bool> {
    Ok(Entity::delete_many().filter(of(user_id, state)).exec(conn).await?.rows_affected > 0)
}

fn of(user_id: Uuid, state: TotpState) -> Expr {
    Column::UserId.eq(user_id).and(Column::State.eq(state.as_str()))
}

impl From<&TotpCredential> for Model {
    fn from(credential: &TotpCredential) -> Self {
        Self {
            id: credential.id,
            user_id: credential.user_id,
            secret: credential.secret.clone(),
            state: credential.state.as_str().to_owned(),
            last_step: credential.last_step,
            bound_to: credential.bound_to,
            created_at: credential.created_at.millis(),
            verified_at: credential.verified_at.map(Timestamp::millis),
        }
    }
}

impl TryFrom<Model> for TotpCredential {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        let state = [TotpState::Pending, TotpState::Active]
            .into_iter()
            .find(|state| state.as_str() == row.state)
            .ok_or_else(|| Error::inconsistent("totp_credentials", format!("unknown state {}", row.state)))?;
        Ok(Self {
            id: row.id,
            user_id: row.user_id,
            secret: row.secret,
            state,
            last_step: row.last_step,
            bound_to: row.bound_to,
            created_at: Timestamp::from_millis(row.created_at),
            verified_at: row.verified_at.map(Timestamp::from_millis),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Store;
    use super::super::testing::{NOW, TestDatabase};
    use super::*;
    use crate::secret::random_id;

    const ADA: Uuid = Uuid::from_u128(1);

    fn pending() -> TotpCredential {
        TotpCredential {
            id: random_id(),
            user_id: ADA,
            secret: vec![1, 2, 3],
            state: TotpState::Pending,
            last_step: 0,
            bound_to: Some(Uuid::from_u128(7)),
            created_at: NOW,
            verified_at: None,
        }
    }

    async fn begin(store: &Store, credential: &TotpCredential) -> bool {
        let credential = credential.clone();
        store
            .write(move |conn| {
                let credential = credential.clone();
                Box::pin(async move { insert(conn, &credential).await })
            })
            .await
            .unwrap()
    }

    async fn verify(store: &Store, id: Uuid, step: i64) -> bool {
        store.write(move |conn| Box::pin(rotate(conn, ADA, id, step, NOW))).await.unwrap()
    }

    #[tokio::test]
    async fn the_first_tab_decides_which_secret_is_set_up() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let (first, second) = (pending(), pending());
            assert!(begin(&store, &first).await);
            assert!(!begin(&store, &second).await);
            let found = find(&store.read(), ADA, TotpState::Pending).await.unwrap().unwrap();
            assert_eq!((found.id, found.secret, found.bound_to), (first.id, first.secret, first.bound_to));
            assert!(!any_active(&store.read(), ADA).await.unwrap());
        }
    }

    #[tokio::test]
    async fn each_step_is_accepted_once_and_never_an_earlier_one() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let credential = pending();
            let id = credential.id;
            begin(&store, &credential).await;
            let redeemed = async |step| store.write_one(move |conn| Box::pin(redeem(conn, id, step))).await.unwrap();
            assert!(!redeemed(100).await, "it is not in use yet");
            assert!(verify(&store, id, 100).await);
            assert!(!redeemed(100).await, "its first code is spent");
            assert!(redeemed(101).await);
            assert!(!redeemed(101).await);
            assert!(!redeemed(100).await);
        }
    }

    #[tokio::test]
    async fn a_new_one_takes_the_place_of_the_old_when_it_is_verified() {
        for database in TestDatabase::each().await {
            let store = database.migrated().await;
            let (old, new) = (pending(), pending());
            begin(&store, &old).await;
            verify(&store, old.id, 1).await;
            begin(&store, &new).await;
            assert_eq!(find(&store.read(), ADA, TotpState::Active).await.unwrap().unwrap().id, old.id, "the old one counts until then");
            assert!(!verify(&store, old.id, 2).await);
            assert!(verify(&store, new.id, 2).await);
            assert!(!verify(&store, new.id, 2).await);
            let active = find(&store.read(), ADA, TotpState::Active).await.unwrap().unwrap();
            assert_eq!((active.id, active.verified_at, active.bound_to), (new.id, Some(NOW), None));
            assert!(store.write(|conn| Box::pin(revoke(conn, ADA, TotpState::Active))).await.unwrap());
            assert!(!any_active(&store.read(), ADA).await.unwrap());
        }
    }
}
