//! `/device/authorize` (RFC 8628 §3.1, §3.2): a device without a browser, or a program in a terminal, asks for a person's permission.
//!
//! Owns: `POST /device/authorize`. The person answers at `/device` (`interaction::device`); the device fetches it at `/token`.
//! Unlike a request at `/authorize` this one leaves a row, which anybody can make who knows the id of a public client: so it is paid for.

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;

use super::answer;
use super::authorize::checks::check_scope;
use super::client_request::ClientRequest;
use super::error::{Code, Error};
use crate::app::App;
use crate::audit::{self, Event, Kind};
use crate::interaction::device::budget::OfRequest;
use crate::secret;
use crate::store::buckets::Take;
use crate::store::clients::GrantType;
use crate::store::device_authorizations::{self, DeviceAuthorization};
use crate::store::{self, Conn};
use crate::tokens::device::{self, UserCode};
use crate::web::address;

/// Between polls (RFC 8628 §3.2 `interval`).
const INTERVAL: Duration = Duration::from_secs(5);
/// The limit's name in metrics.
const NAME: &str = "device_requests";
/// User codes that are tried until one is new; a second one is hardly ever needed.
const TRIES: u32 = 8;

/// RFC 8628 §3.2.
#[derive(Serialize)]
struct Answer {
    device_code: String,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: String,
    expires_in: u64,
    interval: u64,
}

/// `POST /device/authorize`.
///
/// # Errors
/// RFC 6749 §5.2; too many are waiting for an answer.
pub async fn post(State(app): State<App>, request: Result<ClientRequest, Error>) -> Result<Response, Error> {
    let request = request?;
    if !request.client().may_use(GrantType::DeviceCode) {
        let description = "urn:ietf:params:oauth:grant-type:device_code is not among this client's registered grant_types";
        return Err(Error::new(Code::UnauthorizedClient, description));
    }
    let scope = check_scope(request.form.get("scope"), request.client(), &*app.scopes.all().await?)?;
    let class = request.origin.address.map(|address| address::class(address).to_string());
    let costs = OfRequest::new(&app, &request.client().client_id, class.as_deref());
    for _ in 0..TRIES {
        let (device_code, user_code) = (device::random_device_code(), UserCode::random());
        let digests = device::digest_of_device_code(&device_code).zip(user_code.digest(&app.pepper));
        let Some((device_digest, user_digest)) = digests else { break };
        let row = DeviceAuthorization {
            id: secret::id(request.now),
            device_code: device_digest,
            user_code: user_digest,
            client_id: request.client().client_id.clone(),
            scope: scope.to_string(),
            address: class.clone(),
            interval: INTERVAL,
            state: device_authorizations::State::Pending,
            created_at: request.now,
            expires_at: request.now.plus(app.config.tokens.device_code_ttl.0),
        };
        match insert(&app, &request, row, costs.clone()).await? {
            Inserted::Yes => return Ok(respond(&app, device_code, &user_code)),
            Inserted::Wait(wait) => return Err(refusal(&app, wait)),
            Inserted::Taken => {}
        }
    }
    Err(Error::new(Code::ServerError, "no code could be made; try again").because("user codes ran out"))
}

enum Inserted {
    Yes,
    /// One of the codes is somebody else's.
    Taken,
    Wait(Duration),
}

/// One transaction: what it costs, the row, the audit event.
async fn insert(app: &App, request: &ClientRequest, row: DeviceAuthorization, costs: OfRequest) -> store::Result<Inserted> {
    let event = Event::new(Kind::DeviceAuthorizationRequested, &request.origin).client(&row.client_id).grant(row.id);
    let job = std::sync::Arc::new((event.detail("scope", row.scope.clone()), row, costs));
    app.store
        .write(move |conn| {
            let job = std::sync::Arc::clone(&job);
            Box::pin(async move { run(conn, &job.0, &job.1, &job.2).await })
        })
        .await
}

async fn run(conn: &Conn<'_>, event: &Event, row: &DeviceAuthorization, costs: &OfRequest) -> store::Result<Inserted> {
    if let Take::Wait(wait) = costs.take(conn, row.created_at).await? {
        return Ok(Inserted::Wait(wait));
    }
    if !device_authorizations::insert(conn, row).await? {
        costs.give_back(conn).await?;
        return Ok(Inserted::Taken);
    }
    audit::record(conn, event, row.created_at).await?;
    Ok(Inserted::Yes)
}

fn respond(app: &App, device_code: String, user_code: &UserCode) -> Response {
    let verification_uri = app.issuer.url("/device");
    let body = Answer {
        device_code,
        verification_uri_complete: format!("{verification_uri}?user_code={user_code}"),
        verification_uri,
        user_code: user_code.to_string(),
        expires_in: app.config.tokens.device_code_ttl.0.as_secs(),
        interval: INTERVAL.as_secs(),
    };
    answer::json(StatusCode::OK, &body)
}

fn refusal(app: &App, wait: Duration) -> Error {
    app.metrics.limited(NAME);
    let seconds = u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX).max(1);
    let description = format!("too many device authorizations of this client wait for an answer; try again in {seconds} s");
    Error { retry_after: Some(seconds), ..Error::new(Code::TooManyRequests, description) }
}
