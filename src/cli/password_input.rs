//! Where a new password comes from. Never an argument: those are in the process list and the shell's history.

use std::io::Read;

use clap::Args;

use super::failure::Failure;
use crate::account::password::{Context, Passwords, check};
use crate::config::Config;
use crate::secret::{Secret, random_token};

#[derive(Debug, Default, Args)]
#[group(multiple = false)]
pub(super) struct PasswordInput {
    /// Read the password from standard input; one trailing newline is cut.
    #[arg(long)]
    pub password_stdin: bool,
    /// Make a password and show it once.
    #[arg(long)]
    pub generate_password: bool,
}

/// A new password: its hash, and the password itself when it was made here and must be shown.
pub(super) struct NewPassword {
    pub hash: String,
    pub shown: Option<Secret<String>>,
}

impl PasswordInput {
    /// `None` when neither flag is given.
    pub(super) async fn resolve(&self, config: &Config, input: impl Read) -> Result<Option<NewPassword>, Failure> {
        let password = match (self.password_stdin, self.generate_password) {
            (true, _) => read(input)?,
            (_, true) => Secret::new(random_token()),
            _ => return Ok(None),
        };
        check(password.expose(), &Context::of_service(config)).map_err(|problem| Failure::new(format!("The password needs {problem}.")))?;
        let hash = Passwords::start(&config.password).hash(password.clone()).await?;
        Ok(Some(NewPassword { hash, shown: self.generate_password.then_some(password) }))
    }
}

fn read(mut input: impl Read) -> Result<Secret<String>, Failure> {
    let mut text = String::new();
    input.read_to_string(&mut text).map_err(|error| Failure::new(format!("Standard input cannot be read: {error}.")))?;
    let password = text.strip_suffix('\n').unwrap_or(&text);
    Ok(Secret::new(password.strip_suffix('\r').unwrap_or(password).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_trailing_newline_is_no_part_of_the_password() {
        assert_eq!(read("correct horse\n".as_bytes()).unwrap().expose(), "correct horse");
        assert_eq!(read(" spaces stay \r\n".as_bytes()).unwrap().expose(), " spaces stay ");
        assert_eq!(read("a\n\n".as_bytes()).unwrap().expose(), "a\n");
    }

    #[tokio::test]
    async fn without_a_flag_there_is_no_password() {
        assert!(PasswordInput::default().resolve(&Config::default(), std::io::empty()).await.unwrap().is_none());
    }
}
