//! Products by GTIN: the master list, what shops meet and nobody knows, and the import from a spreadsheet.
//!
//! Invariants: a barcode is one product (unique key); every change moves the number of the rules in force, so that no
//! process evaluates a purchase with an old list; an import changes nothing the second time.
//!
//! Arrows: catalogue → identity, jobs (outbox). It never decides what a product earns.

mod error;
pub mod import;
pub mod pack;
pub mod price;
pub mod product;
pub mod proposal;

pub use error::Error;

/// Every statement of the crate, so that one test prepares them all on both databases.
pub fn statements() -> Vec<db::Sql> {
    [import::STATEMENTS, pack::STATEMENTS, price::STATEMENTS, product::STATEMENTS, proposal::STATEMENTS].concat()
}
