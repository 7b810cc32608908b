//! What every mail promises, checked on its parts.

use crate::web::Locale;
use crate::web::pages::Rendered;
use crate::web::pages::views::mail::Letter;

/// In bytes, both parts together, before the transfer encoding.
const LARGEST: usize = 20 * 1024;

/// All complaints about one mail.
pub(super) fn complaints(letter: &Letter, rendered: &Rendered, locale: Locale) -> Vec<String> {
    let Rendered { subject, text, html } = rendered;
    let first = text.lines().next().unwrap_or_default();
    let links: Vec<&str> = html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let expected: Vec<&str> = letter.action.iter().map(|action| action.url.as_str()).chain(letter.not_me.as_deref()).collect();
    let lower = html.to_ascii_lowercase();
    let rules = [
        (subject.is_empty() || subject.contains(['\r', '\n']), "the subject is not one line"),
        (text.len() + html.len() > LARGEST, "more than 20 KB"),
        (letter.code.as_deref().is_some_and(|code| first != code), "the code is not the first line"),
        (letter.kind == "one_time_code" && !letter.code.as_deref().is_some_and(|code| subject.contains(code)), "no code in the subject"),
        (links.len() > 1 || links != expected, "not the one link it should have"),
        (links.iter().any(|url| !url.starts_with(&letter.issuer)), "a link to somewhere else"),
        (links.iter().any(|url| !text.lines().any(|line| line == *url)), "a link that the text part does not have on a line of its own"),
        (!links.is_empty() && !html.contains(&format!("{}</span></a>", letter.host)), "a link that does not show its host"),
        (
            ["<img", "<script", "src=", "url(", "<link", "@import", "<form"].iter().any(|word| lower.contains(word)),
            "something remote or active",
        ),
        (
            html.matches(&format!("lang=\"{}\" dir=\"{}\"", locale.tag(), locale.direction())).count() != 2,
            "lang and dir are not on html and body",
        ),
        (text.contains("&amp;") || text.contains("&#39;"), "the text part is escaped"),
        (text.contains("\n\n\n") || text.starts_with('\n'), "empty lines in the text part"),
    ];
    let mut complaints: Vec<String> = rules.iter().filter(|(broken, _)| *broken).map(|(_, what)| (*what).to_owned()).collect();
    complaints.extend(missing_in_text(text, html));
    complaints
}

/// Both parts say the same: every sentence of the HTML is in the text.
fn missing_in_text(text: &str, html: &str) -> Vec<String> {
    let body = html.split_once("</head>").map_or(html, |(_, body)| body);
    let shown = body.split('<').filter_map(|piece| piece.split_once('>')).map(|(_, shown)| unescape(shown.trim()));
    // The host of a link is in its URL, which the text part has.
    let at_host =
        |shown: &str| shown.split(' ').count() == 2 && text.contains(&format!("://{}", shown.split(' ').next_back().unwrap_or_default()));
    shown
        .filter(|shown| !shown.is_empty() && !text.contains(shown.as_str()) && !at_host(shown))
        .map(|shown| format!("not in the text part: {shown}"))
        .collect()
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}
