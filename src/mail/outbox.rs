//! The outbox: rows that wait are taken, sent, and noted.
//!
//! At least once: a process that dies between the other side's yes and its own note sends again, with the same Message-ID. Never twice at the same
//! time, because one conditional update takes a row (decision 0012).

use std::time::Duration;

use futures_util::StreamExt as _;
use tracing::Instrument as _;

use super::transport::{Failure, Reason};
use super::{Content, Transport};
use crate::app::App;
use crate::audit::{self, Event, Kind, Origin};
use crate::clock::Timestamp;
use crate::store;
use crate::store::mails::{self, Mail, MailState, Outcome};
use crate::telemetry::SPANS;
use crate::telemetry::metrics::MailEnd;

/// Rows taken at once, and how many of them are under way together.
const BATCH: u64 = 32;
const CONCURRENT: usize = 4;

/// An attempt that its process does not live to note is made again so long after `mail.timeout`.
const LEASE_MARGIN: Duration = Duration::from_secs(10);

/// Seconds to wait after each failed attempt; then every hour, until the message is of no use any more.
const BACK_OFF: [u64; 4] = [10, 60, 300, 900];
const THEN: Duration = Duration::from_hours(1);

/// The text of an error as it is kept, in bytes.
const MAX_ERROR: usize = 300;

/// Sends everything that is due. How many attempts were made and noted.
///
/// Goes on only while what it does is written down: what could not be noted is as due as before, and asking again at once would load a database
/// that is in trouble, and somebody's inbox with it.
///
/// # Errors
/// The store's, when it cannot even be asked what is due; a failed attempt is not an error.
pub async fn deliver_due(app: &App) -> store::Result<usize> {
    let mut attempts = 0;
    loop {
        let due = mails::list_due(&app.store.read(), app.now(), BATCH).await?;
        let attempt = |mail: Mail| async move {
            let id = mail.id;
            deliver(app, &mail).await.inspect_err(|error| tracing::warn!(mail = %id, %error, "mail not noted"))
        };
        let outcomes: Vec<_> = futures_util::stream::iter(due).map(attempt).buffer_unordered(CONCURRENT).collect().await;
        let noted = outcomes.iter().filter(|outcome| matches!(outcome, Ok(true))).count();
        attempts += noted;
        if noted == 0 || outcomes.iter().any(Result::is_err) {
            return Ok(attempts);
        }
    }
}

/// One attempt. `false`: another process has it.
async fn deliver(app: &App, mail: &Mail) -> store::Result<bool> {
    let lease_until = app.now().plus(app.config.mail.timeout.0.saturating_add(LEASE_MARGIN));
    let (id, before) = (mail.id, mail.attempts);
    let mine = app.store.write_one(move |conn| Box::pin(mails::redeem(conn, id, before, lease_until))).await?;
    if !mine {
        return Ok(false);
    }
    let content = Content::open(&app.sealer, mail);
    let kind = content.as_ref().map_or("unreadable", |content| content.message.kind());
    let span = tracing::trace_span!(target: SPANS, "mail", kind);
    let outcome = attempt(app, mail, content).instrument(span).await;
    if let Err(Failure::Again(Reason { text: error, .. }) | Failure::Final(Reason { text: error, .. })) = &outcome {
        tracing::warn!(mail = %id, kind = mail.kind, attempts = before.saturating_add(1), error, "mail not sent");
    }
    let verdict = verdict(outcome, mail, app.now());
    app.metrics.mail(kind, end(verdict.state));
    note(app, mail, &verdict).await?;
    Ok(true)
}

const fn end(state: MailState) -> MailEnd {
    match state {
        MailState::Sent => MailEnd::Sent,
        MailState::Pending => MailEnd::Delayed,
        MailState::Failed => MailEnd::Failed,
    }
}

async fn attempt(app: &App, mail: &Mail, content: Option<Content>) -> Result<(), Failure> {
    if app.now() >= mail.expires_at {
        return Err(Failure::Final(Reason::new("late", "too late to be of use")));
    }
    // Another replica may have the key, and this one soon: it is tried again until the mail is too late.
    let unreadable = || Failure::Again(Reason::new("sealed", "sealed under a key that is not here"));
    let content = content.ok_or_else(unreadable)?;
    let transport: &Transport = &app.mailer.transport;
    transport.send(&content.compose(app, mail.id)?).await.map(drop)
}

/// What is written after an attempt.
#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    state: MailState,
    next_attempt_at: Timestamp,
    error: Option<Reason>,
}

fn verdict(outcome: Result<(), Failure>, mail: &Mail, now: Timestamp) -> Verdict {
    let wait = usize::try_from(mail.attempts).ok().and_then(|attempts| BACK_OFF.get(attempts)).copied();
    let next = now.plus(wait.map_or(THEN, Duration::from_secs));
    match outcome {
        Ok(()) => Verdict { state: MailState::Sent, next_attempt_at: now, error: None },
        Err(Failure::Again(error)) if next < mail.expires_at => {
            Verdict { state: MailState::Pending, next_attempt_at: next, error: Some(shorten(error)) }
        }
        Err(Failure::Again(error) | Failure::Final(error)) => {
            Verdict { state: MailState::Failed, next_attempt_at: now, error: Some(shorten(error)) }
        }
    }
}

fn shorten(mut error: Reason) -> Reason {
    error.text.truncate(error.text.floor_char_boundary(MAX_ERROR));
    error
}

/// The row, and an event when it is given up.
async fn note(app: &App, mail: &Mail, verdict: &Verdict) -> store::Result<()> {
    let (attempt, now) = ((mail.id, mail.attempts.saturating_add(1)), app.now());
    let outcome =
        Outcome { state: verdict.state, next_attempt_at: verdict.next_attempt_at, error: verdict.error.clone().map(|error| error.text) };
    let event = event(mail, verdict);
    app.store
        .write(move |conn| {
            let (outcome, event) = (outcome.clone(), event.clone());
            Box::pin(async move {
                // The lease ran out, and another attempt is under way, or was noted: its word holds. Or the person is gone, with their mails.
                if !mails::update(conn, attempt, &outcome).await? {
                    return Ok(());
                }
                match &event {
                    Some(event) => audit::record(conn, event, now).await,
                    None => Ok(()),
                }
            })
        })
        .await
}

fn event(mail: &Mail, verdict: &Verdict) -> Option<Event> {
    if verdict.state != MailState::Failed {
        return None;
    }
    let event = Event::new(Kind::MailFailed, &Origin::default())
        .detail("kind", mail.kind.as_str())
        .detail("attempts", mail.attempts.saturating_add(1))
        .detail("error", verdict.error.as_ref().map_or("", |error| error.kind.as_str()));
    Some(match mail.user_id {
        Some(user_id) => event.user(user_id),
        None => event,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret;

    const NOW: Timestamp = Timestamp::from_secs(1_000_000);

    fn mail(attempts: i32, useful: Duration) -> Mail {
        Mail {
            id: secret::id(NOW),
            user_id: None,
            kind: "one_time_code".to_owned(),
            content: Vec::new(),
            state: MailState::Pending,
            attempts,
            next_attempt_at: NOW,
            last_error: None,
            created_at: NOW,
            expires_at: NOW.plus(useful),
        }
    }

    fn again() -> Result<(), Failure> {
        Err(Failure::Again(Reason::new("connection", "nobody there")))
    }

    #[test]
    fn failed_attempts_are_made_again_ever_later_until_a_day_is_over() {
        let day = mail(0, Duration::from_hours(24));
        let (mut now, mut waits) = (NOW, Vec::new());
        loop {
            let attempts = i32::try_from(waits.len()).unwrap();
            let verdict = verdict(again(), &Mail { attempts, ..day.clone() }, now);
            if verdict.state == MailState::Failed {
                break;
            }
            waits.push(verdict.next_attempt_at.since(now).as_secs());
            now = verdict.next_attempt_at;
        }
        assert_eq!(waits[..6], [10, 60, 300, 900, 3600, 3600]);
        assert!(now < day.expires_at && now.since(NOW) > Duration::from_hours(23));
    }

    #[test]
    fn what_is_of_no_use_soon_is_given_up_soon() {
        let code = |attempts| mail(attempts, Duration::from_mins(10));
        assert_eq!(verdict(again(), &code(2), NOW.plus(Duration::from_secs(70))).state, MailState::Pending);
        assert_eq!(verdict(again(), &code(3), NOW.plus(Duration::from_secs(370))).state, MailState::Failed);
    }

    #[test]
    fn success_and_refusals_are_final_and_only_what_is_given_up_is_an_event() {
        let mail = mail(0, Duration::from_hours(1));
        let sent = verdict(Ok(()), &mail, NOW);
        assert_eq!((sent.state, sent.error.as_ref()), (MailState::Sent, None));
        assert!(event(&mail, &sent).is_none());
        assert!(event(&mail, &verdict(again(), &mail, NOW)).is_none());
        let refused = verdict(Err(Failure::Final(Reason::new("smtp 550", "550 <ana@example.com>: nobody of that name"))), &mail, NOW);
        assert_eq!(refused.state, MailState::Failed);
        let event = event(&mail, &refused).unwrap();
        assert_eq!((event.kind, event.detail.get("attempts")), (Kind::MailFailed, Some(&1.into())));
        assert_eq!(event.detail.get("error"), Some(&"smtp 550".into()), "no address, which the event would outlive");
    }
}
