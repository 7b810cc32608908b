//! My Account: the pages on which a person looks after their own account.
//!
//! Routes: everything under `/account` but `/account/authentication` (`mfa`) and `/account/confirm` ([`super::confirm`]).

pub mod activity;
pub mod applications;
pub mod data;
pub mod deletion;
pub mod overview;
pub mod password;
pub mod profile;
pub mod sessions;

use std::time::Duration;

use axum::response::Response;
use http::StatusCode;

use crate::app::App;
use crate::session::Current;
use crate::session::browser;
use crate::web::cookies::with_cookie;
use crate::web::{Locale, Page, Visit, csrf};

/// A language picked here is remembered by this browser for so long.
const LANGUAGE_KEPT: Duration = Duration::from_hours(365 * 24);

/// A page of My Account: `page` gets the form token that belongs to this browser.
pub fn show<P: Page>(app: &App, visit: &Visit, current: &Current, status: StatusCode, page: impl FnOnce(String) -> P) -> Response {
    let (browser, set_cookie) = browser::binding(app, visit);
    let page = page(csrf::token(&app.sealer, &browser));
    with_cookie(app.pages.render_with_status(status, visit, locale(visit, current), &page), set_cookie)
}

/// The language a person reads: the one picked in this browser, else the one of their profile, else what the browser asks for.
#[must_use]
pub fn locale(visit: &Visit, current: &Current) -> Locale {
    visit.locale_for(current.user.profile.locale.as_deref())
}
