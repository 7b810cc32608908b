use std::time::Duration;

use super::*;
use crate::cli::database::temporary;
use crate::cli::testing::inserted;
use crate::config::Quota;
use crate::declare::plan::new_user;
use crate::store::audit_events;

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

async fn failed(store: &Store, key: &str, user_id: Uuid, times: u32) {
    let rules = failures::Rules { free: 1, pause: Duration::from_millis(1), longest_pause: Duration::from_mins(15), ceiling: 100 };
    let mut at = NOW.minus(Duration::from_hours(48));
    for _ in 0..times {
        let key = key.to_owned();
        let counted = store.write_one(move |conn| {
            let key = key.clone();
            Box::pin(async move { failures::redeem(conn, &key, user_id, &rules, at).await })
        });
        assert!(counted.await.unwrap());
        at = at.plus(Duration::from_mins(16));
    }
}

async fn listed(store: &Store) -> Answer {
    execute(store, Command::List, &Config::default(), NOW).await.unwrap()
}

fn released(account: &str) -> Command {
    Command::Release(Release { key: None, account: Some(account.to_owned()), address: None })
}

#[tokio::test]
async fn an_operator_sees_who_is_limited_and_releases_them() {
    let (store, _directory) = temporary().await;
    let ana = new_user("ana@example.com", NOW);
    let id = ana.id;
    inserted(&store, [&ana]).await;
    assert_eq!(listed(&store).await.text, "Nobody is limited.");
    failed(&store, &format!("password:{id}"), id, 100).await;
    failed(&store, "password:00000000-0000-0000-0000-000000000007", Uuid::from_u128(7), 100).await;
    let answer = listed(&store).await;
    assert!(answer.text.contains("ana@example.com") && answer.text.contains("a mail or a release"), "{}", answer.text);
    assert_eq!(answer.json["limited"].as_array().unwrap().len(), 2);
    execute(&store, released("Ana@example.com"), &Config::default(), NOW).await.unwrap();
    assert!(execute(&store, released("ana@example.com"), &Config::default(), NOW).await.is_err(), "nothing is left");
    let key =
        Command::Release(Release { key: Some("password:00000000-0000-0000-0000-000000000007".to_owned()), account: None, address: None });
    execute(&store, key, &Config::default(), NOW).await.unwrap();
    assert_eq!(listed(&store).await.text, "Nobody is limited.");
    let events = audit_events::list(&store.read(), 10).await.unwrap();
    assert_eq!(events.iter().filter(|event| event.kind == "limit.released").count(), 2);
}

async fn taken(store: &Store, key: &str, quota: Quota, times: u32) {
    for _ in 0..times {
        let key = key.to_owned();
        let taken = store.write_one(move |conn| {
            let key = key.clone();
            Box::pin(async move { buckets::take(conn, &key, quota, NOW).await })
        });
        taken.await.unwrap();
    }
}

/// Whatever is counted is shown with why, and an account's and an address's own are released together.
#[tokio::test]
async fn every_kind_of_bucket_is_listed_and_released() {
    let (store, _directory) = temporary().await;
    let ana = new_user("ana@example.com", NOW);
    let (id, address, config) = (ana.id, "192.0.2.7", Config::default());
    inserted(&store, [&ana]).await;
    let key = |kind: &kinds::Kind| match kind.whose {
        Whose::Account => format!("{}{id}", kind.prefix),
        Whose::Address => format!("{}{address}", kind.prefix),
        Whose::AccountAndAddress => format!("{}{id}:{address}", kind.prefix),
        Whose::OtherAndAddress => format!("{}web:{address}", kind.prefix),
        Whose::Client => format!("{}web", kind.prefix),
        Whose::Digest => format!("{}c0ffee", kind.prefix),
    };
    // A bucket that holds more than one is not empty when one is taken.
    for kind in KINDS.iter().filter(|kind| (kind.quota)(&config).burst > 1) {
        taken(&store, &key(kind), (kind.quota)(&config), 1).await;
        assert_eq!(listed(&store).await.text, "Nobody is limited.", "{}", kind.prefix);
    }
    for kind in &KINDS {
        let quota = (kind.quota)(&config);
        taken(&store, &key(kind), quota, quota.burst).await;
    }
    let whys = |answer: &Answer| {
        answer.json["limited"].as_array().unwrap().iter().map(|one| one["why"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let all = whys(&listed(&store).await);
    assert!(KINDS.iter().all(|kind| all.contains(&kind.why.to_owned())) && all.len() == KINDS.len(), "{all:?}");
    execute(&store, released("ana@example.com"), &config, NOW).await.unwrap();
    let left = whys(&listed(&store).await);
    assert!(
        KINDS.iter().all(|kind| left.contains(&kind.why.to_owned()) != matches!(kind.whose, Whose::Account | Whose::AccountAndAddress)),
        "{left:?}"
    );
    let by_address = Command::Release(Release { key: None, account: None, address: Some(address.parse().unwrap()) });
    execute(&store, by_address, &config, NOW).await.unwrap();
    let left = whys(&listed(&store).await);
    let digests: Vec<_> =
        KINDS.iter().filter(|kind| matches!(kind.whose, Whose::Client | Whose::Digest)).map(|kind| kind.why.to_owned()).collect();
    assert!(left.len() == digests.len() && digests.iter().all(|why| left.contains(why)), "{left:?}");
}

#[tokio::test]
async fn a_ban_is_listed_until_it_is_lifted_and_never_of_a_trusted_proxy() {
    let (store, _directory) = temporary().await;
    let mut config = Config::default();
    config.server.trusted_proxies = "10.0.0.0/8".parse().unwrap();
    let banned =
        |range: &str| Command::Ban(BanArguments { range: range.to_owned(), time: Span::secs(3600), reason: "stuffing".to_owned() });
    for bad in ["10.1.0.0/16", "0.0.0.0/0", "nonsense"] {
        assert!(execute(&store, banned(bad), &config, NOW).await.is_err(), "{bad}");
    }
    execute(&store, banned("203.0.113.9/24"), &config, NOW).await.unwrap();
    execute(&store, banned("2001:db8:1:2::7"), &config, NOW).await.unwrap();
    let answer = execute(&store, Command::List, &config, NOW).await.unwrap();
    for range in ["203.0.113.0/24", "2001:db8:1:2::/64"] {
        assert!(answer.text.contains(range), "{}", answer.text);
        execute(&store, Command::Unban { range: range.to_owned() }, &config, NOW).await.unwrap();
    }
    assert!(execute(&store, Command::Unban { range: "203.0.113.0/24".to_owned() }, &config, NOW).await.is_err());
    let kinds: Vec<String> = audit_events::list(&store.read(), 10).await.unwrap().into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds.iter().filter(|kind| kind.starts_with("address.")).count(), 4);
}
