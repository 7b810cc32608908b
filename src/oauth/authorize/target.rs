//! Where the answer goes, and how: a client and one of its redirect URIs. Until there is a [`Target`], errors are pages.
//!
//! OAuth 2.0 Multiple Response Types §2.1; OAuth 2.0 Form Post Response Mode.

use std::sync::Arc;

use axum::response::Response;

use super::checks::{FORM_POST, MAX_VALUE, survives_a_form};
use super::response::AuthorizeError;
use crate::app::App;
use crate::interaction::see_other;
use crate::oauth::Error;
use crate::oauth::client::{is_client_id, leads_to};
use crate::oauth::redirect_uri::{Parameters, VerifiedRedirect, granted, refused, takes_forms};
use crate::store::clients::Client;
use crate::web::pages::views::form_post::FormPostPage;
use crate::web::{ErrorKind, PageError, Params, Visit};

/// Of a value that is shown back to the developer.
const SHOWN: usize = 512;

/// How the parameters of an answer travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ResponseMode {
    Query,
    /// By a form, which the browser posts.
    FormPost,
}

impl ResponseMode {
    /// As asked; where it cannot be, and `checks` refuses the request, by the one way that always works.
    fn of(params: &Params, redirect: &VerifiedRedirect) -> Self {
        let form_post = params.get("response_mode") == Some(FORM_POST) && takes_forms(redirect.as_str());
        if form_post { Self::FormPost } else { Self::Query }
    }
}

/// An enabled client, a redirect URI that is registered for it, and the `state` to give back.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) client: Arc<Client>,
    pub(super) redirect: VerifiedRedirect,
    state: Option<String>,
    mode: ResponseMode,
    ui_locales: Option<String>,
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
        let mode = ResponseMode::of(params, &redirect);
        let returned = |state: &&str| state.len() <= MAX_VALUE && (mode == ResponseMode::Query || survives_a_form(state));
        let state = params.get("state").filter(returned).map(str::to_owned);
        Ok(Self { client, redirect, state, mode, ui_locales: params.get("ui_locales").map(str::to_owned) })
    }

    /// The origins of all addresses this client has registered, the redirect URI's first: where a form of ours may lead to.
    pub(super) fn leads_to(&self) -> Option<String> {
        leads_to(&self.client, self.redirect.as_str())
    }

    /// The answer that carries a code.
    pub(super) fn success(&self, app: &App, visit: &Visit, code: &str) -> Response {
        self.answer(app, visit, &granted(code, self.state.as_deref(), app.issuer.as_str()))
    }

    /// The answer that carries an error.
    pub(super) fn error(&self, app: &App, visit: &Visit, error: &Error) -> Response {
        let description = error.public_description();
        self.answer(app, visit, &refused(error.code.as_str(), &description, self.state.as_deref(), app.issuer.as_str()))
    }

    /// The one way back to an application.
    fn answer(&self, app: &App, visit: &Visit, parameters: &Parameters<'_>) -> Response {
        match self.mode {
            ResponseMode::Query => see_other(&self.redirect.location(parameters)),
            ResponseMode::FormPost => {
                let page = FormPostPage::new(self.client.name(), self.redirect.as_str(), parameters, self.leads_to());
                app.pages.render(visit, visit.locale_for(self.ui_locales.as_deref()), &page)
            }
        }
    }

    /// A refusal that the application is told.
    pub(super) fn refuse(&self, error: Error) -> AuthorizeError {
        AuthorizeError::Returned { target: Box::new(self.clone()), error }
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
