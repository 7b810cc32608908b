//! One-time codes by e-mail: for people who have no app, or have lost it. NIST SP 800-63B does not count e-mail as a channel of its own, so
//! what it proves is not more than a password does.

use std::time::Duration;

use uuid::Uuid;

use super::{Scene, SixDigits};
use crate::clock::Timestamp;
use crate::config::Quota;
use crate::mail::{self, Message};
use crate::secret::{Digest, Purpose, Sealer, random_bytes};
use crate::store::buckets::{self, Take};
use crate::store::mails::{self, Mail};
use crate::store::pending_sign_ins::{self, PendingSignIn};
use crate::store::{self, Conn};

/// How long a code is good for.
pub const LIFETIME: Duration = Duration::from_mins(10);

/// Before another one may be asked for.
const PAUSE: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    Sent,
    /// One was sent a moment ago.
    TooSoon,
    /// As many were sent as are sent to somebody who gives none; another one after this time.
    TooMany(Duration),
}

/// Sends a new code for this pending sign-in; the one before is worthless from then on.
///
/// # Errors
/// The store's.
pub async fn send(scene: &Scene, pending: &PendingSignIn) -> store::Result<Sending> {
    let (app, now) = (scene.app(), scene.now);
    let code = random_code();
    let message = Message::OneTimeCode { code: code.clone(), minutes: minutes(LIFETIME), place: scene.place.clone() };
    let sending = Letter {
        mail: mail::prepare(app, &scene.to, &message, now),
        code: digest(&app.sealer, pending.id, &code),
        pending_id: pending.id,
        taken: bucket(scene),
        now,
    };
    let sent = app
        .store
        .write(move |conn| {
            let sending = sending.clone();
            Box::pin(async move { sending.run(conn).await })
        })
        .await?;
    match sent {
        Sending::Sent => app.mail_waiting.notify_one(),
        Sending::TooSoon => {}
        Sending::TooMany(_) => app.metrics.limited("mailed_codes"),
    }
    Ok(sent)
}

/// One code that was given: it was no flood, so the mail is not counted. In the transaction that spends it.
///
/// # Errors
/// The store's.
pub(super) async fn give_back(conn: &Conn<'_>, scene: &Scene) -> store::Result<()> {
    buckets::update_given_back(conn, &[bucket(scene)]).await
}

/// For one person who gives none of them back; and for each browser in which they signed in before, apart: whoever knows the password and nothing else
/// must not use up the owner's.
fn bucket(scene: &Scene) -> (String, Quota) {
    let of = scene.known_device.map_or_else(String::new, |device| format!(":{device}"));
    (format!("mailed-code:{}{of}", scene.user.id), scene.app().config.limits.mailed_codes)
}

/// Seconds until another one may be asked for; zero when it may be now.
#[must_use]
pub fn pause_left(pending: &PendingSignIn, now: Timestamp) -> u64 {
    let left = pending.code_sent_at.map_or(Duration::ZERO, |sent| sent.plus(PAUSE).since(now));
    left.as_millis().div_ceil(1000).try_into().unwrap_or(0)
}

/// What one transaction does: a copy for every time it is run.
#[derive(Clone)]
struct Letter {
    mail: Mail,
    code: Digest,
    pending_id: Uuid,
    taken: (String, Quota),
    now: Timestamp,
}

impl Letter {
    async fn run(&self, conn: &Conn<'_>) -> store::Result<Sending> {
        let (key, quota) = &self.taken;
        if let Take::Wait(wait) = buckets::take(conn, key, *quota, self.now).await? {
            return Ok(Sending::TooMany(wait));
        }
        if !pending_sign_ins::update_code(conn, self.pending_id, &self.code, self.now, self.now.minus(PAUSE)).await? {
            buckets::update_given_back(conn, std::slice::from_ref(&self.taken)).await?;
            return Ok(Sending::TooSoon);
        }
        mails::insert(conn, &self.mail).await?;
        Ok(Sending::Sent)
    }
}

/// The digests a typed code may have, one per key-encryption key: it may have been mailed before the newest one came.
#[must_use]
pub fn read(sealer: &Sealer, pending_id: Uuid, code: &SixDigits) -> Vec<Digest> {
    sealer.macs(Purpose::TotpSecret, &message(pending_id, code.as_str())).into_iter().map(Digest::from_bytes).collect()
}

/// Bound to the pending sign-in it was sent for, and keyed: six digits are soon tried by whoever reads a database.
fn digest(sealer: &Sealer, pending_id: Uuid, code: &str) -> Digest {
    Digest::from_bytes(sealer.mac(Purpose::TotpSecret, &message(pending_id, code)))
}

fn message(pending_id: Uuid, code: &str) -> Vec<u8> {
    [b"email code ".as_slice(), pending_id.as_bytes(), code.as_bytes()].concat()
}

/// Six digits, each as likely as any other to within one in 10^13.
fn random_code() -> String {
    format!("{:06}", u64::from_be_bytes(random_bytes()) % 1_000_000)
}

fn minutes(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs() / 60).unwrap_or(u32::MAX)
}

/// `ana@example.com` as `a••@example.com`: enough for its owner to know which one it is.
#[must_use]
pub fn masked(address: &str) -> String {
    let (local, domain) = address.split_once('@').unwrap_or((address, ""));
    let first: String = local.chars().take(1).collect();
    format!("{first}•••@{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::KeyEncryptionKey;

    #[test]
    fn codes_have_six_digits_and_their_digests_are_bound_and_keyed() {
        let ring = |keys: &[u8]| Sealer::new(&keys.iter().map(|key| KeyEncryptionKey::new([*key; 32])).collect::<Vec<_>>()).unwrap();
        let (here, there) = (Uuid::from_u128(1), Uuid::from_u128(2));
        for _ in 0..100 {
            let code = random_code();
            let typed = SixDigits::parse(&code).unwrap();
            let mailed = digest(&ring(&[1]), here, &code);
            assert_eq!(read(&ring(&[1]), here, &typed), [mailed]);
            assert!(read(&ring(&[2, 1]), here, &typed).contains(&mailed), "a newer key came meanwhile");
            assert!(!read(&ring(&[1]), there, &typed).contains(&mailed));
            assert!(!read(&ring(&[2]), here, &typed).contains(&mailed));
        }
    }

    #[test]
    fn an_address_is_recognised_by_its_owner_alone() {
        assert_eq!(masked("ana@example.com"), "a•••@example.com");
        assert_eq!(masked("é@example.com"), "é•••@example.com");
    }

    #[test]
    fn the_pause_is_told_in_whole_seconds() {
        let now = Timestamp::from_secs(1000);
        let pending = |sent: Option<i64>| PendingSignIn {
            id: Uuid::nil(),
            user_id: Uuid::nil(),
            digest: Digest::of(b""),
            password_at: now,
            epoch: 0,
            failures: 0,
            code: None,
            leads_to: None,
            code_sent_at: sent.map(Timestamp::from_millis),
            created_at: now,
            expires_at: now,
        };
        assert_eq!(pause_left(&pending(None), now), 0);
        assert_eq!(pause_left(&pending(Some(999_500)), now), 30);
        assert_eq!(pause_left(&pending(Some(970_000)), now), 0);
    }
}
