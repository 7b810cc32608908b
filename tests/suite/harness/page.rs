//! What a browser shows: a page of ours, or the application it was sent back to.

use scraper::{ElementRef, Html, Selector};
use url::Url;

use super::browser::Browser;
use super::{Answer, seed};

#[derive(Clone)]
pub struct Page<'b> {
    browser: &'b Browser<'b>,
    pub url: Url,
    pub answer: Answer,
    left: bool,
    /// Values typed so far, by field name.
    typed: Vec<(String, String)>,
}

impl std::fmt::Debug for Page<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n{:?}", self.url, self.answer)
    }
}

fn all<'h>(html: &'h Html, selector: &str) -> Vec<ElementRef<'h>> {
    html.select(&Selector::parse(selector).unwrap()).collect()
}

fn text_of(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

impl<'b> Page<'b> {
    pub(super) fn shown(browser: &'b Browser<'b>, url: Url, answer: Answer) -> Self {
        Self { browser, url, answer, left: false, typed: Vec::new() }
    }

    pub(super) fn left(browser: &'b Browser<'b>, url: Url, answer: Answer) -> Self {
        Self { browser, url, answer, left: true, typed: Vec::new() }
    }

    fn html(&self) -> Html {
        assert!(!self.left, "a page of ours expected, not {}", self.url);
        assert!(self.answer.is_html(), "a page expected: {self:?}");
        Html::parse_document(&self.answer.text())
    }

    pub fn status(&self) -> u16 {
        self.answer.status.as_u16()
    }

    /// The path of the page of ours that is shown.
    pub fn path(&self) -> &str {
        assert!(!self.left, "a page of ours expected, not {}", self.url);
        self.url.path()
    }

    #[track_caller]
    pub fn expect(self, path: &str, status: u16) -> Self {
        assert_eq!((self.path(), self.status()), (path, status), "{self:?}");
        self
    }

    // -- back at the application

    pub fn has_left(&self) -> bool {
        self.left
    }

    /// The URL of the application the browser was sent to.
    #[track_caller]
    pub fn callback(&self) -> &Url {
        assert!(self.left, "back at the application expected: {self:?}");
        &self.url
    }

    /// A parameter the application receives.
    #[track_caller]
    pub fn param(&self, name: &str) -> Option<String> {
        self.callback().query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned())
    }

    #[track_caller]
    pub fn code(&self) -> String {
        self.param("code").unwrap_or_else(|| panic!("no code in {}", self.url))
    }

    /// The OAuth error the application receives.
    #[track_caller]
    pub fn error(&self) -> String {
        self.param("error").unwrap_or_else(|| panic!("no error in {}", self.url))
    }

    // -- reading a page

    pub fn text(&self) -> String {
        let html = self.html();
        text_of(all(&html, "body")[0])
    }

    pub fn has_text(&self, wanted: &str) -> bool {
        self.text().contains(wanted)
    }

    #[track_caller]
    pub fn assert_text(&self, wanted: &str) {
        assert!(self.has_text(wanted), "`{wanted}` expected on {}: {}", self.url, self.text());
    }

    pub fn title(&self) -> String {
        let html = self.html();
        all(&html, "title").first().map(|title| text_of(*title)).unwrap_or_default()
    }

    pub fn h1(&self) -> String {
        let html = self.html();
        all(&html, "h1").first().map(|h1| text_of(*h1)).unwrap_or_default()
    }

    pub fn language(&self) -> String {
        let html = self.html();
        html.root_element().attr("lang").unwrap_or_default().to_owned()
    }

    pub fn count(&self, selector: &str) -> usize {
        all(&self.html(), selector).len()
    }

    pub fn has(&self, selector: &str) -> bool {
        self.count(selector) > 0
    }

    /// The text of the first element that matches.
    pub fn text_at(&self, selector: &str) -> Option<String> {
        all(&self.html(), selector).first().map(|element| text_of(*element))
    }

    pub fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        all(&self.html(), selector).first().and_then(|element| element.attr(name)).map(str::to_owned)
    }

    /// The OAuth error word on an error page.
    pub fn error_code(&self) -> String {
        self.text_at("#error-code").unwrap_or_else(|| panic!("no #error-code: {self:?}"))
    }

    // -- forms

    /// The field's name, by its label.
    #[track_caller]
    fn field_named_by(&self, label: &str) -> (String, String) {
        let html = self.html();
        let labels = all(&html, "label");
        let found = labels
            .iter()
            .find(|element| text_of(**element) == label)
            .or_else(|| labels.iter().find(|element| text_of(**element).starts_with(label)))
            .unwrap_or_else(|| panic!("no field labelled `{label}`: {self:?}"));
        let field = match found.attr("for") {
            Some(id) => all(&html, "input, textarea, select").into_iter().find(|field| field.attr("id") == Some(id)),
            None => found.select(&Selector::parse("input, textarea, select").unwrap()).next(),
        };
        let field = field.unwrap_or_else(|| panic!("the label `{label}` labels nothing: {self:?}"));
        (field.attr("name").unwrap_or_default().to_owned(), field.attr("value").unwrap_or_default().to_owned())
    }

    /// The value in the field with this label.
    #[track_caller]
    pub fn value(&self, label: &str) -> String {
        self.field_named_by(label).1
    }

    /// Types into the field with this label.
    #[track_caller]
    pub fn fill(mut self, label: &str, value: &str) -> Self {
        let (name, _) = self.field_named_by(label);
        self.set(&name, value);
        self
    }

    /// Sets a field by its name, also a hidden one: what only an attacker does.
    #[must_use]
    pub fn tamper(mut self, name: &str, value: &str) -> Self {
        self.set(name, value);
        self
    }

    fn set(&mut self, name: &str, value: &str) {
        self.typed.retain(|(n, _)| n != name);
        self.typed.push((name.to_owned(), value.to_owned()));
    }

    /// What the form around this button would send, and where to.
    #[track_caller]
    pub fn form_of(&self, button: &str) -> (String, Vec<(String, String)>) {
        let html = self.html();
        let pressed = Self::find_button(&html, button).unwrap_or_else(|| panic!("no button `{button}`: {self:?}"));
        let form = pressed
            .ancestors()
            .filter_map(ElementRef::wrap)
            .find(|element| element.value().name() == "form")
            .unwrap_or_else(|| panic!("the button `{button}` is in no form: {self:?}"));
        assert_eq!(form.attr("method").map(str::to_ascii_lowercase).as_deref(), Some("post"), "{self:?}");
        let mut pairs: Vec<(String, String)> = form
            .select(&Selector::parse("input, textarea").unwrap())
            .filter(|field| match field.attr("type") {
                Some("submit" | "button" | "image" | "reset") => false,
                Some("checkbox" | "radio") => field.attr("checked").is_some(),
                _ => field.attr("disabled").is_none(),
            })
            .filter_map(|field| Some((field.attr("name")?.to_owned(), field.attr("value").unwrap_or_default().to_owned())))
            .collect();
        let options = Selector::parse("option").unwrap();
        for select in form.select(&Selector::parse("select").unwrap()) {
            let chosen =
                select.select(&options).find(|option| option.attr("selected").is_some()).or_else(|| select.select(&options).next());
            let value = chosen.and_then(|option| option.attr("value")).unwrap_or_default();
            pairs.push((select.attr("name").unwrap_or_default().to_owned(), value.to_owned()));
        }
        if let Some(name) = pressed.attr("name") {
            pairs.push((name.to_owned(), pressed.attr("value").unwrap_or_default().to_owned()));
        }
        for (name, value) in &self.typed {
            pairs.retain(|(n, _)| n != name);
            pairs.push((name.clone(), value.clone()));
        }
        let action = self.url.join(form.attr("action").unwrap_or_default()).unwrap();
        (action.into(), pairs)
    }

    fn find_button<'h>(html: &'h Html, wanted: &str) -> Option<ElementRef<'h>> {
        // A text on a button, or a selector.
        let selected = wanted.starts_with('#') || wanted.contains('[');
        let selector = if selected { wanted } else { "button, input[type=submit]" };
        all(html, selector).into_iter().find(|element| selected || text_of(*element) == wanted || element.attr("value") == Some(wanted))
    }

    /// Presses a button or follows a link, by its text or a selector with `#` or `[`.
    pub async fn click(self, wanted: &str) -> Page<'b> {
        let link = {
            let html = self.html();
            if Self::find_button(&html, wanted).is_some() {
                None
            } else {
                let link = all(&html, "a").into_iter().find(|link| text_of(*link) == wanted);
                let link = link.unwrap_or_else(|| panic!("nothing to click called `{wanted}`: {self:?}"));
                Some(self.url.join(link.attr("href").unwrap_or_default()).unwrap())
            }
        };
        match link {
            Some(url) if url.origin() == self.url.origin() => self.browser.open(url.as_str()).await,
            Some(url) => Page { left: true, url, ..self },
            None => {
                let (action, form) = self.form_of(wanted);
                self.browser.submit(&action, &form).await
            }
        }
    }

    /// Whether a button or link with this text is there.
    pub fn offers(&self, wanted: &str) -> bool {
        let html = self.html();
        Self::find_button(&html, wanted).is_some() || all(&html, "a").into_iter().any(|link| text_of(link) == wanted)
    }

    /// Loads the page again.
    pub async fn refresh(&self) -> Page<'b> {
        self.browser.open(self.url.as_str()).await
    }

    // -- journeys

    /// Signs in on the sign-in page.
    pub async fn sign_in(self, email: &str) -> Page<'b> {
        self.sign_in_with(email, seed::PASSWORD).await
    }

    pub async fn sign_in_with(self, email: &str, password: &str) -> Page<'b> {
        self.fill("Email", email).fill("Password", password).click("#login-submit").await
    }

    pub async fn allow_if_asked(self) -> Page<'b> {
        if !self.left && self.url.path() == "/consent" { self.click("#consent-allow").await } else { self }
    }
}
