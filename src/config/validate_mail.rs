//! Rules for `[mail]`.

use std::net::IpAddr;

use super::validate::Found;
use super::{Config, MailTransport, SmtpTls};

impl Config {
    pub(super) fn check_mail(&self, found: &mut Found) {
        let mail = &self.mail;
        if domain(&mail.from).is_none() {
            found.add("mail.from", "not a mail address", "Write \"Example <no-reply@example.com>\".");
        }
        if mail.reply_to.as_deref().is_some_and(|address| domain(address).is_none()) {
            found.add("mail.reply_to", "not a mail address", "Write \"Help <help@example.com>\", or leave it out.");
        }
        found.positive("mail.timeout", mail.timeout);
        found.positive("mail.give_up_after", mail.give_up_after);
        match mail.transport {
            MailTransport::Smtp => self.check_smtp(found),
            MailTransport::File if mail.directory.as_os_str().is_empty() => found.add("mail.directory", "empty", "Name a directory."),
            MailTransport::File | MailTransport::Log => {}
        }
    }

    fn check_smtp(&self, found: &mut Found) {
        let mail = &self.mail;
        let host = mail.smtp_host.as_str();
        if host.is_empty() || host.contains(|c: char| c.is_whitespace() || c.is_control() || c == '/' || c == '@') {
            found.add(
                "mail.smtp_host",
                "no name of a server",
                "Write the SMTP server's name, such as \"smtp.example.com\", without a scheme.",
            );
            return;
        }
        let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        if mail.smtp_tls == SmtpTls::None && !here {
            let what = format!("{host} is another machine: anybody on the way could read links and codes, and use them");
            found.add("mail.smtp_tls", what, "Set it to \"starttls\" (port 587) or \"tls\" (port 465).");
        }
        if mail.smtp_tls == SmtpTls::None && mail.smtp_ca_file.is_some() {
            found.add("mail.smtp_ca_file", "of no use without TLS", "Leave it out, or set mail.smtp_tls to \"starttls\" or \"tls\".");
        }
        if !here && domain(&mail.from) == Some("localhost") {
            found.add(
                "mail.from",
                "no server takes mail from localhost",
                "Write an address of your own domain, such as \"Example <no-reply@example.com>\".",
            );
        }
        match (&mail.smtp_username, &mail.smtp_password) {
            (Some(_), None) => found.add("mail.smtp_username", "the password is missing", "Set mail.smtp_password too."),
            (None, Some(_)) => found.add("mail.smtp_password", "the user name is missing", "Set mail.smtp_username too."),
            _ => {}
        }
    }
}

/// Of `name@example.com` or `Name <name@example.com>`; the mail library reads it again, to the letter, when the service starts.
fn domain(mailbox: &str) -> Option<&str> {
    if mailbox.chars().any(char::is_control) {
        return None;
    }
    let address = match mailbox.trim().split_once('<') {
        Some((_, rest)) => rest.strip_suffix('>')?,
        None => mailbox.trim(),
    };
    let (local, domain) = address.rsplit_once('@')?;
    let good = |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | ','));
    (good(local) && good(domain)).then_some(domain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Mail;
    use crate::secret::Secret;

    fn keys_of(change: impl FnOnce(&mut Mail)) -> Vec<String> {
        let mut config = Config::default();
        change(&mut config.mail);
        config.problems().into_iter().filter_map(|problem| problem.key).collect()
    }

    fn smtp(mail: &mut Mail) {
        mail.transport = MailTransport::Smtp;
        mail.smtp_host = "smtp.example.com".to_owned();
        mail.from = "Example <no-reply@example.com>".to_owned();
    }

    fn keys_of_smtp(change: impl FnOnce(&mut Mail)) -> Vec<String> {
        keys_of(|mail| {
            smtp(mail);
            change(mail);
        })
    }

    #[test]
    fn a_relay_elsewhere_is_spoken_to_under_tls() {
        assert!(keys_of(smtp).is_empty());
        assert_eq!(keys_of_smtp(|mail| mail.smtp_tls = SmtpTls::None), ["mail.smtp_tls"]);
        for here in ["localhost", "127.0.0.1", "::1"] {
            let found = keys_of_smtp(|mail| {
                mail.smtp_tls = SmtpTls::None;
                mail.smtp_host = here.to_owned();
            });
            assert!(found.is_empty(), "{here}");
        }
    }

    #[test]
    fn an_smtp_server_has_a_name() {
        for host in ["", " ", "smtp://smtp.example.com", "user@smtp.example.com"] {
            assert_eq!(keys_of_smtp(|mail| mail.smtp_host = host.to_owned()), ["mail.smtp_host"], "{host}");
        }
    }

    #[test]
    fn user_name_and_password_go_together() {
        assert_eq!(keys_of_smtp(|mail| mail.smtp_username = Some("us".to_owned())), ["mail.smtp_username"]);
        assert_eq!(keys_of_smtp(|mail| mail.smtp_password = Some(Secret::new("x".to_owned()))), ["mail.smtp_password"]);
    }

    #[test]
    fn senders_are_addresses() {
        for bad in [
            "",
            "nobody",
            "Example <no-reply>",
            "no-reply@",
            "@example.com",
            "Example <a@example.com",
            "a@example.com, b@example.com",
            "a@b\r\nBcc: c@d",
        ] {
            assert_eq!(keys_of(|mail| mail.from = bad.to_owned()), ["mail.from"], "{bad:?}");
            assert_eq!(keys_of(|mail| mail.reply_to = Some(bad.to_owned())), ["mail.reply_to"], "{bad:?}");
        }
        assert_eq!(keys_of_smtp(|mail| mail.from = Mail::default().from), ["mail.from"]);
    }
}
