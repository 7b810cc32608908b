//! Reading an export back, and verifying it without any database.

use std::io::{self, BufRead};

use super::record::{Line, SealedEvent, salt, unhex};
use super::verify::{Head, Report, Verifier};
use crate::clock::Timestamp;
use crate::store::audit_chain::Batch;

/// Bytes in a line: an event's details are bounded far below.
const LONGEST_LINE: usize = 256 * 1024;

/// Verifies an export.
///
/// # Errors
/// When it cannot be read. A line that is none of an export is a finding.
pub fn verify(input: &mut dyn BufRead, expected: Option<Head>) -> io::Result<Report> {
    let mut reader = Reader { verifier: Verifier::new(expected), open: None, ended: false, events: 0 };
    let mut text = Vec::new();
    for number in 1_u64.. {
        text.clear();
        let read = io::Read::take(&mut *input, LONGEST_LINE as u64).read_until(b'\n', &mut text)?;
        if read == 0 {
            break;
        }
        match serde_json::from_slice(text.trim_ascii_end()).ok().map(|line| reader.take(line)) {
            Some(Some(())) => {}
            Some(None) | None => reader.verifier.finding(format!("line {number} is not a line of an export, or stands where it cannot")),
        }
    }
    reader.close();
    if !reader.ended {
        reader.verifier.finding("the export has no last line: it was cut short".to_owned());
    }
    Ok(reader.verifier.finish())
}

struct Reader {
    verifier: Verifier,
    /// The batch whose events are being read.
    open: Option<(Batch, Vec<SealedEvent>)>,
    ended: bool,
    events: u64,
}

impl Reader {
    /// `None`: not here.
    fn take(&mut self, line: Line) -> Option<()> {
        if self.ended {
            return None;
        }
        match line {
            Line::Key { kid, jwk } => self.verifier.key(&kid, &jwk),
            Line::Checkpoint { batch: number, first, last, newest_at, previous, hash, sealed_at, removed_at, jws } => {
                let batch = Batch {
                    number,
                    first,
                    last,
                    newest_at: Timestamp::from_millis(newest_at),
                    previous: unhex(&previous)?,
                    hash: unhex(&hash)?,
                    checkpoint: jws,
                    sealed_at: Timestamp::from_millis(sealed_at),
                    removed_at: removed_at.map(Timestamp::from_millis),
                };
                self.close();
                self.open = Some((batch, Vec::new()));
            }
            Line::Event { sequence, salt: salted, personal, leaf, event } => {
                let salt = match salted {
                    Some(text) => Some(salt(&text)?),
                    None => None,
                };
                let sealed = SealedEvent { sequence, salt, personal: unhex(&personal)?, leaf: unhex(&leaf)?, event: event.into() };
                let (batch, events) = self.open.as_mut()?;
                // A batch claims its own size: more cannot be held back.
                if i64::try_from(events.len()).ok()? > batch.last.saturating_sub(batch.first) {
                    return None;
                }
                events.push(sealed);
                self.events += 1;
            }
            Line::Waiting { event } => {
                self.close();
                self.verifier.waiting(&event.into());
                self.events += 1;
            }
            Line::End { events } => {
                self.close();
                self.ended = true;
                if events != self.events {
                    self.verifier.finding(format!("the export had {events} events when it was written and has {} now", self.events));
                }
            }
        }
        Some(())
    }

    fn close(&mut self) {
        if let Some((batch, events)) = self.open.take() {
            self.verifier.batch(&batch, &events);
        }
    }
}
