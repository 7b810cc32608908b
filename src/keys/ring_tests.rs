//! Rings over a real store.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use josekit::jwk::KeyPair as _;

use super::*;
use crate::clock::{TestClock, Timestamp};
use crate::config::Span;
use crate::keys::rotation::NOTICE;
use crate::keys::testing::{self, START};
use crate::keys::{Change, KeyState, file};
use crate::secret::{KeyEncryptionKey, Secret};
use crate::store::signing_keys;

const DAY: Duration = Duration::from_hours(24);

/// A database, a key directory and a clock.
struct House {
    home: tempfile::TempDir,
    store: Store,
    clock: Arc<TestClock>,
    config: config::Keys,
    witness: Arc<testing::Notes>,
}

async fn connect(home: &Path) -> Store {
    let url = format!("sqlite://{}", home.join("test.db").display());
    Store::connect(&config::Database { url: Secret::new(url), ..config::Database::default() }).await.unwrap()
}

async fn house() -> House {
    let home = tempfile::tempdir().unwrap();
    let store = connect(home.path()).await;
    store.migrate_up().await.unwrap();
    let config = config::Keys { directory: home.path().join("keys"), ..config::Keys::default() };
    std::fs::create_dir(&config.directory).unwrap();
    House { home, store, clock: testing::clock(), config, witness: Arc::default() }
}

fn sealer(keys: &[u8]) -> Arc<Sealer> {
    let keys: Vec<KeyEncryptionKey> = keys.iter().map(|key| KeyEncryptionKey::new([*key; 32])).collect();
    Arc::new(Sealer::new(&keys).unwrap())
}

impl House {
    async fn open_with(&self, store: &Store, keks: &[u8]) -> Result<KeyRing, KeyError> {
        let clock: Arc<dyn Clock> = Arc::<TestClock>::clone(&self.clock);
        KeyRing::load(store, &sealer(keks), &self.config, &clock, Arc::clone(&self.witness) as Arc<dyn Witness>).await
    }

    async fn ring(&self) -> KeyRing {
        self.open_with(&self.store, &[1]).await.unwrap()
    }

    fn bring(&self, name: &str, pem: &[u8]) {
        file::create_private(&self.config.directory.join(name), pem).unwrap();
    }
}

fn kids(ring: &KeyRing) -> BTreeSet<String> {
    ring.list().into_iter().map(|key| key.kid).collect()
}

fn signing(ring: &KeyRing, algorithm: Algorithm) -> String {
    ring.signer(algorithm).unwrap().kid().to_owned()
}

#[tokio::test]
async fn a_first_start_makes_a_key_per_algorithm_and_the_next_finds_them() {
    let house = house().await;
    let first = house.ring().await;
    assert_eq!(first.created().len(), 4);
    for algorithm in Algorithm::ALL {
        assert_eq!(first.signer(algorithm).unwrap().algorithm(), algorithm);
    }
    assert_eq!(kids(&first).len(), 4, "no two share a kid");
    let again = house.ring().await;
    assert!(again.created().is_empty());
    assert_eq!(kids(&again), kids(&first));
    assert_eq!(again.jwks(), first.jwks());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn replicas_that_start_together_agree() {
    let house = house().await;
    let mut stores = Vec::new();
    for _ in 0..4 {
        stores.push(connect(house.home.path()).await);
    }
    let rings = futures_util::future::join_all(stores.iter().map(|store| house.open_with(store, &[1]))).await;
    let rings: Vec<KeyRing> = rings.into_iter().map(Result::unwrap).collect();
    assert_eq!(rings.iter().map(|ring| ring.created().len()).sum::<usize>(), 4, "every key is reported by the one that made it");
    for ring in &rings {
        ring.refresh().await.unwrap();
        assert_eq!(kids(ring), kids(&rings[0]));
        for algorithm in Algorithm::ALL {
            assert_eq!(signing(ring, algorithm), signing(&rings[0], algorithm));
        }
    }
}

/// A clock that was ahead when the keys were made and is set right, or is a second behind on one replica: who signs in is not refused for it.
#[tokio::test]
async fn a_clock_behind_the_making_of_the_keys_signs_all_the_same() {
    let house = house().await;
    let ring = house.ring().await;
    let first = signing(&ring, Algorithm::ES256);
    house.clock.set(START.minus(DAY));
    assert_eq!(signing(&ring, Algorithm::ES256), first);
    assert!(kids(&ring).contains(&first), "it is published");
    ring.refresh().await.unwrap();
    assert_eq!(
        signing(&ring, Algorithm::ES256),
        first,
        "also after the next look, which takes them for those of a replica that was faster"
    );
    house.clock.set(START);
    assert_eq!(signing(&ring, Algorithm::ES256), first);
}

#[tokio::test]
async fn another_key_encryption_key_is_refused_and_an_older_one_beside_a_newer_is_not() {
    let house = house().await;
    house.ring().await;
    let Err(refused) = house.open_with(&house.store, &[2]).await else { panic!("a stranger's key-encryption key") };
    assert!(matches!(refused, KeyError::WrongKeyEncryptionKey { .. }), "{refused}");
    house.open_with(&house.store, &[2, 1]).await.unwrap();
    // The proof is now sealed under the newer key, the signing keys still under the older.
    let Err(refused) = house.open_with(&house.store, &[2]).await else { panic!("signing keys that do not open") };
    let old = KeyEncryptionKey::new([1; 32]).id();
    assert!(matches!(&refused, KeyError::Missing { key, .. } if *key == old), "{refused}");
}

/// What a service that runs takes over has to open all that its next start needs: signing keys and the pepper, wherever they were left.
#[tokio::test]
async fn keys_that_the_next_start_could_not_do_with_are_not_taken_over() {
    let house = house().await;
    house.ring().await;
    let over = async |keks: &[u8]| key_check::check_start(&house.store, &sealer(keks), &house.config.directory).await;
    let missing = |refused: KeyError, what: &str| {
        let (text, old) = (refused.to_string(), KeyEncryptionKey::new([1; 32]).id());
        assert!(text.contains(what) && text.contains(&old) && text.contains("keys rewrap"), "{text}");
    };
    crate::keys::load_pepper(&house.store, &sealer(&[1])).await.unwrap();
    assert!(matches!(over(&[2]).await, Err(KeyError::WrongKeyEncryptionKey { .. })));
    key_check::check(&house.store, &sealer(&[2, 1]), &house.config.directory).await.unwrap();
    missing(over(&[2]).await.unwrap_err(), "signing key ");
    let witness: Arc<dyn Witness> = Arc::clone(&house.witness) as Arc<dyn Witness>;
    crate::keys::rewrap(&house.store, &sealer(&[2, 1]), &witness, house.clock.now()).await.unwrap();
    missing(over(&[2]).await.unwrap_err(), "pepper of recovery codes");
    let usage = crate::keys::usage(&house.store, &sealer(&[2])).await.unwrap();
    assert!(usage.iter().any(|usage| usage.what == "pepper of recovery codes" && usage.key.is_none() && usage.rows == 1), "{usage:?}");
    over(&[2, 1]).await.unwrap();
    over(&[2]).await.unwrap();
}

/// OpenID Connect Core §10.1.1.
#[tokio::test]
async fn tokens_verify_through_a_whole_rotation_on_two_replicas() {
    let house = house().await;
    let (one, other) = (house.ring().await, house.ring().await);
    let old = signing(&one, Algorithm::ES256);
    let token = one.signer(Algorithm::ES256).unwrap().sign_jwt("at+jwt", &1).unwrap();
    assert_eq!(one.verify(&token, Some("at+jwt")), Err(VerifyError::Malformed), "claims are an object");
    let token = |ring: &KeyRing| ring.signer(Algorithm::ES256).unwrap().sign_jwt("at+jwt", &serde_json::json!({ "a": 1 })).unwrap();

    house.clock.advance(89 * DAY);
    let made = one.refresh().await.unwrap();
    assert_eq!(made.len(), 4);
    assert!(made.iter().all(|key| key.state == KeyState::Next));
    assert!(other.refresh().await.unwrap().is_empty(), "the other replica finds them made");
    assert_eq!(other.jwks(), one.jwks());
    assert_eq!(signing(&one, Algorithm::ES256), old, "published, not used");

    let before = token(&one);
    house.clock.advance(DAY);
    let new = signing(&one, Algorithm::ES256);
    assert_ne!(new, old, "the change is by the clock: no refresh was needed");
    assert_eq!(signing(&other, Algorithm::ES256), new);
    for ring in [&one, &other] {
        assert!(ring.verify(&before, Some("at+jwt")).is_ok(), "retiring keys verify");
        assert!(ring.verify(&token(&one), Some("at+jwt")).is_ok());
    }

    let (with_old, etag) = one.jwks();
    house.clock.advance(DAY);
    let (without_old, other_etag) = one.jwks();
    assert!(String::from_utf8_lossy(&with_old).contains(&old));
    assert!(!String::from_utf8_lossy(&without_old).contains(&old), "gone by the clock");
    assert_ne!(etag, other_etag);
    assert_eq!(one.verify(&before, Some("at+jwt")), Err(VerifyError::UnknownKey));
    one.refresh().await.unwrap();
    let rows = signing_keys::list(&house.store.read()).await.unwrap();
    assert!(rows.iter().all(|row| row.kid != old), "the private key is not kept");
}

#[tokio::test]
async fn rotating_publishes_first_and_immediately_does_not_wait() {
    let house = house().await;
    let ring = house.ring().await;
    let first = signing(&ring, Algorithm::RS256);
    let made = ring.rotate(false).await.unwrap();
    assert_eq!(made.len(), 4);
    assert_eq!(signing(&ring, Algorithm::RS256), first);
    let at_once = ring.rotate(true).await.unwrap();
    assert_eq!(signing(&ring, Algorithm::RS256), first, "no replica signs with what another may not publish yet");
    house.clock.advance(NOTICE);
    let now = signing(&ring, Algorithm::RS256);
    assert!(at_once.contains(&now));
    house.clock.advance(DAY / 2);
    ring.refresh().await.unwrap();
    assert_eq!(signing(&ring, Algorithm::RS256), now, "the next of before never comes into use");
}

/// A relying party asks whichever replica it reaches.
#[tokio::test]
async fn whatever_one_replica_signs_with_another_publishes() {
    let house = house().await;
    let (one, other) = (house.ring().await, house.ring().await);
    other.publish().await;
    house.clock.advance(Duration::from_millis(1));
    one.rotate(true).await.unwrap();
    let stale = other.publish().await;
    assert_ne!(stale, one.jwks(), "the store is read once a second, not at every request");
    house.clock.advance(NOTICE);
    let kid = signing(&one, Algorithm::ES256);
    let (published, _) = other.publish().await;
    assert!(String::from_utf8_lossy(&published).contains(&kid));
}

#[tokio::test]
async fn a_revoked_key_is_gone_at_once_and_replaced() {
    let house = house().await;
    let ring = house.ring().await;
    let revision = ring.revision();
    let lost = signing(&ring, Algorithm::EdDSA);
    let token = ring.signer(Algorithm::EdDSA).unwrap().sign_jwt("JWT", &serde_json::json!({})).unwrap();
    assert!(ring.revoke(&lost).await.unwrap());
    assert!(!ring.revoke(&lost).await.unwrap());
    assert_eq!(ring.verify(&token, None), Err(VerifyError::UnknownKey));
    assert_ne!(signing(&ring, Algorithm::EdDSA), lost);
    assert!(ring.revision() > revision, "whoever remembers verifications makes them again");
}

#[tokio::test]
async fn keys_from_files_are_taken_in_once() {
    let house = house().await;
    let ring = house.ring().await;
    let generated = signing(&ring, Algorithm::ES256);
    house.bring("one.pem", &josekit::jws::ES256.generate_key_pair().unwrap().to_pem_private_key());
    let ring = house.ring().await;
    house.clock.advance(NOTICE);
    let imported = signing(&ring, Algorithm::ES256);
    assert_ne!(imported, generated, "it signs as soon as every replica knows it");
    assert!(matches!(ring.created(), [only] if only.kid == imported));
    assert!(kids(&ring).contains(&generated), "what it replaces still verifies");
    assert!(house.ring().await.created().is_empty());
    ring.revoke(&imported).await.unwrap();
    let after = house.ring().await;
    assert!(!kids(&after).contains(&imported), "a key that was ended does not come back with its file");
}

#[tokio::test]
async fn the_first_start_signs_with_the_keys_brought_along() {
    let house = house().await;
    house.bring("a.pem", &josekit::jws::RS256.generate_key_pair(2048).unwrap().to_pem_private_key());
    let ring = house.ring().await;
    assert_eq!(ring.created().len(), 4);
    assert_eq!(ring.list().len(), 4, "RS256 from the file, the others made");
}

#[tokio::test]
async fn a_file_that_is_no_key_stops_the_start_by_name() {
    let house = house().await;
    house.bring("broken.pem", b"nothing");
    let Err(error) = house.open_with(&house.store, &[1]).await else { panic!("started") };
    assert!(error.to_string().contains("broken.pem"), "{error}");
}

#[tokio::test]
async fn private_keys_rest_sealed_and_bound_to_their_rows() {
    let house = house().await;
    house.ring().await;
    let rows = signing_keys::list(&house.store.read()).await.unwrap();
    let sealer = sealer(&[1]);
    for row in &rows {
        let purpose = crate::secret::Purpose::SigningKey;
        let der = sealer.open_bytes(purpose, row.id.as_bytes(), &row.sealed_private_key).unwrap();
        assert!(!row.sealed_private_key.windows(16).any(|window| der.windows(16).any(|clear| clear == window)));
        let another = rows.iter().find(|other| other.id != row.id).unwrap();
        assert!(sealer.open_bytes(purpose, another.id.as_bytes(), &row.sealed_private_key).is_none());
        assert!(!row.public_jwk.contains("\"d\""));
    }
}

#[tokio::test]
async fn a_short_life_needs_no_day() {
    let mut house = house().await;
    house.config =
        config::Keys { publish_before_use: Span::secs(2), active_for: Span::secs(10), retire_for: Span::secs(3), ..house.config };
    let ring = house.ring().await;
    for second in 1..25 {
        house.clock.set(Timestamp::from_secs(START.secs() + second));
        ring.refresh().await.unwrap();
        for algorithm in [Algorithm::ES256, Algorithm::EdDSA] {
            let token = ring.signer(algorithm).unwrap().sign_jwt("JWT", &serde_json::json!({})).unwrap();
            assert!(ring.verify(&token, None).is_ok(), "second {second}");
        }
    }
}

#[tokio::test]
async fn what_becomes_of_keys_is_recorded_with_it_or_does_not_happen() {
    let house = house().await;
    let ring = house.ring().await;
    let taken = || std::mem::take(&mut *house.witness.changes.lock().unwrap());
    let created = |changes: &[Change]| changes.iter().filter(|change| matches!(change, Change::Created { .. })).count();
    assert_eq!(created(&taken()), 4);
    ring.rotate(true).await.unwrap();
    let changes = taken();
    assert_eq!(created(&changes), 4);
    assert!(changes.iter().any(|change| matches!(change, Change::Rotated { immediately: true, kids } if kids.len() == 4)));
    let (before, active) = (kids(&ring), signing(&ring, Algorithm::ES256));

    house.witness.refuses.store(true, Ordering::Relaxed);
    assert!(ring.rotate(true).await.is_err());
    assert!(ring.revoke(&active).await.is_err());
    assert_eq!(kids(&ring), before);
    let rows = signing_keys::list(&house.store.read()).await.unwrap();
    assert_eq!(rows.into_iter().map(|row| row.kid).collect::<BTreeSet<_>>(), before, "nothing was done");

    house.witness.refuses.store(false, Ordering::Relaxed);
    assert!(ring.revoke(&active).await.unwrap());
    let changes = taken();
    assert_eq!(changes[0], Change::Revoked { kid: active });
    assert_eq!(created(&changes), 1, "its successor");
}
