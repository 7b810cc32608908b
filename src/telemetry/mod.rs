//! Logs: structured, without secrets.
