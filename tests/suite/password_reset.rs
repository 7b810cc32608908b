//! Forgotten passwords: product flow T2, OWASP ASVS 5 §6.3.8, §6.4.1, §6.4.3.

use std::time::Duration;

use http::Method;

use crate::harness::{Browser, Page, TestApp, seed, through};

const NEW: &str = "seven green bicycles in the rain";

/// Asks for a reset in this browser.
async fn ask<'b>(browser: &'b Browser<'b>, email: &str) -> Page<'b> {
    let page = browser.open("/password/reset").await.expect("/password/reset", 200);
    page.fill("Email", email).click("Send link").await.expect("/password/reset/sent", 200)
}

async fn choose<'b>(page: Page<'b>, password: &str) -> Page<'b> {
    page.fill("New password", password).fill("Confirm new password", password).click("Save").await
}

async fn link(app: &TestApp) -> String {
    app.mail("password_reset", seed::ANA).await.path("link")
}

/// T2, from the login screen of an application and back to it; the new password is needed, no session was made before.
#[tokio::test]
async fn a_forgotten_password_is_replaced_and_the_application_goes_on() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.open(&app.authorize(seed::AUTOTALK).url()).await.click("Forgot your password?").await;
    let page = page.expect("/password/reset", 200).fill("Email", seed::ANA).click("Send link").await;
    let page = page.expect("/password/reset/sent", 200);
    page.assert_text("If an account exists for ana@example.test, we sent a link");
    let mail = app.mail("password_reset", seed::ANA).await;
    assert_eq!(mail.fields["place"]["application"], "AutoTalk");
    let page = browser.open(&mail.path("link")).await.expect("/password/reset/finish", 200);
    assert!(page.url.query().is_none(), "the secret is out of the URL: {}", page.url);
    assert_eq!(page.value("Email"), seed::ANA);
    assert!(page.has("input[autocomplete=new-password]"));
    let page = choose(page, NEW).await.expect("/login", 200);
    page.assert_text("Password changed. Log in to continue to AutoTalk");
    assert!(browser.cookie("__Host-vestibule-session").is_none(), "a reset signs nobody in");
    let code = page.sign_in_with(seed::ANA, NEW).await.code();
    assert!(!code.is_empty());
    app.mail("password_changed", seed::ANA).await;
    assert!(app.audit().await.contains(&"password_reset.done".to_owned()));
}

/// The link works in any browser, and says which application waits; the old password does not.
#[tokio::test]
async fn the_link_works_in_another_browser_and_resumes_there() {
    let app = TestApp::start().await;
    let (desk, phone) = (app.browser(), app.browser().speaks("es"));
    let page = desk.open(&app.authorize(seed::AUTOTALK).with("ui_locales", "pt-BR").url()).await.click("Esqueceu sua senha?").await;
    page.fill("E-mail", seed::ANA).click("Enviar link").await.expect("/password/reset/sent", 200);
    assert_eq!(app.mail("password_reset", seed::ANA).await.locale, "pt-BR");
    let page = phone.open(&link(&app).await).await.expect("/password/reset/finish", 200);
    assert_eq!(page.language(), "pt-BR", "the language the reset was asked for in");
    let page = page.fill("Nova senha", NEW).fill("Confirme a nova senha", NEW).click("Salvar").await.expect("/login", 200);
    assert!(page.has_text("AutoTalk"));
    let page = page.fill("E-mail", seed::ANA).fill("Senha", seed::PASSWORD).click("#login-submit").await.expect("/login", 422);
    let page = page.fill("E-mail", seed::ANA).fill("Senha", NEW).click("#login-submit").await;
    assert!(page.has_left());
}

/// The six digits open the same page in the browser that asked, however they are pasted.
#[tokio::test]
async fn the_code_works_in_the_browser_that_asked_and_in_no_other() {
    let app = TestApp::start().await;
    let (browser, other) = (app.browser(), app.browser());
    let page = ask(&browser, seed::ANA).await;
    let code = app.mail("password_reset", seed::ANA).await.text("code");
    let stranger = other.open("/password/reset/sent").await.expect("/password/reset", 200);
    assert!(!stranger.has("#code"));
    let pasted = format!(" {} {}", &code[..3], &code[3..]);
    let page = page.fill("Code from the email", &pasted).click("Continue").await.expect("/password/reset/finish", 200);
    choose(page, NEW).await.expect("/login", 200).sign_in_with(seed::ANA, NEW).await.expect("/account", 200);
}

/// OWASP ASVS 5 §6.4.1: five tries for one mail, counted before they are looked at; the link of the same mail stays good.
#[tokio::test]
async fn codes_cannot_be_guessed() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let mut page = ask(&browser, seed::ANA).await;
    let code = app.mail("password_reset", seed::ANA).await.text("code");
    let wrong = if code == "000000" { "000001" } else { "000000" };
    page = page.fill("Code from the email", "12345").click("Continue").await;
    page.assert_text("The code is 6 digits");
    for _ in 0..5 {
        page = page.fill("Code from the email", wrong).click("Continue").await.expect("/password/reset/sent", 422);
        page.assert_text("That code is not correct");
    }
    page = page.fill("Code from the email", &code).click("Continue").await.expect("/password/reset/sent", 422);
    page.assert_text("can no longer be used");
    browser.open(&link(&app).await).await.expect("/password/reset/finish", 200);
}

/// What a code may be tried for an address that nobody has looks the same.
#[tokio::test]
async fn an_unknown_address_gets_the_same_pages() {
    let app = TestApp::start().await;
    let (known, unknown) = (app.browser(), app.browser());
    let (one, two) = (ask(&known, seed::ANA).await, ask(&unknown, "eve@example.test").await);
    assert_eq!(one.text().replace(seed::ANA, "X"), two.text().replace("eve@example.test", "X"));
    for page in [ask(&known, seed::CARLA).await, ask(&unknown, "nobody@example.test").await] {
        let page = page.fill("Code from the email", "123456").click("Continue").await.expect("/password/reset/sent", 422);
        page.assert_text("That code is not correct");
    }
    assert_eq!(app.mail_count("password_reset").await, 1, "one to Ana; none to a disabled account or to nobody");
    assert_eq!(app.audit_detail("password_reset.requested").await["mail"], "nobody");
}

/// The same statements run whether or not there is such an account.
#[tokio::test]
async fn the_same_work_is_done_for_everybody() {
    let app = TestApp::start().await;
    let mut costs = Vec::new();
    for email in [seed::ANA, "eve@example.test", seed::CARLA] {
        let browser = app.browser();
        let page = browser.open("/password/reset").await.fill("Email", email);
        let (url, form) = page.form_of("Send link");
        let before = app.app.store.statement_counts();
        browser.post(&url, &form).await.expect(303);
        let after = app.app.store.statement_counts();
        costs.push((after.0 - before.0, after.1 - before.1));
    }
    assert_eq!((costs[0], costs[0]), (costs[1], costs[2]));
}

/// HEAD, GET, and GET again by a mail scanner spend nothing; posting without the form's token changes nothing.
#[tokio::test]
async fn looking_at_a_link_uses_nothing() {
    let app = TestApp::start().await;
    let browser = app.browser();
    ask(&browser, seed::ANA).await;
    let link = link(&app).await;
    for _ in 0..3 {
        app.method(Method::HEAD, &link).await.expect(303);
        app.get(&link).await.expect(303);
    }
    let scanner = app.browser();
    let page = scanner.open(&link).await.expect("/password/reset/finish", 200);
    assert_eq!(page.answer.header("referrer-policy"), "no-referrer");
    assert!(page.has("meta[name=robots][content=noindex]"));
    // A script that submits what it finds.
    page.click("Save").await.expect("/password/reset/finish", 422);
    scanner.cross_site_post("/password/reset/finish", &[("new_password".to_owned(), NEW.to_owned())]).await.expect(403);
    let page = browser.open(&link).await.expect("/password/reset/finish", 200);
    choose(page, NEW).await.expect("/login", 200);
}

/// Used, expired and unknown links say so before any password is typed, each with a button that sends a new one.
#[tokio::test]
async fn dead_links_say_why_and_send_a_new_one() {
    let app = TestApp::start().await;
    let (browser, other) = (app.browser(), app.browser());
    ask(&browser, seed::ANA).await;
    let first = link(&app).await;
    choose(browser.open(&first).await, NEW).await.expect("/login", 200);
    let page = other.open(&first).await.expect("/password/reset/finish", 410);
    page.assert_text("This link has already been used");
    let page = page.click("Send a new link").await.expect("/password/reset/sent", 200);
    page.assert_text("a•••@example.test");
    let second = link(&app).await;
    assert_ne!(second, first);
    other.open(&first).await.assert_text("This link does not work");
    app.seconds_pass(15 * 60);
    let page = other.open(&second).await.expect("/password/reset/finish", 410);
    page.assert_text("This link has expired");
    page.click("Send a new link").await.expect("/password/reset/sent", 200);
    other.open(&link(&app).await).await.expect("/password/reset/finish", 200);
    for unknown in ["/password/reset/finish?token=x", &second[..second.len() - 3]] {
        let page = other.open(unknown).await.expect("/password/reset/finish", 410);
        page.assert_text("This link does not work");
        page.click("Send a new link").await.expect("/password/reset", 200);
    }
}

/// A newer mail kills the older one's link and code.
#[tokio::test]
async fn one_link_lives_at_a_time() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = ask(&browser, seed::ANA).await;
    let first = link(&app).await;
    let page = page.click("Send again").await.expect("/password/reset/sent", 200);
    page.assert_text("another email is on its way");
    let second = link(&app).await;
    browser.open(&first).await.expect("/password/reset/finish", 410);
    browser.open(&second).await.expect("/password/reset/finish", 200);
    assert!(page.offers("Use a different email"));
}

/// All sessions and everything applications were given ends (SE-5).
#[tokio::test]
async fn a_reset_ends_every_session_and_grant() {
    let app = TestApp::start().await;
    let tokens = app.tokens(seed::AUTOTALK, "openid offline_access").await;
    let signed_in = app.browser_of(seed::ANA).await;
    let elsewhere = app.browser();
    ask(&elsewhere, seed::ANA).await;
    choose(elsewhere.open(&link(&app).await).await, NEW).await.expect("/login", 200);
    signed_in.open("/account").await.expect("/login", 200);
    assert!(!app.is_alive(tokens["access_token"].as_str().unwrap()).await);
}

/// A change of the password by another way is the end of a link that was asked for before.
#[tokio::test]
async fn a_link_dies_with_the_credentials_it_was_asked_for() {
    let app = TestApp::start().await;
    let browser = app.browser();
    ask(&browser, seed::ANA).await;
    app.change_user(seed::ANA, |user| user.auth_epoch += 1).await;
    browser.open(&link(&app).await).await.expect("/password/reset/finish", 410);
}

/// What is wrong with the passwords is said at the field; the link stays good.
#[tokio::test]
async fn mistakes_are_told_and_cost_nothing() {
    let app = TestApp::start().await;
    let browser = app.browser();
    ask(&browser, seed::ANA).await;
    let page = browser.open(&link(&app).await).await;
    let page = page.fill("New password", "short").fill("Confirm new password", "short").click("Save").await;
    page.assert_text("Use at least 15 characters. You typed 5.");
    assert!(page.title().starts_with("Error:") && page.has("#new-password[aria-invalid=true]"));
    let page = page.fill("New password", NEW).fill("Confirm new password", "other").click("Save").await;
    page.assert_text("The two passwords do not match.");
    choose(page, NEW).await.expect("/login", 200);
    let page = browser.open("/password/reset").await.fill("Email", "nonsense").click("Send link").await;
    assert_eq!((page.status(), page.value("Email").as_str()), (422, "nonsense"));
}

/// SECURITY RS-6: three mails an hour for an account; further pages look the same, and the last mail stays good.
#[tokio::test]
async fn an_account_gets_three_mails_an_hour() {
    let app = TestApp::start().await;
    let browser = app.browser();
    for _ in 0..4 {
        ask(&browser, seed::ANA).await;
    }
    assert_eq!(app.mail_count("password_reset").await, 3);
    assert_eq!(app.audit_detail("password_reset.requested").await["mail"], "limit");
    let code = app.mail("password_reset", seed::ANA).await.text("code");
    let page = browser.open("/password/reset/sent").await.fill("Code from the email", &code).click("Continue").await;
    page.expect("/password/reset/finish", 200);
    app.advance(Duration::from_mins(21));
    ask(&browser, seed::ANA).await;
    assert_eq!(app.mail_count("password_reset").await, 4);
}

/// SECURITY RS-6: ten mails an hour from one address.
#[tokio::test]
async fn an_address_asks_for_ten_mails_an_hour() {
    let app = TestApp::start().await;
    let browser = app.browser();
    for number in 0..10 {
        ask(&browser, &format!("nobody{number}@example.test")).await;
    }
    ask(&browser, seed::ANA).await;
    assert_eq!(app.mail_count("password_reset").await, 0);
}

/// Of sixteen uses of one link at once, one changes the password.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_sixteen_uses_at_once_one_changes_the_password() {
    let app = TestApp::start().await;
    let browser = app.browser();
    ask(&browser, seed::ANA).await;
    let page = browser.open(&link(&app).await).await;
    let uses = (0..16).map(|number| {
        let password = format!("{NEW} {number}");
        let (url, form) = page.clone().fill("New password", &password).fill("Confirm new password", &password).form_of("Save");
        let pairs: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let request = browser.request("POST", &url).header("content-type", "application/x-www-form-urlencoded");
        let request = request.header("origin", crate::harness::ISSUER).body(crate::harness::encode(&pairs).into()).unwrap();
        let router = app.router();
        tokio::spawn(async move { through(router, "192.0.2.1:40000".parse().unwrap(), request).await })
    });
    let answers = futures_util::future::join_all(uses.collect::<Vec<_>>()).await;
    let to_login = answers.iter().filter(|answer| answer.as_ref().unwrap().location().path() == "/login").count();
    assert_eq!(to_login, 1);
    assert_eq!(app.user(seed::ANA).await.auth_epoch, 1);
    assert_eq!(app.mail_count("password_changed").await, 1);
}

/// A double click, the way back and a reload end at a page that says what happened.
#[tokio::test]
async fn the_form_sent_twice_says_that_it_was_done() {
    let app = TestApp::start().await;
    let browser = app.browser();
    ask(&browser, seed::ANA).await;
    let page = browser.open(&link(&app).await).await.fill("New password", NEW).fill("Confirm new password", NEW);
    page.clone().click("Save").await.expect("/login", 200);
    page.click("Save").await.expect("/password/reset/finish", 410).assert_text("This link has already been used");
    browser.open("/password/reset/finish").await.expect("/password/reset/finish", 410);
}

/// The page with the new password opens by a link or a code, and by nothing else.
#[tokio::test]
async fn there_is_no_other_way_to_the_new_password() {
    let app = TestApp::start().await;
    let browser = app.browser();
    ask(&browser, seed::ANA).await;
    browser.open("/password/reset/finish").await.expect("/password/reset", 200);
    browser.set_cookie("__Host-vestibule-mail-link", "forged");
    browser.open("/password/reset/finish").await.expect("/password/reset", 200);
    let form = [("new_password".to_owned(), NEW.to_owned()), ("new_password_confirmation".to_owned(), NEW.to_owned())];
    assert_eq!(browser.post("/password/reset/finish", &form).await.expect(303).location().path(), "/password/reset");
}

/// RS-4: the host of a link is the issuer's, whatever the request says.
#[tokio::test]
async fn links_name_the_issuer_whatever_host_was_asked() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let (url, form) = browser.open("/password/reset").await.fill("Email", seed::ANA).form_of("Send link");
    let pairs: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let request = browser.request("POST", &url).header("content-type", "application/x-www-form-urlencoded").header("host", "evil.test");
    let request = request.header("x-forwarded-host", "evil.test").body(crate::harness::encode(&pairs).into()).unwrap();
    browser.send(request).await.expect(303);
    assert!(app.mail("password_reset", seed::ANA).await.text("link").starts_with("https://idp.test/password/reset/finish?token="));
}

/// An address that was never confirmed is confirmed by a link that was read there.
#[tokio::test]
async fn reading_the_mail_confirms_the_address() {
    let app = TestApp::start().await;
    app.change_user(seed::BRUNO, |user| user.email_verified = false).await;
    let browser = app.browser();
    ask(&browser, seed::BRUNO).await;
    let link = app.mail("password_reset", seed::BRUNO).await.path("link");
    choose(browser.open(&link).await, NEW).await.expect("/login", 200);
    assert!(app.user(seed::BRUNO).await.email_verified);
}
