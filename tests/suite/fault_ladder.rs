//! The fault ladder: the n-th database statement fails, for n = 1, 2, … until an act goes through untouched; commits count as statements. After each
//! failure the database holds together, nothing single-use was used for nothing, and the person or the client can go on. SECURITY RL-2.
#![cfg(debug_assertions)]

use sea_orm::ConnectionTrait as _;
use serde_json::json;
use vestibule::store::{Store, audit_events};

use crate::custom_scopes::{registered, scope};
use crate::harness::{Authenticator, Browser, Page, Snapshot, TestApp, TokenRequest, seed};

const NEW: &str = "seven green bicycles in the rain";
/// No act here takes as many: the ladder must end.
const TALLEST: u64 = 120;

/// Climbs: for each n a fresh service, in which `act` meets its fault and says whether it went through without. It panics when something does not hold.
async fn climb(act: impl AsyncFn(&TestApp, u64) -> bool) -> u64 {
    for n in 1..TALLEST {
        let app = TestApp::start().await;
        if act(&app, n).await {
            return n;
        }
    }
    panic!("{TALLEST} statements and no end");
}

/// Lets the n-th statement from now fail.
fn fail(app: &TestApp, n: u64) {
    app.app.store.fail_statement(n);
}

/// Whether the act went through without its fault; there is none any more.
fn is_clean(app: &TestApp) -> bool {
    let left = app.app.store.until_fault();
    fail(app, 0);
    left > 0
}

/// The next page, when this one is what was expected.
fn is_at(page: &Page<'_>, path: &str) -> bool {
    !page.has_left() && page.status() == 200 && page.path() == path
}

/// What holds in every state the database may be seen in.
async fn holds_together(app: &TestApp, n: u64) {
    let snapshot = app.snapshot().await;
    let events = audit_events::list(&app.app.store.read(), 200).await.unwrap();
    let count = |kind: &str| events.iter().filter(|event| event.kind == kind).count();
    // Each session, grant and spent code came with its event, in one transaction.
    assert_eq!(count("sign_in.succeeded"), snapshot.rows("sessions"), "statement {n}: sessions and their events: {events:#?}");
    assert_eq!(count("grant.created"), snapshot.rows("grants"), "statement {n}: grants and their events: {events:#?}");
}

async fn sign_in(app: &TestApp, browser: &Browser<'_>, phone: &Authenticator<'_>) -> Option<String> {
    let page = browser.open(&app.authorize(seed::AUTOTALK).with("scope", "openid offline_access").url()).await;
    if page.has_left() {
        return page.param("code");
    }
    let page = if is_at(&page, "/login") { page.sign_in(seed::ANA).await } else { page };
    let page = if is_at(&page, "/login/code") { page.give_code(&phone.next_code()).await } else { page };
    if !page.has_left() && is_at(&page, "/consent") {
        return Some(page.allow_if_asked().await.code());
    }
    page.has_left().then(|| page.param("code")).flatten()
}

/// Sign-in with password and code: nobody is half signed in, and the same browser gets through the next time.
#[tokio::test]
async fn sign_in_survives_every_fault() {
    let height = climb(async |app, n| {
        let phone = app.with_totp(seed::ANA).await;
        let browser = app.browser();
        fail(app, n);
        let code = sign_in(app, &browser, &phone).await;
        let clean = is_clean(app);
        holds_together(app, n).await;
        assert!(!clean || code.is_some());
        let code = match code {
            Some(code) => code,
            None => sign_in(app, &browser, &phone).await.unwrap_or_else(|| panic!("statement {n}: the person cannot go on")),
        };
        app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect(200);
        holds_together(app, n).await;
        clean
    })
    .await;
    assert!(height > 8, "{height}: the ladder was not climbed");
}

/// A scope that releases what has to be read, of which nothing is in memory.
const STAFF: &str = "openid offline_access staff";

async fn with_much_to_read(app: &TestApp) {
    scope(app, "staff", &json!({ "claims": { "roles": "organization_roles" }, "in": ["access_token"] })).await;
    registered(app, seed::AUTOTALK, STAFF).await;
}

/// A code: a failed redemption is answered with an error and can be sent again; nothing that was answered is taken back.
#[tokio::test]
async fn a_code_survives_every_fault() {
    let height = climb(async |app, n| {
        with_much_to_read(app).await;
        let code = app.code(seed::AUTOTALK, STAFF).await;
        app.app.scopes.forget();
        fail(app, n);
        let answer = app.token(TokenRequest::code(seed::AUTOTALK, &code)).await;
        let clean = is_clean(app);
        holds_together(app, n).await;
        if clean {
            answer.expect(200);
            return true;
        }
        let tokens = if answer.status == 200 {
            answer.json()
        } else {
            answer.expect_error(503, "temporarily_unavailable");
            app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect(200).json()
        };
        assert!(app.is_alive(tokens["access_token"].as_str().unwrap()).await, "statement {n}");
        app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect_error(400, "invalid_grant");
        assert!(!app.is_alive(tokens["access_token"].as_str().unwrap()).await, "statement {n}: a replay ends the family");
        false
    })
    .await;
    assert!(height > 2, "{height}");
}

/// A refresh token: the family lives, the answer that was lost is had again, and there is one live successor.
#[tokio::test]
async fn a_refresh_token_survives_every_fault() {
    let height = climb(async |app, n| {
        with_much_to_read(app).await;
        let tokens = app.tokens(seed::AUTOTALK, STAFF).await;
        let token = tokens["refresh_token"].as_str().unwrap();
        app.app.scopes.forget();
        fail(app, n);
        let answer = app.token(TokenRequest::refresh(seed::AUTOTALK, token)).await;
        let clean = is_clean(app);
        holds_together(app, n).await;
        if clean {
            answer.expect(200);
            return true;
        }
        if answer.status != 200 {
            answer.expect_error(503, "temporarily_unavailable");
        }
        // Whatever fails before the rotation leaves the token as it was, however late it comes again.
        app.seconds_pass(11);
        let again = app.token(TokenRequest::refresh(seed::AUTOTALK, token)).await.expect(200).json();
        app.seconds_pass(11);
        let next = app.token(TokenRequest::refresh(seed::AUTOTALK, again["refresh_token"].as_str().unwrap())).await.expect(200).json();
        assert!(app.is_alive(next["access_token"].as_str().unwrap()).await, "statement {n}");
        false
    })
    .await;
    assert!(height > 2, "{height}");
}

async fn choose(browser: &Browser<'_>, link: &str) -> bool {
    let page = browser.open(link).await;
    if !is_at(&page, "/password/reset/finish") {
        return false;
    }
    let page = page.fill("New password", NEW).fill("Confirm new password", NEW).click("Save").await;
    is_at(&page, "/login")
}

/// A reset: the password is the old one with the link still good, or the new one with every session over; never between.
#[tokio::test]
async fn a_reset_survives_every_fault() {
    let height = climb(async |app, n| {
        let thief = app.browser_of(seed::ANA).await;
        let browser = app.browser();
        browser.open("/password/reset").await.fill("Email", seed::ANA).click("Send link").await;
        let link = app.mail("password_reset", seed::ANA).await.path("link");
        let before = app.user(seed::ANA).await;
        fail(app, n);
        let done = choose(&browser, &link).await;
        let clean = is_clean(app);
        assert!(!clean || done);
        let after = app.user(seed::ANA).await;
        assert_eq!(before.password_hash != after.password_hash, before.auth_epoch != after.auth_epoch, "statement {n}");
        let told = app.audit().await.contains(&"password_reset.done".to_owned());
        assert_eq!(before.password_hash != after.password_hash, told, "statement {n}");
        if before.password_hash == after.password_hash {
            assert!(choose(&browser, &link).await, "statement {n}: the link is lost");
        }
        thief.open("/account").await.expect("/login", 200);
        let page = app.browser().open("/login").await.sign_in_with(seed::ANA, NEW).await.status();
        assert_eq!(page, 200, "statement {n}");
        let spent = app.browser().open(&link).await.status();
        assert_eq!(spent, 410, "statement {n}: the link is good for once");
        clean
    })
    .await;
    assert!(height > 6, "{height}");
}

/// Asking for a reset: the page is the same, and asking again brings the mail.
#[tokio::test]
async fn asking_for_a_reset_survives_every_fault() {
    climb(async |app, n| {
        let browser = app.browser();
        let page = browser.open("/password/reset").await.fill("Email", seed::ANA);
        fail(app, n);
        let sent = is_at(&page.click("Send link").await, "/password/reset/sent");
        let clean = is_clean(app);
        let mails = app.mail_count("password_reset").await;
        assert!(!sent || mails == 1, "statement {n}: the page says that a mail was sent");
        if !sent {
            assert_eq!(mails, 0, "statement {n}: a mail without its page");
            app.browser().open("/password/reset").await.fill("Email", seed::ANA).click("Send link").await;
            app.mail("password_reset", seed::ANA).await;
        }
        clean
    })
    .await;
}

async fn enrol(app: &TestApp, browser: &Browser<'_>) -> bool {
    let page = browser.open("/account/authentication/totp").await;
    if !is_at(&page, "/account/authentication/totp") {
        return false;
    }
    let code = Authenticator::scan(app, &page).next_code();
    is_at(&page.give_code(&code).await, "/account/authentication/recovery-codes")
}

/// Enrolment: two-factor is on with its recovery codes, or off; and the person, still signed in, can turn it on.
#[tokio::test]
async fn enrolment_survives_every_fault() {
    let height = climb(async |app, n| {
        let browser = app.browser_of(seed::ANA).await;
        fail(app, n);
        let done = enrol(app, &browser).await;
        let clean = is_clean(app);
        assert!(!clean || done);
        let enabled = app.audit().await.contains(&"totp.enabled".to_owned());
        let codes = app.snapshot().await.rows("recovery_codes");
        assert_eq!(codes, if enabled { 10 } else { 0 }, "statement {n}");
        if !enabled {
            let browser = if is_at(&browser.open("/account").await, "/account") { browser } else { app.browser_of(seed::ANA).await };
            assert!(enrol(app, &browser).await, "statement {n}: the person cannot go on");
        }
        app.browser().open("/login").await.sign_in(seed::ANA).await.expect("/login/code", 200);
        clean
    })
    .await;
    assert!(height > 6, "{height}");
}

/// Rotation of signing keys: what was signed verifies, something signs, and the rotation can be done again.
#[tokio::test]
async fn key_rotation_survives_every_fault() {
    let height = climb(async |app, n| {
        let tokens = app.tokens(seed::AUTOTALK, "openid").await;
        fail(app, n);
        let rotated = app.app.keys.rotate(true).await;
        let clean = is_clean(app);
        assert_eq!(clean, rotated.is_ok(), "statement {n}: {rotated:?}");
        assert!(app.is_alive(tokens["access_token"].as_str().unwrap()).await, "statement {n}");
        app.token(TokenRequest::client_credentials(seed::BATCH)).await.expect(200);
        if rotated.is_err() {
            app.app.keys.rotate(true).await.unwrap();
        }
        app.app.keys.refresh().await.unwrap();
        let kids: Vec<String> =
            app.get("/jwks").await.json()["keys"].as_array().unwrap().iter().map(|key| key["kid"].to_string()).collect();
        assert!(kids.len() >= 2, "statement {n}: {kids:?}");
        assert!(app.is_alive(tokens["access_token"].as_str().unwrap()).await, "statement {n}");
        clean
    })
    .await;
    assert!(height > 2, "{height}");
}

/// The tables of a schema, and what it was made of.
async fn tables(app: &TestApp) -> Vec<String> {
    let Snapshot(tables) = app.snapshot().await;
    tables.into_keys().collect()
}

/// A migration that fails at any table leaves a database that says so and takes the rest of the migrations once the cause is gone.
#[tokio::test]
async fn migrations_survive_a_fault_at_every_table() {
    let app = TestApp::start().await;
    let all = tables(&app).await;
    for table in all.iter().filter(|name| !name.contains("migrations") && *name != "of_a_later_version") {
        let directory = tempfile::tempdir().unwrap();
        let mut config = app.app.config.database.clone();
        let database = crate::harness::Database::empty(directory.path()).await;
        config.url = vestibule::secret::Secret::new(database.url.clone());
        let store = Store::connect(&config).await.unwrap();
        let connection = sea_orm::Database::connect(&database.url).await.unwrap();
        connection.execute_unprepared(&format!("CREATE TABLE {table} (in_the_way INTEGER)")).await.unwrap();
        assert!(store.migrate_up().await.is_err(), "{table} was in the way");
        let status = store.migration_status().await.unwrap();
        assert!(!status.pending.is_empty(), "{table}: half a schema calls itself whole");
        connection.execute_unprepared(&format!("DROP TABLE {table}")).await.unwrap();
        connection.close().await.unwrap();
        store.migrate_up().await.unwrap_or_else(|error| panic!("{table}: {error}"));
        assert!(store.migrate_up().await.unwrap().is_empty(), "{table}");
        store.close().await;
    }
}
