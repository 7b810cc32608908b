//! The samples were made by other implementations: OpenSSL (through Python's hashlib), Apache's htpasswd, libxcrypt.

use proptest::prelude::*;

use super::*;

const PASSWORD: &str = "correct horse bätterÿ staple";

const SAMPLES: [&str; 6] = [
    "$2y$04$royyf/794sQ5aR6HdDl8huL2FuYcc/di3.SOrY2rFQvDfattMCcUG",
    "$pbkdf2-sha256$i=1000,l=32$yMnKy8zNzs/Q0dLT1NXW1w$/kVYGkjB0C4qEQfRAvF2I2BHSLtR41cK/iH3iI9aVq0",
    "$pbkdf2-sha512$i=1000$yMnKy8zNzs/Q0dLT1NXW1w$S8dHDH0L+tCOgLObQpl3s+Fqd7VdaWy1okhgn4c6wSsfnFCsnh3YztwFxjkT3o1TLnAcG9oRnp5F4PwizIyPqw",
    "$pbkdf2-sha256$1000$yMnKy8zNzs/Q0dLT1NXW1w$/kVYGkjB0C4qEQfRAvF2I2BHSLtR41cK/iH3iI9aVq0",
    "pbkdf2_sha256$1000$NaClSalt$udmMz3EyTmIapTM9PTRKZGTTtbZb6IJKbvGYQ6Y+uS0=",
    "$scrypt$ln=10,r=8,p=1$yMnKy8zNzs/Q0dLT1NXW1w$VXSpFO7cwdhD//nuzqukweL5w0V+GV2bX7YHkn8jbZU",
];

#[test]
fn the_right_password_fits_and_no_other_does() {
    for sample in SAMPLES {
        let foreign = Foreign::parse(sample).unwrap();
        assert!(foreign.verify(PASSWORD), "{sample}");
        for wrong in ["", "correct horse battery staple", "correct horse bätterÿ stapl", "correct horse bätterÿ staple\0"] {
            assert!(!foreign.verify(wrong), "{sample}: {wrong}");
        }
    }
}

#[test]
fn bcrypt_of_another_library_and_version_fits() {
    let foreign = Foreign::parse("$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e").unwrap();
    assert!(foreign.verify("correct horse") && !foreign.verify("correct horsf"));
}

#[test]
fn passlibs_alphabet_is_read() {
    assert_eq!(passlib("ab.d"), passlib("ab+d"));
    assert_eq!(BASE64.decode("ab=="), BASE64.decode("ab"));
}

#[test]
fn hashes_that_cost_too_much_are_not_obeyed() {
    let salt_and_output = "yMnKy8zNzs/Q0dLT1NXW1w$VXSpFO7cwdhD//nuzqukweL5w0V+GV2bX7YHkn8jbZU";
    for (costs, affordable) in [
        ("ln=18,r=8,p=1", true),
        ("ln=19,r=8,p=1", false),
        ("ln=14,r=8,p=16", true),
        ("ln=14,r=8,p=17", false),
        ("ln=18,r=8,p=2", false),
        ("ln=17,r=8,p=2", true),
        ("ln=17,r=8,p=3", false),
        ("ln=63,r=8,p=1", false),
        ("ln=64,r=4294967295,p=1", false),
    ] {
        assert_eq!(Foreign::parse(&format!("$scrypt${costs}${salt_and_output}")).is_some(), affordable, "{costs}");
    }
    for (rounds, affordable) in [("2000000", true), ("2000001", false), ("0", false), ("-1", false)] {
        assert_eq!(Foreign::parse(&format!("$pbkdf2-sha256$i={rounds}${salt_and_output}")).is_some(), affordable, "{rounds}");
    }
    for (cost, affordable) in [("14", true), ("15", false), ("03", false), ("xx", false)] {
        let text = format!("$2b${cost}$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e");
        assert_eq!(Foreign::parse(&text).is_some(), affordable, "{cost}");
    }
}

#[test]
fn halves_of_hashes_and_other_formats_are_refused() {
    for text in [
        "",
        "$",
        "correct horse",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "$1$salt$qJH7.N4xYta3aEG/dfqo/0",
        "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6",
        "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6£",
        "$pbkdf2-sha256$i=1000$yMnKy8zNzs/Q0dLT1NXW1w$AAAA",
        "$pbkdf2-sha1$1000$yMnKy8zNzs/Q0dLT1NXW1w$/kVYGkjB0C4qEQfRAvF2I2BHSLtR41cK/iH3iI9aVq0",
        "pbkdf2_sha256$1000$$udmMz3EyTmIapTM9PTRKZGTTtbZb6IJKbvGYQ6Y+uS0=",
        "pbkdf2-sha256$1000$NaClSalt$udmMz3EyTmIapTM9PTRKZGTTtbZb6IJKbvGYQ6Y+uS0=",
        "$scrypt$ln=10,r=8$yMnKy8zNzs/Q0dLT1NXW1w$VXSpFO7cwdhD//nuzqukweL5w0V+GV2bX7YHkn8jbZU",
        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
    ] {
        assert!(Foreign::parse(text).is_none(), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn anything_can_be_parsed_without_a_panic(text in "\\PC*", name in "(2b|scrypt|pbkdf2-sha256|pbkdf2_sha512)", rest in "[a-zA-Z0-9=,./+$]*") {
        let _ = Foreign::parse(&text);
        let _ = Foreign::parse(&format!("${name}${rest}"));
        let _ = Foreign::parse(&format!("{name}${rest}"));
    }
}
