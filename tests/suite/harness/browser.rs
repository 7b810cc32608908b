//! A browser without JavaScript: cookies, redirects, forms.

use std::cell::RefCell;
use std::collections::BTreeMap;

use axum::body::Body;
use http::{Request, request};
use url::Url;

use super::page::Page;
use super::{Answer, ISSUER, TestApp, encode};

pub struct Browser<'a> {
    app: &'a TestApp,
    cookies: RefCell<BTreeMap<String, String>>,
    languages: RefCell<String>,
}

impl<'a> Browser<'a> {
    pub fn new(app: &'a TestApp) -> Self {
        Self { app, cookies: RefCell::default(), languages: RefCell::new("en".to_owned()) }
    }

    /// What it asks for in `Accept-Language`.
    pub fn speaks(self, languages: &str) -> Self {
        languages.clone_into(&mut self.languages.borrow_mut());
        self
    }

    /// The same browser, whose requests another process answers.
    pub fn at<'b>(&self, app: &'b TestApp) -> Browser<'b> {
        Browser { app, cookies: self.cookies.clone(), languages: self.languages.clone() }
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.borrow().get(name).cloned()
    }

    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
    }

    pub fn cookie_names(&self) -> Vec<String> {
        self.cookies.borrow().keys().cloned().collect()
    }

    pub fn clear_cookies(&self) {
        self.cookies.borrow_mut().clear();
    }

    pub fn forget_cookie(&self, name: &str) {
        self.cookies.borrow_mut().remove(name);
    }

    /// Goes to a URL, as if typed or linked to, and follows redirects until a page or until it leaves the service.
    pub async fn open(&self, url: &str) -> Page<'_> {
        self.follow(self.get(url).await, url).await
    }

    /// One GET, nothing followed.
    pub async fn get(&self, url: &str) -> Answer {
        let request = self.request("GET", url).header("sec-fetch-site", "none").body(Body::empty()).unwrap();
        self.send(request).await
    }

    /// A form on one of our own pages, submitted.
    pub async fn submit(&self, url: &str, form: &[(String, String)]) -> Page<'_> {
        self.follow(self.post(url, form).await, url).await
    }

    /// One POST from a page of ours, nothing followed.
    pub async fn post(&self, url: &str, form: &[(String, String)]) -> Answer {
        self.send(self.form_request(url).header("origin", ISSUER).header("sec-fetch-site", "same-origin").body(body(form)).unwrap()).await
    }

    /// A form on somebody else's page, submitted to us. Browsers do not send `SameSite=Lax` cookies with it.
    pub async fn cross_site_post(&self, url: &str, form: &[(String, String)]) -> Answer {
        let mut request = self.form_request(url);
        if let Some(headers) = request.headers_mut() {
            headers.remove("cookie");
        }
        let request = request.header("origin", "https://elsewhere.test").header("sec-fetch-site", "cross-site").body(body(form)).unwrap();
        self.send(request).await
    }

    fn form_request(&self, url: &str) -> request::Builder {
        self.request("POST", url).header("content-type", "application/x-www-form-urlencoded")
    }

    /// A request with this browser's cookies and language.
    pub fn request(&self, method: &str, url: &str) -> request::Builder {
        let url = Url::parse(ISSUER).unwrap().join(url).unwrap();
        let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let mut request = Request::builder().method(method).uri(path).header("accept", "text/html");
        request = request.header("accept-language", self.languages.borrow().as_str());
        let cookies: Vec<String> = self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if cookies.is_empty() { request } else { request.header("cookie", cookies.join("; ")) }
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let answer = self.app.send(request).await;
        for cookie in answer.set_cookies() {
            self.keep(&cookie);
        }
        answer
    }

    fn keep(&self, cookie: &str) {
        let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
        let (name, value) = pair.split_once('=').unwrap();
        let removed = attributes.to_ascii_lowercase().contains("max-age=0");
        if removed {
            self.cookies.borrow_mut().remove(name);
        } else {
            self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
        }
    }

    async fn follow(&self, mut answer: Answer, url: &str) -> Page<'_> {
        let mut at = Url::parse(ISSUER).unwrap().join(url).unwrap();
        for _ in 0..10 {
            if !answer.status.is_redirection() {
                return Page::shown(self, at, answer);
            }
            assert_eq!(answer.status, 303, "{answer:?}");
            at = answer.location();
            if at.origin().ascii_serialization() != ISSUER {
                return Page::left(self, at, answer);
            }
            answer = self.get(at.as_str()).await;
        }
        panic!("redirected in circles: {answer:?}");
    }
}

fn body(form: &[(String, String)]) -> Body {
    let pairs: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Body::from(encode(&pairs))
}
