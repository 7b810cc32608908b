use super::*;

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).unwrap();
    }

    fn read(&self) -> Directory {
        Directory::read(self.0.path(), &Config::default()).unwrap()
    }
}

const CLIENT: &str = "[[clients]]\nclient_id = \"a\"\nclient_secret_file = \"secret\"\nredirect_uris = [\"http://localhost:8081/cb\"]\n";

#[test]
fn what_says_nothing_is_lost_and_not_empty() {
    let place = Place::new();
    let read = |path: &Path| Directory::read(path, &Config::default());
    assert!(matches!(read(place.0.path()), Err(Lost::Empty(_))));
    place.write("notes.txt", "");
    place.write(".hidden.toml", "# nothing");
    assert!(matches!(read(place.0.path()), Err(Lost::Empty(_))));
    assert!(matches!(read(&place.0.path().join("none")), Err(Lost::Unreadable(..))));
    place.write("a.toml", "# nothing yet\n");
    assert!(place.read().files[0].outcome.is_ok());
    place.write("a.toml", " \n");
    assert!(place.read().files[0].outcome.as_ref().unwrap_err()[0].to_string().contains("a.toml: empty"));
}

#[test]
fn one_broken_document_leaves_the_others() {
    let place = Place::new();
    place.write("a.toml", "[[organizations]]\nid = \"acme\"\nname = \"Acme\"\n");
    place.write("b.toml", "[[organizations]]\nid = \"bolt\"\nname = \"Bolt\"\n[[organizations]]\nid = \"core\"\nnaem = \"Core\"\n");
    let directory = place.read();
    let (document, sources) = directory.joined();
    assert_eq!(document.organizations.len(), 1);
    assert_eq!(sources, [(Key::organization("acme"), "a.toml".to_owned())]);
    let (file, problems) = directory.broken().next().unwrap();
    assert_eq!(file.name, "b.toml");
    assert!(problems.iter().any(|problem| problem.to_string().contains("b.toml:6): no such member")), "{problems:?}");
}

#[test]
fn a_secret_that_is_not_there_makes_its_client_wait_and_nothing_else() {
    let place = Place::new();
    place.write("a.toml", &format!("{CLIENT}[[clients]]\nclient_id = \"b\"\ntoken_endpoint_auth_method = \"none\"\nredirect_uris = [\"http://localhost:8081/cb\"]\n"));
    let without = place.read();
    let document = without.files[0].outcome.as_ref().unwrap();
    assert!(document.clients[0].waits.as_ref().unwrap().to_string().contains("a.toml:3)"), "{:?}", document.clients[0].waits);
    assert!(document.clients[1].waits.is_none());
    place.write("secret", "");
    assert!(place.read().files[0].outcome.as_ref().unwrap().clients[0].waits.as_ref().unwrap().what.contains("empty"));
    place.write("secret", "a-random-secret-from-a-mounted-file\n");
    let with = place.read();
    assert!(with.files[0].outcome.as_ref().unwrap().clients[0].waits.is_none());
    assert_ne!(with.digest, without.digest);
    place.write("secret", "another-random-secret-of-a-mounted-file\n");
    assert_ne!(place.read().digest, with.digest);
}

#[test]
fn a_digest_is_that_of_what_is_declared_and_not_of_passwords() {
    let place = Place::new();
    let user = |password: &str| format!("[[users]]\nemail = \"a@b.example\"\npassword = \"{password}\"\n");
    place.write("a.toml", &user("one"));
    let first = place.read().digest;
    place.write("a.toml", &format!("# the same\n{}", user("two")));
    assert_eq!(place.read().digest, first);
    place.write("a.toml", &format!("{}name = \"Ana\"\n", user("one")));
    assert_ne!(place.read().digest, first);
    place.write("a.toml", &format!("{}[[usres]]\n", user("one")));
    let broken = place.read().digest;
    assert_ne!(broken, first);
    assert_eq!(place.read().digest, broken);
}

#[cfg(unix)]
#[test]
fn a_mount_of_kubernetes_is_read_through_its_links() {
    let place = Place::new();
    for (version, name) in [("..1", "Acme"), ("..2", "Acme Limited")] {
        std::fs::create_dir(place.0.path().join(version)).unwrap();
        place.write(&format!("{version}/a.toml"), &format!("[[organizations]]\nid = \"acme\"\nname = \"{name}\"\n"));
    }
    let link = |to: &str| {
        std::os::unix::fs::symlink(to, place.0.path().join("..tmp")).unwrap();
        std::fs::rename(place.0.path().join("..tmp"), place.0.path().join("..data")).unwrap();
    };
    link("..1");
    std::os::unix::fs::symlink("..data/a.toml", place.0.path().join("a.toml")).unwrap();
    let first = place.read();
    link("..2");
    let second = place.read();
    assert_eq!(second.joined().0.organizations[0].name, "Acme Limited");
    assert_ne!(first.digest, second.digest);
}
