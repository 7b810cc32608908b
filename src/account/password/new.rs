//! The check of a new password, wherever a person chooses one.

use super::breach;
use super::context::{Context, Source};
use super::policy::{Unacceptable, check};
use crate::app::App;
use crate::secret::Secret;
use crate::web::pages::views::password::PasswordProblem;

/// [`check`], and then whether it is known from a data leak, where the operator has configured somebody to ask.
///
/// # Errors
/// Why it is not acceptable.
pub async fn check_new(app: &App, password: &Secret<String>, context: &Context) -> Result<(), Unacceptable> {
    check(password.expose(), context)?;
    if breach::is_known(app, password).await { Err(Unacceptable::Leaked) } else { Ok(()) }
}

/// In the words of the pages.
impl From<Unacceptable> for PasswordProblem {
    fn from(problem: Unacceptable) -> Self {
        match problem {
            Unacceptable::TooShort { typed: 0, .. } => Self::Missing,
            Unacceptable::TooShort { min, typed } => Self::TooShort { min, typed },
            // No keyboard types a NUL: there is no text of its own for it.
            Unacceptable::TooLong | Unacceptable::Nul => Self::TooLong,
            Unacceptable::Common => Self::Common,
            Unacceptable::Leaked => Self::Leaked,
            Unacceptable::Contains(Source::Email) => Self::ContainsEmail,
            Unacceptable::Contains(Source::Name) => Self::ContainsName,
            Unacceptable::Contains(Source::Brand) => Self::ContainsBrand,
            Unacceptable::Repeated => Self::Repeated,
            Unacceptable::Sequence => Self::Sequence,
            Unacceptable::Weak(weakness) => Self::Weak { warning: weakness.warning, advice: weakness.advice },
        }
    }
}
