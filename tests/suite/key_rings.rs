//! Rings of keys at work: key-encryption keys that are replaced (issue "under attack"), signing keys on two processes (SECURITY TK-5).

use std::sync::Arc;
use std::time::Duration;

use vestibule::audit::KeyEvents;
use vestibule::config::Config;
use vestibule::keys::{self, Algorithm, KeyState, Witness};
use vestibule::secret::{KeyEncryptionKey, Sealer};

use crate::harness::{TestApp, TokenRequest, header_of, seed};

/// A key directory of the test's own with the template's key in it.
fn own_keys(directory: &std::path::Path) -> impl FnOnce(&mut Config) {
    let directory = directory.to_path_buf();
    move |config: &mut Config| {
        for entry in std::fs::read_dir(&config.keys.directory).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, directory.join(path.file_name().unwrap())).unwrap();
        }
        config.keys.directory = directory;
    }
}

fn bring(path: &std::path::Path, key: &[u8]) {
    std::fs::write(path, key).unwrap();
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

async fn rewrap(app: &TestApp) -> Vec<keys::Rewrapped> {
    let witness: Arc<dyn Witness> = Arc::new(KeyEvents);
    keys::rewrap(&app.app.store, &app.app.sealer, &witness, app.now()).await.unwrap()
}

async fn under(app: &TestApp, id: &str) -> u64 {
    let usage = keys::usage(&app.app.store, &app.app.sealer).await.unwrap();
    usage.iter().filter(|usage| usage.key.as_deref() == Some(id)).map(|usage| usage.rows).sum()
}

/// A second key, everything sealed again, the first taken away: people sign in with their authenticator app, waiting mail is sent, tokens are signed.
#[tokio::test]
async fn everything_opens_after_a_rewrap_without_the_old_key() {
    let directory = tempfile::tempdir().unwrap();
    let mut app = TestApp::with(own_keys(directory.path())).await;
    let secret = app.with_totp(seed::ANA).await.secret;
    app.browser().open("/password/reset").await.fill("Email", seed::BRUNO).click("Send link").await;
    let old = app.app.sealer.newest();
    bring(&directory.path().join("002.kek"), &[2; 32]);
    app.restart().await;
    let new = app.app.sealer.newest();
    assert_eq!(new, KeyEncryptionKey::new([2; 32]).id());
    assert!(under(&app, &old).await >= 6, "signing keys, the TOTP secret, mail");
    let done = rewrap(&app).await;
    assert!(done.iter().all(|of| of.unreadable == 0), "{done:?}");
    for what in ["signing keys", "TOTP secrets", "mails"] {
        assert!(done.iter().any(|of| of.what == what && of.rows > 0), "{what}: {done:?}");
    }
    assert_eq!(under(&app, &old).await, 0);
    assert!(app.audit().await.contains(&"keys.rewrapped".to_owned()));
    assert!(rewrap(&app).await.iter().all(|of| of.rows == 0), "a second run finds nothing to do");

    let first = std::fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "kek") && !path.ends_with("002.kek"));
    std::fs::remove_file(first.unwrap()).unwrap();
    app.restart().await;
    assert!(!app.mails_to(seed::BRUNO).await.is_empty(), "mail that waited is sent");
    let code = secret.code_of(vestibule::mfa::totp::step_at(app.now()));
    let browser = app.browser();
    browser.open("/login").await.sign_in(seed::ANA).await.expect("/login/code", 200).give_code(&code).await.expect("/account", 200);
    assert!(app.token(TokenRequest::client_credentials(seed::BATCH)).await.status == 200);
}

/// A row that changes between the reading and the writing keeps its change; what no key opens is reported and left.
#[tokio::test]
async fn a_rewrap_overwrites_nothing_and_reports_what_it_cannot_open() {
    let directory = tempfile::tempdir().unwrap();
    let mut app = TestApp::with(own_keys(directory.path())).await;
    app.with_totp(seed::ANA).await;
    bring(&directory.path().join("002.kek"), &[2; 32]);
    app.restart().await;
    let stranger = Sealer::new(&[KeyEncryptionKey::new([9; 32])]).unwrap();
    let lost = stranger.seal_bytes(vestibule::secret::Purpose::TotpSecret, app.user(seed::ANA).await.id.as_bytes(), b"lost");
    let hex = lost.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    let literal = if app.database.url.starts_with("sqlite") { format!("x'{hex}'") } else { format!("'\\x{hex}'") };
    app.database.execute(&format!("UPDATE totp_credentials SET secret = {literal}")).await;
    let done = rewrap(&app).await;
    let totp = done.iter().find(|of| of.what == "TOTP secrets").unwrap();
    assert_eq!((totp.rows, totp.unreadable), (0, 1));
    let usage = keys::usage(&app.app.store, &app.app.sealer).await.unwrap();
    assert!(usage.iter().any(|usage| usage.what == "TOTP secrets" && usage.key.is_none() && usage.rows == 1), "{usage:?}");
}

/// TK-5: one process plans the next key, both publish it before its use, change over at the same moment, and verify each other's tokens throughout; a
/// key that is revoked on one is worthless on the other as soon as it has looked.
#[tokio::test]
async fn two_processes_agree_on_signing_keys_through_the_database() {
    let app = TestApp::with(|config| {
        config.keys.publish_before_use = "1h".parse().unwrap();
        config.keys.active_for = "10h".parse().unwrap();
        config.keys.retire_for = "1h".parse().unwrap();
    })
    .await;
    let other = app.replica().await;
    let kid = |app: &TestApp| app.app.keys.signer(Algorithm::RS256).unwrap().kid().to_owned();
    let first = kid(&app);
    assert_eq!(kid(&other), first);
    let (mut seen, mut published) = (vec![first.clone()], Vec::new());
    for _ in 0..(12 * 4) {
        app.advance(Duration::from_mins(15));
        app.app.keys.refresh().await.unwrap();
        other.app.keys.refresh().await.unwrap();
        assert_eq!(kid(&app), kid(&other));
        assert_eq!(app.app.keys.jwks(), other.app.keys.jwks());
        if seen.last() != Some(&kid(&app)) {
            assert!(published.contains(&kid(&app)), "a key signs only after everybody could see it");
            seen.push(kid(&app));
        }
        published = app.app.keys.list().into_iter().filter(|key| key.state == KeyState::Next).map(|key| key.kid).collect();
        let token = app.token(TokenRequest::client_credentials(seed::BATCH)).await.expect(200).json();
        let token = token["access_token"].as_str().unwrap().to_owned();
        assert!(app.app.keys.verify(&token, Some("at+jwt")).is_ok());
        assert!(other.app.keys.verify(&token, Some("at+jwt")).is_ok(), "{}", header_of(&token));
    }
    assert_eq!(seen.len(), 2, "one change in twelve hours");
    assert!(!app.app.keys.list().iter().any(|key| key.kid == first), "gone after its retirement");

    let token = app.token(TokenRequest::client_credentials(seed::BATCH)).await.expect(200).json();
    let token = token["access_token"].as_str().unwrap().to_owned();
    let lost = header_of(&token)["kid"].as_str().unwrap().to_owned();
    assert!(app.app.keys.revoke(&lost).await.unwrap());
    other.app.keys.refresh().await.unwrap();
    for process in [&app, &other] {
        assert!(process.app.keys.verify(&token, Some("at+jwt")).is_err());
        assert!(!String::from_utf8_lossy(&process.app.keys.jwks().0).contains(&lost));
    }
    assert_eq!(app.app.keys.jwks(), other.app.keys.jwks());
    let events = app.audit().await;
    assert!(events.contains(&"key.revoked".to_owned()) && events.contains(&"key.created".to_owned()));
}
