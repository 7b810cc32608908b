//! The mail people of the demo get: the files that Vestibule's `file` transport writes, on a page of the demo's own.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};

use crate::eml::Mail;
use crate::relying_party::Problem;

/// As many as anybody looks at.
const SHOWN: usize = 50;

/// Styles of its own and frames of the mails' own HTML; nothing from elsewhere, and no scripts.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'none'; frame-ancestors 'self'; base-uri 'none'";

/// `/demo/mail`, to be served beside Vestibule's own pages.
pub fn router(directory: PathBuf) -> Router {
    Router::new().route("/demo/mail", get(page)).with_state(directory)
}

async fn page(State(directory): State<PathBuf>) -> Response {
    match render(&directory) {
        Ok(html) => ([(header::CONTENT_SECURITY_POLICY, POLICY), (header::CACHE_CONTROL, "no-store")], Html(html)).into_response(),
        Err(problem) => (StatusCode::INTERNAL_SERVER_ERROR, format!("The mail cannot be shown: {problem}\n")).into_response(),
    }
}

fn render(directory: &Path) -> Result<String, Problem> {
    let mails: Vec<_> = read(directory)?.iter().map(view).collect();
    let mut templates = minijinja::Environment::new();
    templates.add_template("mail.html", include_str!("mail.html"))?;
    Ok(templates.get_template("mail.html")?.render(minijinja::context! { mails => minijinja::value::Serde(&mails) })?)
}

/// Newest first: the files' names begin with the time.
fn read(directory: &Path) -> Result<Vec<Mail>, Problem> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "eml"));
    files.sort();
    Ok(files.iter().rev().take(SHOWN).filter_map(|file| Mail::parse(&std::fs::read_to_string(file).ok()?)).collect())
}

fn view(mail: &Mail) -> serde_json::Value {
    let links = mail.links();
    let text: Vec<_> =
        mail.text.lines().map(|line| serde_json::json!({ "text": line, "link": links.iter().any(|link| link == line) })).collect();
    serde_json::json!({
        "subject": mail.subject,
        "to": mail.to,
        "date": mail.header("date"),
        "code": mail.code(),
        "lines": text,
        // In a frame, links would open in the frame.
        "html": mail.html.replacen("<head>", "<head><base target=\"_blank\">", 1),
    })
}
