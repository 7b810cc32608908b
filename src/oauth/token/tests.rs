//! The endpoints of this slice against a real database; the whole flow through the browser is in `tests/suite`.

use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode, header};
use serde_json::json;

use crate::oauth::testing::{ADDRESS_ID, Answer, House, REDIRECT_URI, SECRET, VERIFIER};
use crate::store::clients::AuthMethod;

pub(super) const SCOPE: &str = "openid email";

pub(super) fn assert_refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!((answer.status.as_u16(), answer.json["error"].as_str()), (status, Some(error)), "{answer:?}");
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
}

/// RFC 6749 §4.1.4, §5.1; ARCHITECTURE §6: one read (two with consent), one transaction, in which the session is asked again.
#[tokio::test]
async fn a_code_becomes_tokens_once_with_one_transaction() {
    let house = House::open().await;
    let code = house.seal(&house.code(SCOPE));
    house.app.clients.find("app").await.unwrap();
    house.app.scopes.all().await.unwrap();
    let before = house.app.store.statement_counts();
    let answer = house.exchange("app", &code).await;
    assert_eq!(house.statements_since(before), (3, 2), "session with person, consent, the session again; grant, audit event");
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(
        (&answer.json["token_type"], &answer.json["expires_in"], &answer.json["scope"]),
        (&json!("Bearer"), &json!(300), &json!("email openid"))
    );
    assert!(answer.text("refresh_token").starts_with("vst_rt_"));
    assert!(answer.json["id_token"].is_string());
    assert_eq!(house.events().await, ["grant.created"]);
}

/// RFC 6749 §4.1.2: the second use revokes what the first one got.
#[tokio::test]
async fn a_replayed_code_revokes_the_grant_within_its_minute_and_after_it() {
    for wait in [0, 30, 90] {
        let house = House::open().await;
        let code = house.seal(&house.code(SCOPE));
        let first = house.exchange("app", &code).await;
        assert_eq!(house.userinfo(&first.text("access_token")).await.status, StatusCode::OK);
        house.clock.advance(Duration::from_secs(wait));
        assert_refused(&house.exchange("app", &code).await, 400, "invalid_grant");
        assert_refused(&house.userinfo(&first.text("access_token")).await, 401, "invalid_token");
        assert_refused(&house.refresh("app", &first.text("refresh_token")).await, 400, "invalid_grant");
        assert_eq!(house.events().await, ["code.replayed", "grant.created"], "after {wait} s");
    }
}

/// SECURITY TE-1: any failed check burns the code.
#[tokio::test]
async fn a_failed_check_burns_the_code() {
    let house = House::open().await;
    let attempts: [(&str, &str, &str); 3] = [
        ("other", REDIRECT_URI, VERIFIER),
        ("app", "https://app.example.test/cb/", VERIFIER),
        ("app", REDIRECT_URI, "wrong-but-long-enough-to-be-a-verifier-0123456789"),
    ];
    for (client_id, redirect_uri, verifier) in attempts {
        let code = house.seal(&house.code(SCOPE));
        let form =
            [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", redirect_uri), ("code_verifier", verifier)];
        assert_refused(&house.post("/token", client_id, &form).await, 400, "invalid_grant");
        assert_refused(&house.exchange("app", &code).await, 400, "invalid_grant");
    }
    assert_eq!(house.events().await, [["code.refused"; 3], ["code.replayed"; 3]].concat());
}

/// What a person allowed and what a client may have are asked again when the code comes.
#[tokio::test]
async fn a_code_is_burnt_when_consent_was_withdrawn_since() {
    let house = House::open().await;
    let code = house.seal(&house.code(SCOPE));
    house.consent("openid").await;
    assert_refused(&house.exchange("app", &code).await, 400, "invalid_grant");
    house.consent(SCOPE).await;
    assert_refused(&house.exchange("app", &code).await, 400, "invalid_grant");
    assert_eq!(house.events().await, ["code.refused", "code.replayed"]);
    house.consent("").await;
    house.update_client("app", |client| client.metadata.first_party = true).await;
    assert_eq!(house.exchange("app", &house.seal(&house.code(SCOPE))).await.status, StatusCode::OK, "nobody asks for a first party");
}

#[tokio::test]
async fn a_code_gives_no_scope_that_the_client_has_lost_since() {
    let house = House::open().await;
    let code = house.seal(&house.code("openid email offline_access"));
    house.update_client("app", |client| client.metadata.scope = "openid profile".to_owned()).await;
    let answer = house.exchange("app", &code).await;
    assert_eq!(answer.json["scope"], "openid", "{answer:?}");
    house.update_client("app", |client| client.metadata.scope = "openid email offline_access".to_owned()).await;
    let next = house.refresh("app", &answer.text("refresh_token")).await;
    assert_eq!(next.json["scope"], "openid", "the grant was made without it");
    house.end_session().await;
    assert_refused(&house.refresh("app", &next.text("refresh_token")).await, 400, "invalid_grant");
}

/// RFC 6749 §2.3.1: form-encoded before base64.
#[tokio::test]
async fn a_client_id_that_is_an_address_authenticates_by_both_methods() {
    let house = House::open().await;
    let basic = house.post("/introspect", ADDRESS_ID, &[("token", "x")]).await;
    assert_eq!((basic.status, &basic.json), (StatusCode::OK, &json!({"active": false})));
    house.update_client(ADDRESS_ID, |client| client.metadata.token_endpoint_auth_method = AuthMethod::ClientSecretPost).await;
    let form = [("client_id", ADDRESS_ID), ("client_secret", SECRET), ("token", "x")];
    let post = house.post_as_public("/introspect", &form).await;
    assert_eq!((post.status, &post.json), (StatusCode::OK, &json!({"active": false})));
}

#[tokio::test]
async fn codes_that_are_unknown_cut_or_expired_write_nothing() {
    let house = House::open().await;
    let code = house.seal(&house.code(SCOPE));
    house.app.clients.find("app").await.unwrap();
    let before = house.app.store.statement_counts();
    for bad in ["x", "vst_ac_x", &code[..code.len() - 1]] {
        assert_refused(&house.exchange("app", bad).await, 400, "invalid_grant");
    }
    house.clock.advance(Duration::from_mins(1));
    assert_refused(&house.exchange("app", &code).await, 400, "invalid_grant");
    assert_eq!(house.statements_since(before).1, 0);
}

#[tokio::test]
async fn a_code_dies_with_the_session_the_account_and_the_epoch_it_was_made_in() {
    let house = House::open().await;
    house.update_user(|user| user.enabled = false).await;
    assert_refused(&house.exchange("app", &house.seal(&house.code(SCOPE))).await, 400, "invalid_grant");
    house.update_user(|user| user.auth_epoch = 1).await;
    assert_refused(&house.exchange("app", &house.seal(&house.code(SCOPE))).await, 400, "invalid_grant");
    house.update_user(|_| ()).await;
    house.end_session().await;
    assert_refused(&house.exchange("app", &house.seal(&house.code("openid offline_access"))).await, 400, "invalid_grant");
}

/// SECURITY TE-3.
#[tokio::test(flavor = "multi_thread")]
async fn of_sixteen_redemptions_at_once_one_wins_and_the_grant_is_dead_afterwards() {
    let house = std::sync::Arc::new(House::open().await);
    let code = house.seal(&house.code(SCOPE));
    let all = futures_util::future::join_all((0..16).map(|_| house.exchange("app", &code))).await;
    let won: Vec<&Answer> = all.iter().filter(|answer| answer.status == StatusCode::OK).collect();
    assert_eq!(won.len(), 1);
    assert_refused(&house.userinfo(&won[0].text("access_token")).await, 401, "invalid_token");
}

/// RFC 6749 §4.4; SECURITY TE-10.
#[tokio::test]
async fn a_service_gets_a_token_of_its_own_without_a_write() {
    let house = House::open().await;
    house.app.clients.find("service").await.unwrap();
    house.app.scopes.all().await.unwrap();
    let before = house.app.store.statement_counts();
    let form = [("grant_type", "client_credentials"), ("scope", "orders.read")];
    let answer = house.post("/token", "service", &form).await;
    assert_eq!(house.statements_since(before), (0, 0));
    assert_eq!(answer.json["scope"], "orders.read");
    assert!(answer.json.get("refresh_token").is_none() && answer.json.get("id_token").is_none());
    let token = answer.text("access_token");
    assert_refused(&house.userinfo(&token).await, 403, "insufficient_scope");
    let own = house.post("/introspect", "service", &[("token", &token)]).await;
    assert_eq!((&own.json["active"], &own.json["sub"]), (&json!(true), &json!("service")));
    assert_eq!(house.post("/revoke", "service", &[("token", &token)]).await.status, StatusCode::OK);
    assert_eq!(house.post("/introspect", "service", &[("token", &token)]).await.json, json!({"active": false}));
    assert_eq!(house.events().await, ["token.revoked"]);
    assert_refused(
        &house.post("/token", "service", &[("grant_type", "client_credentials"), ("scope", "openid")]).await,
        400,
        "invalid_scope",
    );
}

/// RFC 7662; SECURITY TE-13.
#[tokio::test]
async fn introspection_tells_owners_and_resource_servers_only() {
    let house = House::open().await;
    let tokens = house.sign_in(SCOPE).await;
    let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
    let inactive = json!({"active": false});
    for (who, token, active) in [
        ("app", &access, true),
        ("app", &refresh, true),
        ("api", &access, true),
        ("api", &refresh, false),
        ("other", &access, false),
        ("other", &refresh, false),
    ] {
        let answer = house.post("/introspect", who, &[("token", token), ("token_type_hint", "whatever")]).await;
        assert_eq!(answer.json["active"], active, "{who} {answer:?}");
        assert!(active || answer.json == inactive);
    }
    assert_eq!(house.post("/introspect", "app", &[("token", "unknown")]).await.json, inactive);
    assert_eq!(house.post("/introspect", "app", &[("token", &tokens.text("id_token"))]).await.json, inactive);
    assert_refused(&house.post_as_public("/introspect", &[("client_id", "spa"), ("token", &access)]).await, 401, "invalid_client");
    house.end_session().await;
    assert_eq!(house.post("/introspect", "api", &[("token", &access)]).await.json, inactive);
}

/// RFC 7009.
#[tokio::test]
async fn revoking_either_token_ends_the_grant() {
    let house = House::open().await;
    for kind in ["access_token", "refresh_token"] {
        let tokens = house.sign_in(SCOPE).await;
        assert_refused(&house.post("/revoke", "other", &[("token", &tokens.text(kind))]).await, 400, "invalid_grant");
        assert_eq!(house.userinfo(&tokens.text("access_token")).await.status, StatusCode::OK);
        for _ in 0..2 {
            let answer = house.post("/revoke", "app", &[("token", &tokens.text(kind)), ("token_type_hint", "x")]).await;
            assert_eq!(answer.status, StatusCode::OK);
        }
        assert_refused(&house.userinfo(&tokens.text("access_token")).await, 401, "invalid_token");
        assert_refused(&house.refresh("app", &tokens.text("refresh_token")).await, 400, "invalid_grant");
    }
    assert_eq!(house.post("/revoke", "app", &[("token", "unknown")]).await.status, StatusCode::OK);
    assert_eq!(house.events().await, [["grant.created"; 2], ["token.revoked"; 2]].concat());
}

/// SECURITY TE-12: parameters only from a urlencoded body, none twice.
#[tokio::test]
async fn the_token_endpoint_takes_one_urlencoded_body() {
    let house = House::open().await;
    let form = [("grant_type", "client_credentials")];
    assert_refused(&house.post("/token?grant_type=client_credentials", "service", &form).await, 400, "invalid_request");
    assert_refused(&house.post("/token", "service", &[form[0], form[0]]).await, 400, "invalid_request");
    assert_refused(&house.post("/token", "service", &[]).await, 400, "invalid_request");
    assert_refused(&house.post("/token", "service", &[("grant_type", "password")]).await, 400, "unsupported_grant_type");
    assert_refused(&house.post("/token", "app", &form).await, 400, "unauthorized_client");
    let json = Request::post("/token").header(header::CONTENT_TYPE, "application/json").body(Body::from("{}")).unwrap();
    assert_refused(&house.send(json).await, 400, "invalid_request");
}

#[tokio::test]
async fn a_failed_basic_authentication_is_challenged_and_counted() {
    let house = House::open().await;
    let before = house.app.store.statement_counts();
    let wrong = Request::post("/token")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::AUTHORIZATION, "Basic YXBwOndyb25n")
        .body(Body::from("grant_type=client_credentials"))
        .unwrap();
    let answer = house.send(wrong).await;
    assert_refused(&answer, 401, "invalid_client");
    assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Basic realm=\"vestibule\"");
    assert_eq!(house.statements_since(before).1, 3, "both budgets, and the event");
}

/// OpenID Connect Core §5.3; RFC 6750 §2.
#[tokio::test]
async fn userinfo_answers_get_and_post_with_the_token_in_one_place() {
    let house = House::open().await;
    let tokens = house.sign_in("openid email profile").await;
    let access = tokens.text("access_token");
    let before = house.app.store.statement_counts();
    let answer = house.userinfo(&access).await;
    assert_eq!(house.statements_since(before), (1, 0));
    assert_eq!((&answer.json["sub"], &answer.json["email"]), (&json!(house.user.id.to_string()), &json!("ana@example.test")));
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(house.post_as_public("/userinfo", &[("access_token", &access)]).await.status, StatusCode::OK);
    let bearer = format!("Bearer {access}");
    let empty_post = Request::post("/userinfo").header(header::AUTHORIZATION, &bearer).body(Body::empty()).unwrap();
    assert_eq!(house.send(empty_post).await.status, StatusCode::OK);
    let both = Request::post("/userinfo")
        .header(header::AUTHORIZATION, &bearer)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(format!("access_token={access}")))
        .unwrap();
    assert_refused(&house.send(both).await, 400, "invalid_request");
    assert_refused(&house.userinfo(&tokens.text("id_token")).await, 401, "invalid_token");
    assert_refused(&house.userinfo(&tokens.text("refresh_token")).await, 401, "invalid_token");
    house.update_client("app", |client| client.enabled = false).await;
    assert_refused(&house.userinfo(&access).await, 401, "invalid_token");
}
