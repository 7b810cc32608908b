//! How a request arrives: by GET, or by POST and then, sealed, by GET.

use std::time::Duration;

use axum::body::Body;
use http::HeaderMap;
use http::header::CONTENT_TYPE;

use super::request::{self, PARAMETERS};
use super::response::AuthorizeError;
use super::target::{Fault, Target};
use crate::app::App;
use crate::oauth::{Code, Error};
use crate::secret::{OpenError, Purpose};
use crate::web::params::ParamsError;
use crate::web::{ErrorKind, PageError, Params};

/// The whole query or body.
const MAX_BYTES: usize = 8 * 1024;
/// The query parameter of a posted request on its way to the GET.
const POSTED: &str = "posted=";
const POSTED_FOR: Duration = Duration::from_mins(2);

/// The text of a request by GET.
///
/// # Errors
/// `Expired` with the way to start again when it was posted longer ago than a browser takes to follow a redirect.
pub(super) fn text_of_query(app: &App, query: String) -> Result<String, PageError> {
    let Some(sealed) = query.strip_prefix(POSTED).filter(|sealed| !sealed.contains('&')) else { return Ok(query) };
    app.sealer.open(Purpose::PostedAuthorize, sealed, app.now()).map_err(|error| match error {
        OpenError::Expired(text) => {
            let text: String = text;
            PageError::new(ErrorKind::Expired { restart: Some(format!("/authorize?{text}")) })
        }
        OpenError::Invalid => PageError::new(ErrorKind::BadRequest),
    })
}

/// The path at which a posted request goes on.
pub(super) fn path_of_posted(app: &App, text: &str) -> String {
    let sealed = app.sealer.seal(Purpose::PostedAuthorize, &request::relevant(text), app.now().plus(POSTED_FOR));
    format!("/authorize?{POSTED}{sealed}")
}

/// The text of a request by POST: all in the body, nothing in the query (RFC 6749 §3.1).
///
/// # Errors
/// A page.
pub(super) async fn text_of_body(query: Option<&str>, headers: &HeaderMap, body: Body) -> Result<String, PageError> {
    if query.is_some_and(|query| !query.is_empty()) {
        return Err(Fault::request("query", "a request by POST has its parameters in the body alone").page());
    }
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Fault::request("body", "the body must be application/x-www-form-urlencoded").page());
    }
    let bytes = axum::body::to_bytes(body, MAX_BYTES).await.map_err(|_| too_long())?;
    String::from_utf8(bytes.into()).map_err(|_| malformed())
}

/// Strict parameters.
///
/// # Errors
/// One sent twice: at the application where `client_id` and `redirect_uri` are themselves sent once and proven, else a page.
pub(super) async fn read(app: &App, text: &str) -> Result<Params, AuthorizeError> {
    if text.len() > MAX_BYTES {
        return Err(too_long().into());
    }
    match Params::parse(text) {
        Ok(params) => Ok(params),
        Err(ParamsError::Repeated(name)) => Err(repeated(app, text, &name).await),
        Err(ParamsError::TooLong) => Err(too_long().into()),
        Err(ParamsError::Malformed | ParamsError::ContentType) => Err(malformed().into()),
    }
}

async fn repeated(app: &App, text: &str, name: &str) -> AuthorizeError {
    let name = PARAMETERS.into_iter().find(|known| *known == name).unwrap_or("a parameter");
    let rule = format!("{name} was sent more than once");
    let Ok(params) = Params::parse(&sent_once(text)) else { return Fault::request(name, rule).page().into() };
    match Target::find(app, &params).await {
        Ok(target) => target.refuse(Error::new(Code::InvalidRequest, rule)),
        Err(_) => Fault::request(name, rule).page().into(),
    }
}

/// Of the parameters an answer needs, those that are not ambiguous.
fn sent_once(text: &str) -> String {
    let mut once = form_urlencoded::Serializer::new(String::new());
    for name in ["client_id", "redirect_uri", "response_mode", "state"] {
        let mut values = form_urlencoded::parse(text.as_bytes()).filter(|(sent, _)| sent == name);
        if let (Some((_, value)), None) = (values.next(), values.next()) {
            once.append_pair(name, &value);
        }
    }
    once.finish()
}

fn too_long() -> PageError {
    Fault::request("query", "an authorization request is at most 8192 bytes long").page()
}

fn malformed() -> PageError {
    Fault::request("query", "the parameters are not urlencoded UTF-8").page()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_never_goes_where_one_of_two_values_says() {
        assert_eq!(sent_once("client_id=a&redirect_uri=b&state=c&state=d"), "client_id=a&redirect_uri=b");
        assert_eq!(sent_once("client_id=a&redirect_uri=b&redirect_uri=b&nonce=1&nonce=2&state=s"), "client_id=a&state=s");
        assert_eq!(sent_once("client_id=a&client%5Fid=b"), "");
        assert_eq!(sent_once("response_mode=form_post&nonce=1&nonce=2"), "response_mode=form_post");
        assert_eq!(sent_once("response_mode=form_post&response_mode=query"), "");
    }
}
