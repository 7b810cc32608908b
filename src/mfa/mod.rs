//! Second factors: authenticator apps, codes by e-mail, recovery codes, passkeys, trusted devices.
//!
//! Owns: making, verifying and removing them; the proofs that a second factor was given. Must not: make sessions (`session::start`), or verify
//! passwords. RFC 6238, RFC 4226, WebAuthn Level 3, NIST SP 800-63B §3.1, OWASP ASVS 5 §6.5.
