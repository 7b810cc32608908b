//! What a directory of declared state manages is changed there, not here.

use clap::Args;

use super::database;
use super::failure::Failure;
use crate::config::Config;
use crate::declare::Key;
use crate::store::{Store, declared_objects};

/// Of commands that change something that may be declared.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(super) struct Force {
    /// Change it although the declared directory manages it, which undoes what its document says otherwise.
    #[arg(long)]
    pub(super) force: bool,
}

/// # Errors
/// When the object is managed, and nobody said `--force`.
pub(super) async fn refuse(store: &Store, key: &Key, force: Force) -> Result<(), Failure> {
    if force.force {
        return Ok(());
    }
    let Some(object) = declared_objects::find(&store.read(), key.kind, &key.id).await? else { return Ok(()) };
    Err(Failure::new(format!(
        "{key} is declared in {} of the declared directory: change it there. `--force` changes it here nevertheless, and the service undoes whatever the \
         document says otherwise; `vestibule declared release {key}` takes it from a directory that is no more.",
        object.source
    )))
}

/// As [`refuse`], for a command that has not opened the database yet.
pub(super) async fn refuse_closed(config: &Config, key: &Key, force: Force) -> Result<(), Failure> {
    let store = database::open(config).await?;
    let outcome = refuse(&store, key, force).await;
    store.close().await;
    outcome
}
