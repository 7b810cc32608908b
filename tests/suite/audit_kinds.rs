//! Typed events for everything: each kind is asserted by a test somewhere, or whoever takes its `record` away is not noticed.

use std::path::{Path, PathBuf};

fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// What of a file is test.
fn tests_in(root: &Path, path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let name = path.file_name().unwrap().to_string_lossy();
    if path.starts_with(root.join("tests")) || name == "tests.rs" || name.ends_with("_tests.rs") {
        return text;
    }
    text.split_once("\n#[cfg(test)]\nmod tests").map(|(_, tests)| tests.to_owned()).unwrap_or_default()
}

/// Every name of `audit::Kind` stands in a test.
#[test]
fn every_kind_of_event_is_asserted_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = sources(&root.join("src")).into_iter().chain(sources(&root.join("tests/suite")));
    let tests: String = files.map(|path| tests_in(root, &path)).collect();
    let definition = std::fs::read_to_string(root.join("src/audit/event.rs")).unwrap();
    let names: Vec<&str> = definition.lines().filter_map(|line| line.split_once("=> \"")?.1.strip_suffix("\",")).collect();
    assert!(names.len() > 70, "{names:?}");
    let silent: Vec<&str> = names.into_iter().filter(|name| !tests.contains(&format!("\"{name}\""))).collect();
    assert!(silent.is_empty(), "no test asserts {silent:?}");
}
