//! The design system's rules, checked on the files themselves.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod codes;
mod components;
mod fonts;
mod style;
mod texts;
