//! User Profile: PRODUCT-FLOWS T3 (the way to it), SECURITY AD-2.

use crate::harness::{TestApp, seed};

/// What is typed is saved, told, and shown again.
#[tokio::test]
async fn a_profile_is_saved_with_its_audit_event() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let page = browser.open("/account").await.click("User Profile").await.expect("/account/profile", 200);
    assert_eq!(page.h1(), "User Profile");
    assert_eq!(page.attribute("[aria-current=page]", "href").as_deref(), Some("/account/profile"));
    assert_eq!(page.value("Full name"), "Ana Souza");
    let page = page.fill("Full name", "Ana Souza Lima").fill("Time zone", "Europe/Madrid").click("Save").await;
    let page = page.expect("/account/profile", 200);
    page.assert_text("Your profile has been saved.");
    let profile = app.user(seed::ANA).await.profile;
    assert_eq!(profile.name.as_deref(), Some("Ana Souza Lima"));
    assert_eq!((profile.zoneinfo.as_deref(), profile.birthdate.as_deref()), (Some("Europe/Madrid"), Some("1990-05-17")));
    assert!(app.audit().await.contains(&"user.profile_changed".to_owned()));
}

/// The language chosen is that of the pages, at once and in the next browser.
#[tokio::test]
async fn the_language_of_the_profile_is_that_of_the_pages() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let page = browser.open("/account/profile").await.fill("Language", "es").click("Save").await;
    assert_eq!((page.language(), page.h1()), ("es".to_owned(), "Perfil de usuario".to_owned()));
    let other = app.browser_of(seed::ANA).await;
    assert_eq!(other.open("/account").await.language(), "es");
}

/// SECURITY AD-2: what the form does not offer cannot be set with it.
#[tokio::test]
async fn no_form_makes_an_address_verified_or_a_person_an_administrator() {
    let app = TestApp::start().await;
    app.change_user(seed::BRUNO, |user| user.email_verified = false).await;
    let browser = app.browser_of(seed::BRUNO).await;
    let page = browser.open("/account/profile").await.fill("Full name", "Bruno");
    let page = page
        .tamper("email_verified", "1")
        .tamper("administrator", "1")
        .tamper("email", "root@example.test")
        .tamper("phone_number_verified", "1");
    page.click("Save").await.expect("/account/profile", 200);
    let bruno = app.user(seed::BRUNO).await;
    assert_eq!(bruno.profile.name.as_deref(), Some("Bruno"));
    assert!(!bruno.email_verified && !bruno.administrator && bruno.profile.phone_number_verified.is_none());
}

/// What is wrong is said at the field, and nothing is saved or lost.
#[tokio::test]
async fn mistakes_are_said_at_their_fields() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let page = browser.open("/account/profile").await.fill("Phone number", "call me").tamper("picture", "javascript:alert(1)");
    let page = page.click("Save").await;
    assert_eq!(page.status(), 422);
    assert!(page.has("#phone-number[aria-invalid=true]") && page.has("#picture[aria-invalid=true]"));
    assert_eq!(page.value("Phone number"), "call me");
    assert_eq!(app.user(seed::ANA).await.profile.phone_number.as_deref(), Some("+5511955550100"));
}

/// A form that has no fields says nothing about them: whatever posted it, the profile is not wiped.
#[tokio::test]
async fn a_form_without_fields_wipes_nothing() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let before = app.user(seed::ANA).await.profile;
    let (action, mut form) = browser.open("/account/profile").await.form_of("Save");
    form.retain(|(name, _)| name == "csrf_token");
    browser.submit(&action, &form).await.expect("/account/profile", 200);
    assert_eq!(app.user(seed::ANA).await.profile, before);
    form.push(("nickname".to_owned(), String::new()));
    browser.submit(&action, &form).await.expect("/account/profile", 200);
    let after = app.user(seed::ANA).await.profile;
    assert_eq!((after.nickname, after.name), (None, before.name), "one that was sent empty is emptied");
}
