//! Forgotten password, and "This wasn't me".
