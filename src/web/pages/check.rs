//! What every page promises, checked on its HTML.

use std::collections::BTreeMap;

use crate::config::Brand;
use crate::web::Locale;

/// The tokens our fields may carry (HTML §4.10.18.7.1).
const AUTOCOMPLETE: [&str; 13] = [
    "username",
    "username webauthn",
    "current-password",
    "new-password",
    "one-time-code",
    "name",
    "given-name",
    "family-name",
    "nickname",
    "tel",
    "url",
    "photo",
    "language",
];

/// Fields for words of their own, which no manager has anything for.
const WITHOUT_TOKEN: [&str; 2] = ["select", "textarea"];

/// And fields of a line, by the start of their ids.
const OWN_WORDS: [&str; 2] = ["passkey-name", "user-code"];

/// A start tag with its attributes.
struct Tag<'a> {
    name: &'a str,
    attributes: BTreeMap<&'a str, &'a str>,
}

impl<'a> Tag<'a> {
    fn get(&self, attribute: &str) -> Option<&'a str> {
        self.attributes.get(attribute).copied()
    }
}

/// All complaints about one page.
pub(super) fn page(html: &str, brand: &Brand, locale: Locale, requires: &[&str]) -> Vec<String> {
    let tags = tags(html);
    let mut complaints = Vec::new();
    complaints.extend(frame(html, &tags, brand, locale));
    complaints.extend(fields(&tags));
    complaints.extend(inline(&tags));
    complaints.extend(ids(&tags, requires));
    complaints
}

fn frame(html: &str, tags: &[Tag<'_>], brand: &Brand, locale: Locale) -> Vec<String> {
    let mut complaints = Vec::new();
    let headings = tags.iter().filter(|tag| tag.name == "h1").count();
    if headings != 1 {
        complaints.push(format!("{headings} h1 elements"));
    }
    let root = tags.iter().find(|tag| tag.name == "html");
    if root.and_then(|tag| tag.get("lang")) != Some(locale.tag()) || root.and_then(|tag| tag.get("dir")) != Some(locale.direction()) {
        complaints.push("html without the right lang and dir".to_owned());
    }
    let title = html.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>")).map_or("", |(title, _)| title);
    if !title.ends_with(&format!(" – {}", brand.name)) || title.starts_with(' ') {
        complaints.push(format!("title {title:?} does not end with the brand"));
    }
    if tags.iter().any(|tag| tag.get("href").or(tag.get("src")).is_some_and(str::is_empty)) {
        complaints.push("a link to nowhere".to_owned());
    }
    complaints
}

/// Every field a person fills has a label and tells password managers what it is.
fn fields(tags: &[Tag<'_>]) -> Vec<String> {
    let labels: Vec<_> = tags.iter().filter(|tag| tag.name == "label").filter_map(|tag| tag.get("for")).collect();
    let visible = tags.iter().filter(|tag| matches!(tag.name, "input" | "select" | "textarea") && tag.get("type") != Some("hidden"));
    let mut complaints = Vec::new();
    for field in visible {
        let id = field.get("id").unwrap_or("?");
        if !labels.contains(&id) {
            complaints.push(format!("field {id} has no label"));
        }
        let ticked = matches!(field.get("type"), Some("checkbox" | "radio"));
        let token = field.get("autocomplete").unwrap_or_default();
        let proper = AUTOCOMPLETE.contains(&token)
            || (token == "off" && (WITHOUT_TOKEN.contains(&field.name) || OWN_WORDS.iter().any(|own| id.starts_with(own))));
        if !ticked && !proper {
            complaints.push(format!("field {id} has no proper autocomplete token"));
        }
        if field.get("aria-invalid").is_some() && field.get("aria-describedby").is_none() {
            complaints.push(format!("field {id} is invalid without saying why"));
        }
    }
    complaints
}

/// What the content security policy would refuse.
fn inline(tags: &[Tag<'_>]) -> Vec<String> {
    let mut complaints = Vec::new();
    for tag in tags {
        let script = tag.name == "script" && tag.get("src").is_none_or(|source| !source.starts_with("/static/"));
        let handler = tag.attributes.keys().any(|name| name.starts_with("on") || *name == "style");
        let url = tag.get("href").is_some_and(|target| target.trim_start().to_ascii_lowercase().starts_with("javascript:"));
        if script || handler || url || matches!(tag.name, "style" | "base" | "iframe" | "object") {
            complaints.push(format!("inline code or a forbidden element: {}", tag.name));
        }
    }
    complaints
}

/// Ids are there, once; what refers to one finds it.
fn ids(tags: &[Tag<'_>], requires: &[&str]) -> Vec<String> {
    let mut all: Vec<_> = tags.iter().filter_map(|tag| tag.get("id")).collect();
    let mut complaints: Vec<_> = requires.iter().filter(|id| !all.contains(id)).map(|id| format!("no element #{id}")).collect();
    let described = tags.iter().filter_map(|tag| tag.get("aria-describedby")).flat_map(|value| value.split(' '));
    let fragments = tags.iter().filter_map(|tag| tag.get("href")?.strip_prefix('#'));
    let referred = described.chain(fragments).chain(tags.iter().filter_map(|tag| tag.get("for")));
    complaints.extend(referred.filter(|id| !all.contains(id)).map(|id| format!("#{id} is referred to, but not there")));
    all.sort_unstable();
    let before = all.len();
    all.dedup();
    if all.len() != before {
        complaints.push("an id occurs twice".to_owned());
    }
    complaints
}

/// The start tags, by a reader that is good for what our templates write: attributes in double quotes, everything else escaped.
fn tags(html: &str) -> Vec<Tag<'_>> {
    let starts = html.match_indices('<').filter_map(|(at, _)| html.get(at + 1..));
    starts.filter(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic())).map(tag).collect()
}

fn tag(text: &str) -> Tag<'_> {
    let end = text.find(|c: char| c.is_ascii_whitespace() || c == '>').unwrap_or(text.len());
    let (name, mut rest) = text.split_at(end);
    let mut attributes = BTreeMap::new();
    loop {
        rest = rest.trim_start();
        let end = rest.find(|c: char| c.is_ascii_whitespace() || c == '>' || c == '=').unwrap_or(rest.len());
        let (attribute, after) = rest.split_at(end);
        if attribute.is_empty() {
            return Tag { name, attributes };
        }
        let (value, after) = after.strip_prefix("=\"").and_then(|quoted| quoted.split_once('"')).unwrap_or(("", after));
        attributes.insert(attribute, value);
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(main: &str) -> Vec<String> {
        let html = format!("<!doctype html><html lang=\"en\" dir=\"ltr\"><title>x – Vestibule</title><h1>x</h1>{main}</html>");
        page(&html, &Brand::default(), Locale::En, &[])
    }

    #[test]
    fn a_good_page_draws_no_complaint() {
        assert!(complaints("<label for=\"a\">A</label><input id=\"a\" autocomplete=\"username\" required>").is_empty());
    }

    #[test]
    fn the_check_notices_what_it_is_for() {
        for (main, complaint) in [
            ("<h1>y</h1>", "2 h1 elements"),
            ("<input id=\"a\" autocomplete=\"username\">", "field a has no label"),
            ("<label for=\"a\">A</label><input id=\"a\" autocomplete=\"off\">", "field a has no proper autocomplete token"),
            ("<p style=\"color: red\">", "inline code or a forbidden element: p"),
            ("<script>x</script>", "inline code or a forbidden element: script"),
            ("<button onclick=\"x\">", "inline code or a forbidden element: button"),
            ("<p id=\"a\"><p id=\"a\">", "an id occurs twice"),
            ("<a href=\"#gone\">", "#gone is referred to, but not there"),
        ] {
            assert_eq!(complaints(main), [complaint], "{main}");
        }
    }
}
