//! What the tests of several commands need.

use std::time::Duration;

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::secret::{Digest, random_id};
use crate::store::clients::{Client, Metadata};
use crate::store::users::User;
use crate::store::{Store, audit_events, clients, grants, logout_deliveries, sessions, users};

/// These people are there.
pub(super) async fn inserted<const N: usize>(store: &Store, people: [&User; N]) {
    let people = people.map(User::clone);
    let inserted = store.write(move |conn| {
        let people = people.clone();
        Box::pin(async move {
            for person in &people {
                users::insert(conn, person).await?;
            }
            Ok(())
        })
    });
    inserted.await.unwrap();
}

/// A session of this person with a grant for `webapp`, a client that wants to be told when it ends. The session's id.
pub(super) async fn signed_in(store: &Store, user: &User, now: Timestamp) -> Uuid {
    let later = now.plus(Duration::from_hours(1));
    let backchannel_logout_uri = Some("https://app.example/logout".to_owned());
    let client = Client {
        client_id: "webapp".to_owned(),
        enabled: true,
        metadata: Metadata { backchannel_logout_uri, ..Metadata::default() },
        secrets: Vec::new(),
        managed: false,
        created_at: now,
        updated_at: now,
    };
    let session = sessions::Session {
        id: random_id(),
        user_id: user.id,
        digest: Digest::of(b"cookie"),
        created_at: now,
        auth_time: now,
        last_seen_at: now,
        expires_at: later,
        amr: Vec::new(),
        acr: "aal1".to_owned(),
        epoch: user.auth_epoch,
        ended_at: None,
        second_factor_at: None,
        device: None,
        address: None,
        idle: None,
    };
    let grant = grants::Grant {
        id: random_id(),
        client_id: "webapp".to_owned(),
        user_id: user.id,
        session_id: session.id,
        scope: "openid".to_owned(),
        offline: false,
        auth_time: now,
        amr: Vec::new(),
        acr: "aal1".to_owned(),
        nonce: None,
        generation: 0,
        rotated_at: now,
        epoch: user.auth_epoch,
        created_at: now,
        expires_at: later,
        revoked_at: None,
        revoked_reason: None,
    };
    let id = session.id;
    let inserted = store.write(move |conn| {
        let (client, session, grant) = (client.clone(), session.clone(), grant.clone());
        Box::pin(async move {
            clients::insert(conn, &client).await?;
            sessions::insert(conn, &session).await?;
            grants::redeem(conn, &grant).await.map(drop)
        })
    });
    inserted.await.unwrap();
    id
}

/// Whether the session of [`signed_in`] ended as it does when somebody signs out: with its grants, told to the client, and recorded.
pub(super) async fn is_ended_properly(store: &Store, session: Uuid) -> bool {
    let conn = store.read();
    let ended = sessions::find(&conn, session).await.unwrap().unwrap().ended_at.is_some();
    let told = logout_deliveries::list(&conn, 10).await.unwrap().iter().any(|delivery| delivery.session_id == session);
    let events = audit_events::list(&conn, 100).await.unwrap();
    let event = events.into_iter().find(|event| event.kind == "session.ended" && event.session_id == Some(session));
    let recorded = event.is_some_and(|event| event.detail.contains("password_changed") && event.detail.contains("\"grants\":1"));
    let clients = grants::list_clients_of_session(&conn, session).await.unwrap();
    ended && told && recorded && clients == ["webapp"]
}
