//! Where a page of the sign-in stands: on its way to an application, or on its own.

use super::flow::{self, Flow};
use super::form::facts;
use crate::account::confirm::Then;
use crate::app::App;
use crate::session::Current;
use crate::web::{Locale, PageError, Visit};

pub(super) struct Place<'a> {
    flow: Option<(&'a str, Flow)>,
    /// The page of My Account at which a sign-in ends that no application asked for.
    then: Then,
}

impl<'a> Place<'a> {
    pub(super) fn open(app: &App, visit: &Visit, sealed: Option<&'a str>) -> Result<Self, PageError> {
        let flow = sealed.map(|sealed| flow::open(app, visit, Some(sealed)).map(|flow| (sealed, flow))).transpose()?;
        Ok(Self { flow, then: Then::Overview })
    }

    /// The same, for a sign-in that a page of My Account asked for.
    pub(super) const fn leading_to(mut self, then: Then) -> Self {
        self.then = then;
        self
    }

    /// The name of that page, unless an application asked.
    pub(super) fn then(&self) -> Option<String> {
        (self.flow.is_none() && self.then != Then::Overview).then(|| self.then.name().to_owned())
    }

    pub(super) fn flow(&self) -> Option<&Flow> {
        self.flow.as_ref().map(|(_, flow)| flow)
    }

    pub(super) fn sealed(&self) -> Option<&'a str> {
        self.flow.as_ref().map(|(sealed, _)| *sealed)
    }

    /// This page of the sign-in, in the same place.
    pub(super) fn page(&self, page: &str) -> String {
        self.sealed().map_or_else(|| page.to_owned(), |sealed| flow::page_path(page, sealed))
    }

    /// The login page, with a word of ours.
    pub(super) fn login_with(&self, notice: &str) -> String {
        let login = self.page("/login");
        format!("{login}{}notice={notice}", if login.contains('?') { '&' } else { '?' })
    }

    pub(super) fn path_after(&self) -> String {
        self.sealed().map_or_else(|| self.then.path().to_owned(), flow::resume_path)
    }

    pub(super) fn login_hint(&self) -> Option<&str> {
        self.flow()?.login_hint.as_deref()
    }

    pub(super) fn locale(&self, visit: &Visit) -> Locale {
        visit.locale_for(self.flow().and_then(|flow| flow.ui_locales.as_deref()))
    }

    /// The same question as the step function's, from what it sealed: so the two never send the browser back and forth.
    pub(super) fn has_nothing_to_ask(&self, current: &Current) -> bool {
        self.flow().is_none_or(|flow| flow.wanted.is_met_by(facts(current)))
    }

    /// The same for the second factor.
    pub(super) fn asks_second_factor(&self, current: &Current) -> bool {
        self.flow().is_some_and(|flow| flow.wanted.is_met_by(facts(current)) && !flow.wanted.is_second_factor_met_by(facts(current)))
    }

    /// Whether the person signed in is simply to give the password again: nobody asked for somebody else.
    pub(super) fn asks_again(&self, current: &Current) -> bool {
        self.flow().is_some_and(|flow| {
            flow.wanted.turned_down.is_none()
                && flow.wanted.user.is_none_or(|user| user == current.user.id)
                && flow.login_hint.as_ref().is_none_or(|hint| hint.eq_ignore_ascii_case(&current.user.email))
        })
    }
}
