//! `/account/activity`: "Activity": what happened in one's own account, and "Notify account administrator".
//!
//! Routes: `GET /account/activity` [`get`], `POST /account/activity/notify` [`notify::post`], `POST /account/activity/not-me` [`not_me::post`].

mod cursor;
mod kinds;
pub mod not_me;
pub mod notify;

use std::collections::HashMap;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use uuid::Uuid;

use super::show;
use crate::account::confirm::{Detour, Then, signed_in};
use crate::app::App;
use crate::audit::{self, Kind};
use crate::session::Current;
use crate::store;
use crate::store::audit_events::{self, AuditEvent, Wanted};
use crate::web::Visit;
use crate::web::pages::views::account::Done;
use crate::web::pages::views::activity::{ActivityEntry, ActivityPage};

/// Entries on one page.
const PAGE: u64 = 25;

/// One page of it, newest first.
///
/// # Errors
/// A detour: not signed in; the store's.
pub async fn get(State(app): State<App>, visit: Visit, RawQuery(query): RawQuery) -> Result<Response, Detour> {
    let current = signed_in(&app, &visit, Then::Activity).await?;
    let query = query.unwrap_or_default();
    let (entries, next) = page(&app, &current, cursor::read(&app, current.user.id, &query)).await?;
    let done = Done::said(&query);
    Ok(show(&app, &visit, &current, StatusCode::OK, |csrf_token| ActivityPage {
        csrf_token,
        entries,
        next,
        days: app.config.account.activity_shown.0.as_secs() / 86_400,
        words: String::new(),
        error: None,
        done,
    }))
}

/// The two events of one sign-in are not further apart.
const AT_ONCE: std::time::Duration = std::time::Duration::from_secs(10);

/// The entries before one, and the cursor of those before them.
async fn page(app: &App, current: &Current, before: Option<Uuid>) -> store::Result<(Vec<ActivityEntry>, Option<String>)> {
    let since = app.now().minus(app.config.account.activity_shown.0);
    let wanted = Wanted { user_id: current.user.id, kinds: &kinds::SHOWN, since, before };
    // One more than are shown tells whether there are older ones; another may only say again what the last one says.
    let events = audit_events::list_by_user(&app.store.read(), wanted, PAGE.saturating_add(2)).await?;
    let (shown, rest) = first_page(&events, usize::try_from(PAGE).unwrap_or(usize::MAX));
    let next = shown.last().filter(|_| !rest.is_empty()).map(|event| cursor::write(app, current.user.id, event.id));
    let mut names = HashMap::new();
    let mut entries = Vec::with_capacity(shown.len());
    let newer = std::iter::once(None).chain(shown.iter().map(Some));
    let older = shown.iter().skip(1).map(Some).chain(std::iter::once(None));
    for ((event, newer), older) in shown.iter().zip(newer).zip(older) {
        // Of one millisecond either may be the newer one.
        if !newer.into_iter().chain(older).any(|neighbour| says_more(neighbour, event)) {
            entries.push(entry(app, &mut names, event).await?);
        }
    }
    Ok((entries, next))
}

/// The first `full` events, with the one after them when the last of them says more of the same; and those that follow.
fn first_page(events: &[AuditEvent], full: usize) -> (&[AuditEvent], &[AuditEvent]) {
    let twin = match events.get(full.saturating_sub(1)..=full) {
        Some([last, next]) => usize::from(says_more(last, next)),
        _ => 0,
    };
    events.split_at(events.len().min(full.saturating_add(twin)))
}

/// A sign-in on a new device is two events, of which a person is shown the one that says so.
fn says_more(neighbour: &AuditEvent, event: &AuditEvent) -> bool {
    neighbour.kind == Kind::NewDevice.as_str()
        && event.kind == Kind::SignInSucceeded.as_str()
        && neighbour.session_id.is_some()
        && neighbour.session_id == event.session_id
        // Somebody who proves it is them once more, in the same session and later, is an entry of its own.
        && neighbour.at.since(event.at) < AT_ONCE
        && event.at.since(neighbour.at) < AT_ONCE
}

async fn entry(app: &App, names: &mut HashMap<String, Option<String>>, event: &AuditEvent) -> store::Result<ActivityEntry> {
    let application = match &event.client_id {
        Some(id) => name_of(app, names, id).await?,
        None => None,
    };
    let detail: serde_json::Value = serde_json::from_str(&event.detail).unwrap_or_default();
    let word = |name: &str| detail.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
    Ok(ActivityEntry {
        what: kinds::word(&event.kind, detail.get("confirmed").is_some()),
        at: event.at.secs(),
        address: event.address.clone(),
        device: word(audit::DEVICE),
        application,
        alarming: kinds::is_alarming(&event.kind),
        not_me: kinds::is_an_act(&event.kind),
    })
}

/// An application's name, looked up once for a page.
async fn name_of(app: &App, names: &mut HashMap<String, Option<String>>, client_id: &str) -> store::Result<Option<String>> {
    if let Some(name) = names.get(client_id) {
        return Ok(name.clone());
    }
    let name = app.clients.find(client_id).await?.map(|client| client.name().to_owned());
    names.insert(client_id.to_owned(), name.clone());
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    fn event(id: u128, kind: Kind, session: u128) -> AuditEvent {
        AuditEvent {
            id: Uuid::from_u128(id),
            at: Timestamp::default(),
            kind: kind.as_str().to_owned(),
            user_id: None,
            client_id: None,
            session_id: Some(Uuid::from_u128(session)),
            grant_id: None,
            address: None,
            request_id: None,
            detail: "{}".to_owned(),
        }
    }

    #[test]
    fn a_sign_in_on_a_new_device_is_not_torn_apart_between_two_pages() {
        let events = [
            event(5, Kind::ProfileChanged, 1),
            event(4, Kind::NewDevice, 1),
            event(3, Kind::SignInSucceeded, 1),
            event(2, Kind::SignInSucceeded, 2),
        ];
        let lengths = |full| {
            let (shown, rest) = first_page(&events, full);
            (shown.len(), rest.len())
        };
        assert_eq!([lengths(1), lengths(2), lengths(3), lengths(4), lengths(5)], [(1, 3), (3, 1), (3, 1), (4, 0), (4, 0)]);
        assert!(says_more(&events[1], &events[2]) && !says_more(&events[1], &events[3]) && !says_more(&events[0], &events[1]));
    }
}
