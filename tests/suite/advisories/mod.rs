//! What happened to others does not happen here: a scenario for each published advisory of a peer whose root cause could be ours. The functions are named
//! by the advisories' numbers; `docs/security/advisories.md` says what each was, and why the others do not apply.

mod account;
mod assertions;
mod disabled;
mod flows;
mod guessing;
mod http2;
mod input;
mod outside;
mod redirects;
mod tokens;

use std::collections::BTreeSet;
use std::path::Path;

/// The table names each of these tests, and no test that is not there.
#[test]
fn the_table_of_advisories_is_true() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tests = BTreeSet::new();
    for entry in std::fs::read_dir(root.join("tests/suite/advisories")).unwrap() {
        let path = entry.unwrap().path();
        let (file, text) = (path.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(&path).unwrap());
        let names = text.split("fn ").skip(1).filter_map(|rest| rest.split('(').next());
        tests.extend(names.filter(|name| name.starts_with("cve_") || name.starts_with("ghsa_")).map(|name| format!("{file}::{name}")));
    }
    let table = std::fs::read_to_string(root.join("docs/security/advisories.md")).unwrap();
    let named = table.split('`').filter(|word| word.contains("::cve_") || word.contains("::ghsa_"));
    let named: BTreeSet<String> = named.map(|word| word.trim_start_matches("advisories::").to_owned()).collect();
    assert!(tests.len() > 40, "{}", tests.len());
    assert_eq!(named, tests, "docs/security/advisories.md and tests/suite/advisories");
}

/// What the checklist and the threat model name is there: files, and in them the tests that are named after two colons.
#[test]
fn the_documents_name_files_and_tests_that_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut named = 0;
    for document in ["asvs.md", "threat-model.md"] {
        let whole = std::fs::read_to_string(root.join("docs/security").join(document)).unwrap();
        for word in whole.split('`').skip(1).step_by(2) {
            let is_path =
                ["suite/", "tests/", "src/", "docs/", "keys/"].iter().any(|start| word.starts_with(start)) && !word.ends_with('…');
            let (file, test) = word.split_once("::").map_or((word, None), |(file, test)| (file, Some(test)));
            let path = if file.starts_with("suite/") { root.join("tests").join(file) } else { root.join(file) };
            assert!(!is_path || path.exists(), "docs/security/{document}: {file} is not there");
            let Some(test) = test.filter(|_| is_path) else { continue };
            let source = std::fs::read_to_string(&path).unwrap();
            let (before, _) =
                source.split_once(&format!("fn {test}(")).unwrap_or_else(|| panic!("docs/security/{document}: {file} has no {test}"));
            let attributes = before.rsplit("\n\n").next().unwrap();
            assert!(attributes.contains("test") || source.contains("proptest!"), "docs/security/{document}: {word} is no test");
            named += 1;
        }
    }
    assert!(named > 80, "{named}");
}

/// Whether a cell names a test (that it is there, the test above looks), or a reason why there is nothing to try.
fn shows(cell: &str) -> bool {
    let mut named = cell.split('`').skip(1).step_by(2).filter_map(|word| word.split_once("::"));
    let is_test = |(file, test): (&str, &str)| {
        let is_path = ["suite/", "tests/", "src/"].iter().any(|start| file.starts_with(start))
            && Path::new(file).extension().is_some_and(|found| found == "rs");
        is_path && !test.is_empty()
    };
    named.any(is_test) || cell.split_once("by design: ").is_some_and(|(_, reason)| reason.len() > 20)
}

/// Nothing is said to be met without a test that shows it, or without saying why none could; and nothing is "being built".
#[test]
fn what_is_met_is_shown() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("docs/security/asvs.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| ") && line.as_bytes().get(2).is_some_and(u8::is_ascii_digit));
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        assert_eq!(cells.len(), 4, "{row}");
        assert!(["met", "met in part", "operator", "–"].contains(&cells[2]) || cells[2].starts_with("not met"), "{row}");
        assert!(!cells[3].is_empty() && !cells[3].contains("being built"), "{row}");
        assert!(!cells[2].starts_with("met") || shows(cells[3]), "a test (`file::name`), or \"by design:\" and why: {row}");
    }
}
