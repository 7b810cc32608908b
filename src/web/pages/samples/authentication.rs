//! The tab "Authentication" of My Account.

use super::second_factor::{picture, saved};
use super::{HOSTILE, Sample};
use crate::web::pages::views::authentication::{
    AuthenticationPage, ConfirmCodePage, DeviceView, DisablePage, RecoveryCodesPage, Said, TotpPage, Trouble,
};
use crate::web::pages::views::second_factor::CodeError;

const IDS: &[&str] = &["two-factor", "one-time-password", "trusted-devices"];

pub(super) fn all() -> Vec<Sample> {
    let mut samples = tab();
    samples.extend(changes());
    samples
}

fn device(here: bool, name: Option<&str>) -> DeviceView {
    DeviceView {
        id: "0192f0c1-2345-7abc-8def-0123456789ab".to_owned(),
        device: name.map(str::to_owned),
        address: name.map(|_| "192.0.2.7".to_owned()),
        created_at: 1_800_000_000,
        expires_at: 1_802_592_000,
        here,
    }
}

fn tab() -> Vec<Sample> {
    let off = AuthenticationPage { csrf_token: "token".to_owned(), ..AuthenticationPage::default() };
    let on = AuthenticationPage {
        totp: true,
        totp_since: Some(1_800_000_000),
        codes_left: 9,
        codes_of: 10,
        email_offered: true,
        email_codes: true,
        devices: vec![device(true, Some("Firefox on Windows")), device(false, None), device(false, Some(HOSTILE))],
        ..off.clone()
    };
    let mut samples = vec![
        Sample::of("authentication-off", &["enable-two-factor"], &off),
        Sample::of("authentication-on", IDS, &on),
        Sample::of("authentication-required", IDS, &AuthenticationPage { required: true, frozen: true, totp_since: None, ..on.clone() }),
        Sample::of("authentication-fallback", IDS, &AuthenticationPage { email_offered: true, email_fallback: true, ..off.clone() }),
    ];
    samples.extend(
        Said::ALL.map(|said| Sample::of(format!("authentication-{said:?}"), IDS, &AuthenticationPage { said: Some(said), ..on.clone() })),
    );
    for trouble in [Trouble::Required, Trouble::Frozen, Trouble::EmailOff, Trouble::EmailUnverified] {
        let page = AuthenticationPage { trouble: Some(trouble), ..off.clone() };
        samples.push(Sample::of(format!("authentication-trouble-{trouble:?}"), IDS, &page));
    }
    samples
}

fn changes() -> Vec<Sample> {
    let totp = TotpPage { csrf_token: "token".to_owned(), email: "ana@example.com".to_owned(), picture: picture(), ..TotpPage::default() };
    let code = ConfirmCodePage { csrf_token: "token".to_owned(), then: "disable".to_owned(), app: true, ..ConfirmCodePage::default() };
    let codes = RecoveryCodesPage { csrf_token: "token".to_owned(), email: HOSTILE.to_owned(), left: 10, of: 10, codes: saved() };
    let disable = DisablePage { csrf_token: "token".to_owned(), trouble: None };
    vec![
        Sample::of("authentication-totp", &["code", "code-submit", "secret-key"], &totp),
        Sample::of("authentication-totp-replaces", &["code"], &TotpPage { replaces: true, ..totp.clone() }),
        Sample::of("authentication-totp-wrong", &["code"], &TotpPage { error: Some(CodeError::Wrong), ..totp }),
        Sample::of("authentication-code", &["code"], &code),
        Sample::of("authentication-code-wrong", &["code"], &ConfirmCodePage { error: Some(CodeError::Format), ..code }),
        Sample::of("authentication-recovery-codes", &["recovery-codes", "codes-saved"], &codes),
        Sample::of("authentication-recovery-codes-left", &["codes-anew"], &RecoveryCodesPage { codes: Vec::new(), left: 3, ..codes }),
        Sample::of("authentication-disable", &["disable-submit"], &disable),
        Sample::of("authentication-disable-refused", &[], &DisablePage { trouble: Some(Trouble::Required), ..disable }),
    ]
}
