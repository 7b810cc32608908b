//! Ending a session, and everything that ends with it.

use std::sync::Arc;

use uuid::Uuid;

use crate::app::App;
use crate::audit::{self, Event, Kind, Origin};
use crate::clock::Timestamp;
use crate::secret;
use crate::store::clients::{self, Client};
use crate::store::logout_deliveries::{self, DeliveryState, LogoutDelivery};
use crate::store::sessions::{self, Session};
use crate::store::{self, Conn, Store, grants, suspensions};

/// One transaction: the session, every grant it made without `offline_access`, one logout delivery per client that was signed in
/// through it and registered a `backchannel_logout_uri`, the audit event. Then wakes the delivery job. Answers the names of the
/// applications that will be told.
///
/// # Errors
/// The store's.
pub async fn end(app: &App, session: &Session, origin: &audit::Origin) -> store::Result<Vec<String>> {
    let event = ended(Kind::SignedOut, session, origin);
    let (session, now) = (session.clone(), app.now());
    let told = app
        .store
        .write(move |conn| {
            let (session, event) = (session.clone(), event.clone());
            Box::pin(async move { end_within(conn, &session, &event, now).await })
        })
        .await?;
    if !told.is_empty() {
        app.logout_waiting.notify_one();
    }
    Ok(told)
}

/// The event of a session's end.
pub(super) fn ended(kind: Kind, session: &Session, origin: &Origin) -> Event {
    Event::new(kind, origin).user(session.user_id).session(session.id)
}

/// Inside a transaction: every session of a person, for a reason that is not their own sign-out. How many. The delivery job finds what is to be
/// told by itself within seconds.
///
/// # Errors
/// The store's.
pub async fn end_all_within(conn: &Conn<'_>, user_id: Uuid, reason: &str, now: Timestamp) -> store::Result<usize> {
    end_others_within(conn, (user_id, None), reason, now).await
}

/// The same, but for the one that is kept.
///
/// # Errors
/// The store's.
pub async fn end_others_within(
    conn: &Conn<'_>,
    (user_id, kept): (Uuid, Option<Uuid>),
    reason: &str,
    now: Timestamp,
) -> store::Result<usize> {
    let mut live = sessions::list_live_by_user(conn, user_id, now).await?;
    live.retain(|session| kept != Some(session.id));
    for session in &live {
        let event = ended(Kind::SessionEnded, session, &Origin::default()).detail("reason", reason);
        end_within(conn, session, &event, now).await?;
    }
    Ok(live.len())
}

/// Ends the sessions of people whose organisations were disabled, a few people at a time, so that applications are told. Those sessions are dead already,
/// by the epoch; whoever is interrupted here begins again.
///
/// # Errors
/// The store's.
pub async fn end_suspended(store: &Store, now: Timestamp) -> store::Result<()> {
    loop {
        let people = Arc::new(suspensions::list_unended(&store.read(), now, 20).await?);
        if people.is_empty() {
            return Ok(());
        }
        let ending = store.write(move |conn| {
            let people = Arc::clone(&people);
            Box::pin(async move {
                for user_id in people.iter() {
                    end_all_within(conn, *user_id, "suspended", now).await?;
                }
                Ok(())
            })
        });
        ending.await?;
    }
}

/// [`end`] inside a transaction; the caller wakes the delivery job after the commit. Nothing happens to a session that has ended.
///
/// # Errors
/// The store's.
pub async fn end_within(conn: &Conn<'_>, session: &Session, event: &Event, now: Timestamp) -> store::Result<Vec<String>> {
    if !sessions::revoke(conn, session.id, now).await? {
        return Ok(Vec::new());
    }
    let mut told = Vec::new();
    // Applications that keep access through `offline_access` are told, too: the person has left there as well.
    for client_id in grants::list_clients_of_session(conn, session.id).await? {
        let Some(client) = clients::find(conn, &client_id).await? else { continue };
        let Some(delivery) = delivery(session, &client, now) else { continue };
        logout_deliveries::insert(conn, &delivery).await?;
        told.push(client.name().to_owned());
    }
    let grants = grants::revoke_by_session(conn, session.id, "logout", now).await?;
    let event = event.clone().detail("grants", grants).detail("applications", told.clone());
    audit::record(conn, &event, now).await?;
    Ok(told)
}

/// What is to be delivered to a client, if it wants to be told. A disabled client still has people signed in.
fn delivery(session: &Session, client: &Client, now: Timestamp) -> Option<LogoutDelivery> {
    Some(LogoutDelivery {
        id: secret::id(now),
        client_id: client.client_id.clone(),
        uri: client.metadata.backchannel_logout_uri.clone()?,
        user_id: session.user_id,
        session_id: session.id,
        state: DeliveryState::Pending,
        attempts: 0,
        next_attempt_at: now,
        last_error: None,
        created_at: now,
    })
}
