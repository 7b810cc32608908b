//! Reading an import file: CSV with a header line, or JSON lines.

use super::record::{Line, Raw};

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// RFC 4180, the first line names the columns.
    Csv,
    /// One JSON object per line.
    Jsonl,
}

impl Format {
    /// What the name of a file says.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let extension = name.rsplit('.').next()?;
        match extension.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" | "json" => Some(Self::Jsonl),
            _ => None,
        }
    }
}

/// Every line with a person, whatever became of it.
///
/// # Errors
/// A CSV file whose header cannot be used.
pub fn read(format: Format, text: &str) -> Result<Vec<Line>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match format {
        Format::Csv => read_csv(text),
        Format::Jsonl => Ok(read_json_lines(text)),
    }
}

const COLUMNS: [&str; 12] = [
    "email",
    "email_verified",
    "enabled",
    "name",
    "given_name",
    "family_name",
    "preferred_username",
    "locale",
    "zoneinfo",
    "phone_number",
    "password_hash",
    "totp_secret",
];

fn read_csv(text: &str) -> Result<Vec<Line>, String> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::Headers).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| format!("the header cannot be read: {error}"))?.clone();
    if let Some(unknown) = header.iter().find(|name| !COLUMNS.contains(name)) {
        return Err(format!("unknown column {unknown:?}; the columns are {}", COLUMNS.join(", ")));
    }
    if !header.iter().any(|name| name == "email") {
        return Err("there is no column email".to_owned());
    }
    let lines = reader.records().map(|record| {
        // A line that cannot be split has no number of its own; the error says where it is.
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                return Line {
                    number: error.position().map_or(0, csv::Position::line),
                    email: String::new(),
                    outcome: Err(csv_fault(&error)),
                };
            }
        };
        let number = record.position().map_or(0, csv::Position::line);
        let raw: Result<Raw, String> = record.deserialize(Some(&header)).map_err(|error| csv_fault(&error));
        line(number, raw)
    });
    Ok(lines.collect())
}

/// Without the value: it may be a secret.
fn csv_fault(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => format!("has {len} columns instead of {expected_len}"),
        csv::ErrorKind::Deserialize { err, .. } => {
            match err.field().and_then(|field| COLUMNS.get(usize::try_from(field).unwrap_or(usize::MAX))) {
                Some(_) => {
                    format!("column {} cannot be read (email_verified and enabled are true or false)", err.field().unwrap_or_default() + 1)
                }
                None => "cannot be read".to_owned(),
            }
        }
        _ => "cannot be read as CSV in UTF-8".to_owned(),
    }
}

fn read_json_lines(text: &str) -> Vec<Line> {
    let numbered = text.lines().zip(1_u64..).filter(|(text, _)| !text.trim().is_empty());
    numbered.map(|(text, number)| line(number, serde_json::from_str(text).map_err(|error| json_fault(&error)))).collect()
}

/// Where, and of which kind; the parser's own words may quote the value.
fn json_fault(error: &serde_json::Error) -> String {
    match error.classify() {
        serde_json::error::Category::Data => {
            format!("a member is unknown or of the wrong type, before column {} (members: {})", error.column(), COLUMNS.join(", "))
        }
        _ => format!("not a JSON object, at column {}", error.column()),
    }
}

fn line(number: u64, raw: Result<Raw, String>) -> Line {
    match raw {
        Ok(raw) => Line { number, email: raw.email.clone(), outcome: raw.check() },
        Err(fault) => Line { number, email: String::new(), outcome: Err(fault) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BCRYPT: &str = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";

    fn refusal(line: &Line) -> &str {
        line.outcome.as_ref().unwrap_err()
    }

    #[test]
    fn csv_and_json_lines_say_the_same() {
        let csv = format!("email,name,email_verified,password_hash\n Ana@Example.com,\"Lima, Ana\",true,{BCRYPT}\n");
        let json =
            format!("\n{{\"email\":\"ana@example.com\",\"name\":\"Lima, Ana\",\"email_verified\":true,\"password_hash\":\"{BCRYPT}\"}}\n");
        for (format, text, number) in [(Format::Csv, csv, 2), (Format::Jsonl, json, 2)] {
            let lines = read(format, &text).unwrap();
            assert_eq!((lines.len(), lines[0].number), (1, number));
            let record = lines[0].outcome.as_ref().unwrap();
            assert_eq!((record.email.as_str(), record.email_verified, record.enabled), ("ana@example.com", true, true));
            assert_eq!(record.profile.name.as_deref(), Some("Lima, Ana"));
            assert_eq!(record.password_hash.as_deref(), Some(BCRYPT));
        }
    }

    #[test]
    fn a_header_that_names_something_else_is_refused() {
        assert!(read(Format::Csv, "email,admin\na@b.example,true\n").unwrap_err().contains("\"admin\""));
        assert!(read(Format::Csv, "name\nAna\n").unwrap_err().contains("email"));
    }

    #[test]
    fn what_is_wrong_with_a_line_is_told_without_its_secrets() {
        let text = format!(
            "email,email_verified,password_hash,totp_secret\nana,true,,\nana@b.example,perhaps,,\nbob@b.example,true,plain-password,\n\
             eve@b.example,true,{BCRYPT},not*base32\nmia@b.example,true\n"
        );
        let lines = read(Format::Csv, &text).unwrap();
        let reasons: Vec<&str> = lines.iter().map(refusal).collect();
        assert!(reasons[0].starts_with("email:"), "{reasons:?}");
        assert!(reasons[1].contains("column 2"), "{reasons:?}");
        assert!(reasons[2].starts_with("password_hash:") && !reasons[2].contains("plain-password"), "{reasons:?}");
        assert!(reasons[3].starts_with("totp_secret:") && !reasons[3].contains("not*base32"), "{reasons:?}");
        assert!(reasons[4].contains("2 columns instead of 4"), "{reasons:?}");
        let lines = read(Format::Jsonl, "{\"email\":\"a@b.example\",\"pasword\":\"hunter2\"}\n{\"email\":1}\nnonsense hunter2").unwrap();
        assert!(lines.iter().all(|line| line.outcome.is_err() && !refusal(line).contains("hunter2")));
        assert_eq!(lines.iter().map(|line| line.number).collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn the_name_of_a_file_says_its_format() {
        assert_eq!(Format::of_name("people.CSV"), Some(Format::Csv));
        assert_eq!(Format::of_name("people.jsonl"), Some(Format::Jsonl));
        assert_eq!(Format::of_name("people"), None);
    }
}
