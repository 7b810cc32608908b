//! Invitations: somebody else asks, the person chooses name and password.

use std::time::Duration;

use http::Method;
use vestibule::account::registration::{self, Invitation};
use vestibule::audit::Origin;

use crate::harness::{ISSUER, Page, TestApp, encode, seed, through};
use crate::organizations::organization;

const EVE: &str = "eve@example.test";
const PASSWORD: &str = "seven green bicycles in the rain";

async fn invite(app: &TestApp) -> String {
    let invitation = Invitation {
        email: EVE.to_owned(),
        name: Some("Eve".to_owned()),
        locale: Some("pt-BR".to_owned()),
        organization: Some("ACME".to_owned()),
        inviter: None,
    };
    let link = registration::invite(&app.app, &invitation, &Origin::default(), "command line").await.unwrap();
    link.strip_prefix(ISSUER).unwrap().to_owned()
}

fn fill<'b>(page: Page<'b>, password: &str) -> Page<'b> {
    page.fill("Nova senha", password).fill("Confirme a nova senha", password)
}

/// The mail's link leads to a form with name and address, in the invitation's language; the account is there afterwards, its address confirmed.
#[tokio::test]
async fn an_invitation_becomes_an_account() {
    let app = TestApp::start().await;
    let link = invite(&app).await;
    let mail = app.mail("invitation", EVE).await;
    assert_eq!((mail.path("link"), mail.locale.as_str()), (link.clone(), "pt-BR"));
    let browser = app.browser();
    for _ in 0..2 {
        app.method(Method::HEAD, &link).await.expect(303);
    }
    let page = browser.open(&link).await.expect("/invitation", 200);
    assert!(page.url.query().is_none());
    assert_eq!((page.value("E-mail").as_str(), page.value("Nome completo").as_str()), (EVE, "Eve"));
    page.assert_text("ACME");
    let page = fill(page, PASSWORD).click("Criar conta").await.expect("/login", 200);
    page.sign_in_with(EVE, PASSWORD).await.expect("/account", 200);
    let eve = app.user(EVE).await;
    assert!(eve.email_verified && eve.profile.locale.as_deref() == Some("pt-BR"));
    for event in ["user.invited", "user.registered"] {
        assert!(app.audit().await.contains(&event.to_owned()), "{event}");
    }
}

/// The organisation's rules hold from the first password on.
#[tokio::test]
async fn the_organisations_least_length_holds_at_once() {
    let app = TestApp::start().await;
    organization(&app, "acme", r#"{"password_min_length":20}"#).await;
    let invitation = Invitation {
        email: EVE.to_owned(),
        name: None,
        locale: Some("pt-BR".to_owned()),
        organization: Some("acme".to_owned()),
        inviter: None,
    };
    let link = registration::invite(&app.app, &invitation, &Origin::default(), "command line").await.unwrap();
    let browser = app.browser();
    let page = browser.open(link.strip_prefix(ISSUER).unwrap()).await.fill("Nome completo", "Eve");
    let page = fill(page, "bicycles in rain").click("Criar conta").await.expect("/invitation", 422);
    page.assert_text("20");
    fill(page, PASSWORD).click("Criar conta").await.expect("/login", 200);
}

/// Once, and for a week.
#[tokio::test]
async fn it_works_once_and_for_a_week() {
    let app = TestApp::start().await;
    let (one, two) = (invite(&app).await, invite(&app).await);
    let browser = app.browser();
    app.advance(Duration::from_hours(7 * 24 - 1));
    fill(browser.open(&one).await, PASSWORD).click("Criar conta").await.expect("/login", 200);
    for link in [&one, &two] {
        browser.open(link).await.expect("/invitation", 410).assert_text("This account has been created");
    }
    app.advance(Duration::from_hours(2));
    browser.open(&two).await.expect("/invitation", 410).assert_text("This link has expired");
    browser.open("/invitation?token=x").await.expect("/invitation", 410).assert_text("This link does not work");
}

/// Nobody is invited who has an account.
#[tokio::test]
async fn people_with_an_account_are_not_invited() {
    let app = TestApp::start().await;
    let invitation = Invitation { email: seed::ANA.to_owned(), name: None, locale: None, organization: None, inviter: None };
    let refused = registration::invite(&app.app, &invitation, &Origin::default(), "command line").await;
    assert!(matches!(refused, Err(vestibule::store::Error::Conflict)));
}

/// Of sixteen uses at once, one makes the account.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_sixteen_uses_at_once_one_makes_the_account() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open(&invite(&app).await).await;
    let uses = (0..16).map(|number| {
        let (url, form) = fill(page.clone(), &format!("{PASSWORD} {number}")).form_of("Criar conta");
        let pairs: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let request = browser.request("POST", &url).header("content-type", "application/x-www-form-urlencoded");
        let request = request.header("origin", ISSUER).body(encode(&pairs).into()).unwrap();
        let router = app.router();
        tokio::spawn(async move { through(router, "192.0.2.1:40000".parse().unwrap(), request).await })
    });
    let answers = futures_util::future::join_all(uses.collect::<Vec<_>>()).await;
    let made = answers.iter().filter(|answer| answer.as_ref().unwrap().status == 303).count();
    assert_eq!(made, 1);
}
