//! My Account: profile, devices, applications, activity, data, deletion.

use super::{HOSTILE, Sample};
use crate::web::pages::views::ScopeView;
use crate::web::pages::views::account::Done;
use crate::web::pages::views::activity::{ActivityEntry, ActivityPage, NotifyError};
use crate::web::pages::views::deletion::{CancelDeletionPage, CancelState, DataPage, DeletePage, DeletedPage};
use crate::web::pages::views::devices::{ApplicationsPage, ConnectedApplication, SessionView, SessionsPage};
use crate::web::pages::views::profile::{ProfileFields, ProfilePage};

const NOW: i64 = 1_800_000_000;

pub(super) fn all() -> Vec<Sample> {
    let mut samples = profile();
    samples.extend(sessions());
    samples.extend(applications());
    samples.extend(activity());
    samples.extend(deletion());
    samples
}

fn token() -> String {
    "token".to_owned()
}

fn profile() -> Vec<Sample> {
    let ids = &["name", "locale", "zoneinfo", "profile-submit"];
    let fields = ProfileFields {
        name: "Ana Souza".to_owned(),
        locale: "pt-BR".to_owned(),
        zoneinfo: "America/Sao_Paulo".to_owned(),
        ..ProfileFields::default()
    };
    let page =
        ProfilePage { csrf_token: token(), email: "ana@example.com".to_owned(), email_verified: true, fields, ..ProfilePage::default() };
    let hostile = || HOSTILE.to_owned();
    let fields = ProfileFields {
        name: hostile(),
        given_name: hostile(),
        family_name: hostile(),
        nickname: hostile(),
        locale: hostile(),
        zoneinfo: hostile(),
        phone_number: hostile(),
        picture: hostile(),
        website: hostile(),
    };
    let errors = vec!["name", "given_name", "family_name", "nickname", "locale", "zoneinfo", "phone_number", "picture", "website"];
    let wrong = ProfilePage { fields, errors, email: hostile(), email_verified: false, ..page.clone() };
    let saved = ProfilePage { done: Some(Done::ProfileSaved), ..page.clone() };
    vec![Sample::of("profile", ids, &page), Sample::of("profile-saved", ids, &saved), Sample::of("profile-wrong", ids, &wrong)]
}

fn sessions() -> Vec<Sample> {
    let here = SessionView {
        id: "1".to_owned(),
        device: Some("Firefox on Windows".to_owned()),
        address: Some("192.0.2.7".to_owned()),
        signed_in_at: NOW,
        last_seen_at: NOW,
        current: true,
        applications: vec!["AutoTalk".to_owned(), "Ticketing".to_owned()],
    };
    let there = SessionView {
        id: "2".to_owned(),
        device: None,
        address: None,
        current: false,
        applications: vec![HOSTILE.to_owned()],
        ..here.clone()
    };
    let one = SessionsPage { csrf_token: token(), sessions: vec![here.clone()], done: None };
    let two = SessionsPage { csrf_token: token(), sessions: vec![here, there], done: Some(Done::SessionEnded) };
    vec![Sample::of("sessions-one", &[], &one), Sample::of("sessions", &["end-others"], &two)]
}

fn applications() -> Vec<Sample> {
    let application = ConnectedApplication {
        client_id: "autotalk".to_owned(),
        name: "AutoTalk".to_owned(),
        client_uri: Some("https://autotalk.example.com".to_owned()),
        scopes: ["profile", "email", "offline_access"].map(|value| ScopeView::new(value, None)).into(),
        since: NOW,
        last_used_at: Some(NOW),
        offline: true,
    };
    let hostile = ConnectedApplication {
        client_id: HOSTILE.to_owned(),
        name: HOSTILE.to_owned(),
        scopes: vec![ScopeView::new("tickets:write", None), ScopeView::new(HOSTILE, None), ScopeView::new("roles", Some(HOSTILE))],
        last_used_at: None,
        ..application.clone()
    };
    let none = ApplicationsPage { csrf_token: token(), applications: Vec::new(), done: Some(Done::AccessRevoked) };
    let some = ApplicationsPage { csrf_token: token(), applications: vec![application, hostile], done: None };
    vec![Sample::of("applications-none", &[], &none), Sample::of("applications", &[], &some)]
}

fn activity() -> Vec<Sample> {
    let words = [
        "sign_in-succeeded",
        "sign_in-confirmed",
        "sign_in-failed",
        "sign_in-limited",
        "unlock-requested",
        "unlock-done",
        "session-signed_out",
        "session-ended",
        "consent-granted",
        "consent-revoked",
        "grant-created",
        "device_authorization-approved",
        "device_authorization-denied",
        "refresh_token-reused",
        "user-created",
        "user-updated",
        "user-password_set",
        "user-administrator_created",
        "second_factor-failed",
        "totp-enabled",
        "totp-replaced",
        "totp-disabled",
        "recovery_codes-generated",
        "recovery_code-used",
        "email_codes-changed",
        "passkey-added",
        "passkey-removed",
        "passkey-renamed",
        "passkey-clone_suspected",
        "device-trusted",
        "device-forgotten",
        "device-new",
        "user-password_changed",
        "password_reset-requested",
        "password_reset-done",
        "user-registered",
        "user-invited",
        "email-verified",
        "email-change_requested",
        "email-changed",
        "user-profile_changed",
        "user-not_me",
        "administrator-notified",
        "user-data_downloaded",
        "user-deletion_requested",
        "user-deletion_cancelled",
        "user-imported",
        "user-sessions_ended",
        "user-locked",
        "user-unlocked",
        "second_factor-reset",
        "organization-changed",
    ];
    let entry = |what: &&str| ActivityEntry {
        what: (*what).to_owned(),
        at: NOW,
        address: Some("192.0.2.7".to_owned()),
        device: Some("Firefox on Windows".to_owned()),
        application: Some(HOSTILE.to_owned()),
        alarming: *what == "sign_in-failed",
        not_me: *what == "sign_in-succeeded",
    };
    let page = ActivityPage {
        csrf_token: token(),
        entries: words.iter().map(entry).collect(),
        next: Some("sealed".to_owned()),
        days: 90,
        ..ActivityPage::default()
    };
    let bare = ActivityEntry { what: "sign_in-succeeded".to_owned(), at: NOW, ..ActivityEntry::default() };
    let last = ActivityPage { entries: vec![bare], next: None, done: Some(Done::AdministratorNotified), ..page.clone() };
    let empty = ActivityPage { entries: Vec::new(), words: HOSTILE.to_owned(), error: Some(NotifyError::TooLong), ..page.clone() };
    let often = ActivityPage { entries: Vec::new(), error: Some(NotifyError::TooOften), ..page.clone() };
    let ids = &["words", "log-out-others", "notify-submit"];
    [("activity", page), ("activity-last", last), ("activity-too-long", empty), ("activity-too-often", often)]
        .iter()
        .map(|(name, page)| Sample::of(*name, ids, page))
        .collect()
}

fn deletion() -> Vec<Sample> {
    let ids = &["delete-submit"];
    let page = |days| DeletePage { csrf_token: token(), email: HOSTILE.to_owned(), days, last_administrator: days == 0 };
    let cancel = |state| CancelDeletionPage { csrf_token: token(), token: token(), state };
    vec![
        Sample::of("data", &["data-submit"], &DataPage { csrf_token: token() }),
        Sample::of("delete", ids, &page(14)),
        Sample::of("delete-one-day", ids, &page(1)),
        Sample::of("delete-last-administrator", ids, &page(0)),
        Sample::of("deleted", &[], &DeletedPage { days: 14 }),
        Sample::of("deleted-one-day", &[], &DeletedPage { days: 1 }),
        Sample::of("deleted-at-once", &[], &DeletedPage { days: 0 }),
        Sample::of("cancel-deletion", &["cancel-deletion-submit"], &cancel(CancelState::Asks { at: NOW })),
        Sample::of("cancel-deletion-kept", &[], &cancel(CancelState::Kept)),
        Sample::of("cancel-deletion-over", &[], &cancel(CancelState::Over)),
    ]
}
