//! E-mail addresses.

/// The canonical form people are looked up by: trimmed, NFC, case-folded, the domain in its ASCII form (UTS #46).
/// `None` when it is no address: at most 254 bytes, exactly one `@` outside the ends, no control characters or white space.
#[must_use]
pub fn canonical(address: &str) -> Option<String> {
    todo!()
}
