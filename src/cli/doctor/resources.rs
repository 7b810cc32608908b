//! What this process may use, against what its settings ask for; and limits that are no limits.

use std::path::Path;

use super::finding::Finding;
use crate::account::password::Passwords;
use crate::config::{Config, MailTransport};

/// What the service needs beside the memory of its hash threads, in MiB: measured in docs/performance.md, and room for caches and connections.
const BASE: u64 = 96;

pub(super) fn look(config: &Config) -> Vec<Finding> {
    let mut found = vec![judge_memory(hash_memory(config), memory_limit())];
    if !config.limits.enabled {
        let advice = (
            "Anybody may send as many requests as they like; only what is counted by account is still limited.",
            "Set limits.enabled to true.",
        );
        found.push(Finding::warning("limits", "limits by address are switched off", advice));
    } else if config.issuer().is_https() && config.server.tls_certificate.is_none() && config.server.trusted_proxies.0.is_empty() {
        let advice = (
            "Something in front must end TLS here, and everybody then has its address: they share one budget.",
            "Name its addresses in server.trusted_proxies (chart: proxy.trustedCidrs).",
        );
        found.push(Finding::warning("limits", "no proxy is trusted, though this process serves no TLS itself", advice));
    } else {
        found.push(Finding::ok("limits", "requests are limited by address"));
    }
    if config.mail.transport != MailTransport::Smtp && !config.issuer().is_loopback() {
        let advice =
            ("Nobody can reset a password, confirm an address or hear of a change.", "Set mail.transport to smtp and name the server.");
        found.push(Finding::warning("mail", "mail does not leave this machine", advice));
    }
    found
}

/// In MiB, when every thread hashes.
fn hash_memory(config: &Config) -> u64 {
    let threads = u64::try_from(Passwords::threads(&config.password)).unwrap_or(u64::MAX);
    threads.saturating_mul(u64::from(config.password.memory_kib)).div_ceil(1024)
}

fn judge_memory(hashes: u64, limit: Option<u64>) -> Finding {
    let advice = (
        "A process that goes over its limit is killed in the middle of requests.",
        "Raise the memory limit, or lower password.hash_threads; password.memory_kib only as far as OWASP's table allows.",
    );
    let need = hashes.saturating_add(BASE);
    match limit {
        None => Finding::ok("memory", format!("password hashes take up to {hashes} MiB; no memory limit is set")),
        Some(limit) if need > limit => Finding::failed(
            "memory",
            format!("password hashes take up to {hashes} MiB, the rest about {BASE}, and the limit is {limit} MiB"),
            advice,
        ),
        Some(limit) if need.saturating_mul(4) > limit.saturating_mul(3) => {
            Finding::warning("memory", format!("about {need} of {limit} MiB are needed when every hash thread is busy"), advice)
        }
        Some(limit) => Finding::ok("memory", format!("about {need} of {limit} MiB are needed when every hash thread is busy")),
    }
}

/// Of this process's control group or one above it, in MiB: the smallest counts.
fn memory_limit() -> Option<u64> {
    let mine = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let path = mine.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or("/").trim_start_matches('/');
    let unified = Path::new("/sys/fs/cgroup").join(path);
    let versions = unified.ancestors().take_while(|place| place.starts_with("/sys/fs/cgroup")).map(|place| place.join("memory.max"));
    let first = Path::new("/sys/fs/cgroup/memory/memory.limit_in_bytes").to_owned();
    versions.chain([first]).filter_map(|file| std::fs::read_to_string(file).ok()).filter_map(|text| read_limit(&text)).min()
}

/// Version 1 says "no limit" with a number near 2^63.
fn read_limit(text: &str) -> Option<u64> {
    text.trim().parse::<u64>().ok().filter(|bytes| *bytes < 1 << 60).map(|bytes| bytes >> 20)
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    #[test]
    fn hashes_must_fit_into_the_limit() {
        assert_eq!(judge_memory(76, None).level, Level::Ok);
        assert_eq!(judge_memory(76, Some(512)).level, Level::Ok);
        assert_eq!(judge_memory(76, Some(200)).level, Level::Warning);
        assert_eq!(judge_memory(76, Some(128)).level, Level::Failed);
    }

    #[test]
    fn no_limit_is_no_number() {
        assert_eq!(read_limit("max\n"), None);
        assert_eq!(read_limit("9223372036854771712\n"), None);
        assert_eq!(read_limit("536870912\n"), Some(512));
    }

    #[test]
    fn hash_memory_is_that_of_all_threads() {
        let mut config = Config::default();
        config.password.hash_threads = 4;
        config.password.memory_kib = 19_456;
        assert_eq!(hash_memory(&config), 76);
    }
}
