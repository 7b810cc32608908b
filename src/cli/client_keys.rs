//! The keys of a client that signs assertions: `client add --jwks`, `--jwks-uri`, and `client set-keys`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde_json::Value;

use super::arguments::named;
use super::client::{event, invalid, unknown};
use super::client_view;
use super::failure::Failure;
use super::output::Answer;
use crate::audit::{self, Kind};
use crate::clock::Timestamp;
use crate::oauth::client::check_metadata;
use crate::store::assertion_algorithm::AssertionAlgorithm;
use crate::store::clients::{self, AuthMethod, Client, Metadata};
use crate::store::{self, Store};

#[derive(Clone, Debug, Default, Args)]
pub(super) struct Keys {
    /// For private_key_jwt: a file with the application's public keys, a JWK Set.
    #[arg(long, value_name = "FILE", conflicts_with = "jwks_uri")]
    pub(super) jwks: Option<PathBuf>,
    /// For private_key_jwt: where the application publishes its public keys. They are fetched anew when it changes them.
    #[arg(long, value_name = "URI")]
    pub(super) jwks_uri: Option<String>,
    /// For private_key_jwt: the one algorithm of its assertions, RS256, PS256, ES256, ES384 or EdDSA; any that fits its keys when absent.
    #[arg(long, value_name = "ALG", value_parser = named::<AssertionAlgorithm>)]
    pub(super) auth_signing_alg: Option<AssertionAlgorithm>,
}

impl Keys {
    pub(super) const fn are_given(&self) -> bool {
        self.jwks.is_some() || self.jwks_uri.is_some()
    }

    /// These keys and no others.
    ///
    /// # Errors
    /// The file cannot be read, or is no JSON.
    pub(super) fn put_into(self, metadata: &mut Metadata) -> Result<(), Failure> {
        metadata.jwks = self.jwks.as_deref().map(read).transpose()?;
        metadata.jwks_uri = self.jwks_uri;
        // What was restricted stays so until something else is said.
        metadata.token_endpoint_auth_signing_alg = self.auth_signing_alg.or(metadata.token_endpoint_auth_signing_alg);
        Ok(())
    }
}

fn read(path: &Path) -> Result<Value, Failure> {
    let refused = |problem: String| Failure::new(format!("--jwks {}: {problem}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| refused(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| refused(format!("not JSON: {error}. Write a JWK Set: {{\"keys\": [...]}}")))
}

/// From now on the client signs with these. Secrets that it had end at once.
pub(super) async fn set(store: &Store, client_id: String, keys: Keys, now: Timestamp) -> Result<Answer, Failure> {
    if !keys.are_given() {
        return Err(Failure::new("Which keys? Give --jwks FILE or --jwks-uri URI.".to_owned()));
    }
    let before = clients::find(&store.read(), &client_id).await?.ok_or_else(|| unknown(&client_id))?;
    let mut metadata = Metadata { token_endpoint_auth_method: AuthMethod::PrivateKeyJwt, ..before.metadata.clone() };
    keys.put_into(&mut metadata)?;
    check_metadata(&metadata).map_err(|problems| invalid("The keys cannot be used", &problems))?;
    let seen = before.updated_at;
    let client = Client { metadata, secrets: Vec::new(), updated_at: now, ..before };
    let job = Arc::new((client.clone(), event(Kind::ClientUpdated, &client_id).detail("keys", true)));
    let writing = store.write(move |conn| {
        let job = Arc::clone(&job);
        Box::pin(async move {
            clients::update_seen(conn, &job.0, seen).await?;
            audit::record(conn, &job.1, now).await
        })
    });
    writing.await.map_err(|error| match error {
        store::Error::Conflict => Failure::new(format!("{client_id} was changed meanwhile; nothing was written. Run this again.")),
        other => other.into(),
    })?;
    let text = format!("{client_id} authenticates with private_key_jwt and these keys from now on; it has no secret.");
    Ok(Answer::new(text, &client_view::view(&client)))
}

#[cfg(test)]
#[path = "client_keys_tests.rs"]
mod tests;
