//! What a link, or a code that was right, is still good for. Looking uses nothing: mail scanners look, too.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::mail_link::{self, MailLink, Opened};
use super::{REMEMBERED, open_flow};
use crate::app::App;
use crate::secret::Digest;
use crate::store;
use crate::store::password_resets::{self, Reset};
use crate::store::users::{self, User};
use crate::web::Locale;

/// How somebody came to the page with the new password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Way {
    /// By the link of a mail.
    Link(String),
    /// By its code, for this account and attempt.
    Code { account: Uuid, attempt: Uuid },
}

/// What was found behind it.
#[derive(Debug)]
pub struct Found {
    pub state: State,
    /// Whom a new link can be sent to.
    pub account: Option<Uuid>,
    /// The language the reset was asked for in.
    pub locale: Option<Locale>,
    /// The application's request, when the row is the link's own.
    pub flow: Option<String>,
}

#[derive(Debug)]
pub enum State {
    Live(Box<(Reset, User)>),
    Used,
    Expired,
    /// Cut off, forged, or a newer one was sent.
    Unknown,
}

impl Found {
    const fn nothing(state: State, account: Option<Uuid>) -> Self {
        Self { state, account, locale: None, flow: None }
    }
}

/// Looks.
///
/// # Errors
/// The store's.
pub async fn look(app: &App, way: &Way) -> store::Result<Found> {
    let (account, late) = match way {
        Way::Code { account, .. } => (*account, false),
        Way::Link(token) => match mail_link::open(app, token) {
            Opened::InTime(MailLink::Reset { user_id, .. }) => (user_id, false),
            Opened::TooLate(MailLink::Reset { user_id, .. }) => (user_id, true),
            _ => return Ok(Found::nothing(State::Unknown, None)),
        },
    };
    let read = app.store.read();
    let Some(user) = users::find(&read, account).await?.filter(User::is_active) else {
        return Ok(Found::nothing(State::Unknown, None));
    };
    let row = password_resets::find(&read, account).await?.filter(|row| is_of(app, way, row));
    let Some(row) = row else {
        return Ok(Found::nothing(if late { State::Expired } else { State::Unknown }, Some(account)));
    };
    let flow = row.flow.as_deref().and_then(|sealed| open_flow(app, account, sealed));
    let locale = Locale::matching(&row.locale);
    Ok(Found { state: state(app, row, user), account: Some(account), locale, flow })
}

/// Whether the row is still that of this link or code.
fn is_of(app: &App, way: &Way, row: &Reset) -> bool {
    if app.now() >= row.expires_at.plus(REMEMBERED) {
        return false;
    }
    match way {
        Way::Code { attempt, .. } => row.id == *attempt,
        Way::Link(token) => match mail_link::open(app, token) {
            Opened::InTime(MailLink::Reset { secret, .. }) | Opened::TooLate(MailLink::Reset { secret, .. }) => {
                row.token_digest == Digest::of(secret.as_bytes())
            }
            _ => false,
        },
    }
}

fn state(app: &App, row: Reset, user: User) -> State {
    if row.used_at.is_some() {
        State::Used
    } else if !row.is_live(app.now()) {
        State::Expired
    } else if row.epoch != user.auth_epoch {
        // The credentials changed meanwhile by another way: what was asked for before that is over.
        State::Unknown
    } else {
        State::Live(Box::new((row, user)))
    }
}
