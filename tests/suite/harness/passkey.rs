//! A passkey: the software authenticator of the `passkey` crate, and what a browser's script does with the pages' forms.

use std::pin::Pin;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use passkey::authenticator::{Authenticator, UiHint, UserCheck, UserValidationMethod};
use passkey::client::{Client, DefaultClientData};
use passkey::crypto::rust_crypto::RustCryptoBackend;
use passkey::types::Passkey as Credential;
use passkey::types::ctap2::{Aaguid, Ctap2Error};
use serde_json::{Value, json};
use url::Url;

use super::{ISSUER, Page};

/// The form a script answers.
const FORM: &str = "form[data-passkey]";

/// Somebody who always touches the key, and is always recognised by it.
struct Person {
    verified: bool,
}

impl UserValidationMethod for Person {
    type PasskeyItem = Credential;

    fn check_user<'a, 'life0, 'async_trait>(
        &'life0 self,
        _hint: UiHint<'a, Credential>,
        presence: bool,
        _verification: bool,
    ) -> Pin<Box<dyn Future<Output = Result<UserCheck, Ctap2Error>> + Send + 'async_trait>>
    where
        'a: 'async_trait,
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(async move { Ok(UserCheck { presence, verification: self.verified }) })
    }

    fn is_presence_enabled(&self) -> bool {
        true
    }

    fn is_verification_enabled(&self) -> Option<bool> {
        Some(true)
    }
}

/// One passkey, or the place for one.
#[derive(Clone)]
pub struct Passkey {
    pub credential: Option<Credential>,
    /// It counts its signatures.
    pub counting: bool,
    /// Where the browser is when it signs.
    pub origin: String,
    /// The authenticator says that it knows the person.
    pub verified: bool,
}

impl Passkey {
    pub fn new() -> Self {
        Self { credential: None, counting: false, origin: ISSUER.to_owned(), verified: true }
    }

    /// Makes a passkey as the page asks for. What the script would post.
    pub async fn make(&mut self, page: &Page<'_>) -> String {
        let request = json!({ "publicKey": options(page, "create") });
        let origin = Url::parse(&self.origin).unwrap();
        let mut authenticator = Authenticator::new(Aaguid::new_empty(), None, self.person(), RustCryptoBackend);
        authenticator.set_make_credentials_with_signature_counter(self.counting);
        let mut client = Client::new(authenticator);
        let made = client.register(&origin, serde_json::from_value(request).unwrap(), DefaultClientData).await.unwrap();
        self.credential.clone_from(client.authenticator().store());
        answer(serde_json::to_value(&made).unwrap())
    }

    /// Signs what the page asks for. What the script would post.
    pub async fn sign(&mut self, page: &Page<'_>) -> String {
        let mut options = options(page, "get");
        if !self.verified {
            options["userVerification"] = json!("discouraged");
        }
        let request = json!({ "publicKey": options });
        let origin = Url::parse(&self.origin).unwrap();
        let authenticator = Authenticator::new(Aaguid::new_empty(), self.credential.clone(), self.person(), RustCryptoBackend);
        let mut client = Client::new(authenticator);
        let signed = client.authenticate(&origin, serde_json::from_value(request).unwrap(), DefaultClientData).await.unwrap();
        self.credential.clone_from(client.authenticator().store());
        answer(serde_json::to_value(&signed).unwrap())
    }

    const fn person(&self) -> Person {
        Person { verified: self.verified }
    }
}

fn options(page: &Page<'_>, kind: &str) -> Value {
    assert_eq!(page.attribute(FORM, "data-passkey").as_deref(), Some(kind), "{page:?}");
    serde_json::from_str(&page.attribute(FORM, "data-options").unwrap()).unwrap()
}

/// Bytes as a script writes them: base64url.
fn answer(credential: Value) -> String {
    fn text(value: Value) -> Value {
        match value {
            Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_u64) => {
                let bytes: Vec<u8> = items.iter().map(|item| u8::try_from(item.as_u64().unwrap()).unwrap()).collect();
                json!(URL_SAFE_NO_PAD.encode(bytes))
            }
            Value::Array(items) => items.into_iter().map(text).collect(),
            Value::Object(fields) => {
                fields.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name, text(value))).collect()
            }
            other => other,
        }
    }
    text(credential).to_string()
}

impl<'b> Page<'b> {
    /// Posts what a passkey answered.
    pub async fn post_passkey(self, credential: &str) -> Page<'b> {
        self.tamper("credential", credential).click("#passkey-submit").await
    }

    /// Uses a passkey on this page.
    pub async fn use_passkey(self, passkey: &mut Passkey) -> Page<'b> {
        let credential = passkey.sign(&self).await;
        self.post_passkey(&credential).await
    }

    /// Adds a passkey on this page.
    pub async fn add_passkey(self, passkey: &mut Passkey) -> Page<'b> {
        let credential = passkey.make(&self).await;
        self.post_passkey(&credential).await
    }
}
