//! Devices without a browser: RFC 8628.

mod endpoint;
mod guessing;
mod journey;
mod person;
mod polling;

use serde_json::Value;
use vestibule::store::clients::{AuthMethod, GrantType, Metadata};

use crate::harness::{Answer, Browser, Credentials, Page, TestApp, TokenRequest, seed};

/// First party, public, with refresh tokens; no redirect URI.
pub const TV: &str = "tv";
/// Third party, confidential.
pub const PRINTER: &str = "printer";

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What a device was given.
pub struct Asked {
    pub device_code: String,
    pub user_code: String,
    pub json: Value,
}

fn metadata(name: &str) -> Metadata {
    Metadata {
        client_name: Some(name.to_owned()),
        grant_types: vec![GrantType::DeviceCode, GrantType::RefreshToken],
        response_types: Vec::new(),
        ..Metadata::default()
    }
}

/// Registers the two.
pub async fn clients(app: &TestApp) {
    let tv = Metadata { token_endpoint_auth_method: AuthMethod::None, first_party: true, ..metadata("Television") };
    seed::insert_client(&app.app, seed::client(TV, tv)).await;
    seed::insert_client(&app.app, seed::client(PRINTER, metadata("Printer"))).await;
}

async fn start() -> TestApp {
    let app = TestApp::start().await;
    clients(&app).await;
    app
}

fn request(client_id: &str) -> TokenRequest {
    TokenRequest::new(if client_id == TV { Credentials::Public(TV.to_owned()) } else { Credentials::of(client_id) })
}

async fn ask(app: &TestApp, client_id: &str, scope: &str) -> Answer {
    app.send(request(client_id).with("scope", scope).build("/device/authorize")).await
}

/// Begins.
pub async fn begin(app: &TestApp, client_id: &str, scope: &str) -> Asked {
    let json = ask(app, client_id, scope).await.expect(200).json();
    let text = |name: &str| json[name].as_str().unwrap().to_owned();
    Asked { device_code: text("device_code"), user_code: text("user_code"), json }
}

/// The device asks whether it may by now.
async fn poll(app: &TestApp, client_id: &str, asked: &Asked) -> Answer {
    app.token(request(client_id).with("grant_type", GRANT).with("device_code", &asked.device_code)).await
}

/// Types the code.
pub async fn enter<'b>(browser: &'b Browser<'_>, user_code: &str) -> Page<'b> {
    browser.open("/device").await.expect("/device", 200).fill("Code", user_code).click("Continue").await
}

/// Ana, who is signed in, allows what was asked.
async fn allow(app: &TestApp, asked: &Asked) {
    let browser = app.browser_of(seed::ANA).await;
    let page = enter(&browser, &asked.user_code).await.expect("/device/confirm", 200);
    page.click("#device-allow").await.expect("/device/done", 200);
}

/// Tokens for this client and scope.
async fn tokens(app: &TestApp, client_id: &str, scope: &str) -> (Asked, Value) {
    let asked = begin(app, client_id, scope).await;
    allow(app, &asked).await;
    let tokens = poll(app, client_id, &asked).await.expect(200).json();
    (asked, tokens)
}
