//! E-mail addresses.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use unicode_normalization::UnicodeNormalization as _;

use crate::secret::{Purpose, Sealer};

/// RFC 5321 §4.5.3.1.3: a path is at most 256 octets with its angle brackets.
const MAX_BYTES: usize = 254;

/// The canonical form people are looked up by: trimmed, NFC, case-folded, the domain in its ASCII form (UTS #46).
/// `None` when it is no address: at most 254 bytes, exactly one `@` outside the ends, no control characters or white space.
///
/// Whether anybody reads mail there, only a mail can tell; so what is before the `@` may be anything that can be seen.
#[must_use]
pub fn canonical(address: &str) -> Option<String> {
    let address = address.trim();
    if address.len() > MAX_BYTES || address.chars().any(is_unseen) {
        return None;
    }
    let (local, domain) = address.split_once('@')?;
    if local.is_empty() || domain.contains('@') {
        return None;
    }
    let canonical = format!("{}@{}", fold(local), idna::domain_to_ascii_strict(domain).ok()?);
    (canonical.len() <= MAX_BYTES).then_some(canonical)
}

/// What the audit log keeps of an address that is nobody's: enough to see that it was tried again. People type their password there by mistake, so it is
/// keyed: whoever has the log alone cannot try what it was.
#[must_use]
pub fn fingerprint(sealer: &Sealer, typed: &str) -> String {
    let mac = sealer.mac(Purpose::TypedAddress, typed.as_bytes());
    let (start, _) = mac.split_first_chunk::<6>().map_or(([0; 6], [].as_slice()), |(start, rest)| (*start, rest));
    URL_SAFE_NO_PAD.encode(start)
}

/// Only so much of an address that its owner recognises it.
#[must_use]
pub fn masked(address: &str) -> String {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let first: String = local.chars().take(1).collect();
    format!("{first}•••@{domain}")
}

/// Whether letters of scripts that look alike stand together before the `@`, or in one label after it: `раypal` is not `paypal` (Unicode Technical
/// Standard #39 §5.1, as far as Latin, Greek and Cyrillic go). Only for addresses that are new here.
#[must_use]
pub fn mixes_scripts(canonical: &str) -> bool {
    let (local, domain) = canonical.rsplit_once('@').unwrap_or((canonical, ""));
    let (domain, _) = idna::domain_to_unicode(domain);
    std::iter::once(local).chain(domain.split('.')).any(|part| {
        let scripts = part.chars().fold([false; 3], |[latin, greek, cyrillic], c| match c {
            'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' | '\u{ff21}'..='\u{ff5a}' => [true, greek, cyrillic],
            '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => [latin, true, cyrillic],
            '\u{400}'..='\u{52f}' => [latin, greek, true],
            _ => [latin, greek, cyrillic],
        });
        scripts.into_iter().filter(|there| *there).count() > 1
    })
}

/// Letter by letter, so that a sigma at the end of a word is the same as any other; composed before and after, because lower case of some
/// letters comes in two parts.
fn fold(local: &str) -> String {
    let lower = |c: char| if c == 'ς' { 'σ' } else { c };
    local.nfc().flat_map(char::to_lowercase).map(lower).nfc().collect()
}

/// White space, control characters, and those that format text without showing: two addresses that look the same must not be two.
fn is_unseen(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_same_address_typed_in_many_ways_is_one() {
        for (typed, expected) in [
            ("ada@example.com", "ada@example.com"),
            ("  Ada@Example.COM\t", "ada@example.com"),
            ("ADA+Lists@EXAMPLE.com", "ada+lists@example.com"),
            ("jose\u{301}@example.com", "jos\u{e9}@example.com"),
            ("JOSÉ@example.com", "jos\u{e9}@example.com"),
            ("ΑΔΑΣ@example.com", "αδασ@example.com"),
            ("αδας@example.com", "αδασ@example.com"),
            ("info@BÜCHER.example", "info@xn--bcher-kva.example"),
            ("info@xn--bcher-kva.example", "info@xn--bcher-kva.example"),
            ("info@bücher。example", "info@xn--bcher-kva.example"),
            ("root@localhost", "root@localhost"),
            ("\"quoted\"@example.com", "\"quoted\"@example.com"),
        ] {
            assert_eq!(canonical(typed).as_deref(), Some(expected), "{typed}");
        }
    }

    #[test]
    fn letters_that_look_alike_are_not_mixed() {
        for good in
            ["ada@example.com", "josé@example.com", "αδασ@example.com", "иван@example.com", "info@xn--bcher-kva.example", "a1@пример.com"]
        {
            assert!(!mixes_scripts(&canonical(good).unwrap()), "{good}");
        }
        for bad in ["раypal@example.com", "p\u{3b1}ypal@example.com", "info@\u{440}aypal.com", "\u{3b1}\u{430}@example.com"] {
            assert!(mixes_scripts(&canonical(bad).unwrap()), "{bad}");
        }
    }

    #[test]
    fn an_address_is_masked_to_its_first_letter() {
        assert_eq!(masked("ada.lovelace@example.com"), "a•••@example.com");
        assert_eq!(masked("é@example.com"), "é•••@example.com");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for typed in [
            "",
            "@",
            "ada",
            "ada@",
            "@example.com",
            "ada@example@com",
            "ada@@example.com",
            "ada lovelace@example.com",
            "ada\0@example.com",
            "ada\u{200b}@example.com",
            "ada@exa mple.com",
            "ada@example..com",
            "ada@.example.com",
            "ada@example.com.",
            "ada@exam_ple.com",
            "ada@-example.com",
            "ada@[127.0.0.1]",
        ] {
            assert_eq!(canonical(typed), None, "{typed:?}");
        }
    }

    #[test]
    fn an_address_of_255_bytes_is_too_long() {
        let domain = ["a".repeat(60).as_str(); 3].join(".");
        let local = "l".repeat(254 - 1 - domain.len());
        assert!(canonical(&format!("{local}@{domain}")).is_some());
        assert!(canonical(&format!("{local}l@{domain}")).is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn the_canonical_form_is_its_own_canonical_form(local in "\\PC{1,20}", domain in "[a-zA-Z0-9äöüßéΑ-Ω]{1,10}\\.[a-z]{2,5}") {
            if let Some(once) = canonical(&format!("{local}@{domain}")) {
                let twice = canonical(&once);
                prop_assert_eq!(twice.as_deref(), Some(once.as_str()));
            }
        }

        #[test]
        fn case_does_not_matter(local in "[a-zA-Z0-9.+-]{1,20}", domain in "[a-zA-Z]{1,10}\\.[a-zA-Z]{2,5}") {
            let address = format!("{local}@{domain}");
            prop_assert_eq!(canonical(&address.to_uppercase()), canonical(&address.to_lowercase()));
        }

        #[test]
        fn nothing_makes_it_panic_or_lets_white_space_in(text in "\\PC*") {
            if let Some(address) = canonical(&text) {
                prop_assert!(!address.contains(char::is_whitespace) && address.len() <= MAX_BYTES);
                prop_assert_eq!(address.matches('@').count(), 1);
            }
        }
    }
}
