//! Whether a password is known from a data leak: a look-up by the first twenty bits of its SHA-1 (k-anonymity), off unless configured.
//!
//! What leaves the house is five hexadecimal digits, which a few hundred known passwords share; the answer is padded, so that its length says nothing. A
//! look-up that fails keeps nobody from choosing a password.

use std::fmt::Write as _;
use std::time::Duration;

use sha1::{Digest as _, Sha1};
use unicode_normalization::UnicodeNormalization as _;

use crate::app::App;
use crate::secret::Secret;

/// Nobody waits longer than this for an answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// A padded answer has about a thousand lines of forty bytes, and more each year. Not the 64 KiB of what others name: the address is the operator's own, and a
/// look-up whose answer has outgrown its measure would find nothing, silently (decision 0026).
const MAX_ANSWER: usize = 256 * 1024;

/// The digits that are sent.
const PREFIX: usize = 5;

/// Whether the configured service knows it. `false` without one, and when there is no answer in time.
pub(super) async fn is_known(app: &App, password: &Secret<String>) -> bool {
    let Some(url) = &app.config.password.breach_lookup_url else { return false };
    let text = Secret::new(password.expose().nfc().collect::<String>());
    let digest = hexadecimal(&Sha1::digest(text.expose().as_bytes()));
    let (prefix, suffix) = digest.split_at(PREFIX);
    let range = format!("{url}{prefix}");
    let answer = app.outbound.get_text(&range, &[("add-padding", "true")], MAX_ANSWER);
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok(lines)) => has(&lines, suffix),
        Ok(Err(error)) => unanswered(&error.to_string()),
        Err(_) => unanswered("no answer in time"),
    }
}

fn unanswered(cause: &str) -> bool {
    tracing::warn!(cause, "password.breach_lookup_url: a new password was accepted without asking for leaks");
    false
}

/// Lines are `<35 digits>:<count>`; padding has the count 0.
fn has(lines: &str, suffix: &str) -> bool {
    let mut known = lines.lines().filter_map(|line| line.trim().split_once(':'));
    known.any(|(digits, count)| digits.eq_ignore_ascii_case(suffix) && count.trim() != "0")
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02X}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_no_leak() {
        let lines = "0018A45C4D1DEF81644B54AB7F969B88D65:1\r\n00D4F6E8FA6EECAD2A3AA415EEC418D38EC:0\r\n";
        assert!(has(lines, "0018A45C4D1DEF81644B54AB7F969B88D65"));
        assert!(has(lines, "0018a45c4d1def81644b54ab7f969b88d65"));
        assert!(!has(lines, "00D4F6E8FA6EECAD2A3AA415EEC418D38EC"));
        assert!(!has("<html>not found</html>", "0018A45C4D1DEF81644B54AB7F969B88D65"));
    }

    #[test]
    fn digits_are_upper_case() {
        assert_eq!(hexadecimal(&[0, 10, 255]), "000AFF");
    }
}
