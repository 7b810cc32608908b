//! /revoke
