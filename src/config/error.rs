//! What stops the service from starting, in words for the operator.

use std::fmt;
use std::path::PathBuf;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    File {
        path: PathBuf,
        line: usize,
    },
    Environment {
        variable: String,
    },
    /// A mounted secret: the file that `variable` names.
    MountedFile {
        variable: String,
        path: PathBuf,
    },
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Environment { variable } => write!(f, "environment variable {variable}"),
            Self::MountedFile { variable, path } => write!(f, "{}, named by {variable}", path.display()),
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problem {
    /// The setting, `section.key`.
    pub key: Option<String>,
    /// Its value as given; `[secret]` when it is one.
    pub value: Option<String>,
    /// Where the value came from; `None`: nobody set it.
    pub source: Option<Source>,
    /// What is wrong: a clause without a full stop.
    pub what: String,
    /// What to change: a sentence.
    pub change: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(key) = &self.key {
            f.write_str(key)?;
        }
        if let Some(value) = &self.value {
            write!(f, " = {value}")?;
        }
        match (&self.source, &self.key) {
            (Some(source), Some(_)) => write!(f, " ({source}): ")?,
            (Some(source), None) => write!(f, "{source}: ")?,
            (None, Some(_)) => f.write_str(": ")?,
            (None, None) => {}
        }
        f.write_str(self.what.trim_end_matches('.'))?;
        f.write_str(".")?;
        if self.change.is_empty() { Ok(()) } else { write!(f, " {}", self.change) }
    }
}

/// Why the service does not start: one paragraph per problem, each with the setting, its value (secrets hidden), where that came
/// from and what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", paragraphs(.problems))]
pub struct StartupError {
    problems: Vec<Problem>,
}

impl StartupError {
    /// What is wrong (a clause) with a setting, `section.key`, or with a part of the service, such as `templates`. What to change is
    /// said with [`Self::remedy`] or in `what` itself.
    pub fn new(key: &str, what: impl Into<String>) -> Self {
        Self { problems: vec![Problem { key: Some(key.to_owned()), what: what.into(), ..Problem::default() }] }
    }

    /// The same with what to change: a sentence.
    #[must_use]
    pub fn remedy(mut self, change: &str) -> Self {
        for problem in &mut self.problems {
            change.clone_into(&mut problem.change);
        }
        self
    }

    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl From<Vec<Problem>> for StartupError {
    fn from(problems: Vec<Problem>) -> Self {
        Self { problems }
    }
}

fn paragraphs(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_key_value_source_and_remedy() {
        let problem = Problem {
            key: Some("server.listen".to_owned()),
            value: Some("\"localhost\"".to_owned()),
            source: Some(Source::File { path: "vestibule.toml".into(), line: 3 }),
            what: "no port".to_owned(),
            change: "Write 127.0.0.1:8080.".to_owned(),
        };
        assert_eq!(problem.to_string(), r#"server.listen = "localhost" (vestibule.toml:3): no port. Write 127.0.0.1:8080."#);
    }

    #[test]
    fn every_problem_has_its_own_paragraph() {
        let error = StartupError::from(vec![
            Problem { what: "one".to_owned(), change: "Change it.".to_owned(), ..Problem::default() },
            Problem { what: "two".to_owned(), change: "Change it.".to_owned(), ..Problem::default() },
        ]);
        assert_eq!(error.to_string(), "one. Change it.\ntwo. Change it.");
    }
}
