use super::*;

fn sealer(key: u8) -> Sealer {
    Sealer::new(&[KeyEncryptionKey::new([key; 32])]).unwrap()
}

#[test]
fn opens_what_it_sealed_for_the_same_purpose_only() {
    let sealed = sealer(1).seal(Purpose::Flow, &"value", Timestamp::from_secs(10));
    let opened: String = sealer(1).open(Purpose::Flow, &sealed, Timestamp::from_secs(9)).unwrap();
    assert_eq!(opened, "value");
    assert!(matches!(sealer(1).open::<String>(Purpose::AuthorizationCode, &sealed, Timestamp::from_secs(9)), Err(OpenError::Invalid)));
    assert!(matches!(sealer(2).open::<String>(Purpose::Flow, &sealed, Timestamp::from_secs(9)), Err(OpenError::Invalid)));
}

#[test]
fn expired_values_are_told_from_forged_ones() {
    let sealed = sealer(1).seal(Purpose::Flow, &7, Timestamp::from_secs(10));
    assert!(matches!(sealer(1).open::<i32>(Purpose::Flow, &sealed, Timestamp::from_secs(10)), Err(OpenError::Expired(7))));
}

#[test]
fn every_changed_character_is_noticed() {
    let sealed = sealer(1).seal(Purpose::Flow, &"value", Timestamp::from_secs(10));
    for at in 0..sealed.len() {
        let mut forged = sealed.clone().into_bytes();
        forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        assert!(sealer(1).open::<String>(Purpose::Flow, &forged, Timestamp::from_secs(1)).is_err(), "character {at}");
        assert!(sealer(1).open::<String>(Purpose::Flow, &sealed[..at], Timestamp::from_secs(1)).is_err(), "cut at {at}");
    }
}

#[test]
fn an_older_key_still_opens() {
    let sealed = sealer(1).seal_bytes(Purpose::SigningKey, b"row", b"key");
    let rotated = Sealer::new(&[KeyEncryptionKey::new([2; 32]), KeyEncryptionKey::new([1; 32])]).unwrap();
    assert_eq!(rotated.open_bytes(Purpose::SigningKey, b"row", &sealed).unwrap(), b"key");
    assert!(rotated.open_bytes(Purpose::SigningKey, b"another row", &sealed).is_none());
}

#[test]
fn every_purpose_has_a_label_and_a_place_of_its_own() {
    for (index, purpose) in Purpose::ALL.into_iter().enumerate() {
        assert_eq!(purpose as usize, index);
    }
    let labels: std::collections::BTreeSet<&str> = Purpose::ALL.into_iter().map(Purpose::label).collect();
    assert_eq!(labels.len(), Purpose::ALL.len());
}

#[test]
fn codes_match_their_message_and_purpose_under_any_of_the_keys() {
    let tag = sealer(1).mac(Purpose::Csrf, b"message");
    let rotated = Sealer::new(&[KeyEncryptionKey::new([2; 32]), KeyEncryptionKey::new([1; 32])]).unwrap();
    assert!(rotated.verify_mac(Purpose::Csrf, b"message", &tag));
    assert!(!rotated.verify_mac(Purpose::Csrf, b"another", &tag));
    assert!(!rotated.verify_mac(Purpose::Flow, b"message", &tag));
    assert!(!sealer(2).verify_mac(Purpose::Csrf, b"message", &tag));
    for wrong in [&[0; 32][..], &tag[..31], b""] {
        assert!(!rotated.verify_mac(Purpose::Csrf, b"message", wrong));
    }
}

#[test]
fn what_an_older_key_sealed_is_known_as_such() {
    let sealed = sealer(1).seal_bytes(Purpose::KeyCheck, b"", b"value");
    assert!(sealer(1).is_current(&sealed));
    let rotated = Sealer::new(&[KeyEncryptionKey::new([2; 32]), KeyEncryptionKey::new([1; 32])]).unwrap();
    assert!(!rotated.is_current(&sealed));
    assert!(!rotated.is_current(b""));
}
