//! A mail with a link and a six-digit code that need no row: what the code stands for is the link itself, sealed in the cookie of the browser that
//! asked. Tries are counted in a bucket of the link's own, before anything is compared; what may be done once is spent by whoever does it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::mail_link::{self, MailLink, Opened};
use super::password_reset::{digits, six_digits};
use crate::app::App;
use crate::clock::Timestamp;
use crate::config::Quota;
use crate::secret::Purpose;
use crate::store;
use crate::store::buckets::{self, Take};

/// Codes that may be typed for one mail. The first is given back after two hours, when no mail of this kind lasts any more (it lasts one): the bucket,
/// which is forgotten when it is full, need not outlive the mail by more.
const CODES: Quota = Quota { burst: 5, per: std::time::Duration::from_hours(10) };

/// Longer links are broken by mail programs.
const LONGEST: usize = 1600;

/// What a browser remembers of such a mail.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mailed {
    /// Asked for here: a code may be typed.
    Sent { token: String, id: Uuid, code_mac: Vec<u8>, shown: String },
    /// Its link was opened here, or its code was right.
    Opened { token: String },
}

/// A mail's secrets.
pub(super) struct Made {
    pub(super) token: String,
    pub(super) code: String,
    /// For the browser that asked.
    pub(super) sent: Mailed,
}

/// Makes link and code; `id` is the link's own.
pub(super) fn make(app: &App, id: Uuid, link: &MailLink, shown: &str, expires_at: Timestamp) -> Made {
    let (token, code) = (mail_link::seal(app, link, expires_at), six_digits());
    let code_mac = app.sealer.mac(Purpose::MailLink, &message(id, &code)).to_vec();
    let sent = Mailed::Sent { token: token.clone(), id, code_mac, shown: shown.to_owned() };
    Made { token, code, sent }
}

/// Whether a link of this length survives being mailed.
pub(super) const fn is_mailable(token: &str) -> bool {
    token.len() <= LONGEST
}

/// Why a code opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeError {
    Malformed,
    Wrong,
    Spent,
}

/// The link that the code stands for.
///
/// # Errors
/// The store's.
pub async fn by_code(app: &App, sent: &Mailed, typed: &str) -> store::Result<Result<Mailed, CodeError>> {
    let Mailed::Sent { token, id, code_mac, .. } = sent else { return Ok(Err(CodeError::Spent)) };
    let Some(code) = digits(typed) else { return Ok(Err(CodeError::Malformed)) };
    // Before it is counted: what is too old to be opened leaves no row.
    if !matches!(mail_link::open(app, token), Opened::InTime(_)) {
        return Ok(Err(CodeError::Spent));
    }
    let (key, now) = (format!("typed-code:{id}"), app.now());
    let taken = app.store.write_one(move |conn| {
        let key = key.clone();
        Box::pin(async move { buckets::take(conn, &key, CODES, now).await })
    });
    if let Take::Wait(_) = taken.await? {
        return Ok(Err(CodeError::Spent));
    }
    let right = app.sealer.verify_mac(Purpose::MailLink, &message(*id, &code), code_mac);
    Ok(if right { Ok(Mailed::Opened { token: token.clone() }) } else { Err(CodeError::Wrong) })
}

fn message(id: Uuid, code: &str) -> Vec<u8> {
    [b"mailed-code", id.as_bytes().as_slice(), code.as_bytes()].concat()
}
