//! Pages: a struct with a template and samples each, rendered strictly.

pub mod views;

use axum::response::Response;
use serde::Serialize;

use super::i18n::Locale;
use super::visit::Visit;
use crate::config;

/// A page. Its fields are what its template may use; the layout adds `lang`, `dir`, `brand`, `path` and the texts (`t('message-id', name=value)`).
pub trait Page: Serialize {
    /// Below `templates/`, for example `pages/login.html`.
    const TEMPLATE: &'static str;
}

/// All templates and texts, compiled once.
pub struct Pages {}

impl Pages {
    /// # Errors
    /// A template or message file that does not compile, by name and line.
    pub fn load(brand: &config::Brand) -> Result<Self, String> {
        todo!()
    }

    /// A page with status 200, `Content-Language`, `no-store` and the security headers (CSP with `form-action 'self'`).
    pub fn render<P: Page>(&self, visit: &Visit, locale: Locale, page: &P) -> Response {
        todo!()
    }

    /// The same with another status.
    pub fn render_with_status<P: Page>(&self, status: http::StatusCode, visit: &Visit, locale: Locale, page: &P) -> Response {
        todo!()
    }

    /// A message in a language, for texts that are not in a template.
    #[must_use]
    pub fn text(&self, locale: Locale, id: &str) -> String {
        todo!()
    }
}
