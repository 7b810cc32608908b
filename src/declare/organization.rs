//! Declared organisations, and who belongs to them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use uuid::Uuid;

use super::entry::Entry;
use super::plan::{Change, Current, FieldChange, Write, action, differences};
use super::{Document, Key};
use crate::clock::Timestamp;
use crate::config::{Problem, Source, suggestion};
use crate::organization::{Rules, is_id};
use crate::store::memberships::{self, Membership};
use crate::store::organizations::Organization;
use crate::store::{self, Conn};

/// An organisation as a file declares it.
#[derive(Clone, Debug)]
pub struct DesiredOrganization {
    pub id: String,
    pub name: String,
    pub rules: Rules,
    /// `None`: as it is; a new one is enabled.
    pub enabled: Option<bool>,
    pub source: Source,
}

/// To which organisations a person belongs: to exactly these.
#[derive(Clone, Debug)]
pub struct DesiredMemberships {
    /// Whether they administer it, by the organisation's id.
    pub of: BTreeMap<String, bool>,
    pub source: Source,
}

const MEMBERS: [&str; 4] = ["id", "name", "policy", "enabled"];
const RULES: [&str; 6] =
    ["second_factor", "allowed_factors", "trusted_device_ttl", "session_idle", "session_absolute", "password_min_length"];

pub(super) fn read(mut entry: Entry) -> (Option<DesiredOrganization>, Vec<Problem>) {
    let id = entry.line_of("id");
    let (line, id) = (id, entry.require("id"));
    if let Some(id) = &id {
        entry.named("organizations", id);
        if !is_id(id) {
            entry.problem_at(
                line,
                "id",
                "cannot be an organisation's id",
                "Write lower-case letters, digits and hyphens, such as \"acme\".",
            );
        }
    }
    let line = entry.line_of("name");
    let name = entry.require("name");
    if name.as_ref().is_some_and(|name| name.trim().is_empty()) {
        entry.problem_at(line, "name", "empty", "Write what people call it.");
    }
    let rules = read_rules(&mut entry);
    let enabled = entry.take("enabled");
    let source = entry.source();
    let desired = id.zip(name).zip(rules).map(|((id, name), rules)| DesiredOrganization { id, name, rules, enabled, source });
    (desired, entry.finish(&MEMBERS))
}

/// Each member on its own, so that every wrong one is reported by name.
fn read_rules(entry: &mut Entry) -> Option<Rules> {
    let line = entry.line_of("policy");
    let Some(table) = entry.take::<toml::Table>("policy") else { return Some(Rules::default()) };
    let mut valid = true;
    for (name, value) in &table {
        let key = format!("policy.{name}");
        let single = toml::Table::from_iter([(name.clone(), value.clone())]);
        if !RULES.contains(&name.as_str()) {
            entry.problem_at(line, &key, "no such member", &suggestion(name, RULES));
            valid = false;
        } else if let Err(error) = single.try_into::<Rules>() {
            entry.problem_at(line, &key, error.message(), "Correct the value.");
            valid = false;
        }
    }
    let rules: Rules = valid.then(|| table.try_into().ok()).flatten()?;
    if let Err((member, what)) = rules.check() {
        entry.problem_at(line, &format!("policy.{member}"), what, "Correct the value.");
    }
    Some(rules)
}

/// `organizations` and `organization_administrator_of`; `None` when neither is there: then memberships are left alone.
pub(super) fn read_memberships(entry: &mut Entry) -> Option<DesiredMemberships> {
    let names = [("organizations", false), ("organization_administrator_of", true)];
    let source = names.iter().find(|(name, _)| entry.has(name)).map(|(name, _)| entry.source_of(name))?;
    let mut of = BTreeMap::new();
    for (name, administrator) in names {
        let ids = entry.take::<Vec<String>>(name).unwrap_or_default();
        of.extend(ids.into_iter().map(|id| (id, administrator)));
    }
    Some(DesiredMemberships { of, source })
}

/// Organisations that people are to belong to and that nobody has declared or made.
pub(super) fn unknown_organizations(document: &Document, current: &Current) -> Vec<(Key, Problem)> {
    let declared: BTreeSet<&str> = document.organizations.iter().map(|organization| organization.id.as_str()).collect();
    let is_known = |id: &str| declared.contains(id) || current.organizations.contains_key(id);
    let mut problems = Vec::new();
    for user in &document.users {
        let Some(memberships) = &user.memberships else { continue };
        for id in memberships.of.keys().filter(|id| !is_known(id)) {
            let problem = Problem {
                key: Some(format!("users[{}].organizations", user.email)),
                source: Some(memberships.source.clone()),
                what: format!("there is no organisation {id:?}"),
                change: format!("Declare it with [[organizations]]. {}", suggestion(id, declared.iter().copied())),
                ..Problem::default()
            };
            problems.push((Key::user(&user.email), problem));
        }
    }
    problems
}

pub(super) fn organization_change(desired: &DesiredOrganization, before: Option<&Organization>, now: Timestamp) -> Change {
    let organization = Organization {
        id: desired.id.clone(),
        name: desired.name.clone(),
        policy: desired.rules.to_json(),
        managed: true,
        enabled: desired.enabled.unwrap_or(before.is_none_or(|before| before.enabled)),
        created_at: before.map_or(now, |before| before.created_at),
        updated_at: now,
    };
    let fields = differences(&before.map(fields).unwrap_or_default(), &fields(&organization));
    let write = Write::Organization { organization: Box::new(organization), seen: before.map(|before| before.updated_at) };
    Change { action: action(before.is_some()), kind: "organization", id: desired.id.clone(), fields, write }
}

pub(super) fn fields(organization: &Organization) -> Map<String, Value> {
    let policy = serde_json::from_str(&organization.policy).unwrap_or(Value::Null);
    Map::from_iter([
        ("name".to_owned(), organization.name.clone().into()),
        ("policy".to_owned(), policy),
        ("managed".to_owned(), organization.managed.into()),
        ("enabled".to_owned(), organization.enabled.into()),
    ])
}

/// What becomes of one membership. `administrator`: `None` when it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Joining {
    pub organization_id: String,
    pub administrator: Option<bool>,
    /// What the plan was made from; `None`: none.
    pub before: Option<bool>,
}

impl Joining {
    /// # Errors
    /// `Conflict` when the membership is no longer what the plan was made from; the store's.
    pub(super) async fn write(&self, conn: &Conn<'_>, user_id: Uuid, now: Timestamp) -> store::Result<()> {
        let organization_id = self.organization_id.clone();
        match (self.administrator, self.before) {
            (Some(administrator), before) => {
                memberships::update_seen(conn, &Membership { organization_id, user_id, administrator, created_at: now }, before).await
            }
            (None, Some(before)) => memberships::revoke_seen(conn, &organization_id, user_id, before).await,
            (None, None) => Ok(()),
        }
    }
}

/// The memberships that change, and how a plan shows them.
pub(super) fn membership_changes(
    desired: Option<&DesiredMemberships>,
    before: Option<&BTreeMap<String, bool>>,
) -> (Vec<Joining>, Vec<FieldChange>) {
    let Some(desired) = desired else { return (Vec::new(), Vec::new()) };
    let nothing = BTreeMap::new();
    let before = before.unwrap_or(&nothing);
    let ids: BTreeSet<&String> = before.keys().chain(desired.of.keys()).collect();
    let joining: Vec<Joining> = ids
        .into_iter()
        .filter(|id| before.get(*id) != desired.of.get(*id))
        .map(|id| Joining { organization_id: id.clone(), administrator: desired.of.get(id).copied(), before: before.get(id).copied() })
        .collect();
    let view = |of: &BTreeMap<String, bool>| {
        let those = |administrators: bool| -> Value {
            of.iter().filter(|(_, administers)| !administrators || **administers).map(|(id, _)| Value::from(id.clone())).collect()
        };
        Map::from_iter([("organizations".to_owned(), those(false)), ("organization_administrator_of".to_owned(), those(true))])
    };
    let fields = if joining.is_empty() { Vec::new() } else { differences(&view(before), &view(&desired.of)) };
    (joining, fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_members_of_a_policy_are_those_of_the_rules() {
        let all = r#"{"second_factor":"required","allowed_factors":["totp"],"trusted_device_ttl":"0s","session_idle":"10m",
            "session_absolute":"1h","password_min_length":16}"#;
        let rules: Rules = serde_json::from_str(all).unwrap();
        let written: Map<String, Value> = serde_json::from_str(&rules.to_json()).unwrap();
        let names: BTreeSet<&str> = written.keys().map(String::as_str).collect();
        assert_eq!(names, RULES.into());
    }

    #[test]
    fn only_memberships_that_differ_change() {
        let source = Source::File { path: "state.toml".into(), line: 1 };
        let of =
            |pairs: &[(&str, bool)]| pairs.iter().map(|(id, administrator)| ((*id).to_owned(), *administrator)).collect::<BTreeMap<_, _>>();
        let desired = DesiredMemberships { of: of(&[("acme", true), ("bolt", false)]), source };
        let (joining, fields) = membership_changes(Some(&desired), Some(&of(&[("acme", false), ("bolt", false), ("core", true)])));
        let shape: Vec<_> = joining.iter().map(|one| (one.organization_id.as_str(), one.administrator)).collect();
        assert_eq!(shape, [("acme", Some(true)), ("core", None)]);
        assert_eq!(joining.iter().map(|one| one.before).collect::<Vec<_>>(), [Some(false), Some(true)]);
        assert_eq!(fields.len(), 2);
        assert!(membership_changes(Some(&desired), Some(&desired.of)).1.is_empty());
        assert!(membership_changes(None, Some(&desired.of)).0.is_empty());
    }
}
