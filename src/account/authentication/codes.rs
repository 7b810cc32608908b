//! `/account/authentication/recovery-codes`: shown once, counted, made anew.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use uuid::Uuid;

use super::scene;
use crate::account::confirm::{Detour, Then, proven};
use crate::account::console::show;
use crate::app::App;
use crate::audit::{self, Kind};
use crate::mail::Message;
use crate::mfa::{Scene, recovery_codes};
use crate::session::Current;
use crate::session::browser::{self, Trust};
use crate::store::{self, mails, user_security};
use crate::web::pages::views::authentication::{RecoveryCodesPage, Said};
use crate::web::{ErrorKind, PageError, StrictForm, Visit};

/// The codes while they are still shown, else how many are left.
///
/// # Errors
/// A detour: not signed in, or not recently; the store's.
pub async fn get(State(app): State<App>, visit: Visit) -> Result<Response, Detour> {
    let (current, summary) = open(&app, &visit).await?;
    Ok(show(&app, &visit, &current, StatusCode::OK, |csrf_token| RecoveryCodesPage {
        csrf_token,
        email: current.user.email.clone(),
        left: summary.left,
        of: summary.of,
        codes: summary.codes,
    }))
}

/// The codes as a text file, while they are still shown.
///
/// # Errors
/// As [`get`].
pub async fn get_text(State(app): State<App>, visit: Visit) -> Result<Response, Detour> {
    let (current, summary) = open(&app, &visit).await?;
    if summary.codes.is_empty() {
        return Err(Detour::To(Then::RecoveryCodes.path().to_owned()));
    }
    let text = format!("{} – {}\r\n\r\n{}\r\n", app.config.brand.name, current.user.email, summary.codes.join("\r\n"));
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"recovery-codes.txt\""),
        (CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, text).into_response())
}

async fn open(app: &App, visit: &Visit) -> Result<(Current, recovery_codes::Summary), Detour> {
    let (current, factors) = proven(app, visit, Then::RecoveryCodes).await?;
    if !factors.has_codes() {
        return Err(Detour::To(Then::Authentication.path().to_owned()));
    }
    let summary = recovery_codes::summary(&app.store.read(), &app.sealer, &current.session, app.now()).await?;
    Ok((current, summary))
}

/// "I have saved them", or a new set.
///
/// # Errors
/// As [`get`]; a form from another site.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(form): StrictForm) -> Result<Response, Detour> {
    let form = form.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    let trust = browser::check(&app, &visit, &form)?;
    let (current, _) = open(&app, &visit).await?;
    if trust == Trust::Stale {
        return Ok(Redirect::to(Then::RecoveryCodes.path()).into_response());
    }
    if form.get("generate").is_some() {
        generate(&app, &scene(&app, &visit, &current), current.session.id).await?;
        return Ok(Redirect::to(Then::RecoveryCodes.path()).into_response());
    }
    let (user_id, session_id) = (current.user.id, current.session.id);
    app.store.write_one(move |conn| Box::pin(store::recovery_codes::update_hidden(conn, user_id, session_id))).await?;
    Ok(Redirect::to(&Said::CodesSaved.path()).into_response())
}

/// The codes of before are worthless from then on. Nothing happens to an account that is frozen.
async fn generate(app: &App, scene: &Scene, session_id: Uuid) -> store::Result<()> {
    let scene = scene.clone();
    app.store
        .write(move |conn| {
            let scene = scene.clone();
            Box::pin(async move {
                if user_security::find(conn, scene.user.id).await?.frozen_at.is_some() {
                    return Ok(());
                }
                let codes = recovery_codes::generate(&scene.app().sealer, &scene.app().pepper, scene.user.id, session_id, scene.now);
                store::recovery_codes::rotate(conn, scene.user.id, &codes).await?;
                mails::insert(conn, &scene.notice(|place, not_me| Message::RecoveryCodesReplaced { place, not_me })).await?;
                audit::record(conn, &scene.event(Kind::RecoveryCodesGenerated), scene.now).await
            })
        })
        .await?;
    app.mail_waiting.notify_one();
    Ok(())
}
