//! My Account.

use super::{HOSTILE, Sample};
use crate::web::pages::views::account::AccountPage;

pub(super) fn all() -> Vec<Sample> {
    let page = AccountPage {
        csrf_token: "token".to_owned(),
        email: "ana@example.com".to_owned(),
        email_verified: true,
        name: Some("Ana Lima".to_owned()),
        signed_in_at: 1_800_000_000,
        administrator: true,
    };
    let mut samples = vec![Sample::of("account", &[], &page)];
    // One day in every month.
    for month in 0..12 {
        let signed_in_at = 1_800_000_000 + month * 2_629_746;
        let page = AccountPage { email_verified: false, name: None, administrator: false, signed_in_at, ..page.clone() };
        samples.push(Sample::of(format!("account-month-{month}"), &[], &page));
    }
    samples.push(Sample::of("account-hostile", &[], &AccountPage { name: Some(HOSTILE.to_owned()), email: HOSTILE.to_owned(), ..page }));
    samples
}
