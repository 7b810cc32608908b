//! Where clients publish their keys: whether these can be fetched from here.

use futures_util::StreamExt as _;

use super::finding::Finding;
use crate::config::Config;
use crate::keys::{ClientKeys, MAX_KEY_SET};
use crate::outbound::Outbound;
use crate::store::Store;
use crate::store::clients::{self, Client};

const CHECK: &str = "client keys";
const AT_ONCE: usize = 16;

/// Nothing where no client has a `jwks_uri`.
pub(super) async fn look(config: &Config, store: &Store) -> Vec<Finding> {
    let Ok(clients) = clients::list(&store.read()).await else { return Vec::new() };
    let publishing: Vec<Client> = clients.into_iter().filter(|client| client.enabled && client.metadata.jwks_uri.is_some()).collect();
    if publishing.is_empty() {
        return Vec::new();
    }
    // What is wrong with it, another check says.
    let Ok(outbound) = Outbound::new(&config.outbound) else { return vec![Finding::skipped(CHECK, "nobody can be called")] };
    let all = publishing.len();
    let fetched = futures_util::stream::iter(publishing).map(|client| fetch(&outbound, client)).buffer_unordered(AT_ONCE);
    let found: Vec<Finding> = fetched.filter_map(async |finding| finding).collect().await;
    if found.is_empty() { vec![Finding::ok(CHECK, format!("those of {all} applications can be fetched"))] } else { found }
}

async fn fetch(outbound: &Outbound, client: Client) -> Option<Finding> {
    let uri = client.metadata.jwks_uri.as_deref()?;
    let problem = match outbound.get_text(uri, &[], MAX_KEY_SET).await {
        Ok(text) => ClientKeys::read(&text).err()?.to_string(),
        Err(error) => error.to_string(),
    };
    let why = "The application cannot authenticate: its assertions are refused an hour after its keys were last fetched.";
    let remedy = "Tell its owner; a private address must be in outbound.allowed_networks.";
    Some(Finding::warning(CHECK, format!("the jwks_uri of {}: {problem}", client.client_id), (why, remedy)))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;
    use crate::cli::database::temporary;
    use crate::store::clients::{AuthMethod, Metadata};

    #[tokio::test]
    async fn whose_keys_cannot_be_fetched_is_named() {
        let (store, _directory) = temporary().await;
        assert!(look(&Config::default(), &store).await.is_empty());
        let now = crate::clock::Timestamp::from_secs(1);
        let metadata = Metadata {
            token_endpoint_auth_method: AuthMethod::PrivateKeyJwt,
            jwks_uri: Some("http://127.0.0.1:9/jwks".to_owned()),
            ..Metadata::default()
        };
        let client = Client {
            client_id: "app".to_owned(),
            enabled: true,
            metadata,
            secrets: vec![],
            managed: false,
            created_at: now,
            updated_at: now,
        };
        let inserting = store.write(move |conn| {
            let client = client.clone();
            Box::pin(async move { clients::insert(conn, &client).await })
        });
        inserting.await.unwrap();
        let found = look(&Config::default(), &store).await;
        assert_eq!((found.len(), found[0].level), (1, Level::Warning));
        assert!(found[0].what.contains("app") && found[0].what.contains("outbound.allowed_networks"), "{}", found[0].what);
    }
}
