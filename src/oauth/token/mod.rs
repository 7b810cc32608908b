//! `/token` (RFC 6749 §3.2): a client that proved who it is gets tokens for a grant.
//!
//! Owns: `POST /token`; one file per grant type, each deciding an [`Outcome`]; [`issue`], the one place where tokens are minted.
//! Must not: let anything out without an `AuthenticatedClient`. The password and implicit grants do not exist here (RFC 9700 §2.4).

mod authorization_code;
mod client_credentials;
mod device_code;
mod issue;
mod redemption;
mod refresh_token;

use axum::extract::State;
use axum::response::Response;

use self::issue::Issuance;
use super::client_request::ClientRequest;
use super::error::{Code, Error};
use crate::app::App;
use crate::store::clients::GrantType;

/// RFC 8628 §3.4.
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What a grant's file decided.
enum Outcome {
    /// Everything was checked, and what had to be written is written.
    Issue(Box<Issuance>),
    /// Refused, and nothing was written.
    Reject(Error),
    /// Refused, and what was written stays: a burnt code, a revoked grant.
    RejectAndCommit(Error),
}

impl Outcome {
    fn reject(code: Code, description: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Self::Reject(Error::new(code, description))
    }
}

/// `POST /token`.
///
/// # Errors
/// RFC 6749 §5.2.
pub async fn post(State(app): State<App>, request: Result<ClientRequest, Error>) -> Result<Response, Error> {
    let answer = match request {
        Ok(request) => answer(&app, &request).await,
        Err(error) => Err(error),
    };
    if let Err(error) = &answer
        // That a person has not answered their device yet is no refusal: it would hide the others.
        && !matches!(error.code, Code::AuthorizationPending | Code::SlowDown)
    {
        app.metrics.token_refused(error.code.as_str());
    }
    answer
}

async fn answer(app: &App, request: &ClientRequest) -> Result<Response, Error> {
    let grant_type = grant_type(request)?;
    let outcome = match grant_type {
        GrantType::AuthorizationCode => authorization_code::decide(app, request).await?,
        GrantType::RefreshToken => refresh_token::decide(app, request).await?,
        GrantType::ClientCredentials => client_credentials::decide(app, request).await?,
        GrantType::DeviceCode => device_code::decide(app, request).await?,
    };
    match outcome {
        Outcome::Issue(issuance) => issue::answer(app, request, &issuance).inspect(|_| app.metrics.token_issued(name_of(grant_type))),
        Outcome::Reject(error) => Err(error),
        Outcome::RejectAndCommit(error) => {
            tracing::warn!(
                client_id = request.client().client_id,
                request_id = request.origin.request_id,
                reason = %error.description,
                "grant ended by a refused token request",
            );
            Err(error)
        }
    }
}

const fn name_of(grant_type: GrantType) -> &'static str {
    match grant_type {
        GrantType::AuthorizationCode => "authorization_code",
        GrantType::RefreshToken => "refresh_token",
        GrantType::ClientCredentials => "client_credentials",
        GrantType::DeviceCode => "device_code",
    }
}

/// What is asked for, if this client may ask for it.
fn grant_type(request: &ClientRequest) -> Result<GrantType, Error> {
    let name = request.required("grant_type")?;
    let grant_type = match name {
        "authorization_code" => GrantType::AuthorizationCode,
        "refresh_token" => GrantType::RefreshToken,
        "client_credentials" => GrantType::ClientCredentials,
        DEVICE_CODE => GrantType::DeviceCode,
        _ => {
            let description = "grant_type must be authorization_code, refresh_token, client_credentials or that of RFC 8628 (device_code)";
            return Err(Error::new(Code::UnsupportedGrantType, description));
        }
    };
    // A client that lost its secret by a change of registration must not act for itself (RFC 6749 §4.4).
    let for_itself_without_secret = grant_type == GrantType::ClientCredentials && request.client().is_public();
    if !request.client().may_use(grant_type) || for_itself_without_secret {
        return Err(Error::new(Code::UnauthorizedClient, format!("{name} is not among this client's registered grant_types")));
    }
    Ok(grant_type)
}

#[cfg(test)]
mod refresh_tests;
#[cfg(test)]
mod tests;
