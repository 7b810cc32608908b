//! Cross-site request forgery on every form there is: SECURITY SE-3, OWASP ASVS 5 §3.5.

use axum::body::Body;
use http::Request;

use super::acts::{self, Ready};
use crate::harness::{Answer, ISSUER, TestApp, encode};

const TOKEN: &str = "csrf_token";

/// What a browser says when another site sends the form.
const ELSEWHERE: [(&str, &str); 5] = [
    ("origin", "https://evil.test"),
    ("origin", "null"),
    ("sec-fetch-site", "cross-site"),
    ("sec-fetch-site", "same-site"),
    ("sec-fetch-site", "none"),
];

fn request(ready: &Ready<'_>, path: &str, form: &[(String, String)], header: (&str, &str)) -> Request<Body> {
    let pairs: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let request = ready.browser.request("POST", path).header("content-type", "application/x-www-form-urlencoded");
    request.header(header.0, header.1).body(Body::from(encode(&pairs))).unwrap()
}

/// The form with another token, or with none.
fn with_token(form: &[(String, String)], token: Option<&str>) -> Vec<(String, String)> {
    let mut form: Vec<(String, String)> = form.iter().filter(|(name, _)| name != TOKEN).cloned().collect();
    form.extend(token.map(|token| (TOKEN.to_owned(), token.to_owned())));
    form
}

/// A token that fits another browser.
async fn foreign_token(app: &TestApp) -> String {
    let (_, form) = app.browser().open("/login").await.form_of("#login-submit");
    form.into_iter().find(|(name, _)| name == TOKEN).unwrap().1
}

/// Whether an answer did what the form is for, as far as it shows.
fn is_refusal(answer: &Answer) -> bool {
    // Another site's form; or a fresh form, here or one redirect away. That nothing was written is looked at besides.
    [200, 303, 403, 422].contains(&answer.status.as_u16()) && !answer.header("content-disposition").starts_with("attachment")
}

/// Each form with a missing, a wrong and a foreign token, and from another site with the right one, writes nothing at all; then, sent as it is, it acts.
#[tokio::test]
async fn no_form_acts_for_another_site_or_with_another_token() {
    for path in acts::forms() {
        let app = acts::service().await;
        let foreign = foreign_token(&app).await;
        let ready = acts::ready(&app, &path).await;
        assert!(ready.form.iter().any(|(name, _)| name == TOKEN), "{path}: a form without its token");
        let before = app.snapshot().await;
        let unchanged = async |what: &str, answer: &Answer| {
            let after = app.snapshot().await;
            assert_eq!(before.changed(&after), [""; 0], "{path}, {what}: it acted: {answer:?}");
        };
        for header in ELSEWHERE {
            // Not kept: what the refusal sets must not help the right form below.
            let answer = app.send(request(&ready, &path, &ready.form, header)).await;
            assert_eq!(answer.status, 403, "{path}, {header:?}: {answer:?}");
            unchanged(header.1, &answer).await;
        }
        for token in [None, Some(""), Some("x"), Some(foreign.as_str())] {
            let answer = app.send(request(&ready, &path, &with_token(&ready.form, token), ("origin", ISSUER))).await;
            assert!(is_refusal(&answer), "{path}, token {token:?}: {answer:?}");
            unchanged("another token", &answer).await;
        }
        let answer = app.send(request(&ready, &path, &ready.form, ("origin", ISSUER))).await;
        assert!(answer.status == 303 || answer.status == 200, "{path}: the form as it is: {answer:?}");
        let acted = !before.changed(&app.snapshot().await).is_empty();
        // Choosing the account that is signed in only goes on; "This wasn't me" beside an entry only leads to the page that asks.
        assert!(
            acted || ["/choose-account", "/account/activity/not-me"].contains(&path.as_str()),
            "{path}: the form as it is writes nothing, so the test above shows nothing: {answer:?}"
        );
    }
}

/// Ends of a way that a mail began, with nothing typed: the answer is a page of its own.
const ENDS: [&str; 1] = ["/account/delete/cancel"];

/// RFC 9700 §4.12: after each form that acts the browser is sent on with 303, so that no other page is posted what was typed. A file is answered itself.
#[tokio::test]
async fn every_form_that_acts_is_answered_with_303() {
    let mut others = Vec::new();
    for path in acts::forms() {
        let app = acts::service().await;
        let ready = acts::ready(&app, &path).await;
        let answer = app.send(request(&ready, &path, &ready.form, ("origin", ISSUER))).await;
        let file = answer.header("content-disposition").starts_with("attachment");
        if answer.status != 303 && !file && !ENDS.contains(&path.as_str()) {
            others.push((path, answer.status));
        }
    }
    assert!(others.is_empty(), "{others:?}");
}
