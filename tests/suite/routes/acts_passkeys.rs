//! The forms that a passkey fills in, signed and not yet sent.

use super::acts::{Ready, filled};
use crate::harness::{Browser, Page, Passkey, TestApp, seed};
use crate::organizations::{join, organization};

const TAB: &str = "/account/authentication/passkeys";

/// The form of the script, with what a passkey answered.
fn answered(page: Page<'_>, path: &str, credential: &str) -> Vec<(String, String)> {
    let (action, form) = page.tamper("credential", credential).form_of("#passkey-submit");
    assert!(action.ends_with(path), "{action}");
    form
}

/// Somebody with a passkey, and the browser in which they added it.
async fn with_passkey(app: &TestApp) -> (Browser<'_>, Passkey) {
    let (browser, mut key) = (app.browser_of(seed::ANA).await, Passkey::new());
    browser.open(TAB).await.add_passkey(&mut key).await.expect("/account/authentication/recovery-codes", 200);
    (browser, key)
}

pub(super) async fn passkeys<'a>(app: &'a TestApp, path: &str) -> Ready<'a> {
    match path {
        TAB => {
            let browser = app.browser_of(seed::ANA).await;
            let page = browser.open(TAB).await;
            let credential = Passkey::new().make(&page).await;
            let form = answered(page, path, &credential);
            Ready { browser, form }
        }
        "/account/authentication/passkeys/remove" | "/account/authentication/passkeys/rename" => {
            let (browser, _) = with_passkey(app).await;
            let form = filled(browser.open(TAB).await, path, &[("name", "the blue one")]);
            Ready { browser, form }
        }
        "/login/passkey" => {
            let (_, mut key) = with_passkey(app).await;
            let browser = app.browser();
            let page = browser.open("/login").await.sign_in(seed::ANA).await.expect(path, 200);
            let credential = key.sign(&page).await;
            let form = answered(page, path, &credential);
            Ready { browser, form }
        }
        "/login/enroll/passkey" => {
            organization(app, "acme", r#"{"second_factor":"required"}"#).await;
            join(app, "acme", seed::ANA, false).await;
            let browser = app.browser();
            browser.open("/login").await.sign_in(seed::ANA).await.expect("/login/enroll", 200);
            let page = browser.open(path).await.expect(path, 200);
            let credential = Passkey::new().make(&page).await;
            let form = answered(page, path, &credential);
            Ready { browser, form }
        }
        _ => panic!("{path}: say how its form is met"),
    }
}
