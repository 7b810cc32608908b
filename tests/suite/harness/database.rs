//! A fresh database per test, copied from one that was migrated and filled once.
//!
//! SQLite by default; PostgreSQL when `VESTIBULE_TEST_POSTGRES_URL` names a server where databases may be made.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use sea_orm::ConnectionTrait as _;
use vestibule::app::App;
use vestibule::clock::{Clock, SystemClock, TestClock, Timestamp};
use vestibule::secret::Secret;

use super::{config, seed};

/// What all tests of this process start from.
pub struct Template {
    pub directory: tempfile::TempDir,
    /// Every test's clock starts here: the keys in the template are active from this moment.
    pub start: Timestamp,
    server: Option<String>,
}

impl Template {
    pub fn keys(&self) -> PathBuf {
        self.directory.path().join("keys")
    }
}

pub fn postgres_server() -> Option<String> {
    std::env::var("VESTIBULE_TEST_POSTGRES_URL").ok().filter(|url| !url.is_empty())
}

/// Made on first use, on a thread and runtime of its own: tests have one runtime each.
pub fn template() -> &'static Template {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let thread = std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(make_template())
        });
        thread.join().unwrap()
    })
}

async fn make_template() -> Template {
    let directory = tempfile::Builder::new().prefix("vestibule-suite").tempdir().unwrap();
    let start = Timestamp::from_secs(SystemClock.now().secs());
    let template = Template { directory, start, server: postgres_server() };
    if let Some(server) = &template.server {
        admin(server, &format!("CREATE DATABASE {}", template_name())).await;
    }
    let mut config = config(&template.keys(), template_url(&template));
    config.database.migrate_on_start = true;
    let clock: Arc<dyn Clock> = Arc::new(TestClock::at(start));
    let app = App::open(config, clock).await.unwrap();
    seed::fill(&app).await;
    app.store.close().await;
    if template.server.is_some() {
        admin(template_url(&template).expose(), OF_A_LATER_VERSION).await;
    }
    template
}

/// What the next version may do to the schema while this one still serves: a column more in every table, which this one does not fill in, another table, and a
/// migration that this one does not know. On PostgreSQL, where versions serve side by side, the whole suite runs on that.
const OF_A_LATER_VERSION: &str = "
    DO $$ DECLARE one TEXT; BEGIN
        FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'seaql_migrations' LOOP
            EXECUTE format('ALTER TABLE %I ADD COLUMN of_a_later_version TEXT, ADD COLUMN filled_in_later BIGINT NOT NULL DEFAULT 7', one);
        END LOOP;
    END $$;
    CREATE TABLE of_a_later_version (id BIGINT PRIMARY KEY, user_id TEXT);
    INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20991231_000001_of_a_later_version', 4102358400);";

fn template_name() -> String {
    format!("vestibule_template_{}", std::process::id())
}

fn template_url(template: &Template) -> Secret<String> {
    Secret::new(match &template.server {
        Some(server) => with_name(server, &template_name()),
        None => sqlite_url(&template.directory.path().join("template.db")),
    })
}

fn sqlite_url(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

fn with_name(server: &str, name: &str) -> String {
    let mut url = url::Url::parse(server).unwrap();
    url.set_path(name);
    url.into()
}

async fn admin(server: &str, statement: &str) {
    let connection = sea_orm::Database::connect(server).await.unwrap();
    connection.execute_unprepared(statement).await.unwrap();
    connection.close().await.unwrap();
}

/// PostgreSQL databases whose tests are over. The next test drops them: `Drop` cannot wait.
static FINISHED: Mutex<Vec<String>> = Mutex::new(Vec::new());
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// One test's database, gone when the test is.
pub struct Database {
    pub url: String,
    name: Option<String>,
    _directory: Option<tempfile::TempDir>,
}

impl Database {
    pub async fn fresh() -> Self {
        let template = template();
        let Some(server) = &template.server else { return Self::sqlite(template) };
        let name = format!("vestibule_test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let finished = std::mem::take(&mut *FINISHED.lock().unwrap());
        let connection = sea_orm::Database::connect(server).await.unwrap();
        for old in finished {
            connection.execute_unprepared(&format!("DROP DATABASE {old} WITH (FORCE)")).await.unwrap();
        }
        connection.execute_unprepared(&format!("CREATE DATABASE {name} TEMPLATE {}", template_name())).await.unwrap();
        connection.close().await.unwrap();
        Self { url: with_name(server, &name), name: Some(name), _directory: None }
    }

    /// The same one for a second process; the first drops it.
    pub fn shared(&self) -> Self {
        Self { url: self.url.clone(), name: None, _directory: None }
    }

    /// Runs a statement behind the service's back.
    pub async fn execute(&self, statement: &str) {
        admin(&self.url, statement).await;
    }

    /// One with nothing in it. On SQLite its file is in `directory`.
    pub async fn empty(directory: &Path) -> Self {
        let Some(server) = &template().server else {
            return Self { url: sqlite_url(&directory.join("empty.db")), name: None, _directory: None };
        };
        let name = format!("vestibule_test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        admin(server, &format!("CREATE DATABASE {name}")).await;
        Self { url: with_name(server, &name), name: Some(name), _directory: None }
    }

    fn sqlite(template: &Template) -> Self {
        let directory = tempfile::Builder::new().prefix("vestibule-test").tempdir().unwrap();
        let file = directory.path().join("vestibule.db");
        std::fs::copy(template.directory.path().join("template.db"), &file).unwrap();
        Self { url: sqlite_url(&file), name: None, _directory: Some(directory) }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(name) = self.name.take() {
            FINISHED.lock().unwrap().push(name);
        }
    }
}
