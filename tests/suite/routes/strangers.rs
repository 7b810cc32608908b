//! Whoever is signed in does nothing to somebody else, whatever they name: SECURITY AD-1; OWASP ASVS 5 §8.2.2.

use http::Method;
use uuid::Uuid;
use vestibule::store::{grants, sessions, trusted_devices};

use super::listed::{self, Route};
use super::principals::{Scene, administers, ask};
use crate::harness::{Authenticator, Snapshot, TestApp, TokenRequest, seed};

/// Gives Ana one of everything that a form could name, and says what it is called: a session, a grant, a trusted device, a request in progress.
pub async fn names_of_ana(app: &TestApp) -> (Vec<(String, String)>, Authenticator<'_>) {
    let phone = app.with_totp(seed::ANA).await;
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::TICKETING).with("scope", "openid offline_access").url()).await.sign_in(seed::ANA).await;
    let page = page.tamper("trust", "1").give_code(&phone.code()).await;
    let flow = page.form_of("#consent-allow").1.into_iter().find(|(name, _)| name == "i").unwrap().1;
    let code = page.allow_if_asked().await.code();
    app.token(TokenRequest::code(seed::TICKETING, &code)).await.expect(200);
    let ana = app.user(seed::ANA).await;
    let (read, now) = (app.app.store.read(), app.now());
    let session = sessions::list_live_by_user(&read, ana.id, now).await.unwrap().remove(0).id;
    let grant = grants::list_live_by_user(&read, ana.id, ana.auth_epoch, now).await.unwrap().remove(0).id;
    let device = trusted_devices::list(&read, ana.id, ana.auth_epoch, now).await.unwrap().remove(0).id;
    let ids = [
        ("end", session),
        ("session", session),
        ("device", device),
        ("grant", grant),
        ("account", ana.id),
        ("remove", ana.id),
        ("id", ana.id),
        ("user", ana.id),
        ("user_id", ana.id),
        ("sub", ana.id),
    ];
    let mut names: Vec<(String, String)> = ids.iter().map(|(name, id)| ((*name).to_owned(), id.to_string())).collect();
    names.push(("revoke".to_owned(), seed::TICKETING.to_owned()));
    names.push(("i".to_owned(), flow));
    (names, phone)
}

/// The rows that name this person.
pub fn rows_about(snapshot: &Snapshot, id: Uuid) -> Vec<String> {
    let words = [id.to_string(), id.simple().to_string()];
    let lines = snapshot.0.iter().flat_map(|(table, lines)| lines.iter().map(move |line| format!("{table}: {line}")));
    lines.filter(|line| words.iter().any(|word| line.to_lowercase().contains(word.as_str()))).collect()
}

async fn scene(administrator: bool) -> Scene {
    let app = TestApp::start().await;
    let names = names_of_ana(&app).await.0;
    if administrator {
        administers(&app).await;
    }
    Scene { app, names }
}

/// Whether Bruno did something, to himself.
async fn does_nothing_to_ana(Scene { app, names }: &Scene, method: &Method, route: &Route) -> bool {
    let browser = app.browser_of(seed::BRUNO).await;
    let ana = app.user(seed::ANA).await.id;
    let before = rows_about(&app.snapshot().await, ana);
    assert!(before.len() > 6, "{before:#?}");
    let answer = ask(app, &browser, method, &route.example(app), names.clone()).await;
    assert_eq!(before, rows_about(&app.snapshot().await, ana), "{method} {route}: {answer:?}");
    assert!(!answer.text().contains(seed::ANA), "{method} {route} shows her address: {answer:?}");
    *method != Method::GET && !answer.status.is_client_error()
}

async fn everything_does_nothing_to_ana(administrator: bool) {
    let mut now = scene(administrator).await;
    for route in listed::all() {
        for method in route.methods.iter().filter(|method| **method != Method::HEAD) {
            if does_nothing_to_ana(&now, method, &route).await {
                now = scene(administrator).await;
            }
        }
    }
}

/// Every route and method, with the ids of what is Ana's, by another user: her rows stay as they were.
#[tokio::test]
async fn nobody_does_anything_to_somebody_else() {
    everything_does_nothing_to_ana(false).await;
}

/// The same by whoever administers the service and her organisation: no page of theirs reaches hers.
#[tokio::test]
async fn administrators_do_nothing_to_somebody_else_either() {
    everything_does_nothing_to_ana(true).await;
}

/// The same names in her own browser do something: what is shown above can fail.
#[tokio::test]
async fn she_does_it_herself() {
    for path in ["/account/sessions", "/account/applications", "/account/authentication/devices"] {
        let app = TestApp::start().await;
        let (names, phone) = names_of_ana(&app).await;
        let browser = app.browser();
        browser.open("/login").await.sign_in(seed::ANA).await.give_code(&phone.next_code()).await.expect("/account", 200);
        let ana = app.user(seed::ANA).await.id;
        let before = rows_about(&app.snapshot().await, ana);
        ask(&app, &browser, &Method::POST, path, names).await;
        assert_ne!(before, rows_about(&app.snapshot().await, ana), "{path}");
    }
}
