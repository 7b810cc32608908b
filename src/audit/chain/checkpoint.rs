//! The signed word for a batch: a JWS of a type of its own, so that it is no token anywhere.

use serde::Deserialize;
use serde_json::{Value, json};

use super::record::hex;
use crate::keys::{KeyError, PublicKeys, Signer, VerifyError};
use crate::store::audit_chain::Batch;

/// `typ` in the header.
const TYPE: &str = "audit-checkpoint+jwt";

#[derive(Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    /// NumericDate.
    iat: i64,
    batch: i64,
    first: i64,
    last: i64,
    newest_at: i64,
    previous: String,
    hash: String,
}

/// Signs what `batch` says of itself.
///
/// # Errors
/// What OpenSSL says.
pub(super) fn sign(batch: &Batch, issuer: &str, signer: &Signer) -> Result<String, KeyError> {
    let claims = json!({
        "iss": issuer,
        "iat": batch.sealed_at.secs(),
        "batch": batch.number,
        "first": batch.first,
        "last": batch.last,
        "newest_at": batch.newest_at.millis(),
        "previous": hex(&batch.previous),
        "hash": hex(&batch.hash),
    });
    signer.sign_jwt(TYPE, &claims)
}

/// Whether the batch's checkpoint is signed by one of these keys and says the same as the batch. The key's id.
///
/// # Errors
/// In words: what is wrong.
pub(super) fn verify(batch: &Batch, keys: &PublicKeys) -> Result<String, String> {
    let (kid, claims) = keys.verify(&batch.checkpoint, TYPE).map_err(|error| match error {
        VerifyError::UnknownKey => "its checkpoint is signed with a key that is not among the keys".to_owned(),
        VerifyError::Signature => "the signature of its checkpoint does not match".to_owned(),
        error => format!("its checkpoint is {error}"),
    })?;
    let claims: Claims = serde_json::from_value(Value::Object(claims)).map_err(|_| "its checkpoint is none of ours".to_owned())?;
    let expected = Claims {
        iss: claims.iss.clone(),
        iat: claims.iat,
        batch: batch.number,
        first: batch.first,
        last: batch.last,
        newest_at: batch.newest_at.millis(),
        previous: hex(&batch.previous),
        hash: hex(&batch.hash),
    };
    if claims == expected { Ok(kid) } else { Err("its checkpoint says something else than the batch".to_owned()) }
}
