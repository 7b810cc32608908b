//! What operators are shown: everything that is counted, and never a label that somebody else chose. Decision 0020.

use std::collections::BTreeSet;

use axum::body::Body;
use http::{Method, Request};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::harness::{Credentials, TestApp, TokenRequest, seed};

/// What a scrape of the internal listener answers.
async fn scrape(app: &TestApp) -> String {
    let router = vestibule::routes::internal_router(&app.app);
    let answer = router.oneshot(Request::get("/metrics").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), 200);
    String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

/// The value of one series; none: it is not there.
fn value(text: &str, series: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

/// Every series without its value, and without those of the requests that the test itself sends again.
fn series(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.rsplit_once(' ')).map(|(series, _)| series.to_owned()).collect()
}

/// By method and outcome, by grant and error, by route and status.
#[tokio::test]
async fn sign_ins_tokens_and_refusals_are_counted() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.open("/login").await.sign_in_with(seed::ANA, "not the password").await;
    let tokens = app.tokens(seed::AUTOTALK, "openid offline_access").await;
    app.token(TokenRequest::refresh(seed::AUTOTALK, tokens["refresh_token"].as_str().unwrap())).await.expect(200);
    app.token(TokenRequest::code(seed::AUTOTALK, "nonsense")).await.expect(400);
    app.token(TokenRequest::new(Credentials::Basic(seed::AUTOTALK.to_owned(), "wrong".to_owned()))).await.expect(401);
    app.browser().open("/password/reset").await.fill("Email", "nobody@example.test").click("Send link").await;
    let text = scrape(&app).await;
    for (series, least) in [
        ("vestibule_sign_ins_total{method=\"password\",outcome=\"wrong\"}", 1.0),
        ("vestibule_sign_ins_total{method=\"password\",outcome=\"success\"}", 1.0),
        ("vestibule_tokens_issued_total{grant_type=\"authorization_code\"}", 1.0),
        ("vestibule_tokens_issued_total{grant_type=\"refresh_token\"}", 1.0),
        ("vestibule_token_requests_refused_total{error=\"invalid_grant\"}", 1.0),
        ("vestibule_token_requests_refused_total{error=\"invalid_client\"}", 1.0),
        ("vestibule_password_resets_total{stage=\"requested\"}", 1.0),
        ("vestibule_http_request_duration_seconds_count{route=\"/token\",method=\"POST\",status=\"2xx\"}", 2.0),
        ("vestibule_http_request_duration_seconds_count{route=\"/login\",method=\"POST\",status=\"4xx\"}", 1.0),
        ("vestibule_audit_events_unsealed", 1.0),
        ("vestibule_signing_keys{algorithm=\"ES256\",state=\"active\"}", 1.0),
        ("vestibule_signing_key_rotates_in_seconds{algorithm=\"RS256\"}", 1.0),
        ("vestibule_database_up", 1.0),
        ("vestibule_ready", 1.0),
        ("vestibule_database_write_duration_seconds_count", 2.0),
        ("vestibule_password_hash_duration_seconds_count{phase=\"running\"}", 2.0),
    ] {
        let found = value(&text, series);
        assert!(found.is_some_and(|found| found >= least), "{series} is {found:?}\n{text}");
    }
    assert!(value(&text, "vestibule_http_requests_in_flight") == Some(0.0));
}

/// Whoever asks for what: the second time the same kinds of requests are sent with other words in them, there is not one series more.
#[tokio::test]
async fn nothing_a_client_sends_becomes_a_series() {
    let app = TestApp::start().await;
    hostile(&app, "first").await;
    let before = series(&scrape(&app).await);
    for round in 0..20 {
        hostile(&app, &format!("r{round}")).await;
    }
    let text = scrape(&app).await;
    let new: Vec<_> = series(&text).difference(&before).cloned().collect();
    assert!(new.is_empty(), "{new:?}");
    for word in ["first", "r19", "ana@", "evil", "autotalk"] {
        assert!(!text.contains(word), "{word}\n{text}");
    }
}

/// Requests with `word` wherever a client can put one.
async fn hostile(app: &TestApp, word: &str) {
    for path in [
        format!("/{word}"),
        format!("/static/{word}.css"),
        format!("/login/{word}"),
        format!("/ana@example.test/{word}?{word}=1"),
        format!("/%00{word}"),
    ] {
        app.get(&path).await;
        app.send(
            Request::builder()
                .method(Method::from_bytes(format!("EVIL{word}").as_bytes()).unwrap())
                .uri(&path)
                .body(Body::empty())
                .unwrap(),
        )
        .await;
    }
    app.method(Method::from_bytes(format!("EVIL{word}").as_bytes()).unwrap(), "/login").await;
    app.token(TokenRequest::new(Credentials::Basic(format!("evil-{word}"), word.to_owned())).with("grant_type", word)).await;
    app.token(TokenRequest::new(Credentials::of(seed::AUTOTALK)).with("grant_type", word)).await;
    app.get(&app.authorize(&format!("evil-{word}")).url()).await;
    app.browser().open("/login").await.sign_in_with(&format!("{word}@evil.test"), word).await;
    let forwarded = Request::get("/login").header("x-forwarded-for", word).header("x-request-id", word).header("traceparent", word);
    app.send(forwarded.body(Body::empty()).unwrap()).await;
}

/// While the database is away the metrics are still answered, and say so.
#[tokio::test]
async fn metrics_outlive_the_database() {
    let app = TestApp::start().await;
    app.app.store.close().await;
    let text = scrape(&app).await;
    assert_eq!(value(&text, "vestibule_database_up"), Some(0.0), "{text}");
    assert_eq!(value(&text, "vestibule_ready"), Some(0.0));
    assert!(value(&text, "vestibule_signing_keys{algorithm=\"ES256\",state=\"active\"}").is_some());
}
