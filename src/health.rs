//! Liveness and readiness.
//!
//! Owns: `/health/live` (the process answers; never asks the database, so that a slow database does not get processes killed) and
//! `/health/ready` (requests may be sent here: database reachable, schema ours, signing keys loaded, not draining); `/metrics`, for operators alone.
//! Must not: say anything about a person.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use tokio::sync::Mutex;

use crate::app::{App, Stage, sample};
use crate::keys::Algorithm;
use crate::store::SchemaState;

/// A database that has not answered by then counts as gone.
const PATIENCE: Duration = Duration::from_secs(2);

/// The database's answer, asked for by one request at a time: however many ask whether this replica is ready, one connection is enough for it.
#[derive(Debug, Default)]
pub struct Readiness {
    begun: AtomicU64,
    /// The number of the last look, and what it found.
    last: Mutex<(u64, Option<&'static str>)>,
}

impl Readiness {
    /// What a look that began after this call found: of those that wait together, one looks for all.
    async fn obstacle(&self, app: &App) -> Option<&'static str> {
        let seen = self.begun.load(Ordering::Acquire);
        let mut last = self.last.lock().await;
        if last.0 <= seen {
            let number = self.begun.fetch_add(1, Ordering::AcqRel).saturating_add(1);
            *last = (number, look(app).await);
        }
        last.1
    }
}

/// `GET /health/live`.
pub async fn live() -> Response {
    answer(StatusCode::OK, "live")
}

/// `GET /health/ready`: 200, or 503 with the reason.
pub async fn ready(State(app): State<App>) -> Response {
    match obstacle(&app).await {
        None => answer(StatusCode::OK, "ready"),
        Some(reason) => answer(StatusCode::SERVICE_UNAVAILABLE, reason),
    }
}

/// `GET /health/ready` before the database is open: 503 with what is being done.
pub async fn starting(State(stage): State<Stage>) -> Response {
    answer(StatusCode::SERVICE_UNAVAILABLE, stage.now())
}

/// `GET /metrics`, on the internal listener: in the text format of Prometheus.
pub async fn metrics(State(app): State<App>) -> Response {
    sample(&app).await;
    exposition(app.metrics.render())
}

/// The same before the database is open: not ready, and what its schema is as soon as that is known.
pub async fn starting_metrics(State(stage): State<Stage>) -> Response {
    exposition(stage.render())
}

fn exposition(text: String) -> Response {
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

/// Why no requests should be sent here, if so.
pub(crate) async fn obstacle(app: &App) -> Option<&'static str> {
    if app.is_draining() {
        return Some("draining");
    }
    if Algorithm::ALL.into_iter().any(|algorithm| app.keys.signer(algorithm).is_err()) {
        return Some("no signing key");
    }
    app.readiness.obstacle(app).await
}

async fn look(app: &App) -> Option<&'static str> {
    let looked = tokio::time::timeout(PATIENCE, app.store.check()).await;
    if let Ok(Ok(schema)) = &looked {
        app.metrics.schema(&schema.named());
    }
    match looked {
        // Newer: another replica has migrated already, and said that it only added.
        Ok(Ok(SchemaState::Current | SchemaState::Newer)) => None,
        Ok(Ok(SchemaState::TooNew)) => Some("a newer version has taken away from the database schema what this program needs"),
        Ok(Ok(SchemaState::Older)) => Some("database schema is older than this program"),
        Ok(Err(_)) | Err(_) => Some("database does not answer"),
    }
}

fn answer(status: StatusCode, word: &'static str) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], Json(serde_json::json!({ "status": word }))).into_response()
}
