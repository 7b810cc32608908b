//! An authorization request on its way through the pages: sealed, bound to the browser's flow cookie, no row.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::FromRequestParts;
use http::HeaderValue;
use http::header::COOKIE;
use http::request::Parts;
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use super::step::{SignIn, Wanted};
use crate::app::App;
use crate::clock::Timestamp;
use crate::secret::{OpenError, Purpose, Sealer, equal};
use crate::session::browser;
use crate::store;
use crate::web::pages::form_action_source;
use crate::web::pages::views::ClientView;
use crate::web::{ErrorKind, PageError, Visit};

/// How long a request may take in all, with its detours over a mailbox. Then it starts afresh.
const MOST: Duration = Duration::from_hours(2);

/// The name of the query parameter and form field that carries it.
pub const PARAM: &str = "i";

/// What the pages know about the request. Everything here was checked or decided by us: a page shows and stores what is sealed,
/// never what a form says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// The authorization request, urlencoded: the parameters we read, as they came. Checked again, whole, at every resume. It is sealed
    /// only after its client and redirect URI were proven.
    pub request: String,
    pub client_id: String,
    pub requested_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_hint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ui_locales: Option<String>,
    /// The session the person chose on the account page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen: Option<Uuid>,
    /// The origins of the client's registered addresses: browsers hold every redirect after a form post against the page's content security
    /// policy, the application's own from its redirect URI onwards too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leads_to: Option<String>,
    /// What a session must be for the login page to have nothing to ask.
    #[serde(default)]
    pub wanted: Wanted,
    /// What the consent page asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<Question>,
    /// The person said no to it.
    #[serde(default)]
    pub denied: bool,
    /// No browser asked: a device did, whose code the person has typed here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Device>,
}

/// A device that waits for an answer (RFC 8628).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Of the device authorization.
    pub id: Uuid,
    /// As the device shows it, for the person to compare.
    pub user_code: String,
}

/// A consent that is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Who is asked. The answer of somebody else, who signed in meanwhile in another tab, is not theirs.
    pub user_id: Uuid,
    /// All that the request asks for and the client may have.
    pub scope: String,
}

impl Flow {
    /// The path that starts the same request afresh.
    #[must_use]
    pub fn restart_path(&self) -> String {
        if self.device.is_some() {
            return "/device".to_owned();
        }
        format!("/authorize?{}", self.request)
    }

    /// Where the answer goes.
    fn redirect_uri(&self) -> Option<String> {
        let mut parameters = form_urlencoded::parse(self.request.as_bytes());
        parameters.find(|(name, _)| name == "redirect_uri").map(|(_, uri)| uri.into_owned())
    }

    /// Where a form of ours may lead to in the end, for the pages' content security policy.
    #[must_use]
    pub fn return_origin(&self) -> Option<String> {
        self.leads_to.clone().or_else(|| self.redirect_uri().and_then(|uri| form_action_source(&uri)))
    }

    /// What people recognise of where the answer goes: the host with its port, or the private-use scheme of a native application.
    #[must_use]
    pub fn return_host(&self) -> String {
        let url = self.redirect_uri().and_then(|uri| Url::parse(&uri).ok());
        url.map_or_else(String::new, |url| match (url.scheme(), url.host_str(), url.port()) {
            ("http" | "https", Some(host), None) => host.to_owned(),
            ("http" | "https", Some(host), Some(port)) => format!("{host}:{port}"),
            (scheme, ..) => scheme.to_owned(),
        })
    }

    /// The same request, with the person's word that this sign-in is not to answer it, and whose address to fill in instead.
    #[must_use]
    pub fn with_another_account(&self, not: Option<SignIn>, login_hint: Option<String>) -> Self {
        let wanted = Wanted { turned_down: not.or(self.wanted.turned_down), ..self.wanted };
        Self { wanted, login_hint, chosen: None, question: None, ..self.clone() }
    }

    /// The request alone, without what was answered so far, to be kept where no browser is: sealed there by whoever keeps it. A device's is not kept: a
    /// stranger could have a mail of ours lead somebody to the question about the stranger's device. Whoever has the device types its code again.
    #[must_use]
    pub fn to_keep(&self) -> Option<String> {
        if self.device.is_some() {
            return None;
        }
        let bare = Self { chosen: None, question: None, denied: false, ..self.clone() };
        serde_json::to_string(&bare).ok()
    }

    /// What [`Flow::to_keep`] made.
    #[must_use]
    pub fn from_kept(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The application, as pages show it.
    ///
    /// # Errors
    /// The store's.
    pub async fn client_view(&self, app: &App) -> store::Result<Option<ClientView>> {
        Ok(app.clients.find(&self.client_id).await?.map(|client| ClientView {
            name: client.name().to_owned(),
            client_uri: client.metadata.client_uri.clone(),
            policy_uri: client.metadata.policy_uri.clone(),
            tos_uri: client.metadata.tos_uri.clone(),
        }))
    }
}

/// A flow with the binding to its browser.
#[derive(Serialize, Deserialize)]
struct Bound {
    #[serde(flatten)]
    flow: Flow,
    /// Digest of the flow cookie's value.
    browser: String,
}

/// A sealed flow, ready for a URL, and the cookie to set when the browser had none.
#[derive(Debug)]
pub struct Sealed {
    pub value: String,
    pub set_cookie: Option<HeaderValue>,
}

/// The sealed flow of a page's URL. Longer than other queries may be: it carries a whole authorization request.
#[derive(Debug)]
pub struct FlowQuery(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for FlowQuery {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        let sealed = form_urlencoded::parse(query.as_bytes()).find(|(name, value)| name == PARAM && !value.is_empty());
        Ok(Self(sealed.map(|(_, value)| value.into_owned())))
    }
}

/// Seals it for `session.flow_ttl` from now, but never past the end of the request, bound to this browser.
#[must_use]
pub fn seal(app: &App, visit: &Visit, flow: &Flow) -> Sealed {
    let (browser, set_cookie) = browser::binding(app, visit);
    let expires_at = end(app.now(), flow.requested_at, app.config.session.flow_ttl.0);
    Sealed { value: seal_for(&app.sealer, &browser, flow, expires_at), set_cookie }
}

/// A page has its time, and the request as a whole another: sealed again at every step, it would have no end.
fn end(now: Timestamp, requested_at: Timestamp, page: Duration) -> Timestamp {
    now.plus(page).min(requested_at.plus(MOST.max(page)))
}

fn seal_for(sealer: &Sealer, browser: &str, flow: &Flow, expires_at: Timestamp) -> String {
    sealer.seal(Purpose::Flow, &Bound { flow: flow.clone(), browser: browser::fingerprint(browser) }, expires_at)
}

/// Opens one.
///
/// # Errors
/// `Expired` with a restart link when its time is over, or when the browser's cookie is not the one it was bound to (cleared cookies,
/// another browser): the link starts the same request afresh. `CookiesBlocked` when the browser sent no cookie at all. `BadRequest`
/// when it is no flow of ours.
pub fn open(app: &App, visit: &Visit, sealed: Option<&str>) -> Result<Flow, PageError> {
    let sealed = sealed.ok_or_else(|| PageError::new(ErrorKind::BadRequest))?;
    open_for(&app.sealer, browser::cookie(app, visit), sealed, app.now()).map_err(|refusal| match refusal {
        Refusal::NotOurs => PageError::new(ErrorKind::BadRequest),
        Refusal::Elsewhere(flow) if !visit.headers.contains_key(COOKIE) => {
            PageError::new(ErrorKind::CookiesBlocked { restart: Some(flow.restart_path()) })
        }
        Refusal::Elsewhere(flow) | Refusal::Late(flow) => PageError::new(ErrorKind::Expired { restart: Some(flow.restart_path()) }),
    })
}

/// The flow of a page that helps with signing in, but is no step of it: also when its time is over, or it began in another browser, for all that
/// comes of it is that the same request starts afresh.
#[must_use]
pub fn glance(app: &App, visit: &Visit, sealed: Option<&str>) -> Option<Flow> {
    match open_for(&app.sealer, browser::cookie(app, visit), sealed?, app.now()) {
        Ok(flow) => Some(flow),
        Err(Refusal::Elsewhere(flow) | Refusal::Late(flow)) => Some(*flow),
        Err(Refusal::NotOurs) => None,
    }
}

/// Why a flow is not opened.
#[derive(Debug, PartialEq, Eq)]
enum Refusal {
    NotOurs,
    /// Bound to another browser, or to a cookie that is gone.
    Elsewhere(Box<Flow>),
    Late(Box<Flow>),
}

fn open_for(sealer: &Sealer, browser: Option<&str>, text: &str, now: Timestamp) -> Result<Flow, Refusal> {
    let bound: Bound = sealer.open(Purpose::Flow, text, now).map_err(|error| match error {
        OpenError::Expired(Bound { flow, .. }) => Refusal::Late(Box::new(flow)),
        OpenError::Invalid => Refusal::NotOurs,
    })?;
    let here = browser.is_some_and(|browser| equal(browser::fingerprint(browser).as_bytes(), bound.browser.as_bytes()));
    if here { Ok(bound.flow) } else { Err(Refusal::Elsewhere(Box::new(bound.flow))) }
}

/// The path that continues this flow.
#[must_use]
pub fn resume_path(sealed: &str) -> String {
    format!("/authorize/resume?{PARAM}={sealed}")
}

/// The path of a page in this flow.
#[must_use]
pub fn page_path(page: &str, sealed: &str) -> String {
    format!("{page}?{PARAM}={sealed}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::KeyEncryptionKey;

    const BROWSER: &str = "a-browser";

    fn sealer() -> Sealer {
        Sealer::new(&[KeyEncryptionKey::new([7; 32])]).unwrap()
    }

    fn flow() -> Flow {
        Flow {
            request: "client_id=autotalk&state=%22x%22".to_owned(),
            client_id: "autotalk".to_owned(),
            requested_at: Timestamp::from_secs(5),
            wanted: Wanted {
                since: Some(Timestamp::from_secs(5)),
                user: Some(Uuid::from_u128(4)),
                turned_down: Some(SignIn { session_id: Uuid::from_u128(9), at: Timestamp::from_secs(1) }),
                aal2: true,
                second_factor: false,
            },
            question: Some(Question { user_id: Uuid::from_u128(4), scope: "openid".to_owned() }),
            ..Flow::default()
        }
    }

    #[test]
    fn a_flow_comes_back_as_it_went() {
        let sealed = seal_for(&sealer(), BROWSER, &flow(), Timestamp::from_secs(10));
        assert_eq!(open_for(&sealer(), Some(BROWSER), &sealed, Timestamp::from_secs(9)), Ok(flow()));
    }

    #[test]
    fn a_flow_is_worthless_in_another_browser_and_after_its_time() {
        let sealed = seal_for(&sealer(), BROWSER, &flow(), Timestamp::from_secs(10));
        let open = |browser, now| open_for(&sealer(), browser, &sealed, Timestamp::from_secs(now));
        assert_eq!(open(Some("another"), 9), Err(Refusal::Elsewhere(Box::new(flow()))));
        assert_eq!(open(None, 9), Err(Refusal::Elsewhere(Box::new(flow()))));
        assert_eq!(open(Some(BROWSER), 10), Err(Refusal::Late(Box::new(flow()))));
        assert_eq!(open_for(&sealer(), Some(BROWSER), "AAAA", Timestamp::from_secs(9)), Err(Refusal::NotOurs));
    }

    #[test]
    fn a_flow_that_is_sealed_again_and_again_ends() {
        let (requested, page) = (Timestamp::from_secs(0), Duration::from_mins(15));
        assert_eq!(end(Timestamp::from_secs(60), requested, page), Timestamp::from_secs(960));
        for now in [7000, 7200, 9000, 900_000] {
            assert_eq!(end(Timestamp::from_secs(now), requested, page), Timestamp::from_secs(7200));
        }
        assert_eq!(end(requested, requested, MOST * 2), requested.plus(MOST * 2), "the operator's own longer time holds");
    }

    #[test]
    fn a_posted_request_is_not_a_flow() {
        let bound = Bound { flow: flow(), browser: browser::fingerprint(BROWSER) };
        let sealed = sealer().seal(Purpose::PostedAuthorize, &bound, Timestamp::from_secs(10));
        assert_eq!(open_for(&sealer(), Some(BROWSER), &sealed, Timestamp::from_secs(9)), Err(Refusal::NotOurs));
    }

    #[test]
    fn people_see_the_host_or_the_applications_own_scheme() {
        let rows = [
            ("https%3A%2F%2Fautotalk.example%2Fcb", "autotalk.example"),
            ("http://127.0.0.1:8081/cb", "127.0.0.1:8081"),
            ("com.example.autotalk%3A%2Fcb", "com.example.autotalk"),
            ("", ""),
        ];
        for (uri, host) in rows {
            let flow = Flow { request: format!("state=1&redirect_uri={uri}"), ..Flow::default() };
            assert_eq!(flow.return_host(), host);
        }
    }

    #[test]
    fn a_restart_is_the_request_itself() {
        assert_eq!(flow().restart_path(), "/authorize?client_id=autotalk&state=%22x%22");
    }
}
