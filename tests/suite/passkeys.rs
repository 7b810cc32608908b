//! Passkeys (WebAuthn): added and removed in My Account, as the second factor, and in place of the password.

use std::time::Duration;

use vestibule::account::not_me;
use vestibule::store::user_security::{self, Security};

use crate::harness::{Browser, ISSUER, Page, Passkey, TestApp, TokenRequest, claims_of, seed};

const TAB: &str = "/account/authentication/passkeys";
const REMOVE: &str = "/account/authentication/passkeys/remove";

/// Adds a passkey as somebody who has no other factor: with recovery codes.
async fn enable(browser: &Browser<'_>) -> Passkey {
    let mut key = Passkey::new();
    let page = browser.open(TAB).await.expect(TAB, 200).add_passkey(&mut key).await;
    let page = page.expect("/account/authentication/recovery-codes", 200);
    assert_eq!(page.count("#recovery-codes li"), 10);
    page.click("I have saved them").await.expect("/account/authentication", 200);
    key
}

async fn freeze(app: &TestApp, email: &str) {
    let (id, now) = (app.user(email).await.id, app.now());
    let frozen = Security { frozen_at: Some(now), ..Security::default() };
    let freezing =
        app.app.store.write(move |conn| Box::pin(async move { user_security::update(conn, id, &Security::default(), &frozen).await }));
    freezing.await.unwrap();
}

/// Adding the first one: recovery codes, a mail, an event, and the end of other sessions; then it is on the list.
#[tokio::test]
async fn a_passkey_is_added_named_and_removed() {
    let app = TestApp::start().await;
    let (browser, other) = (app.browser_of(seed::ANA).await, app.browser_of(seed::ANA).await);
    browser.open("/account/authentication").await.click("Add a passkey").await.expect(TAB, 200).assert_text("You have no passkeys yet.");
    enable(&browser).await;
    assert!(other.open("/account").await.path().starts_with("/login"), "other sessions are over");
    assert_eq!(app.mails_to(seed::ANA).await.iter().filter(|mail| mail.subject.contains("passkey was added")).count(), 1);
    let page = browser.open("/account/authentication").await.click("Manage your passkey").await.expect(TAB, 200);
    let page = page.tamper("name", "My <b>blue</b>\nkey").click("Save").await.expect(TAB, 200);
    page.assert_text("Your passkey has its new name.");
    page.assert_text("My <b>blue</b> key");
    let mut second = Passkey::new();
    let page = page.fill("Name of the passkey", "ignored").add_passkey(&mut second).await.expect(TAB, 200);
    page.assert_text("Your passkey has been added.");
    assert_eq!(page.count("section#passkeys li"), 2);
    let page = page.click("Remove").await.expect(TAB, 200).click("Remove").await.expect(TAB, 200);
    page.assert_text("Your passkey has been removed.");
    page.assert_text("You have no passkeys yet.");
    let kinds = app.audit().await;
    for (kind, times) in [("passkey.added", 2), ("passkey.renamed", 1), ("passkey.removed", 2), ("recovery_codes.generated", 1)] {
        assert_eq!(kinds.iter().filter(|one| *one == kind).count(), times, "{kind}");
    }
    app.browser().open("/login").await.sign_in(seed::ANA).await.expect("/account", 200);
}

/// The second factor after the password; the tokens tell the truth (RFC 8176), and both ends of the session know it.
#[tokio::test]
async fn a_passkey_is_a_second_factor() {
    let app = TestApp::start().await;
    let mut key = enable(&app.browser_of(seed::ANA).await).await;
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::AUTOTALK).url()).await.sign_in(seed::ANA).await.expect("/login/passkey", 200);
    page.assert_text("Passkeys need JavaScript");
    let code = page.use_passkey(&mut key).await.code();
    let tokens = app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect(200).json();
    let claims = claims_of(tokens["id_token"].as_str().unwrap());
    assert_eq!((claims["acr"].as_str(), claims["amr"].to_string()), (Some("aal2"), r#"["pwd","swk","user","mfa"]"#.to_owned()));
    let other = app.browser();
    let page = other.open("/login").await.sign_in(seed::ANA).await.expect("/login/passkey", 200);
    page.click("Use a recovery code").await.expect("/login/recovery-code", 200);
}

/// Without a password and without a name: straight to the application, at the second level.
#[tokio::test]
async fn a_passkey_stands_in_place_of_the_password() {
    let app = TestApp::start().await;
    let mut key = enable(&app.browser_of(seed::ANA).await).await;
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("acr_values", "aal2").url()).await.expect("/login", 200);
    assert_eq!(page.attribute("#identifier", "autocomplete").as_deref(), Some("username webauthn"));
    let code = page.use_passkey(&mut key).await.code();
    let tokens = app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect(200).json();
    let claims = claims_of(tokens["id_token"].as_str().unwrap());
    assert_eq!((claims["acr"].as_str(), claims["amr"].to_string()), (Some("aal2"), r#"["swk","user","mfa"]"#.to_owned()));
    browser.open("/account").await.expect("/account", 200);
}

/// WebAuthn §7.2: what was signed once is no answer again, in no browser and for no other page.
#[tokio::test]
async fn an_answer_is_good_for_once_and_for_its_own_page() {
    let app = TestApp::start().await;
    let mut key = enable(&app.browser_of(seed::ANA).await).await;
    let browser = app.browser();
    let page = browser.open("/login").await;
    let (answer, first) = (key.sign(&page).await, page.clone());
    page.post_passkey(&answer).await.expect("/account", 200);
    browser.forget_cookie("__Host-vestibule-session");
    let page = first.post_passkey(&answer).await.expect("/login", 422);
    page.assert_text("That passkey cannot be used to log in here.");
    let other = app.browser();
    let (mine, theirs) = (browser.open("/login").await, other.open("/login").await);
    let (answer, state) = (key.sign(&mine).await, mine.attribute("#passkey [name=ceremony]", "value").unwrap());
    theirs.clone().post_passkey(&answer).await.expect("/login", 422);
    let page = theirs.tamper("ceremony", &state).post_passkey(&answer).await.expect("/login", 422);
    page.assert_text("That took too long.");
    app.advance(Duration::from_mins(16));
    mine.post_passkey(&answer).await.expect("/login", 422).assert_text("That took too long.");
}

/// One person's passkey is not another's second factor; what a session was asked is no answer in a sign-in.
#[tokio::test]
async fn a_passkey_is_its_persons_alone() {
    let app = TestApp::start().await;
    let mut hers = enable(&app.browser_of(seed::ANA).await).await;
    let mut his = enable(&app.browser_of(seed::BRUNO).await).await;
    let browser = app.browser();
    let page = browser.open("/login").await.sign_in(seed::ANA).await.expect("/login/passkey", 200);
    let other = app.browser();
    let elsewhere = other.open("/login").await.sign_in(seed::BRUNO).await.expect("/login/passkey", 200);
    let his_answer = his.sign(&elsewhere).await;
    page.clone().post_passkey(&his_answer).await.expect("/login/passkey", 422).assert_text("That passkey cannot be used here.");
    let state = elsewhere.attribute("#passkey [name=ceremony]", "value").unwrap();
    page.clone()
        .tamper("ceremony", &state)
        .post_passkey(&his_answer)
        .await
        .expect("/login/passkey", 422)
        .assert_text("That took too long.");
    page.refresh().await.use_passkey(&mut hers).await.expect("/account", 200);
}

/// Signed on another site, or by an authenticator that does not know its person: refused, counted, and never said which.
#[tokio::test]
async fn wrong_origins_and_unverified_people_are_refused() {
    let app = TestApp::start().await;
    let key = enable(&app.browser_of(seed::ANA).await).await;
    for key in [Passkey { origin: "https://evil.idp.test".to_owned(), ..key.clone() }, Passkey { verified: false, ..key.clone() }] {
        let mut key = key;
        let browser = app.browser();
        let page = browser.open("/login").await;
        let page = page.use_passkey(&mut key).await.expect("/login", 422);
        page.assert_text("That passkey cannot be used to log in here.");
    }
    assert_eq!(app.audit().await.iter().filter(|kind| *kind == "second_factor.failed").count(), 2);
    let browser = app.browser();
    browser.open("/login").await.post_passkey("{}").await.expect("/login", 422);
    let mut unknown = Passkey::new();
    let bruno = app.browser_of(seed::BRUNO).await;
    unknown.make(&bruno.open(TAB).await).await;
    browser.open("/login").await.use_passkey(&mut unknown).await.expect("/login", 422).assert_text("That passkey cannot be used");
    assert!(app.audit().await.contains(&"sign_in.failed".to_owned()));
}

/// WebAuthn §6.1.1: a counter that does not go up says that there are two of the key.
#[tokio::test]
async fn a_copy_of_a_key_that_counts_is_refused_and_recorded() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let mut key = Passkey { counting: true, ..Passkey::new() };
    browser.open(TAB).await.add_passkey(&mut key).await.expect("/account/authentication/recovery-codes", 200);
    let mut copy = key.clone();
    app.browser().open("/login").await.use_passkey(&mut key).await.expect("/account", 200);
    app.browser().open("/login").await.use_passkey(&mut copy).await.expect("/login", 422);
    assert!(app.audit().await.contains(&"passkey.clone_suspected".to_owned()));
    app.browser().open("/login").await.use_passkey(&mut key).await.expect("/account", 200);
}

/// Accounts that are disabled, and passkeys that are not allowed.
#[tokio::test]
async fn what_holds_for_passwords_holds_for_passkeys() {
    let mut app = TestApp::start().await;
    let mut key = enable(&app.browser_of(seed::ANA).await).await;
    app.change_user(seed::ANA, |user| user.enabled = false).await;
    app.browser().open("/login").await.use_passkey(&mut key).await.expect("/login", 422);
    app.change_user(seed::ANA, |user| user.enabled = true).await;
    let page_with = app.browser();
    page_with.open("/login").await.use_passkey(&mut key).await.expect("/account", 200);
    app.restart_with(|config| config.mfa.passkeys = false).await;
    let browser = app.browser();
    let page = browser.open("/login").await;
    assert!(!page.has("form[data-passkey]"));
    let page = page.sign_in(seed::ANA).await.expect("/login/passkey", 200);
    page.use_passkey(&mut key).await.expect("/account", 200);
    browser.open(TAB).await.expect(TAB, 200).assert_text("New passkeys are not allowed here.");
    app.get("/.well-known/passkey-endpoints").await.expect(404);
}

/// "This wasn't me": nothing is added, and what was added before is a second factor only, so that nobody comes back without the password.
#[tokio::test]
async fn after_this_was_not_me_a_passkey_needs_the_password() {
    let app = TestApp::start().await;
    let mut key = enable(&app.browser_of(seed::ANA).await).await;
    let link = not_me::link(&app.app, &app.user(seed::ANA).await, app.now());
    app.browser().open(link.strip_prefix(ISSUER).unwrap()).await.click("Secure my account").await.expect("/not-me", 200);
    app.browser().open("/login").await.use_passkey(&mut key).await.expect("/login", 422);
    let (id, now) = (app.user(seed::ANA).await.id, app.now());
    let hash = app.app.passwords.hash(vestibule::secret::Secret::new(seed::PASSWORD.to_owned())).await.unwrap();
    let resetting = app.app.store.write(move |conn| {
        let hash = hash.clone();
        Box::pin(async move {
            let frozen = user_security::find(conn, id).await?;
            user_security::update(conn, id, &frozen, &Security { frozen_at: None, ..frozen }).await?;
            vestibule::store::users::update_password(conn, id, &hash, now).await.map(drop)
        })
    });
    resetting.await.unwrap();
    app.browser().open("/login").await.use_passkey(&mut key).await.expect("/login", 422);
    let browser = app.browser();
    let page = browser.open("/login").await.sign_in(seed::ANA).await.expect("/login/passkey", 200);
    page.use_passkey(&mut key).await.expect("/account", 200);
    browser.open(TAB).await.assert_text("Only together with your password");
    // Nor does it become the password where a session is confirmed: the password comes first there, too.
    app.advance(Duration::from_mins(6));
    let page = browser.open(TAB).await.expect("/account/confirm", 200);
    assert!(!page.has("form[data-passkey]") && !page.has("#code"));
    let page = page.fill("Password", seed::PASSWORD).click("#confirm-submit").await.expect("/account/authentication/code", 200);
    page.clone().use_passkey(&mut key).await.expect(TAB, 200);
    app.advance(Duration::from_mins(6));
    // What that page asked for, answered where the password is asked.
    let (signed, ceremony) = (key.sign(&page).await, page.attribute("input[name=ceremony]", "value").unwrap());
    let page = browser.open(TAB).await.expect("/account/confirm", 200);
    page.tamper("credential", &signed).tamper("ceremony", &ceremony).click("#confirm-submit").await.expect("/account/confirm", 422);
}

/// RL-9: whoever sends nonsense does not fill the log with it.
#[tokio::test]
async fn a_flood_of_unknown_passkeys_leaves_a_few_events() {
    let app = TestApp::start().await;
    let mut key = enable(&app.browser_of(seed::ANA).await).await;
    app.database.execute("DELETE FROM passkeys").await;
    for _ in 0..20 {
        app.browser().open("/login").await.use_passkey(&mut key).await.expect("/login", 422);
    }
    let failed = app.audit().await.into_iter().filter(|kind| kind == "sign_in.failed").count();
    assert!((1..=6).contains(&failed), "{failed}");
}

/// While changes are frozen nothing is added or removed.
#[tokio::test]
async fn nothing_changes_while_the_account_is_frozen() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let key = enable(&browser).await;
    let before = browser.open(TAB).await;
    freeze(&app, seed::ANA).await;
    let mut second = Passkey::new();
    let page = before.clone().add_passkey(&mut second).await.expect(TAB, 422);
    page.assert_text("Changes to this account are stopped");
    before.click("Remove").await.expect(REMOVE, 422).assert_text("Changes to this account are stopped");
    app.browser().open("/login").await.use_passkey(&mut key.clone()).await.expect("/login", 422);
}

/// An operator takes every factor away (`user reset-mfa`): the passkey opens nothing any more.
#[tokio::test]
async fn a_reset_takes_passkeys_too() {
    let app = TestApp::start().await;
    let mut key = enable(&app.browser_of(seed::ANA).await).await;
    let id = app.user(seed::ANA).await.id;
    app.app.store.write(move |conn| Box::pin(vestibule::mfa::reset::reset_within(conn, id))).await.unwrap();
    app.browser().open("/login").await.use_passkey(&mut key).await.expect("/login", 422);
    app.browser().open("/login").await.sign_in(seed::ANA).await.expect("/account", 200);
}

/// Required where there is none: set up on the way, and the last one stays.
#[tokio::test]
async fn a_required_second_factor_may_be_a_passkey() {
    let app = TestApp::with(|config| config.mfa.required = true).await;
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::AUTOTALK).url()).await.sign_in(seed::ANA).await.expect("/login/enroll", 200);
    let page = page.click("Add a passkey instead").await.expect("/login/enroll/passkey", 200);
    let mut key = Passkey::new();
    let page = page.add_passkey(&mut key).await.expect("/login/recovery-codes", 200);
    page.click("#codes-saved").await.code();
    let page = browser.open(TAB).await.expect(TAB, 200).click("Remove").await.expect(REMOVE, 422);
    page.assert_text("this is your last one");
    app.browser().open("/login").await.use_passkey(&mut key).await.expect("/account", 200);
}

/// OWASP ASVS 5 §7.5.1: a session that is not fresh is confirmed with the passkey, or with the password and a recovery code; never with the password alone.
#[tokio::test]
async fn a_passkey_confirms_who_it_is() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let mut key = enable(&browser).await;
    app.advance(Duration::from_mins(6));
    let page = browser.open(TAB).await.expect("/account/confirm", 200);
    let page = page.fill("Password", seed::PASSWORD).click("#confirm-submit").await.expect("/account/confirm", 422);
    page.assert_text("Enter the verification code");
    browser.open(TAB).await.use_passkey(&mut key).await.expect(TAB, 200);
    app.advance(Duration::from_mins(6));
    let code = app.with_recovery_code(seed::ANA).await;
    let page = browser.open(TAB).await.fill("Password", seed::PASSWORD).tamper("code", code).click("#confirm-submit").await;
    page.expect(TAB, 200);
}

/// At most twenty, and no authenticator twice; without JavaScript the form says why nothing happened.
#[tokio::test]
async fn there_is_an_end_to_passkeys() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    enable(&browser).await;
    browser.open(TAB).await.click("#passkey-submit").await.expect(TAB, 422).assert_text("Turn JavaScript on");
    for _ in 1..20 {
        browser.open(TAB).await.add_passkey(&mut Passkey::new()).await.expect(TAB, 200);
    }
    let page: Page<'_> = browser.open(TAB).await;
    page.assert_text("You have 20 passkeys.");
    assert!(!page.has("form[data-passkey]"));
}

/// W3C passkey endpoints.
#[tokio::test]
async fn password_managers_find_the_page() {
    let app = TestApp::start().await;
    let found = app.get("/.well-known/passkey-endpoints").await.expect(200).json();
    let url = format!("{ISSUER}{TAB}");
    assert_eq!((found["enroll"].as_str(), found["manage"].as_str()), (Some(url.as_str()), Some(url.as_str())));
}
