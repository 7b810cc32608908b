//! `/authorize`
