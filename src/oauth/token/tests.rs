//! The endpoints of this slice against a real database; the whole flow through the browser is in `tests/suite`.

use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode, header};
use serde_json::json;

use crate::oauth::testing::{Answer, House, REDIRECT_URI, START, VERIFIER};
use crate::store::clients::GrantType;

const SCOPE: &str = "openid email";

fn assert_refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!((answer.status.as_u16(), answer.json["error"].as_str()), (status, Some(error)), "{answer:?}");
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
}

/// RFC 6749 §4.1.4, §5.1; ARCHITECTURE §6: one read, one transaction.
#[tokio::test]
async fn a_code_becomes_tokens_once_with_one_read_and_one_transaction() {
    let house = House::open().await;
    let code = house.seal(&house.code(SCOPE));
    house.app.clients.find("app").await.unwrap();
    let before = house.app.store.statement_counts();
    let answer = house.exchange("app", &code).await;
    assert_eq!(house.statements_since(before), (1, 2), "session with person; grant, audit event");
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

/// ARCHITECTURE §6: a refresh is one read (two with consent) and one conditional update.
#[tokio::test]
async fn a_refresh_rotates_with_one_update() {
    let house = House::open().await;
    let first = house.sign_in(SCOPE).await;
    let before = house.app.store.statement_counts();
    let second = house.refresh("app", &first.text("refresh_token")).await;
    assert_eq!(second.status, StatusCode::OK, "{second:?}");
    assert_eq!(house.statements_since(before), (2, 1));
    assert_ne!(second.text("refresh_token"), first.text("refresh_token"));
    assert!(second.json["id_token"].is_string(), "OpenID Connect Core §12.2");
    assert_eq!(house.refresh("app", &second.text("refresh_token")).await.status, StatusCode::OK);
}

/// SECURITY TE-7: a lost answer is no theft.
#[tokio::test]
async fn the_same_refresh_token_gets_the_same_successor_while_that_is_unused() {
    let house = House::open().await;
    let first = house.sign_in(SCOPE).await.text("refresh_token");
    let lost = house.refresh("app", &first).await.text("refresh_token");
    house.clock.advance(Duration::from_secs(9));
    let again = house.refresh("app", &first).await.text("refresh_token");
    assert_eq!(house.refresh("app", &again).await.status, StatusCode::OK);
    // Both texts mean the same generation, which is used now: the lost one is within its own grace, the first is not any more.
    assert_eq!(house.refresh("app", &lost).await.status, StatusCode::OK);
    assert_refused(&house.refresh("app", &first).await, 400, "invalid_grant");
    assert_eq!(house.events().await, ["grant.created", "refresh_token.reused"]);
}

/// SECURITY TE-6, RFC 9700 §4.14.2.
#[tokio::test]
async fn reuse_after_the_grace_kills_the_whole_grant() {
    let house = House::open().await;
    let first = house.sign_in(SCOPE).await.text("refresh_token");
    let second = house.refresh("app", &first).await;
    house.clock.advance(Duration::from_secs(10));
    assert_refused(&house.refresh("app", &first).await, 400, "invalid_grant");
    assert_refused(&house.refresh("app", &second.text("refresh_token")).await, 400, "invalid_grant");
    assert_refused(&house.userinfo(&second.text("access_token")).await, 401, "invalid_token");
    assert_eq!(house.events().await, ["grant.created", "refresh_token.reused"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_refreshes_at_once_have_one_successor_between_them() {
    let house = House::open().await;
    let first = house.sign_in(SCOPE).await.text("refresh_token");
    let all = futures_util::future::join_all((0..16).map(|_| house.refresh("app", &first))).await;
    assert!(all.iter().all(|answer| answer.status == StatusCode::OK));
    let next = all[7].text("refresh_token");
    assert_eq!(house.refresh("app", &next).await.status, StatusCode::OK);
    assert_eq!(house.events().await, ["grant.created"]);
}

/// SECURITY TE-8: everything is asked again.
#[tokio::test]
async fn a_refresh_asks_everything_again() {
    let house = House::open().await;
    let token = house.sign_in(SCOPE).await.text("refresh_token");
    assert_refused(&house.refresh("other", &token).await, 400, "invalid_grant");
    house.update_user(|user| user.enabled = false).await;
    assert_refused(&house.refresh("app", &token).await, 400, "invalid_grant");
    house.update_user(|user| user.auth_epoch = 1).await;
    assert_refused(&house.refresh("app", &token).await, 400, "invalid_grant");
    house.update_user(|_| ()).await;
    house.consent("openid").await;
    assert_refused(&house.refresh("app", &token).await, 400, "invalid_grant");
    house.update_client("app", |client| client.metadata.first_party = true).await;
    house.update_client("app", |client| client.enabled = false).await;
    assert_refused(&house.refresh("app", &token).await, 401, "invalid_client");
    house.update_client("app", |client| client.enabled = true).await;
    house.update_client("app", |client| client.metadata.grant_types = vec![GrantType::AuthorizationCode]).await;
    assert_refused(&house.refresh("app", &token).await, 400, "unauthorized_client");
    house.update_client("app", |client| client.metadata.grant_types.push(GrantType::RefreshToken)).await;
    assert_eq!(house.refresh("app", &token).await.status, StatusCode::OK, "nothing of this was held against the grant");
}

#[tokio::test]
async fn a_grant_ends_with_its_session_unless_it_is_offline() {
    let house = House::open().await;
    let bound = house.sign_in("openid").await;
    let offline = house.sign_in("openid offline_access").await;
    house.end_session().await;
    assert_refused(&house.refresh("app", &bound.text("refresh_token")).await, 400, "invalid_grant");
    assert_refused(&house.userinfo(&bound.text("access_token")).await, 401, "invalid_token");
    assert_eq!(house.userinfo(&offline.text("access_token")).await.status, StatusCode::OK);
    let next = house.refresh("app", &offline.text("refresh_token")).await;
    assert_eq!(next.status, StatusCode::OK);
    house.clock.set(START.plus(house.app.config.tokens.refresh_token_idle.0));
    assert_refused(&house.refresh("app", &next.text("refresh_token")).await, 400, "invalid_grant");
}

#[tokio::test]
async fn an_offline_grant_has_an_absolute_end() {
    let house = House::open().await;
    let mut token = house.sign_in("openid offline_access").await.text("refresh_token");
    for _ in 0..8 {
        house.clock.advance(Duration::from_hours(11 * 24));
        token = house.refresh("app", &token).await.text("refresh_token");
    }
    house.clock.advance(Duration::from_hours(2 * 24));
    assert_refused(&house.refresh("app", &token).await, 400, "invalid_grant");
}

/// RFC 6749 §6.
#[tokio::test]
async fn a_refresh_can_narrow_and_the_grant_keeps_what_it_has() {
    let house = House::open().await;
    let token = house.sign_in(SCOPE).await.text("refresh_token");
    let ask = |token: String, scope: &'static str| {
        let house = &house;
        async move { house.post("/token", "app", &[("grant_type", "refresh_token"), ("refresh_token", &token), ("scope", scope)]).await }
    };
    assert_refused(&ask(token.clone(), "openid profile").await, 400, "invalid_scope");
    let narrow = ask(token, "email").await;
    assert_eq!((&narrow.json["scope"], &narrow.json["id_token"]), (&json!("email"), &json!(null)));
    assert_eq!(house.refresh("app", &narrow.text("refresh_token")).await.json["scope"], "email openid");
}

/// RFC 6749 §4.4; SECURITY TE-10.
#[tokio::test]
async fn a_service_gets_a_token_of_its_own_without_a_write() {
    let house = House::open().await;
    house.app.clients.find("service").await.unwrap();
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
async fn a_failed_basic_authentication_is_challenged_and_writes_nothing() {
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
    assert_eq!(house.statements_since(before).1, 0);
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
