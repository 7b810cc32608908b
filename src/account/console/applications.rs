//! `/account/applications`: "Connected applications".
//!
//! Routes: `GET /account/applications` [`get`], `POST /account/applications` [`post`].

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;

use super::{locale, show};
use crate::account::confirm::{Detour, Then, signed_in};
use crate::app::App;
use crate::audit::{self, Event, Kind};
use crate::clock::Timestamp;
use crate::session::browser::{self, Trust};
use crate::session::{self, Current};
use crate::store;
use crate::store::consents::{self, Consent};
use crate::store::grants::{self, Grant};
use crate::web::pages::views::ScopeView;
use crate::web::pages::views::account::Done;
use crate::web::pages::views::devices::{ApplicationsPage, ConnectedApplication};
use crate::web::{ErrorKind, Locale, PageError, StrictForm, Visit};

/// What may use the account, by name.
///
/// # Errors
/// A detour: not signed in; the store's.
pub async fn get(State(app): State<App>, visit: Visit, RawQuery(query): RawQuery) -> Result<Response, Detour> {
    let current = signed_in(&app, &visit, Then::Applications).await?;
    let applications = list(&app, &current, locale(&visit, &current)).await?;
    let done = Done::said(query.as_deref().unwrap_or_default());
    Ok(show(&app, &visit, &current, StatusCode::OK, |csrf_token| ApplicationsPage { csrf_token, applications, done }))
}

/// Takes an application's access away: what was allowed and every delegation, in one transaction.
///
/// # Errors
/// A detour: not signed in; a form from another site; the store's.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(form): StrictForm) -> Result<Response, Detour> {
    let form = form.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    let trust = browser::check(&app, &visit, &form)?;
    let current = signed_in(&app, &visit, Then::Applications).await?;
    let Some(client_id) = form.get("revoke").filter(|_| trust == Trust::Ours).map(str::to_owned) else {
        return Err(Detour::To(Then::Applications.path().to_owned()));
    };
    let event = Event::new(Kind::ConsentRevoked, &session::origin(&visit)).user(current.user.id).session(current.session.id);
    let (event, user_id, now) = (event.client(&client_id), current.user.id, app.now());
    app.store
        .write(move |conn| {
            let (event, client_id) = (event.clone(), client_id.clone());
            Box::pin(async move {
                let allowed = consents::revoke(conn, user_id, &client_id).await?;
                let ended = grants::revoke_by_client(conn, user_id, &client_id, "revoked_by_the_person", now).await?;
                if allowed || ended > 0 {
                    audit::record(conn, &event.detail("grants", ended), now).await?;
                }
                Ok(())
            })
        })
        .await?;
    Ok(Redirect::to(&Done::AccessRevoked.on(Then::Applications.path())).into_response())
}

async fn list(app: &App, current: &Current, locale: Locale) -> store::Result<Vec<ConnectedApplication>> {
    let read = app.store.read();
    let consents = consents::list_by_user(&read, current.user.id).await?;
    let grants = grants::list_live_by_user(&read, current.user.id, current.user.auth_epoch, app.now()).await?;
    let known = app.scopes.all().await?;
    let shown = |value: &String| ScopeView::new(value, known.description(value, locale.tag()));
    let mut applications = Vec::new();
    for (client_id, access) in by_client(&consents, &grants) {
        let Some(client) = app.clients.find(&client_id).await? else { continue };
        applications.push(ConnectedApplication {
            name: client.name().to_owned(),
            client_uri: client.metadata.client_uri.clone(),
            client_id,
            scopes: access.scopes.iter().filter(|scope| *scope != "openid").map(shown).collect(),
            since: access.since.secs(),
            last_used_at: access.last_used.map(Timestamp::secs),
            offline: access.offline,
        });
    }
    applications.sort_by_key(|application: &ConnectedApplication| application.name.to_lowercase());
    Ok(applications)
}

/// What one application may.
#[derive(Debug, Default)]
struct Access {
    scopes: BTreeSet<String>,
    since: Timestamp,
    last_used: Option<Timestamp>,
    offline: bool,
}

fn by_client(consents: &[Consent], grants: &[Grant]) -> BTreeMap<String, Access> {
    let mut all: BTreeMap<String, Access> = BTreeMap::new();
    let mut note = |client_id: &str, scope: &str, since: Timestamp, used: Option<Timestamp>, offline: bool| {
        let access = all.entry(client_id.to_owned()).or_insert_with(|| Access { since, ..Access::default() });
        access.scopes.extend(scope.split_whitespace().map(str::to_owned));
        access.since = access.since.min(since);
        access.last_used = access.last_used.max(used);
        access.offline |= offline;
    };
    for consent in consents {
        note(&consent.client_id, &consent.scope, consent.granted_at, None, false);
    }
    for grant in grants {
        note(&grant.client_id, &grant.scope, grant.created_at, Some(grant.rotated_at), grant.offline);
    }
    all
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_was_allowed_and_what_is_used_become_one_entry() {
        let at = Timestamp::from_secs;
        let consent = |client: &str, scope: &str, granted_at| Consent {
            user_id: Uuid::nil(),
            client_id: client.to_owned(),
            scope: scope.to_owned(),
            granted_at,
        };
        let consents = [consent("a", "openid email", at(5)), consent("b", "openid", at(7))];
        let all = by_client(&consents, &[]);
        assert_eq!(all.keys().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!((all["a"].since, all["a"].last_used), (at(5), None));
        assert!(all["a"].scopes.contains("email"));
    }
}
