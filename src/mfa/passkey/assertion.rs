//! The answer of a passkey that was asked for (WebAuthn §7.2): checked and spent in the transaction that counts the try.

use std::sync::Arc;

use uuid::Uuid;
use webauthn_rs::prelude::{AuthenticationResult, DiscoverableAuthentication, Passkey as Credential, PublicKeyCredential, WebauthnError};

use super::ceremony::{Answer, LIFETIME, Sealed, open, relying_party};
use crate::audit::{self, Kind};
use crate::mfa::Scene;
use crate::mfa::enrolment::Bound;
use crate::mfa::verify::{self, Refusal, Verdict};
use crate::session::SecondFactor;
use crate::store::passkeys::{self, Passkey};
use crate::store::pending_sign_ins::PendingSignIn;
use crate::store::{self, Conn, spent};

/// An answer to a ceremony of ours, not yet checked.
#[derive(Clone)]
pub struct Assertion {
    ceremony: Uuid,
    state: DiscoverableAuthentication,
    credential: Arc<PublicKeyCredential>,
    /// As it was when the answer came.
    hardware: bool,
}

impl std::fmt::Debug for Assertion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[assertion]")
    }
}

/// The answer of a person we know: in a sign-in that waits for it (`pending`), or in a session. `None`: nothing was tried, because the page was too old
/// or not this one's.
///
/// # Errors
/// The store's.
pub async fn verify(
    scene: &Scene,
    pending: Option<&PendingSignIn>,
    (bound, browser): (Bound, Option<&str>),
    answer: Answer<'_>,
) -> store::Result<Option<Verdict>> {
    let Some(sealed) = open(scene.app(), browser, Some(bound), answer) else { return Ok(None) };
    let Some(credential) = answer.credential::<PublicKeyCredential>() else { return Ok(None) };
    let found = passkeys::find(&scene.app().store.read(), credential.get_credential_id()).await?;
    let assertion = Assertion::new(sealed, credential, found.as_ref());
    verify::passkey(scene, pending, assertion).await.map(Some)
}

impl Assertion {
    pub(super) fn new(sealed: Sealed<DiscoverableAuthentication>, credential: PublicKeyCredential, found: Option<&Passkey>) -> Self {
        let hardware = found.is_some_and(|found| !found.backup_eligible);
        Self { ceremony: sealed.id, state: sealed.state, credential: Arc::new(credential), hardware }
    }

    /// What it is worth when it is right. A credential that may be copied is a key in software, whatever made it (RFC 8176 §2).
    pub const fn factor(&self) -> SecondFactor {
        SecondFactor::Passkey { hardware: self.hardware }
    }

    /// Inside the transaction that has counted the try: why it is refused; `None` when it was right, and ceremony and counter are spent now.
    ///
    /// # Errors
    /// The store's.
    pub async fn redeem(&self, conn: &Conn<'_>, scene: &Scene) -> store::Result<Option<Refusal>> {
        let found = passkeys::find(conn, self.credential.get_credential_id()).await?;
        let Some(passkey) = found.filter(|found| found.user_id == scene.user.id) else { return Ok(Some(Refusal::Wrong)) };
        // A user handle, where there is one, is its person's (WebAuthn §7.2 step 6).
        if self.credential.get_user_unique_id().is_some_and(|handle| handle != passkey.user_id.as_bytes()) {
            return Ok(Some(Refusal::Wrong));
        }
        let mut credential: Credential = serde_json::from_str(&passkey.credential)
            .map_err(|error| store::Error::Inconsistent { table: "passkeys", detail: format!("{}: {error}", passkey.id) })?;
        let result = match self.check(scene, &credential) {
            Ok(result) => result,
            Err(error) => {
                refused(conn, scene, &passkey, &error).await?;
                return Ok(Some(Refusal::Wrong));
            }
        };
        let expires_at = scene.now.plus(LIFETIME);
        if !spent::redeem(conn, spent::Kind::PasskeyCeremony, &self.ceremony.to_string(), expires_at).await? {
            return Ok(Some(Refusal::Used { seconds: 0 }));
        }
        credential.update_credential(&result);
        let kept = serde_json::to_string(&credential).unwrap_or_else(|_| passkey.credential.clone());
        let accepted = passkeys::redeem(conn, &passkey, &kept, result.backup_state(), scene.now).await?;
        Ok((!accepted).then_some(Refusal::Used { seconds: 0 }))
    }

    fn check(&self, scene: &Scene, credential: &Credential) -> Result<AuthenticationResult, WebauthnError> {
        let party = relying_party(scene.app()).ok_or(WebauthnError::Configuration)?;
        party.finish_discoverable_authentication_v2(&self.credential, self.state.clone(), credential)
    }
}

/// A counter that went back says that there are two of the key, one of them not its person's (WebAuthn §6.1.1).
async fn refused(conn: &Conn<'_>, scene: &Scene, passkey: &Passkey, error: &WebauthnError) -> store::Result<()> {
    tracing::info!(user_id = %passkey.user_id, passkey = %passkey.id, %error, "a passkey was refused");
    if *error != WebauthnError::CredentialPossibleCompromise {
        return Ok(());
    }
    audit::record(conn, &scene.event(Kind::PasskeyCloneSuspected).detail("passkey", passkey.id.to_string()), scene.now).await
}
