//! `user reset-mfa`, `user end-sessions`, `user lock`, `user unlock`, `user remove`.

use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};
use uuid::Uuid;

use super::database;
use super::failure::Failure;
use super::output::Answer;
use crate::account::{administrators, deletion, email, not_me, notice};
use crate::app::App;
use crate::audit::{self, Event, Kind, Origin};
use crate::clock::{Clock as _, SystemClock, Timestamp};
use crate::config::Config;
use crate::mail::{self, Message, Where};
use crate::mfa::reset;
use crate::session;
use crate::store::user_security::{self, Security};
use crate::store::users::{self, User};
use crate::store::{self, Conn, Store, factor_attempts, failures, mails, people};

#[derive(Debug, Args)]
pub(super) struct ResetMfa {
    email: String,
    /// Why: the person reads it in the mail that tells them, and the audit log keeps it.
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// What is done to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    EndSessions,
    Lock,
    Unlock,
}

/// The mail with the reason is sealed with the service's own keys.
pub(super) async fn reset_mfa(arguments: ResetMfa, config: &Config) -> Result<Answer, Failure> {
    if arguments.reason.trim().is_empty() {
        return Err(Failure::new("Write the --reason: the person is told it."));
    }
    let app = App::open(config.clone(), Arc::new(SystemClock)).await?;
    let answer = reset_mfa_at(&app, &arguments).await;
    app.store.close().await;
    answer
}

async fn reset_mfa_at(app: &App, arguments: &ResetMfa) -> Result<Answer, Failure> {
    let (user, now, reason) = (find(&app.store, &arguments.email).await?, app.now(), arguments.reason.trim().to_owned());
    let place = Where { at: now, ..Where::default() };
    let message = Message::SecondFactorReset { reason: reason.clone(), place, not_me: not_me::link(app, &user, now) };
    let mail = mail::prepare(app, &notice::recipient(&user, administrators::locale_of(app, &user)), &message, now);
    let job = Arc::new((mail, event(Kind::SecondFactorReset, user.id).detail("reason", reason)));
    let id = user.id;
    let resetting = app.store.write(move |conn| {
        let job = Arc::clone(&job);
        Box::pin(async move {
            reset::reset_within(conn, id).await?;
            users::update_epoch(conn, id, now).await?;
            session::end_all_within(conn, id, "second_factor_reset", now).await?;
            mails::insert(conn, &job.0).await?;
            audit::record(conn, &job.1, now).await
        })
    });
    resetting.await?;
    let text =
        format!("{} has no second factor any more; their sessions and delegations have ended, and they are told by mail.", user.email);
    Ok(Answer::new(text, &json!({ "email": user.email, "second_factor_reset": true })))
}

pub(super) async fn run(act: Act, address: &str, config: &Config) -> Result<Answer, Failure> {
    let store = database::open(config).await?;
    let answer = execute(&store, act, address, SystemClock.now()).await;
    store.close().await;
    answer
}

/// With the service's own keys: what is taken out of the audit chain is signed for.
pub(super) async fn remove(address: &str, config: &Config) -> Result<Answer, Failure> {
    let app = App::open(config.clone(), Arc::new(SystemClock)).await?;
    let answer = remove_at(&app, address).await;
    app.store.close().await;
    answer
}

async fn remove_at(app: &App, address: &str) -> Result<Answer, Failure> {
    let user = Arc::new(find(&app.store, address).await?);
    let (subject, statement, now) = (Arc::clone(&user), deletion::statement(app, user.id)?, app.now());
    let removing = app.store.write(move |conn| {
        let (user, statement) = (Arc::clone(&subject), statement.clone());
        Box::pin(async move {
            if is_last_administrator(conn, &user).await? {
                return Ok(false);
            }
            // Sessions end first, so that the applications are told.
            session::end_all_within(conn, user.id, "removed", now).await?;
            people::purge(conn, user.id).await?;
            statement.record(conn, event(Kind::UserRemoved, user.id), now).await?;
            Ok(true)
        })
    });
    if !removing.await? {
        return Err(last_administrator(&user));
    }
    let text = format!("{} is removed with everything of theirs.", user.email);
    Ok(Answer::new(text, &json!({ "email": user.email, "removed": true })))
}

pub(super) async fn execute(store: &Store, act: Act, address: &str, now: Timestamp) -> Result<Answer, Failure> {
    let user = Arc::new(find(store, address).await?);
    let subject = Arc::clone(&user);
    let acting = store.write(move |conn| {
        let user = Arc::clone(&subject);
        Box::pin(async move {
            match act {
                Act::EndSessions => end_sessions(conn, &user, now).await?,
                Act::Lock if is_last_administrator(conn, &user).await? => return Ok(false),
                Act::Lock => lock(conn, &user, now).await?,
                Act::Unlock => unlock(conn, &user, now).await?,
            }
            Ok(true)
        })
    });
    let done = acting.await.map_err(|error| match error {
        store::Error::Conflict => Failure::new(format!("{} was changed meanwhile; nothing was written. Run this again.", user.email)),
        other => other.into(),
    })?;
    if !done {
        return Err(last_administrator(&user));
    }
    Ok(told(act, &user.email))
}

fn told(act: Act, email: &str) -> Answer {
    let (text, member) = match act {
        Act::EndSessions => (
            "is logged in nowhere any more: sessions, sign-ins under way, trusted browsers and what applications were granted have ended.",
            json!({ "email": email, "sessions_ended": true }),
        ),
        Act::Lock => ("is locked; their sessions and delegations have ended.", json!({ "email": email, "enabled": false })),
        Act::Unlock => ("can sign in again.", json!({ "email": email, "enabled": true })),
    };
    let member: Value = member;
    Answer::new(format!("{email} {text}"), &member)
}

/// As the person does in My Account, and their own session with the others.
async fn end_sessions(conn: &Conn<'_>, user: &User, now: Timestamp) -> store::Result<()> {
    users::update_epoch(conn, user.id, now).await?;
    session::end_all_within(conn, user.id, "ended_by_operator", now).await?;
    audit::record(conn, &event(Kind::SessionsEnded, user.id), now).await
}

async fn lock(conn: &Conn<'_>, user: &User, now: Timestamp) -> store::Result<()> {
    session::end_all_within(conn, user.id, "locked", now).await?;
    let locked = User { enabled: false, auth_epoch: user.auth_epoch.saturating_add(1), updated_at: now, ..user.clone() };
    users::update_seen(conn, &locked, user.updated_at).await?;
    audit::record(conn, &event(Kind::UserLocked, user.id), now).await
}

/// Also takes back a deletion that was asked for, and forgets the passwords and codes that were tried.
async fn unlock(conn: &Conn<'_>, user: &User, now: Timestamp) -> store::Result<()> {
    users::update_seen(conn, &User { enabled: true, updated_at: now, ..user.clone() }, user.updated_at).await?;
    let security = user_security::find(conn, user.id).await?;
    if security.delete_at.is_some() {
        user_security::update(conn, user.id, &security, &Security { delete_at: None, left_at: None, ..security }).await?;
    }
    factor_attempts::revoke(conn, user.id).await?;
    failures::revoke_all(conn, user.id).await?;
    audit::record(conn, &event(Kind::UserUnlocked, user.id), now).await
}

/// Without any, whoever finds the set-up page could become one.
async fn is_last_administrator(conn: &Conn<'_>, user: &User) -> store::Result<bool> {
    Ok(user.administrator && administrators::is_last_within(conn, user.id).await?)
}

fn last_administrator(user: &User) -> Failure {
    Failure::new(format!("{} is the only administrator of this service. Make somebody else one first.", user.email))
}

async fn find(store: &Store, address: &str) -> Result<User, Failure> {
    let canonical = email::canonical(address).ok_or_else(|| Failure::new(format!("{address} is not an e-mail address.")))?;
    let found = users::find_by_email(&store.read(), &canonical).await?;
    found.ok_or_else(|| Failure::new(format!("There is nobody with the address {address}. `vestibule user list` shows everybody.")))
}

fn event(kind: Kind, user_id: Uuid) -> Event {
    Event::new(kind, &Origin::default()).user(user_id).detail("by", "command line")
}

#[cfg(test)]
#[path = "user_security_tests.rs"]
mod tests;
