//! What a device asks first: RFC 8628 §3.1, §3.2, §4.

use vestibule::store::device_authorizations::{self, State};
use vestibule::tokens::device::UserCode;

use super::{GRANT, PRINTER, TV, ask, begin, clients, poll, request, start};
use crate::harness::{Credentials, ISSUER, TestApp, seed};

/// RFC 8628 §3.2: every member, and none of it is kept by anything in between.
#[tokio::test]
async fn a_device_gets_two_codes_and_where_to_go() {
    let app = start().await;
    let answer = ask(&app, TV, "openid profile").await.expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    let json = answer.json();
    let code = json["user_code"].as_str().unwrap();
    assert_eq!(UserCode::read(code).unwrap().to_string(), code);
    assert_eq!(json["verification_uri"], format!("{ISSUER}/device"));
    assert_eq!(json["verification_uri_complete"], format!("{ISSUER}/device?user_code={code}"));
    assert_eq!((json["expires_in"].as_u64(), json["interval"].as_u64()), (Some(600), Some(5)));
    assert!(json["device_code"].as_str().unwrap().starts_with("vst_dc_"));
    assert!(app.audit().await.contains(&"device_authorization.requested".to_owned()));
}

/// The database has neither code: the one as a digest, the other under a key that is not there in clear.
#[tokio::test]
async fn the_database_has_no_code() {
    let app = start().await;
    let asked = begin(&app, TV, "openid").await;
    let code = UserCode::read(&asked.user_code).unwrap();
    let digest = code.digest(&app.app.pepper).unwrap();
    let row = device_authorizations::find_by_user_code(&app.app.store.read(), &digest).await.unwrap().unwrap();
    assert_eq!(row.state, State::Pending);
    for text in [&asked.user_code, &asked.user_code.replace('-', ""), &asked.device_code] {
        let plain = vestibule::secret::Digest::of(text.as_bytes());
        assert!(device_authorizations::find_by_user_code(&app.app.store.read(), &plain).await.unwrap().is_none());
    }
}

/// RFC 6749 §5.2: a client that is not registered for it, a scope that is not, no authentication, a disabled client; GET is 405.
#[tokio::test]
async fn what_a_client_may_not_is_refused_in_the_words_of_oauth() {
    let app = start().await;
    ask(&app, seed::AUTOTALK, "openid").await.expect_error(400, "unauthorized_client");
    app.token(request(seed::AUTOTALK).with("grant_type", GRANT).with("device_code", "x")).await.expect_error(400, "unauthorized_client");
    ask(&app, TV, "").await.expect_error(400, "invalid_scope");
    ask(&app, TV, "nothing-known").await.expect_error(400, "invalid_scope");
    app.change_client(PRINTER, |client| client.metadata.scope = "openid".to_owned()).await;
    ask(&app, PRINTER, "openid email").await.expect_error(400, "invalid_scope");
    let wrong = Credentials::Basic(PRINTER.to_owned(), "vst_cs_wrong".to_owned());
    app.send(request(PRINTER).credentials(wrong).with("scope", "openid").build("/device/authorize"))
        .await
        .expect_error(401, "invalid_client");
    let nobody = request(PRINTER).credentials(Credentials::Public(PRINTER.to_owned()));
    app.send(nobody.with("scope", "openid").build("/device/authorize")).await.expect_error(401, "invalid_client");
    app.change_client(TV, |client| client.enabled = false).await;
    ask(&app, TV, "openid").await.expect_error(401, "invalid_client");
    app.get("/device/authorize").await.expect(405);
}

/// RFC 8414, RFC 8628 §4: both documents say so.
#[tokio::test]
async fn discovery_names_the_endpoint_and_the_grant() {
    let app = TestApp::start().await;
    for document in ["openid-configuration", "oauth-authorization-server"] {
        let json = app.get(&format!("/.well-known/{document}")).await.expect(200).json();
        assert_eq!(json["device_authorization_endpoint"], format!("{ISSUER}/device/authorize"));
        assert!(json["grant_types_supported"].as_array().unwrap().contains(&GRANT.into()));
    }
}

/// A client alone may ask for so much from one address until somebody answers; other addresses and other clients are not in its way.
#[tokio::test]
async fn unanswered_requests_are_limited_and_an_answer_gives_back() {
    let app = TestApp::with(|config| {
        config.limits.enabled = true;
        config.limits.device_requests = "3/10m".parse().unwrap();
        config.limits.device_requests_total = "5/10m".parse().unwrap();
    })
    .await;
    clients(&app).await;
    let from = async |address: &str| {
        let request = request(TV).with("scope", "openid").build("/device/authorize");
        app.send_from(format!("{address}:40000").parse().unwrap(), request).await
    };
    let first = begin(&app, TV, "openid").await;
    for _ in 0..2 {
        ask(&app, TV, "openid").await.expect(200);
    }
    let refused = ask(&app, TV, "openid").await.expect(429);
    assert_eq!(refused.json()["error"], "temporarily_unavailable");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);
    ask(&app, PRINTER, "openid").await.expect(200);
    super::allow(&app, &first).await;
    ask(&app, TV, "openid").await.expect(200);
    ask(&app, TV, "openid").await.expect(429);
    from("198.51.100.7").await.expect(200);
    from("198.51.100.8").await.expect(200);
    // All addresses together have spent what the client has: that keeps nobody out, and leaves each other address less.
    for _ in 0..2 {
        from("198.51.100.9").await.expect(200);
    }
    from("198.51.100.9").await.expect(429);
    poll(&app, TV, &first).await.expect(200);
    assert!(app.app.metrics.render().contains("vestibule_limited_total{limit=\"device_requests\"}"));
}
