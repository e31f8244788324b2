//! The metrics read from sales. Each statement names brand and tenant and counts what `valid_line` counts: one view says
//! what a sale is, for all of them.

mod campaign;
mod consumers;
mod ledger;
mod sales;
mod shops;

pub use campaign::{cac, nps, roi, uplift_did};
pub use consumers::{Cohort, conversion, frequency, reach, rfm, rfm_members};
pub use ledger::liability;
pub use sales::sales_per_pli;
pub use shops::{active_pdv, shop_performance};

/// Every statement.
pub(crate) fn statements() -> Vec<db::Sql> {
    [campaign::STATEMENTS, consumers::STATEMENTS, ledger::STATEMENTS, sales::STATEMENTS, shops::STATEMENTS].concat()
}
