//! What the service calls, what it tells, and what it speaks.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use http::Request;
use sea_orm::ConnectionTrait as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use vestibule::oidc::backchannel;

use crate::connections::{PATIENCE, Running};
use crate::harness::{Answer, ClientKey, Credentials, Snapshot, TestApp, TokenRequest, bearer, seed};

/// Keycloak, ZITADEL, Casdoor, Logto: the service fetched what others had written down. Everything that calls out (log-out, keys of clients, the look-up of leaked
/// passwords, and nothing else) goes through one client, which reaches nothing inside; what a request names is not called at all.
#[tokio::test]
async fn cve_2026_1180_2026_55671_2026_27945_2025_67494_2024_49753_2026_5469_2026_56739_no_address_inside_is_called() {
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = socket.local_addr().unwrap().port();
    let called = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&called);
    tokio::spawn(async move {
        while socket.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    let inside = format!("http://127.0.0.1:{port}/");
    let range = inside.clone();
    let app = TestApp::with(|config| {
        config.outbound.timeout = "2s".parse().unwrap();
        config.password.breach_lookup_url = Some(range);
    })
    .await;
    for host in ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "169.254.169.254", "10.0.0.1"]
    {
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}:{port}/");
            assert!(app.app.outbound.post_form(&url, &[("a", "b")]).await.is_err(), "{url}");
            assert!(app.app.outbound.get_text(&url, &[], 1000).await.is_err(), "{url}");
        }
    }
    let uri = inside.clone();
    app.change_client(seed::AUTOTALK, |client| client.metadata.backchannel_logout_uri = Some(uri)).await;
    let browser = app.browser_of(seed::ANA).await;
    let code = browser.open(&app.authorize(seed::AUTOTALK).url()).await.code();
    app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect(200);
    browser.open("/account").await.click("Log out").await;
    assert_eq!(backchannel::deliver_due(&app.app).await.unwrap(), 1);
    app.client_signs(seed::BATCH, None, Some(&inside)).await;
    let signed = ClientKey::new("1").signed(&app, seed::BATCH, TokenRequest::client_credentials(seed::BATCH));
    app.token(signed).await.expect_error(401, "invalid_client");
    for name in ["request_uri", "jwks_uri", "sector_identifier_uri", "logo_uri", "initiate_login_uri"] {
        app.get(&app.authorize(seed::AUTOTALK).with(name, &inside).url()).await;
    }
    let page = app.browser_of(seed::BRUNO).await;
    let page = page
        .open("/account/password")
        .await
        .fill("New password", "a lamp that nobody lit")
        .fill("Confirm new password", "a lamp that nobody lit");
    page.click("Save").await;
    assert_eq!(called.load(Ordering::Relaxed), 0, "somebody was called");
    // Whoever is called is counted.
    TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let noticed = async {
        while called.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, noticed).await.unwrap();
}

/// What programs are answered, whatever it is.
async fn programs(app: &TestApp, tokens: &serde_json::Value) -> Vec<Answer> {
    let token = |name: &str| tokens[name].as_str().unwrap().to_owned();
    let mut answers = Vec::new();
    for path in ["/.well-known/openid-configuration", "/jwks", "/userinfo", "/health/ready", "/authorize", "/nothing"] {
        answers.push(app.get(path).await);
    }
    answers.push(app.token(TokenRequest::client_credentials(seed::BATCH)).await);
    answers.push(app.token(TokenRequest::code(seed::AUTOTALK, "vst_ac_x")).await);
    answers.push(app.token(TokenRequest::new(Credentials::Nothing)).await);
    answers.push(app.userinfo(&token("access_token")).await);
    answers.push(app.introspect(Credentials::of(seed::API), &token("access_token")).await);
    answers.push(app.token(TokenRequest::refresh(seed::AUTOTALK, &token("refresh_token"))).await);
    answers.push(app.introspect(Credentials::of(seed::API), "x").await);
    answers.push(app.revoke(Credentials::of(seed::API), "x").await);
    answers.push(app.send(bearer("/userinfo", "x")).await);
    answers.push(app.send(Request::post("/token").header("content-type", "application/json").body(Body::from("{")).unwrap()).await);
    answers
}

/// ZITADEL: the database's host, names of tables and versions in answers to programs. Neither in working order nor without its tables nor without its database.
#[tokio::test]
async fn cve_2024_32967_2025_67717_answers_tell_nothing_of_the_inside() {
    let app = TestApp::start().await;
    let browser = app.browser_of(seed::ANA).await;
    let code = browser.open(&app.authorize(seed::AUTOTALK).url()).await.code();
    let tokens = app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect(200).json();
    let mut answers = programs(&app, &tokens).await;
    let connection = sea_orm::Database::connect(&app.database.url).await.unwrap();
    let Snapshot(tables) = app.snapshot().await;
    for table in tables.keys() {
        connection.execute_unprepared(&format!("ALTER TABLE {table} RENAME TO lost_{table}")).await.unwrap();
    }
    connection.close().await.unwrap();
    answers.extend(programs(&app, &tokens).await);
    app.app.store.close().await;
    answers.extend(programs(&app, &tokens).await);
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    assert!([200, 401, 500, 503].iter().all(|status| statuses.contains(status)), "{statuses:?}");
    let place = app.database.url.split_once("://").unwrap().1.to_owned();
    let keys = app.app.config.keys.directory.display().to_string();
    for answer in &answers {
        let whole = format!("{:?}\n{}", answer.headers, answer.text()).to_lowercase();
        for word in [
            "select ",
            "sqlx",
            "sea_orm",
            "sqlite",
            "postgres",
            "no such table",
            "lost_",
            "relation ",
            ".rs:",
            "panicked",
            "/src/",
            "os error",
            "axum",
            "hyper",
        ] {
            assert!(!whole.contains(word), "`{word}` is told: {answer:?}");
        }
        assert!(!whole.contains(&place.to_lowercase()) && !whole.contains(&keys.to_lowercase()), "{answer:?}");
        assert!(!answer.has("server") && !answer.has("x-powered-by"), "{answer:?}");
        assert!(!whole.contains(concat!("vestibule/", env!("CARGO_PKG_VERSION"))), "the version is told: {answer:?}");
    }
}

/// A key and a certificate of its own for localhost; its bytes.
fn certificate(directory: &Path, name: &str) -> Vec<u8> {
    let openssl = |arguments: &str| {
        let done = Command::new("openssl").current_dir(directory).args(arguments.split(' ')).stdin(Stdio::null()).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    openssl(&format!(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout {name}.key -out {name}.crt -days 2 -subj /CN={name}"
    ));
    openssl(&format!("x509 -in {name}.crt -outform DER -out {name}.der"));
    std::fs::read(directory.join(format!("{name}.der"))).unwrap()
}

/// A ClientHello of this version (RFC 5246 §7.4.1.2): so old that the certificate of the answer is not encrypted.
fn hello(version: [u8; 2]) -> Vec<u8> {
    let extensions = [
        // supported_groups: P-256; signature_algorithms: ECDSA with SHA-256.
        &[0, 10, 0, 4, 0, 2, 0, 23][..],
        &[0, 13, 0, 4, 0, 2, 4, 3],
        &[0, 11, 0, 2, 1, 0],
    ]
    .concat();
    let suites = [0xc0, 0x2b, 0xc0, 0x2c, 0xc0, 0x09, 0xc0, 0x0a];
    let length = |bytes: &[u8]| u16::try_from(bytes.len()).unwrap().to_be_bytes();
    let body = [&version[..], &[7; 32], &[0], &length(&suites), &suites, &[1, 0], &length(&extensions), &extensions].concat();
    let message = [&[1, 0][..], &length(&body), &body].concat();
    [&[22, 3, 1][..], &length(&message), &message].concat()
}

/// What a server says to that, until it waits or closes.
async fn said(address: SocketAddr, version: [u8; 2]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&hello(version)).await.unwrap();
    let mut bytes = vec![0; 16 * 1024];
    let mut length = 0;
    // A ServerHelloDone ends the flight (RFC 5246 §7.4.5), an alert everything.
    while length < bytes.len() && !bytes[..length].ends_with(&[14, 0, 0, 0]) {
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut bytes[length..])).await.expect("an answer");
        match read {
            Ok(0) | Err(_) => break,
            Ok(more) => length += more,
        }
    }
    bytes.truncate(length);
    bytes
}

/// Dex: old versions of TLS are spoken by nobody. That they are refused with a certificate that was read again, too, is held by `tests/processes/reloads.py`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cve_2024_23656_old_tls_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let chain = certificate(directory.path(), "first");
    let running = Running::with(|config| {
        config.server.tls_certificate = Some(directory.path().join("first.crt"));
        config.server.tls_key = Some(directory.path().join("first.key"));
    })
    .await;
    let newer = said(running.address, [3, 3]).await;
    assert!(newer.windows(chain.len()).any(|window| window == chain), "TLS 1.2 is spoken");
    for version in [[3, 1], [3, 2]] {
        let answer = said(running.address, version).await;
        assert_eq!((answer.first(), answer.get(6)), (Some(&21), Some(&70)), "an alert, protocol_version: {answer:?}");
    }
    running.end().await;
}
