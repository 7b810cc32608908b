//! What scopes that were granted release.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{Definition, Place, Source};
use crate::store::clients::{Client, GrantType};
use crate::store::memberships::Membership;
use crate::store::organizations::Organization;
use crate::store::scopes::CustomScope;
use crate::store::users::User;
use crate::tokens::claims;
use crate::tokens::scope::Scope;

/// Every scope beside the standard ones, as the database had them a moment ago.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(BTreeMap<String, Known>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    definition: Definition,
    enabled: bool,
}

/// A person, and the organisations they belong to where [`Scopes::asks_for_organizations`].
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    pub user: &'a User,
    pub organizations: &'a [(Membership, Organization)],
}

impl Scopes {
    /// A definition that cannot be read, because a later version wrote it, counts as disabled: it releases nothing.
    #[must_use]
    pub fn of(rows: Vec<CustomScope>) -> Self {
        let known = |row: CustomScope| match serde_json::from_str(&row.definition) {
            Ok(definition) => (row.name, Known { definition, enabled: row.enabled }),
            Err(error) => {
                tracing::warn!(scope = row.name, %error, "a stored scope cannot be read, and is not given to anybody");
                (row.name, Known { definition: Definition::default(), enabled: false })
            }
        };
        Self(rows.into_iter().map(known).collect())
    }

    /// The names of those that can be asked for.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|(_, known)| known.enabled).map(|(name, _)| name.as_str())
    }

    /// The claims that one of them releases, once each.
    #[must_use]
    pub fn claim_names(&self) -> BTreeSet<&str> {
        self.0.values().filter(|known| known.enabled).flat_map(|known| known.definition.claims.keys()).map(String::as_str).collect()
    }

    /// What a client may have: what it is registered for, but not what is disabled or gone. Clients that act for themselves may have scopes of the APIs
    /// they call that nobody told us about.
    #[must_use]
    pub fn registered(&self, client: &Client) -> Scope {
        let apis = client.may_use(GrantType::ClientCredentials);
        let is_usable = |value: &str| Scope::KNOWN.contains(&value) || self.0.get(value).map_or(apis, |known| known.enabled);
        Scope::parse(&client.metadata.scope).unwrap_or_default().retained(is_usable)
    }

    /// What the consent page says of a scope, in this language, or in English, or as there is.
    #[must_use]
    pub fn description(&self, value: &str, language: &str) -> Option<&str> {
        let texts = &self.0.get(value)?.definition.description;
        texts.get(language).or_else(|| texts.get("en")).or_else(|| texts.values().next()).map(String::as_str)
    }

    /// Whom access tokens with this scope are for, beside us.
    #[must_use]
    pub fn audiences(&self, scope: &Scope) -> BTreeSet<&str> {
        self.granted(scope).filter_map(|definition| definition.audience.as_deref()).collect()
    }

    /// Whether a claim of this scope, in one of these places, is about the organisations somebody belongs to.
    #[must_use]
    pub fn asks_for_organizations(&self, scope: &Scope, places: &[Place]) -> bool {
        let mut there = self.granted(scope).filter(|definition| places.iter().any(|place| definition.places.contains(place)));
        there.any(|definition| definition.claims.values().any(Source::is_of_organizations))
    }

    /// The claims of this scope in this place; of nobody (a client that acts for itself) the constants alone. Where two scopes have a claim of the same name,
    /// that of the first by name counts.
    #[must_use]
    pub fn claims(&self, scope: &Scope, place: Place, about: Option<About<'_>>) -> Map<String, Value> {
        let mut released = Map::new();
        let there = self.granted(scope).filter(|definition| definition.places.contains(&place));
        for (name, source) in there.flat_map(|definition| &definition.claims) {
            let value = match (source, about) {
                (Source::Constant { constant }, _) => Some(constant.clone()),
                (Source::Attribute(attribute), Some(about)) => about.value(attribute.as_str()),
                (Source::Attribute(_), None) => None,
            };
            if let Some(value) = value
                && !released.contains_key(name)
            {
                released.insert(name.clone(), value);
            }
        }
        released
    }

    fn granted<'a>(&'a self, scope: &Scope) -> impl Iterator<Item = &'a Definition> {
        self.0.iter().filter(|(name, known)| known.enabled && scope.contains(name)).map(|(_, known)| &known.definition)
    }
}

impl About<'_> {
    /// `None`: nothing is known, and the claim is left out.
    fn value(self, attribute: &str) -> Option<Value> {
        let enabled = || self.organizations.iter().filter(|(_, organization)| organization.enabled);
        let role = |membership: &Membership| if membership.administrator { "administrator" } else { "member" };
        Some(match attribute {
            "administrator" => self.user.administrator.into(),
            "organization_ids" => enabled().map(|(_, organization)| Value::from(organization.id.clone())).collect(),
            "organization_names" => enabled().map(|(_, organization)| Value::from(organization.name.clone())).collect(),
            "organization_roles" => {
                enabled().map(|(membership, organization)| Value::from(format!("{}:{}", organization.id, role(membership)))).collect()
            }
            "organizations" => {
                let one = |(membership, organization): &(Membership, Organization)| json!({ "id": organization.id, "name": organization.name, "role": role(membership) });
                enabled().map(one).collect()
            }
            standard => return claims::of_everything(self.user).remove(standard),
        })
    }
}
