//! `user set-password` and `user reset-password`. Both mail the person, sealed with the service's own keys.

use std::io::Read;
use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::failure::Failure;
use super::output::Answer;
use super::password_input::PasswordInput;
use super::user::{event, find, with_password};
use crate::account::{administrators, notice, password_reset};
use crate::app::App;
use crate::audit::{self, Kind};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::session;
use crate::store::mails;
use crate::store::user_security::{self, Security};
use crate::store::users::{self, User};

#[derive(Debug, Args)]
pub(super) struct SetPassword {
    email: String,
    #[command(flatten)]
    password: PasswordInput,
}

pub(super) async fn set(arguments: SetPassword, config: &Config) -> Result<Answer, Failure> {
    let app = App::open(config.clone(), Arc::new(SystemClock)).await?;
    let answer = set_at(&app, arguments, std::io::stdin()).await;
    app.store.close().await;
    answer
}

async fn set_at(app: &App, arguments: SetPassword, input: impl Read) -> Result<Answer, Failure> {
    let user = find(&app.store, &arguments.email).await?;
    let none = || Failure::new("Say where the password comes from: --password-stdin or --generate-password.");
    let password = arguments.password.resolve(&app.config, input).await?.ok_or_else(none)?;
    let now = app.now();
    let mail = notice::password_set(app, &user, now);
    let (id, job) = (user.id, Arc::new((password.hash.clone(), mail)));
    let setting = app.store.write(move |conn| {
        let job = Arc::clone(&job);
        Box::pin(async move {
            users::update_password(conn, id, &job.0, now).await?;
            session::end_all_within(conn, id, "password_changed", now).await?;
            let security = user_security::find(conn, id).await?;
            user_security::update(conn, id, &security, &Security { password_changed_at: Some(now), ..security }).await?;
            mails::insert(conn, &job.1).await?;
            audit::record(conn, &event(Kind::PasswordSet, id), now).await?;
            Ok(security)
        })
    });
    let security = setting.await?;
    let text = format!("Set the password of {}; their sessions and delegations have ended, and they are told by mail.", user.email);
    Ok(with_password(text + &still(&user, &security), &find(&app.store, &user.email).await?, Some(password)))
}

/// What a new password does not change.
fn still(user: &User, security: &Security) -> String {
    let mut still = String::new();
    if !user.enabled {
        still += " The account is locked: they cannot sign in until `vestibule user unlock`.";
    }
    if user.suspended {
        still += " Every organisation of theirs is disabled: they cannot sign in until one is enabled.";
    }
    if security.frozen_at.is_some() {
        still += " After “This wasn't me” their security settings stay frozen until they choose a password by mail: `vestibule user reset-password` sends them a link.";
    }
    still
}

pub(super) async fn reset(address: &str, config: &Config) -> Result<Answer, Failure> {
    let app = App::open(config.clone(), Arc::new(SystemClock)).await?;
    let answer = reset_at(&app, address).await;
    app.store.close().await;
    answer
}

/// The password they have stays good until they choose another.
async fn reset_at(app: &App, address: &str) -> Result<Answer, Failure> {
    let user = find(&app.store, address).await?;
    if !user.is_active() {
        let text =
            format!("{} cannot sign in, and a new password would not change that.{}", user.email, still(&user, &Security::default()));
        return Err(Failure::new(text));
    }
    let event = event(Kind::PasswordResetRequested, user.id).detail("mail", "sent");
    password_reset::send(app, &user, administrators::locale_of(app, &user), event).await?;
    let minutes = password_reset::minutes(app);
    let text = format!("The mail to {} is in the outbox; its link and its code are good for {minutes} minutes.", user.email);
    Ok(Answer::new(text, &json!({ "email": user.email, "minutes": minutes })))
}

#[cfg(test)]
#[path = "user_password_tests.rs"]
mod tests;
