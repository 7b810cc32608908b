//! My Account.

use super::{HOSTILE, Sample};
use crate::web::Wait;
use crate::web::pages::views::account::{AccountPage, ConfirmError, ConfirmPage, Done, PasswordPage};
use crate::web::pages::views::password::PasswordProblem;

const NOW: i64 = 1_800_000_000;

pub(super) fn all() -> Vec<Sample> {
    let mut samples = overview();
    samples.extend(confirm());
    samples.extend(password());
    samples.extend(super::account_areas::all());
    samples
}

fn overview() -> Vec<Sample> {
    let page = AccountPage {
        csrf_token: "token".to_owned(),
        email: "ana@example.com".to_owned(),
        email_verified: true,
        name: Some("Ana Lima".to_owned()),
        signed_in_at: NOW,
        administrator: true,
        password_changed_at: Some(NOW),
        ..AccountPage::default()
    };
    let mut samples = vec![Sample::of("account", &["log-out"], &page)];
    // One day in every month.
    for month in 0..12 {
        let signed_in_at = NOW + month * 2_629_746;
        let page = AccountPage {
            email_verified: false,
            name: None,
            administrator: false,
            signed_in_at,
            password_changed_at: None,
            ..page.clone()
        };
        samples.push(Sample::of(format!("account-month-{month}"), &[], &page));
    }
    for done in Done::ALL {
        samples.push(Sample::of(format!("account-done-{done:?}").to_lowercase(), &[], &AccountPage { done: Some(done), ..page.clone() }));
    }
    let warned = AccountPage { frozen: true, delete_at: Some(NOW), ..page.clone() };
    samples.push(Sample::of("account-warned", &[], &warned));
    samples.push(Sample::of("account-hostile", &[], &AccountPage { name: Some(HOSTILE.to_owned()), email: HOSTILE.to_owned(), ..page }));
    samples
}

fn confirm() -> Vec<Sample> {
    let ids = &["identifier", "password", "confirm-submit"];
    let page = |then: &str| ConfirmPage {
        csrf_token: "token".to_owned(),
        then: then.to_owned(),
        email: "ana@example.com".to_owned(),
        ..ConfirmPage::default()
    };
    let thens = [
        "account",
        "profile",
        "email",
        "confirm-email",
        "authentication",
        "totp",
        "new-qr-code",
        "recovery-codes",
        "disable",
        "passkeys",
        "password",
        "sessions",
        "applications",
        "activity",
        "data",
        "delete",
    ];
    let mut samples: Vec<Sample> = thens.iter().map(|then| Sample::of(format!("confirm-{then}"), ids, &page(then))).collect();
    let errors = [
        ("confirm-missing-password", ConfirmError::MissingPassword),
        ("confirm-wrong-password", ConfirmError::WrongPassword),
        ("confirm-missing-code", ConfirmError::MissingCode),
        ("confirm-wrong-code", ConfirmError::WrongCode),
        ("confirm-too-many-codes", ConfirmError::TooManyCodes),
        ("confirm-passkey-refused", ConfirmError::Passkey),
        ("confirm-limited", ConfirmError::Limited { wait: Wait::of(90), seconds: 90 }),
        ("confirm-ceiling", ConfirmError::Ceiling),
    ];
    samples.push(Sample::of("confirm-mails-code", ids, &ConfirmPage { mails_code: true, ..page("password") }));
    for (name, error) in errors {
        let page = ConfirmPage { error: Some(error), asks_code: true, email: HOSTILE.to_owned(), ..page("totp") };
        samples.push(Sample::of(name, &["password", "code", "confirm-submit"], &page));
    }
    samples
}

fn password() -> Vec<Sample> {
    let ids = &["new-password", "new-password-confirmation", "log-out-others", "password-submit"];
    let page = PasswordPage {
        csrf_token: "token".to_owned(),
        email: "ana@example.com".to_owned(),
        min_length: 15,
        log_out_others: true,
        ..PasswordPage::default()
    };
    let frozen = PasswordPage { frozen: true, email: HOSTILE.to_owned(), ..page.clone() };
    let mismatch = PasswordPage { mismatch: true, log_out_others: false, ..page.clone() };
    let mut samples = vec![
        Sample::of("password", ids, &page),
        Sample::of("password-mismatch", ids, &mismatch),
        Sample::of("password-frozen", &[], &frozen),
    ];
    let mut problems = vec![
        PasswordProblem::Missing,
        PasswordProblem::TooShort { min: 15, typed: 9 },
        PasswordProblem::TooLong,
        PasswordProblem::Common,
        PasswordProblem::Leaked,
        PasswordProblem::ContainsEmail,
        PasswordProblem::ContainsName,
        PasswordProblem::ContainsBrand,
        PasswordProblem::Repeated,
        PasswordProblem::Sequence,
        PasswordProblem::SameAsOld,
        PasswordProblem::Weak { warning: None, advice: PasswordProblem::ADVICE.to_vec() },
    ];
    problems.extend(PasswordProblem::WARNINGS.map(|warning| PasswordProblem::Weak { warning: Some(warning), advice: Vec::new() }));
    for (number, problem) in problems.into_iter().enumerate() {
        samples.push(Sample::of(format!("password-problem-{number}"), ids, &PasswordPage { problem: Some(problem), ..page.clone() }));
    }
    samples
}
