//! choose_account page
