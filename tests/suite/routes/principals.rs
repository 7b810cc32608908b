//! Who asks.

use axum::body::Body;
use http::{Method, Request};
use vestibule::web::csrf;

use super::listed::Route;
use super::strangers;
use crate::harness::{Answer, Browser, Credentials, ISSUER, TestApp, TokenRequest, basic, bearer, encode, seed};
use crate::organizations::{join, organization};

const FLOW: &str = "__Host-vestibule-flow";

/// The columns of `table.txt`. Operators have the command line, and the port of `internal.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Principal {
    /// A browser that has just come.
    Anonymous,
    /// Ana's password was right; the code of her phone is missing.
    HalfSignedIn,
    /// Ana, who has just signed in. Her forms are empty.
    User,
    /// Bruno, with everything that names something of Ana's.
    OtherUser,
    /// The same, Bruno administering Ana's organisation and nothing else.
    OrganizationAdministrator,
    /// The same, Bruno administering the service and Ana's organisation.
    Administrator,
    /// AutoTalk, with its secret and what it was given.
    Client,
    /// Legacy, with its own secret and what AutoTalk was given.
    WrongClient,
}

impl Principal {
    pub const ALL: [Self; 8] = [
        Self::Anonymous,
        Self::HalfSignedIn,
        Self::User,
        Self::OtherUser,
        Self::OrganizationAdministrator,
        Self::Administrator,
        Self::Client,
        Self::WrongClient,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::HalfSignedIn => "half",
            Self::User => "user",
            Self::OtherUser => "other",
            Self::OrganizationAdministrator => "org-admin",
            Self::Administrator => "admin",
            Self::Client => "client",
            Self::WrongClient => "wrong-client",
        }
    }

    /// What this principal is answered. `scene` is made anew after what may have changed something.
    pub async fn asks(self, scene: &mut Option<Scene>, method: &Method, route: &Route) -> String {
        let now = match scene.take() {
            Some(scene) => scene,
            None => self.scene().await,
        };
        let (cell, acted) = self.asks_in(&now, method, route).await;
        *scene = (!acted).then_some(now);
        cell
    }

    /// A service in which there is what this principal is, and what it names.
    async fn scene(self) -> Scene {
        self.scene_in(TestApp::start().await).await
    }

    /// The same in this one.
    pub async fn scene_in(self, app: TestApp) -> Scene {
        let mut names = Vec::new();
        if self == Self::HalfSignedIn {
            app.with_totp(seed::ANA).await;
        }
        if matches!(self, Self::OtherUser | Self::OrganizationAdministrator | Self::Administrator) {
            names = strangers::names_of_ana(&app).await.0;
        }
        if matches!(self, Self::OrganizationAdministrator | Self::Administrator) {
            administers(&app).await;
        }
        if self == Self::OrganizationAdministrator {
            app.change_user(seed::BRUNO, |user| user.administrator = false).await;
        }
        Scene { app, names }
    }

    /// The cell, and whether something may have happened.
    async fn asks_in(self, Scene { app, names }: &Scene, method: &Method, route: &Route) -> (String, bool) {
        if matches!(self, Self::Client | Self::WrongClient) {
            return (self.asks_as_client(app, method, route).await, false);
        }
        let browser = self.browser(app).await;
        let answer = ask(app, &browser, method, &route.example(app), names.clone()).await;
        let acted = *method != Method::GET && self != Self::Anonymous && !answer.status.is_client_error();
        (cell(&answer), acted)
    }

    pub async fn browser(self, app: &TestApp) -> Browser<'_> {
        match self {
            Self::HalfSignedIn => {
                let browser = app.browser();
                browser.open("/login").await.sign_in(seed::ANA).await.expect("/login/code", 200);
                browser
            }
            Self::User => app.browser_of(seed::ANA).await,
            Self::OtherUser | Self::OrganizationAdministrator | Self::Administrator => app.browser_of(seed::BRUNO).await,
            Self::Anonymous | Self::Client | Self::WrongClient => app.browser(),
        }
    }

    async fn asks_as_client(self, app: &TestApp, method: &Method, route: &Route) -> String {
        let own = self == Self::Client;
        let id = if own { seed::AUTOTALK } else { seed::LEGACY };
        if !route.is_for_clients() || *method == Method::GET && route.path != "/userinfo" {
            let request = Request::builder().method(method).uri(route.example(app)).header("authorization", basic(id, seed::SECRET));
            return cell(&app.send(request.body(Body::empty()).unwrap()).await);
        }
        let code = app.code(seed::AUTOTALK, "openid").await;
        if route.path == "/token" {
            return cell(&app.token(TokenRequest::code(seed::AUTOTALK, &code).credentials(Credentials::of(id))).await);
        }
        let tokens = app.token(TokenRequest::code(seed::AUTOTALK, &code)).await.expect(200).json();
        let token = tokens["access_token"].as_str().unwrap();
        match route.path.as_str() {
            "/introspect" => {
                let answer = app.introspect(Credentials::of(id), token).await;
                format!("{}:{}", cell(&answer), if answer.json()["active"] == true { "active" } else { "inactive" })
            }
            "/revoke" => {
                let answer = app.revoke(Credentials::of(id), token).await;
                format!("{}:{}", cell(&answer), if app.is_alive(token).await { "alive" } else { "dead" })
            }
            "/userinfo" => {
                let machine = app.token(TokenRequest::client_credentials(seed::BATCH)).await.expect(200).json();
                let token = if own { token } else { machine["access_token"].as_str().unwrap() };
                let mut request = bearer("/userinfo", token);
                *request.method_mut() = method.clone();
                cell(&app.send(request).await)
            }
            // Neither is registered for it.
            "/device/authorize" => cell(&app.send(TokenRequest::new(Credentials::of(id)).build(&route.path)).await),
            path => panic!("{path}: say what a client sends there"),
        }
    }
}

/// A service, and what names something of Ana's there.
pub struct Scene {
    pub app: TestApp,
    pub names: Vec<(String, String)>,
}

/// Makes Bruno administer the service and the organisation Ana is in.
pub async fn administers(app: &TestApp) {
    app.change_user(seed::BRUNO, |user| user.administrator = true).await;
    organization(app, "acme", "{}").await;
    join(app, "acme", seed::ANA, false).await;
    join(app, "acme", seed::BRUNO, true).await;
}

/// One request of this browser, with these pairs, and the right token for a form.
pub async fn ask(app: &TestApp, browser: &Browser<'_>, method: &Method, path: &str, mut pairs: Vec<(String, String)>) -> Answer {
    if *method == Method::GET {
        let query = query(&pairs);
        let url = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
        return browser.get(&url).await;
    }
    if browser.cookie(FLOW).is_none() {
        browser.set_cookie(FLOW, &"A".repeat(43));
    }
    pairs.push(("csrf_token".to_owned(), csrf::token(&app.app.sealer, &browser.cookie(FLOW).unwrap())));
    let request = browser.request(method.as_str(), path).header("origin", ISSUER).header("sec-fetch-site", "same-origin");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    browser.send(request.body(Body::from(query(&pairs))).unwrap()).await
}

fn query(pairs: &[(String, String)]) -> String {
    encode(&pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Vec<_>>())
}

/// An answer in one word: its status, and where it sends the browser.
pub fn cell(answer: &Answer) -> String {
    if !answer.status.is_redirection() {
        return answer.status.as_u16().to_string();
    }
    let to = answer.location();
    let ours = to.origin().ascii_serialization() == ISSUER;
    format!("{}>{}", answer.status.as_u16(), if ours { to.path() } else { "out" })
}
