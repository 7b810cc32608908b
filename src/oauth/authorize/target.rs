//! Where the answer goes: a client and one of its redirect URIs. Until there is a [`Target`], errors are pages.

use std::sync::Arc;

use axum::response::Response;

use super::checks::MAX_VALUE;
use super::response::AuthorizeError;
use crate::app::App;
use crate::interaction::see_other;
use crate::oauth::Error;
use crate::oauth::client::{is_client_id, leads_to};
use crate::oauth::redirect_uri::VerifiedRedirect;
use crate::store::clients::Client;
use crate::web::{ErrorKind, PageError, Params};

/// Of a value that is shown back to the developer.
const SHOWN: usize = 512;

/// An enabled client, a redirect URI that is registered for it, and the `state` to give back.
pub(super) struct Target {
    pub(super) client: Arc<Client>,
    pub(super) redirect: VerifiedRedirect,
    pub(super) state: Option<String>,
}

impl Target {
    /// # Errors
    /// A page: no client, none that exists or is enabled, no redirect URI, or one that is not registered (RFC 6749 §3.1.2.4, §4.1.2.1).
    pub(super) async fn find(app: &App, params: &Params) -> Result<Self, PageError> {
        let client_id = params.get("client_id").ok_or_else(|| Fault::missing("client_id").page())?;
        let client = find_client(app, client_id).await?;
        let fault = |fault: Fault| Fault { client_name: Some(client.name().to_owned()), ..fault }.page();
        if !client.enabled {
            return Err(fault(Fault::of("unauthorized_client", "client_id", client_id, "the application has been disabled here")));
        }
        let received = params.get("redirect_uri").ok_or_else(|| fault(Fault::missing("redirect_uri")))?;
        let redirect = VerifiedRedirect::resolve(&client.metadata.redirect_uris, received, client.is_public()).map_err(|difference| {
            let rule = "redirect_uri must be exactly one of the registered addresses, letter by letter";
            let fault_here = Fault::of("invalid_request", "redirect_uri", received, rule);
            fault(Fault { difference: Some(difference), ..fault_here })
        })?;
        let state = params.get("state").filter(|state| state.len() <= MAX_VALUE).map(str::to_owned);
        Ok(Self { client, redirect, state })
    }

    /// The origins of all addresses this client has registered, the redirect URI's first: where a form of ours may lead to.
    pub(super) fn leads_to(&self) -> Option<String> {
        leads_to(&self.client, self.redirect.as_str())
    }

    /// The redirect that carries a code.
    pub(super) fn success(&self, code: &str, issuer: &str) -> Response {
        see_other(&self.redirect.success(code, self.state.as_deref(), issuer))
    }

    /// The redirect that carries an error.
    pub(super) fn refuse(&self, error: Error) -> AuthorizeError {
        AuthorizeError::Redirect { redirect: self.redirect.clone(), state: self.state.clone(), error }
    }
}

async fn find_client(app: &App, client_id: &str) -> Result<Arc<Client>, PageError> {
    let found = if is_client_id(client_id) { app.clients.find(client_id).await? } else { None };
    found.ok_or_else(|| Fault::of("invalid_client", "client_id", client_id, "no application is registered under this client_id").page())
}

/// What is wrong with a request that cannot be answered by a redirect.
#[derive(Default)]
pub(super) struct Fault {
    error: &'static str,
    parameter: &'static str,
    received: Option<String>,
    rule: String,
    difference: Option<String>,
    client_name: Option<String>,
}

impl Fault {
    /// The request as a whole.
    pub(super) fn request(parameter: &'static str, rule: impl Into<String>) -> Self {
        Self { error: "invalid_request", parameter, rule: rule.into(), ..Self::default() }
    }

    fn missing(parameter: &'static str) -> Self {
        Self::request(parameter, format!("{parameter} is missing"))
    }

    fn of(error: &'static str, parameter: &'static str, received: &str, rule: &str) -> Self {
        let received = Some(received.chars().take(SHOWN).collect());
        Self { error, parameter, received, rule: rule.to_owned(), ..Self::default() }
    }

    pub(super) fn page(self) -> PageError {
        let Self { error, parameter, received, rule, difference, client_name } = self;
        PageError::new(ErrorKind::Application { error, parameter, received, rule, difference, client_name })
    }
}
