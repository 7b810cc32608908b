//! The way on for somebody who has just chosen a password by mail: to the sign-in, of the application that waits if there is one.

use axum::response::Response;

use super::flow::{self, Flow};
use super::form::{facts, see_other};
use crate::app::App;
use crate::session;
use crate::web::cookies::with_cookie;
use crate::web::{PageError, Visit};

/// `kept`: the application's request, as [`Flow::to_keep`] made it; `notice`: what the sign-in page says first.
///
/// Somebody else may be signed in here: they are not the one whose mail this was. An application is not answered with them; without an application
/// they are asked whether they log out.
///
/// # Errors
/// The store's.
pub(super) async fn sign_in(app: &App, visit: &Visit, kept: Option<&str>, email: &str, notice: &str) -> Result<Response, PageError> {
    let other = session::current(app, visit).await?.filter(|current| current.user.email != email);
    let Some(flow) = kept.and_then(Flow::from_kept) else {
        return Ok(if other.is_some() { see_other("/logout") } else { see_other(&format!("/login?notice={notice}")) });
    };
    let flow = flow.with_another_account(other.as_ref().map(|current| facts(current).sign_in()), Some(email.to_owned()));
    let sealed = flow::seal(app, visit, &flow);
    Ok(with_cookie(see_other(&format!("{}&notice={notice}", flow::page_path("/login", &sealed.value))), sealed.set_cookie))
}
