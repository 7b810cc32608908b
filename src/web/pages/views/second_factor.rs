//! The second factor at sign-in, and setting one up.
