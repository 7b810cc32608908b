//! Looking at documents without a database: for whoever is about to mount them.

use std::path::{Path, PathBuf};

use super::document::read_one;
use super::{Directory, Document, Key};
use crate::config::{Config, Problem, StartupError};

/// What documents without a mistake declare.
#[derive(Debug)]
pub struct Checked {
    pub objects: Vec<Key>,
    /// What is not here and may be where the service runs: secrets in files, organisations that no document declares.
    pub waits: Vec<Problem>,
}

/// Reads and checks files, and directories of documents as the service takes them.
///
/// # Errors
/// Every mistake in every document, with file and line; a directory that says nothing at all.
pub fn check(paths: &[PathBuf], config: &Config) -> Result<Checked, StartupError> {
    let (mut document, mut problems) = (Document::default(), Vec::new());
    for path in paths {
        let (found, wrong) = if path.is_dir() { of_directory(path, config) } else { read_one(path, config) };
        document.join(found);
        problems.extend(wrong);
    }
    problems.extend(document.duplicates().into_iter().map(|(_, problem)| problem));
    if !problems.is_empty() {
        return Err(problems.into());
    }
    let waits = waiting(&document);
    Ok(Checked { objects: document.keys().into_iter().map(|(key, _)| key).collect(), waits })
}

fn of_directory(path: &Path, config: &Config) -> (Document, Vec<Problem>) {
    match Directory::read(path, config) {
        Ok(directory) => {
            let problems = directory.broken().flat_map(|(_, problems)| problems.clone()).collect();
            (directory.joined().0, problems)
        }
        Err(lost) => {
            let change = "The service would change nothing, and wait for documents.".to_owned();
            (Document::default(), vec![Problem { what: lost.to_string(), change, ..Problem::default() }])
        }
    }
}

fn waiting(document: &Document) -> Vec<Problem> {
    let secrets = document.clients.iter().filter_map(|client| client.waits.clone());
    let passwords = document.users.iter().filter_map(|user| user.waits.clone());
    let memberships = document.users.iter().filter_map(|user| Some((user, user.memberships.as_ref()?)));
    let strangers = memberships.flat_map(|(user, memberships)| {
        let unknown = memberships.of.keys().filter(|id| !document.organizations.iter().any(|organization| organization.id == **id));
        unknown.map(|id| Problem {
            key: Some(format!("users[{}].organizations", user.email)),
            source: Some(memberships.source.clone()),
            what: format!("no document here declares {id:?}"),
            change: "It has to be there already.".to_owned(),
            ..Problem::default()
        })
    });
    secrets.chain(passwords).chain(strangers).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICKETS: &str = "[[clients]]\nclient_id = \"tickets\"\nredirect_uris = [\"https://tickets.example.com/cb\"]\nclient_secret_file = \"/nowhere/secret\"\n";

    fn config() -> Config {
        let mut config = Config::default();
        config.server.public_url = Some("https://id.example.com".parse().unwrap());
        config
    }

    fn checked(documents: &[(&str, &str)]) -> Result<Checked, String> {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in documents {
            std::fs::write(directory.path().join(name), text).unwrap();
        }
        check(&[directory.path().to_owned()], &config()).map_err(|problems| problems.to_string())
    }

    #[test]
    fn a_secret_that_is_mounted_elsewhere_is_no_mistake() {
        let found =
            checked(&[("a.toml", TICKETS), ("b.toml", "[[users]]\nemail = \"a@example.com\"\norganizations = [\"acme\"]\n")]).unwrap();
        assert_eq!(found.objects, [Key::client("tickets"), Key::user("a@example.com")]);
        let waits: Vec<String> = found.waits.iter().map(ToString::to_string).collect();
        assert!(waits[0].contains("clients[tickets].client_secret_file") && waits[0].contains("a.toml:4"), "{waits:?}");
        assert!(waits[1].contains("users[a@example.com].organizations") && waits[1].contains("\"acme\""), "{waits:?}");
        assert_eq!(waits.len(), 2);
        let acme = "[[organizations]]\nid = \"acme\"\nname = \"Acme\"\n[[users]]\nemail = \"a@example.com\"\norganizations = [\"acme\"]\n";
        assert!(checked(&[("a.toml", acme)]).unwrap().waits.is_empty());
    }

    #[test]
    fn every_mistake_of_every_document_is_named_with_its_line() {
        let wrong = checked(&[("a.toml", TICKETS), ("b.toml", TICKETS), ("c.toml", "\n[[client]]\n"), ("d.toml", "a = "), ("e.toml", "")])
            .unwrap_err();
        for expected in
            ["c.toml:2", "Did you mean `clients`?", "d.toml:1", "not TOML", "e.toml: empty", "declared twice, first at", "b.toml:1"]
        {
            assert!(wrong.contains(expected), "{expected}: {wrong}");
        }
    }

    #[test]
    fn the_rules_are_those_of_the_public_url() {
        let chosen = "[[clients]]\nclient_id = \"a\"\nredirect_uris = [\"https://a.example.com/cb\"]\nclient_secret = \"hunter2\"\n";
        let wrong = checked(&[("a.toml", chosen)]).unwrap_err();
        assert!(
            wrong.contains("clients[a].client_secret") && wrong.contains("secrets chosen by people") && !wrong.contains("hunter2"),
            "{wrong}"
        );
    }

    #[test]
    fn a_directory_without_documents_and_a_name_of_nothing_are_mistakes() {
        assert!(checked(&[("a.yaml", "")]).unwrap_err().contains("no document (*.toml)"));
        assert!(check(&["/nowhere".into()], &config()).unwrap_err().to_string().contains("/nowhere: cannot be read"));
    }
}
