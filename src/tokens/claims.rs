//! The claims a scope stands for (OpenID Connect Core §5.4).

use serde_json::{Map, Value};

use super::scope::Scope;
use crate::store::users::{Address, Profile, User};

/// The claims of `profile`, by their names in [`Profile`]; `updated_at` is added to them.
const PROFILE: [&str; 13] = [
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
];

/// The claims beside [`PROFILE`].
const OTHERS: [&str; 7] = ["sub", "updated_at", "email", "email_verified", "address", "phone_number", "phone_number_verified"];

/// Every claim [`of_scope`] can answer, for the metadata.
pub fn supported() -> impl Iterator<Item = &'static str> {
    OTHERS.into_iter().chain(PROFILE)
}

/// `sub` and the claims of the granted scopes that the person has values for.
#[must_use]
pub fn of_scope(user: &User, scope: &Scope) -> Map<String, Value> {
    let mut claims = Map::new();
    claims.insert("sub".to_owned(), user.id.to_string().into());
    if scope.contains("profile") {
        add_profile(&mut claims, user);
    }
    if scope.contains("email") {
        claims.insert("email".to_owned(), user.email.clone().into());
        claims.insert("email_verified".to_owned(), user.email_verified.into());
    }
    if scope.contains("address") {
        add_address(&mut claims, &user.profile);
    }
    if scope.contains("phone") {
        add_phone(&mut claims, &user.profile);
    }
    claims
}

/// Every standard claim the person has a value for.
#[must_use]
pub(super) fn of_everything(user: &User) -> Map<String, Value> {
    of_scope(user, &Scope::parse(&Scope::KNOWN.join(" ")).unwrap_or_default())
}

fn add_profile(claims: &mut Map<String, Value>, user: &User) {
    // A struct of optional strings serialises to an object of strings.
    let Ok(Value::Object(mut profile)) = serde_json::to_value(&user.profile) else { return };
    for name in PROFILE {
        if let Some(value) = profile.remove(name) {
            claims.insert(name.to_owned(), value);
        }
    }
    // A number of seconds (OpenID Connect Core §5.1).
    claims.insert("updated_at".to_owned(), user.updated_at.secs().into());
}

fn add_address(claims: &mut Map<String, Value>, profile: &Profile) {
    let Some(address) = profile.address.as_ref().filter(|address| **address != Address::default()) else { return };
    if let Ok(address) = serde_json::to_value(address) {
        claims.insert("address".to_owned(), address);
    }
}

fn add_phone(claims: &mut Map<String, Value>, profile: &Profile) {
    let Some(number) = &profile.phone_number else { return };
    claims.insert("phone_number".to_owned(), number.clone().into());
    claims.insert("phone_number_verified".to_owned(), profile.phone_number_verified.unwrap_or(false).into());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::testing;

    fn names(scope: &str) -> Vec<String> {
        let mut names: Vec<String> = of_scope(&testing::user(), &Scope::parse(scope).unwrap()).keys().cloned().collect();
        names.sort();
        names
    }

    #[test]
    fn each_scope_gives_its_claims_and_no_other() {
        assert_eq!(names("openid"), ["sub"]);
        assert_eq!(names("openid email"), ["email", "email_verified", "sub"]);
        assert_eq!(names("openid phone"), ["phone_number", "phone_number_verified", "sub"]);
        assert_eq!(names("openid address"), ["address", "sub"]);
        assert_eq!(names("openid profile"), ["family_name", "given_name", "locale", "name", "sub", "updated_at"]);
        assert_eq!(names("openid offline_access unknown"), ["sub"]);
    }

    #[test]
    fn values_have_the_types_of_the_specification() {
        let claims = of_scope(&testing::user(), &Scope::parse("openid profile email phone address").unwrap());
        assert_eq!(claims["updated_at"], 1_700_000_000);
        assert_eq!(claims["email_verified"], true);
        assert_eq!(claims["phone_number_verified"], false);
        assert_eq!(claims["address"], serde_json::json!({ "locality": "Lisboa", "country": "PT" }));
    }

    #[test]
    fn what_is_empty_is_left_out() {
        let mut user = testing::user();
        user.profile = Profile { address: Some(Address::default()), ..Profile::default() };
        let claims = of_scope(&user, &Scope::parse("openid profile phone address").unwrap());
        assert_eq!(claims.keys().collect::<Vec<_>>(), ["sub", "updated_at"]);
    }

    #[test]
    fn every_claim_given_is_announced() {
        for name in names("openid profile email phone address") {
            assert!(supported().any(|supported| supported == name), "{name}");
        }
        let distinct: std::collections::BTreeSet<_> = supported().collect();
        assert_eq!(distinct.len(), supported().count());
    }
}
