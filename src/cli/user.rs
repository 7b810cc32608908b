//! `user`.

use std::fmt::Write as _;
use std::io::Read;
use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use uuid::Uuid;

use super::database;
use super::failure::Failure;
use super::managed::{self, Force};
use super::moment::rfc3339;
use super::output::{Answer, table};
use super::password_input::{NewPassword, PasswordInput};
use super::user_password::{self, SetPassword};
use super::user_security::{self, Act};
use crate::account::email;
use crate::audit::{self, Event, Kind, Origin};
use crate::clock::{Clock as _, SystemClock, Timestamp};
use crate::config::Config;
use crate::declare::Key;
use crate::secret::random_id;
use crate::store::users::{self, Profile, User};
use crate::store::{self, Store};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Add a person. Without a password flag they cannot sign in with a password.
    Add(Box<Add>),
    /// Everybody.
    List,
    /// One person.
    Show { email: String },
    /// Mail somebody a link with which they make an account.
    Invite(Invite),
    /// Set a person's password. All their sessions and delegations end, and they are told by mail.
    SetPassword(SetPassword),
    /// Mail somebody a link with which they choose a new password.
    ResetPassword { email: String },
    /// Bring people along from another product, with their password hashes and TOTP secrets.
    Import(super::user_import::Import),
    /// Take somebody's second factor away who has lost it. Their sessions end, and they are told why.
    ResetMfa(super::user_security::ResetMfa),
    /// Log somebody out everywhere: sessions, trusted browsers and what applications were granted end. They can sign in again.
    EndSessions { email: String },
    /// Nobody signs in to the account any more; everything of it ends.
    Lock { email: String },
    /// They can sign in again. A deletion they asked for is taken back.
    Unlock { email: String },
    /// Remove a person with everything of theirs; the audit keeps what happened, without a name.
    Remove {
        email: String,
        #[command(flatten)]
        force: Force,
    },
}

#[derive(Debug, Args)]
pub(super) struct Add {
    email: String,
    /// The address is known to be theirs.
    #[arg(long)]
    email_verified: bool,
    #[arg(long)]
    name: Option<String>,
    #[arg(long)]
    given_name: Option<String>,
    #[arg(long)]
    family_name: Option<String>,
    /// Preferred language, such as pt-BR.
    #[arg(long)]
    locale: Option<String>,
    /// May administer this service.
    #[arg(long)]
    administrator: bool,
    #[command(flatten)]
    password: PasswordInput,
}

#[derive(Debug, Args)]
pub(super) struct Invite {
    pub(super) email: String,
    #[arg(long)]
    pub(super) name: Option<String>,
    /// The organisation they are invited to.
    #[arg(long)]
    pub(super) organization: Option<String>,
    /// Language of the mail and of the account, such as pt-BR.
    #[arg(long)]
    pub(super) locale: Option<String>,
}

/// What a user command works with.
struct Desk<'a> {
    store: &'a Store,
    config: &'a Config,
    now: Timestamp,
}

pub(super) async fn run(command: Command, config: &Config) -> Result<Answer, Failure> {
    let command = match command {
        Command::SetPassword(arguments) => return user_password::set(arguments, config).await,
        Command::ResetPassword { email } => return user_password::reset(&email, config).await,
        Command::Import(arguments) => return super::user_import::run(arguments, config).await,
        Command::Invite(arguments) => return super::invite::run(arguments, config).await,
        Command::ResetMfa(arguments) => return user_security::reset_mfa(arguments, config).await,
        Command::EndSessions { email } => return user_security::run(Act::EndSessions, &email, config).await,
        Command::Lock { email } => return user_security::run(Act::Lock, &email, config).await,
        Command::Unlock { email } => return user_security::run(Act::Unlock, &email, config).await,
        Command::Remove { email, force } => {
            managed::refuse_closed(config, &Key::user(&canonical(&email)?), force).await?;
            return user_security::remove(&email, config).await;
        }
        command => command,
    };
    let reads = matches!(command, Command::List | Command::Show { .. });
    let store = if reads { database::open_to_read(config).await? } else { database::open(config).await? };
    let desk = Desk { store: &store, config, now: SystemClock.now() };
    let answer = desk.execute(command, std::io::stdin()).await;
    store.close().await;
    answer
}

impl Desk<'_> {
    async fn execute(&self, command: Command, input: impl Read) -> Result<Answer, Failure> {
        match command {
            Command::Add(arguments) => self.add(*arguments, input).await,
            // Done before there was a desk: it needs the keys that seal the link.
            Command::Invite(_) => Err(Failure::new("An invitation needs the keys of the service.")),
            Command::List => self.list().await,
            Command::Show { email } => self.show(&email).await,
            _ => Err(Failure::new("This command has a desk of its own.")),
        }
    }

    async fn add(&self, arguments: Add, input: impl Read) -> Result<Answer, Failure> {
        let email = canonical(&arguments.email)?;
        let password = arguments.password.resolve(self.config, input).await?;
        let user = new_user(email, arguments, password.as_ref(), self.now);
        let mut events = vec![event(Kind::UserCreated, user.id)];
        events.extend(password.is_some().then(|| event(Kind::PasswordSet, user.id)));
        events.extend(user.administrator.then(|| event(Kind::AdministratorCreated, user.id)));
        let (job, now) = (Arc::new((user.clone(), events)), self.now);
        let inserted = self.store.write(move |conn| {
            let job = job.clone();
            Box::pin(async move {
                users::insert(conn, &job.0).await?;
                for event in &job.1 {
                    audit::record(conn, event, now).await?;
                }
                Ok(())
            })
        });
        inserted.await.map_err(|error| match error {
            store::Error::Conflict => Failure::new(format!("There is somebody with the address {} already.", user.email)),
            other => other.into(),
        })?;
        Ok(with_password(format!("Added {}.", user.email), &user, password))
    }

    async fn list(&self) -> Result<Answer, Failure> {
        let users = users::list(&self.store.read()).await?;
        let flag = |set: bool, name: &str| if set { name.to_owned() } else { String::new() };
        let row = |user: &User| {
            let name = user.profile.name.clone().unwrap_or_default();
            vec![
                user.email.clone(),
                name,
                flag(user.administrator, "administrator"),
                flag(!user.enabled, "disabled"),
                flag(user.suspended, "suspended"),
            ]
        };
        let rows: Vec<Vec<String>> = users.iter().map(row).collect();
        let views: Vec<Value> = users.iter().map(view).collect();
        Ok(Answer::new(table(&["email", "name", "", "", ""], &rows), &views))
    }

    async fn show(&self, email: &str) -> Result<Answer, Failure> {
        let user = self.find(email).await?;
        let view = view(&user);
        Ok(Answer::new(super::client_view::text(&view), &view))
    }

    async fn find(&self, email: &str) -> Result<User, Failure> {
        find(self.store, email).await
    }
}

pub(super) async fn find(store: &Store, email: &str) -> Result<User, Failure> {
    let found = users::find_by_email(&store.read(), &canonical(email)?).await?;
    found.ok_or_else(|| Failure::new(format!("There is nobody with the address {email}. `vestibule user list` shows everybody.")))
}

pub(super) fn canonical(address: &str) -> Result<String, Failure> {
    email::canonical(address).ok_or_else(|| Failure::new(format!("{address} is not an e-mail address.")))
}

fn new_user(email: String, arguments: Add, password: Option<&NewPassword>, now: Timestamp) -> User {
    User {
        id: random_id(),
        email,
        email_verified: arguments.email_verified,
        profile: Profile {
            name: arguments.name,
            given_name: arguments.given_name,
            family_name: arguments.family_name,
            locale: arguments.locale,
            ..Profile::default()
        },
        password_hash: password.map(|password| password.hash.clone()),
        enabled: true,
        suspended: false,
        administrator: arguments.administrator,
        auth_epoch: 0,
        created_at: now,
        updated_at: now,
        last_sign_in_at: None,
    }
}

pub(super) fn event(kind: Kind, user_id: Uuid) -> Event {
    Event::new(kind, &Origin::default()).user(user_id).detail("by", "command line")
}

/// A person as they are printed: of the password only whether there is one.
fn view(user: &User) -> Value {
    json!({
        "id": user.id,
        "email": user.email,
        "email_verified": user.email_verified,
        "enabled": user.enabled,
        "suspended": user.suspended,
        "administrator": user.administrator,
        "has_password": user.password_hash.is_some(),
        "profile": user.profile,
        "created_at": rfc3339(user.created_at),
        "updated_at": rfc3339(user.updated_at),
        "last_sign_in_at": user.last_sign_in_at.map(rfc3339),
    })
}

/// The one time a generated password is shown.
pub(super) fn with_password(mut text: String, user: &User, password: Option<NewPassword>) -> Answer {
    let mut view = view(user);
    if let (Some(shown), Some(members)) = (password.and_then(|password| password.shown), view.as_object_mut()) {
        let _ = write!(text, "\npassword  {}\nThe password is shown this once; only its hash is kept.", shown.expose());
        members.insert("password".to_owned(), shown.expose().clone().into());
    }
    Answer::new(text, &view)
}

#[cfg(test)]
#[path = "user_tests.rs"]
mod tests;
