//! Telling the administrators that something is wrong with an account; and that there is always one.

use std::time::Duration;

use uuid::Uuid;

use crate::app::App;
use crate::clock::Timestamp;
use crate::mail::{self, Message, Where};
use crate::organization;
use crate::store::mails::Mail;
use crate::store::users::{self, User};
use crate::store::{self, Conn, locks};
use crate::web::Locale;

use super::notice::recipient;

/// One mail to each administrator of the person's organisations, or of the service, in their own language. `words`: what the person wrote.
///
/// # Errors
/// The store's.
pub async fn mails(app: &App, person: &User, words: Option<&str>, place: &Where) -> store::Result<Vec<Mail>> {
    let administrators = organization::administrators_of(&app.store.read(), person.id).await?;
    let mails = administrators.into_iter().map(|administrator| {
        let organization = administrator.organization.unwrap_or_else(|| app.config.brand.name.clone());
        let message = Message::AdministratorNotice {
            person: person.email.clone(),
            organization,
            words: words.map(str::to_owned),
            place: place.clone(),
        };
        mail::prepare(app, &recipient(&administrator.user, locale_of(app, &administrator.user)), &message, place.at)
    });
    Ok(mails.collect())
}

/// The row at which whoever may be the last to leave waits for whoever is leaving: otherwise each would see the other, and both would go.
const MUTEX: &str = "administrators";

/// Holds that row until the end of the transaction. Before it is asked who is left.
///
/// # Errors
/// The store's.
pub async fn lock(conn: &Conn<'_>) -> store::Result<()> {
    locks::redeem(conn, MUTEX, MUTEX, Timestamp::default(), Duration::ZERO).await.map(drop)
}

/// Whether nobody but this person administers the service. In the transaction in which they would stop.
///
/// # Errors
/// The store's.
pub async fn is_last_within(conn: &Conn<'_>, user_id: Uuid) -> store::Result<bool> {
    lock(conn).await?;
    Ok(!users::list_administrators(conn).await?.iter().any(|other| other.id != user_id))
}

/// The language of somebody who is not asking: their own, or the service's.
#[must_use]
pub fn locale_of(app: &App, user: &User) -> Locale {
    let own = user.profile.locale.as_deref().and_then(Locale::matching);
    own.or_else(|| Locale::matching(&app.config.brand.default_locale)).unwrap_or_default()
}
