//! What becomes of something that a directory declared and no longer does.

use serde_json::{Map, Value};

use super::plan::{Action, Change, FieldChange, Write, client_fields, differences};
use super::{Key, organization, scope};
use crate::clock::Timestamp;
use crate::config::Removal;
use crate::store::clients::Client;
use crate::store::organizations::Organization;
use crate::store::scopes::CustomScope;
use crate::store::users::User;
use crate::store::{self, Conn, clients, organizations, scopes, users};
use crate::tokens::Scope;

/// The change that `removal` asks for; `None` when there is nothing to change: it is gone, or stays as it is.
///
/// People are disabled at most: an account does not go with a line that was lost, and what is taken out of the audit with somebody has to be signed for
/// (`vestibule user remove`). An organisation is only released by `disable`: nothing of it signs in, and what it asks of its people must not fall with a
/// line that was lost. A scope that a client still has is disabled at most, so that the client's registration says nothing that does not exist.
///
/// # Errors
/// The store's.
pub(super) async fn change(
    conn: &Conn<'_>,
    key: &Key,
    (removal, now): (Removal, Timestamp),
    planned: &[Change],
) -> store::Result<Option<Change>> {
    match key.kind {
        "scope" => {
            let Some(scope) = scopes::find(conn, &key.id).await? else { return Ok(None) };
            let needed = removal == Removal::Delete && is_had(&scope.name, &clients::list(conn).await?, planned);
            Ok(of_scope(&scope, if needed { Removal::Disable } else { removal }, now))
        }
        "client" => Ok(clients::find(conn, &key.id).await?.and_then(|client| of_client(&client, removal, now))),
        "organization" => Ok(organizations::find(conn, &key.id).await?.map(|organization| of_organization(&organization, removal, now))),
        _ => Ok(users::find_by_email(conn, &key.id).await?.and_then(|user| of_user(user, removal, now))),
    }
}

fn of_client(before: &Client, removal: Removal, now: Timestamp) -> Option<Change> {
    let key = Key::client(&before.client_id);
    let action = match removal {
        Removal::Delete => return Some(deletion(&key)),
        Removal::Disable => Action::Disable,
        Removal::Orphan => Action::Orphan,
    };
    let enabled = before.enabled && removal == Removal::Orphan;
    let client = Client { enabled, managed: false, updated_at: now, ..before.clone() };
    let fields = differences(&client_fields(before), &client_fields(&client));
    let write = Write::Client { client: Box::new(client), seen: Some(before.updated_at) };
    (!fields.is_empty()).then(|| Change { action, kind: key.kind, id: key.id, fields, write })
}

fn of_scope(before: &CustomScope, removal: Removal, now: Timestamp) -> Option<Change> {
    let key = Key::scope(&before.name);
    let action = match removal {
        Removal::Delete => return Some(deletion(&key)),
        Removal::Disable => Action::Disable,
        Removal::Orphan => Action::Orphan,
    };
    let enabled = before.enabled && removal == Removal::Orphan;
    let scope = CustomScope { enabled, managed: false, updated_at: now, ..before.clone() };
    let fields = differences(&scope::fields(before), &scope::fields(&scope));
    let write = Write::Scope { scope: Box::new(scope), seen: Some(before.updated_at) };
    (!fields.is_empty()).then(|| Change { action, kind: key.kind, id: key.id, fields, write })
}

/// Whether a client is registered for a scope, after what is planned.
fn is_had(name: &str, clients: &[Client], planned: &[Change]) -> bool {
    let has = |client: &Client| Scope::parse(&client.metadata.scope).is_some_and(|scope| scope.contains(name));
    let is_planned = |client: &&Client| planned.iter().any(|change| change.key() == Key::client(&client.client_id));
    let after = planned.iter().filter_map(|change| if let Write::Client { client, .. } = &change.write { Some(&**client) } else { None });
    clients.iter().filter(|client| !is_planned(client)).chain(after).any(has)
}

fn of_organization(before: &Organization, removal: Removal, now: Timestamp) -> Change {
    let key = Key::organization(&before.id);
    if removal == Removal::Delete {
        return deletion(&key);
    }
    let organization = Organization { managed: false, updated_at: now, ..before.clone() };
    let fields = differences(&organization::fields(before), &organization::fields(&organization));
    let write = Write::Organization { organization: Box::new(organization), seen: Some(before.updated_at) };
    Change { action: Action::Orphan, kind: key.kind, id: key.id, fields, write }
}

fn of_user(before: User, removal: Removal, now: Timestamp) -> Option<Change> {
    let key = Key::user(&before.email);
    if removal == Removal::Orphan || !before.enabled {
        return None;
    }
    let fields = vec![FieldChange { field: "enabled".to_owned(), from: true.into(), to: false.into() }];
    let (seen, auth_epoch) = (Some(before.updated_at), before.auth_epoch.saturating_add(1));
    let user = Box::new(User { enabled: false, auth_epoch, updated_at: now, ..before });
    let write = Write::User { user, seen, new_password: false, declared: None, joining: Vec::new() };
    Some(Change { action: Action::Disable, kind: key.kind, id: key.id, fields, write })
}

fn deletion(key: &Key) -> Change {
    let gone = Map::from_iter([("declared".to_owned(), Value::from(true))]);
    let fields = differences(&gone, &Map::new());
    Change { action: Action::Delete, kind: key.kind, id: key.id.clone(), fields, write: Write::Delete }
}
