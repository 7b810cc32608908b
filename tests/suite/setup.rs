//! The first administrator: a one-time link instead of a default password (PAGES §7.80).

use vestibule::account::setup;

use crate::harness::TestApp;

const EMAIL: &str = "root@example.test";
const NEW: &str = "a long enough passphrase";

async fn path(app: &TestApp) -> String {
    let link = setup::link(&app.app).await.unwrap().expect("a link while there is no administrator");
    link.strip_prefix(crate::harness::ISSUER).expect("on the configured address").to_owned()
}

/// The link makes the administrator, who then signs in as everybody does.
#[tokio::test]
async fn the_link_makes_the_first_administrator() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open(&path(&app).await).await.expect("/setup", 200);
    let page = page.fill("Email", EMAIL).fill("Full name", "Root").fill("New password", NEW).fill("Confirm new password", NEW);
    let page = page.click("Create administrator").await.expect("/login", 200);
    assert!(browser.cookie("__Host-vestibule-session").is_none(), "making an account is not signing in");
    page.sign_in_with(EMAIL, NEW).await.expect("/account", 200);
    assert!(app.user(EMAIL).await.administrator);
    assert!(app.audit().await.contains(&"user.administrator_created".to_owned()));
    assert!(setup::link(&app.app).await.unwrap().is_none());
}

/// Looking at the page spends nothing; using it spends all links.
#[tokio::test]
async fn it_works_once_and_looking_does_not_count() {
    let app = TestApp::start().await;
    let (one, two) = (path(&app).await, path(&app).await);
    let browser = app.browser();
    for _ in 0..3 {
        browser.open(&one).await.expect("/setup", 200);
    }
    let page = browser.open(&one).await.fill("Email", EMAIL).fill("New password", NEW).fill("Confirm new password", NEW);
    page.clone().click("Create administrator").await.expect("/login", 200);
    for spent in [&one, &two] {
        assert_eq!(browser.open(spent).await.status(), 400);
    }
    assert_eq!(page.click("Create administrator").await.status(), 400);
}

/// A day later, forged or cut: no form.
#[tokio::test]
async fn old_and_forged_links_open_no_form() {
    let app = TestApp::start().await;
    let link = path(&app).await;
    let browser = app.browser();
    for wrong in ["/setup", "/setup?token=x", &link[..link.len() - 2]] {
        assert_eq!(browser.open(wrong).await.status(), 400, "{wrong}");
    }
    app.seconds_pass(24 * 3600);
    assert_eq!(browser.open(&link).await.status(), 400);
}

/// What is wrong with the form is said at the field, and nothing is lost.
#[tokio::test]
async fn mistakes_are_said_and_the_form_is_kept() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open(&path(&app).await).await;
    let page = page.fill("Email", EMAIL).fill("Full name", "Root").fill("New password", "short").fill("Confirm new password", "other");
    let page = page.click("Create administrator").await;
    assert_eq!(page.status(), 422);
    assert_eq!((page.value("Email").as_str(), page.value("Full name").as_str()), (EMAIL, "Root"));
    assert!(page.has("[aria-invalid=true]"));
    let page = page.fill("New password", NEW).fill("Confirm new password", NEW).click("Create administrator").await;
    page.expect("/login", 200);
}
