//! A new password, typed twice.

use super::password::{Unacceptable, check_new};
use crate::config;
use crate::secret::Secret;
use crate::web::Params;
use crate::web::pages::views::recovery::PasswordError;

/// The fields `new_password` and `new_password_confirmation`.
#[derive(Debug)]
pub struct NewPassword {
    password: Secret<String>,
    confirmation: Secret<String>,
}

impl NewPassword {
    #[must_use]
    pub fn read(posted: &Params) -> Self {
        let text = |name: &str| Secret::new(posted.get(name).unwrap_or_default().to_owned());
        Self { password: text("new_password"), confirmation: text("new_password_confirmation") }
    }

    /// The password, if it may be one and was typed twice the same.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(self, config: &config::Password) -> Result<Secret<String>, PasswordError> {
        match check_new(self.password.expose(), config) {
            Ok(()) if self.password.expose() != self.confirmation.expose() => Err(PasswordError::Mismatch),
            Ok(()) => Ok(self.password),
            Err(Unacceptable::TooShort { typed: 0, .. }) => Err(PasswordError::Missing),
            Err(Unacceptable::TooShort { min, typed }) => Err(PasswordError::TooShort { min, typed }),
            // No keyboard types a NUL: there is no text of its own for it.
            Err(Unacceptable::TooLong | Unacceptable::Nul) => Err(PasswordError::TooLong),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(password: &str, confirmation: &str) -> Result<String, PasswordError> {
        let form = NewPassword { password: Secret::new(password.to_owned()), confirmation: Secret::new(confirmation.to_owned()) };
        form.check(&config::Password::default()).map(|password| password.expose().clone())
    }

    #[test]
    fn a_password_typed_twice_is_taken_and_anything_else_is_told() {
        let good = "correct horse battery staple";
        assert_eq!(check(good, good).as_deref(), Ok(good));
        assert_eq!(check(good, "correct horse"), Err(PasswordError::Mismatch));
        assert_eq!(check("short", "short"), Err(PasswordError::TooShort { min: 15, typed: 5 }));
        assert_eq!(check("", ""), Err(PasswordError::Missing));
        assert_eq!(check(&"a".repeat(129), ""), Err(PasswordError::TooLong));
    }
}
