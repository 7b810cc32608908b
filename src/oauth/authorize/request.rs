//! The authorization request, parsed.

use std::time::Duration;

use uuid::Uuid;

use super::checks;
use crate::interaction::Flow;
use crate::interaction::step::{Demand, Prompt};
use crate::oauth::Error;
use crate::store::clients::Client;
use crate::tokens::Scope;
use crate::tokens::custom_scope::Scopes;
use crate::web::Params;

/// The parameters that are read; all others are ignored (RFC 6749 §3.1) and do not travel.
pub const PARAMETERS: [&str; 19] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "id_token_hint",
    "login_hint",
    "ui_locales",
    "acr_values",
    "claims",
    "request",
    "request_uri",
    "registration",
];

/// Of an urlencoded text, the parameters that are read, as they came (encoding them anew could make them longer than a request may be).
#[must_use]
pub fn relevant(text: &str) -> String {
    let is_read = |pair: &&str| {
        let parsed = form_urlencoded::parse(pair.as_bytes()).next();
        parsed.is_some_and(|(name, value)| PARAMETERS.contains(&&*name) && !value.is_empty())
    };
    text.split('&').filter(is_read).collect::<Vec<_>>().join("&")
}

/// What is checked, and against what.
pub struct Asked<'a> {
    pub params: &'a Params,
    pub client: &'a Client,
    /// Beside the standard ones.
    pub scopes: &'a Scopes,
    /// The person an ID token of ours names; `None` for any other text.
    pub hinted_user: &'a (dyn Fn(&str) -> Option<Uuid> + Send + Sync),
}

/// A request that passed every check. There is no other way to make one than [`AuthorizeRequest::check`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthorizeRequest {
    /// What is granted if the person agrees: values we know and this client may have.
    pub(super) scope: Scope,
    pub(super) code_challenge: Option<String>,
    pub(super) nonce: Option<String>,
    pub(super) prompt: Prompt,
    pub(super) max_age: Option<Duration>,
    pub(super) hinted_user: Option<Uuid>,
    /// `acr_values`, or `acr` among `claims`, prefers two factors.
    pub(super) aal2: bool,
}

impl AuthorizeRequest {
    /// Runs [`checks::ALL`] in order.
    ///
    /// # Errors
    /// Of the first check that fails.
    pub fn check(asked: &Asked<'_>) -> Result<Self, Error> {
        let mut request = Self::default();
        for check in checks::ALL {
            (check.run)(asked, &mut request)?;
        }
        Ok(request)
    }

    /// What the step function compares with the session: the request, and what the person said on the way.
    #[must_use]
    pub fn demand(&self, client: &Client, flow: &Flow) -> Demand {
        Demand {
            requested_at: flow.requested_at,
            prompt: self.prompt,
            max_age: self.max_age.or_else(|| client.metadata.default_max_age.map(Duration::from_secs)),
            hinted_user: self.hinted_user,
            scope: self.scope.clone(),
            consent_by_operator: client.metadata.first_party,
            chosen: flow.chosen,
            turned_down: flow.wanted.turned_down,
            aal2: self.aal2,
            second_factor: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_travels_without_what_nobody_reads_and_otherwise_as_it_came() {
        let text = "client%5Fid=a&utm=1&state=:~%20+&nonce=&&scope=openid";
        assert_eq!(relevant(text), "client%5Fid=a&state=:~%20+&scope=openid");
        let text = format!("state={}", ":".repeat(2048));
        assert_eq!(relevant(&text), text);
    }
}
