//! Refreshing against a real database.

use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use super::tests::{SCOPE, assert_refused};
use crate::oauth::testing::{House, START};
use crate::store::clients::GrantType;

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

/// Whoever works in an application all day is not idle, though their browser does not come by.
#[tokio::test]
async fn refreshing_keeps_the_session_from_dying_of_neglect_but_not_from_its_end() {
    let house = House::open().await;
    let (idle, absolute) = (house.app.config.session.idle.0, house.app.config.session.absolute.0);
    let mut token = house.sign_in(SCOPE).await.text("refresh_token");
    while house.app.now().plus(idle / 2) < START.plus(absolute) {
        house.clock.advance(idle / 2);
        let answer = house.refresh("app", &token).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        token = answer.text("refresh_token");
    }
    house.clock.set(START.plus(absolute));
    assert_refused(&house.refresh("app", &token).await, 400, "invalid_grant");
}

/// ARCHITECTURE §6: what the session costs is one update more, at most every tenth of its idle time.
#[tokio::test]
async fn only_a_refresh_after_a_tenth_of_the_idle_time_writes_twice() {
    let house = House::open().await;
    let mut token = house.sign_in(SCOPE).await.text("refresh_token");
    let tenth = house.app.config.session.idle.0 / 10;
    for (wait, writes) in [(tenth / 2, 1), (tenth / 2, 2), (Duration::ZERO, 1)] {
        house.clock.advance(wait);
        let before = house.app.store.statement_counts();
        token = house.refresh("app", &token).await.text("refresh_token");
        assert_eq!(house.statements_since(before), (2, writes), "after {wait:?} more");
    }
}

#[tokio::test]
async fn an_offline_grant_leaves_the_session_alone() {
    let house = House::open().await;
    let token = house.sign_in("openid offline_access").await.text("refresh_token");
    house.clock.advance(house.app.config.session.idle.0 / 2);
    let before = house.app.store.statement_counts();
    house.refresh("app", &token).await.text("refresh_token");
    assert_eq!(house.statements_since(before).1, 1);
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
