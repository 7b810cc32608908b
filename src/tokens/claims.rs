//! The claims a scope stands for (OpenID Connect Core §5.4).

use super::scope::Scope;
use crate::store::users::User;

/// `sub` and the claims of the granted scopes that the person has values for.
#[must_use]
pub fn of_scope(user: &User, scope: &Scope) -> serde_json::Map<String, serde_json::Value> {
    todo!()
}
