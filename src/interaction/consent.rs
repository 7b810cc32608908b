//! consent page
