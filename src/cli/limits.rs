//! `limits`: who is limited and why; release; ban and unban.

mod kinds;
mod listing;

use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::json;
use uuid::Uuid;

use self::kinds::{KINDS, Whose};
use super::database;
use super::failure::Failure;
use super::moment::rfc3339;
use super::output::{Answer, table};
use crate::account::email;
use crate::audit::{self, Event, Kind, Origin};
use crate::clock::{Clock as _, SystemClock, Timestamp};
use crate::config::{CidrList, Config, Span};
use crate::store::bans::{self, Ban};
use crate::store::users;
use crate::store::{self, Conn, Store, buckets, factor_attempts, failures, tried_accounts};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Who is limited now, why and until when; and which addresses are banned.
    List,
    /// Forget what was counted: by a key that `list` shows, or everything against an account or an address.
    Release(Release),
    /// Keep an address range out of every page and endpoint.
    Ban(BanArguments),
    /// Let it in again.
    Unban {
        /// As `list` shows it.
        #[arg(value_name = "RANGE")]
        range: String,
    },
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Release {
    #[arg(value_name = "KEY")]
    key: Option<String>,
    /// Everything counted against this account.
    #[arg(long, value_name = "EMAIL")]
    account: Option<String>,
    /// Everything counted against this address: of IPv6 against its /64.
    #[arg(long, value_name = "ADDRESS")]
    address: Option<std::net::IpAddr>,
}

#[derive(Debug, Args)]
pub(super) struct BanArguments {
    /// An address, or a range such as 203.0.113.0/24 or 2001:db8::/48.
    #[arg(value_name = "RANGE")]
    range: String,
    /// For how long, such as 1h or 30d.
    #[arg(long = "for", value_name = "TIME")]
    time: Span,
    /// Why: for whoever looks at the list later.
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

pub(super) async fn run(command: Command, config: &Config) -> Result<Answer, Failure> {
    let store = match command {
        Command::List => database::open_to_read(config).await?,
        _ => database::open(config).await?,
    };
    let answer = execute(&store, command, config, SystemClock.now()).await;
    store.close().await;
    answer
}

async fn execute(store: &Store, command: Command, config: &Config, now: Timestamp) -> Result<Answer, Failure> {
    match command {
        Command::List => listing::list(store, config, now).await,
        Command::Release(arguments) => release(store, arguments, now).await,
        Command::Ban(arguments) => ban(store, &arguments, config, now).await,
        Command::Unban { range } => unban(store, &range, now).await,
    }
}

/// What is forgotten.
#[derive(Clone)]
enum Target {
    Key(String),
    Account(Uuid),
    Address(String),
}

async fn release(store: &Store, arguments: Release, now: Timestamp) -> Result<Answer, Failure> {
    let (target, shown, user) = match arguments {
        Release { account: Some(address), .. } => {
            let canonical = email::canonical(&address).ok_or_else(|| Failure::new(format!("{address} is not an e-mail address.")))?;
            let user = users::find_by_email(&store.read(), &canonical).await?;
            let user = user.ok_or_else(|| Failure::new(format!("There is nobody with the address {address}.")))?;
            (Target::Account(user.id), user.email, Some(user.id))
        }
        Release { address: Some(address), .. } => {
            let class = crate::web::address::class(address).to_string();
            (Target::Address(class.clone()), class, None)
        }
        Release { key, .. } => {
            let key = key.unwrap_or_default();
            (Target::Key(key.clone()), key, None)
        }
    };
    let mut event = event(Kind::LimitReleased).detail("released", shown.clone());
    if let Some(user) = user {
        event = event.user(user);
    }
    let job = Arc::new((target, event));
    let releasing = store.write(move |conn| {
        let job = Arc::clone(&job);
        Box::pin(async move {
            let forgotten = forget(conn, &job.0).await?;
            if forgotten > 0 {
                audit::record(conn, &job.1.clone().detail("rows", forgotten), now).await?;
            }
            Ok(forgotten)
        })
    });
    let forgotten = releasing.await?;
    if forgotten == 0 {
        return Err(Failure::new(format!("Nothing was counted against {shown}. `vestibule limits list` shows who is limited.")));
    }
    Ok(Answer::new(format!("{shown} is released."), &json!({ "released": shown, "rows": forgotten })))
}

async fn forget(conn: &Conn<'_>, target: &Target) -> store::Result<u64> {
    match target {
        Target::Key(key) => {
            let mut rows = u64::from(failures::revoke(conn, key).await?) + u64::from(buckets::revoke(conn, key).await?);
            if let Some(address) = key.strip_prefix("accounts:") {
                rows += u64::from(tried_accounts::revoke(conn, address).await?);
            }
            if let Some(id) = key.strip_prefix("code:").and_then(|id| id.parse().ok())
                && factor_attempts::find(conn, id).await? != factor_attempts::Attempts::default()
            {
                factor_attempts::revoke(conn, id).await?;
                rows += 1;
            }
            Ok(rows)
        }
        Target::Account(id) => {
            let counted = factor_attempts::find(conn, *id).await? != factor_attempts::Attempts::default();
            factor_attempts::revoke(conn, *id).await?;
            let mut rows = failures::revoke_all(conn, *id).await? + u64::from(counted);
            for kind in KINDS.iter().filter(|kind| matches!(kind.whose, Whose::Account | Whose::AccountAndAddress)) {
                rows += buckets::revoke_all(conn, &format!("{}{id}", kind.prefix)).await?;
            }
            Ok(rows)
        }
        Target::Address(address) => {
            let mut rows = u64::from(tried_accounts::revoke(conn, address).await?);
            for kind in &KINDS {
                rows += match kind.whose {
                    Whose::Address => u64::from(buckets::revoke(conn, &format!("{}{address}", kind.prefix)).await?),
                    Whose::AccountAndAddress | Whose::OtherAndAddress => buckets::revoke_ending(conn, kind.prefix, address).await?,
                    Whose::Account | Whose::Client | Whose::Digest => 0,
                };
            }
            Ok(rows)
        }
    }
}

async fn ban(store: &Store, arguments: &BanArguments, config: &Config, now: Timestamp) -> Result<Answer, Failure> {
    let reason = arguments.reason.trim().to_owned();
    if reason.is_empty() || arguments.time.0.is_zero() {
        return Err(Failure::new("Write a --reason, and a time above 0 with --for."));
    }
    let range = range(&arguments.range)?;
    if config.server.trusted_proxies.0.iter().any(|proxy| range.contains(proxy) || proxy.contains(&range)) {
        return Err(Failure::new(format!("{range} is, or contains, one of server.trusted_proxies: everybody would be kept out.")));
    }
    let ban = Ban { range: range.to_string(), reason, created_at: now, expires_at: now.plus(arguments.time.0) };
    let event = event(Kind::AddressBanned).detail("range", ban.range.clone()).detail("reason", ban.reason.clone());
    let job = Arc::new((ban.clone(), event.detail("until", rfc3339(ban.expires_at))));
    let banning = store.write(move |conn| {
        let job = Arc::clone(&job);
        Box::pin(async move {
            bans::update(conn, &job.0).await?;
            audit::record(conn, &job.1, now).await
        })
    });
    banning.await?;
    let until = rfc3339(ban.expires_at);
    Ok(Answer::new(format!("{} is kept out until {until}.", ban.range), &json!({ "range": ban.range, "until": until })))
}

async fn unban(store: &Store, text: &str, now: Timestamp) -> Result<Answer, Failure> {
    let range = range(text)?.to_string();
    let job = Arc::new((range.clone(), event(Kind::AddressUnbanned).detail("range", range.clone())));
    let lifting = store.write(move |conn| {
        let job = Arc::clone(&job);
        Box::pin(async move {
            let lifted = bans::revoke(conn, &job.0).await?;
            if lifted {
                audit::record(conn, &job.1, now).await?;
            }
            Ok(lifted)
        })
    });
    if !lifting.await? {
        return Err(Failure::new(format!("{range} is not banned. `vestibule limits list` shows what is.")));
    }
    Ok(Answer::new(format!("{range} is let in again."), &json!({ "range": range, "banned": false })))
}

/// One range in its canonical form; a single address is a range of one, and of IPv6 the /64 it is counted by.
fn range(text: &str) -> Result<ipnet::IpNet, Failure> {
    let parsed: CidrList = text.parse().map_err(Failure::new)?;
    match parsed.0.as_slice() {
        [ipnet::IpNet::V6(net)] if net.prefix_len() == 128 => {
            let net = ipnet::Ipv6Net::new(net.addr(), 64).map_err(|error| Failure::new(error.to_string()))?;
            Ok(ipnet::IpNet::V6(net).trunc())
        }
        [net] => Ok(net.trunc()),
        _ => Err(Failure::new("Name one range.")),
    }
}

fn event(kind: Kind) -> Event {
    Event::new(kind, &Origin::default()).detail("by", "command line")
}

#[cfg(test)]
#[path = "limits_tests.rs"]
mod tests;
