//! What the chain is made of, as lines of an export: one JSON object each.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::secret::Digest;
use crate::store::audit_chain::{Batch, Seal};
use crate::store::audit_events::AuditEvent;

/// An event in its place.
#[derive(Clone, Debug)]
pub(super) struct SealedEvent {
    pub(super) sequence: i64,
    pub(super) salt: Option<Vec<u8>>,
    pub(super) personal: Digest,
    /// The digest of the event when it was sealed: tells which one of a batch was changed.
    pub(super) leaf: Digest,
    pub(super) event: AuditEvent,
}

impl SealedEvent {
    pub(super) fn new(seal: Seal, event: AuditEvent) -> Self {
        Self { sequence: seal.sequence, salt: seal.salt, personal: seal.personal, leaf: seal.leaf, event }
    }
}

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Line {
    /// A public key, before the first batch.
    Key { kid: String, jwk: String },
    /// A batch, before its events. `removed`: retention has taken them.
    Checkpoint {
        batch: i64,
        first: i64,
        last: i64,
        newest_at: i64,
        previous: String,
        hash: String,
        sealed_at: i64,
        removed_at: Option<i64>,
        jws: String,
    },
    /// An event of the batch before it.
    Event { sequence: i64, salt: Option<String>, personal: String, leaf: String, event: EventLine },
    /// An event that was not sealed yet.
    Waiting { event: EventLine },
    /// The last line: an export that was cut short has none.
    End { events: u64 },
}

/// What happened. Times are milliseconds since 1970; `detail` is the text that was hashed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventLine {
    id: Uuid,
    at: i64,
    kind: String,
    user_id: Option<Uuid>,
    client_id: Option<String>,
    session_id: Option<Uuid>,
    grant_id: Option<Uuid>,
    address: Option<String>,
    request_id: Option<String>,
    detail: String,
}

impl From<AuditEvent> for EventLine {
    fn from(event: AuditEvent) -> Self {
        let AuditEvent { id, at, kind, user_id, client_id, session_id, grant_id, address, request_id, detail } = event;
        Self { id, at: at.millis(), kind, user_id, client_id, session_id, grant_id, address, request_id, detail }
    }
}

impl From<EventLine> for AuditEvent {
    fn from(line: EventLine) -> Self {
        let EventLine { id, at, kind, user_id, client_id, session_id, grant_id, address, request_id, detail } = line;
        Self { id, at: Timestamp::from_millis(at), kind, user_id, client_id, session_id, grant_id, address, request_id, detail }
    }
}

impl From<&Batch> for Line {
    fn from(batch: &Batch) -> Self {
        Self::Checkpoint {
            batch: batch.number,
            first: batch.first,
            last: batch.last,
            newest_at: batch.newest_at.millis(),
            previous: hex(&batch.previous),
            hash: hex(&batch.hash),
            sealed_at: batch.sealed_at.millis(),
            removed_at: batch.removed_at.map(Timestamp::millis),
            jws: batch.checkpoint.clone(),
        }
    }
}

impl From<SealedEvent> for Line {
    fn from(sealed: SealedEvent) -> Self {
        Self::Event {
            sequence: sealed.sequence,
            salt: sealed.salt.map(|salt| URL_SAFE_NO_PAD.encode(salt)),
            personal: hex(&sealed.personal),
            leaf: hex(&sealed.leaf),
            event: sealed.event.into(),
        }
    }
}

/// Salts are short text in the file.
pub(super) fn salt(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Digests of the chain are no secrets: they are printed.
pub(super) fn hex(digest: &Digest) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or_default();
    digest.as_bytes().iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xF)]).collect()
}

/// The opposite. `None`: not 64 hexadecimal digits.
pub(super) fn unhex(text: &str) -> Option<Digest> {
    let mut bytes = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let [high, low] = pair else { return None };
        let digit = |character: u8| char::from(character).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(Digest::from_bytes(bytes))
}
