//! The figures of the security requirements (SECURITY §3), held against what is shipped. What differs, and why, is in decision 0026.

use std::time::Duration;

use super::{Config, Password, Quota};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// A row for each thing that has a setting.
#[test]
fn the_defaults_are_the_figures_of_the_requirements() {
    let config = Config::default();
    let spans = [
        ("authorization code", config.tokens.authorization_code_ttl, MINUTE),
        ("access token", config.tokens.access_token_ttl, 5 * MINUTE),
        ("refresh token, idle", config.tokens.refresh_token_idle, 14 * DAY),
        ("refresh token, absolute", config.tokens.refresh_token_absolute, 90 * DAY),
        ("refresh token, grace", config.tokens.refresh_token_grace, Duration::from_secs(10)),
        ("session, idle", config.session.idle, HOUR),
        ("session, absolute", config.session.absolute, 12 * HOUR),
        ("flow", config.session.flow_ttl, 15 * MINUTE),
        ("proof before a change", config.session.reauthentication_window, 5 * MINUTE),
        ("reset link", config.recovery.link_ttl, 15 * MINUTE),
        ("password failures, longest pause", config.limits.password_longest_pause, 15 * MINUTE),
        ("code failures, first pause", config.limits.code_pause, Duration::from_secs(30)),
        ("code failures, window", config.limits.code_window, DAY),
        ("wait for a hash", config.password.hash_deadline, Duration::from_secs(1)),
        ("outbound call", config.outbound.timeout, Duration::from_secs(5)),
        ("header read", config.server.header_read_timeout, Duration::from_secs(10)),
        ("request", config.server.request_timeout, Duration::from_secs(15)),
    ];
    for (what, ours, figure) in spans {
        assert_eq!(ours.0, figure, "{what}");
    }
    let quota = |burst, per| Quota { burst, per };
    let limits = &config.limits;
    let quotas = [
        ("mails per account", config.recovery.mails_per_account, quota(3, HOUR)),
        ("mails per address", config.recovery.mails_per_address, quota(10, HOUR)),
        ("passwords per account and address", limits.password_per_account_and_address, quota(10, MINUTE)),
        ("passwords per address", limits.password_per_address, quota(60, MINUTE)),
        ("accounts per address", limits.accounts_per_address, quota(15, 10 * MINUTE)),
    ];
    for (what, ours, figure) in quotas {
        assert_eq!(ours, figure, "{what}");
    }
    assert_eq!((limits.password_ceiling, limits.code_ceiling, limits.code_free, limits.code_window_failures), (100, 100, 5, 10));
    assert_eq!(config.password.min_length, 15, "without a second factor");
    assert!(config.server.drain_delay.0 + config.server.drain_timeout.0 <= Duration::from_secs(25));
}

/// A new signing key is in every copy of the key set five minutes before it signs; an old one stays five minutes longer than what it signed.
#[test]
fn signing_keys_are_published_early_and_kept_late() {
    let Config { keys, tokens, .. } = Config::default();
    assert!(keys.publish_before_use.0 >= keys.jwks_max_age.0 + 5 * MINUTE);
    let longest = tokens.access_token_ttl.0.max(tokens.id_token_ttl.0);
    assert!(keys.retire_for.0 >= longest + 5 * MINUTE);
}

/// OWASP's table: 46 MiB with one pass, 19 MiB with two, and so on, are equally strong. The floor and nothing below it.
#[test]
fn hashing_is_one_of_owasps_equals() {
    let password = Password::default();
    assert_eq!((password.memory_kib, password.iterations), (19_456, 2));
    assert!(u64::from(password.memory_kib) * u64::from(password.iterations) <= 47_104, "no more than what 46 MiB and one pass cost");
}
