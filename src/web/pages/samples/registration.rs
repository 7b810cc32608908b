//! Registration, invitations, confirming an address.

use super::{HOSTILE, Sample, client, flow};
use crate::web::pages::views::recovery::{DeadLink, PasswordError};
use crate::web::pages::views::registration::{
    CodeProblem, ConfirmEmailPage, Confirmation, EmailError, EmailPage, JoinDeadPage, JoinPage, SignUpClosedPage, SignUpError, SignUpPage,
    SignUpSentPage,
};

const EMAIL: &str = "ana@example.com";

pub(super) fn all() -> Vec<Sample> {
    [confirm(), address(), sign_up(), sent(), join()].into_iter().flatten().collect()
}

fn token() -> String {
    "token".to_owned()
}

fn confirm() -> Vec<Sample> {
    let code = ConfirmEmailPage { csrf_token: token(), email: EMAIL.to_owned(), ..ConfirmEmailPage::default() };
    let state = |state| ConfirmEmailPage { state, email: HOSTILE.to_owned(), ..code.clone() };
    let wrong = |error| ConfirmEmailPage { error: Some(error), ..code.clone() };
    let states = [
        ("confirm-email-code", code.clone()),
        ("confirm-email-malformed", wrong(CodeProblem::Malformed)),
        ("confirm-email-wrong", wrong(CodeProblem::Wrong)),
        ("confirm-email-spent", wrong(CodeProblem::Spent)),
        ("confirm-email", state(Confirmation::Confirm)),
        ("confirm-email-change", state(Confirmation::Change)),
        ("confirm-email-done", state(Confirmation::Done)),
        ("confirm-email-used", state(Confirmation::Used)),
        ("confirm-email-expired", state(Confirmation::Expired)),
        ("confirm-email-unknown", state(Confirmation::Unknown)),
        ("confirm-email-taken", state(Confirmation::Taken)),
        ("confirm-email-another", state(Confirmation::Another)),
    ];
    states.iter().map(|(name, page)| Sample::of(*name, &[], page)).collect()
}

fn address() -> Vec<Sample> {
    let page = EmailPage { csrf_token: token(), email: EMAIL.to_owned(), ..EmailPage::default() };
    let wrong = |error| EmailPage { error: Some(error), typed: HOSTILE.to_owned(), email_verified: true, ..page.clone() };
    let states = [
        ("account-email", page.clone()),
        ("account-email-frozen", EmailPage { frozen: true, email: HOSTILE.to_owned(), ..page.clone() }),
        ("account-email-invalid", wrong(EmailError::Invalid)),
        ("account-email-mixed-scripts", wrong(EmailError::MixedScripts)),
        ("account-email-same", wrong(EmailError::Same)),
        ("account-email-limited", wrong(EmailError::Limited)),
        ("account-email-domain", EmailPage { domains: "example.com, example.org".to_owned(), ..wrong(EmailError::Domain) }),
    ];
    states.iter().map(|(name, page)| Sample::of(*name, &[], page)).collect()
}

fn sign_up() -> Vec<Sample> {
    let bare = SignUpPage { csrf_token: token(), ..SignUpPage::default() };
    let wrong =
        |error| SignUpPage { error: Some(error), email: HOSTILE.to_owned(), flow: Some(flow()), client: Some(client()), ..bare.clone() };
    let domains = "example.com, example.org".to_owned();
    let states = [
        ("sign-up", bare.clone()),
        ("sign-up-refreshed", SignUpPage { refreshed: true, ..bare.clone() }),
        ("sign-up-email", wrong(SignUpError::Email)),
        ("sign-up-mixed-scripts", wrong(SignUpError::MixedScripts)),
        ("sign-up-domain", wrong(SignUpError::Domain { domains })),
    ];
    let closed = |flow, by_invitation| SignUpClosedPage { flow, by_invitation };
    let mut samples: Vec<Sample> = states.iter().map(|(name, page)| Sample::of(*name, &["identifier"], page)).collect();
    samples.push(Sample::of("sign-up-by-invitation", &[], &closed(Some(flow()), true)));
    samples.push(Sample::of("sign-up-off", &[], &closed(None, false)));
    samples
}

fn sent() -> Vec<Sample> {
    let bare = SignUpSentPage { csrf_token: token(), email: EMAIL.to_owned(), ..SignUpSentPage::default() };
    let wrong = SignUpSentPage { error: Some(CodeProblem::Wrong), flow: Some(flow()), email: HOSTILE.to_owned(), ..bare.clone() };
    [("sign-up-sent", bare), ("sign-up-sent-wrong", wrong)].iter().map(|(name, page)| Sample::of(*name, &["code"], page)).collect()
}

fn join() -> Vec<Sample> {
    let bare =
        JoinPage { csrf_token: token(), path: "/invitation".to_owned(), email: EMAIL.to_owned(), min_length: 15, ..JoinPage::default() };
    let invited = JoinPage { organization: Some(HOSTILE.to_owned()), name: HOSTILE.to_owned(), ..bare.clone() };
    let states = [
        ("join", bare.clone()),
        ("join-refreshed", JoinPage { refreshed: true, ..bare.clone() }),
        ("join-invited", invited),
        ("join-mismatch", JoinPage { error: Some(PasswordError::Mismatch), ..bare }),
    ];
    let mut samples: Vec<Sample> =
        states.iter().map(|(name, page)| Sample::of(*name, &["identifier", "new-password", "new-password-confirmation"], page)).collect();
    for (name, why) in [("used", DeadLink::Used), ("expired", DeadLink::Expired), ("unknown", DeadLink::Unknown)] {
        samples.push(Sample::of(format!("join-{name}"), &[], &JoinDeadPage { why, invited: false }));
        samples.push(Sample::of(format!("invitation-{name}"), &[], &JoinDeadPage { why, invited: true }));
    }
    samples
}
