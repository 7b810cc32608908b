//! Static files: `templates/static/*`, served for ever under a name that contains the hash of their content.

use std::collections::BTreeMap;
use std::io::Write as _;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::etag::is_current;
use super::files;
use super::pages::Pages;
use super::{ErrorKind, PageError};
use crate::secret::Digest;

const FOLDER: &str = "static/";

/// A file in memory, compressed once.
#[derive(Debug)]
struct File {
    content_type: &'static str,
    etag: String,
    plain: Bytes,
    /// Only when it is smaller.
    gzip: Option<Bytes>,
}

/// All static files, by the name in their URL.
#[derive(Debug)]
pub struct Statics {
    files: BTreeMap<String, File>,
    urls: BTreeMap<String, String>,
}

impl Statics {
    /// # Errors
    /// A file of a type we do not serve, by name.
    pub fn load() -> Result<Self, String> {
        let mut files = BTreeMap::new();
        let mut urls = BTreeMap::new();
        for file in files::matching(FOLDER, "") {
            let name = file.path.strip_prefix(FOLDER).unwrap_or(&file.path);
            let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
            let content_type = content_type(extension).ok_or_else(|| format!("static/{name}: no content type for .{extension}"))?;
            let plain = Bytes::copy_from_slice(&file.data);
            let hash = name_of(&plain);
            let hashed = format!("{stem}.{hash}.{extension}");
            urls.insert(name.to_owned(), format!("/static/{hashed}"));
            let gzip = compress(&plain).filter(|small| small.len() < plain.len());
            files.insert(hashed, File { content_type, etag: hash, plain, gzip });
        }
        Ok(Self { files, urls })
    }

    /// The path of a file, by its plain name: `/static/style.0123456789abcdef.css` for `style.css`.
    #[must_use]
    pub fn url(&self, name: &str) -> Option<&str> {
        self.urls.get(name).map(String::as_str)
    }

    /// The response for the last part of a path.
    fn respond(&self, hashed: &str, headers: &HeaderMap) -> Option<Response> {
        let file = self.files.get(hashed)?;
        let compressed = file.gzip.as_ref().filter(|_| accepts_gzip(headers));
        let etag = if compressed.is_some() { format!("\"{}-gz\"", file.etag) } else { format!("\"{}\"", file.etag) };
        let known = is_current(headers, &etag);
        let mut response = match (known, compressed) {
            (true, _) => StatusCode::NOT_MODIFIED.into_response(),
            (false, Some(bytes)) => bytes.clone().into_response(),
            (false, None) => file.plain.clone().into_response(),
        };
        let out = response.headers_mut();
        out.insert(CONTENT_TYPE, HeaderValue::from_static(file.content_type));
        out.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
        out.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        out.insert(ETAG, HeaderValue::from_str(&etag).ok()?);
        if compressed.is_some() && !known {
            out.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        Some(response)
    }
}

/// `GET /static/{file}`.
pub async fn get(State(pages): State<Pages>, Path(file): Path<String>, headers: HeaderMap) -> Result<Response, PageError> {
    pages.statics().respond(&file, &headers).ok_or_else(|| PageError::new(ErrorKind::NotFound))
}

/// The start of the SHA-256 in hexadecimal: names a version, protects nothing.
fn name_of(content: &[u8]) -> String {
    let start = Digest::of(content).as_bytes().first_chunk().copied().unwrap_or_default();
    format!("{:016x}", u64::from_be_bytes(start))
}

fn content_type(extension: &str) -> Option<&'static str> {
    match extension {
        "css" => Some("text/css; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        "png" => Some("image/png"),
        "ico" => Some("image/x-icon"),
        _ => None,
    }
}

fn compress(plain: &[u8]) -> Option<Bytes> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(plain).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

/// RFC 9110 §12.5.3, as far as one coding needs it.
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        named && !parts.next().is_some_and(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

#[cfg(test)]
mod tests {
    use http::header::IF_NONE_MATCH;

    use super::*;

    fn ask(headers: &[(http::HeaderName, &'static str)]) -> Response {
        let statics = Statics::load().unwrap();
        let file = statics.url("style.css").unwrap().strip_prefix("/static/").unwrap();
        let headers = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect();
        statics.respond(file, &headers).unwrap()
    }

    #[test]
    fn files_are_served_for_ever_under_the_name_of_their_content() {
        let response = ask(&[]);
        assert_eq!(response.headers()[CONTENT_TYPE], "text/css; charset=utf-8");
        assert_eq!(response.headers()[CACHE_CONTROL], "public, max-age=31536000, immutable");
        assert!(!response.headers().contains_key(CONTENT_ENCODING));
        assert!(Statics::load().unwrap().respond("style.css", &HeaderMap::new()).is_none());
        assert!(Statics::load().unwrap().respond("../layout.html", &HeaderMap::new()).is_none());
    }

    #[test]
    fn compressed_only_for_those_who_can_read_it() {
        assert_eq!(ask(&[(ACCEPT_ENCODING, "br, gzip")]).headers()[CONTENT_ENCODING], "gzip");
        assert!(!ask(&[(ACCEPT_ENCODING, "gzip;q=0, br")]).headers().contains_key(CONTENT_ENCODING));
        assert_eq!(ask(&[]).headers()[VARY], "Accept-Encoding");
    }

    #[test]
    fn who_has_it_is_told_so() {
        assert_eq!(ask(&[(IF_NONE_MATCH, "*")]).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(ask(&[(IF_NONE_MATCH, "\"other\"")]).status(), StatusCode::OK);
    }

    #[test]
    fn the_login_page_stays_small() {
        let statics = Statics::load().unwrap();
        let size = |name: &str| statics.files[statics.url(name).unwrap().strip_prefix("/static/").unwrap()].plain.len();
        // One style sheet for all pages, asked for once: what travels is compressed.
        let style = &statics.files[statics.url("style.css").unwrap().strip_prefix("/static/").unwrap()];
        assert!(style.gzip.as_ref().unwrap().len() <= 4 * 1024, "style.css has {} bytes", style.plain.len());
        assert!(size("page.js") <= 3 * 1024);
        assert!(size("logo.svg") <= 3 * 1024);
    }
}
