//! The SQLite writer that groups concurrent transactions.
