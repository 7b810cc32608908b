//! One of every message: for the template check, the tests, and operators who try their settings.

use std::time::Duration;

use super::letter::letter;
use super::{Message, Recipient, Where};
use crate::clock::Timestamp;
use crate::config::Issuer;
use crate::web::pages::views::mail::Letter;

/// What somebody may have typed where a name belongs.
const HOSTILE: &str = "<script>alert(1)</script>\"' onfocus=x &\r\nBcc: x@evil.example\r\n\r\n\u{202e}\u{5d0}\u{5d1} \u{645}\u{631}";

/// Every message, in every state.
#[must_use]
pub fn messages(issuer: &Issuer, now: Timestamp) -> Vec<Message> {
    let writer = Writer { issuer, now, words: "Work laptop", application: Some("AutoTalk") };
    writer.all()
}

/// All letters by name, with ordinary and with hostile words.
#[must_use]
pub fn letters(issuer: &Issuer, now: Timestamp) -> Vec<(String, Letter)> {
    let named = |name: Option<&str>| Recipient {
        user_id: Some(uuid::Uuid::nil()),
        email: "ana@example.com".to_owned(),
        name: name.map(str::to_owned),
        locale: "en".to_owned(),
    };
    let mut letters = Vec::new();
    for (suffix, words, recipient, answered) in [
        ("", "Work laptop", named(Some("Ana Lima")), true),
        ("-hostile", HOSTILE, named(Some(HOSTILE)), false),
        ("-bare", "", named(None), false),
    ] {
        let application = Some(words).filter(|words| !words.is_empty());
        for (number, message) in (Writer { issuer, now, words, application }).all().iter().enumerate() {
            letters.push((format!("mail-{number}-{}{suffix}", message.kind()), letter(message, &recipient, issuer, answered)));
        }
    }
    letters
}

struct Writer<'a> {
    issuer: &'a Issuer,
    now: Timestamp,
    words: &'a str,
    application: Option<&'a str>,
}

impl Writer<'_> {
    fn all(&self) -> Vec<Message> {
        let mut all = self.codes();
        all.extend(self.changes());
        all.extend(self.account());
        all
    }

    fn place(&self) -> Where {
        Where {
            at: self.now,
            address: Some("192.0.2.1".to_owned()),
            device: Some("Firefox on Windows".to_owned()),
            application: self.application.map(str::to_owned),
        }
    }

    /// As long as ours are.
    fn link(&self, path: &str) -> String {
        self.issuer.url(&format!("{path}?token={}", "Sample-token_0123456789abcdef".repeat(8)))
    }

    fn not_me(&self) -> String {
        self.link("/not-me")
    }

    fn codes(&self) -> Vec<Message> {
        let code = || "287082".to_owned();
        let invitation = |inviter: Option<&str>, organization: Option<&str>| Message::Invitation {
            link: self.link("/invitation"),
            inviter: inviter.map(str::to_owned),
            organization: organization.map(str::to_owned),
            days: 7,
        };
        vec![
            Message::PasswordReset { link: self.link("/password/reset/finish"), code: code(), minutes: 30, place: self.place() },
            Message::OneTimeCode { code: code(), minutes: 10, place: self.place() },
            Message::ConfirmEmail { link: self.link("/email/confirm"), code: code(), minutes: 1 },
            Message::AlreadyRegistered { login: self.link("/login"), place: self.place() },
            invitation(Some("Bruno Costa"), Some(self.words)),
            invitation(Some(self.words), None),
            invitation(None, None),
        ]
    }

    fn changes(&self) -> Vec<Message> {
        let (place, not_me) = (|| self.place(), || self.not_me());
        let mut all = vec![
            Message::NewDevice { place: place(), not_me: not_me() },
            Message::PasswordChanged { place: place(), not_me: not_me() },
            Message::SecondFactorEnabled { place: place(), not_me: not_me() },
            Message::SecondFactorReplaced { place: place(), not_me: not_me() },
            Message::SecondFactorDisabled { place: place(), not_me: not_me() },
            Message::SecondFactorReset { reason: self.words.to_owned(), place: place(), not_me: not_me() },
            Message::PasskeyAdded { passkey: self.words.to_owned(), place: place(), not_me: not_me() },
            Message::PasskeyRemoved { passkey: self.words.to_owned(), place: place(), not_me: not_me() },
            Message::RecoveryCodesReplaced { place: place(), not_me: not_me() },
            Message::SecondFactorGuessed { attempts: 10, place: place(), not_me: not_me() },
        ];
        all.extend([7, 1, 0].map(|left| Message::RecoveryCodeUsed { left, place: place(), not_me: not_me() }));
        for enabled in [true, false] {
            all.push(Message::EmailCodesChanged { enabled, place: place(), not_me: not_me() });
            all.push(Message::EmailChanged {
                new_email: "ana.lima@example.com".to_owned(),
                done: enabled,
                place: place(),
                not_me: not_me(),
            });
        }
        all
    }

    fn unlock(&self, codes: bool) -> Message {
        Message::Unlock { link: self.link("/login/unlock"), minutes: 15, codes, place: self.place() }
    }

    fn account(&self) -> Vec<Message> {
        vec![
            self.unlock(false),
            self.unlock(true),
            Message::AccountSecured { reset: self.issuer.url("/password/reset"), place: self.place() },
            Message::AdministratorNotice {
                person: "ana@example.com".to_owned(),
                organization: "Ministry of Administrative Affairs".to_owned(),
                words: Some(self.words.to_owned()),
                place: self.place(),
            },
            Message::AccountDeletion {
                at: self.now.plus(Duration::from_hours(30 * 24)),
                cancel: self.link("/account/delete"),
                place: self.place(),
            },
            Message::AccountDeletionCancelled { place: self.place() },
        ]
    }
}
