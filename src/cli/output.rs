//! What is printed: the only writer to standard output.

use std::process::ExitCode;

use serde::Serialize;

/// What a command has to say, for people and for programs.
#[derive(Debug)]
pub(super) struct Answer {
    pub text: String,
    pub json: serde_json::Value,
}

impl Answer {
    pub(super) fn new(text: impl Into<String>, json: &impl Serialize) -> Self {
        Self { text: text.into(), json: serde_json::to_value(json).unwrap_or_default() }
    }
}

#[expect(clippy::print_stdout, reason = "the answer of a command")]
pub(super) fn answer(answer: &Answer, json: bool) -> ExitCode {
    if json {
        println!("{:#}", answer.json);
    } else if !answer.text.is_empty() {
        println!("{}", answer.text.trim_end());
    }
    ExitCode::SUCCESS
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
