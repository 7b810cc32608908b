//! The next browser step: a pure function of what is asked, who is there, and what they allowed.

use std::time::Duration;

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
    pub another_account: bool,
}

/// `prompt` (OpenID Connect Core §3.1.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the values of prompt combine freely")]
pub struct Prompt {
    pub none: bool,
    pub login: bool,
    pub consent: bool,
    pub select_account: bool,
}

/// What a session says about the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    pub session_id: Uuid,
    pub user_id: Uuid,
    pub auth_time: Timestamp,
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
    ChooseAccount,
    Consent,
    /// Nothing is missing.
    Issue,
    /// `prompt=none` and something is missing: the error word of OpenID Connect Core §3.1.2.6.
    Fail(Missing),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    LoginRequired,
    ConsentRequired,
    AccountSelectionRequired,
}

/// Asks every question in order; the first that is not answered is the next step.
#[must_use]
pub fn next_step(demand: &Demand, session: Option<Facts>, allowed: Option<&Allowed>) -> Step {
    todo!()
}
