//! The six digits, typed in the browser that asked.

use uuid::Uuid;

use super::{CODE_TRIES, code_message};
use crate::app::App;
use crate::clock::Timestamp;
use crate::config::Quota;
use crate::secret::Purpose;
use crate::store::buckets::{self, Take};
use crate::store::password_resets::{self, Reset};
use crate::store::{self, Conn};

/// Why a code opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeError {
    /// Not six digits: nothing was counted.
    Malformed,
    Wrong,
    /// Too many tries, too late, or a newer mail was sent.
    Spent,
}

/// Whether these are the digits that were mailed for this attempt. The try is counted before anything is compared, by the attempt and by the
/// account; for an account that is nobody's the same statements run, and no code is right.
///
/// # Errors
/// The store's.
pub async fn verify_code(app: &App, account: Uuid, attempt: Uuid, typed: &str) -> store::Result<Result<(), CodeError>> {
    let Some(code) = digits(typed) else { return Ok(Err(CodeError::Malformed)) };
    let (quota, now) = (app.config.recovery.codes_per_account, app.now());
    let counted = app.store.write(move |conn| Box::pin(counted(conn, account, attempt, quota, now))).await?;
    let Some(reset) = counted else { return Ok(Err(CodeError::Spent)) };
    let right = app.sealer.verify_mac(Purpose::MailLink, &code_message(account, attempt, &code), &reset.code_mac);
    Ok(if right { Ok(()) } else { Err(CodeError::Wrong) })
}

/// The reset, if there was a try left.
async fn counted(conn: &Conn<'_>, account: Uuid, attempt: Uuid, quota: Quota, now: Timestamp) -> store::Result<Option<Reset>> {
    if let Take::Wait(_) = buckets::take(conn, &format!("password-reset-code:{account}"), quota, now).await? {
        return Ok(None);
    }
    if !password_resets::redeem_try(conn, account, attempt, CODE_TRIES, now).await? {
        return Ok(None);
    }
    password_resets::find(conn, account).await
}

/// People paste codes with spaces and dashes, and type them on keyboards with digits of their own.
pub(in crate::account) fn digits(typed: &str) -> Option<String> {
    let mut code = String::with_capacity(6);
    for c in typed.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{2010}'..='\u{2015}')) {
        if code.len() == 6 {
            return None;
        }
        code.push(ascii_digit(c)?);
    }
    (code.len() == 6).then_some(code)
}

fn ascii_digit(c: char) -> Option<char> {
    let zero = ['0', '\u{660}', '\u{6f0}', '\u{966}', '\u{ff10}'].into_iter().find(|zero| (*zero..=nine_after(*zero)).contains(&c))?;
    char::from_digit(u32::from(c) - u32::from(zero), 10)
}

fn nine_after(zero: char) -> char {
    char::from_u32(u32::from(zero) + 9).unwrap_or(zero)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_people_write_them() {
        for typed in ["123456", " 123 456 ", "123-456", "１２３４５６", "١٢٣٤٥٦", "12\u{a0}34–56"] {
            assert_eq!(digits(typed).as_deref(), Some("123456"), "{typed}");
        }
        for typed in ["", "12345", "1234567", "12345a", "½23456", "123456 1"] {
            assert_eq!(digits(typed), None, "{typed}");
        }
    }
}
