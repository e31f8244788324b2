//! What crosses the wire, and the rules that the phone and the server both apply.
//!
//! Words: an *id* is a typed UUID shown with a prefix (`pur_…`); a *problem* is an error answer with a stable
//! code; *minor units* are the smallest unit of a currency by ISO 4217 (COP has two decimals, CLP none).
//!
//! Here live no I/O, no clock and no database. The feature `sqlx` adds column traits to the newtypes, `openapi`
//! adds schemas. The crate depends on nobody in the product.

pub mod barcode;
pub mod catalogue;
pub mod format;
pub mod id;
pub mod identity;
pub mod loyalty;
pub mod money;
pub mod page;
pub mod problem;
pub mod reports;
pub mod rights;
pub mod sandbox;
pub mod till;
pub mod time;
pub mod webhook;

pub use barcode::Gtin;
pub use id::*;
pub use money::{Country, Currency, Money};
pub use page::Page;
pub use problem::Problem;
pub use time::{CivilDate, LocalTime, Timestamp};
