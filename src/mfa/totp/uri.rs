//! The key URI that authenticator apps read from the QR code.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{STEP, TotpSecret};

/// RFC 3986 §2.3; and `@`, which apps show as it is.
const KEPT: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'@');

/// `otpauth://totp/Issuer:account?…`. A colon in either name would be read as the one between them, so they have none.
#[must_use]
pub fn uri(secret: &TotpSecret, issuer: &str, account: &str) -> String {
    let clean = |name: &str| utf8_percent_encode(&name.replace(':', " "), &KEPT).to_string();
    let (issuer, account) = (clean(issuer), clean(account));
    format!("otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period={STEP}", secret.base32())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_names_issuer_account_and_parameters() {
        let secret = TotpSecret::from_base32("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap();
        assert_eq!(
            uri(&secret, "Acme: Café & Co", "ana+x@example.com"),
            "otpauth://totp/Acme%20%20Caf%C3%A9%20%26%20Co:ana%2Bx@example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Acme%20%20Caf%C3%A9%20%26%20Co&algorithm=SHA1&digits=6&period=30"
        );
    }
}
