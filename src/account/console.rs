//! `/account`: who is signed in.
