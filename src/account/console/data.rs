//! `/account/data`: "Download my data".
//!
//! Routes: `GET /account/data` [`get`], `POST /account/data` [`post`].

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::show;
use crate::account::confirm::{Detour, Then, proven};
use crate::app::App;
use crate::audit::{self, Event, Kind};
use crate::clock::Timestamp;
use crate::session::browser::{self, Trust};
use crate::session::{self, Current};
use crate::store::audit_events::AuditEvent;
use crate::store::{self, audit_events, consents, grants, memberships, passkeys, sessions, totp_credentials, trusted_devices, user_security};
use crate::web::pages::views::deletion::DataPage;
use crate::web::{ErrorKind, PageError, StrictForm, Visit};

/// The newest events that are in it: a file stays a file.
const MOST_EVENTS: u64 = 5000;

/// What it is.
///
/// # Errors
/// A detour: not signed in, or not recently; the store's.
pub async fn get(State(app): State<App>, visit: Visit) -> Result<Response, Detour> {
    let (current, _) = proven(&app, &visit, Then::Data).await?;
    Ok(show(&app, &visit, &current, StatusCode::OK, |csrf_token| DataPage { csrf_token }))
}

/// The file.
///
/// # Errors
/// As [`get`]; a form from another site.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(form): StrictForm) -> Result<Response, Detour> {
    let form = form.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    let trust = browser::check(&app, &visit, &form)?;
    let (current, _) = proven(&app, &visit, Then::Data).await?;
    if trust == Trust::Stale {
        return Err(Detour::To(Then::Data.path().to_owned()));
    }
    let data = everything(&app, &current).await?;
    let event = Event::new(Kind::DataDownloaded, &session::origin(&visit)).user(current.user.id).session(current.session.id);
    let now = app.now();
    app.store
        .write(move |conn| {
            let event = event.clone();
            Box::pin(async move { audit::record(conn, &event, now).await })
        })
        .await?;
    Ok(file(&data))
}

fn file(data: &Value) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"my-data.json\"")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, format!("{data:#}")).into_response()
}

/// Everything about the person but secrets: no hash, no digest, no key.
async fn everything(app: &App, current: &Current) -> store::Result<Value> {
    let (user, now) = (&current.user, app.now());
    let read = app.store.read();
    let security = user_security::find(&read, user.id).await?;
    let sessions = sessions::list_live_by_user(&read, user.id, now).await?;
    let consents = consents::list_by_user(&read, user.id).await?;
    let grants = grants::list_live_by_user(&read, user.id, user.auth_epoch, now).await?;
    let devices = trusted_devices::list(&read, user.id, user.auth_epoch, now).await?;
    let passkeys = passkeys::list(&read, user.id).await?;
    let app_in_use = totp_credentials::any_active(&read, user.id).await?;
    Ok(json!({
        "account": {
            "id": user.id,
            "email": user.email,
            "email_verified": user.email_verified,
            "administrator": user.administrator,
            "created_at": rfc3339(user.created_at),
            "updated_at": rfc3339(user.updated_at),
            "last_sign_in_at": user.last_sign_in_at.map(rfc3339),
            "password_changed_at": security.password_changed_at.map(rfc3339),
            "authenticator_app": app_in_use,
            "one_time_password_by_email": security.email_codes,
        },
        "profile": user.profile,
        "organizations": memberships::list_by_user(&read, user.id).await?.iter().map(|(membership, organization)| json!({
            "id": organization.id,
            "name": organization.name,
            "administrator": membership.administrator,
            "since": rfc3339(membership.created_at),
        })).collect::<Vec<_>>(),
        "sessions": sessions.iter().map(|session| json!({
            "signed_in_at": rfc3339(session.created_at),
            "last_seen_at": rfc3339(session.last_seen_at),
            "device": session.device,
            "address": session.address,
        })).collect::<Vec<_>>(),
        "passkeys": passkeys.iter().map(|passkey| json!({
            "name": passkey.name,
            "backed_up": passkey.backed_up,
            "since": rfc3339(passkey.created_at),
            "last_used_at": passkey.last_used_at.map(rfc3339),
        })).collect::<Vec<_>>(),
        "trusted_devices": devices.iter().map(|device| json!({
            "device": device.device,
            "address": device.address,
            "since": rfc3339(device.created_at),
        })).collect::<Vec<_>>(),
        "allowed_applications": consents.iter().map(|consent| json!({
            "client_id": consent.client_id,
            "scope": consent.scope,
            "since": rfc3339(consent.granted_at),
        })).collect::<Vec<_>>(),
        "access": grants.iter().map(|grant| json!({
            "client_id": grant.client_id,
            "scope": grant.scope,
            "since": rfc3339(grant.created_at),
            "until": rfc3339(grant.expires_at),
        })).collect::<Vec<_>>(),
        "activity": audit_events::list_all_of_user(&read, user.id, MOST_EVENTS).await?.iter().map(event).collect::<Vec<_>>(),
    }))
}

fn event(event: &AuditEvent) -> Value {
    json!({
        "at": rfc3339(event.at),
        "what": event.kind,
        "client_id": event.client_id,
        "address": event.address,
        "detail": serde_json::from_str::<Value>(&event.detail).unwrap_or_default(),
    })
}

fn rfc3339(at: Timestamp) -> String {
    let moment = time::OffsetDateTime::from_unix_timestamp(at.secs()).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    moment.format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_everybody_reads_them() {
        assert_eq!(rfc3339(Timestamp::from_secs(1_800_000_000)), "2027-01-15T08:00:00Z");
    }
}
