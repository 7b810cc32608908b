//! What an organisation asks of its people: the policy as it is declared and stored.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Policy;
use crate::config::{EmailCodes, Span};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Factor {
    /// Authenticator apps.
    Totp,
    Passkey,
    /// One-time codes by e-mail.
    Email,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Requirement {
    Optional,
    Required,
}

/// What is absent is as the service has it. Nothing here makes anything laxer than the service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second_factor: Option<Requirement>,
    /// Which second factors may be set up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_factors: Option<BTreeSet<Factor>>,
    /// `0s`: devices are not trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusted_device_ttl: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_idle: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_absolute: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_min_length: Option<usize>,
}

impl Rules {
    /// As it is stored.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Plain members: serialising them does not fail.
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }

    /// What contradicts itself, with the member.
    ///
    /// # Errors
    /// The member and what is wrong with it.
    pub fn check(&self) -> Result<(), (&'static str, &'static str)> {
        let is_zero = |span: &Option<Span>| span.is_some_and(|span| span.0.is_zero());
        let without_app = self.allowed_factors.as_ref().is_some_and(|allowed| !allowed.contains(&Factor::Totp));
        if is_zero(&self.session_idle) {
            return Err(("session_idle", "nobody could stay signed in"));
        }
        if is_zero(&self.session_absolute) {
            return Err(("session_absolute", "nobody could stay signed in"));
        }
        if self.second_factor == Some(Requirement::Required) && without_app {
            return Err((
                "allowed_factors",
                "a required second factor is set up at the sign-in, with an authenticator app: \"totp\" is missing",
            ));
        }
        if self.password_min_length.is_some_and(|length| length > 64) {
            return Err(("password_min_length", "more than 64 characters cannot be demanded (NIST SP 800-63B §3.1.1.2)"));
        }
        Ok(())
    }

    /// The stricter of the two, member by member.
    pub(super) fn tighten(&self, policy: &mut Policy) {
        policy.second_factor_required |= self.second_factor == Some(Requirement::Required);
        if let Some(allowed) = &self.allowed_factors {
            policy.totp &= allowed.contains(&Factor::Totp);
            policy.passkeys &= allowed.contains(&Factor::Passkey);
            if !allowed.contains(&Factor::Email) {
                policy.email_codes = EmailCodes::Off;
            }
        }
        if let Some(Span(ttl)) = self.trusted_device_ttl {
            policy.trusted_device_ttl = policy.trusted_device_ttl.map(|service| service.min(ttl)).filter(|ttl| !ttl.is_zero());
        }
        policy.session_idle = self.session_idle.map_or(policy.session_idle, |span| span.0.min(policy.session_idle));
        policy.session_absolute = self.session_absolute.map_or(policy.session_absolute, |span| span.0.min(policy.session_absolute));
        policy.password_min_length = policy.password_min_length.max(self.password_min_length.unwrap_or(0));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::Config;

    fn rules(json: &str) -> Rules {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_strictest_wins_in_any_order() {
        let acme =
            rules(r#"{"second_factor":"required","trusted_device_ttl":"7d","session_idle":"10m","allowed_factors":["totp","email"]}"#);
        let bolt =
            rules(r#"{"trusted_device_ttl":"0s","session_absolute":"2h","allowed_factors":["totp","passkey"],"password_min_length":20}"#);
        let merge = |all: [&Rules; 2]| {
            let mut policy = Policy::of_service(&Config::default());
            for rules in all {
                rules.tighten(&mut policy);
            }
            policy
        };
        let policy = merge([&acme, &bolt]);
        assert_eq!(policy, merge([&bolt, &acme]));
        assert!(policy.second_factor_required && policy.totp && !policy.passkeys);
        assert_eq!((policy.email_codes, policy.trusted_device_ttl), (EmailCodes::Off, None));
        assert_eq!((policy.session_idle, policy.session_absolute), (Duration::from_mins(10), Duration::from_hours(2)));
        assert_eq!(policy.password_min_length, 20);
    }

    #[test]
    fn nothing_makes_the_service_laxer() {
        let lax = rules(
            r#"{"second_factor":"optional","trusted_device_ttl":"900d","session_idle":"900d","session_absolute":"900d","password_min_length":1,
                "allowed_factors":["totp","passkey","email"]}"#,
        );
        let mut config = Config::default();
        config.mfa.required = true;
        let service = Policy::of_service(&config);
        let mut policy = service.clone();
        lax.tighten(&mut policy);
        assert_eq!(policy, service);
    }

    #[test]
    fn what_is_unknown_or_contradicts_itself_is_refused() {
        for json in [r#"{"second_faktor":"required"}"#, r#"{"second_factor":"sometimes"}"#, r#"{"allowed_factors":["sms"]}"#] {
            assert!(serde_json::from_str::<Rules>(json).is_err(), "{json}");
        }
        for (json, member) in [
            (r#"{"session_idle":"0s"}"#, "session_idle"),
            (r#"{"session_absolute":"0s"}"#, "session_absolute"),
            (r#"{"second_factor":"required","allowed_factors":["email"]}"#, "allowed_factors"),
            (r#"{"password_min_length":65}"#, "password_min_length"),
        ] {
            assert_eq!(rules(json).check().unwrap_err().0, member);
        }
        let read = rules(r#"{"second_factor":"required","session_idle":"10m"}"#);
        assert_eq!((read.check(), rules(&read.to_json())), (Ok(()), read));
    }
}
