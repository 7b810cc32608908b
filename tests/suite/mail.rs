//! Mail: the outbox, what is in a message, and what is never in one.

use std::time::Duration;

use vestibule::config::MailTransport;
use vestibule::mail::{self, Message, Recipient, Where, samples};
use vestibule::store::mails::{self, MailState};

use crate::harness::{ISSUER, TestApp, seed};

async fn recipient(app: &TestApp, email: &str, locale: &str) -> Recipient {
    let user = app.user(email).await;
    Recipient { user_id: Some(user.id), email: user.email, name: user.profile.name, locale: locale.to_owned() }
}

/// As the rooms do it: in a transaction.
async fn write(app: &TestApp, to: &Recipient, message: &Message) {
    let mail = mail::prepare(&app.app, to, message, app.now());
    let inserted = app.app.store.write(move |conn| {
        let mail = mail.clone();
        Box::pin(async move { mails::insert(conn, &mail).await })
    });
    inserted.await.unwrap();
}

fn code(app: &TestApp) -> Message {
    Message::OneTimeCode { code: "287082".to_owned(), minutes: 10, place: place(app) }
}

fn place(app: &TestApp) -> Where {
    Where {
        at: app.now(),
        address: Some("192.0.2.1".to_owned()),
        device: Some("Firefox on Windows".to_owned()),
        application: Some("AutoTalk".to_owned()),
    }
}

fn changed(app: &TestApp) -> Message {
    Message::PasswordChanged { place: place(app), not_me: format!("{ISSUER}/not-me?token=x") }
}

async fn rows(app: &TestApp) -> Vec<mails::Mail> {
    mails::list(&app.app.store.read(), 100).await.unwrap()
}

/// A service whose mail cannot be written: the directory is gone.
async fn without_directory() -> TestApp {
    let app = TestApp::start().await;
    std::fs::remove_dir_all(app.app.config.mail.directory.clone()).unwrap();
    app
}

/// A one-time code is the first thing on a lock screen and in the mail.
#[tokio::test]
async fn a_code_is_in_the_subject_and_on_the_first_line() {
    let app = TestApp::start().await;
    for (locale, subject) in [
        ("en", "287082 is your Vestibule one-time password"),
        ("pt-BR", "287082 é sua senha de uso único do Vestibule"),
        ("es", "287082 es tu contraseña de un solo uso de Vestibule"),
    ] {
        write(&app, &recipient(&app, seed::ANA, locale).await, &code(&app)).await;
        let mail = app.mail_to(seed::ANA).await;
        assert_eq!(mail.subject, subject);
        assert_eq!(mail.code().as_deref(), Some("287082"));
        assert!(mail.html.contains("<p class=\"code\">287082</p>"));
        assert!(mail.html.contains(&format!("lang=\"{locale}\"")));
        assert!(mail.links().is_empty(), "nothing to click in a mail that asks for nothing but typing");
        app.clear_mails().await;
        app.seconds_pass(1);
    }
}

/// Every notice says who, what, when, where, which application, and what to do if it was somebody else.
#[tokio::test]
async fn a_notice_says_what_happened_and_what_to_do() {
    let app = TestApp::start().await;
    write(&app, &recipient(&app, seed::ANA, "en").await, &changed(&app)).await;
    let mail = app.mail_to(seed::ANA).await;
    assert_eq!(mail.subject, "Your Vestibule password was changed");
    for part in [&mail.text, &mail.html] {
        for said in ["ana@example.test", "UTC", "192.0.2.1", "Firefox on Windows", "AutoTalk", "This wasn’t me", "idp.test"] {
            assert!(part.contains(said), "{said}: {part}");
        }
    }
    assert_eq!(mail.links(), [format!("{ISSUER}/not-me?token=x")]);
}

/// RFC 5322 §3.6, RFC 3834 §5.
#[tokio::test]
async fn a_mail_has_the_headers_of_a_machines_mail() {
    let app = TestApp::with(|config| config.mail.reply_to = Some("Help <help@example.test>".to_owned())).await;
    write(&app, &recipient(&app, seed::ANA, "en").await, &changed(&app)).await;
    let mail = app.mail_to(seed::ANA).await;
    for (name, value) in [
        ("From", "Vestibule <no-reply@localhost>"),
        ("Reply-To", "Help <help@example.test>"),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        ("MIME-Version", "1.0"),
    ] {
        assert_eq!(mail.header(name), Some(value), "{name}");
    }
    let id = rows(&app).await[0].id;
    assert_eq!(mail.header("Message-ID"), Some(format!("<{}@localhost>", id.simple()).as_str()));
    assert!(mail.text.contains("Answer this mail"), "{}", mail.text);
    assert!(mail.header("List-Unsubscribe").is_none());
}

/// Text and HTML parts survive the journey of every message in every language; what strangers typed stays text.
#[tokio::test]
async fn every_message_can_be_sent_in_every_language() {
    let app = TestApp::start().await;
    let mut to = recipient(&app, seed::ANA, "en").await;
    to.name = Some("Ana\r\nBcc: x@evil.example".to_owned());
    let messages = samples::messages(&app.app.issuer, app.now());
    for locale in ["en", "pt-BR", "es"] {
        to.locale = locale.to_owned();
        for message in &messages {
            write(&app, &to, message).await;
            app.advance(Duration::from_millis(1));
        }
    }
    let mails = app.mails().await;
    assert_eq!(mails.len(), 3 * messages.len());
    for mail in &mails {
        assert!(!mail.headers.iter().any(|(name, _)| name == "Bcc"), "{:?}", mail.headers);
        assert!(mail.links().iter().all(|link| link.starts_with(ISSUER)), "{:?}", mail.links());
        assert!(mail.text.contains("ana@example.test") && mail.html.starts_with("<!doctype html>"), "{}", mail.subject);
    }
}

/// What was sent keeps no content, is not sent again, and is forgotten after a week.
#[tokio::test]
async fn what_was_sent_keeps_no_content() {
    let app = TestApp::start().await;
    write(&app, &recipient(&app, seed::ANA, "en").await, &code(&app)).await;
    let waiting = rows(&app).await.remove(0);
    assert!(!String::from_utf8_lossy(&waiting.content).contains("287082"), "sealed at rest");
    assert_eq!(app.mails().await.len(), 1);
    let sent = rows(&app).await.remove(0);
    assert_eq!((sent.state, sent.attempts, sent.content.len()), (MailState::Sent, 1, 0));
    app.clear_mails().await;
    app.advance(Duration::from_hours(6 * 24));
    assert!(app.mails().await.is_empty());
    vestibule::jobs::purge::once(&app.app, "suite").await.unwrap();
    assert_eq!(rows(&app).await.len(), 1);
    app.advance(Duration::from_hours(26));
    // An hour each, and one behind.
    for _ in 0..26 {
        vestibule::jobs::purge::once(&app.app, "suite").await.unwrap();
    }
    assert!(rows(&app).await.is_empty());
}

/// An outage is ridden out: the mail arrives once it is over.
#[tokio::test]
async fn what_cannot_be_sent_is_tried_again() {
    let app = without_directory().await;
    write(&app, &recipient(&app, seed::ANA, "en").await, &changed(&app)).await;
    assert_eq!(mail::deliver_due(&app.app).await.unwrap(), 1);
    let row = rows(&app).await.remove(0);
    assert_eq!((row.state, row.attempts), (MailState::Pending, 1));
    assert!(row.last_error.unwrap().contains("cannot write"));
    assert_eq!(mail::deliver_due(&app.app).await.unwrap(), 0, "not before its time");
    std::fs::create_dir_all(app.app.config.mail.directory.clone()).unwrap();
    app.seconds_pass(11);
    assert_eq!(app.mails().await.len(), 1);
}

/// A code that nobody could use any more is not sent; an event says so.
#[tokio::test]
async fn what_comes_too_late_is_given_up() {
    let app = without_directory().await;
    write(&app, &recipient(&app, seed::ANA, "en").await, &code(&app)).await;
    mail::deliver_due(&app.app).await.unwrap();
    std::fs::create_dir_all(app.app.config.mail.directory.clone()).unwrap();
    app.advance(Duration::from_mins(11));
    assert!(app.mails().await.is_empty());
    let row = rows(&app).await.remove(0);
    assert_eq!((row.state, row.content.len()), (MailState::Failed, 0));
    assert_eq!(app.audit().await.iter().filter(|kind| *kind == "mail.failed").count(), 1);
}

/// A row that was moved or forged does not open, nor one of a key that is not here; that may come, so it waits until it is of no use.
#[tokio::test]
async fn a_mail_belongs_to_its_row() {
    let app = TestApp::start().await;
    let mut mail = mail::prepare(&app.app, &recipient(&app, seed::ANA, "en").await, &changed(&app), app.now());
    mail.id = vestibule::secret::random_id();
    let inserted = app.app.store.write(move |conn| {
        let mail = mail.clone();
        Box::pin(async move { mails::insert(conn, &mail).await })
    });
    inserted.await.unwrap();
    assert!(app.mails().await.is_empty());
    assert_eq!(rows(&app).await[0].state, MailState::Pending);
    app.advance(Duration::from_hours(30 * 24));
    assert!(app.mails().await.is_empty());
    assert_eq!(rows(&app).await[0].state, MailState::Failed);
}

/// Two processes that look for work at the same moment send one copy.
#[tokio::test]
async fn of_two_that_deliver_one_sends() {
    let app = TestApp::start().await;
    let to = recipient(&app, seed::ANA, "en").await;
    for _ in 0..5 {
        write(&app, &to, &changed(&app)).await;
        app.seconds_pass(1);
    }
    let (one, other) = tokio::join!(mail::deliver_due(&app.app), mail::deliver_due(&app.app));
    assert_eq!(one.unwrap() + other.unwrap(), 5);
    assert!(rows(&app).await.iter().all(|row| row.attempts == 1));
}

/// The `log` transport sends nothing and keeps no secret either.
#[tokio::test]
async fn the_log_transport_takes_everything() {
    let app = TestApp::with(|config| config.mail.transport = MailTransport::Log).await;
    write(&app, &recipient(&app, seed::ANA, "en").await, &code(&app)).await;
    assert_eq!(mail::deliver_due(&app.app).await.unwrap(), 1);
    assert_eq!(rows(&app).await[0].state, MailState::Sent);
}
