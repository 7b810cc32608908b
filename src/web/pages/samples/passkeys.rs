//! Passkeys: in My Account, at sign-in, and set up on the way.

use super::{HOSTILE, Sample, client, flow};
use crate::web::Wait;
use crate::web::pages::views::account::ConfirmPage;
use crate::web::pages::views::authentication::{AuthenticationPage, ConfirmCodePage};
use crate::web::pages::views::passkeys::{
    CeremonyView, EnrollPasskeyPage, PasskeyError, PasskeyPage, PasskeyView, PasskeysDone, PasskeysPage,
};
use crate::web::pages::views::second_factor::{CodeError, CodePage, EnrollPage, RecoveryCodePage};
use crate::web::pages::views::{LoginError, LoginPage, Notice};

const IDS: &[&str] = &["passkey", "passkey-submit"];

pub(super) fn all() -> Vec<Sample> {
    let mut samples = mine();
    samples.extend(login());
    samples.extend(second_factor());
    samples.extend(enroll());
    samples.extend(offered());
    samples
}

fn ceremony() -> CeremonyView {
    let options = r#"{"challenge":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","rpId":"id.example.com","user":{"name":"<&>\"'"}}"#;
    CeremonyView { options: options.to_owned(), state: flow() }
}

fn passkey(name: &str, used: bool) -> PasskeyView {
    PasskeyView {
        id: "0192f0c1-2345-7abc-8def-0123456789ab".to_owned(),
        name: name.to_owned(),
        created_at: 1_800_000_000,
        last_used_at: used.then_some(1_802_592_000),
        backed_up: used,
        alone: used,
    }
}

fn mine() -> Vec<Sample> {
    let empty = PasskeysPage {
        csrf_token: "token".to_owned(),
        ceremony: Some(ceremony()),
        name: "Firefox on Windows".to_owned(),
        ..PasskeysPage::default()
    };
    let page = PasskeysPage { passkeys: vec![passkey("My phone", true), passkey(HOSTILE, false)], ..empty.clone() };
    let mut samples = vec![
        Sample::of("passkeys-none", &["passkeys", "passkey-name", "passkey-submit"], &empty),
        Sample::of("passkeys", &["passkeys", "passkey-name-1", "passkey-submit"], &page),
        Sample::of("passkeys-full", &["passkeys"], &PasskeysPage { full: true, ceremony: None, ..page.clone() }),
        Sample::of("passkeys-forbidden", &["passkeys"], &PasskeysPage { forbidden: true, ceremony: None, ..empty }),
        Sample::of("passkeys-frozen", &["passkeys"], &PasskeysPage { frozen: true, ceremony: None, ..page.clone() }),
    ];
    for done in PasskeysDone::ALL {
        samples.push(Sample::of(format!("passkeys-done-{done:?}").to_lowercase(), &[], &PasskeysPage { done: Some(done), ..page.clone() }));
    }
    let errors = [
        ("missing", PasskeyError::Missing),
        ("refused", PasskeyError::Refused),
        ("stale", PasskeyError::Stale),
        ("known", PasskeyError::Known),
        ("too-many", PasskeyError::TooMany),
        ("not-allowed", PasskeyError::NotAllowed),
        ("error-frozen", PasskeyError::Frozen),
        ("required", PasskeyError::Required),
        ("name", PasskeyError::Name),
    ];
    for (name, error) in errors {
        samples.push(Sample::of(format!("passkeys-{name}"), &[], &PasskeysPage { error: Some(error), ..page.clone() }));
    }
    samples
}

fn login() -> Vec<Sample> {
    let page = LoginPage { flow: Some(flow()), csrf_token: "token".to_owned(), passkey: Some(ceremony()), ..LoginPage::default() };
    let with = |error| LoginPage { error: Some(error), ..page.clone() };
    let states = [
        ("login-passkey", page.clone()),
        ("login-passkey-then", LoginPage { flow: None, then: Some("passkeys".to_owned()), ..page.clone() }),
        ("login-passkey-refused", with(LoginError::Passkey)),
        ("login-passkey-stale", with(LoginError::PasskeyStale)),
        ("login-passkey-blocked", with(LoginError::PasskeyBlocked)),
    ];
    states.iter().map(|(name, page)| Sample::of(*name, IDS, page)).collect()
}

fn second_factor() -> Vec<Sample> {
    let page = PasskeyPage {
        flow: Some(flow()),
        csrf_token: "token".to_owned(),
        email: "ana@example.com".to_owned(),
        ceremony: ceremony(),
        client: Some(client()),
        ..PasskeyPage::default()
    };
    let with = |error| PasskeyPage { error: Some(error), ..page.clone() };
    let states = [
        ("passkey", page.clone()),
        ("passkey-others", PasskeyPage { flow: None, client: None, app: true, email_code: true, ..page.clone() }),
        ("passkey-refreshed", PasskeyPage { notice: Some(Notice::FormRefreshed), ..page.clone() }),
        ("passkey-refused", with(PasskeyError::Refused)),
        ("passkey-blocked", with(PasskeyError::Blocked { wait: Wait::of(240) })),
        ("passkey-ceiling", with(PasskeyError::Ceiling)),
        ("passkey-hostile", PasskeyPage { email: HOSTILE.to_owned(), ..page }),
    ];
    states.iter().map(|(name, page)| Sample::of(*name, IDS, page)).collect()
}

fn enroll() -> Vec<Sample> {
    let page = EnrollPasskeyPage {
        flow: Some(flow()),
        csrf_token: "token".to_owned(),
        email: "ana@example.com".to_owned(),
        required: true,
        name: HOSTILE.to_owned(),
        ceremony: ceremony(),
        client: Some(client()),
        ..EnrollPasskeyPage::default()
    };
    let states = [
        ("enroll-with-passkey", page.clone()),
        ("enroll-with-passkey-client", EnrollPasskeyPage { required: false, app: true, ..page.clone() }),
        ("enroll-with-passkey-refreshed", EnrollPasskeyPage { notice: Some(Notice::FormRefreshed), flow: None, ..page.clone() }),
        ("enroll-with-passkey-refused", EnrollPasskeyPage { error: Some(PasskeyError::Refused), ..page }),
    ];
    states.iter().map(|(name, page)| Sample::of(*name, IDS, page)).collect()
}

/// Pages of others on which a passkey is one of the ways.
fn offered() -> Vec<Sample> {
    let csrf_token = || "token".to_owned();
    let confirm =
        ConfirmPage { csrf_token: csrf_token(), then: "passkeys".to_owned(), passkey: Some(ceremony()), ..ConfirmPage::default() };
    let code =
        ConfirmCodePage { csrf_token: csrf_token(), then: "passkeys".to_owned(), passkey: Some(ceremony()), ..ConfirmCodePage::default() };
    let tab = AuthenticationPage {
        csrf_token: csrf_token(),
        passkeys: 1,
        passkeys_offered: true,
        codes_left: 9,
        codes_of: 10,
        ..AuthenticationPage::default()
    };
    let login = CodePage { csrf_token: csrf_token(), passkey: true, ..CodePage::default() };
    let recovery = RecoveryCodePage { csrf_token: csrf_token(), passkey: true, ..RecoveryCodePage::default() };
    let enroll = EnrollPage { csrf_token: csrf_token(), passkey: true, picture: super::second_factor::picture(), ..EnrollPage::default() };
    vec![
        Sample::of("confirm-with-passkey", IDS, &confirm),
        Sample::of("authentication-code-passkey", IDS, &code),
        Sample::of("authentication-code-both", IDS, &ConfirmCodePage { app: true, ..code.clone() }),
        Sample::of(
            "authentication-code-passkey-refused",
            IDS,
            &ConfirmCodePage { passkey_error: Some(PasskeyError::Refused), ..code.clone() },
        ),
        Sample::of("authentication-code-recovery-wrong", IDS, &ConfirmCodePage { error: Some(CodeError::Wrong), ..code }),
        Sample::of("authentication-passkey", &["passkeys-link"], &tab),
        Sample::of("authentication-passkeys", &["passkeys-link"], &AuthenticationPage { passkeys: 3, ..tab.clone() }),
        Sample::of("authentication-passkeys-offered", &["passkeys-link"], &AuthenticationPage { passkeys: 0, ..tab }),
        Sample::of("code-or-passkey", &["use-passkey"], &login),
        Sample::of("recovery-or-passkey", &["code"], &recovery),
        Sample::of("enroll-or-passkey", &["enroll-passkey"], &enroll),
    ]
}
