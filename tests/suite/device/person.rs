//! What happens to the person between their answer and the device's next poll: SECURITY TE-8, SE-5.

use super::{TV, allow, begin, enter, poll, start};
use crate::harness::{TestApp, seed};

/// Nothing, and never again for this code.
async fn assert_nothing(app: &TestApp, asked: &super::Asked) {
    for _ in 0..2 {
        poll(app, TV, asked).await.expect_error(400, "invalid_grant");
    }
}

/// Disabled, and enabled again: what was allowed before is gone.
#[tokio::test]
async fn a_disabled_person_gives_nothing() {
    let app = start().await;
    let asked = begin(&app, TV, "openid").await;
    allow(&app, &asked).await;
    app.change_user(seed::ANA, |user| user.enabled = false).await;
    poll(&app, TV, &asked).await.expect_error(400, "invalid_grant");
    app.change_user(seed::ANA, |user| user.enabled = true).await;
    assert_nothing(&app, &asked).await;
}

/// The epoch: credentials changed, or everything was ended.
#[tokio::test]
async fn changed_credentials_give_nothing() {
    let app = start().await;
    let asked = begin(&app, TV, "openid offline_access").await;
    allow(&app, &asked).await;
    app.change_user(seed::ANA, |user| user.auth_epoch += 1).await;
    assert_nothing(&app, &asked).await;
}

/// Logged out: as with a code.
#[tokio::test]
async fn a_person_who_left_gives_nothing() {
    let app = start().await;
    let asked = begin(&app, TV, "openid").await;
    let browser = app.browser_of(seed::ANA).await;
    enter(&browser, &asked.user_code).await.click("#device-allow").await.expect("/device/done", 200);
    browser.open("/logout").await.click("Log out").await;
    assert_nothing(&app, &asked).await;
}

/// Disabled while the question was on their screen.
#[tokio::test]
async fn a_person_who_is_disabled_cannot_answer() {
    let app = start().await;
    let asked = begin(&app, TV, "openid").await;
    let browser = app.browser_of(seed::ANA).await;
    let page = enter(&browser, &asked.user_code).await.expect("/device/confirm", 200);
    app.change_user(seed::ANA, |user| user.enabled = false).await;
    page.click("#device-allow").await.expect("/login", 200);
    poll(&app, TV, &asked).await.expect_error(400, "authorization_pending");
}

/// A stranger types the code of a device of theirs and has us write to somebody: whoever follows that mail is not led to the stranger's device.
#[tokio::test]
async fn our_mails_lead_nobody_to_a_strangers_device() {
    let app = start().await;
    let asked = begin(&app, TV, "openid").await;
    let (stranger, ana) = (app.browser(), app.browser());
    let page = enter(&stranger, &asked.user_code).await.expect("/login", 200).click("Forgot your password?").await;
    page.fill("Email", seed::ANA).click("Send link").await.expect("/password/reset/sent", 200);
    let page = ana.open(&app.mail("password_reset", seed::ANA).await.path("link")).await;
    let new = "seven green bicycles in the rain";
    let page = page.fill("New password", new).fill("Confirm new password", new).click("Save").await.expect("/login", 200);
    page.sign_in_with(seed::ANA, new).await.expect("/account", 200);
    poll(&app, TV, &asked).await.expect_error(400, "authorization_pending");
}
