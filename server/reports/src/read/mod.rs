//! The metrics, folded over the sales of [`days`](crate::days): one place says what a sale is, for all of them. Each
//! statement names brand and tenant.

mod affinity;
mod campaign;
mod cohorts;
mod consumers;
mod ledger;
mod registered;
mod registration;
mod sales;
mod shops;
mod tally;
mod zones;

pub use affinity::affinity;
pub use campaign::{cac, nps, roi, uplift_did};
pub use cohorts::cohorts;
pub use consumers::{Cohort, conversion, frequency, reach, rfm, rfm_members};
pub use ledger::liability;
pub use registration::registration;
pub use sales::sales_per_pli;
pub(crate) use sales::{product_name, tallies};
pub use shops::{active_pdv, shop_performance, shop_states};
pub use zones::zones;

/// Every statement.
pub(crate) fn statements() -> Vec<db::Sql> {
    [
        campaign::STATEMENTS,
        consumers::STATEMENTS,
        ledger::STATEMENTS,
        registered::STATEMENTS,
        sales::STATEMENTS,
        shops::STATEMENTS,
        zones::STATEMENTS,
    ]
    .concat()
}
