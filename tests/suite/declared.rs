//! A directory of declared state: brought about, kept to, and never taken for more than it says. docs/declared-state.md.

use std::time::Duration;

use vestibule::config::{Config, Removal};
use vestibule::declare::{Directory, Error, Keeping, Lost, Options, Outcome, Reconciler, Turn};
use vestibule::secret::Digest;
use vestibule::store::clients::{self, Client};
use vestibule::store::declared_objects::{self, DeclaredObject, State};
use vestibule::store::{audit_events, organizations};

use crate::harness::{Credentials, TestApp, TokenRequest, seed};

const SECRET: &str = "vst_cs_of-the-mounted-file-0123456789abcdef";

/// The seed's own client, declared as it is needed.
const AUTOTALK: &str = "[[clients]]\nclient_id = \"autotalk\"\nclient_name = \"Autotalk\"\nfirst_party = true\n\
    redirect_uris = [\"https://autotalk.test/callback\"]\ngrant_types = [\"authorization_code\", \"refresh_token\"]\n";

const ACME: &str = "[[organizations]]\nid = \"acme\"\nname = \"Acme\"\n";

fn tickets(name: &str) -> String {
    format!(
        "[[clients]]\nclient_id = \"tickets\"\nclient_name = \"{name}\"\nclient_secret_file = \"tickets-secret\"\n\
         redirect_uris = [\"https://tickets.example/callback\"]\n"
    )
}

fn person(email: &str) -> String {
    format!("[[users]]\nemail = \"{email}\"\npassword = \"correct horse battery\"\n")
}

/// A directory, and the replica that keeps to it.
pub struct Replica<'a> {
    app: &'a TestApp,
    directory: tempfile::TempDir,
    pub removal: Removal,
    reconciler: Reconciler,
}

impl<'a> Replica<'a> {
    pub fn new(app: &'a TestApp) -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("tickets-secret"), SECRET).unwrap();
        Self { app, directory, removal: Removal::Disable, reconciler: Reconciler::default() }
    }

    pub fn write(&self, name: &str, text: &str) -> &Self {
        std::fs::write(self.directory.path().join(name), text).unwrap();
        self
    }

    pub fn path(&self) -> &std::path::Path {
        self.directory.path()
    }

    pub fn remove(&self, name: &str) {
        std::fs::remove_file(self.directory.path().join(name)).unwrap();
    }

    fn read(&self) -> Result<Directory, Lost> {
        Directory::read(self.directory.path(), &self.app.app.config.clone())
    }

    async fn try_look(&mut self) -> Result<Outcome, Error> {
        let directory = self.read().unwrap();
        let options = Options { now: self.app.now(), secret_overlap: Duration::ZERO };
        let (store, passwords) = (&self.app.app.store, &self.app.app.passwords);
        self.reconciler.pass(Keeping { store, passwords, removal: self.removal, options }, &directory).await
    }

    pub async fn look(&mut self) -> Outcome {
        self.app.seconds_pass(5);
        self.try_look().await.unwrap()
    }

    pub async fn states(&self) -> Vec<(String, State)> {
        rows(self.app).await.into_iter().map(|row| (format!("{} {}", row.kind, row.id), row.state)).collect()
    }
}

pub async fn rows(app: &TestApp) -> Vec<DeclaredObject> {
    declared_objects::list(&app.app.store.read()).await.unwrap()
}

pub async fn client(app: &TestApp, id: &str) -> Option<Client> {
    clients::find(&app.app.store.read(), id).await.unwrap()
}

pub fn ready(names: &[&str]) -> Vec<(String, State)> {
    names.iter().map(|name| ((*name).to_owned(), State::Ready)).collect()
}

/// KUBERNETES §9.21: a directory is brought about and a second look writes nothing.
#[tokio::test]
async fn a_directory_is_brought_about_and_a_second_look_writes_nothing() {
    let app = TestApp::start().await;
    let mut replica = Replica::new(&app);
    replica.write("a.toml", &format!("{}{}", tickets("Tickets"), person("dora@example.test"))).write("b.toml", ACME);
    let first = replica.look().await;
    assert_eq!((first.turn, first.changed.len()), (Turn::Begin, 3));
    assert_eq!(replica.states().await, ready(&["client tickets", "organization acme", "user dora@example.test"]));
    assert_eq!(client(&app, "tickets").await.unwrap().secrets[0].digest, Digest::of(SECRET.as_bytes()));
    let (writes, events, rows_before) = (app.app.store.statement_counts().1, app.audit().await, rows(&app).await);
    let updated = client(&app, "tickets").await.unwrap().updated_at;
    for _ in 0..3 {
        let again = replica.look().await;
        assert_eq!((again.turn, again.changed.len(), again.news.len()), (Turn::Keep, 0, 0));
    }
    // Nor does another replica that starts later.
    let second = app.replica().await;
    let before = second.app.store.statement_counts().1;
    let mut other = Replica { directory: tempfile::tempdir().unwrap(), ..Replica::new(&second) };
    other.directory = copy(&replica.directory);
    assert_eq!(other.look().await.turn, Turn::Keep);
    assert_eq!(second.app.store.statement_counts().1, before);
    assert_eq!((app.app.store.statement_counts().1, app.audit().await, rows(&app).await), (writes, events, rows_before));
    assert_eq!(client(&app, "tickets").await.unwrap().updated_at, updated);
}

/// The same files in a directory of another replica.
fn copy(of: &tempfile::TempDir) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(of.path()).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), directory.path().join(entry.file_name())).unwrap();
    }
    directory
}

/// KUBERNETES §9.21: what others change is undone with an event.
#[tokio::test]
async fn what_others_change_is_undone_with_an_event() {
    let app = TestApp::start().await;
    let mut replica = Replica::new(&app);
    replica.write("a.toml", &tickets("Tickets"));
    replica.look().await;
    app.change_client("tickets", |client| client.metadata.redirect_uris = vec!["https://evil.example/callback".to_owned()]).await;
    let events = app.audit().await.len();
    assert_eq!(replica.look().await.changed.len(), 1);
    let client = client(&app, "tickets").await.unwrap();
    assert_eq!(client.metadata.redirect_uris, ["https://tickets.example/callback"]);
    let told = audit_events::list(&app.app.store.read(), 1000).await.unwrap();
    let undone = told.iter().find(|event| event.kind == "client.updated").unwrap();
    assert!(undone.detail.contains("declared state") && undone.detail.contains("redirect_uris"), "{}", undone.detail);
    assert_eq!(app.audit().await.len(), events + 2);
}

/// KUBERNETES §9.21: what is no longer declared goes by the policy.
#[tokio::test]
async fn what_is_no_longer_declared_goes_by_the_policy() {
    for removal in [Removal::Orphan, Removal::Disable, Removal::Delete] {
        let app = TestApp::start().await;
        let mut replica = Replica { removal, ..Replica::new(&app) };
        replica.write("a.toml", &format!("{}{}", tickets("Tickets"), person("dora@example.test"))).write("b.toml", ACME);
        replica.look().await;
        replica.write("a.toml", "# nothing any more\n").write("b.toml", "# nothing\n");
        replica.look().await;
        assert!(replica.states().await.is_empty(), "{removal:?}");
        let (tickets, dora) = (client(&app, "tickets").await, app.user_or_none("dora@example.test").await);
        let acme = organizations::find(&app.app.store.read(), "acme").await.unwrap();
        if removal == Removal::Delete {
            assert!(tickets.is_none() && acme.is_none() && app.audit().await.contains(&"client.removed".to_owned()));
            assert!(!dora.unwrap().enabled, "people are never deleted");
        } else {
            let enabled = removal == Removal::Orphan;
            assert_eq!((tickets.as_ref().unwrap().enabled, dora.unwrap().enabled), (enabled, enabled), "{removal:?}");
            assert!(!tickets.unwrap().managed && !acme.unwrap().managed);
        }
        let writes = app.app.store.statement_counts().1;
        replica.look().await;
        assert_eq!(app.app.store.statement_counts().1, writes, "{removal:?}");
        // Declared again it is there again.
        replica.write("a.toml", &tickets_again());
        replica.look().await;
        assert!(client(&app, "tickets").await.is_some_and(|client| client.enabled && client.managed), "{removal:?}");
    }
}

fn tickets_again() -> String {
    tickets("Tickets")
}

/// Nobody else's things are touched: a client by hand stays when the directory is emptied.
#[tokio::test]
async fn what_was_never_declared_is_left_alone() {
    let app = TestApp::start().await;
    let mut replica = Replica { removal: Removal::Delete, ..Replica::new(&app) };
    replica.write("a.toml", "# nothing\n");
    assert_eq!(replica.look().await.changed.len(), 0);
    assert!(client(&app, seed::AUTOTALK).await.unwrap().enabled && app.user(seed::ANA).await.enabled);
}

/// KUBERNETES §9.21: a directory that is lost or broken removes nothing.
#[tokio::test]
async fn a_directory_that_is_lost_or_broken_removes_nothing() {
    let app = TestApp::start().await;
    let mut replica = Replica { removal: Removal::Delete, ..Replica::new(&app) };
    replica.write("a.toml", &tickets("Tickets")).write("b.toml", ACME);
    replica.look().await;
    // Broken: nothing of it, and nothing is taken for removed, but other documents go on.
    replica
        .write("a.toml", "[[clients]]\nclient_id = \"other\"\nredirect_uri = \"x\"\n")
        .write("b.toml", &ACME.replace("Acme", "Acme Limited"));
    let outcome = replica.look().await;
    let broken = outcome.objects.iter().find(|object| object.kind == "document").unwrap();
    assert_eq!((broken.id.as_str(), broken.state), ("a.toml", State::Error));
    let reason = broken.reason.as_deref().unwrap();
    assert!(reason.contains("clients[other].redirect_uri") && reason.contains("a.toml:3)"), "{reason}");
    assert_eq!(organizations::find(&app.app.store.read(), "acme").await.unwrap().unwrap().name, "Acme Limited");
    assert!(client(&app, "tickets").await.is_some() && client(&app, "other").await.is_none());
    let writes = app.app.store.statement_counts().1;
    replica.look().await;
    assert_eq!(app.app.store.statement_counts().1, writes);
    replica.write("a.toml", "");
    replica.look().await;
    assert!(client(&app, "tickets").await.is_some(), "an empty file is a lost one");
    replica.remove("a.toml");
    replica.remove("b.toml");
    assert!(matches!(replica.read(), Err(Lost::Empty(_))));
    // Mended it counts again, and then what is gone is gone.
    replica.write("b.toml", ACME);
    replica.look().await;
    assert!(client(&app, "tickets").await.is_none());
    assert_eq!(replica.states().await, ready(&["organization acme"]));
}

/// KUBERNETES §9.21: a secret that is not there is waited for and never made up.
#[tokio::test]
async fn a_secret_that_is_not_there_is_waited_for_and_never_made_up() {
    let app = TestApp::start().await;
    let mut replica = Replica::new(&app);
    replica.remove("tickets-secret");
    replica.write("a.toml", &format!("{}{ACME}", tickets("Tickets")));
    replica.look().await;
    assert_eq!(replica.states().await, [("client tickets".to_owned(), State::Pending), ("organization acme".to_owned(), State::Ready)]);
    let reason = rows(&app).await[0].reason.clone().unwrap();
    assert!(reason.contains("a.toml:4)") && reason.contains("tickets-secret cannot be read"), "{reason}");
    assert!(client(&app, "tickets").await.is_none());
    replica.write("tickets-secret", "short");
    replica.look().await;
    assert_eq!(replica.states().await[0].1, State::Pending);
    assert!(!rows(&app).await[0].reason.as_ref().unwrap().contains("short"));
    replica.write("tickets-secret", SECRET);
    replica.look().await;
    assert_eq!(replica.states().await[0].1, State::Ready);
    // Gone again, the client keeps the one it has.
    replica.remove("tickets-secret");
    replica.look().await;
    assert_eq!(replica.states().await[0].1, State::Pending);
    let kept = client(&app, "tickets").await.unwrap();
    assert!(kept.enabled && kept.secrets[0].digest == Digest::of(SECRET.as_bytes()));
}

/// KUBERNETES §9.21: an object in two documents is of neither until one gives way.
#[tokio::test]
async fn an_object_in_two_documents_is_of_neither_until_one_gives_way() {
    let app = TestApp::start().await;
    let mut replica = Replica::new(&app);
    replica.write("a.toml", &tickets("One")).write("b.toml", &format!("{ACME}{}", tickets("Other")));
    replica.look().await;
    assert_eq!(replica.states().await, [("client tickets".to_owned(), State::Error), ("organization acme".to_owned(), State::Ready)]);
    let reason = rows(&app).await[0].reason.clone().unwrap();
    assert!(reason.contains("a.toml:1") && reason.contains("b.toml:4"), "{reason}");
    assert!(client(&app, "tickets").await.is_none());
    replica.write("b.toml", ACME);
    replica.look().await;
    assert_eq!(client(&app, "tickets").await.unwrap().name(), "One");
}

/// Kubernetes exchanges mounts at different times: the replica with the old one must not undo what the new one says.
#[tokio::test]
async fn replicas_with_different_directories_never_fight() {
    let app = TestApp::start().await;
    let (mut one, mut other) = (Replica::new(&app), Replica::new(&app));
    for replica in [&one, &other] {
        replica.write("a.toml", &tickets("Old"));
    }
    // The secret's path is in no digest.
    one.look().await;
    assert_eq!(other.look().await.turn, Turn::Keep);
    one.write("a.toml", &tickets("New"));
    assert_eq!(one.look().await.turn, Turn::Begin);
    let writes = app.app.store.statement_counts().1;
    for _ in 0..3 {
        assert_eq!(other.look().await.turn, Turn::Behind);
        assert_eq!(one.look().await.turn, Turn::Keep);
    }
    // One that starts with a copy that is out of date waits too.
    let mut late = Replica::new(&app);
    late.write("a.toml", &tickets("Old"));
    assert_eq!(late.look().await.turn, Turn::Behind);
    assert_eq!(app.app.store.statement_counts().1, writes);
    assert_eq!(client(&app, "tickets").await.unwrap().name(), "New");
    other.write("a.toml", &tickets("New"));
    assert_eq!(other.look().await.turn, Turn::Keep);
}

/// Both at once, from the same directory: one writes, the other finds it done.
#[tokio::test]
async fn two_replicas_that_look_at_once_write_once() {
    let app = TestApp::start().await;
    let (mut one, mut other) = (Replica::new(&app), Replica::new(&app));
    for replica in [&one, &other] {
        replica.write("a.toml", &format!("{}{ACME}{}", tickets("Tickets"), person("dora@example.test")));
    }
    let (first, second) = tokio::join!(one.try_look(), other.try_look());
    for outcome in [first, second] {
        assert!(matches!(outcome, Ok(_) | Err(Error::Changed)), "{outcome:?}");
    }
    assert_eq!(app.audit().await.iter().filter(|kind| *kind == "state.applied").count(), 1);
    assert_eq!((one.look().await.turn, other.look().await.turn), (Turn::Keep, Turn::Keep));
    assert_eq!(app.audit().await.iter().filter(|kind| *kind == "state.applied").count(), 1);
}

/// KUBERNETES §9.21: the last administrator stays and the rest goes on.
#[tokio::test]
async fn the_last_administrator_stays_and_the_rest_goes_on() {
    for removal in [Removal::Disable, Removal::Delete] {
        let app = TestApp::start().await;
        let mut replica = Replica { removal, ..Replica::new(&app) };
        let administrator = format!("{}administrator = true\n", person("dora@example.test"));
        replica.write("a.toml", &format!("{administrator}{ACME}"));
        replica.look().await;
        replica.write("a.toml", &ACME.replace("Acme", "Acme Limited"));
        replica.look().await;
        let dora = app.user("dora@example.test").await;
        assert!(dora.enabled && dora.administrator, "{removal:?}");
        assert_eq!(organizations::find(&app.app.store.read(), "acme").await.unwrap().unwrap().name, "Acme Limited");
        let row = rows(&app).await.into_iter().find(|row| row.kind == "user").unwrap();
        assert!(row.state == State::Pending && row.reason.unwrap().contains("without an administrator"));
    }
}

/// `auth_epoch` for clients: refused everywhere within a second, and enabling it again brings nothing back.
#[tokio::test]
async fn a_client_that_is_disabled_by_removal_is_dead_on_every_path_and_so_is_what_it_was_given() {
    let app = TestApp::start().await;
    let other = app.replica().await;
    let mut replica = Replica::new(&app);
    replica.write("a.toml", AUTOTALK);
    replica.look().await;
    let tokens = app.tokens(seed::AUTOTALK, "openid").await;
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    let (access, refresh) = (text("access_token"), text("refresh_token"));
    assert!(other.is_alive(&access).await);
    replica.write("a.toml", "# nothing\n");
    replica.look().await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    for process in [&app, &other] {
        assert!(!process.is_alive(&access).await);
        assert_eq!(process.introspect(Credentials::of(seed::API), &access).await.expect(200).json()["active"], false);
        process.token(TokenRequest::refresh(seed::AUTOTALK, &refresh)).await.expect_error(401, "invalid_client");
        assert_eq!(process.get(&app.authorize(seed::AUTOTALK).url()).await.status, 400);
    }
    replica.write("a.toml", AUTOTALK);
    replica.look().await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    other.token(TokenRequest::refresh(seed::AUTOTALK, &refresh)).await.expect_error(400, "invalid_grant");
    assert!(!other.is_alive(&access).await);
    assert_eq!(app.tokens(seed::AUTOTALK, "openid").await["token_type"], "Bearer");
}

/// Whatever statement fails, nothing is half done, and the next look finishes it.
#[tokio::test]
async fn a_database_that_fails_in_the_middle_leaves_nothing_half_applied() {
    let mut failed = 0;
    for n in 1..200 {
        let app = TestApp::start().await;
        let mut replica = Replica::new(&app);
        replica.write("a.toml", &format!("{}{ACME}", tickets("Tickets")));
        app.app.store.fail_statement(n);
        let outcome = replica.try_look().await;
        app.app.store.fail_statement(0);
        let objects = rows(&app).await.len();
        let there = client(&app, "tickets").await.is_some();
        let acme = organizations::find(&app.app.store.read(), "acme").await.unwrap().is_some();
        assert!((objects, there, acme) == (0, false, false) || (objects, there, acme) == (2, true, true), "{n}: {objects} {there} {acme}");
        if outcome.is_ok() {
            break;
        }
        failed += 1;
        replica.look().await;
        assert_eq!(replica.states().await, ready(&["client tickets", "organization acme"]), "{n}");
    }
    assert!(failed > 10, "{failed}");
}

/// The examples of docs/declared-state.md are documents and settings.
#[tokio::test]
async fn the_examples_of_the_documentation_work() {
    let app = TestApp::start().await;
    let mut replica = Replica::new(&app);
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/declared-state.md")).unwrap();
    let mut blocks = text.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    replica.write("everything.toml", blocks.next().unwrap());
    replica.write("keys.toml", blocks.next().unwrap());
    replica.write("scopes.toml", blocks.next().unwrap());
    assert_eq!(replica.look().await.changed.len(), 7);
    let expected =
        ["client billing", "client board", "client tickets", "organization acme", "scope roles", "scope staff", "user ana@example.com"];
    assert_eq!(replica.states().await, ready(&expected));
    assert!(!client(&app, "board").await.unwrap().enabled);
    let config: Config = toml::from_str(blocks.next().unwrap()).unwrap();
    assert!(config.declared.directory.is_some() && config.declared.removal == Removal::Disable);
}
