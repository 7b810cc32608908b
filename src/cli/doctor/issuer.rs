//! The issuer as browsers and applications reach it: discovery, certificate, clock, proxy.

use std::time::Duration;

use reqwest::tls::TlsInfo;
use reqwest::{Client, Response};
use serde_json::Value;

use super::finding::Finding;
use crate::app::{Left, Tls, Validity};
use crate::clock::Timestamp;
use crate::config::{Config, Server};
use crate::oidc::discovery::Discovery;
use crate::outbound;

const DEADLINE: Duration = Duration::from_secs(5);
/// No discovery document is longer.
const MOST: usize = 256 * 1024;
/// Clocks of machines that keep time differ by less, in seconds.
const DRIFT: i64 = 5;

const NOT_REACHED: &str = "Applications and browsers use this URL for everything; every token names it.";

pub(super) async fn look(config: &Config, now: Timestamp) -> Vec<Finding> {
    let mut found = reach(config, now).await;
    found.extend(look_at_files(&config.server, now));
    found
}

async fn reach(config: &Config, now: Timestamp) -> Vec<Finding> {
    let issuer = config.issuer();
    let client = match client(config) {
        Ok(client) => client,
        Err(problem) => {
            return vec![Finding::failed("issuer", problem, (NOT_REACHED, "Mend outbound.extra_ca_file, SSL_CERT_FILE or SSL_CERT_DIR."))];
        }
    };
    let url = issuer.url("/.well-known/openid-configuration");
    let response = match client.get(&url).send().await {
        Ok(response) => response,
        Err(error) => {
            let remedy = "Check the name's DNS, the ingress and its certificate, and that the service runs. From inside a cluster the public name may need another \
                          route; an authority of your own belongs into outbound.extra_ca_file.";
            return vec![Finding::failed("issuer", format!("{url} cannot be reached: {}", cause(&error)), (NOT_REACHED, remedy))];
        }
    };
    let mut found = vec![look_at_certificate(&response, issuer.is_https(), now), look_at_clock(&response, now)];
    found.insert(0, look_at_document(config, &url, response).await);
    found
}

pub(super) fn client(config: &Config) -> Result<Client, String> {
    let builder = Client::builder().timeout(DEADLINE).redirect(reqwest::redirect::Policy::none()).no_proxy().tls_info(true);
    builder.tls_certs_only(outbound::trusted(&config.outbound)?).build().map_err(|error| cause(&error))
}

pub(super) fn cause(error: &reqwest::Error) -> String {
    let mut deepest: &dyn std::error::Error = error;
    while let Some(deeper) = deepest.source() {
        deepest = deeper;
    }
    deepest.to_string()
}

async fn look_at_document(config: &Config, url: &str, mut response: Response) -> Finding {
    let status = response.status();
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > MOST {
            break;
        }
    }
    let answered = serde_json::from_slice::<Value>(&body).ok().filter(|_| status.is_success());
    let Some(answered) = answered else {
        let remedy = "See who answers there: another service, the ingress' default backend, or a page to sign in.";
        return Finding::failed("issuer", format!("{url} answered {status} and no discovery document"), (NOT_REACHED, remedy));
    };
    compare(config, &answered)
}

/// With what this program would say, with these settings.
fn compare(config: &Config, answered: &Value) -> Finding {
    let issuer = config.issuer();
    let ours = Discovery::new(&issuer, config.registration.mode);
    let ours: Value = serde_json::from_slice(&ours.document()).unwrap_or_default();
    let theirs = answered.get("issuer").and_then(Value::as_str).unwrap_or_default();
    if theirs != issuer.as_str() {
        let why = "Applications refuse tokens whose issuer is not the one they know (OpenID Connect Discovery §4.3).";
        let remedy = "Set server.public_url to the one URL that everybody uses, for every replica alike.";
        return Finding::failed("issuer", format!("the service at {} calls itself {theirs:?}", issuer.as_str()), (why, remedy));
    }
    let (ours, theirs) = (ours.as_object().cloned().unwrap_or_default(), answered.as_object().cloned().unwrap_or_default());
    let mut differing: Vec<&str> = ours
        .keys()
        .chain(theirs.keys())
        .filter(|key| ours.get(*key) != theirs.get(*key) && !has_more(key, ours.get(*key), theirs.get(*key)))
        .map(String::as_str)
        .collect();
    differing.sort_unstable();
    differing.dedup();
    if differing.is_empty() {
        return Finding::ok("issuer", format!("{} answers, and its discovery document is what these settings make", issuer.as_str()));
    }
    let why = "Another version or other settings answer there than those you are looking at.";
    Finding::warning(
        "issuer",
        format!("its discovery document differs in {}", differing.join(", ")),
        (why, "Finish the rollout, or run doctor with the service's own configuration."),
    )
}

/// Scopes that the database has are no setting, and neither are their claims.
fn has_more(key: &str, ours: Option<&Value>, theirs: Option<&Value>) -> bool {
    let of_scopes = ["scopes_supported", "claims_supported"].contains(&key);
    let (ours, theirs) = (ours.and_then(Value::as_array), theirs.and_then(Value::as_array));
    of_scopes && ours.zip(theirs).is_some_and(|(ours, theirs)| ours.iter().all(|one| theirs.contains(one)))
}

fn look_at_certificate(response: &Response, https: bool, now: Timestamp) -> Finding {
    let der = response.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate);
    match der.and_then(Validity::of) {
        Some(validity) => judge_certificate("the issuer's certificate", validity, now),
        None if https => Finding::skipped("certificate", "the certificate cannot be read"),
        None => Finding::ok("certificate", "none: the issuer is http on this machine, for development"),
    }
}

/// The files of `server.tls_certificate` and `server.tls_key` as they are, whoever else ends TLS in front.
fn look_at_files(server: &Server, now: Timestamp) -> Option<Finding> {
    match Tls::load(server) {
        Ok(None) => None,
        Ok(Some(tls)) => tls.validity().map(|validity| judge_certificate("server.tls_certificate", validity, now)),
        Err(problem) => {
            let why = "The service goes on with the certificate it has, and does not start again.";
            Some(Finding::failed("certificate", problem.to_string(), (why, "Put a chain and its own key in place, both in PEM.")))
        }
    }
}

fn judge_certificate(whose: &str, validity: Validity, now: Timestamp) -> Finding {
    let days = validity.days_left(now);
    let what = if days < 0 { format!("{whose} has expired") } else { format!("{whose} is good for {days} days") };
    let advice = (
        "When it expires nobody can sign in and no application can fetch keys.",
        "Look at what renews it: cert-manager, the ACME client, the balancer.",
    );
    match validity.left(now) {
        Left::HardlyAny => Finding::failed("certificate", what, advice),
        Left::Little => Finding::warning("certificate", what, advice),
        Left::Enough => Finding::ok("certificate", what),
    }
}

fn look_at_clock(response: &Response, now: Timestamp) -> Finding {
    let date = response.headers().get(http::header::DATE).and_then(|date| date.to_str().ok());
    match date.and_then(read_date) {
        Some(at) => judge_clock("the issuer's", at, now.secs()),
        None => Finding::skipped("clock", "the issuer sent no Date"),
    }
}

/// RFC 9110 §5.6.7, the form that is sent today.
fn read_date(text: &str) -> Option<i64> {
    let parse = time::OffsetDateTime::parse(
        text.strip_suffix(" GMT").map(|text| format!("{text} +0000"))?.as_str(),
        &time::format_description::well_known::Rfc2822,
    );
    parse.ok().map(time::OffsetDateTime::unix_timestamp)
}

/// Two clocks, in seconds.
pub(super) fn judge_clock(whose: &str, theirs: i64, ours: i64) -> Finding {
    let off = theirs.saturating_sub(ours);
    let what = format!("{whose} clock differs from this one by {} s", off.abs());
    let advice = (
        "Tokens seem to come from the future or to have expired, codes of authenticator apps are refused, replicas disagree about what is over.",
        "Let NTP or chrony keep the time on both machines.",
    );
    match off.abs() {
        0..=DRIFT => Finding::ok("clock", what),
        ..=30 => Finding::warning("clock", what, advice),
        _ => Finding::failed("clock", what, advice),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    #[test]
    fn another_issuer_is_a_failure_and_another_version_a_warning() {
        let mut config = Config::default();
        config.server.public_url = Some("https://id.example.com".parse().unwrap());
        let mut same: Value = serde_json::from_slice(&Discovery::new(&config.issuer(), config.registration.mode).document()).unwrap();
        assert_eq!(compare(&config, &same).level, Level::Ok);
        same["scopes_supported"].as_array_mut().unwrap().push("roles".into());
        assert_eq!(compare(&config, &same).level, Level::Ok, "a declared scope is no setting");
        let mut newer = same.clone();
        newer["claims_supported"] = serde_json::json!([]);
        let found = compare(&config, &newer);
        assert!(found.level == Level::Warning && found.what.contains("claims_supported"), "{found:?}");
        let mut other = same;
        other["issuer"] = "http://id.example.com".into();
        assert_eq!(compare(&config, &other).level, Level::Failed);
    }

    #[test]
    fn certificates_and_clocks_are_judged() {
        let year = Validity { not_before: 0, not_after: 365 * 86_400 };
        let judged = [-1, 6, 8, 29, 31].map(|left| judge_certificate("it", year, Timestamp::from_secs((365 - left) * 86_400)).level);
        assert_eq!(judged, [Level::Failed, Level::Failed, Level::Warning, Level::Warning, Level::Ok]);
        assert_eq!(
            [0, -5, 6, 31, -31].map(|off| judge_clock("its", 1000 + off, 1000).level),
            [Level::Ok, Level::Ok, Level::Warning, Level::Failed, Level::Failed]
        );
        assert_eq!(read_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
    }
}
