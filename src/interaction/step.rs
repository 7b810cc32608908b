//! The next browser step: a pure function of what is asked, who is there, and what they allowed.
//!
//! There is no state that moves from page to page. Every question is a comparison of moments and facts, asked again from the start
//! whenever the browser comes back, so that no order of clicks, tabs and reloads can skip one.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::tokens::Scope;

/// What the application and the person ask for, from the checked request and the flow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    pub requested_at: Timestamp,
    pub prompt: Prompt,
    pub max_age: Option<Duration>,
    /// The person an `id_token_hint` names.
    pub hinted_user: Option<Uuid>,
    pub scope: Scope,
    /// A first-party client: the operator has consented for everybody.
    pub consent_by_operator: bool,
    /// The session chosen on the account page, for this request.
    pub chosen: Option<Uuid>,
    /// The person asked for another account than this one.
    pub turned_down: Option<SignIn>,
    /// `acr_values`: two factors, of a kind that counts.
    pub aal2: bool,
    /// The person must have a second factor, and has not trusted this device with it.
    pub second_factor: bool,
}

/// `prompt` (OpenID Connect Core §3.1.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the values of prompt combine freely")]
pub struct Prompt {
    pub none: bool,
    pub login: bool,
    pub consent: bool,
    pub select_account: bool,
    /// Initiating User Registration via OpenID Connect 1.0 §4.1.
    pub create: bool,
}

/// What a session says about the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    pub session_id: Uuid,
    pub user_id: Uuid,
    pub auth_time: Timestamp,
    /// Its `acr`.
    pub aal2: bool,
    /// A second factor was given, whatever kind.
    pub second_factor: bool,
}

impl Facts {
    #[must_use]
    pub const fn sign_in(&self) -> SignIn {
        SignIn { session_id: self.session_id, at: self.auth_time }
    }
}

/// One act of signing in: the session it made or renewed, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    pub session_id: Uuid,
    pub at: Timestamp,
}

/// What a session must be to answer the request without the login page. The login page itself asks this too: it shows its form
/// exactly when `next_step` would send the browser there, so the two can never send it back and forth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// The sign-in may not be older.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Only this person will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<Uuid>,
    /// This sign-in was turned down: another, even of the same person, is an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turned_down: Option<SignIn>,
    /// Nothing less than two factors.
    #[serde(default)]
    pub aal2: bool,
    /// A second factor.
    #[serde(default)]
    pub second_factor: bool,
}

impl Wanted {
    #[must_use]
    pub fn is_met_by(&self, facts: Facts) -> bool {
        self.since.is_none_or(|since| facts.auth_time >= since)
            && self.user.is_none_or(|user| facts.user_id == user)
            && self.turned_down.is_none_or(|refused| facts.sign_in() != refused)
    }

    /// Asked after [`Wanted::is_met_by`], because it is another page that gets it: the password is not asked again for it (RFC 9470 §5).
    #[must_use]
    pub const fn is_second_factor_met_by(&self, facts: Facts) -> bool {
        (!self.aal2 || facts.aal2) && (!self.second_factor || facts.second_factor)
    }
}

impl Demand {
    /// `prompt=login` and `prompt=create`: signed in since the request. `max_age`: at most that long before the request (so 0 means like login). Both
    /// look at the request's time, not at now: who has answered once is not asked again.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        let anew = (self.prompt.login || self.prompt.create).then_some(self.requested_at);
        let recent = self.max_age.map(|age| self.requested_at.minus(age));
        Wanted {
            since: anew.max(recent),
            user: self.hinted_user,
            turned_down: self.turned_down,
            aal2: self.aal2,
            second_factor: self.second_factor,
        }
    }
}

/// What the person has allowed this client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    pub scope: Scope,
    pub at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Login,
    /// A new account, after which its person signs in.
    SignUp,
    /// Of the person signed in.
    SecondFactor,
    ChooseAccount,
    Consent,
    /// Nothing is missing.
    Issue,
    /// Something is missing that no page may or can get: the error word of OpenID Connect Core §3.1.2.6.
    Fail(Missing),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    LoginRequired,
    ConsentRequired,
    AccountSelectionRequired,
}

/// Asks every question in order; the first that is not answered is the next step. With `prompt=none` it is a failure instead.
#[must_use]
pub fn next_step(demand: &Demand, session: Option<Facts>, allowed: Option<&Allowed>) -> Step {
    match first_unanswered(demand, session, allowed) {
        Step::Login | Step::SignUp | Step::SecondFactor if demand.prompt.none => Step::Fail(Missing::LoginRequired),
        Step::ChooseAccount if demand.prompt.none => Step::Fail(Missing::AccountSelectionRequired),
        Step::Consent if demand.prompt.none => Step::Fail(Missing::ConsentRequired),
        step => step,
    }
}

fn first_unanswered(demand: &Demand, session: Option<Facts>, allowed: Option<&Allowed>) -> Step {
    let sign_in = if demand.prompt.create { Step::SignUp } else { Step::Login };
    let Some(facts) = session else { return sign_in };
    if answered_by_somebody_else(demand, facts) {
        return Step::Fail(Missing::LoginRequired);
    }
    if !demand.wanted().is_met_by(facts) {
        return sign_in;
    }
    if !demand.wanted().is_second_factor_met_by(facts) {
        return Step::SecondFactor;
    }
    if demand.prompt.select_account && !is_account_chosen(demand.chosen, demand.requested_at, facts) {
        return Step::ChooseAccount;
    }
    if !is_consent_given(demand, allowed) {
        return Step::Consent;
    }
    Step::Issue
}

/// The request names a person by `id_token_hint`, and somebody else has signed in for it: the application gets its error, rather than
/// the person the same form again (OpenID Connect Core §3.1.2.1 `id_token_hint`).
fn answered_by_somebody_else(demand: &Demand, facts: Facts) -> bool {
    demand.hinted_user.is_some_and(|user| user != facts.user_id) && facts.auth_time > demand.requested_at
}

/// `prompt=select_account` is answered by choosing the session that is still the one, or by signing in for this request.
#[must_use]
pub fn is_account_chosen(chosen: Option<Uuid>, requested_at: Timestamp, facts: Facts) -> bool {
    chosen == Some(facts.session_id) || facts.auth_time > requested_at
}

/// A third-party client needs a consent that covers all it asks for, even when that is nothing but `openid`. `prompt=consent` needs one
/// given since the request, from everybody: an application that asks for the page gets it, first-party or not.
fn is_consent_given(demand: &Demand, allowed: Option<&Allowed>) -> bool {
    let covered = demand.consent_by_operator || allowed.is_some_and(|allowed| demand.scope.is_subset(&allowed.scope));
    let anew = !demand.prompt.consent
        || allowed.is_some_and(|allowed| allowed.at >= demand.requested_at && demand.scope.is_subset(&allowed.scope));
    covered && anew
}

#[cfg(test)]
#[path = "step_tests.rs"]
mod tests;
