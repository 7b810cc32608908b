//! Looking for secrets, in whatever form somebody let them out.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// What a secret is, and the secret.
pub type Planted = (&'static str, String);

/// What a text stands for, where it is one: base64url and base64 (of the part behind a prefix or the last full stop), base32, hexadecimal.
fn decoded(secret: &str) -> Vec<Vec<u8>> {
    let last = secret.rsplit(['.', '_']).next().unwrap_or(secret);
    let base32 = || {
        let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
        for letter in secret.bytes() {
            let value = match letter {
                b'A'..=b'Z' => letter - b'A',
                b'2'..=b'7' => letter - b'2' + 26,
                _ => return None,
            };
            (bits, count) = ((bits << 5 | u32::from(value)) & 0xf_ffff, count + 5);
            if count >= 8 {
                count -= 8;
                bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
            }
        }
        Some(bytes)
    };
    let hexadecimal =
        || (0..secret.len()).step_by(2).map(|at| u8::from_str_radix(secret.get(at..at + 2)?, 16).ok()).collect::<Option<Vec<u8>>>();
    let base64 = [URL_SAFE_NO_PAD.decode(secret).ok(), URL_SAFE_NO_PAD.decode(last).ok(), STANDARD.decode(secret).ok()];
    let found = base64.into_iter().chain([base32(), hexadecimal()]).flatten();
    found.filter(|bytes| bytes.len() >= 8).collect()
}

/// What must not be found: the text, the bytes it stands for, and both as somebody might print them.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let mut forms = vec![form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>().into_bytes()];
    for bytes in std::iter::once(secret.as_bytes().to_vec()).chain(decoded(secret)) {
        let hexadecimal = bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        let list = format!("{bytes:?}");
        forms.extend(
            [
                hexadecimal.to_uppercase(),
                hexadecimal,
                list.trim_matches(['[', ']']).to_owned(),
                STANDARD_NO_PAD.encode(&bytes),
                URL_SAFE_NO_PAD.encode(&bytes),
            ]
            .map(String::into_bytes),
        );
        forms.push(bytes);
    }
    forms
}

/// A search for many secrets at once, by how their forms begin.
pub struct Search {
    forms: HashMap<Vec<u8>, Vec<(&'static str, Vec<u8>)>>,
    codes: Vec<Planted>,
}

impl Search {
    pub fn for_all(planted: &[Planted]) -> Self {
        let mut search = Self { forms: HashMap::new(), codes: Vec::new() };
        for (name, secret) in planted {
            if secret.len() == 6 && secret.bytes().all(|byte| byte.is_ascii_digit()) {
                search.codes.push((name, secret.clone()));
                continue;
            }
            assert!(secret.len() >= 8, "{name} is too short to be told from anything else: {secret}");
            for form in forms(secret) {
                search.forms.entry(form[..8].to_vec()).or_default().push((name, form));
            }
        }
        search
    }

    fn found(&self, content: &[u8]) -> Option<String> {
        for (at, begin) in content.windows(8).enumerate() {
            for (name, form) in self.forms.get(begin).into_iter().flatten() {
                if content[at..].starts_with(form) {
                    return Some(format!("{name}: {}", String::from_utf8_lossy(form)));
                }
            }
        }
        // Six digits are found in many a longer number; between other characters they are a code.
        let mut numbers = content.split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'.');
        let found = numbers.find_map(|number| self.codes.iter().find(|(_, code)| number == code.as_bytes()));
        found.map(|(name, code)| format!("{name}: {code}"))
    }

    #[track_caller]
    pub fn finds_nothing(&self, place: &str, content: &[u8]) {
        let found = self.found(content);
        assert!(found.is_none(), "in {place}: {found:?}");
    }
}

/// The search finds what it is for: a secret that was stored decoded, or printed as a list of numbers.
#[test]
fn a_secret_is_recognised_in_every_form() {
    let secrets = [
        ("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", &b"Hello!\xde\xad\xbe\xefHello!\xde\xad\xbe\xef"[..]),
        ("vst_rt_c2VjcmV0LXRva2VuLW9mLW91cnM", &b"secret-token-of-ours"[..]),
        ("c2VjcmV0LXRva2VuLW9mLW91cnM=", &b"secret-token-of-ours"[..]),
        ("7365637265742d746f6b656e", &b"secret-token"[..]),
    ];
    for (secret, bytes) in secrets {
        let printed =
            [bytes.to_vec(), format!("{bytes:?}").into_bytes(), secret.as_bytes().to_vec(), STANDARD_NO_PAD.encode(bytes).into_bytes()];
        for content in printed {
            let content = [b"before ".to_vec(), content, b" after".to_vec()].concat();
            let search = Search::for_all(&[("secret", secret.to_owned())]);
            assert!(search.found(&content).is_some(), "{secret} in {}", String::from_utf8_lossy(&content));
            search.finds_nothing("a place", b"nothing of the kind is in here");
        }
    }
    let code = Search::for_all(&[("code", "123456".to_owned())]);
    assert!(code.found(b"code=123456;").is_some() && code.found(b"at=1234567, 0.123456").is_none());
}
