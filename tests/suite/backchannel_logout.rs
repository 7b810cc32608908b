//! Back-Channel Logout 1.0.

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use vestibule::oidc::backchannel;
use vestibule::store::logout_deliveries::{self, DeliveryState, LogoutDelivery};

use crate::harness::{ISSUER, Listener, TestApp, TokenRequest, claims_of, header_of, seed};

/// A service that may call these networks.
struct Running {
    app: TestApp,
}

impl Running {
    async fn start(allowed: &str) -> Self {
        let app = TestApp::with(|config| {
            config.outbound.allowed_networks = allowed.parse().unwrap();
            config.outbound.timeout = "2s".parse().unwrap();
        })
        .await;
        Self { app }
    }

    /// What the job does when it looks for work: delivers what is due. How many attempts it made.
    async fn attempt(&self) -> usize {
        backchannel::deliver_due(&self.app.app).await.unwrap()
    }

    /// The only delivery.
    async fn delivery(&self) -> LogoutDelivery {
        let mut all = self.deliveries().await;
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    /// Signs in at AutoTalk (told at `uri`), then logs out. The ID token of that sign-in.
    async fn sign_in_and_out(&self, uri: &str) -> String {
        let uri = uri.to_owned();
        self.app.change_client(seed::AUTOTALK, |client| client.metadata.backchannel_logout_uri = Some(uri)).await;
        let browser = self.app.browser_of(seed::ANA).await;
        let code = browser.open(&self.app.authorize(seed::AUTOTALK).url()).await.code();
        let json = self.app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect(200).json();
        browser.open("/account").await.click("Log out").await;
        json["id_token"].as_str().unwrap().to_owned()
    }

    async fn deliveries(&self) -> Vec<LogoutDelivery> {
        logout_deliveries::list(&self.app.app.store.read(), 10).await.unwrap()
    }
}

fn token_in(body: &str) -> String {
    let mut pairs = form_urlencoded::parse(body.as_bytes());
    let (name, value) = pairs.next().unwrap();
    assert_eq!(name, "logout_token", "Back-Channel Logout §2.5: {body}");
    assert!(pairs.next().is_none(), "{body}");
    value.into_owned()
}

fn assert_logout_token(token: &str, id_token: &Value, now: i64) {
    assert_eq!(header_of(token)["typ"], "logout+jwt");
    assert_eq!(header_of(token)["alg"], "RS256");
    let claims = claims_of(token);
    assert_eq!(claims["iss"], ISSUER);
    assert!(claims["aud"] == seed::AUTOTALK || claims["aud"] == json!([seed::AUTOTALK]), "{claims}");
    assert_eq!(claims["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
    assert_eq!((&claims["sub"], &claims["sid"]), (&id_token["sub"], &id_token["sid"]));
    assert!(claims.get("nonce").is_none(), "Back-Channel Logout §2.4: {claims}");
    assert!(claims["jti"].as_str().unwrap().len() >= 16);
    assert_eq!(claims["iat"].as_i64(), Some(now));
    let lifetime = claims["exp"].as_i64().unwrap() - now;
    assert!((1..=120).contains(&lifetime), "Back-Channel Logout §2.4: two minutes at most: {lifetime}");
}

/// Back-Channel Logout §2.4, §2.5.
#[tokio::test]
async fn the_application_is_told_who_and_which_session() {
    let running = Running::start("127.0.0.0/8").await;
    let listener = Listener::start().await;
    let id_token = running.sign_in_and_out(&listener.url).await;
    assert_eq!(running.attempt().await, 1);
    assert_logout_token(&token_in(&listener.received()[0]), &claims_of(&id_token), running.app.now().secs());
    assert_eq!(running.delivery().await.state, DeliveryState::Delivered);
    assert!(running.app.audit().await.contains(&"logout.delivered".to_owned()));
}

/// Back-Channel Logout §2.2: only applications that were signed in through this session, and each once.
#[tokio::test]
async fn only_applications_of_this_session_are_told_and_each_once() {
    let running = Running::start("127.0.0.0/8").await;
    let (autotalk, spa) = (Listener::start().await, Listener::start().await);
    let uri = spa.url.clone();
    running.app.change_client(seed::SPA, |client| client.metadata.backchannel_logout_uri = Some(uri)).await;
    let other = running.app.browser_of(seed::ANA).await;
    let code = other.open(&running.app.authorize(seed::SPA).url()).await.code();
    running.app.token(TokenRequest::code(seed::SPA, &code)).await.expect(200);
    running.sign_in_and_out(&autotalk.url).await;
    assert_eq!(running.attempt().await, 1);
    assert_eq!((autotalk.received().len(), spa.received().len()), (1, 0));
    assert_eq!(running.deliveries().await.len(), 1);
}

/// A refused or failed delivery is tried again, later each time, until it arrives.
#[tokio::test]
async fn a_failed_delivery_is_tried_again() {
    let running = Running::start("127.0.0.0/8").await;
    let listener = Listener::answering(&[500, 503]).await;
    running.sign_in_and_out(&listener.url).await;
    for attempt in 1..=2 {
        assert_eq!(running.attempt().await, 1);
        assert_eq!(running.attempt().await, 0, "not at once again");
        let delivery = running.delivery().await;
        assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Pending, attempt));
        assert!(delivery.last_error.is_some() && delivery.next_attempt_at > running.app.now());
        running.app.clock.set(delivery.next_attempt_at);
    }
    assert_eq!(running.attempt().await, 1);
    assert_eq!(running.delivery().await.state, DeliveryState::Delivered);
    assert_eq!(listener.received().len(), 3);
}

/// In the end it is given up and audited, not tried for ever.
#[tokio::test]
async fn a_delivery_that_never_arrives_is_given_up() {
    let running = Running::start("127.0.0.0/8").await;
    let listener = Listener::answering(&[500; 50]).await;
    running.sign_in_and_out(&listener.url).await;
    for _ in 0..40 {
        running.attempt().await;
        let delivery = running.delivery().await;
        if delivery.state == DeliveryState::Failed {
            assert!(running.app.audit().await.contains(&"logout.delivery_failed".to_owned()));
            assert_eq!(running.attempt().await, 0);
            return;
        }
        running.app.clock.set(delivery.next_attempt_at);
    }
    panic!("still trying after 40 attempts");
}

/// AD-6: private, loopback and link-local addresses are not called unless the operator allows them.
#[tokio::test]
async fn addresses_inside_are_not_called_unless_allowed() {
    let running = Running::start("10.1.0.0/16").await;
    let listener = Listener::start().await;
    running.sign_in_and_out(&listener.url).await;
    running.attempt().await;
    assert!(running.delivery().await.last_error.unwrap().contains("allowed_networks"));
    assert!(listener.received().is_empty(), "loopback was called");
}

/// AD-6: redirects are not followed: an allowed host must not send us somewhere else.
#[tokio::test]
async fn redirects_are_not_followed() {
    let running = Running::start("127.0.0.0/8").await;
    let listener = Listener::answering(&[302]).await;
    running.sign_in_and_out(&listener.url).await;
    running.attempt().await;
    let delivery = running.delivery().await;
    assert!(delivery.state == DeliveryState::Pending && delivery.last_error.is_some(), "{delivery:?}");
    assert_eq!(listener.received().len(), 1);
}

/// The outbox survives a restart: what one process wrote, the next delivers.
#[tokio::test]
async fn a_delivery_survives_a_restart() {
    let app = TestApp::with(|config| config.outbound.allowed_networks = "127.0.0.0/8".parse().unwrap()).await;
    let listener = Listener::start().await;
    let uri = listener.url.clone();
    app.change_client(seed::AUTOTALK, |client| client.metadata.backchannel_logout_uri = Some(uri)).await;
    let browser = app.browser_of(seed::ANA).await;
    let code = browser.open(&app.authorize(seed::AUTOTALK).url()).await.code();
    app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect(200);
    browser.open("/account").await.click("Log out").await;
    assert!(listener.received().is_empty(), "no job was running");
    let stop = CancellationToken::new();
    tokio::spawn(vestibule::jobs::run(app.app.clone(), stop.clone()));
    listener.wait_for(1).await;
    stop.cancel();
}

/// The job does it by itself, at once: the end of the session wakes it.
#[tokio::test]
async fn the_job_is_woken_by_the_end_of_a_session() {
    let running = Running::start("127.0.0.0/8").await;
    let stop = CancellationToken::new();
    tokio::spawn(vestibule::jobs::run(running.app.app.clone(), stop.clone()));
    let listener = Listener::start().await;
    running.sign_in_and_out(&listener.url).await;
    listener.wait_for(1).await;
    stop.cancel();
}

/// An application that cannot be reached keeps nobody else waiting: after the first failure everything else that is due to it is put off, untried.
#[tokio::test]
async fn an_application_that_is_gone_holds_up_nobody_else() {
    let running = Running::start("127.0.0.0/8").await;
    let spa = Listener::start().await;
    let gone = {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/logout", socket.local_addr().unwrap())
    };
    for _ in 0..10 {
        running.sign_in_and_out(&gone).await;
    }
    let uri = spa.url.clone();
    running.app.change_client(seed::SPA, |client| client.metadata.backchannel_logout_uri = Some(uri)).await;
    let browser = running.app.browser_of(seed::ANA).await;
    let code = browser.open(&running.app.authorize(seed::SPA).url()).await.code();
    running.app.token(TokenRequest::code(seed::SPA, &code)).await.expect(200);
    browser.open("/account").await.click("Log out").await;

    running.attempt().await;
    assert_eq!(spa.received().len(), 1);
    let all = logout_deliveries::list(&running.app.app.store.read(), 100).await.unwrap();
    let tried = all.iter().filter(|delivery| delivery.client_id == seed::AUTOTALK && delivery.attempts > 0).count();
    assert!((1..=4).contains(&tried), "tried {tried} of 10");
    let now = running.app.now();
    assert!(all.iter().all(|delivery| delivery.state == DeliveryState::Delivered || delivery.next_attempt_at > now));
}
