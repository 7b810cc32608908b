//! `/account/activity`: "Activity": what happened in one's own account, and "Notify account administrator".
//!
//! Routes: `GET /account/activity` [`get`], `POST /account/activity/notify` [`notify::post`].

mod cursor;
mod kinds;
pub mod notify;

use std::collections::HashMap;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use uuid::Uuid;

use super::show;
use crate::account::confirm::{Detour, Then, signed_in};
use crate::account::not_me;
use crate::app::App;
use crate::audit;
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
    let not_me = not_me::link(&app, current.user.id, app.now());
    let done = Done::said(&query);
    Ok(show(&app, &visit, &current, StatusCode::OK, |csrf_token| ActivityPage {
        csrf_token,
        entries,
        next,
        not_me,
        days: app.config.account.activity_shown.0.as_secs() / 86_400,
        error: None,
        done,
    }))
}

/// The entries before one, and the cursor of those before them.
async fn page(app: &App, current: &Current, before: Option<Uuid>) -> store::Result<(Vec<ActivityEntry>, Option<String>)> {
    let since = app.now().minus(app.config.account.activity_shown.0);
    let wanted = Wanted { user_id: current.user.id, kinds: &kinds::SHOWN, since, before };
    let mut events = audit_events::list_by_user(&app.store.read(), wanted, PAGE.saturating_add(1)).await?;
    let full = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let next = if events.len() > full {
        events.truncate(full);
        events.last().map(|event| cursor::write(app, current.user.id, event.id))
    } else {
        None
    };
    let mut names = HashMap::new();
    let mut entries = Vec::with_capacity(events.len());
    for event in &events {
        entries.push(entry(app, &mut names, event).await?);
    }
    Ok((entries, next))
}

async fn entry(app: &App, names: &mut HashMap<String, Option<String>>, event: &AuditEvent) -> store::Result<ActivityEntry> {
    let application = match &event.client_id {
        None => None,
        Some(id) => match names.get(id) {
            Some(name) => name.clone(),
            None => {
                let name = app.clients.find(id).await?.map(|client| client.name().to_owned());
                names.insert(id.clone(), name.clone());
                name
            }
        },
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
    })
}
