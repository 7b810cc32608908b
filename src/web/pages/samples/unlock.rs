//! Lifting a pause by mail.

use super::{HOSTILE, Sample, flow};
use crate::web::pages::views::unlock::{UnlockPage, UnlockState};

pub(super) fn all() -> Vec<Sample> {
    let ask =
        UnlockPage { csrf_token: "token".to_owned(), token: flow(), email: "a•••@example.com".to_owned(), ..UnlockPage::default() };
    let state = |state| UnlockPage { state, minutes: 15, token: String::new(), ..ask.clone() };
    let states = [
        ("unlock", ask.clone()),
        ("unlock-codes", UnlockPage { codes: true, ..ask.clone() }),
        ("unlock-refreshed", UnlockPage { refreshed: true, email: HOSTILE.to_owned(), ..ask.clone() }),
        ("unlock-sent", state(UnlockState::Sent)),
        ("unlock-sent-minute", UnlockPage { minutes: 1, ..state(UnlockState::Sent) }),
        ("unlock-used", state(UnlockState::Used)),
        ("unlock-expired", state(UnlockState::Expired)),
        ("unlock-unknown", state(UnlockState::Unknown)),
        ("unlock-too-soon", state(UnlockState::TooSoon)),
    ];
    states.iter().map(|(name, page)| Sample::of(*name, &[], page)).collect()
}
