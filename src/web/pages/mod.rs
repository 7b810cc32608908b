//! Pages: a struct with a template and samples each, rendered strictly.

mod check;
mod document;
mod engine;
pub mod samples;
pub mod views;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use minijinja::Value;
use minijinja::value::Serde;
use serde::Serialize;

pub use document::{form_action_source, form_action_sources};

use self::engine::Engine;
use self::views::mail::Letter;
use super::i18n::Locale;
use super::statics::Statics;
use super::texts::Texts;
use super::visit::{LANGUAGE, Visit};
use super::{ErrorKind, PageError};
use crate::config;

/// A page. Its fields are what its template may use; the layout adds `lang`, `dir`, `brand`, `path` and the texts (`t('message-id', name=value)`).
pub trait Page: Serialize {
    /// Below `templates/`, for example `pages/login.html`.
    const TEMPLATE: &'static str;

    /// The CSP source beside ourselves to which a post from this page may lead (or several, separated by spaces), because browsers hold the
    /// redirects after a post against `form-action` too: the application's origin, made by [`form_action_source`] or [`form_action_sources`].
    fn form_action_origin(&self) -> Option<String> {
        None
    }

    /// Path and query under which a GET shows this page, for the language links. None: where the visit is, if it is a GET.
    fn here(&self) -> Option<String> {
        None
    }
}

/// All templates, texts and static files, compiled once. Cheap to clone.
#[derive(Clone)]
pub struct Pages(Arc<Parts>);

struct Parts {
    engine: Engine,
    texts: Arc<Texts>,
    statics: Arc<Statics>,
}

/// What a mail says, twice: each part is complete on its own.
#[derive(Clone, Debug)]
pub struct Rendered {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// One link of the language picker.
#[derive(Serialize)]
struct LanguageLink {
    tag: &'static str,
    name: &'static str,
    href: String,
    current: bool,
}

/// What the layout needs of the request.
#[derive(Serialize)]
struct Surroundings<'a> {
    path: &'a str,
    request_id: &'a str,
    languages: Vec<LanguageLink>,
}

impl Pages {
    /// # Errors
    /// A template or message file that does not compile, by name and line.
    pub fn load(brand: &config::Brand) -> Result<Self, String> {
        Self::load_watched(brand, None)
    }

    /// With a record of the messages used, when somebody wants to know which ones are not.
    fn load_watched(brand: &config::Brand, used: Option<&engine::Used>) -> Result<Self, String> {
        let texts = Arc::new(Texts::load()?);
        let statics = Arc::new(Statics::load()?);
        let engine = Engine::load(brand, &texts, &statics, used)?;
        Ok(Self(Arc::new(Parts { engine, texts, statics })))
    }

    /// A page with status 200, `Content-Language`, `no-store` and the security headers (CSP with `form-action 'self'`).
    pub fn render<P: Page>(&self, visit: &Visit, locale: Locale, page: &P) -> Response {
        self.render_with_status(StatusCode::OK, visit, locale, page)
    }

    /// The same with another status.
    pub fn render_with_status<P: Page>(&self, status: StatusCode, visit: &Visit, locale: Locale, page: &P) -> Response {
        match self.html(visit, locale, page) {
            Ok(html) => document::respond(status, locale, html, page.form_action_origin().as_deref()),
            Err(cause) => PageError::because(ErrorKind::Internal, cause).into_response(),
        }
    }

    /// A message in a language, for texts that are not in a template.
    #[must_use]
    pub fn text(&self, locale: Locale, id: &str) -> String {
        self.0.texts.format(locale, id, &BTreeMap::new()).unwrap_or_else(|cause| {
            tracing::error!(%cause, "a text cannot be shown");
            String::new()
        })
    }

    /// Whether there is such a message.
    #[must_use]
    pub fn has_text(&self, id: &str) -> bool {
        self.0.texts.has(id)
    }

    /// A mail in a language.
    ///
    /// # Errors
    /// What a template or a text complains about.
    pub fn mail(&self, locale: Locale, letter: &Letter) -> Result<Rendered, String> {
        let fill = |template: &str, subject: &str| {
            let surroundings = BTreeMap::from([("subject", subject)]);
            self.0.engine.render(template, locale, Value::from(Serde(surroundings)), Value::from(Serde(letter)))
        };
        let subject = fill("mail/subject.txt", "")?.trim().to_owned();
        Ok(Rendered { text: fill("mail/letter.txt", &subject)?, html: fill("mail/letter.html", &subject)?, subject })
    }

    /// The files under `/static/`.
    #[must_use]
    pub fn statics(&self) -> &Statics {
        &self.0.statics
    }

    fn html<P: Page>(&self, visit: &Visit, locale: Locale, page: &P) -> Result<String, String> {
        self.fill(P::TEMPLATE, visit, locale, Value::from(Serde(page)), page.here())
    }

    fn fill(&self, template: &str, visit: &Visit, locale: Locale, page: Value, here: Option<String>) -> Result<String, String> {
        let here = here.or_else(|| visit.method.is_safe().then(|| visit.target.clone()));
        let surroundings = Surroundings {
            path: visit.target.split('?').next().unwrap_or("/"),
            request_id: &visit.request_id,
            languages: here.map(|here| language_links(&here, locale)).unwrap_or_default(),
        };
        self.0.engine.render(template, locale, Value::from(Serde(surroundings)), page)
    }
}

/// Plain links to the same page in the other languages.
fn language_links(here: &str, current: Locale) -> Vec<LanguageLink> {
    let (path, query) = here.split_once('?').unwrap_or((here, ""));
    // `//evil.example` is a path to us and another host in a link.
    let ours = path.starts_with('/') && !path.get(1..).unwrap_or_default().starts_with(['/', '\\']);
    let (path, query) = if ours { (path, query) } else { ("/", "") };
    let kept: String = query.split('&').filter(|pair| !pair.is_empty() && !is_language(pair)).flat_map(|pair| [pair, "&"]).collect();
    let link = |locale: Locale| LanguageLink {
        tag: locale.tag(),
        name: locale.name(),
        href: format!("{path}?{kept}{LANGUAGE}={}", locale.tag()),
        current: locale == current,
    };
    Locale::ALL.map(link).into()
}

fn is_language(pair: &str) -> bool {
    pair.split('=').next() == Some(LANGUAGE)
}

#[cfg(test)]
mod tests {
    use super::views::LoginPage;
    use super::*;

    fn hrefs(here: &str) -> Vec<String> {
        language_links(here, Locale::En).into_iter().map(|link| link.href).collect()
    }

    #[test]
    fn language_links_keep_everything_but_the_language() {
        assert_eq!(hrefs("/login?i=abc&lang=es&x=1")[1], "/login?i=abc&x=1&lang=pt-BR");
        assert_eq!(hrefs("/account")[2], "/account?lang=es");
    }

    #[test]
    fn language_links_never_lead_to_another_host() {
        for here in ["//evil.example/x", "/\\evil.example", "https://evil.example/", "javascript:alert(1)", ""] {
            assert_eq!(hrefs(here)[0], "/?lang=en", "{here}");
        }
    }

    #[test]
    fn a_page_brings_its_headers() {
        let pages = Pages::load(&config::Brand::default()).unwrap();
        let page = LoginPage { return_origin: Some("https://app.example.com".to_owned()), ..LoginPage::default() };
        let response = pages.render(&Visit::anonymous("/login"), Locale::PtBr, &page);
        let headers = response.headers();
        assert_eq!(headers["content-language"], "pt-BR");
        assert_eq!(headers["vary"], "Accept-Language, Cookie");
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(
            headers["content-security-policy"],
            "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action 'self' https://app.example.com; \
             frame-ancestors 'none'; base-uri 'none'"
        );
    }
}
