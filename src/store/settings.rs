//! Small named values that all replicas share, such as the proof that a key-encryption key belongs to this database.

use super::{Conn, Result};

pub async fn find(conn: &Conn<'_>, name: &str) -> Result<Option<Vec<u8>>> {
    todo!()
}

/// Inserts it unless there is one; answers the one that is there afterwards.
pub async fn insert_if_absent(conn: &Conn<'_>, name: &str, value: &[u8]) -> Result<Vec<u8>> {
    todo!()
}

pub async fn update(conn: &Conn<'_>, name: &str, value: &[u8]) -> Result<()> {
    todo!()
}
