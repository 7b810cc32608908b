//! An authenticator app on a phone whose clock is right.

use std::time::Duration;

use vestibule::mfa::totp::{self, TotpSecret};
use vestibule::secret::{Digest, random_id};
use vestibule::store::recovery_codes::{self, RecoveryCode};
use vestibule::store::totp_credentials::{self, TotpCredential, TotpState};
use vestibule::store::user_security::{self, Security};

use super::{Page, TestApp};

pub struct Authenticator<'a> {
    app: &'a TestApp,
    pub secret: TotpSecret,
}

impl<'a> Authenticator<'a> {
    /// With the secret key as a page shows it.
    pub fn scan(app: &'a TestApp, page: &Page<'_>) -> Self {
        let key = page.text_at("#secret-key").expect("a secret key");
        Self { app, secret: TotpSecret::from_base32(&key).expect("base32") }
    }

    /// The code that is shown now.
    pub fn code(&self) -> String {
        self.code_at(0)
    }

    /// The code of so many steps from now.
    pub fn code_at(&self, steps: i64) -> String {
        self.secret.code_of(totp::step_at(self.app.now()) + steps)
    }

    /// A code that no code of another secret or step near now can be.
    pub fn wrong_code(&self) -> String {
        let near: Vec<String> = (-11..=11).map(|steps| self.code_at(steps)).collect();
        (0..100).map(|number| format!("{number:06}")).find(|code| !near.contains(code)).unwrap()
    }

    /// Waits for the next code.
    pub fn next_code(&self) -> String {
        self.app.advance(Duration::from_secs(totp::STEP));
        self.code()
    }
}

impl TestApp {
    /// Gives this person an authenticator app, as if they had always had it.
    pub async fn with_totp(&self, email: &str) -> Authenticator<'_> {
        let (secret, user) = (TotpSecret::random(), self.user(email).await);
        let credential = TotpCredential {
            id: random_id(),
            user_id: user.id,
            secret: secret.seal(&self.app.sealer, user.id),
            state: TotpState::Active,
            last_step: 0,
            bound_to: None,
            created_at: self.now(),
            verified_at: Some(self.now()),
        };
        let inserted = self.app.store.write(move |conn| {
            let credential = credential.clone();
            Box::pin(async move { totp_credentials::insert(conn, &credential).await })
        });
        assert!(inserted.await.unwrap());
        Authenticator { app: self, secret }
    }

    /// Gives this person the recovery code `AAAA-AAAA-AAAA-AAAA`.
    pub async fn with_recovery_code(&self, email: &str) -> &'static str {
        let (user, now) = (self.user(email).await, self.now());
        let digest = Digest::of(&[user.id.as_bytes().as_slice(), b"AAAAAAAAAAAAAAAA"].concat());
        self.app
            .store
            .write(move |conn| {
                let code = RecoveryCode { user_id: user.id, digest, created_at: now, used_at: None, shown: None, shown_to: None };
                Box::pin(async move { recovery_codes::rotate(conn, code.user_id, std::slice::from_ref(&code)).await })
            })
            .await
            .unwrap();
        "AAAA-AAAA-AAAA-AAAA"
    }

    /// Lets this person have codes by e-mail.
    pub async fn with_email_codes(&self, email: &str) {
        let id = self.user(email).await.id;
        let security = Security { email_codes: Some(true), ..Security::default() };
        self.app
            .store
            .write(move |conn| {
                Box::pin(async move { user_security::update(conn, id, &user_security::Security::default(), &security).await })
            })
            .await
            .unwrap();
    }
}

impl<'b> Page<'b> {
    /// Types a code and sends it.
    pub async fn give_code(self, code: &str) -> Page<'b> {
        self.tamper("code", code).click("#code-submit").await
    }
}
