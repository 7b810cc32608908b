//! login page
