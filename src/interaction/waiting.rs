//! The application's request that waits while a page helps with something else: a forgotten password, a new account.

use super::flow::{self, Flow};
use crate::app::App;
use crate::store;
use crate::web::pages::views::ClientView;
use crate::web::{Locale, Visit};

/// With its sealed form for the next page; empty when no application waits.
pub(super) struct Waiting {
    pub(super) sealed: Option<String>,
    pub(super) flow: Option<Flow>,
}

impl Waiting {
    pub(super) fn of(app: &App, visit: &Visit, sealed: Option<&str>) -> Self {
        let flow = flow::glance(app, visit, sealed);
        Self { sealed: sealed.filter(|_| flow.is_some()).map(str::to_owned), flow }
    }

    /// One that was kept by [`Flow::to_keep`]: sealed for this browser.
    pub(super) fn kept(app: &App, visit: &Visit, kept: Option<&str>) -> Self {
        let flow = kept.and_then(Flow::from_kept);
        Self { sealed: flow.as_ref().map(|flow| flow::seal(app, visit, flow).value), flow }
    }

    pub(super) fn locale(&self, visit: &Visit) -> Locale {
        visit.locale_for(self.flow.as_ref().and_then(|flow| flow.ui_locales.as_deref()))
    }

    pub(super) fn path(&self, page: &str) -> String {
        self.sealed.as_deref().map_or_else(|| page.to_owned(), |sealed| flow::page_path(page, sealed))
    }

    /// The application, as pages show it.
    pub(super) async fn client(&self, app: &App) -> store::Result<Option<ClientView>> {
        match &self.flow {
            Some(flow) => flow.client_view(app).await,
            None => Ok(None),
        }
    }
}
