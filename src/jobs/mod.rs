//! Upkeep: what runs beside the requests, one replica at a time.
//!
//! Owns: the job loop. Must not: hold a lock longer than its lease.
