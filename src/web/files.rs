//! The files of `templates/`, compiled into the program.

use std::borrow::Cow;

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "templates"]
struct Files;

/// A file: its path below `templates/`, and what is in it.
pub(super) struct File {
    pub(super) path: Cow<'static, str>,
    pub(super) data: Cow<'static, [u8]>,
}

impl File {
    /// # Errors
    /// The path, when it is not UTF-8.
    pub(super) fn text(&self) -> Result<String, String> {
        std::str::from_utf8(&self.data).map(str::to_owned).map_err(|_| format!("templates/{}: not UTF-8", self.path))
    }
}

/// All files whose path starts with `prefix` and ends with `suffix`.
pub(super) fn matching(prefix: &str, suffix: &str) -> impl Iterator<Item = File> {
    let paths = Files::iter().filter(move |path| path.starts_with(prefix) && path.ends_with(suffix));
    paths.filter_map(|path| Files::get(&path).map(|file| File { path, data: file.data }))
}
