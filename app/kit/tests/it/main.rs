//! The design system's rules, checked on the files themselves.

mod components;
mod fonts;
mod style;
mod texts;
