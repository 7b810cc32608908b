//! What happened to others does not happen here: a scenario for each published advisory of a peer whose root cause could be ours. The functions are named
//! by the advisories' numbers; `docs/security/advisories.md` says what each was, and why the others do not apply.

mod account;
mod disabled;
mod flows;
mod guessing;
mod input;
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

/// What the checklist and the threat model name is there.
#[test]
fn the_documents_name_files_that_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for document in ["asvs.md", "threat-model.md"] {
        let text = std::fs::read_to_string(root.join("docs/security").join(document)).unwrap();
        for word in text.split('`').skip(1).step_by(2) {
            let is_path =
                ["suite/", "tests/", "src/", "docs/", "keys/"].iter().any(|start| word.starts_with(start)) && !word.ends_with('…');
            let path = if word.starts_with("suite/") { root.join("tests").join(word) } else { root.join(word) };
            assert!(!is_path || path.exists(), "docs/security/{document}: {word} is not there");
        }
    }
}
