//! What a page asks the browser for, and the sealed state that comes back with the answer.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;
use webauthn_rs::prelude::{DiscoverableAuthentication, PasskeyRegistration, Url, Webauthn, WebauthnBuilder};

use super::sign_in::list_alone;
use crate::app::App;
use crate::mfa::enrolment::Bound;
use crate::secret::{self, Purpose, equal};
use crate::session::browser;
use crate::store;
use crate::store::passkeys::{self, Passkey};
use crate::store::users::User;
use crate::web::Params;

/// As long as a sign-in waits for its second factor. A page that lay open for longer asks again.
pub(super) const LIFETIME: Duration = Duration::from_mins(15);

/// What goes to the browser.
#[derive(Clone, Debug, Default)]
pub struct Ceremony {
    /// `PublicKeyCredentialCreationOptionsJSON` or `PublicKeyCredentialRequestOptionsJSON` (WebAuthn §5.1.8, §5.1.9).
    pub options: String,
    /// Sealed; comes back in the field `ceremony`.
    pub state: String,
}

/// What comes back from it.
#[derive(Clone, Copy)]
pub struct Answer<'a> {
    ceremony: &'a str,
    credential: &'a str,
}

impl<'a> Answer<'a> {
    /// The fields `ceremony` and `credential` of a form; `None` when no browser has answered anything.
    #[must_use]
    pub fn of(form: &'a Params) -> Option<Self> {
        Some(Self { credential: form.get("credential")?, ceremony: form.get("ceremony").unwrap_or_default() })
    }

    /// What the browser gave us, as it names it. `None`: it is not that.
    pub(super) fn credential<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_str(self.credential).ok()
    }
}

/// The state of a ceremony, sealed in the page.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sealed<S> {
    /// Spent with the first answer that is right.
    pub id: Uuid,
    /// Of the flow cookie.
    browser: String,
    /// The session or the pending sign-in it is for; none: nobody has come yet.
    bound_to: Option<Uuid>,
    pub state: S,
}

fn seal<S: Serialize>(app: &App, browser: &str, bound: Option<Bound>, state: S) -> String {
    let sealed = Sealed { id: secret::random_id(), browser: browser::fingerprint(browser), bound_to: bound.map(Bound::id), state };
    app.sealer.seal(Purpose::PasskeyCeremony, &sealed, app.now().plus(LIFETIME))
}

/// The state an answer belongs to. `None`: it is too old, or was made for another browser, session or sign-in.
pub(super) fn open<S: DeserializeOwned>(app: &App, browser: Option<&str>, bound: Option<Bound>, answer: Answer<'_>) -> Option<Sealed<S>> {
    let sealed: Sealed<S> = app.sealer.open(Purpose::PasskeyCeremony, answer.ceremony, app.now()).ok()?;
    let here = browser.is_some_and(|browser| equal(browser::fingerprint(browser).as_bytes(), sealed.browser.as_bytes()));
    (here && sealed.bound_to == bound.map(Bound::id)).then_some(sealed)
}

/// We, as passkeys know us: by the host name of the configured issuer, never by what a request says. `None`: the issuer has none.
pub(super) fn relying_party(app: &App) -> Option<Webauthn> {
    let (id, origin) = (app.issuer.domain()?, Url::parse(app.issuer.as_str()).ok()?);
    WebauthnBuilder::new(&id, &origin).ok()?.rp_name(&app.config.brand.name).build().ok()
}

/// Asks whoever comes for a passkey that says who they are (discoverable, with user verification). `browser`: the flow cookie's value.
#[must_use]
pub fn ask(app: &App, browser: &str) -> Option<Ceremony> {
    request(app, browser, None, &[])
}

/// Asks a person for one of theirs, as their second factor or to confirm who they are. `None` when they have none, or there can be none.
///
/// # Errors
/// The store's.
pub async fn ask_of(app: &App, browser: &str, bound: Bound, user_id: Uuid) -> store::Result<Option<Ceremony>> {
    let theirs = passkeys::list(&app.store.read(), user_id).await?;
    if theirs.is_empty() {
        return Ok(None);
    }
    Ok(request(app, browser, Some(bound), &theirs))
}

/// Asks a person for one of those that stand in place of their password. `None` when none does.
///
/// # Errors
/// The store's.
pub async fn ask_alone(app: &App, browser: &str, bound: Bound, user: &User) -> store::Result<Option<Ceremony>> {
    let alone = list_alone(app, user).await?;
    Ok(if alone.is_empty() { None } else { request(app, browser, Some(bound), &alone) })
}

/// The crate keeps the credentials that may answer in the state; ours does not grow with them, because each is looked up when it does.
fn request(app: &App, browser: &str, bound: Option<Bound>, theirs: &[Passkey]) -> Option<Ceremony> {
    let (asked, state): (_, DiscoverableAuthentication) = relying_party(app)?.start_discoverable_authentication().ok()?;
    let mut options = serde_json::to_value(asked.public_key).ok()?;
    let fields = options.as_object_mut()?;
    fields.remove("extensions");
    // None named: any that knows who its person is.
    if theirs.is_empty() {
        fields.remove("allowCredentials");
    } else {
        fields.insert("allowCredentials".to_owned(), descriptors(theirs));
    }
    Some(Ceremony { options: options.to_string(), state: seal(app, browser, bound, state) })
}

/// Asks for a new passkey of this person, by an authenticator that has none of theirs yet.
///
/// # Errors
/// The store's.
pub async fn ask_to_register(app: &App, browser: &str, bound: Bound, user: &User) -> store::Result<Option<Ceremony>> {
    let theirs = passkeys::list(&app.store.read(), user.id).await?;
    Ok(creation(app, browser, bound, (user, &theirs)))
}

fn creation(app: &App, browser: &str, bound: Bound, (user, theirs): (&User, &[Passkey])) -> Option<Ceremony> {
    let name = user.profile.name.as_deref().filter(|name| !name.is_empty()).unwrap_or(&user.email);
    let started = relying_party(app)?.start_passkey_registration(user.id, &user.email, name, None);
    let (asked, state): (_, PasskeyRegistration) = started.ok()?;
    let mut options = serde_json::to_value(asked.public_key).ok()?;
    let fields = options.as_object_mut()?;
    fields.insert("excludeCredentials".to_owned(), descriptors(theirs));
    // One that can sign its person in without being told who they are.
    let selection = json!({ "residentKey": "required", "requireResidentKey": true, "userVerification": "required" });
    fields.insert("authenticatorSelection".to_owned(), selection);
    Some(Ceremony { options: options.to_string(), state: seal(app, browser, Some(bound), state) })
}

/// `PublicKeyCredentialDescriptorJSON` (WebAuthn §5.8.3).
fn descriptors(passkeys: &[Passkey]) -> Value {
    let one = |passkey: &Passkey| {
        let id = URL_SAFE_NO_PAD.encode(&passkey.credential_id);
        json!({ "type": "public-key", "id": id, "transports": passkey.transports })
    };
    passkeys.iter().map(one).collect()
}
