//! What happens to people, applications and attackers: sign-ins, tokens, limits, mail.

use std::time::Duration;

use super::Metrics;
use super::names::{
    BANNED, CLIENT_KEYS, CONNECTIONS_REFUSED, HASH_DURATION, HASHES_REFUSED, LIMITED, LOGOUTS, MAILS, RESETS, SIGN_INS, TOKENS,
    TOKENS_REFUSED,
};

/// What was tried at a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Password,
    Totp,
    RecoveryCode,
    EmailCode,
    /// As a second factor, or alone.
    Passkey,
}

impl Method {
    const ALL: [Self; 5] = [Self::Password, Self::Totp, Self::RecoveryCode, Self::EmailCode, Self::Passkey];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery_code",
            Self::EmailCode => "email_code",
            Self::Passkey => "passkey",
        }
    }
}

/// How a try ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Success,
    Wrong,
    Limited,
    /// No thread in time.
    Busy,
}

impl Outcome {
    const ALL: [Self; 4] = [Self::Success, Self::Wrong, Self::Limited, Self::Busy];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Wrong => "wrong",
            Self::Limited => "limited",
            Self::Busy => "busy",
        }
    }
}

/// How far a password reset came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    Requested,
    Done,
}

/// How an attempt to send a mail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailEnd {
    Sent,
    /// It is tried again.
    Delayed,
    /// It is given up.
    Failed,
}

/// How an attempt to tell an application of a logout ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryEnd {
    Delivered,
    Delayed,
    Failed,
}

/// The grants that the token endpoint answers.
const GRANTS: [&str; 4] = ["authorization_code", "refresh_token", "client_credentials", "device_code"];
const ERRORS: [&str; 7] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "temporarily_unavailable",
];

impl Metrics {
    /// Series that alerts divide by, or look at the increase of, exist before the first event.
    pub(super) fn begin_at_zero(&self) {
        let zero = |name, labels: &[(&'static str, &'static str)]| self.series().counter(name, labels).increment(0);
        for method in Method::ALL {
            for outcome in Outcome::ALL {
                if outcome != Outcome::Busy || method == Method::Password {
                    zero(SIGN_INS, &[("method", method.as_str()), ("outcome", outcome.as_str())]);
                }
            }
        }
        for grant in GRANTS {
            zero(TOKENS, &[("grant_type", grant)]);
        }
        for error in ERRORS {
            zero(TOKENS_REFUSED, &[("error", error)]);
        }
        for stage in ["requested", "done"] {
            zero(RESETS, &[("stage", stage)]);
        }
        for outcome in ["delivered", "delayed", "failed"] {
            zero(LOGOUTS, &[("outcome", outcome)]);
        }
        for outcome in ["success", "failed"] {
            zero(CLIENT_KEYS, &[("outcome", outcome)]);
        }
        for (kind, outcome) in
            ["password_reset", "one_time_code"].into_iter().flat_map(|kind| ["sent", "delayed", "failed"].map(|end| (kind, end)))
        {
            zero(MAILS, &[("kind", kind), ("outcome", outcome)]);
        }
        for name in [BANNED, CONNECTIONS_REFUSED, HASHES_REFUSED] {
            zero(name, &[]);
        }
    }

    /// A limit refused something. `limit` is one of ours.
    pub fn limited(&self, limit: &'static str) {
        self.series().counter(LIMITED, &[("limit", limit)]).increment(1);
    }

    pub fn banned(&self) {
        self.series().counter(BANNED, &[]).increment(1);
    }

    pub fn connection_refused(&self) {
        self.series().counter(CONNECTIONS_REFUSED, &[]).increment(1);
    }

    /// A factor was tried at a sign-in.
    pub fn signed_in(&self, method: Method, outcome: Outcome) {
        self.series().counter(SIGN_INS, &[("method", method.as_str()), ("outcome", outcome.as_str())]).increment(1);
    }

    pub fn password_reset(&self, stage: Reset) {
        let stage = if stage == Reset::Requested { "requested" } else { "done" };
        self.series().counter(RESETS, &[("stage", stage)]).increment(1);
    }

    /// Tokens went out. `grant_type` is one of ours.
    pub fn token_issued(&self, grant_type: &'static str) {
        self.series().counter(TOKENS, &[("grant_type", grant_type)]).increment(1);
    }

    /// The token endpoint refused. `error` is one of ours.
    pub fn token_refused(&self, error: &'static str) {
        self.series().counter(TOKENS_REFUSED, &[("error", error)]).increment(1);
    }

    /// An attempt to send a mail of this kind, one of ours.
    pub fn mail(&self, kind: &'static str, end: MailEnd) {
        let outcome = match end {
            MailEnd::Sent => "sent",
            MailEnd::Delayed => "delayed",
            MailEnd::Failed => "failed",
        };
        self.series().counter(MAILS, &[("kind", kind), ("outcome", outcome)]).increment(1);
    }

    /// A client's `jwks_uri` was called.
    pub fn client_keys_fetched(&self, is_success: bool) {
        let outcome = if is_success { "success" } else { "failed" };
        self.series().counter(CLIENT_KEYS, &[("outcome", outcome)]).increment(1);
    }

    pub fn logout_delivery(&self, end: DeliveryEnd) {
        let outcome = match end {
            DeliveryEnd::Delivered => "delivered",
            DeliveryEnd::Delayed => "delayed",
            DeliveryEnd::Failed => "failed",
        };
        self.series().counter(LOGOUTS, &[("outcome", outcome)]).increment(1);
    }

    /// A password hash that waited and ran for so long.
    pub fn hashed(&self, waited: Duration, ran: Duration) {
        let phase = |phase| self.series().histogram(HASH_DURATION, vec![metrics::Label::from_static_parts("phase", phase)]);
        phase("waiting").record(waited);
        phase("running").record(ran);
    }

    pub fn hash_refused(&self) {
        self.series().counter(HASHES_REFUSED, &[]).increment(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_that_alerts_look_at_begin_at_zero() {
        let text = Metrics::default().render();
        for line in [
            "vestibule_sign_ins_total{method=\"passkey\",outcome=\"wrong\"} 0",
            "vestibule_tokens_issued_total{grant_type=\"refresh_token\"} 0",
            "vestibule_token_requests_refused_total{error=\"invalid_grant\"} 0",
            "vestibule_password_hashes_refused_total 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    #[test]
    fn sign_ins_are_counted_by_method_and_outcome() {
        let metrics = Metrics::default();
        metrics.signed_in(Method::Totp, Outcome::Wrong);
        metrics.signed_in(Method::Totp, Outcome::Wrong);
        metrics.signed_in(Method::Totp, Outcome::Success);
        let text = metrics.render();
        assert!(text.contains("vestibule_sign_ins_total{method=\"totp\",outcome=\"wrong\"} 2"), "{text}");
        assert!(text.contains("vestibule_sign_ins_total{method=\"totp\",outcome=\"success\"} 1"), "{text}");
    }
}
