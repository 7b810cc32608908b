//! `client`.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::arguments::named;
use super::client_keys::Keys;
use super::failure::Failure;
use super::managed::{self, Force};
use super::output::{Answer, table};
use super::{client_keys, client_state, client_view, database};
use crate::audit::{self, Event, Kind, Origin};
use crate::clock::{Clock as _, SystemClock, Timestamp};
use crate::config::{Config, Span};
use crate::declare::Key;
use crate::declare::client::{response_types, rotated};
use crate::oauth::client::{MetadataProblem, check_metadata, is_client_id, new_secret, unknown_scopes};
use crate::secret::{Digest, Secret, random_id};
use crate::store::clients::{self, AuthMethod, Client, ClientSecret, GrantType, Metadata};
use crate::store::signing_keys::Algorithm;
use crate::store::{self, Store, scopes};
use crate::tokens::Scope;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Register an application. Its secret is shown once.
    Add(Box<Add>),
    /// All applications.
    List,
    /// One application.
    Show { client_id: String },
    /// Remove an application and end every delegation to it.
    Remove {
        client_id: String,
        #[command(flatten)]
        force: Force,
    },
    /// Nobody signs in to it any more, and every delegation to it ends.
    Disable {
        client_id: String,
        #[command(flatten)]
        force: Force,
    },
    /// People can sign in to it again. What was delegated before stays ended.
    Enable {
        client_id: String,
        #[command(flatten)]
        force: Force,
    },
    /// Make a new secret, shown once. The previous one stays valid for a while, so that the application can be changed over.
    RotateSecret {
        client_id: String,
        /// How long the previous secret stays valid; 0s ends it at once.
        #[arg(long, default_value = "24h")]
        overlap: Span,
        #[command(flatten)]
        force: Force,
    },
    /// The public keys of an application that signs client assertions (private_key_jwt). One that had a secret has none any more.
    SetKeys {
        client_id: String,
        #[command(flatten)]
        keys: Keys,
        #[command(flatten)]
        force: Force,
    },
}

impl Command {
    /// What it changes, if there may be such a thing already.
    fn changes(&self) -> Option<(&str, Force)> {
        match self {
            Self::Add(_) | Self::List | Self::Show { .. } => None,
            Self::Remove { client_id, force }
            | Self::Disable { client_id, force }
            | Self::Enable { client_id, force }
            | Self::RotateSecret { client_id, force, .. }
            | Self::SetKeys { client_id, force, .. } => Some((client_id, *force)),
        }
    }
}

#[derive(Debug, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "one per flag")]
pub(super) struct Add {
    /// A random one when absent.
    #[arg(long)]
    client_id: Option<String>,
    /// What people see on the consent page.
    #[arg(long)]
    name: Option<String>,
    /// Where people are sent back to after the sign-in; may be repeated.
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// Where people are sent back to after the sign-out; may be repeated.
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    post_logout_redirect_uris: Vec<String>,
    /// authorization_code (the default), refresh_token, client_credentials, device_code; may be repeated.
    #[arg(long = "grant-type", value_name = "TYPE", value_parser = named::<GrantType>)]
    grant_types: Vec<GrantType>,
    /// client_secret_basic (the default), client_secret_post, private_key_jwt (with --jwks or --jwks-uri) or none.
    #[arg(long, value_name = "METHOD", value_parser = named::<AuthMethod>)]
    auth_method: Option<AuthMethod>,
    #[command(flatten)]
    keys: Keys,
    /// The scopes it may ask for, separated by spaces.
    #[arg(long)]
    scope: Option<String>,
    /// RS256 (the default), PS256, ES256 or EdDSA.
    #[arg(long, value_name = "ALG", value_parser = named::<Algorithm>)]
    id_token_alg: Option<Algorithm>,
    /// Told when a person's session ends.
    #[arg(long, value_name = "URI")]
    backchannel_logout_uri: Option<String>,
    /// Ours: no consent page.
    #[arg(long)]
    first_party: bool,
    /// For a confidential application that cannot do PKCE.
    #[arg(long)]
    no_pkce: bool,
    /// An application without a secret, on people's devices: the same as --auth-method none.
    #[arg(long, conflicts_with = "auth_method")]
    public: bool,
    /// May introspect tokens that were issued to other applications.
    #[arg(long)]
    resource_server: bool,
    /// Put the scopes' claims into the ID token too.
    #[arg(long)]
    id_token_scope_claims: bool,
}

#[cfg(test)]
impl Add {
    /// An ordinary one, with these keys.
    pub(super) fn web_app(client_id: &str, keys: Keys) -> Self {
        Self { client_id: Some(client_id.to_owned()), redirect_uris: vec!["https://app.example/cb".to_owned()], keys, ..Self::default() }
    }
}

pub(super) async fn run(command: Command, config: &Config) -> Result<Answer, Failure> {
    let reads = matches!(command, Command::List | Command::Show { .. });
    let store = if reads { database::open_to_read(config).await? } else { database::open(config).await? };
    let answer = execute(command, &store, SystemClock.now()).await;
    store.close().await;
    answer
}

pub(super) async fn execute(command: Command, store: &Store, now: Timestamp) -> Result<Answer, Failure> {
    if let Some((client_id, force)) = command.changes() {
        managed::refuse(store, &Key::client(client_id), force).await?;
    }
    match command {
        Command::Add(arguments) => add(store, *arguments, now).await,
        Command::List => list(store).await,
        Command::Show { client_id } => show(store, &client_id).await,
        Command::Remove { client_id, .. } => remove(store, client_id, now).await,
        Command::Disable { client_id, .. } => client_state::change(store, client_id, false, now).await,
        Command::Enable { client_id, .. } => client_state::change(store, client_id, true, now).await,
        Command::RotateSecret { client_id, overlap, .. } => rotate_secret(store, client_id, overlap.0, now).await,
        Command::SetKeys { client_id, keys, .. } => client_keys::set(store, client_id, keys, now).await,
    }
}

async fn add(store: &Store, arguments: Add, now: Timestamp) -> Result<Answer, Failure> {
    let client_id = arguments.client_id.clone().unwrap_or_else(|| random_id().to_string());
    if !is_client_id(&client_id) {
        let text = format!("--client-id {client_id:?} cannot be a client id. Choose letters, digits and -._~ without spaces.");
        return Err(Failure::new(text));
    }
    let metadata = metadata(arguments)?;
    check_metadata(&metadata).map_err(|problems| invalid("This application cannot be registered", &problems))?;
    let custom = scopes::list(&store.read()).await?;
    if let Some(unknown) = unknown_scopes(&metadata, |value| custom.iter().any(|scope| scope.name == value)).first() {
        return Err(Failure::new(format!(
            "There is no scope {unknown}. `vestibule scope list` shows those there are beside {}. Scopes of APIs that nobody told this service about are \
             for clients with client_credentials.",
            Scope::KNOWN.join(", ")
        )));
    }
    let secret = metadata.token_endpoint_auth_method.has_secret().then(new_secret);
    let secrets = secret.iter().map(|secret| client_secret(secret, now)).collect();
    let client = Client { client_id, enabled: true, metadata, secrets, managed: false, created_at: now, updated_at: now };
    insert(store, client.clone(), now).await?;
    Ok(with_secret("Registered", client_view::view(&client), secret.as_ref()))
}

pub(super) fn invalid(what: &str, problems: &[MetadataProblem]) -> Failure {
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Failure::new(format!("{what}:\n  {}", problems.join("\n  ")))
}

fn metadata(arguments: Add) -> Result<Metadata, Failure> {
    let defaults = Metadata::default();
    let grant_types = if arguments.grant_types.is_empty() { defaults.grant_types } else { arguments.grant_types };
    // Without a person there are no claims about one to ask for.
    let for_people = [GrantType::AuthorizationCode, GrantType::DeviceCode].iter().any(|grant_type| grant_types.contains(grant_type));
    let scope = if for_people { defaults.scope } else { String::new() };
    // Whoever gives keys means to use them.
    let implied = if arguments.keys.are_given() { AuthMethod::PrivateKeyJwt } else { AuthMethod::default() };
    let mut metadata = Metadata {
        client_name: arguments.name,
        redirect_uris: arguments.redirect_uris,
        post_logout_redirect_uris: arguments.post_logout_redirect_uris,
        response_types: response_types(&grant_types),
        grant_types,
        token_endpoint_auth_method: if arguments.public { AuthMethod::None } else { arguments.auth_method.unwrap_or(implied) },
        id_token_signed_response_alg: arguments.id_token_alg.unwrap_or_default(),
        scope: arguments.scope.unwrap_or(scope),
        backchannel_logout_uri: arguments.backchannel_logout_uri,
        require_pkce: !arguments.no_pkce,
        first_party: arguments.first_party,
        resource_server: arguments.resource_server,
        id_token_scope_claims: arguments.id_token_scope_claims,
        ..Metadata::default()
    };
    arguments.keys.put_into(&mut metadata)?;
    Ok(metadata)
}

async fn insert(store: &Store, client: Client, now: Timestamp) -> Result<(), Failure> {
    let client_id = client.client_id.clone();
    let job = Arc::new((client, event(Kind::ClientCreated, &client_id)));
    let inserted = store.write(move |conn| {
        let job = job.clone();
        Box::pin(async move {
            clients::insert(conn, &job.0).await?;
            audit::record(conn, &job.1, now).await
        })
    });
    inserted.await.map_err(|error| match error {
        store::Error::Conflict => Failure::new(format!("There is a client {client_id} already. Choose another --client-id.")),
        other => other.into(),
    })
}

async fn list(store: &Store) -> Result<Answer, Failure> {
    let clients = clients::list(&store.read()).await?;
    let row = |client: &Client| {
        let kind = if client.is_public() { "public" } else { "confidential" };
        let managed = if client.managed { "declared" } else { "by hand" };
        vec![client.client_id.clone(), client.name().to_owned(), kind.to_owned(), managed.to_owned()]
    };
    let rows: Vec<Vec<String>> = clients.iter().map(row).collect();
    let views: Vec<Value> = clients.iter().map(client_view::view).collect();
    Ok(Answer::new(table(&["client_id", "name", "kind", "registered"], &rows), &views))
}

async fn show(store: &Store, client_id: &str) -> Result<Answer, Failure> {
    let client = clients::find(&store.read(), client_id).await?.ok_or_else(|| unknown(client_id))?;
    let view = client_view::view(&client);
    Ok(Answer::new(client_view::text(&view), &view))
}

async fn remove(store: &Store, client_id: String, now: Timestamp) -> Result<Answer, Failure> {
    let id: Arc<str> = client_id.as_str().into();
    let removed = store.write(move |conn| {
        let id = id.clone();
        Box::pin(async move {
            let removed = clients::remove(conn, &id, now).await?;
            if removed {
                audit::record(conn, &event(Kind::ClientRemoved, &id), now).await?;
            }
            Ok(removed)
        })
    });
    if !removed.await? {
        return Err(unknown(&client_id));
    }
    Ok(Answer::new(format!("Removed {client_id}; every delegation to it has ended."), &json!({ "client_id": client_id, "removed": true })))
}

async fn rotate_secret(store: &Store, client_id: String, overlap: Duration, now: Timestamp) -> Result<Answer, Failure> {
    let secret = new_secret();
    let fresh = client_secret(&secret, now);
    let id: Arc<str> = client_id.as_str().into();
    let rotating = store.write(move |conn| {
        let (id, fresh) = (id.clone(), fresh.clone());
        Box::pin(async move {
            let Some(mut client) = clients::find(conn, &id).await? else { return Ok(None) };
            if client.metadata.token_endpoint_auth_method.has_secret() {
                client.secrets = rotated(&client.secrets, fresh, now, overlap);
                let seen = std::mem::replace(&mut client.updated_at, now);
                clients::update_seen(conn, &client, seen).await?;
                audit::record(conn, &event(Kind::ClientSecretRotated, &id), now).await?;
            }
            Ok(Some(client))
        })
    });
    let client = rotating.await.map_err(|error| match error {
        store::Error::Conflict => Failure::new(format!("{client_id} was changed meanwhile; nothing was written. Run this again.")),
        other => other.into(),
    })?;
    let client = client.ok_or_else(|| unknown(&client_id))?;
    if client.is_public() {
        return Err(Failure::new(format!("{client_id} is a public client: it has no secret to rotate.")));
    }
    if !client.metadata.token_endpoint_auth_method.has_secret() {
        let text = format!("{client_id} signs with its own key: it has no secret to rotate. `vestibule client set-keys` changes its keys.");
        return Err(Failure::new(text));
    }
    Ok(with_secret("New secret of", client_view::view(&client), Some(&secret)))
}

fn client_secret(secret: &Secret<String>, now: Timestamp) -> ClientSecret {
    ClientSecret { digest: Digest::of(secret.expose().as_bytes()), created_at: now, expires_at: None }
}

pub(super) fn event(kind: Kind, client_id: &str) -> Event {
    Event::new(kind, &Origin::default()).client(client_id).detail("by", "command line")
}

pub(super) fn unknown(client_id: &str) -> Failure {
    Failure::new(format!("There is no client {client_id}. `vestibule client list` shows all."))
}

/// The one time a secret is shown.
fn with_secret(verb: &str, mut view: Value, secret: Option<&Secret<String>>) -> Answer {
    let client_id = view.get("client_id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut text = format!("{verb} {client_id}\nclient_id      {client_id}\n");
    if let (Some(secret), Some(members)) = (secret, view.as_object_mut()) {
        let _ = write!(text, "client_secret  {}\nThe secret is shown this once; only its digest is kept.", secret.expose());
        members.insert("client_secret".to_owned(), secret.expose().clone().into());
    }
    Answer::new(text, &view)
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
