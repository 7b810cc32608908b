//! Sealing: authenticated encryption under the service's key-encryption keys.
//!
//! One key-encryption key seals, older ones still open. For each [`Purpose`] a key of its own is derived
//! (HKDF-SHA-256, RFC 5869), so that what was sealed for one purpose can never be opened as another.
//! XChaCha20-Poly1305: its 192-bit nonces can be drawn at random without counting messages.

use arc_swap::ArcSwap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::random::random_bytes;
use crate::clock::Timestamp;

const VERSION: u8 = 1;
const KEY_ID: usize = 4;
const NONCE: usize = 24;
const EXPIRY: usize = 8;

/// What a sealed value is for. Values of different purposes are sealed under different keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// An authorization request on its way through the pages.
    Flow,
    /// An authorization request that arrived by POST, on its way to the GET.
    PostedAuthorize,
    AuthorizationCode,
    RefreshToken,
    /// The accounts a browser has signed in with, in a cookie.
    KnownAccounts,
    /// The people to whom a browser is known, in a cookie.
    KnownDevice,
    /// A logout request on its way through the confirmation page.
    Logout,
    /// Form tokens against cross-site request forgery.
    Csrf,
    /// The one-time link that makes the first administrator.
    Setup,
    /// "This wasn't me" in a mail.
    NotMe,
    /// Links in mails that need no row: invitations, confirmations of an address.
    MailLink,
    /// The cookie of a browser that asked for such a mail, or opened one.
    MailCookie,
    /// The link that takes back the deletion of an account.
    CancelDeletion,
    /// A page of My Account that waits for the person to confirm who they are.
    AccountAction,
    /// A passkey ceremony in progress.
    PasskeyCeremony,
    /// What is kept of a typed address that is nobody's.
    TypedAddress,
    /// At rest: private signing keys.
    SigningKey,
    /// At rest: TOTP secrets.
    TotpSecret,
    /// At rest: mails that wait to be sent.
    Mail,
    /// At rest: proof that the key-encryption key is the one this database was made with.
    KeyCheck,
    /// Backups of the database.
    Backup,
    /// At rest: what recovery codes are digested with.
    Pepper,
}

impl Purpose {
    pub const ALL: [Self; 22] = [
        Self::Flow,
        Self::PostedAuthorize,
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::KnownAccounts,
        Self::KnownDevice,
        Self::Logout,
        Self::Csrf,
        Self::Setup,
        Self::NotMe,
        Self::MailLink,
        Self::MailCookie,
        Self::CancelDeletion,
        Self::AccountAction,
        Self::PasskeyCeremony,
        Self::TypedAddress,
        Self::SigningKey,
        Self::TotpSecret,
        Self::Mail,
        Self::KeyCheck,
        Self::Backup,
        Self::Pepper,
    ];

    const fn label(self) -> &'static str {
        match self {
            Self::Flow => "flow",
            Self::PostedAuthorize => "posted-authorize",
            Self::AuthorizationCode => "authorization-code",
            Self::RefreshToken => "refresh-token",
            Self::KnownAccounts => "known-accounts",
            Self::KnownDevice => "known-device",
            Self::Logout => "logout",
            Self::Csrf => "csrf",
            Self::Setup => "setup",
            Self::NotMe => "not-me",
            Self::MailLink => "mail-link",
            Self::MailCookie => "mail-cookie",
            Self::CancelDeletion => "cancel-deletion",
            Self::AccountAction => "account-action",
            Self::PasskeyCeremony => "passkey-ceremony",
            Self::TypedAddress => "typed-address",
            Self::SigningKey => "signing-key",
            Self::TotpSecret => "totp-secret",
            Self::Mail => "mail",
            Self::KeyCheck => "key-check",
            Self::Backup => "backup",
            Self::Pepper => "pepper",
        }
    }
}

/// A 256-bit key-encryption key. Its id is the start of its SHA-256, so that nobody has to number keys.
pub struct KeyEncryptionKey {
    id: [u8; KEY_ID],
    key: Zeroizing<[u8; 32]>,
}

impl KeyEncryptionKey {
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        let digest: [u8; 32] = Sha256::new().chain_update(b"vestibule kek id").chain_update(key).finalize().into();
        let [a, b, c, d, ..] = digest;
        Self { id: [a, b, c, d], key: Zeroizing::new(key) }
    }

    /// The id as it is printed for operators: eight hexadecimal digits.
    #[must_use]
    pub fn id(&self) -> String {
        printed(self.id)
    }
}

fn printed(id: [u8; KEY_ID]) -> String {
    format!("{:08x}", u32::from_be_bytes(id))
}

struct Derived {
    id: [u8; KEY_ID],
    ciphers: Vec<XChaCha20Poly1305>,
    mac: Vec<Zeroizing<[u8; 32]>>,
}

impl Derived {
    fn of(kek: &KeyEncryptionKey) -> Result<Self, SealError> {
        let hkdf = Hkdf::<Sha256>::new(None, kek.key.as_slice());
        let derive = |kind: &str, purpose: Purpose| {
            let mut key = Zeroizing::new([0; 32]);
            let info = format!("vestibule {kind} {}", purpose.label());
            // 32 bytes are within what HKDF-SHA-256 can expand; were they not, nothing may be sealed under a key of zeros.
            hkdf.expand(info.as_bytes(), key.as_mut_slice()).map(|()| key).map_err(|_| SealError)
        };
        let cipher = |purpose: &Purpose| derive("seal", *purpose).map(|key| XChaCha20Poly1305::new((&*key).into()));
        Ok(Self {
            id: kek.id,
            ciphers: Purpose::ALL.iter().map(cipher).collect::<Result<_, _>>()?,
            mac: Purpose::ALL.iter().map(|purpose| derive("mac", *purpose)).collect::<Result<_, _>>()?,
        })
    }
}

/// Seals and opens. Cheap to share behind an `Arc`; all keys are derived once.
pub struct Sealer {
    keys: ArcSwap<Vec<Derived>>,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealer({} keys)", self.keys.load().len())
    }
}

/// Why a sealed value was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError<T> {
    /// Authentic, but its time is over. The content is given, because "this page timed out" can still restart the request.
    #[error("expired")]
    Expired(T),
    /// Malformed, forged, sealed for another purpose or under a key we do not have.
    #[error("not sealed by this service")]
    Invalid,
}

#[derive(Debug, thiserror::Error)]
#[error("no usable key-encryption key")]
pub struct SealError;

impl Sealer {
    /// The first key seals; all open.
    ///
    /// # Errors
    /// When there is no key at all.
    pub fn new(keys: &[KeyEncryptionKey]) -> Result<Self, SealError> {
        if keys.is_empty() {
            return Err(SealError);
        }
        let derived: Vec<Derived> = keys.iter().map(Derived::of).collect::<Result<_, _>>()?;
        Ok(Self { keys: ArcSwap::from_pointee(derived) })
    }

    /// Goes on with the keys of another one, for everybody who shares this one.
    pub fn replace(&self, other: Self) {
        self.keys.store(other.keys.into_inner());
    }

    /// Seals a value that travels through a browser or a client: base64url text, worthless after `expires_at`.
    #[must_use]
    pub fn seal<T: Serialize>(&self, purpose: Purpose, value: &T, expires_at: Timestamp) -> String {
        let mut plain = Zeroizing::new(expires_at.millis().to_be_bytes().to_vec());
        // Values are our own plain structs: serialising them to memory does not fail.
        let _ = serde_json::to_writer(&mut *plain, value);
        URL_SAFE_NO_PAD.encode(self.seal_bytes(purpose, b"", &plain))
    }

    /// Opens what [`Sealer::seal`] made for the same purpose.
    ///
    /// # Errors
    /// [`OpenError::Expired`] with the content, or [`OpenError::Invalid`].
    pub fn open<T: DeserializeOwned>(&self, purpose: Purpose, sealed: &str, now: Timestamp) -> Result<T, OpenError<T>> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| OpenError::Invalid)?;
        let plain = Zeroizing::new(self.open_bytes(purpose, b"", &bytes).ok_or(OpenError::Invalid)?);
        let (expiry, json) = plain.split_first_chunk::<EXPIRY>().ok_or(OpenError::Invalid)?;
        let value = serde_json::from_slice(json).map_err(|_| OpenError::Invalid)?;
        if now >= Timestamp::from_millis(i64::from_be_bytes(*expiry)) {
            return Err(OpenError::Expired(value));
        }
        Ok(value)
    }

    /// Seals bytes that rest in the database. `context` (the row's id) is authenticated, not stored: a value moved to another row does not open.
    #[must_use]
    pub fn seal_bytes(&self, purpose: Purpose, context: &[u8], plain: &[u8]) -> Vec<u8> {
        let keys = self.keys.load();
        let Some(key) = keys.first() else { return Vec::new() };
        let Some(cipher) = key.ciphers.get(purpose as usize) else { return Vec::new() };
        let nonce = random_bytes::<NONCE>();
        let mut sealed = vec![VERSION];
        sealed.extend_from_slice(&key.id);
        let aad = [sealed.as_slice(), context].concat();
        sealed.extend_from_slice(&nonce);
        // Fails only for messages of more than 256 GiB.
        let text = cipher.encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: &aad }).unwrap_or_default();
        sealed.extend_from_slice(&text);
        sealed
    }

    /// Opens what [`Sealer::seal_bytes`] made for the same purpose and context.
    #[must_use]
    pub fn open_bytes(&self, purpose: Purpose, context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (head, rest) = sealed.split_first_chunk::<{ 1 + KEY_ID }>()?;
        let (nonce, text) = rest.split_first_chunk::<NONCE>()?;
        let [VERSION, key_id @ ..] = head else { return None };
        let aad = [head.as_slice(), context].concat();
        let open = |key: &Derived| key.ciphers.get(purpose as usize)?.decrypt(&XNonce::from(*nonce), Payload { msg: text, aad: &aad }).ok();
        // Ids are short: two keys may share one.
        self.keys.load().iter().filter(|key| key.id == *key_id).find_map(open)
    }

    /// Whether a sealed value was sealed under the key that seals now. What was not should be sealed again before older keys are taken away.
    #[must_use]
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        self.keys.load().first().is_some_and(|key| sealed.get(1..=KEY_ID) == Some(key.id.as_slice()))
    }

    /// The id of the key that a value was sealed under. `None`: it is none of ours, or no sealed value.
    #[must_use]
    pub fn key_of(&self, sealed: &[u8]) -> Option<String> {
        let id: [u8; KEY_ID] = sealed.get(1..=KEY_ID)?.try_into().ok()?;
        self.keys.load().iter().find(|key| key.id == id).map(|key| printed(key.id))
    }

    /// The id of the key that a value says it was sealed under, whether that is one of ours or not.
    #[must_use]
    pub fn named_by(sealed: &[u8]) -> Option<String> {
        Some(printed(sealed.get(1..=KEY_ID)?.try_into().ok()?))
    }

    /// For [`super::stream`]: under the key with this id.
    pub(super) fn stream_cipher(&self, purpose: Purpose, key: &str) -> Option<XChaCha20Poly1305> {
        self.keys.load().iter().find(|derived| printed(derived.id) == key)?.ciphers.get(purpose as usize).cloned()
    }

    /// The ids of the keys, the one that seals first.
    #[must_use]
    pub fn key_ids(&self) -> Vec<String> {
        self.keys.load().iter().map(|key| printed(key.id)).collect()
    }

    /// The id of the key that seals.
    #[must_use]
    pub fn newest(&self) -> String {
        self.keys.load().first().map(|key| printed(key.id)).unwrap_or_default()
    }

    /// What [`Sealer::seal_bytes`] made under any of the keys, under the key that seals now. `None`: it does not open.
    #[must_use]
    pub fn reseal(&self, purpose: Purpose, context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let plain = Zeroizing::new(self.open_bytes(purpose, context, sealed)?);
        Some(self.seal_bytes(purpose, context, &plain))
    }

    /// A message authentication code (HMAC-SHA-256) under the sealing key of this purpose.
    #[must_use]
    pub fn mac(&self, purpose: Purpose, message: &[u8]) -> [u8; 32] {
        self.keys.load().first().and_then(|key| mac_with(key, purpose, message)).unwrap_or_else(random_bytes)
    }

    /// The same under every key, the newest first: for a code that a database is asked for, and may have been made under an older key.
    #[must_use]
    pub fn macs(&self, purpose: Purpose, message: &[u8]) -> Vec<[u8; 32]> {
        self.keys.load().iter().filter_map(|key| mac_with(key, purpose, message)).collect()
    }

    /// Whether `tag` is the code of `message` under any of the keys, in constant time per key.
    #[must_use]
    pub fn verify_mac(&self, purpose: Purpose, message: &[u8], tag: &[u8]) -> bool {
        let matches = |key| mac_with(key, purpose, message).is_some_and(|expected| super::digest::equal(&expected, tag));
        self.keys.load().iter().any(matches)
    }
}

/// `None` cannot happen (HMAC takes keys of any length); were it to, no code may match.
fn mac_with(key: &Derived, purpose: Purpose, message: &[u8]) -> Option<[u8; 32]> {
    let hmac = Hmac::<Sha256>::new_from_slice(key.mac.get(purpose as usize)?.as_slice()).ok()?;
    Some(hmac.chain_update(message).finalize().into_bytes().into())
}

#[cfg(test)]
#[path = "seal_tests.rs"]
mod tests;
