//! The bytes that are hashed. Every field has its length before it, so that no two events have the same bytes; a field that is absent differs from an
//! empty one. This is a format: it never changes, a new one would have another label.

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::secret::Digest;
use crate::store::audit_events::AuditEvent;

/// Random bytes in front of what is personal: 128 bits, so that an erased address cannot be found by trying all.
pub(super) const SALT: usize = 16;

#[derive(Default)]
struct Bytes(Vec<u8>);

impl Bytes {
    fn labelled(label: &str) -> Self {
        Self::default().field(Some(label.as_bytes()))
    }

    fn number(mut self, value: i64) -> Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    fn field(mut self, value: Option<&[u8]>) -> Self {
        match value {
            None => self.0.push(0),
            Some(value) => {
                self.0.push(1);
                self.0.extend_from_slice(&u64::try_from(value.len()).unwrap_or(u64::MAX).to_be_bytes());
                self.0.extend_from_slice(value);
            }
        }
        self
    }

    fn id(self, value: Option<Uuid>) -> Self {
        self.field(value.as_ref().map(|id| id.as_bytes().as_slice()))
    }

    fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }
}

/// Of what may be personal: the address and the details.
pub(super) fn personal(salt: &[u8], event: &AuditEvent) -> Digest {
    let bytes = Bytes::labelled("vestibule audit personal 1").field(Some(salt));
    bytes.field(event.address.as_deref().map(str::as_bytes)).field(Some(event.detail.as_bytes())).digest()
}

/// Of an event in its place.
pub(super) fn leaf(sequence: i64, event: &AuditEvent, personal: &Digest) -> Digest {
    Bytes::labelled("vestibule audit event 1")
        .number(sequence)
        .number(event.at.millis())
        .id(Some(event.id))
        .field(Some(event.kind.as_bytes()))
        .id(event.user_id)
        .field(event.client_id.as_deref().map(str::as_bytes))
        .id(event.session_id)
        .id(event.grant_id)
        .field(event.request_id.as_deref().map(str::as_bytes))
        .field(Some(personal.as_bytes()))
        .digest()
}

/// What a batch is, beside its events.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    pub(super) number: i64,
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) newest_at: Timestamp,
}

/// Of a batch.
pub(super) fn batch<'l>(extent: Extent, previous: &Digest, leaves: impl Iterator<Item = &'l Digest>) -> Digest {
    let head = Bytes::labelled("vestibule audit batch 1").number(extent.number).number(extent.first).number(extent.last);
    let head = head.number(extent.newest_at.millis()).field(Some(previous.as_bytes()));
    leaves.fold(head, |bytes, leaf| bytes.field(Some(leaf.as_bytes()))).digest()
}

/// What stands in the place of the hash before the first.
pub(super) const fn genesis() -> Digest {
    Digest::from_bytes([0; 32])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::chain::tests::event;

    /// Each change of any field is another digest, and no text can slip from one field into the next.
    #[test]
    fn every_field_counts() {
        let original = event(1, "sign_in.failed");
        let of = |event: &AuditEvent| *leaf(7, event, &personal(b"salt", event)).as_bytes();
        let touches: [fn(&mut AuditEvent); 10] = [
            |event| event.id = Uuid::from_u128(99),
            |event| event.at = Timestamp::from_secs(99),
            |event| event.kind = "sign_in.succeeded".to_owned(),
            |event| event.user_id = None,
            |event| event.client_id = Some(String::new()),
            |event| event.session_id = event.user_id,
            |event| event.grant_id = event.user_id,
            |event| event.address = None,
            |event| event.request_id = None,
            |event| event.detail = "{ }".to_owned(),
        ];
        let mut seen = std::collections::BTreeSet::from([of(&original)]);
        for touch in touches {
            let mut changed = original.clone();
            touch(&mut changed);
            assert!(seen.insert(of(&changed)), "{changed:?}");
        }
        assert_ne!(of(&original), *leaf(8, &original, &personal(b"salt", &original)).as_bytes());
        assert_ne!(of(&original), *leaf(7, &original, &personal(b"pepper", &original)).as_bytes());
    }

    /// A format for ever: exports of years ago have to verify.
    #[test]
    fn the_bytes_are_those_of_the_first_release() {
        let event = event(1, "sign_in.failed");
        let personal = personal(&[7; SALT], &event);
        let leaf = leaf(1, &event, &personal);
        let extent = Extent { number: 1, first: 1, last: 1, newest_at: event.at };
        let hash = batch(extent, &genesis(), std::iter::once(&leaf));
        assert_eq!(super::super::record::hex(&hash), "747ae3ec97586ebd75b30f8844d57d36e4cf56dfc9aae73177b72e93a828c784");
    }
}
