//! A new password, typed twice.

use super::password::{Context, check_new};
use crate::app::App;
use crate::secret::Secret;
use crate::web::Params;
use crate::web::pages::views::password::PasswordProblem;
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
    pub async fn check(self, app: &App, context: &Context) -> Result<Secret<String>, PasswordError> {
        check_new(app, &self.password, context).await.map_err(PasswordProblem::from)?;
        if self.password.expose() == self.confirmation.expose() { Ok(self.password) } else { Err(PasswordError::Mismatch) }
    }
}
