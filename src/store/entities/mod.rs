//! Rows as the database has them. Private to the store.
