//! Where a page of the activity begins: sealed for its person, so that nobody can make one up (OWASP ASVS 5 §1.2.4).

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::secret::Purpose;

const LIFETIME: Duration = Duration::from_hours(24);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cursor {
    activity_of: Uuid,
    before: Uuid,
}

pub(super) fn write(app: &App, user_id: Uuid, before: Uuid) -> String {
    app.sealer.seal(Purpose::AccountAction, &Cursor { activity_of: user_id, before }, app.now().plus(LIFETIME))
}

/// That of the query; none when it is not ours, not this person's, or too old: then the first page is shown.
pub(super) fn read(app: &App, user_id: Uuid, query: &str) -> Option<Uuid> {
    let (_, sealed) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "before")?;
    let cursor: Cursor = app.sealer.open(Purpose::AccountAction, &sealed, app.now()).ok()?;
    (cursor.activity_of == user_id).then_some(cursor.before)
}
