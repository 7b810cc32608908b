//! /introspect
