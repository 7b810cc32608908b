//! A form that somebody filled in, sent by somebody who has not signed in as them: SECURITY AD-1; OWASP ASVS 5 §8.2.1, §8.3.1.
//!
//! `table.txt` has forms that are empty. These are valid, with the sender's own token: what they lack is the person.

use http::Method;

use super::acts;
use super::principals::ask;
use super::strangers::rows_about;
use crate::harness::{Browser, Snapshot, TestApp, seed};

/// Who sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sender {
    /// A browser that has just come.
    Anonymous,
    /// Whoever knows Ana's password, and nothing else.
    HalfSignedIn,
}

const SENDERS: [Sender; 2] = [Sender::Anonymous, Sender::HalfSignedIn];

/// Forms that act for whoever sends them, and why. Everything else needs its person, or the browser in which the link of a mail was opened.
const BEARERS: [(&str, &[Sender], &str); 9] = [
    ("/account/delete/cancel", &SENDERS, "the link of the mail is in it"),
    ("/login", &SENDERS, "the password is in it"),
    ("/login/code", &[Sender::HalfSignedIn], "the code is in it"),
    ("/login/email-code", &[Sender::HalfSignedIn], "the code of the mail is in it"),
    ("/login/recovery-code", &[Sender::HalfSignedIn], "the code is in it"),
    ("/login/unlock", &SENDERS, "the link of the mail is in it"),
    ("/login/unlock/send", &SENDERS, "anybody may ask: what helps goes to her mailbox"),
    ("/password/reset", &SENDERS, "anybody may ask: what helps goes to her mailbox"),
    ("/setup", &SENDERS, "the link that the operator was shown is in it"),
];

impl Sender {
    async fn browser(self, app: &TestApp) -> Browser<'_> {
        match self {
            Self::Anonymous => app.browser(),
            Self::HalfSignedIn => half(app, seed::ANA).await,
        }
    }
}

/// The password given, the second factor not; whoever has none is given one.
async fn half<'a>(app: &'a TestApp, email: &str) -> Browser<'a> {
    let browser = app.browser();
    if browser.open("/login").await.sign_in(email).await.path() == "/account" {
        app.with_totp(email).await;
        browser.clear_cookies();
        browser.open("/login").await.sign_in(email).await.expect("/login/code", 200);
    }
    assert!(browser.cookie("__Host-vestibule-session").is_none());
    browser
}

/// What is anybody's in here.
fn owned(snapshot: &Snapshot, owners: &[uuid::Uuid]) -> (Vec<String>, usize) {
    (owners.iter().flat_map(|owner| rows_about(snapshot, *owner)).collect(), snapshot.rows("users"))
}

/// Whether the form acted.
async fn acts_for(sender: Sender, path: &str) -> bool {
    let app = acts::service().await;
    let owners = [app.user(seed::ANA).await.id, app.user(seed::BRUNO).await.id];
    let form = acts::ready(&app, path).await.form;
    let browser = sender.browser(&app).await;
    let form = form.into_iter().filter(|(name, _)| name != "csrf_token").collect();
    let before = app.snapshot().await;
    let answer = ask(&app, &browser, &Method::POST, path, form).await;
    assert!(!answer.header("content-disposition").starts_with("attachment"), "{path}, {sender:?}: {answer:?}");
    owned(&before, &owners) != owned(&app.snapshot().await, &owners)
}

/// Nobody's rows change, and nobody is made, but where the form itself is the proof.
async fn only_stated_forms_act(sender: Sender) {
    let stated: Vec<&str> = BEARERS.iter().filter(|(_, senders, _)| senders.contains(&sender)).map(|(path, ..)| *path).collect();
    let mut acting = Vec::new();
    for path in acts::forms() {
        if acts_for(sender, &path).await {
            acting.push(path);
        }
    }
    assert_eq!(acting, stated, "forms that act for whoever sends them");
}

/// Each valid form, sent by nobody.
#[tokio::test]
async fn a_form_of_somebody_does_nothing_in_a_browser_of_nobody() {
    only_stated_forms_act(Sender::Anonymous).await;
}

/// Each valid form, sent by whoever knows the password and has no second factor.
#[tokio::test]
async fn a_form_of_somebody_does_nothing_in_a_browser_that_is_signed_in_by_half() {
    only_stated_forms_act(Sender::HalfSignedIn).await;
}
