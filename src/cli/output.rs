//! What is printed: the only writer to standard output.

use std::process::ExitCode;

use serde::Serialize;

/// The exit code of `plan` when something would change.
const DRIFT: u8 = 2;

/// What a command has to say, for people and for programs.
#[derive(Debug)]
pub(super) struct Answer {
    pub text: String,
    pub json: serde_json::Value,
    /// What was looked at is not as it should be: said like any answer, with the exit code of a failure.
    pub bad: bool,
    /// Something would have to change: exit code 2, so that a script tells it from a failure.
    pub drift: bool,
}

impl Answer {
    pub(super) fn new(text: impl Into<String>, json: &impl Serialize) -> Self {
        Self { text: text.into(), json: serde_json::to_value(json).unwrap_or_default(), bad: false, drift: false }
    }

    pub(super) const fn drift(mut self, drift: bool) -> Self {
        self.drift = drift;
        self
    }

    /// Nothing more to say: the command has written its answer to standard output itself.
    pub(super) const fn said() -> Self {
        Self { text: String::new(), json: serde_json::Value::Null, bad: false, drift: false }
    }
}

#[expect(clippy::print_stdout, reason = "the answer of a command")]
pub(super) fn answer(answer: &Answer, json: bool) -> ExitCode {
    if json && !answer.json.is_null() {
        println!("{:#}", answer.json);
    } else if !json && !answer.text.is_empty() {
        println!("{}", answer.text.trim_end());
    }
    match (answer.bad, answer.drift) {
        (true, _) => ExitCode::FAILURE,
        (false, true) => ExitCode::from(DRIFT),
        (false, false) => ExitCode::SUCCESS,
    }
}

/// For answers too long to be held.
pub(super) fn stream() -> impl std::io::Write + Send {
    std::io::BufWriter::new(std::io::stdout())
}

#[expect(clippy::print_stderr, reason = "why a command failed")]
pub(super) fn failure(paragraph: &str) -> ExitCode {
    eprintln!("{}", paragraph.trim_end());
    ExitCode::FAILURE
}

/// Columns as wide as their widest cell, two spaces apart.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let head: Vec<String> = head.iter().map(|name| (*name).to_owned()).collect();
    let lines: Vec<&Vec<String>> = std::iter::once(&head).chain(rows).collect();
    let width = |column: usize| lines.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |row: &&Vec<String>| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_lines_up() {
        let text = table(&["id", "name"], &[vec!["long-id".to_owned(), "A".to_owned()]]);
        assert_eq!(text, "id       name\nlong-id  A");
    }
}
