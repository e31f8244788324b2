//! Tills: what they report is kept beside what phones capture, and joined where both saw the same sale.
//!
//! Words: a *source* is whoever sends tickets; a *terminal* stands in a shop; a *ticket* is a sale, a refund or a void; a
//! ticket is *joined* when a purchase is the same sale.
//!
//! Rules: a ticket without a card earns nothing, ever; one with a card earns like any other sale. A purchase of the same
//! shop with an equal total within [`JOIN_MS`] is the same sale, whichever came first, and is one purchase. A void or
//! refund takes back what its sale earned, and waits for its sale when it comes first.

mod file;
mod join;
mod money;
mod source;
mod ticket;
mod workbook;

use db::Sql;
use shared::time::MINUTE_MS;

pub use file::{FILE_MAX_BYTES, ROWS_MAX as FILE_ROWS_MAX, run};
pub(crate) use join::{Twin, join_recorded, purchase_of, same_sale, stands_in};
pub use source::{Source, add_terminal, create, find, list};
pub use ticket::{Parsed, ParsedLine, list as tickets, parse, receive, unmatched};

/// Tickets and captures of one sale are at most so far apart.
pub const JOIN_MS: i64 = 5 * MINUTE_MS;

pub(crate) fn statements() -> Vec<Sql> {
    [file::STATEMENTS, join::STATEMENTS, source::STATEMENTS, ticket::STATEMENTS].concat()
}
