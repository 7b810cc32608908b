//! Limits by address.
