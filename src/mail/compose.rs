//! A letter as a message of RFC 5322: headers, and both parts.
//!
//! Addresses and names are typed values that the builder encodes; nothing here puts text into a header by hand.

use std::time::{Duration, SystemTime};

use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use uuid::Uuid;

use super::words;
use crate::clock::Timestamp;
use crate::config;
use crate::web::pages::Rendered;

/// Who writes: `mail.from` and `mail.reply_to`, parsed.
#[derive(Clone, Debug)]
pub(super) struct Sender {
    from: Mailbox,
    reply_to: Option<Mailbox>,
}

/// A message ready to be handed over, always the same for the same row but for its date.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub id: Uuid,
    pub kind: &'static str,
    pub envelope: Envelope,
    pub bytes: Vec<u8>,
}

impl Outgoing {
    /// Whom it goes to, for logs.
    pub(super) fn recipient(&self) -> &str {
        self.envelope.to().first().map_or("nobody", AsRef::as_ref)
    }
}

/// The setting at fault and what is wrong with it.
pub(super) type Fault = (&'static str, String);

impl Sender {
    pub(super) fn of(config: &config::Mail, brand: &config::Brand) -> Result<Self, Fault> {
        let mut from = mailbox("mail.from", &config.from)?;
        if from.name.is_none() {
            from.name = Some(words::line(&brand.name));
        }
        let reply_to = config.reply_to.as_deref().map(|text| mailbox("mail.reply_to", text)).transpose()?;
        Ok(Self { from, reply_to })
    }

    /// Somebody reads what is answered.
    pub(super) const fn is_answered(&self) -> bool {
        self.reply_to.is_some()
    }

    /// # Errors
    /// Why there can be no mail to this address.
    pub(super) fn compose(
        &self,
        id: Uuid,
        kind: &'static str,
        to: &super::Recipient,
        letter: Rendered,
        now: Timestamp,
    ) -> Result<Outgoing, String> {
        let address: Address = to.email.parse().map_err(|error| format!("{} cannot be mailed: {error}", words::short(&to.email)))?;
        let envelope = Envelope::new(Some(self.from.email.clone()), vec![address.clone()]).map_err(|error| error.to_string())?;
        let mut message = lettre::Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(to.name.as_deref().and_then(words::name), address))
            .subject(words::line(&letter.subject))
            .date(system_time(now))
            .message_id(Some(format!("<{}@{}>", id.simple(), self.from.email.domain())))
            .header(AutoSubmitted)
            .header(NoAutomaticAnswer)
            .envelope(envelope.clone());
        if let Some(reply_to) = &self.reply_to {
            message = message.reply_to(reply_to.clone());
        }
        // The row's id: no text that anybody wrote before it existed can contain it.
        let parts = MultiPart::alternative().boundary(format!("=_{}", id.simple()));
        let body = parts.singlepart(SinglePart::plain(letter.text)).singlepart(SinglePart::html(letter.html));
        let message = message.multipart(body).map_err(|error| error.to_string())?;
        Ok(Outgoing { id, kind, envelope, bytes: message.formatted() })
    }
}

fn mailbox(key: &'static str, text: &str) -> Result<Mailbox, Fault> {
    let parsed: Mailbox = text.parse().map_err(|error| (key, format!("not a mail address: {error}")))?;
    if text.chars().any(char::is_control) { Err((key, "contains a control character".to_owned())) } else { Ok(parsed) }
}

fn system_time(now: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(now.secs()).unwrap_or(0))
}

/// RFC 3834 §5: written by a program, so no program answers it.
#[derive(Clone)]
struct AutoSubmitted;

/// The same for Exchange and Outlook.
#[derive(Clone)]
struct NoAutomaticAnswer;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

impl Header for NoAutomaticAnswer {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("X-Auto-Response-Suppress")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "All".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::Recipient;

    fn sender(change: impl FnOnce(&mut config::Mail)) -> Result<Sender, Fault> {
        let mut config = config::Mail { from: "no-reply@id.example.com".to_owned(), ..config::Mail::default() };
        change(&mut config);
        Sender::of(&config, &config::Brand::default())
    }

    fn composed(name: Option<&str>, email: &str, subject: &str) -> Result<String, String> {
        let to = Recipient { user_id: None, email: email.to_owned(), name: name.map(str::to_owned), locale: "en".to_owned() };
        let letter = Rendered { subject: subject.to_owned(), text: "text\n".to_owned(), html: "<p>text</p>\n".to_owned() };
        let outgoing =
            sender(|_| ()).unwrap().compose(Uuid::from_u128(7), "password_changed", &to, letter, Timestamp::from_secs(1_800_000_000))?;
        Ok(String::from_utf8(outgoing.bytes).unwrap())
    }

    /// The header fields, unfolded.
    fn fields(message: &str) -> Vec<String> {
        message.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ").split("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn a_message_has_the_headers_of_a_machines_mail() {
        let message = composed(Some("Ana Lima"), "ana@example.com", "Hello").unwrap();
        let fields = fields(&message);
        for expected in [
            "From: Vestibule <no-reply@id.example.com>",
            "To: \"Ana Lima\" <ana@example.com>",
            "Subject: Hello",
            "Date: Fri, 15 Jan 2027 08:00:00 +0000",
            "Message-ID: <00000000000000000000000000000007@id.example.com>",
            "Auto-Submitted: auto-generated",
            "X-Auto-Response-Suppress: All",
            "MIME-Version: 1.0",
        ] {
            assert!(fields.iter().any(|field| field == expected), "{expected}: {fields:#?}");
        }
        assert!(message.contains("Content-Type: multipart/alternative") && message.contains("text/plain") && message.contains("text/html"));
    }

    #[test]
    fn nobody_can_write_a_header() {
        let plain = fields(&composed(Some("Ana"), "ana@example.com", "Hello").unwrap()).len();
        for hostile in [
            "Ana\r\nBcc: x@evil.example",
            "Ana\nBcc: x",
            "Ana\r\n\r\nbody",
            "\"Ana\" <x@evil.example>,",
            "Ana\0",
            "a\u{2028}b",
            "=?utf-8?q?x=0d=0aBcc:?=",
        ] {
            for message in [composed(Some(hostile), "ana@example.com", "Hello"), composed(None, "ana@example.com", hostile)] {
                let fields = fields(&message.unwrap());
                assert_eq!(fields.len(), plain, "{hostile:?}: {fields:#?}");
                assert!(!fields.iter().any(|field| field.starts_with("Bcc")), "{fields:#?}");
                let to = fields.iter().find(|field| field.starts_with("To: ")).unwrap();
                assert_eq!(to.matches('@').count(), 1, "{to}");
            }
        }
    }

    #[test]
    fn an_address_that_is_none_is_refused() {
        for hostile in [
            "",
            "ana",
            "ana@",
            "ana@example.com\r\nBcc: x@evil.example",
            "ana@example.com, x@evil.example",
            "a b@example.com",
            "<ana@example.com>",
            "ana@exa mple.com",
        ] {
            assert!(composed(None, hostile, "Hello").is_err(), "{hostile:?}");
        }
    }

    #[test]
    fn addresses_may_have_letters_of_any_script() {
        let message = composed(None, "jos\u{e9}@example.com", "Hello").unwrap();
        assert!(fields(&message).contains(&"To: jos\u{e9}@example.com".to_owned()));
    }

    #[test]
    fn a_sender_that_is_none_is_named() {
        assert_eq!(sender(|c| c.from = "nobody".to_owned()).unwrap_err().0, "mail.from");
        assert_eq!(sender(|c| c.from = "A <a@example.com>\r\nBcc: x".to_owned()).unwrap_err().0, "mail.from");
        assert_eq!(sender(|c| c.reply_to = Some("help".to_owned())).unwrap_err().0, "mail.reply_to");
        let own = sender(|c| c.from = "Acme, Inc. <a@example.com>".to_owned());
        assert!(own.is_err() || own.unwrap().from.name.is_some());
    }
}
