//! Forgotten password, and "This wasn't me".

use super::{HOSTILE, Sample, client, flow};
use crate::web::pages::views::ClientView;
use crate::web::pages::views::password::PasswordProblem;
use crate::web::pages::views::recovery::{
    DeadLink, NotMePage, NotMeState, PasswordError, ResetCodeError, ResetDeadPage, ResetFinishPage, ResetPage, ResetSentPage,
};

const EMAIL: &str = "ana@example.com";

pub(super) fn all() -> Vec<Sample> {
    [reset(), sent(), finish(), dead(), not_me()].into_iter().flatten().collect()
}

fn token() -> String {
    "token".to_owned()
}

fn reset() -> Vec<Sample> {
    let bare = ResetPage { csrf_token: token(), ..ResetPage::default() };
    let waiting = ResetPage { flow: Some(flow()), client: Some(client()), email: EMAIL.to_owned(), ..bare.clone() };
    let states = [
        ("password-reset", bare.clone()),
        ("password-reset-client", waiting.clone()),
        ("password-reset-invalid", ResetPage { invalid: true, email: HOSTILE.to_owned(), ..bare }),
        (
            "password-reset-refreshed",
            ResetPage { refreshed: true, client: Some(ClientView { name: HOSTILE.to_owned(), ..client() }), ..waiting },
        ),
    ];
    states.iter().map(|(name, page)| Sample::of(*name, &["identifier"], page)).collect()
}

fn sent() -> Vec<Sample> {
    let bare = ResetSentPage { csrf_token: token(), email: EMAIL.to_owned(), minutes: 15, ..ResetSentPage::default() };
    let waiting = ResetSentPage { flow: Some(flow()), minutes: 1, ..bare.clone() };
    let wrong = |error| ResetSentPage { error: Some(error), ..waiting.clone() };
    let states = [
        ("password-reset-sent", bare.clone()),
        ("password-reset-sent-flow", waiting.clone()),
        ("password-reset-sent-again", ResetSentPage { again: true, email: HOSTILE.to_owned(), ..bare.clone() }),
        ("password-reset-sent-refreshed", ResetSentPage { refreshed: true, ..bare }),
        ("password-reset-sent-malformed", wrong(ResetCodeError::Malformed)),
        ("password-reset-sent-wrong", wrong(ResetCodeError::Wrong)),
        ("password-reset-sent-spent", wrong(ResetCodeError::Spent)),
    ];
    states.iter().map(|(name, page)| Sample::of(*name, &["code"], page)).collect()
}

fn finish() -> Vec<Sample> {
    let bare = ResetFinishPage { csrf_token: token(), email: EMAIL.to_owned(), min_length: 15, ..ResetFinishPage::default() };
    let wrong = |error| ResetFinishPage { error: Some(error), client: Some(client()), ..bare.clone() };
    let states = [
        ("password-reset-finish", bare.clone()),
        ("password-reset-finish-client", ResetFinishPage { client: Some(client()), email: HOSTILE.to_owned(), ..bare.clone() }),
        ("password-reset-finish-refreshed", ResetFinishPage { refreshed: true, ..bare.clone() }),
        ("password-reset-finish-missing", wrong(PasswordProblem::Missing.into())),
        ("password-reset-finish-short", wrong(PasswordProblem::TooShort { min: 15, typed: 9 }.into())),
        ("password-reset-finish-long", wrong(PasswordProblem::TooLong.into())),
        ("password-reset-finish-mismatch", wrong(PasswordError::Mismatch)),
    ];
    states.iter().map(|(name, page)| Sample::of(*name, &["new-password", "new-password-confirmation", "identifier"], page)).collect()
}

fn dead() -> Vec<Sample> {
    let page = |why, known, minutes| ResetDeadPage { csrf_token: token(), why, known, minutes };
    let states = [
        ("password-reset-used", page(DeadLink::Used, true, 15)),
        ("password-reset-expired", page(DeadLink::Expired, true, 15)),
        ("password-reset-expired-minute", page(DeadLink::Expired, true, 1)),
        ("password-reset-unknown", page(DeadLink::Unknown, false, 15)),
        ("password-reset-replaced", page(DeadLink::Unknown, true, 15)),
    ];
    states.iter().map(|(name, page)| Sample::of(*name, &[], page)).collect()
}

fn not_me() -> Vec<Sample> {
    let ask = NotMePage { csrf_token: token(), email: EMAIL.to_owned(), ..NotMePage::default() };
    let state = |state| NotMePage { state, ..ask.clone() };
    let states = [
        ("not-me", ask.clone()),
        ("not-me-refreshed", NotMePage { refreshed: true, email: HOSTILE.to_owned(), ..ask.clone() }),
        ("not-me-done", state(NotMeState::Done)),
        ("not-me-used", state(NotMeState::Used)),
        ("not-me-expired", state(NotMeState::Expired)),
        ("not-me-unknown", state(NotMeState::Unknown)),
        ("not-me-moved", state(NotMeState::Moved)),
        ("not-me-restores", NotMePage { restores: true, revives: true, email: HOSTILE.to_owned(), ..ask.clone() }),
    ];
    states.iter().map(|(name, page)| Sample::of(*name, &[], page)).collect()
}
