//! The forms that lift a limit, filled in and not yet sent.

use std::time::Duration;

use vestibule::store::failures::{self, Rules};

use super::acts::{Ready, filled};
use crate::harness::{TestApp, seed};

/// So many wrong passwords for her account that no time helps.
async fn exhausted(app: &TestApp) {
    let (id, now) = (app.user(seed::ANA).await.id, app.now());
    let ceiling = i32::try_from(app.app.config.limits.password_ceiling).unwrap();
    let rules = Rules { free: ceiling + 1, pause: Duration::ZERO, longest_pause: Duration::ZERO, ceiling };
    let counting = app.app.store.write(move |conn| {
        Box::pin(async move {
            for _ in 0..ceiling {
                assert!(failures::redeem(conn, &format!("password:{id}"), id, &rules, now).await?);
            }
            Ok(())
        })
    });
    counting.await.unwrap();
}

/// A form that asks for the mail, filled in.
async fn asking(app: &TestApp) -> Ready<'_> {
    exhausted(app).await;
    let browser = app.browser();
    let (_, mut form) = browser.open("/login").await.form_of("#login-submit");
    form.retain(|(name, _)| name == "csrf_token");
    form.push(("email".to_owned(), seed::ANA.to_owned()));
    Ready { browser, form }
}

/// The link of the mail.
pub async fn link(app: &TestApp) -> String {
    let Ready { browser, form } = asking(app).await;
    browser.submit("/login/unlock/send", &form).await.expect("/login/unlock", 200);
    app.mail("unlock", seed::ANA).await.path("link")
}

pub(super) async fn unlock<'a>(app: &'a TestApp, path: &str) -> Ready<'a> {
    let Ready { browser, form } = asking(app).await;
    if path == "/login/unlock/send" {
        return Ready { browser, form };
    }
    browser.submit("/login/unlock/send", &form).await.expect("/login/unlock", 200);
    let form = filled(browser.open(&app.mail("unlock", seed::ANA).await.path("link")).await, path, &[]);
    Ready { browser, form }
}
