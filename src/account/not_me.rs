//! "This wasn't me": the link in every mail about a change.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::clock::Timestamp;
use crate::secret::{self, Purpose};

/// A person may read their mail late.
const LIFETIME: Duration = Duration::from_hours(30 * 24);

/// What the link carries, sealed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Link {
    pub id: Uuid,
    pub user_id: Uuid,
}

/// A link of its own for every mail, as an absolute URL.
#[must_use]
pub fn link(app: &App, user_id: Uuid, now: Timestamp) -> String {
    let token = app.sealer.seal(Purpose::NotMe, &Link { id: secret::random_id(), user_id }, now.plus(LIFETIME));
    app.issuer.url(&format!("/not-me?token={token}"))
}
