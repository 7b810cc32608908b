//! The answer to an application that wants it posted (OAuth 2.0 Form Post Response Mode §2).

use serde::Serialize;

use crate::web::pages::Page;

/// A field of the form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Parameter {
    pub name: &'static str,
    pub value: String,
}

/// The answer of `/authorize` and `/authorize/resume` with `response_mode=form_post`. Posts to the application.
#[derive(Clone, Debug, Serialize)]
pub struct FormPostPage {
    /// The application's name.
    pub client: String,
    /// Its redirect URI, proven.
    pub action: String,
    pub parameters: Vec<Parameter>,
    /// Where the application may lead on to: `oauth::client::leads_to`. Ourselves are among it, for an application that asks again at once.
    #[serde(skip)]
    return_origin: Option<String>,
}

impl FormPostPage {
    #[must_use]
    pub fn new(client: &str, action: &str, parameters: &[(&'static str, &str)], return_origin: Option<String>) -> Self {
        let parameters = parameters.iter().map(|&(name, value)| Parameter { name, value: value.to_owned() }).collect();
        Self { client: client.to_owned(), action: action.to_owned(), parameters, return_origin }
    }
}

impl Page for FormPostPage {
    const TEMPLATE: &'static str = "pages/form_post.html";

    fn form_action_origin(&self) -> Option<String> {
        self.return_origin.clone()
    }
}
