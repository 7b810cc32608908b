//! Devices without a browser.

use super::{HOSTILE, Sample, client, flow, long_client};
use crate::web::Wait;
use crate::web::pages::views::device::{DeviceCodeError, DeviceCodePage, DeviceConfirmPage, DeviceDonePage};
use crate::web::pages::views::{ClientView, ScopeView};

pub(super) fn all() -> Vec<Sample> {
    codes().into_iter().chain(questions()).chain(answers()).collect()
}

fn codes() -> Vec<Sample> {
    let page = DeviceCodePage { csrf_token: "token".to_owned(), ..DeviceCodePage::default() };
    let wrong = |error| DeviceCodePage { user_code: "WDJB-MJHT".to_owned(), error: Some(error), ..page.clone() };
    let states = [
        ("device", page.clone()),
        ("device-filled", DeviceCodePage { user_code: "WDJB-MJHT".to_owned(), ..page.clone() }),
        ("device-refreshed", DeviceCodePage { user_code: HOSTILE.to_owned(), refreshed: true, ..page.clone() }),
        ("device-missing", DeviceCodePage { error: Some(DeviceCodeError::Missing), ..page.clone() }),
        ("device-wrong", wrong(DeviceCodeError::Wrong)),
        ("device-limited", DeviceCodePage { wait: Some(Wait::of(90)), ..wrong(DeviceCodeError::Limited) }),
    ];
    states.iter().map(|(name, page)| Sample::of(*name, &["user-code", "device-submit"], page)).collect()
}

fn questions() -> Vec<Sample> {
    let page = DeviceConfirmPage {
        flow: flow(),
        csrf_token: "token".to_owned(),
        client: client(),
        email: "ana@example.com".to_owned(),
        another_account: "/login?i=x".to_owned(),
        user_code: "WDJB-MJHT".to_owned(),
        scopes: ["profile", "email", "offline_access"].map(|value| ScopeView::new(value, None)).into(),
        ..DeviceConfirmPage::default()
    };
    let elsewhere = DeviceConfirmPage { other_network: true, minutes: 1, client: long_client(), scopes: Vec::new(), ..page.clone() };
    let hostile = DeviceConfirmPage {
        client: ClientView { name: HOSTILE.to_owned(), tos_uri: Some("javascript:alert(1)".to_owned()), ..ClientView::default() },
        email: HOSTILE.to_owned(),
        minutes: 9,
        scopes: vec![ScopeView::new(HOSTILE, None), ScopeView::new("roles", Some(HOSTILE))],
        ..page.clone()
    };
    [("device-confirm", page), ("device-confirm-elsewhere", elsewhere), ("device-confirm-hostile", hostile)]
        .iter()
        .map(|(name, page)| Sample::of(*name, &["device-allow", "device-deny"], page))
        .collect()
}

fn answers() -> Vec<Sample> {
    let allowed = DeviceDonePage { flow: flow(), client: client(), allowed: true };
    let denied = DeviceDonePage { allowed: false, ..allowed.clone() };
    let hostile = DeviceDonePage { client: ClientView { name: HOSTILE.to_owned(), ..ClientView::default() }, ..allowed.clone() };
    [("device-done", allowed), ("device-denied", denied), ("device-done-hostile", hostile)]
        .iter()
        .map(|(name, page)| Sample::of(*name, &[], page))
        .collect()
}
