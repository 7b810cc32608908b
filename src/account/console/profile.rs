//! `/account/profile`: "User Profile".
//!
//! Routes: `GET /account/profile` [`get`], `POST /account/profile` [`post`].

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use uuid::Uuid;

use super::show;
use crate::account::confirm::{Detour, Then, signed_in};
use crate::app::App;
use crate::audit::{self, Event, Kind};
use crate::clock::Timestamp;
use crate::session::browser::{self, Trust};
use crate::session::{self, Current};
use crate::store::users::{self, Profile, User};
use crate::store::{self, Conn};
use crate::web::cookies::{Cookie, with_cookie};
use crate::web::pages::views::account::Done;
use crate::web::pages::views::profile::{ProfileFields, ProfilePage, ZONES};
use crate::web::{ErrorKind, Locale, PageError, Params, StrictForm, Visit};

/// Longest text, in code points.
const MAX_TEXT: usize = 200;
/// Longest web address, in bytes.
const MAX_URL: usize = 1000;

/// The form, as it is stored.
///
/// # Errors
/// A detour: not signed in; the store's.
pub async fn get(State(app): State<App>, visit: Visit, RawQuery(query): RawQuery) -> Result<Response, Detour> {
    let current = signed_in(&app, &visit, Then::Profile).await?;
    let done = Done::said(query.as_deref().unwrap_or_default());
    let state = Form { fields: fields(&current.user.profile), errors: Vec::new(), done };
    Ok(page(&app, &visit, &current, StatusCode::OK, state))
}

/// Saves it. Only the fields of the form are read: no form can say that an address is verified (OWASP ASVS 5 §15.3.3).
///
/// # Errors
/// A detour: not signed in; a form from another site; the store's.
pub async fn post(State(app): State<App>, visit: Visit, StrictForm(form): StrictForm) -> Result<Response, Detour> {
    let form = form.map_err(|error| PageError::because(ErrorKind::BadRequest, error))?;
    let trust = browser::check(&app, &visit, &form)?;
    let current = signed_in(&app, &visit, Then::Profile).await?;
    let fields = typed(&form, fields(&current.user.profile));
    let errors = mistakes(&fields);
    if trust == Trust::Stale || !errors.is_empty() {
        return Ok(page(&app, &visit, &current, StatusCode::UNPROCESSABLE_ENTITY, Form { fields, errors, done: None }));
    }
    let language = Locale::ALL.into_iter().find(|locale| locale.tag() == fields.locale);
    let event = Event::new(Kind::ProfileChanged, &session::origin(&visit)).user(current.user.id).session(current.session.id);
    let change = Change { user_id: current.user.id, fields, event, now: app.now() };
    app.store
        .write(move |conn| {
            let change = change.clone();
            Box::pin(async move { change.run(conn).await })
        })
        .await?;
    let picked = language.map(|language| Cookie::Language.set(&app.issuer, language.tag(), Some(super::LANGUAGE_KEPT)));
    Ok(with_cookie(Redirect::to(&Done::ProfileSaved.on(Then::Profile.path())).into_response(), picked))
}

/// The form's state and its word to the person.
struct Form {
    fields: ProfileFields,
    errors: Vec<&'static str>,
    done: Option<Done>,
}

fn page(app: &App, visit: &Visit, current: &Current, status: StatusCode, form: Form) -> Response {
    show(app, visit, current, status, |csrf_token| ProfilePage {
        csrf_token,
        email: current.user.email.clone(),
        email_verified: current.user.email_verified,
        fields: form.fields,
        errors: form.errors,
        done: form.done,
        ..ProfilePage::default()
    })
}

fn fields(profile: &Profile) -> ProfileFields {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    ProfileFields {
        name: text(&profile.name),
        given_name: text(&profile.given_name),
        family_name: text(&profile.family_name),
        nickname: text(&profile.nickname),
        locale: profile.locale.as_deref().and_then(Locale::matching).map(|locale| locale.tag().to_owned()).unwrap_or_default(),
        zoneinfo: text(&profile.zoneinfo),
        phone_number: text(&profile.phone_number),
        picture: text(&profile.picture),
        website: text(&profile.website),
    }
}

/// What the form says. A field it does not have at all stays as it was: only one that was sent empty is emptied.
fn typed(form: &Params, before: ProfileFields) -> ProfileFields {
    let text =
        |name: &str, before: String| form.iter().find(|(sent, _)| *sent == name).map_or(before, |(_, value)| value.trim().to_owned());
    ProfileFields {
        name: text("name", before.name),
        given_name: text("given_name", before.given_name),
        family_name: text("family_name", before.family_name),
        nickname: text("nickname", before.nickname),
        locale: text("locale", before.locale),
        zoneinfo: text("zoneinfo", before.zoneinfo),
        phone_number: text("phone_number", before.phone_number),
        picture: text("picture", before.picture),
        website: text("website", before.website),
    }
}

/// The names of the fields that are wrong.
fn mistakes(fields: &ProfileFields) -> Vec<&'static str> {
    let all = [
        ("name", is_text(&fields.name)),
        ("given_name", is_text(&fields.given_name)),
        ("family_name", is_text(&fields.family_name)),
        ("nickname", is_text(&fields.nickname)),
        ("locale", fields.locale.is_empty() || Locale::ALL.iter().any(|locale| locale.tag() == fields.locale)),
        ("zoneinfo", is_zone(&fields.zoneinfo)),
        ("phone_number", is_phone(&fields.phone_number)),
        ("picture", is_web_address(&fields.picture)),
        ("website", is_web_address(&fields.website)),
    ];
    all.into_iter().filter(|(_, right)| !right).map(|(name, _)| name).collect()
}

fn is_text(text: &str) -> bool {
    text.chars().count() <= MAX_TEXT && !text.chars().any(char::is_control)
}

/// One of ours, or one that was stored by an operator and came back unchanged in form.
fn is_zone(text: &str) -> bool {
    let named =
        text.contains('/') && text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-' | b'+'));
    text.is_empty() || ZONES.contains(&text) || named
}

/// Digits as people write them, with a country code or without.
fn is_phone(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let written = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b' ' | b'-' | b'(' | b')' | b'.'));
    text.is_empty() || (written && (5..=15).contains(&digits) && text.len() <= 32)
}

fn is_web_address(text: &str) -> bool {
    let address = || url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.username().is_empty());
    text.is_empty() || (text.len() <= MAX_URL && address())
}

/// What one transaction does: a copy for every time it is run.
#[derive(Clone)]
struct Change {
    user_id: Uuid,
    fields: ProfileFields,
    event: Event,
    now: Timestamp,
}

impl Change {
    async fn run(&self, conn: &Conn<'_>) -> store::Result<()> {
        let user = users::find(conn, self.user_id).await?.ok_or(store::Error::NotFound("user"))?;
        let profile = changed(&user.profile, &self.fields);
        let fields = different(&user.profile, &profile);
        if fields.is_empty() {
            return Ok(());
        }
        let seen = user.updated_at;
        users::update_seen(conn, &User { profile, updated_at: self.now, ..user }, seen).await?;
        audit::record(conn, &self.event.clone().detail("fields", fields), self.now).await
    }
}

/// The profile with what was typed. A number that is another one is not known to be theirs any more.
fn changed(profile: &Profile, fields: &ProfileFields) -> Profile {
    let text = |value: &str| (!value.is_empty()).then(|| value.to_owned());
    // A language of which we know only the family (`en-GB`) stays when its family was left as it is.
    let locale = match &profile.locale {
        Some(kept) if Locale::matching(kept).is_some_and(|locale| locale.tag() == fields.locale) => Some(kept.clone()),
        _ => text(&fields.locale),
    };
    let phone_number = text(&fields.phone_number);
    let same_number = phone_number == profile.phone_number;
    Profile {
        name: text(&fields.name),
        given_name: text(&fields.given_name),
        family_name: text(&fields.family_name),
        nickname: text(&fields.nickname),
        locale,
        zoneinfo: text(&fields.zoneinfo),
        phone_number_verified: if same_number { profile.phone_number_verified } else { phone_number.as_ref().map(|_| false) },
        phone_number,
        picture: text(&fields.picture),
        website: text(&fields.website),
        ..profile.clone()
    }
}

/// The names of the claims that differ.
fn different(before: &Profile, after: &Profile) -> Vec<String> {
    let members = |profile: &Profile| match serde_json::to_value(profile) {
        Ok(serde_json::Value::Object(members)) => members,
        _ => serde_json::Map::new(),
    };
    let (before, after) = (members(before), members(after));
    let mut names: Vec<String> = before.keys().chain(after.keys()).filter(|name| before.get(*name) != after.get(*name)).cloned().collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_is_held_to_its_form() {
        let good = ProfileFields {
            name: "Ana Souza".to_owned(),
            locale: "pt-BR".to_owned(),
            zoneinfo: "America/Sao_Paulo".to_owned(),
            phone_number: "+55 (11) 95555-0100".to_owned(),
            picture: "https://example.com/ana.png".to_owned(),
            ..ProfileFields::default()
        };
        assert!(mistakes(&good).is_empty());
        assert!(mistakes(&ProfileFields::default()).is_empty());
        let bad = ProfileFields {
            name: "a".repeat(201),
            given_name: "a\u{7}".to_owned(),
            locale: "tlh".to_owned(),
            zoneinfo: "somewhere over <there>".to_owned(),
            phone_number: "call me".to_owned(),
            picture: "javascript:alert(1)".to_owned(),
            website: "example".to_owned(),
            ..good
        };
        assert_eq!(mistakes(&bad), ["name", "given_name", "locale", "zoneinfo", "phone_number", "picture", "website"]);
    }

    #[test]
    fn a_form_without_fields_changes_nothing_and_an_empty_field_is_emptied() {
        let before = ProfileFields { name: "Ana".to_owned(), nickname: "aninha".to_owned(), ..ProfileFields::default() };
        let empty = typed(&Params::default(), before.clone());
        assert_eq!((empty.name.as_str(), empty.nickname.as_str()), ("Ana", "aninha"));
        let cleared = typed(&Params::parse("nickname=&name=+Ana+Lima+").unwrap(), before);
        assert_eq!((cleared.name.as_str(), cleared.nickname.as_str()), ("Ana Lima", ""));
    }

    #[test]
    fn another_number_is_not_verified_and_what_the_form_does_not_have_stays() {
        let text = |value: &str| Some(value.to_owned());
        let before = Profile {
            phone_number: text("+5511955550100"),
            phone_number_verified: Some(true),
            birthdate: text("1990-05-17"),
            locale: text("en-GB"),
            ..Profile::default()
        };
        let same = changed(&before, &fields(&before));
        assert_eq!(same, before);
        let after = changed(&before, &ProfileFields { phone_number: "+5511955550199".to_owned(), ..fields(&before) });
        assert_eq!((after.phone_number_verified, after.birthdate.as_deref()), (Some(false), Some("1990-05-17")));
        assert_eq!(different(&before, &after), ["phone_number", "phone_number_verified"]);
    }
}
