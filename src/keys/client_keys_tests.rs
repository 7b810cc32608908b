use josekit::jwk::alg::ec::{EcCurve, EcKeyPair};
use josekit::jwk::alg::ed::{EdCurve, EdKeyPair};
use josekit::jwk::alg::rsa::RsaKeyPair;
use serde_json::json;

use super::*;
use crate::keys::AssertionProblem;
use crate::keys::testing_clients::{ClientSigner, compact};

fn read(keys: &[Value]) -> Result<ReadKeys, KeySetProblem> {
    ClientKeys::read(&json!({ "keys": keys }).to_string())
}

fn assertion(signer: &ClientSigner, header: &Value) -> SignedAssertion {
    SignedAssertion::read(&signer.sign(header, &json!({ "sub": "app" }))).unwrap()
}

fn with(key: &Value, member: &str, value: Value) -> Value {
    let mut key = key.clone();
    key[member] = value;
    key
}

#[test]
fn what_a_key_signed_is_verified_with_it_and_with_no_other() {
    let signers: Vec<ClientSigner> = AssertionAlgorithm::ALL.into_iter().map(ClientSigner::new).collect();
    for signer in &signers {
        let alg = signer.algorithm.name();
        let keys = read(&[signer.public("one")]).unwrap().keys;
        assert_eq!(keys.verify(&assertion(signer, &json!({ "alg": alg, "kid": "one" }))), Ok(()), "{alg}");
        assert_eq!(keys.verify(&assertion(signer, &json!({ "alg": alg, "typ": "JWT" }))), Ok(()), "{alg}: the only one need not be named");
        let unknown = assertion(signer, &json!({ "alg": alg, "kid": "two" }));
        assert_eq!(keys.verify(&unknown), Err(AssertionFailure::UnknownKey), "{alg}");
        let stranger = ClientSigner::new(signer.algorithm);
        let foreign = assertion(&stranger, &json!({ "alg": alg, "kid": "one" }));
        assert_eq!(keys.verify(&foreign), Err(AssertionFailure::Signature), "{alg}");
        assert!(!NobodysKeys::read().verify(&foreign));
        for other in signers.iter().filter(|other| other.algorithm != signer.algorithm) {
            let named = other.algorithm.name();
            assert!(keys.verify(&assertion(other, &json!({ "alg": named, "kid": "one" }))).is_err(), "{alg} as {named}");
            // The algorithm is said to be one that the key does not fit, or another one of the same kind of key.
            assert!(keys.verify(&assertion(signer, &json!({ "alg": named, "kid": "one" }))).is_err(), "{alg} called {named}");
        }
    }
}

#[test]
fn the_keys_of_nobody_are_one_for_each_algorithm() {
    let keys = NobodysKeys::read().0.unwrap();
    assert!(AssertionAlgorithm::ALL.into_iter().all(|algorithm| keys.fit(algorithm)));
}

#[test]
fn a_key_is_known_by_its_thumbprint_when_it_has_no_id() {
    let signer = ClientSigner::new(AssertionAlgorithm::ES256);
    let mut public = signer.public("");
    public.as_object_mut().unwrap().remove("kid");
    let kid = super::super::thumbprint::of(public.as_object().unwrap()).unwrap();
    let keys = read(&[public]).unwrap().keys;
    assert_eq!(keys.verify(&assertion(&signer, &json!({ "alg": "ES256", "kid": kid }))), Ok(()));
}

#[test]
fn among_several_keys_one_has_to_be_named() {
    let (one, two) = (ClientSigner::new(AssertionAlgorithm::ES256), ClientSigner::new(AssertionAlgorithm::ES256));
    let keys = read(&[one.public("1"), two.public("2")]).unwrap().keys;
    assert_eq!(keys.verify(&assertion(&two, &json!({ "alg": "ES256" }))), Err(AssertionFailure::KeyNotNamed));
    assert_eq!(keys.verify(&assertion(&two, &json!({ "alg": "ES256", "kid": "2" }))), Ok(()));
    assert_eq!(keys.verify(&assertion(&two, &json!({ "alg": "ES256", "kid": "1" }))), Err(AssertionFailure::Signature));
}

#[test]
fn a_key_is_used_as_it_says_of_itself() {
    let signer = ClientSigner::new(AssertionAlgorithm::PS256);
    let key = signer.public("k");
    let keys = read(&[with(&key, "alg", json!("PS256"))]).unwrap().keys;
    assert!(keys.fit(AssertionAlgorithm::PS256) && !keys.fit(AssertionAlgorithm::RS256));
    assert!(read(&[with(&key, "use", json!("sig")), with(&with(&key, "key_ops", json!(["verify"])), "kid", json!("l"))]).is_ok());
    for (member, value) in
        [("use", json!("enc")), ("use", json!(1)), ("key_ops", json!(["sign"])), ("key_ops", json!("verify")), ("alg", json!("ES256"))]
    {
        let other = ClientSigner::new(AssertionAlgorithm::EdDSA).public("other");
        let read = read(&[with(&key, member, value.clone()), other]).unwrap();
        assert_eq!(read.passed_over.len(), 1, "{member} {value}");
        assert!(!read.keys.fit(AssertionAlgorithm::PS256), "{member} {value}");
    }
    let ed = ClientSigner::new(AssertionAlgorithm::EdDSA);
    assert!(read(&[with(&ed.public("e"), "alg", json!("Ed25519"))]).unwrap().keys.fit(AssertionAlgorithm::EdDSA));
}

#[test]
fn weak_and_broken_keys_are_not_used() {
    let rsa = |bits| Value::Object(RsaKeyPair::generate(bits).unwrap().to_jwk_public_key().as_ref().clone());
    let ec = |curve| Value::Object(EcKeyPair::generate(curve).unwrap().to_jwk_public_key().as_ref().clone());
    let p256 = ec(EcCurve::P256);
    let strong = rsa(2048);
    assert!(read(std::slice::from_ref(&strong)).is_ok() && read(std::slice::from_ref(&p256)).is_ok());
    let huge = "A".repeat(1400).replacen('A', "w", 1) + "w";
    let bad = [
        rsa(1024),
        with(&strong, "e", json!("Aw")),
        with(&strong, "e", json!("AQAA")),
        with(&strong, "e", json!("AQAAAAAB")),
        with(&strong, "e", json!("")),
        with(&strong, "n", json!(huge)),
        with(&strong, "n", json!("")),
        with(&strong, "n", json!(7)),
        ec(EcCurve::Secp256k1),
        ec(EcCurve::P521),
        with(&p256, "x", p256["y"].clone()),
        with(&p256, "x", json!("AA")),
        with(&p256, "y", json!("!!")),
        with(&p256, "crv", json!("P-384")),
        with(&p256, "kty", json!("OKP")),
        with(&p256, "kid", json!("x".repeat(257))),
        with(&p256, "kid", json!(1)),
        with(&p256, "kid", json!("")),
        Value::Object(EdKeyPair::generate(EdCurve::Ed448).unwrap().to_jwk_public_key().as_ref().clone()),
        json!({ "kty": "OKP", "crv": "Ed25519", "x": "AA" }),
        json!({}),
    ];
    for key in bad {
        assert!(read(std::slice::from_ref(&key)).is_err(), "{key}");
        assert_eq!(read(&[key.clone(), strong.clone()]).unwrap().passed_over.len(), 1, "{key}");
    }
}

#[test]
fn a_document_that_shows_what_is_private_is_refused_whole() {
    let good = ClientSigner::new(AssertionAlgorithm::ES256);
    let private = ClientSigner::new(AssertionAlgorithm::ES384).private("p");
    let symmetric = json!({ "kty": "oct", "k": "AAAA", "kid": "s" });
    let member = with(&ClientSigner::new(AssertionAlgorithm::EdDSA).public("q"), "dp", json!(null));
    for bad in [private, symmetric, json!({ "kty": "oct" }), member] {
        let problem = read(&[good.public("g"), bad.clone()]).unwrap_err().to_string();
        assert!(problem.contains("key 2: it is private or symmetric"), "{problem}");
        assert!(bad.get("d").and_then(Value::as_str).is_none_or(|secret| !problem.contains(secret)));
    }
}

#[test]
fn hostile_documents_are_refused() {
    let signer = ClientSigner::new(AssertionAlgorithm::ES256);
    let problem = |text: &str| ClientKeys::read(text).unwrap_err().to_string();
    assert!(read(&[signer.public("1"), signer.public("1")]).unwrap_err().to_string().contains("kid is that of another"));
    assert!(read(&vec![json!({}); MAX_KEYS + 1]).unwrap_err().to_string().contains("33 keys"));
    assert!(problem(&format!("{{\"keys\":[{}]}}", "{},".repeat(30_000))).contains("longer than"));
    let deep = format!("{{\"keys\":[{{\"x\":{}1{}}}]}}", "[".repeat(10_000), "]".repeat(10_000));
    for text in
        ["", "[]", "{}", "null", "{\"keys\":{}}", "{\"keys\":[1]}", "{\"keys\":[]}", "{\"keys\":[],\"keys\":[]}", "<html>", deep.as_str()]
    {
        assert!(ClientKeys::read(text).is_err(), "{}", text.chars().take(40).collect::<String>());
    }
    assert!(read(&[]).unwrap_err().to_string().contains("it is empty"));
}

#[test]
fn a_header_says_little_and_is_believed_in_less() {
    let signer = ClientSigner::new(AssertionAlgorithm::ES256);
    let keys = read(&[signer.public("k")]).unwrap().keys;
    let claims = json!({});
    let of = |header: Value| SignedAssertion::read(&signer.sign(&header, &claims));
    for good in ["JWT", "jwt", "application/jwt", "client-authentication+jwt", "application/client-authentication+JWT"] {
        assert!(of(json!({ "alg": "ES256", "typ": good })).is_ok(), "{good}");
    }
    for bad in ["at+jwt", "logout+jwt", "dpop+jwt", "oauth-authz-req+jwt", "", "application/application/jwt"] {
        assert_eq!(of(json!({ "alg": "ES256", "typ": bad })).unwrap_err(), AssertionProblem::Type, "{bad}");
    }
    for alg in ["none", "None", "nOnE", "", "HS256", "HS384", "HS512", "RS1", "RS512", "ES256K", "dir"] {
        assert_eq!(of(json!({ "alg": alg })).unwrap_err(), AssertionProblem::Algorithm, "{alg}");
    }
    for (name, value) in [("crit", json!(["b64"])), ("crit", json!([])), ("b64", json!(false))] {
        assert_eq!(of(json!({ "alg": "ES256", name: value })).unwrap_err(), AssertionProblem::Critical, "{name}");
    }
    // A key that comes with the token is nobody's.
    let stranger = ClientSigner::new(AssertionAlgorithm::ES256);
    let brought =
        json!({ "alg": "ES256", "kid": "k", "jwk": stranger.public("k"), "jku": "https://evil.example/", "x5c": ["MII"], "x5t": "x" });
    let forged = SignedAssertion::read(&stranger.sign(&brought, &claims)).unwrap();
    assert_eq!(keys.verify(&forged), Err(AssertionFailure::Signature));
    for malformed in
        [json!({}), json!({ "alg": 1 }), json!({ "alg": "ES256", "kid": 1 }), json!({ "alg": "ES256", "kid": "k".repeat(257) })]
    {
        assert_eq!(of(malformed.clone()).unwrap_err(), AssertionProblem::Malformed, "{malformed}");
    }
}

#[test]
fn cut_lengthened_and_changed_assertions_are_refused() {
    for algorithm in [AssertionAlgorithm::ES256, AssertionAlgorithm::EdDSA] {
        let signer = ClientSigner::new(algorithm);
        let keys = read(&[signer.public("k")]).unwrap().keys;
        let token = signer.sign(&json!({ "alg": algorithm.name(), "kid": "k" }), &json!({ "sub": "app" }));
        let accepted = |token: &str| SignedAssertion::read(token).is_ok_and(|assertion| keys.verify(&assertion).is_ok());
        assert!(accepted(&token));
        for at in 0..token.len() {
            assert!(!accepted(&token[..at]), "cut at {at}");
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert!(!accepted(std::str::from_utf8(&changed).unwrap()), "changed at {at}");
        }
        for tail in ["A", "=", ".", ".e30", " ", "\n"] {
            assert!(!accepted(&format!("{token}{tail}")), "{tail:?}");
        }
        assert!(!accepted(&compact(&json!({ "alg": algorithm.name() }), &json!({ "sub": "app" }), b"")));
        assert_eq!(SignedAssertion::read(&format!("{token}{}", "A".repeat(8192))).unwrap_err(), AssertionProblem::Malformed);
    }
}
