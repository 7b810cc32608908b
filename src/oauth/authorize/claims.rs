//! The `claims` parameter (OpenID Connect Core §5.5), of which one member is read: `acr` of the ID token (§5.5.1.1), with which an application says how
//! sure it must be of the person. Single claims of the profile are asked for by scope; other members are ignored, as §5.5 allows, and discovery says so
//! with `claims_parameter_supported: false`.

use serde::Deserialize;

use super::request::{Asked, AuthorizeRequest};
use crate::oauth::{Code, Error};
use crate::session::{AAL1, AAL2};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Claims {
    id_token: Option<Members>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Members {
    acr: Option<Acr>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Acr {
    essential: bool,
    value: Option<String>,
    /// In order of preference.
    values: Vec<String>,
}

/// As `acr_values`: the first value we know counts, and whoever prefers two factors gets them, or no code. An essential `acr` of which no value is ours can
/// be met by nobody, which is said at once, before anybody is asked for anything (OpenID Connect Core Unmet Authentication Requirements 1.0 §2).
pub(super) fn acr(asked: &Asked<'_>, request: &mut AuthorizeRequest) -> Result<(), Error> {
    let Some(text) = asked.params.get("claims") else { return Ok(()) };
    let claims: Claims = serde_json::from_str(text)
        .map_err(|_| Error::new(Code::InvalidRequest, "claims is not a JSON object as OpenID Connect Core 5.5 has it"))?;
    let Some(acr) = claims.id_token.and_then(|members| members.acr) else { return Ok(()) };
    let mut values = acr.value.iter().chain(&acr.values).peekable();
    let any = values.peek().is_none();
    match values.find(|value| [AAL1, AAL2].contains(&value.as_str())) {
        Some(value) => request.aal2 |= value == AAL2,
        None if acr.essential && !any => {
            let description = "none of the values of the essential claim acr is among acr_values_supported";
            return Err(Error::new(Code::UnmetAuthenticationRequirements, description));
        }
        None => {}
    }
    Ok(())
}
