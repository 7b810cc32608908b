//! `/token`
