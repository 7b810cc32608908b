//! What a device is told until it has its tokens: RFC 8628 §3.4, §3.5.

use futures_util::future::join_all;

use super::{GRANT, PRINTER, TV, allow, begin, enter, poll, request, start, tokens};
use crate::harness::{seed, through};

/// RFC 8628 §3.5: `authorization_pending`; too early, `slow_down`, and the interval has grown by five seconds.
#[tokio::test]
async fn it_waits_and_who_asks_too_often_waits_longer() {
    let app = start().await;
    let asked = begin(&app, TV, "openid").await;
    poll(&app, TV, &asked).await.expect_error(400, "authorization_pending");
    app.seconds_pass(5);
    poll(&app, TV, &asked).await.expect_error(400, "authorization_pending");
    app.seconds_pass(1);
    poll(&app, TV, &asked).await.expect_error(400, "slow_down");
    app.seconds_pass(5);
    poll(&app.replica().await, TV, &asked).await.expect_error(400, "slow_down");
    app.seconds_pass(15);
    poll(&app, TV, &asked).await.expect_error(400, "authorization_pending");
    allow(&app, &asked).await;
    poll(&app, TV, &asked).await.expect(200);
}

/// A refusal, and nobody can change it.
#[tokio::test]
async fn a_person_who_says_no_is_final() {
    let app = start().await;
    let asked = begin(&app, TV, "openid").await;
    let browser = app.browser_of(seed::ANA).await;
    let page = enter(&browser, &asked.user_code).await.click("#device-deny").await.expect("/device/done", 200);
    page.assert_text("gets nothing of yours");
    for _ in 0..2 {
        poll(&app, TV, &asked).await.expect_error(400, "access_denied");
    }
    enter(&browser, &asked.user_code).await.expect("/device", 422);
    assert!(app.audit().await.contains(&"device_authorization.denied".to_owned()));
}

/// RFC 8628 §3.2 `expires_in`: for the device and for the person, answered or not.
#[tokio::test]
async fn codes_expire() {
    let app = start().await;
    let (waiting, allowed) = (begin(&app, TV, "openid").await, begin(&app, TV, "openid").await);
    let browser = app.browser_of(seed::ANA).await;
    let page = enter(&browser, &waiting.user_code).await.expect("/device/confirm", 200);
    allow(&app, &allowed).await;
    app.seconds_pass(600);
    poll(&app, TV, &waiting).await.expect_error(400, "expired_token");
    poll(&app, TV, &allowed).await.expect_error(400, "expired_token");
    page.click("#device-allow").await.expect("/device/confirm", 422).assert_text("expired");
    enter(&browser, &waiting.user_code).await.expect("/device", 422);
    poll(&app, TV, &waiting).await.expect_error(400, "expired_token");
}

/// SECURITY TE-1: a code in the hands of another client is of no use to anybody any more, answered or not.
#[tokio::test]
async fn another_clients_code_is_burnt() {
    let app = start().await;
    let (waiting, allowed) = (begin(&app, TV, "openid").await, begin(&app, TV, "openid").await);
    allow(&app, &allowed).await;
    for asked in [&waiting, &allowed] {
        poll(&app, PRINTER, asked).await.expect_error(400, "invalid_grant");
        poll(&app, TV, asked).await.expect_error(400, "invalid_grant");
    }
    let (asked, tokens) = tokens(&app, TV, "openid").await;
    poll(&app, PRINTER, &asked).await.expect_error(400, "invalid_grant");
    assert!(!app.is_alive(tokens["access_token"].as_str().unwrap()).await);
    assert_eq!(app.audit().await.iter().filter(|kind| *kind == "code.refused").count(), 2);
}

/// Cut off, of another kind, nobody's, missing.
#[tokio::test]
async fn what_is_no_device_code_is_refused() {
    let app = start().await;
    let asked = begin(&app, TV, "openid").await;
    for code in [&asked.device_code[..49], "vst_dc_x", "vst_ac_x", &asked.user_code] {
        app.token(request(TV).with("grant_type", GRANT).with("device_code", code)).await.expect_error(400, "invalid_grant");
    }
    app.token(request(TV).with("grant_type", GRANT)).await.expect_error(400, "invalid_request");
}

/// As with a code (SECURITY TE-2): a second redemption ends what the first was given, also when the code's time is over.
#[tokio::test]
async fn a_replay_revokes_the_grant() {
    for wait in [1, 700] {
        let app = start().await;
        let (asked, tokens) = tokens(&app, TV, "openid offline_access").await;
        assert!(app.is_alive(tokens["access_token"].as_str().unwrap()).await);
        app.seconds_pass(wait);
        poll(&app, TV, &asked).await.expect_error(400, "invalid_grant");
        let refresh = request(TV).with("grant_type", "refresh_token").with("refresh_token", tokens["refresh_token"].as_str().unwrap());
        app.token(refresh).await.expect_error(400, "invalid_grant");
        assert!(app.audit().await.contains(&"code.replayed".to_owned()));
    }
}

/// SECURITY TE-3: of many at once, at two replicas, at most one has it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_redemptions_at_once_one_wins() {
    let app = start().await;
    let other = app.replica().await;
    let asked = begin(&app, TV, "openid").await;
    allow(&app, &asked).await;
    let redeem = |router| {
        let request = request(TV).with("grant_type", GRANT).with("device_code", &asked.device_code).build("/token");
        tokio::spawn(through(router, "192.0.2.1:40000".parse().unwrap(), request))
    };
    let answers = join_all((0..16).map(|number| redeem(if number % 2 == 0 { app.router() } else { other.router() }))).await;
    let won = answers.into_iter().filter(|answer| answer.as_ref().unwrap().status == 200).count();
    assert_eq!(won, 1);
    assert_eq!(app.audit().await.iter().filter(|kind| *kind == "grant.created").count(), 1);
}

/// docs/architecture.md: a poll that waits writes once, one too early twice; one that is refused, or that nobody was given, writes nothing.
#[tokio::test]
async fn a_poll_costs_one_write() {
    let app = start().await;
    let (waiting, denied) = (begin(&app, TV, "openid").await, begin(&app, TV, "openid").await);
    let browser = app.browser_of(seed::ANA).await;
    enter(&browser, &denied.user_code).await.click("#device-deny").await.expect("/device/done", 200);
    let nobodys = super::Asked { device_code: format!("{}x", waiting.device_code), ..begin(&app, TV, "openid").await };
    for (asked, error, writes) in
        [(&waiting, "authorization_pending", 1), (&waiting, "slow_down", 2), (&denied, "access_denied", 0), (&nobodys, "invalid_grant", 0)]
    {
        let before = app.app.store.statement_counts().1;
        poll(&app, TV, asked).await.expect_error(400, error);
        assert_eq!(app.app.store.statement_counts().1 - before, writes, "{error}");
    }
}
