//! Clients as the protocol sees them: the cache, and the rules for their metadata.
//!
//! Owns: [`ClientCache`], [`ClientKeySets`], [`check_metadata`], client ids and secrets. Must not: write clients (`cli`, `declare`).
//! RFC 7591 §2, RFC 8252, OpenID Connect Registration §2, RP-Initiated Logout §3.1, Back-Channel Logout §2.2.

mod cache;
mod key_metadata;
mod keys;
mod metadata;
mod uri;

pub use cache::ClientCache;
pub use keys::ClientKeySets;
pub use metadata::{MetadataProblem, check_metadata, unknown_scopes};

use crate::secret::{Secret, random_token};
use crate::store::clients::Client;
use crate::web::pages::form_action_sources;

/// Longest client id, in bytes.
const MAX_CLIENT_ID: usize = 255;
/// Shortest secret accepted from a declared state: 256 bits in hexadecimal or base64url are longer, sentences of people mostly are not.
const MIN_SECRET: usize = 32;

/// Whether a text can be a client id: 1 to 255 visible ASCII characters (RFC 6749 appendix A.1) without space, `"` and `\`, which error
/// descriptions could not quote (§5.2). The one rule for all who look a client up; registration may be stricter.
#[must_use]
pub fn is_client_id(text: &str) -> bool {
    (1..=MAX_CLIENT_ID).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~'))
}

/// Whether a secret that was brought along can be one: at least 32 unreserved characters. Only digests of secrets are kept, and
/// they are fast to compute: a secret must be too long to guess.
#[must_use]
pub fn is_client_secret(text: &str) -> bool {
    (MIN_SECRET..=512).contains(&text.len()) && text.bytes().all(is_unreserved)
}

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// A new client secret: 256 random bits with the prefix `vst_cs_`.
#[must_use]
pub fn new_secret() -> Secret<String> {
    Secret::new(format!("vst_cs_{}", random_token()))
}

/// The origins of `address` and of all addresses a client has registered: where a form of ours may lead to in the end, because browsers hold every
/// redirect after a post against the page's content security policy, the application's own included.
#[must_use]
pub fn leads_to(client: &Client, address: &str) -> Option<String> {
    let metadata = &client.metadata;
    let registered = metadata.redirect_uris.iter().chain(&metadata.post_logout_redirect_uris).chain(&metadata.client_uri);
    form_action_sources(address, registered.map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_ids_are_visible_ascii() {
        for good in ["autotalk", "a", "https://app.example", "A-1_2.3", "a:b/c%41+d", &"x".repeat(255)] {
            assert!(is_client_id(good), "{good}");
        }
        for bad in ["", "a b", "a\"b", "a\\b", "caf\u{e9}", "a\0b", "a\u{7f}", &"x".repeat(256)] {
            assert!(!is_client_id(bad), "{bad}");
        }
    }

    #[test]
    fn new_secrets_are_long_unlike_each_other_and_good_enough_to_be_declared() {
        let (one, other) = (new_secret(), new_secret());
        assert_ne!(one.expose(), other.expose());
        assert!(one.expose().starts_with("vst_cs_") && is_client_secret(one.expose()));
        assert!(!is_client_secret("correct horse battery staple"));
    }
}
