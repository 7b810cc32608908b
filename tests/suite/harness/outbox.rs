//! What waits in the outbox, read as the sender reads it.

use serde_json::Value;
use vestibule::secret::Purpose;
use vestibule::store::mails::{self, MailState};

use super::{ISSUER, TestApp};

/// One mail that will leave.
#[derive(Clone, Debug)]
pub struct Outgoing {
    pub kind: String,
    pub to: String,
    pub locale: String,
    /// The message's fields.
    pub fields: Value,
}

impl Outgoing {
    #[track_caller]
    pub fn text(&self, field: &str) -> String {
        self.fields[field].as_str().unwrap_or_else(|| panic!("no {field}: {self:?}")).to_owned()
    }

    /// The path of a link in it.
    #[track_caller]
    pub fn path(&self, field: &str) -> String {
        self.text(field).strip_prefix(ISSUER).expect("on the configured address").to_owned()
    }
}

impl TestApp {
    /// All mails that wait, newest first.
    pub async fn outbox(&self) -> Vec<Outgoing> {
        let rows = mails::list(&self.app.store.read(), 200).await.unwrap();
        let waiting = rows.into_iter().filter(|mail| mail.state == MailState::Pending);
        waiting
            .map(|mail| {
                let opened = self.app.sealer.open_bytes(Purpose::Mail, mail.id.as_bytes(), &mail.content).unwrap();
                let content: Value = serde_json::from_slice(&opened).unwrap();
                let fields = content["message"].as_object().unwrap().values().next().unwrap().clone();
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                Outgoing { kind: mail.kind, to: text(&content["to"]["email"]), locale: text(&content["to"]["locale"]), fields }
            })
            .collect()
    }

    /// The newest of this kind to this address.
    pub async fn mail(&self, kind: &str, to: &str) -> Outgoing {
        let outbox = self.outbox().await;
        let found = outbox.iter().find(|mail| mail.kind == kind && mail.to == to);
        found.unwrap_or_else(|| panic!("no {kind} to {to}: {outbox:?}")).clone()
    }

    /// How many of this kind wait.
    pub async fn mail_count(&self, kind: &str) -> usize {
        self.outbox().await.iter().filter(|mail| mail.kind == kind).count()
    }

    /// The newest audit event of this kind: its details.
    pub async fn audit_detail(&self, kind: &str) -> Value {
        let events = vestibule::store::audit_events::list(&self.app.store.read(), 200).await.unwrap();
        let event = events.into_iter().find(|event| event.kind == kind).unwrap_or_else(|| panic!("no {kind}"));
        serde_json::from_str(&event.detail).unwrap()
    }
}
