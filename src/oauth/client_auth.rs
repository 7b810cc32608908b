//! Client authentication at the token, introspection and revocation endpoints (RFC 6749 §2.3).

use std::sync::Arc;

use http::HeaderMap;

use super::error::Error;
use crate::app::App;
use crate::audit;
use crate::store::clients::Client;
use crate::web::Params;

/// A client that has proved who it is (or, if public, has said so by the method it registered). Nothing is issued without one.
#[derive(Clone, Debug)]
pub struct AuthenticatedClient(Arc<Client>);

impl AuthenticatedClient {
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.0
    }
}

/// Only the registered method; two methods at once are refused; `Basic` is form-decoded (RFC 6749 §2.3.1); digests in constant time.
///
/// # Errors
/// `invalid_client`, `invalid_request`.
pub async fn authenticate(app: &App, headers: &HeaderMap, form: &Params, origin: &audit::Origin) -> Result<AuthenticatedClient, Error> {
    todo!()
}
