//! `grant_type=client_credentials` (RFC 6749 §4.4): a client that acts for itself. Writes nothing.

use super::issue::{self, Issuance};
use super::{Code, Outcome};
use crate::app::App;
use crate::oauth::client_request::ClientRequest;
use crate::oauth::error::Error;
use crate::oauth::scopes::check_audience;
use crate::tokens::scope::Scope;

pub(super) async fn decide(app: &App, request: &ClientRequest) -> Result<Outcome, Error> {
    let scopes = app.scopes.all().await?;
    let scope = scope(request.form.get("scope"), &scopes.registered(request.client()));
    let scope = match scope.and_then(|scope| check_audience(&scopes, &scope).map(|()| scope)) {
        Ok(scope) => scope,
        Err(description) => return Ok(Outcome::reject(Code::InvalidScope, description)),
    };
    let released = issue::released(app, request, &scope, None).await?;
    Ok(Outcome::Issue(Box::new(Issuance { scope, released, delegation: None })))
}

/// What was asked for, if it is registered and about no person (RFC 9068 §3: such a token must not be mistaken for a person's). Nothing
/// asked for, nothing given.
fn scope(asked: Option<&str>, registered: &Scope) -> Result<Scope, String> {
    let Some(asked) = asked else { return Ok(Scope::default()) };
    let asked = Scope::parse(asked).ok_or("scope is malformed (RFC 6749 section 3.3)")?;
    if let Some(personal) = asked.iter().find(|value| Scope::KNOWN.contains(value)) {
        return Err(format!("the scope {personal} is about a person, and client_credentials has none"));
    }
    if let Some(foreign) = asked.iter().find(|value| !registered.contains(value)) {
        return Err(format!("the scope {foreign} is not registered for this client"));
    }
    Ok(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(asked: Option<&str>, registered: &str) -> Result<Scope, String> {
        super::scope(asked, &Scope::parse(registered).unwrap())
    }

    #[test]
    fn a_client_that_acts_for_itself_gets_what_it_registered_and_asked_for() {
        assert_eq!(scope(Some("orders.read"), "orders.read orders.write").unwrap().to_string(), "orders.read");
        assert!(scope(None, "orders.read").unwrap().is_empty());
        assert!(scope(Some("orders.delete"), "orders.read").is_err());
        assert!(scope(Some("or\"ders"), "orders.read").is_err());
    }

    #[test]
    fn scopes_about_people_are_refused_even_when_registered() {
        for personal in Scope::KNOWN {
            assert!(scope(Some(personal), &Scope::KNOWN.join(" ")).is_err(), "{personal}");
        }
    }
}
