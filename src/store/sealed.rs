//! Everything that rests sealed, wherever it is: for sealing it again under another key-encryption key.

use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use uuid::Uuid;

use super::entities::{mails, password_resets, recovery_codes, signing_keys, totp_credentials};
use super::{Conn, Result};
use crate::secret::Purpose;

/// A column of sealed values. Whoever adds one to the schema adds it here; the tests of `keys::rewrap` hold the list to the entities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    SigningKeys,
    TotpSecrets,
    /// Those that may still be shown.
    RecoveryCodes,
    Mails,
    /// What a password reset returns to.
    PasswordResets,
}

impl Place {
    pub const ALL: [Self; 5] = [Self::SigningKeys, Self::TotpSecrets, Self::RecoveryCodes, Self::Mails, Self::PasswordResets];

    /// As operators read it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SigningKeys => "signing keys",
            Self::TotpSecrets => "TOTP secrets",
            Self::RecoveryCodes => "recovery codes",
            Self::Mails => "mails",
            Self::PasswordResets => "password resets",
        }
    }

    const fn purpose(self) -> Purpose {
        match self {
            Self::SigningKeys => Purpose::SigningKey,
            Self::TotpSecrets | Self::RecoveryCodes => Purpose::TotpSecret,
            Self::Mails => Purpose::Mail,
            Self::PasswordResets => Purpose::Flow,
        }
    }

    /// The associated data of a row of this id.
    fn context(self, id: Uuid) -> Vec<u8> {
        match self {
            Self::RecoveryCodes => [b"recovery code ".as_slice(), id.as_bytes()].concat(),
            _ => id.as_bytes().to_vec(),
        }
    }
}

/// Where a reading goes on.
#[derive(Clone, Debug)]
pub struct Cursor {
    id: Uuid,
    /// Recovery codes have two columns of key.
    part: Vec<u8>,
}

impl Cursor {
    /// Before the first.
    #[must_use]
    pub const fn start() -> Self {
        Self { id: Uuid::nil(), part: Vec::new() }
    }
}

/// One sealed value.
#[derive(Clone, Debug)]
pub struct SealedValue {
    pub cursor: Cursor,
    pub purpose: Purpose,
    pub context: Vec<u8>,
    pub value: Vec<u8>,
}

/// At most `limit` values behind `after`, in a fixed order. Values that were emptied are left out.
pub async fn list(conn: &Conn<'_>, place: Place, after: &Cursor, limit: u64) -> Result<Vec<SealedValue>> {
    use {mails as m, password_resets as p, signing_keys as s, totp_credentials as t};
    let (id, page) = (after.id, limit);
    let rows = match place {
        Place::SigningKeys => by_id::<s::Entity>(conn, s::Column::Id, s::Column::Id, s::Column::SealedPrivateKey, (id, page)).await?,
        Place::TotpSecrets => by_id::<t::Entity>(conn, t::Column::Id, t::Column::UserId, t::Column::Secret, (id, page)).await?,
        Place::Mails => by_id::<m::Entity>(conn, m::Column::Id, m::Column::Id, m::Column::Content, (id, page)).await?,
        Place::PasswordResets => by_id::<p::Entity>(conn, p::Column::UserId, p::Column::UserId, p::Column::Flow, (id, page)).await?,
        Place::RecoveryCodes => recovery_codes_after(conn, after, limit).await?,
    };
    let value = |(cursor, context, value): Row| SealedValue { cursor, purpose: place.purpose(), context: place.context(context), value };
    Ok(rows.into_iter().map(value).collect())
}

/// Puts `new` in the place of a value, unless it has changed since. Whether it did.
pub async fn rotate(conn: &Conn<'_>, place: Place, seen: &SealedValue, new: &[u8]) -> Result<bool> {
    use {mails as m, password_resets as p, recovery_codes as r, signing_keys as s, totp_credentials as t};
    let id = seen.cursor.id;
    let change = (seen.value.as_slice(), new);
    match place {
        Place::SigningKeys => swap::<s::Entity>(conn, s::Column::Id.eq(id), s::Column::SealedPrivateKey, change).await,
        Place::TotpSecrets => swap::<t::Entity>(conn, t::Column::Id.eq(id), t::Column::Secret, change).await,
        Place::Mails => swap::<m::Entity>(conn, m::Column::Id.eq(id), m::Column::Content, change).await,
        Place::PasswordResets => swap::<p::Entity>(conn, p::Column::UserId.eq(id), p::Column::Flow, change).await,
        Place::RecoveryCodes => {
            let row = r::Column::UserId.eq(id).and(r::Column::Digest.eq(seen.cursor.part.as_slice()));
            swap::<r::Entity>(conn, row, r::Column::Shown, change).await
        }
    }
}

/// Where it is, the id it is bound to, the value.
type Row = (Cursor, Uuid, Vec<u8>);

async fn by_id<E: EntityTrait>(
    conn: &Conn<'_>,
    id: E::Column,
    context: E::Column,
    value: E::Column,
    (after, limit): (Uuid, u64),
) -> Result<Vec<Row>> {
    let page = E::find()
        .select_only()
        .column(id)
        .column(context)
        .column(value)
        .filter(id.gt(after))
        .filter(value.is_not_null())
        .filter(value.ne(Vec::<u8>::new()))
        .order_by_asc(id)
        .limit(limit);
    let rows = page.into_tuple::<(Uuid, Uuid, Vec<u8>)>().all(conn).await?;
    Ok(rows.into_iter().map(|(id, context, value)| (Cursor { id, part: Vec::new() }, context, value)).collect())
}

async fn recovery_codes_after(conn: &Conn<'_>, after: &Cursor, limit: u64) -> Result<Vec<Row>> {
    use recovery_codes::{Column, Entity};
    let next = Column::UserId.gt(after.id).or(Column::UserId.eq(after.id).and(Column::Digest.gt(after.part.clone())));
    let page = Entity::find().filter(next).filter(Column::Shown.is_not_null()).order_by_asc(Column::UserId).order_by_asc(Column::Digest);
    let rows = page.limit(limit).all(conn).await?;
    Ok(rows.into_iter().map(|row| (Cursor { id: row.user_id, part: row.digest }, row.user_id, row.shown.unwrap_or_default())).collect())
}

async fn swap<E: EntityTrait>(conn: &Conn<'_>, row: Expr, value: E::Column, (seen, new): (&[u8], &[u8])) -> Result<bool> {
    let changed = E::update_many().col_expr(value, Expr::value(new)).filter(row).filter(value.eq(seen)).exec(conn).await?;
    Ok(changed.rows_affected > 0)
}
