//! What each message says: from a [`Message`] to what the templates need.

use super::words;
use super::{Message, Recipient, Where};
use crate::config::Issuer;
use crate::web::pages::views::mail::{Action, Fact, Letter, Value};

/// The letter for this person. `answered`: somebody reads what they answer.
pub(super) fn letter(message: &Message, to: &Recipient, issuer: &Issuer, answered: bool) -> Letter {
    let origin = issuer.as_str();
    let mut letter = Letter {
        kind: message.kind(),
        name: to.name.as_deref().and_then(words::name),
        email: words::line(&to.email),
        issuer: origin.to_owned(),
        host: origin.split_once("://").map_or(origin, |(_, host)| host).to_owned(),
        answered,
        ..Letter::default()
    };
    if to.user_id.is_some() {
        letter.fact("account", &to.email);
    }
    fill(&mut letter, message);
    letter
}

fn fill(letter: &mut Letter, message: &Message) {
    match message {
        Message::PasswordReset { link, code, minutes, place } => {
            letter.code(code, *minutes).action("password_reset", link).advice("password_reset").place(place);
        }
        Message::OneTimeCode { code, minutes, place } => {
            letter.code(code, *minutes).advice("one_time_code").place(place);
        }
        Message::ConfirmEmail { link, code, minutes } => {
            letter.code(code, *minutes).action("confirm_email", link).advice("confirm_email");
        }
        Message::EmailChanged { new_email, done, place, not_me } => {
            letter.kind = if *done { "email_changed" } else { "email_change_requested" };
            letter.fact("new_email", new_email).place(place).not_me(not_me);
        }
        Message::Invitation { link, inviter, organization, days } => {
            letter.number("days", *days).action("invitation", link).advice("invitation");
            letter.fact_if("organization", organization.as_deref());
            if let Some(inviter) = inviter.as_deref().and_then(words::name) {
                letter.kind = "invitation_from";
                letter.text("inviter", inviter);
            }
        }
        Message::AlreadyRegistered { login, place } => {
            letter.action("log_in", login).advice("already_registered").place(place);
        }
        Message::Unlock { link, minutes, codes, place } => {
            let kind = if *codes { "unlock_codes" } else { "unlock" };
            letter.kind = kind;
            letter.number("minutes", *minutes).action("unlock", link).advice(kind).place(place);
        }
        Message::AccountSecured { reset, place } => {
            letter.action("password_reset", reset).place(place).advice("account_secured");
        }
        Message::AdministratorNotice { person, organization, words, place } => {
            letter.text("person", words::short(person)).fact("person", person).fact("organization", organization);
            letter.fact_if("words", words.as_deref()).place(place).advice("administrator_notice");
        }
        Message::AccountDeletion { at, cancel, place } => {
            letter.day = Some(at.secs());
            letter.place(place).advice("account_deletion").action("deletion", cancel);
        }
        Message::AccountDeletionCancelled { place } => {
            letter.place(place).advice("account_deletion_cancelled");
        }
        notice => fill_notice(letter, notice),
    }
}

/// What changed, where, and "This wasn't me".
fn fill_notice(letter: &mut Letter, message: &Message) {
    match message {
        Message::SecondFactorReset { reason, .. } => {
            letter.fact("reason", reason);
        }
        Message::EmailCodesChanged { enabled, .. } => letter.kind = if *enabled { "email_codes_on" } else { "email_codes_off" },
        Message::PasskeyAdded { passkey, .. } | Message::PasskeyRemoved { passkey, .. } => {
            letter.fact("passkey", passkey);
        }
        Message::RecoveryCodeUsed { left, .. } => {
            letter.number("left", *left);
        }
        Message::SecondFactorGuessed { attempts, .. } => {
            letter.number("attempts", *attempts);
        }
        _ => {}
    }
    if let Some((place, not_me)) = message.notice() {
        letter.place(place).not_me(not_me);
    }
}

impl Message {
    /// Where it happened and the link "This wasn't me", of the messages about a change.
    fn notice(&self) -> Option<(&Where, &str)> {
        match self {
            Self::NewDevice { place, not_me }
            | Self::PasswordChanged { place, not_me }
            | Self::SecondFactorEnabled { place, not_me }
            | Self::SecondFactorReplaced { place, not_me }
            | Self::SecondFactorDisabled { place, not_me }
            | Self::SecondFactorReset { place, not_me, .. }
            | Self::EmailCodesChanged { place, not_me, .. }
            | Self::PasskeyAdded { place, not_me, .. }
            | Self::PasskeyRemoved { place, not_me, .. }
            | Self::RecoveryCodeUsed { place, not_me, .. }
            | Self::RecoveryCodesReplaced { place, not_me }
            | Self::SecondFactorGuessed { place, not_me, .. } => Some((place, not_me)),
            _ => None,
        }
    }
}

/// Words of others go through [`words`] here, and nowhere else.
impl Letter {
    fn code(&mut self, code: &str, minutes: u32) -> &mut Self {
        let code = words::line(code);
        self.values.insert("code", Value::Text(code.clone()));
        self.code = Some(code);
        self.number("minutes", minutes)
    }

    fn number(&mut self, name: &'static str, number: u32) -> &mut Self {
        self.values.insert(name, Value::Number(number));
        self
    }

    fn text(&mut self, name: &'static str, text: String) -> &mut Self {
        self.values.insert(name, Value::Text(text));
        self
    }

    fn action(&mut self, label: &'static str, url: &str) -> &mut Self {
        self.action = Some(Action { label, url: words::line(url) });
        self
    }

    fn advice(&mut self, advice: &'static str) -> &mut Self {
        self.advice = Some(advice);
        self
    }

    fn not_me(&mut self, url: &str) -> &mut Self {
        self.not_me = Some(words::line(url));
        self.advice("not_me")
    }

    fn fact(&mut self, label: &'static str, value: &str) -> &mut Self {
        self.facts.push(Fact { label, value: words::short(value), at: None, system: None });
        self
    }

    fn fact_if(&mut self, label: &'static str, value: Option<&str>) -> &mut Self {
        if let Some(value) = value.filter(|value| !value.trim().is_empty()) {
            self.fact(label, value);
        }
        self
    }

    /// `Firefox on Windows` is said in the reader's language.
    fn device(&mut self, device: Option<&str>) -> &mut Self {
        let Some((browser, system)) = device.and_then(|device| device.split_once(" on ")) else { return self.fact_if("device", device) };
        self.facts.push(Fact { label: "device", value: words::short(browser), at: None, system: Some(words::short(system)) });
        self
    }

    fn place(&mut self, place: &Where) -> &mut Self {
        self.facts.push(Fact { label: "time", value: String::new(), at: Some(place.at.secs()), system: None });
        self.fact_if("address", place.address.as_deref());
        self.device(place.device.as_deref());
        self.fact_if("application", place.application.as_deref())
    }
}
