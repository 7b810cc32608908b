//! The chain without a database; with one: `tests/suite/audit_chain.rs`.

use super::record::{Line, SealedEvent, hex, unhex};
use super::verify::Verifier;
use super::*;
use crate::audit::chain::canonical::{Extent, SALT};
use crate::clock::Timestamp;
use crate::keys::{Algorithm, KeyRing, testing};
use crate::secret::Digest;
use crate::store::audit_chain::Batch;
use crate::store::audit_events::AuditEvent;
use uuid::Uuid;

pub(super) fn event(number: u128, kind: &str) -> AuditEvent {
    AuditEvent {
        id: Uuid::from_u128(number),
        at: Timestamp::from_secs(1_800_000_000),
        kind: kind.to_owned(),
        user_id: Some(Uuid::from_u128(7)),
        client_id: None,
        session_id: None,
        grant_id: None,
        address: Some("192.0.2.7".to_owned()),
        request_id: Some("r-1".to_owned()),
        detail: r#"{"device":"Firefox on Linux"}"#.to_owned(),
    }
}

/// A chain of three batches with two events each.
struct Chain {
    ring: KeyRing,
    batches: Vec<(Batch, Vec<SealedEvent>)>,
}

fn sealed(sequence: i64) -> SealedEvent {
    let event = event(u128::try_from(sequence).unwrap(), "sign_in.failed");
    let salt = vec![7; SALT];
    let personal = canonical::personal(&salt, &event);
    SealedEvent { sequence, salt: Some(salt), personal, leaf: canonical::leaf(sequence, &event, &personal), event }
}

impl Chain {
    fn new() -> Self {
        let ring = testing::ring(&testing::clock());
        let mut chain = Self { ring, batches: Vec::new() };
        for number in 1..=3 {
            let events = vec![sealed(number * 2 - 1), sealed(number * 2)];
            chain.append(events);
        }
        chain
    }

    fn append(&mut self, events: Vec<SealedEvent>) {
        let (number, previous) = self.batches.last().map_or((1, canonical::genesis()), |(batch, _)| (batch.number + 1, batch.hash));
        let (first, last) = (events[0].sequence, events[events.len() - 1].sequence);
        let newest_at = events.iter().map(|event| event.event.at).max().unwrap();
        let hash = canonical::batch(Extent { number, first, last, newest_at }, &previous, events.iter().map(|event| &event.leaf));
        let mut batch =
            Batch { number, first, last, newest_at, previous, hash, checkpoint: String::new(), sealed_at: newest_at, removed_at: None };
        let signer = self.ring.signer(Algorithm::ES256).unwrap();
        batch.checkpoint = checkpoint::sign(&batch, "https://idp.test", &signer).unwrap();
        self.batches.push((batch, events));
    }

    fn verify(&self, expected: Option<Head>) -> Report {
        let mut verifier = Verifier::new(expected);
        let signer = self.ring.signer(Algorithm::ES256).unwrap();
        verifier.key(signer.kid(), &signer.public_jwk().to_string());
        self.batches.iter().for_each(|(batch, events)| verifier.batch(batch, events));
        verifier.finish()
    }

    #[track_caller]
    fn is_broken(&self, by: &str) {
        let report = self.verify(None);
        assert!(report.findings.iter().any(|finding| finding.contains(by)), "{by}: {:?}", report.findings);
    }
}

#[test]
fn an_untouched_chain_holds() {
    let chain = Chain::new();
    let report = chain.verify(None);
    assert_eq!(report.findings, Vec::<String>::new());
    assert_eq!((report.batches, report.events, report.kids.len()), (3, 6, 1));
    let head = report.head.unwrap();
    assert_eq!(head.to_string().parse::<Head>().unwrap(), head);
    assert!(chain.verify(Some(head)).findings.is_empty());
}

/// Every way of touching a chain that a hash alone can tell.
#[test]
fn whatever_was_touched_is_found_and_named() {
    type Touch = fn(&mut Chain);
    let touches: [(&str, Touch); 15] = [
        ("event 3 is missing", |chain| drop(chain.batches[1].1.remove(0))),
        ("event 3 (sign_in.failed", |chain| chain.batches[1].1[0].event.address = Some("192.0.2.8".to_owned())),
        ("event 3 (sign_in.succeeded", |chain| chain.batches[1].1[0].event.kind = "sign_in.succeeded".to_owned()),
        ("event 4 (", |chain| chain.batches[1].1[1].event.at = Timestamp::default()),
        ("another order", |chain| chain.batches[1].1.swap(0, 1)),
        ("event 9 does not belong", |chain| chain.batches[1].1.push(sealed(9))),
        ("events of batch 2 are not those", |chain| {
            let forged = SealedEvent { event: event(99, "user.removed"), ..sealed(3) };
            let leaf = canonical::leaf(3, &forged.event, &forged.personal);
            chain.batches[1].1[0] = SealedEvent { leaf, ..forged };
        }),
        ("batches 2 to 2 are missing", |chain| drop(chain.batches.remove(1))),
        ("batches 1 to 1 are missing", |chain| drop(chain.batches.remove(0))),
        ("stands behind", |chain| chain.batches.swap(1, 2)),
        ("does not follow", |chain| chain.batches[1].0.hash = Digest::of(b"other")),
        ("says something else", |chain| chain.batches[2].0.hash = Digest::of(b"other")),
        ("signature of its checkpoint", |chain| {
            let jws = &mut chain.batches[1].0.checkpoint;
            let last = jws.pop().unwrap();
            let before = jws.pop().unwrap();
            jws.extend([if before == 'A' { 'B' } else { 'A' }, last]);
        }),
        ("says something else", |chain| chain.batches[1].0.checkpoint = chain.batches[0].0.checkpoint.clone()),
        ("events 3 to 4 are missing, and it was not retention", |chain| chain.batches[1].1.clear()),
    ];
    for (found, touch) in touches {
        let mut chain = Chain::new();
        touch(&mut chain);
        chain.is_broken(found);
    }
}

#[test]
fn a_chain_written_anew_with_another_key_is_not_the_known_one() {
    let known = Chain::new().verify(None).head.unwrap();
    let mut anew = Chain::new();
    anew.batches.clear();
    for number in 1..=3 {
        anew.append(
            vec![sealed(number * 2), sealed(number * 2 + 1)]
                .into_iter()
                .enumerate()
                .map(|(at, sealed)| {
                    let sequence = number * 2 - 1 + i64::try_from(at).unwrap();
                    let leaf = canonical::leaf(sequence, &sealed.event, &sealed.personal);
                    SealedEvent { sequence, leaf, ..sealed }
                })
                .collect(),
        );
    }
    assert!(anew.verify(None).findings.is_empty(), "who has the key can write another history");
    assert!(anew.verify(Some(known.clone())).findings[0].contains("another hash"));
    let mut cut = Chain::new();
    cut.batches.pop();
    assert!(cut.verify(None).findings.is_empty(), "nothing in a chain says that there was more");
    assert!(cut.verify(Some(known)).findings[0].contains("cut off"));
}

#[test]
fn an_erased_event_keeps_its_place_if_its_person_is_gone() {
    let mut chain = Chain::new();
    let erase = |sealed: &mut SealedEvent| {
        sealed.salt = None;
        sealed.event.address = None;
        sealed.event.detail = "{}".to_owned();
    };
    erase(&mut chain.batches[0].1[0]);
    chain.is_broken("event 1 was erased, but its person was not removed");
    let signer = chain.ring.signer(Algorithm::ES256).unwrap();
    let said =
        |user| Statement::of_person(&signer, "https://idp.test", Uuid::from_u128(user), Timestamp::from_secs(1_800_000_000)).unwrap();
    let told = |statement: &str| AuditEvent {
        kind: "user.removed".to_owned(),
        detail: serde_json::json!({ "statement": statement }).to_string(),
        ..event(7, "")
    };
    let seal = |removed: AuditEvent| {
        let personal = canonical::personal(&[7; SALT], &removed);
        let leaf = canonical::leaf(7, &removed, &personal);
        vec![SealedEvent { sequence: 7, salt: Some(vec![7; SALT]), personal, leaf, event: removed }]
    };
    for forged in ["", "not signed", said(8).jws()] {
        chain.append(seal(told(forged)));
        chain.is_broken("event 1 was erased, but its person was not removed");
        chain.batches.pop();
    }
    chain.append(seal(told(said(7).jws())));
    let report = chain.verify(None);
    assert_eq!((report.findings.len(), report.erased), (0, 1), "{:?}", report.findings);
    // What is left may not say anything of its own.
    chain.batches[0].1[0].event.address = Some("192.0.2.9".to_owned());
    chain.is_broken("event 1 (");
}

#[test]
fn hashes_are_printed_and_read() {
    let digest = Digest::of(b"x");
    assert_eq!(unhex(&hex(&digest)), Some(digest));
    for wrong in ["", "0", &"g".repeat(64), &"0".repeat(63), &"0".repeat(65), &"é".repeat(32)] {
        assert_eq!(unhex(wrong), None, "{wrong}");
    }
    for wrong in ["", "1", "1:", ":00", "x:00", &format!("1:{}", "z".repeat(64))] {
        assert!(wrong.parse::<Head>().is_err(), "{wrong}");
    }
}

#[test]
fn an_export_that_was_cut_or_is_none_is_found() {
    let cases: [(&str, &str); 4] = [
        ("", "cut short"),
        ("hello\n", "line 1 is not"),
        (r#"{"type":"end","events":3}"#, "had 3 events"),
        ("{\"type\":\"end\",\"events\":0}\n{\"type\":\"end\",\"events\":0}\n", "line 2 is not"),
    ];
    for (text, found) in cases {
        let report = verify_file(&mut text.as_bytes(), None).unwrap();
        assert!(report.findings.iter().any(|finding| finding.contains(found)), "{text}: {:?}", report.findings);
    }
    let line = serde_json::to_string(&Line::End { events: 0 }).unwrap();
    assert!(verify_file(&mut line.as_bytes(), None).unwrap().findings.is_empty());
}
