//! Who has signed in with this browser: a sealed cookie of user ids, the last one first. It names accounts, it opens nothing.

use std::time::Duration;

use http::HeaderValue;
use uuid::Uuid;

use crate::app::App;
use crate::secret::Purpose;
use crate::store;
use crate::store::users::{self, User};
use crate::web::Visit;
use crate::web::cookies::Cookie;

const MOST: usize = 5;
const KEPT: Duration = Duration::from_hours(4320);

/// The ids in the cookie; none when it is missing, too old or not ours.
fn ids(app: &App, visit: &Visit) -> Vec<Uuid> {
    let sealed = visit.cookie(Cookie::Accounts.name(&app.issuer));
    sealed.and_then(|sealed| app.sealer.open(Purpose::KnownAccounts, sealed, app.now()).ok()).unwrap_or_default()
}

/// The people, as they are now (an address that has changed is the new one). Disabled and removed accounts are left out.
///
/// # Errors
/// The store's.
pub(super) async fn list(app: &App, visit: &Visit) -> store::Result<Vec<User>> {
    let ids = ids(app, visit);
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let users = users::list_by_ids(&app.store.read(), &ids).await?;
    Ok(users.into_iter().filter(User::is_active).collect())
}

/// The cookie with this person in front.
pub(super) fn remember(app: &App, visit: &Visit, user_id: Uuid) -> HeaderValue {
    cookie(app, &in_front(&ids(app, visit), user_id))
}

/// The cookie without this person.
pub(super) fn forget(app: &App, visit: &Visit, user_id: Uuid) -> HeaderValue {
    let rest: Vec<Uuid> = ids(app, visit).into_iter().filter(|id| *id != user_id).collect();
    if rest.is_empty() { Cookie::Accounts.remove(&app.issuer) } else { cookie(app, &rest) }
}

fn cookie(app: &App, ids: &[Uuid]) -> HeaderValue {
    let sealed = app.sealer.seal(Purpose::KnownAccounts, &ids, app.now().plus(KEPT));
    Cookie::Accounts.set(&app.issuer, &sealed, Some(KEPT))
}

fn in_front(ids: &[Uuid], user_id: Uuid) -> Vec<Uuid> {
    let others = ids.iter().copied().filter(|id| *id != user_id);
    std::iter::once(user_id).chain(others).take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_one_is_first_and_five_are_kept() {
        let ids: Vec<Uuid> = (1..=5).map(Uuid::from_u128).collect();
        let after = in_front(&ids, Uuid::from_u128(3));
        assert_eq!(after, [3, 1, 2, 4, 5].map(Uuid::from_u128));
        let after = in_front(&after, Uuid::from_u128(6));
        assert_eq!(after, [6, 3, 1, 2, 4].map(Uuid::from_u128));
    }
}
