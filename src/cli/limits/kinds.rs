//! Everything that is counted in the store's buckets, a line each: for `list` to show and for `release` to find.

use uuid::Uuid;

use crate::config::{Config, Quota};

/// Whose doing is counted, and what the key ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// `…:<user id>`, perhaps with a device after it.
    Account,
    /// `…:<address class>`.
    Address,
    /// `…:<user id>:<address class>`.
    AccountAndAddress,
    /// `…:<something else>:<address class>`.
    OtherAndAddress,
    /// `…:<client id>`.
    Client,
    /// A keyed digest of an address that nobody has, or of a mailbox; or the id of one mail.
    Digest,
}

pub(super) struct Kind {
    /// With the colon.
    pub(super) prefix: &'static str,
    pub(super) why: &'static str,
    pub(super) whose: Whose,
    pub(super) quota: fn(&Config) -> Quota,
}

impl Kind {
    /// The account in a key of this kind.
    pub(super) fn account(&self, key: &str) -> Option<Uuid> {
        match self.whose {
            Whose::Account | Whose::AccountAndAddress => key.strip_prefix(self.prefix)?.get(..36)?.parse().ok(),
            _ => None,
        }
    }
}

const fn kind(prefix: &'static str, why: &'static str, whose: Whose, quota: fn(&Config) -> Quota) -> Kind {
    Kind { prefix, why, whose, quota }
}

const MAILS_PER_ACCOUNT: fn(&Config) -> Quota = |config| config.recovery.mails_per_account;
const MAILS_PER_ADDRESS: fn(&Config) -> Quota = |config| config.recovery.mails_per_address;

pub(super) static KINDS: [Kind; 22] = [
    kind("password-address:", "wrong passwords from one address", Whose::Address, |config| config.limits.password_per_address),
    kind("password-account:", "wrong passwords for one account from one address", Whose::AccountAndAddress, |config| {
        config.limits.password_per_account_and_address
    }),
    kind("client:", "failed authentications of a client from one address", Whose::OtherAndAddress, |config| {
        config.limits.client_authentication
    }),
    kind("client-total:", "failed authentications of a client over all addresses", Whose::Client, |config| {
        config.limits.client_authentication_total
    }),
    kind("client-unknown:", "failed authentications of clients that do not exist, from one address", Whose::Address, |config| {
        config.limits.client_authentication
    }),
    kind("device-request:", "requests of a client's devices from one address", Whose::OtherAndAddress, |config| {
        config.limits.device_requests
    }),
    kind("device-request-total:", "requests of a client's devices over all addresses", Whose::Client, |config| {
        config.limits.device_requests_total
    }),
    kind("device-code-address:", "wrong user codes of devices from one address", Whose::Address, |config| config.limits.device_codes),
    kind("device-code-account:", "wrong user codes of devices by one person", Whose::Account, |config| config.limits.device_codes),
    kind("mailed-code:", "codes by mail that nobody gave", Whose::Account, |config| config.limits.mailed_codes),
    kind("unlock-codes:", "pauses of codes lifted by mail", Whose::Account, |config| config.limits.code_unlocks),
    kind("unlock-account:", "mails that unlock one account", Whose::Account, MAILS_PER_ACCOUNT),
    kind("unlock-address:", "mails that unlock, asked for from one address", Whose::Address, MAILS_PER_ADDRESS),
    kind("password-reset-code:", "codes of password resets for one account", Whose::Account, |config| config.recovery.codes_per_account),
    kind("password-reset-account:", "password resets of one account", Whose::Account, MAILS_PER_ACCOUNT),
    kind("password-reset-address:", "password resets asked for from one address", Whose::Address, MAILS_PER_ADDRESS),
    kind("confirm-email-account:", "mails that confirm an address, of one account", Whose::Account, MAILS_PER_ACCOUNT),
    kind("confirm-email-address:", "mails that confirm an address, asked for from one address", Whose::Address, MAILS_PER_ADDRESS),
    kind("confirm-email-to:", "mails that confirm an address, to one mailbox", Whose::Digest, MAILS_PER_ACCOUNT),
    kind("sign-up-email:", "sign-ups with one mailbox", Whose::Digest, MAILS_PER_ACCOUNT),
    kind("sign-up-address:", "sign-ups from one address", Whose::Address, MAILS_PER_ADDRESS),
    kind("notify-administrator:", "messages to the administrators", Whose::Account, |_| {
        crate::account::console::activity::notify::MESSAGES
    }),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What only keeps the log short, what is in memory alone, and what belongs to one mail and is worth nothing to anybody else.
    const NOT_LISTED: [&str; 2] = ["limited:", "typed-code:"];

    /// What the source writes after a prefix is the same wherever it is written, and what its line says: two budgets under one prefix would be shown with
    /// the figures of one of them.
    fn parts(whose: Whose) -> usize {
        match whose {
            Whose::AccountAndAddress | Whose::OtherAndAddress => 2,
            Whose::Account | Whose::Address | Whose::Client | Whose::Digest => 1,
        }
    }

    /// Every key of a bucket that the source makes is of a kind in the list.
    #[test]
    fn every_bucket_has_a_line() {
        let mut found: BTreeSet<(String, usize)> = BTreeSet::new();
        for entry in walkdir(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
            let text = std::fs::read_to_string(&entry).unwrap();
            let production = text.split("#[cfg(test)]").next().unwrap_or_default();
            if !production.contains("buckets::take(")
                && !production.contains("MailBudget::new(")
                && !production.contains("buckets::{self, Take}")
            {
                continue;
            }
            for piece in production.split("format!(\"").skip(1) {
                let prefix: String = piece.chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect();
                if piece[prefix.len()..].starts_with(":{") {
                    let key = piece.split('"').next().unwrap_or_default();
                    found.insert((format!("{prefix}:"), key.matches(":{").count()));
                }
            }
        }
        // In the same files, and no bucket: rows of failures and of tried passwords, and texts that begin with something else.
        found.retain(|(prefix, _)| !["password:", ":"].contains(&prefix.as_str()));
        for prefix in NOT_LISTED {
            assert!(found.iter().any(|(found, _)| found == prefix), "{prefix}");
            found.retain(|(found, _)| found != prefix);
        }
        let listed: BTreeSet<_> = KINDS.iter().map(|kind| (kind.prefix.to_owned(), parts(kind.whose))).collect();
        assert_eq!(found, listed);
    }

    fn walkdir(directory: &std::path::Path) -> Vec<std::path::PathBuf> {
        let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
        entries
            .flat_map(|path| if path.is_dir() { walkdir(&path) } else { vec![path] })
            .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
            .collect()
    }
}
