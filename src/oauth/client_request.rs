//! A request of an authenticated client, as the token, device authorization, introspection and revocation endpoints take it.

use axum::extract::{FromRequest, FromRequestParts as _, Request};
use http::request::Parts;

use super::client_auth::{self, AuthenticatedClient};
use super::error::{Code, Error};
use crate::app::App;
use crate::audit;
use crate::clock::Timestamp;
use crate::session;
use crate::store::clients::Client;
use crate::web::{Params, StrictForm, StrictQuery, Visit};

/// Who asks, and for what. As an extractor it refuses everything that is not a urlencoded body of a client that proved who it is.
#[derive(Debug)]
pub struct ClientRequest {
    pub client: AuthenticatedClient,
    pub form: Params,
    pub origin: audit::Origin,
    pub now: Timestamp,
}

impl ClientRequest {
    #[must_use]
    pub fn client(&self) -> &Client {
        self.client.client()
    }

    /// A parameter that must be there.
    ///
    /// # Errors
    /// `invalid_request`, naming it.
    pub fn required(&self, name: &'static str) -> Result<&str, Error> {
        self.form.get(name).ok_or_else(|| Error::new(Code::InvalidRequest, format!("the parameter {name} is missing")))
    }
}

impl FromRequest<App> for ClientRequest {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self, Error> {
        let (mut parts, body) = request.into_parts();
        refuse_query(&mut parts, app).await?;
        let Ok(visit) = Visit::from_request_parts(&mut parts, app).await;
        let headers = parts.headers.clone();
        let Ok(StrictForm(form)) = StrictForm::from_request(Request::from_parts(parts, body), app).await;
        let form = form?;
        let origin = session::origin(&visit);
        let client = client_auth::authenticate(app, &headers, &form, &origin).await?;
        Ok(Self { client, form, origin, now: app.now() })
    }
}

/// Parameters belong in the body (RFC 6749 §2.3.1): queries end in logs.
async fn refuse_query(parts: &mut Parts, app: &App) -> Result<(), Error> {
    let Ok(StrictQuery(query)) = StrictQuery::from_request_parts(parts, app).await;
    if query.is_ok_and(|query| query.iter().next().is_none()) {
        return Ok(());
    }
    Err(Error::new(Code::InvalidRequest, "parameters are taken from the urlencoded body only, not from the query"))
}
