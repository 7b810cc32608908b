//! `limits list`.

use std::collections::HashMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::kinds::KINDS;
use super::{Answer, Failure, rfc3339, table};
use crate::clock::Timestamp;
use crate::config::{Config, Quota};
use crate::mfa::attempts;
use crate::store::{Store, bans, buckets, factor_attempts, failures, tried_accounts, users};

/// Rows of each kind: an attack makes many, and a person reads few.
const MOST: u64 = 200;

/// Somebody or something that is limited.
struct Limited {
    key: String,
    why: &'static str,
    whose: Option<Uuid>,
    detail: String,
    /// None: not by waiting.
    until: Option<Timestamp>,
}

pub(super) async fn list(store: &Store, config: &Config, now: Timestamp) -> Result<Answer, Failure> {
    let mut limited = guesses(store, config, now).await?;
    limited.extend(addresses(store, config, now).await?);
    let banned = bans::list(&store.read(), now).await?;
    let people = people(store, &limited).await?;
    let name = |limited: &Limited| limited.whose.map(|id| people.get(&id).cloned().unwrap_or_else(|| "nobody".to_owned()));
    let when = |until: Option<Timestamp>| until.map_or_else(|| "a mail or a release".to_owned(), rfc3339);
    let rows: Vec<Vec<String>> = limited
        .iter()
        .map(|one| vec![one.key.clone(), one.why.to_owned(), name(one).unwrap_or_default(), one.detail.clone(), when(one.until)])
        .chain(
            banned
                .iter()
                .map(|ban| vec![ban.range.clone(), "banned".to_owned(), String::new(), ban.reason.clone(), rfc3339(ban.expires_at)]),
        )
        .collect();
    let json = json!({
        "limited": limited.iter().map(|one| json!({
            "key": one.key, "why": one.why, "account": name(one), "detail": one.detail, "until": one.until.map(rfc3339),
        })).collect::<Vec<Value>>(),
        "banned": banned.iter().map(|ban| json!({
            "range": ban.range, "reason": ban.reason, "since": rfc3339(ban.created_at), "until": rfc3339(ban.expires_at),
        })).collect::<Vec<Value>>(),
    });
    let text = if rows.is_empty() { "Nobody is limited.".to_owned() } else { table(&["key", "why", "account", "detail", "until"], &rows) };
    Ok(Answer::new(text, &json))
}

/// By wrong passwords and codes.
async fn guesses(store: &Store, config: &Config, now: Timestamp) -> Result<Vec<Limited>, Failure> {
    let limits = &config.limits;
    let ceiling = |setting: u32| i32::try_from(setting).unwrap_or(i32::MAX);
    let until = |failures: i32, most: i32, until: Timestamp| (failures < most).then_some(until);
    let detail = |failures: i32| format!("{failures} in a row");
    let mut found = Vec::new();
    let passwords = ceiling(limits.password_ceiling);
    for row in failures::list_blocked(&store.read(), passwords.min(ceiling(limits.known_device_ceiling)), now, MOST).await? {
        let on_device = row.key.matches(':').count() > 1;
        let codes = row.key.starts_with("code:");
        let most = if on_device { ceiling(limits.known_device_ceiling) } else { passwords };
        if row.blocked_until <= now && row.failures < most {
            continue;
        }
        let why = match (codes, on_device) {
            (true, _) => "wrong codes on a known device",
            (false, true) => "wrong passwords on a known device",
            (false, false) => "wrong passwords",
        };
        let until = until(row.failures, most, row.blocked_until);
        found.push(Limited { why, whose: Some(row.user_id), detail: detail(row.failures), until, key: row.key });
    }
    let codes = attempts::rules(limits);
    for (id, row) in factor_attempts::list_blocked(&store.read(), &codes, now, MOST).await? {
        let until = until(row.failures, codes.row.ceiling, codes.blocked_until(&row, now));
        let detail = format!("{} in a row, {} in a day", row.failures, row.window_failures);
        found.push(Limited { key: format!("code:{id}"), why: "wrong codes", whose: Some(id), detail, until });
    }
    Ok(found)
}

/// By address, and whatever else is counted in buckets.
async fn addresses(store: &Store, config: &Config, now: Timestamp) -> Result<Vec<Limited>, Failure> {
    let mut found = Vec::new();
    let limits = &config.limits;
    for (sprayed, quota, why, of) in [
        (false, limits.accounts_per_address, "many accounts from one address", "accounts"),
        (true, limits.addresses_per_password, "one password from many addresses", "addresses"),
    ] {
        let full = tried_accounts::list_full(&store.read(), quota, now, MOST).await?;
        for tried in full.into_iter().filter(|tried| tried.address.starts_with("password:") == sprayed) {
            let (key, until) = (format!("accounts:{}", tried.address), Some(tried.started_at.plus(quota.per)));
            found.push(Limited { key, why, whose: None, detail: format!("{} {of}", tried.accounts), until });
        }
    }
    for kind in &KINDS {
        let quota = (kind.quota)(config);
        for (key, full_at) in buckets::list(&store.read(), kind.prefix, now, MOST).await? {
            // Empty: less than one is in it.
            let another = full_at.minus(another_after(quota));
            if another > now {
                let whose = kind.account(&key);
                found.push(Limited { why: kind.why, whose, detail: quota.to_string(), until: Some(another), key });
            }
        }
    }
    Ok(found)
}

/// How long before it is full there is one in a bucket that was empty.
fn another_after(quota: Quota) -> std::time::Duration {
    let burst = quota.burst.max(1);
    (quota.per / burst).saturating_mul(burst.saturating_sub(1))
}

/// Their addresses.
async fn people(store: &Store, limited: &[Limited]) -> Result<HashMap<Uuid, String>, Failure> {
    let mut ids: Vec<Uuid> = limited.iter().filter_map(|one| one.whose).collect();
    ids.sort_unstable();
    ids.dedup();
    let people = users::list_by_ids(&store.read(), &ids).await?;
    Ok(people.into_iter().map(|user| (user.id, user.email)).collect())
}
