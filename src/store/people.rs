//! A person who leaves, with everything of theirs.

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _, QueryTrait as _};
use uuid::Uuid;

use super::entities::{
    consents, device_authorizations, factor_attempts, failures, former_addresses, grants, mails, memberships, passkeys, password_resets,
    pending_sign_ins, recovery_codes, sessions, totp_credentials, trusted_devices, user_security, users,
};
use super::{Conn, Result, audit_chain, settings};
use crate::clock::Timestamp;

/// Removes a person whose time has come, with everything of theirs. Whether it was so: one statement decides between this and a deletion that is taken back
/// in the same moment, which opens the account.
pub async fn redeem_deletion(conn: &Conn<'_>, user_id: Uuid, now: Timestamp) -> Result<bool> {
    let due = user_security::Entity::find()
        .select_only()
        .column(user_security::Column::UserId)
        .filter(user_security::Column::UserId.eq(user_id))
        .filter(user_security::Column::DeleteAt.lte(now.millis()))
        .into_query();
    let removed =
        users::Entity::delete_many().filter(users::Column::Id.in_subquery(due)).filter(users::Column::Enabled.eq(false)).exec(conn).await?;
    if removed.rows_affected == 0 {
        return Ok(false);
    }
    purge(conn, user_id).await?;
    Ok(true)
}

/// Removes the person and every row about them but the audit events, which from then on name nobody: the id is random and used for nobody else, and
/// what they say of addresses and devices is erased ([decision 0017](../../docs/decisions/0017-audit-chain.md)). Whether there was such a person.
///
/// Every table with a `user_id` belongs here; `tests` hold the list to the entities.
pub async fn purge(conn: &Conn<'_>, user_id: Uuid) -> Result<bool> {
    consents::Entity::delete_many().filter(consents::Column::UserId.eq(user_id)).exec(conn).await?;
    grants::Entity::delete_many().filter(grants::Column::UserId.eq(user_id)).exec(conn).await?;
    sessions::Entity::delete_many().filter(sessions::Column::UserId.eq(user_id)).exec(conn).await?;
    mails::Entity::delete_many().filter(mails::Column::UserId.eq(user_id)).exec(conn).await?;
    totp_credentials::Entity::delete_many().filter(totp_credentials::Column::UserId.eq(user_id)).exec(conn).await?;
    passkeys::Entity::delete_many().filter(passkeys::Column::UserId.eq(user_id)).exec(conn).await?;
    recovery_codes::Entity::delete_many().filter(recovery_codes::Column::UserId.eq(user_id)).exec(conn).await?;
    trusted_devices::Entity::delete_many().filter(trusted_devices::Column::UserId.eq(user_id)).exec(conn).await?;
    pending_sign_ins::Entity::delete_many().filter(pending_sign_ins::Column::UserId.eq(user_id)).exec(conn).await?;
    device_authorizations::Entity::delete_many().filter(device_authorizations::Column::UserId.eq(user_id)).exec(conn).await?;
    password_resets::Entity::delete_many().filter(password_resets::Column::UserId.eq(user_id)).exec(conn).await?;
    factor_attempts::Entity::delete_many().filter(factor_attempts::Column::UserId.eq(user_id)).exec(conn).await?;
    failures::Entity::delete_many().filter(failures::Column::UserId.eq(user_id)).exec(conn).await?;
    user_security::Entity::delete_many().filter(user_security::Column::UserId.eq(user_id)).exec(conn).await?;
    former_addresses::Entity::delete_many().filter(former_addresses::Column::UserId.eq(user_id)).exec(conn).await?;
    memberships::Entity::delete_many().filter(memberships::Column::UserId.eq(user_id)).exec(conn).await?;
    settings::revoke(conn, &settings::declared_hash(user_id)).await?;
    settings::revoke(conn, &settings::declared_password(user_id)).await?;
    audit_chain::update_erased(conn, user_id).await?;
    Ok(users::Entity::delete_many().filter(users::Column::Id.eq(user_id)).exec(conn).await?.rows_affected > 0)
}

#[cfg(test)]
mod tests {
    /// Rows about a person that stay: the audit, without a name, and logouts on their way to applications.
    const KEPT: [&str; 2] = ["audit_events", "logout_deliveries"];

    #[test]
    fn every_table_about_a_person_is_emptied() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/entities");
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let about_people = std::fs::read_to_string(&path).unwrap().contains("pub user_id: ");
            let emptied = include_str!("people.rs").contains(&format!("{name}::Entity::delete_many()"));
            assert!(!about_people || emptied || KEPT.contains(&name.as_str()), "{name} is kept when its person goes");
        }
    }
}
