//! The second factor at sign-in, and setting one up.

use super::{HOSTILE, Sample, client, flow};
use crate::web::Wait;
use crate::web::pages::views::second_factor::{
    CodeError, CodePage, EmailCodePage, EnrollPage, RecoveryCodePage, SavedCodesPage, TotpPicture,
};
use crate::web::pages::views::{ClientView, LoginPage, Notice};

const IDS: &[&str] = &["code", "code-submit"];

pub(super) fn all() -> Vec<Sample> {
    let mut samples = login();
    samples.extend(code());
    samples.extend(recovery());
    samples.extend(email());
    samples.extend(enroll());
    samples
}

fn login() -> Vec<Sample> {
    let page = |notice| LoginPage { csrf_token: "token".to_owned(), notice: Some(notice), ..LoginPage::default() };
    [("login-code-failed", Notice::CodeFailed), ("login-code-expired", Notice::CodeExpired)]
        .map(|(name, notice)| Sample::of(name, &[], &page(notice)))
        .into()
}

fn code() -> Vec<Sample> {
    let page = CodePage {
        flow: Some(flow()),
        csrf_token: "token".to_owned(),
        email: "ana@example.com".to_owned(),
        client: Some(client()),
        trust_days: Some(30),
        ..CodePage::default()
    };
    let with = |error| CodePage { error: Some(error), trust: true, ..page.clone() };
    let states = [
        ("code", page.clone()),
        ("code-alone", CodePage { flow: None, client: None, trust_days: None, email_code: true, ..page.clone() }),
        ("code-unlock", CodePage { unlock: true, error: Some(CodeError::Ceiling), ..page.clone() }),
        ("code-one-day", CodePage { trust_days: Some(1), notice: Some(Notice::FormRefreshed), ..page.clone() }),
        ("code-missing", with(CodeError::Missing)),
        ("code-format", with(CodeError::Format)),
        ("code-wrong", with(CodeError::Wrong)),
        ("code-used", with(CodeError::Used { seconds: 17 })),
        ("code-used-one", with(CodeError::Used { seconds: 1 })),
        ("code-drifting", with(CodeError::Drifting)),
        ("code-blocked", with(CodeError::Blocked { wait: Wait::of(240) })),
        ("code-ceiling", with(CodeError::Ceiling)),
        (
            "code-hostile",
            CodePage {
                email: HOSTILE.to_owned(),
                client: Some(ClientView { name: HOSTILE.to_owned(), ..ClientView::default() }),
                ..page.clone()
            },
        ),
    ];
    states.iter().map(|(name, page)| Sample::of(*name, IDS, page)).collect()
}

fn recovery() -> Vec<Sample> {
    let page = RecoveryCodePage {
        flow: Some(flow()),
        csrf_token: "token".to_owned(),
        email: "ana@example.com".to_owned(),
        app: true,
        client: Some(client()),
        ..RecoveryCodePage::default()
    };
    let with = |error| RecoveryCodePage { error: Some(error), ..page.clone() };
    let states = [
        ("recovery", page.clone()),
        ("recovery-refreshed", RecoveryCodePage { flow: None, notice: Some(Notice::FormRefreshed), ..page.clone() }),
        ("recovery-missing", with(CodeError::MissingRecovery)),
        ("recovery-format", with(CodeError::FormatRecovery)),
        ("recovery-wrong", with(CodeError::WrongRecovery)),
    ];
    states.iter().map(|(name, page)| Sample::of(*name, IDS, page)).collect()
}

fn email() -> Vec<Sample> {
    let page = EmailCodePage {
        flow: Some(flow()),
        csrf_token: "token".to_owned(),
        email: "ana@example.com".to_owned(),
        sent_to: Some("a•••@example.com".to_owned()),
        minutes: 10,
        again_in: 27,
        client: Some(client()),
        ..EmailCodePage::default()
    };
    let states = [
        ("email-code", page.clone()),
        ("email-code-again", EmailCodePage { again_in: 0, app: true, ..page.clone() }),
        ("email-code-one-second", EmailCodePage { again_in: 1, flow: None, ..page.clone() }),
        ("email-code-not-sent", EmailCodePage { again_in: 0, sent_to: None, ..page.clone() }),
        ("email-code-refreshed", EmailCodePage { notice: Some(Notice::FormRefreshed), ..page.clone() }),
        ("email-code-wrong", EmailCodePage { error: Some(CodeError::WrongEmail), ..page.clone() }),
        ("email-code-too-many", EmailCodePage { error: Some(CodeError::TooManyMails), again_in: 0, ..page }),
    ];
    states.iter().map(|(name, page)| Sample::of(*name, IDS, page)).collect()
}

pub(super) fn picture() -> TotpPicture {
    let groups = ["GEZD", "GNBV", "GY3T", "QOJQ", "GEZD", "GNBV", "GY3T", "QOJQ"];
    TotpPicture {
        size: 49,
        path: "M4,4h7v1h-7zM12,4h1v1h-1z".repeat(40),
        uri: "otpauth://totp/Vestibule:ana@example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Vestibule".to_owned(),
        groups: groups.map(str::to_owned).into(),
    }
}

pub(super) fn saved() -> Vec<String> {
    (0..10).map(|number| format!("ABCD-EFGH-IJKL-MNO{}", char::from(b'A' + number))).collect()
}

fn enroll() -> Vec<Sample> {
    let page = EnrollPage {
        flow: Some(flow()),
        csrf_token: "token".to_owned(),
        email: "ana@example.com".to_owned(),
        required: true,
        picture: picture(),
        client: Some(client()),
        ..EnrollPage::default()
    };
    let codes = SavedCodesPage {
        flow: Some(flow()),
        csrf_token: "token".to_owned(),
        email: "ana@example.com".to_owned(),
        codes: saved(),
        client: Some(client()),
        return_origin: None,
    };
    let states = [
        ("enroll", page.clone()),
        ("enroll-client", EnrollPage { required: false, ..page.clone() }),
        ("enroll-refreshed", EnrollPage { flow: None, client: None, notice: Some(Notice::FormRefreshed), ..page.clone() }),
        ("enroll-wrong", EnrollPage { error: Some(CodeError::Wrong), ..page.clone() }),
        ("enroll-not-allowed", EnrollPage { error: Some(CodeError::NotAllowed), ..page.clone() }),
        ("enroll-frozen", EnrollPage { error: Some(CodeError::Frozen), email: HOSTILE.to_owned(), ..page }),
    ];
    let mut samples: Vec<Sample> = states.iter().map(|(name, page)| Sample::of(*name, IDS, page)).collect();
    samples.push(Sample::of("login-recovery-codes", &["recovery-codes", "codes-saved"], &codes));
    samples.push(Sample::of("login-recovery-codes-alone", &[], &SavedCodesPage { flow: None, client: None, ..codes }));
    samples
}
