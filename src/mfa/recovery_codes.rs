//! Recovery codes: ten, of 80 bits each, for when the authenticator app is gone (OWASP ASVS 5 §6.5.2, NIST SP 800-63B §3.1.2).

use std::time::Duration;

use uuid::Uuid;

use super::digits::is_separator;
use super::totp::{base32, groups_of_four};
use crate::clock::Timestamp;
use crate::secret::{Digest, Pepper, Purpose, Sealer, random_bytes};
use crate::store::recovery_codes::{self, RecoveryCode};
use crate::store::sessions::Session;
use crate::store::{self, Conn};

const HOW_MANY: usize = 10;
const BYTES: usize = 10;
/// Letters and digits of one code.
const LETTERS: usize = 16;

/// For how long a new set can be looked at again: a page that was reloaded must not cost a person their codes.
pub const SHOWN_FOR: Duration = Duration::from_mins(15);

/// A new set: its rows, which keep no code but sealed and only for a while. `shown_to`: the session, or the pending sign-in, that makes it: somebody else who
/// is signed in to the account must not read along.
#[must_use]
pub fn generate(sealer: &Sealer, pepper: &Pepper, user_id: Uuid, shown_to: Uuid, now: Timestamp) -> Vec<RecoveryCode> {
    let one = |_| {
        let code = base32(&random_bytes::<BYTES>());
        let shown = sealer.seal_bytes(Purpose::TotpSecret, &context(user_id), code.as_bytes());
        RecoveryCode {
            user_id,
            digest: Digests::of(pepper, user_id, &code).peppered,
            created_at: now,
            used_at: None,
            shown: Some(shown),
            shown_to: Some(shown_to),
        }
    };
    (0..HOW_MANY).map(one).collect()
}

/// What is sealed here is no TOTP secret.
fn context(user_id: Uuid) -> Vec<u8> {
    [b"recovery code ".as_slice(), user_id.as_bytes()].concat()
}

/// What a code may be kept as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digests {
    /// Under the service's pepper: whoever reads the database alone cannot try codes (SECURITY §3).
    peppered: Digest,
    /// As codes were kept by releases that had no pepper. They work until they are used or replaced.
    plain: Digest,
}

impl Digests {
    fn of(pepper: &Pepper, user_id: Uuid, code: &str) -> Self {
        let message = [user_id.as_bytes(), code.as_bytes()].concat();
        let plain = Digest::of(&message);
        Self { peppered: pepper.digest(&message).unwrap_or(plain), plain }
    }

    /// Those that a row may have.
    #[must_use]
    pub const fn all(&self) -> [Digest; 2] {
        [self.peppered, self.plain]
    }
}

/// A code as somebody typed it: its digests. `None`: it is none. Spaces, dashes and case do not matter, nor do look-alikes that base32 has not.
#[must_use]
pub fn read(pepper: &Pepper, user_id: Uuid, typed: &str) -> Option<Digests> {
    let mut code = String::new();
    for c in typed.chars().filter(|c| !is_separator(*c)) {
        let letter = match c.to_ascii_uppercase() {
            '0' => 'O',
            '1' => 'I',
            '8' => 'B',
            c => c,
        };
        if !matches!(letter, 'A'..='Z' | '2'..='7') || code.len() >= LETTERS {
            return None;
        }
        code.push(letter);
    }
    (code.len() == LETTERS).then(|| Digests::of(pepper, user_id, &code))
}

/// What a page may say about a set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub left: usize,
    pub of: usize,
    /// The codes themselves, in groups, while they are still shown.
    pub codes: Vec<String>,
}

/// The person's set, as this session may see it.
///
/// # Errors
/// The store's.
pub async fn summary(conn: &Conn<'_>, sealer: &Sealer, session: &Session, now: Timestamp) -> store::Result<Summary> {
    let codes = recovery_codes::list(conn, session.user_id).await?;
    let left = codes.iter().filter(|code| code.used_at.is_none()).count();
    let is_new =
        |code: &&RecoveryCode| code.used_at.is_none() && code.shown_to == Some(session.id) && now.is_within(SHOWN_FOR, code.created_at);
    let mut shown: Vec<String> = codes.iter().filter(is_new).filter_map(|code| open(sealer, code)).collect();
    shown.sort_unstable();
    Ok(Summary { left, of: codes.len(), codes: shown })
}

fn open(sealer: &Sealer, code: &RecoveryCode) -> Option<String> {
    let plain = sealer.open_bytes(Purpose::TotpSecret, &context(code.user_id), code.shown.as_deref()?)?;
    Some(groups_of_four(&String::from_utf8(plain).ok()?).join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::KeyEncryptionKey;

    const ADA: Uuid = Uuid::from_u128(1);

    fn pepper() -> Pepper {
        Pepper::new([9; 32])
    }

    fn sealer() -> Sealer {
        Sealer::new(&[KeyEncryptionKey::new([7; 32])]).unwrap()
    }

    #[test]
    fn ten_codes_that_are_read_however_they_are_typed() {
        let codes = generate(&sealer(), &pepper(), ADA, Uuid::from_u128(3), Timestamp::default());
        assert_eq!(codes.len(), 10);
        for code in &codes {
            let text = open(&sealer(), code).unwrap();
            assert_eq!(text.len(), 19, "{text}");
            for typed in [text.clone(), text.to_lowercase(), text.replace('-', " "), text.replace('-', ""), format!(" {text}\n")] {
                assert_eq!(read(&pepper(), ADA, &typed).unwrap().peppered, code.digest, "{typed}");
            }
            let read = |pepper, who: u128| read(&pepper, Uuid::from_u128(who), &text).unwrap().all();
            assert!(!read(pepper(), 2).contains(&code.digest), "a code is its person's");
            assert!(!read(Pepper::new([8; 32]), 1).contains(&code.digest), "nothing is tried without the pepper");
        }
    }

    #[test]
    fn look_alikes_are_read_as_what_was_meant() {
        assert_eq!(read(&pepper(), ADA, "O2I3-4567-ABCD-EFIB"), read(&pepper(), ADA, "0213-4567-abcd-ef18"));
    }

    #[test]
    fn what_is_no_code_is_not_tried() {
        for typed in ["", "ABCD", "ABCD-EFGH-IJKL-MNO", "ABCD-EFGH-IJKL-MNOPQ", "ABCD-EFGH-IJKL-MNO9", &"A".repeat(10_000)] {
            assert_eq!(read(&pepper(), ADA, typed), None, "{}", typed.len());
        }
    }
}
