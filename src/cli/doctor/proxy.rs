//! The proxy in front: whether what it says of its clients is believed. Seen on the internal listener, while requests come in through the public URL.

use std::net::IpAddr;

use reqwest::Client;

use super::finding::Finding;
use super::issuer;
use crate::cli::healthcheck::near;
use crate::config::Config;

/// Several, because there may be other replicas that get some of them.
const REQUESTS: usize = 6;

const SHARED: &str = "Everybody behind the proxy then has the proxy's address: they share one budget of the limits by address, and the audit names the proxy.";
const ANYBODY: &str = "Whoever may name any address is limited nowhere, and writes what they like into the audit.";

pub(super) async fn look(config: &Config) -> Vec<Finding> {
    let mut found: Vec<Finding> = look_at_list(config).into_iter().collect();
    found.push(look_at_requests(config).await);
    found
}

fn look_at_list(config: &Config) -> Option<Finding> {
    let anybody = |address: &str| address.parse::<IpAddr>().is_ok_and(|address| config.server.trusted_proxies.contains(address));
    // Documentation addresses (RFC 5737, RFC 3849) that no proxy has.
    (anybody("203.0.113.1") || anybody("2001:db8::1")).then(|| {
        let remedy = "Write the addresses of the proxy alone: of its pods, or of its subnet.";
        Finding::failed("proxy", "server.trusted_proxies trusts the whole internet", (ANYBODY, remedy))
    })
}

/// Counts of requests with forwarding headers: believed, and not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counts {
    trusted: u64,
    untrusted: u64,
}

async fn look_at_requests(config: &Config) -> Finding {
    let Some(internal) = config.server.internal_listen else {
        return Finding::skipped("proxy", "without server.internal_listen nobody tells what the service sees of a request");
    };
    let Ok(client) = issuer::client(config) else { return Finding::skipped("proxy", "no HTTP client") };
    let metrics = format!("http://{}/metrics", near(internal));
    let Some(before) = counts(&client, &metrics).await else {
        return Finding::skipped("proxy", format!("{metrics} does not answer: run doctor beside the service"));
    };
    let public = config.issuer().url("/health/live");
    for _ in 0..REQUESTS {
        let _ = client.get(&public).header("connection", "close").send().await;
    }
    let Some(after) = counts(&client, &metrics).await else {
        return Finding::skipped("proxy", format!("{metrics} does not answer any more"));
    };
    judge(before, after)
}

fn judge(before: Counts, after: Counts) -> Finding {
    match (after.trusted > before.trusted, after.untrusted > before.untrusted) {
        (_, true) => {
            let remedy = "Add the address the service sees to server.trusted_proxies (chart: proxy.trustedCidrs); the service's log names it once. If other clients \
                          send such headers themselves, this may be theirs.";
            Finding::warning("proxy", "forwarding headers of requests through the public URL are not believed", (SHARED, remedy))
        }
        (true, false) => Finding::ok("proxy", "the proxy's forwarding headers are believed"),
        (false, false) => Finding::ok("proxy", "no forwarding headers came through the public URL: no proxy, or another replica answered"),
    }
}

async fn counts(client: &Client, metrics: &str) -> Option<Counts> {
    let text = client.get(metrics).send().await.ok()?.text().await.ok()?;
    let count = |peer: &str| {
        let name = format!("vestibule_forwarded_requests_total{{peer=\"{peer}\"}} ");
        text.lines().find_map(|line| line.strip_prefix(name.as_str())).and_then(|count| count.parse().ok())
    };
    Some(Counts { trusted: count("trusted")?, untrusted: count("untrusted")? })
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    #[test]
    fn a_proxy_that_is_not_believed_is_told_of() {
        let counts = |trusted, untrusted| Counts { trusted, untrusted };
        assert_eq!(judge(counts(1, 1), counts(7, 1)).level, Level::Ok);
        assert_eq!(judge(counts(1, 1), counts(1, 7)).level, Level::Warning);
        assert_eq!(judge(counts(1, 1), counts(1, 1)).level, Level::Ok);
    }

    #[test]
    fn trusting_everybody_is_a_failure() {
        let mut config = Config::default();
        assert!(look_at_list(&config).is_none());
        config.server.trusted_proxies = "10.0.0.0/8".parse().unwrap();
        assert!(look_at_list(&config).is_none());
        config.server.trusted_proxies = "0.0.0.0/0".parse().unwrap();
        assert_eq!(look_at_list(&config).unwrap().level, Level::Failed);
    }
}
