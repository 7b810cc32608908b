//! Declared state: clients and users from TOML files.
//!
//! Owns: reading, checking, planning and applying. Must not: write statements (`store`), or know better than `oauth::client` what a client may be.
