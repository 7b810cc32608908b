//! Databases for the tests of this room: SQLite always, PostgreSQL when `VESTIBULE_TEST_POSTGRES_URL` names a server.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, Database, DbBackend, Statement};
use tempfile::TempDir;
use uuid::Uuid;

use super::clients::{Client, Metadata};
use super::grants::Grant;
use super::organizations::Organization;
use super::sessions::Session;
use super::users::{Profile, User};
use super::{Store, audit_events};
use crate::clock::Timestamp;
use crate::config;
use crate::secret::{Digest, Secret, random_id};

/// A moment to start from.
pub(super) const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

/// A database of its own; several stores may be opened on it.
pub(super) struct TestDatabase {
    pub(super) config: config::Database,
    /// Deletes the SQLite file at the end.
    directory: TempDir,
}

impl TestDatabase {
    fn at(url: String) -> Self {
        let config = config::Database { url: Secret::new(url), max_connections: 20, ..config::Database::default() };
        Self { config, directory: TempDir::new().unwrap() }
    }

    pub(super) fn sqlite() -> Self {
        let mut database = Self::at(String::new());
        database.config.url = Secret::new(format!("sqlite://{}", database.file().display()));
        database
    }

    pub(super) fn file(&self) -> std::path::PathBuf {
        self.directory.path().join("data").join("vestibule.db")
    }

    async fn postgres() -> Option<Self> {
        let server = std::env::var("VESTIBULE_TEST_POSTGRES_URL").ok()?;
        let name = format!("vestibule_test_{}", random_id().simple());
        let connection = Database::connect(&server).await.unwrap();
        connection.execute_raw(Statement::from_string(DbBackend::Postgres, format!("CREATE DATABASE {name}"))).await.unwrap();
        connection.close().await.unwrap();
        let mut url = url::Url::parse(&server).unwrap();
        url.set_path(&name);
        Some(Self::at(url.to_string()))
    }

    /// One of each kind that can be had here.
    pub(super) async fn each() -> Vec<Self> {
        std::iter::once(Self::sqlite()).chain(Self::postgres().await).collect()
    }

    pub(super) async fn open(&self) -> Store {
        Store::connect(&self.config).await.unwrap()
    }

    pub(super) async fn migrated(&self) -> Store {
        let store = self.open().await;
        store.migrate_up().await.unwrap();
        store
    }
}

pub(super) fn user(email: &str) -> User {
    User {
        id: random_id(),
        email: email.to_owned(),
        email_verified: true,
        profile: Profile { name: Some("Ada".to_owned()), ..Profile::default() },
        password_hash: Some("$argon2id$".to_owned()),
        enabled: true,
        suspended: false,
        administrator: false,
        auth_epoch: 3,
        created_at: NOW,
        updated_at: NOW,
        last_sign_in_at: None,
    }
}

pub(super) fn session(user: &User, secret: &str) -> Session {
    Session {
        id: random_id(),
        user_id: user.id,
        digest: Digest::of(secret.as_bytes()),
        created_at: NOW,
        auth_time: NOW,
        last_seen_at: NOW,
        expires_at: NOW.plus(Duration::from_hours(1)),
        amr: vec!["pwd".to_owned(), "otp".to_owned()],
        acr: "aal1".to_owned(),
        epoch: user.auth_epoch,
        ended_at: None,
        second_factor_at: None,
        device: None,
        address: None,
        idle: None,
    }
}

pub(super) fn organization(id: &str) -> Organization {
    Organization {
        id: id.to_owned(),
        name: id.to_uppercase(),
        policy: "{}".to_owned(),
        managed: false,
        enabled: true,
        created_at: NOW,
        updated_at: NOW,
    }
}

pub(super) fn grant(user_id: Uuid, session_id: Uuid) -> Grant {
    Grant {
        id: random_id(),
        client_id: "autotalk".to_owned(),
        user_id,
        session_id,
        scope: "openid email".to_owned(),
        offline: false,
        auth_time: NOW,
        amr: vec!["pwd".to_owned()],
        acr: "aal1".to_owned(),
        nonce: Some("n-0S6".to_owned()),
        generation: 0,
        rotated_at: NOW,
        epoch: 3,
        created_at: NOW,
        expires_at: NOW.plus(Duration::from_hours(1)),
        revoked_at: None,
        revoked_reason: None,
    }
}

pub(super) fn client(client_id: &str) -> Client {
    let metadata = Metadata { redirect_uris: vec!["https://app.example/callback".to_owned()], ..Metadata::default() };
    Client {
        client_id: client_id.to_owned(),
        enabled: true,
        metadata,
        secrets: Vec::new(),
        managed: false,
        created_at: NOW,
        updated_at: NOW,
    }
}

pub(super) fn event(kind: &str) -> audit_events::AuditEvent {
    audit_events::AuditEvent {
        id: random_id(),
        at: NOW,
        kind: kind.to_owned(),
        user_id: None,
        client_id: None,
        session_id: None,
        grant_id: None,
        address: None,
        request_id: None,
        detail: "{}".to_owned(),
    }
}
