//! Second factors: authenticator apps, codes by e-mail, recovery codes, passkeys, trusted devices.
//!
//! Owns: making, verifying and removing them; the proofs that a second factor was given. Must not: make sessions (`session::start`), or verify
//! passwords. RFC 6238, RFC 4226, WebAuthn Level 3, NIST SP 800-63B §3.1, OWASP ASVS 5 §6.5.

pub mod attempts;
mod digits;
pub mod email_code;
pub mod enrolment;
pub mod passkey;
pub mod recovery_codes;
pub mod reset;
mod scene;
pub mod totp;
pub mod trusted_device;
pub mod verify;

pub use attempts::Blocked;
pub use digits::{SixDigits, Unreadable};
pub use scene::Scene;
