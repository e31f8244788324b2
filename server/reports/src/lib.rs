//! What a brand sees of its own sales: the metric definitions of the rule contract, over accepted purchases only; and
//! what the operator sees of the whole platform.
//!
//! A brand's numbers come from its own lines alone: the brand is a mandatory argument of every statement. Counts of
//! consumers below ten are hidden here, before any door could forget it.
//!
//! Arrows: reports → identity. It only reads.

pub mod exact;
pub mod metrics;
mod platform;
mod summary;

pub use platform::{Platform, platform};
pub use summary::summary;

/// Why a report refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such brand, or not yours.
    #[error("no such brand, or not yours")]
    NotFound,
    /// The period ends before it starts, or is longer than a year.
    #[error("the period is not right")]
    Period,
    /// Who asks may not, or is nobody.
    #[error(transparent)]
    Identity(#[from] identity::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] db::Error),
}

impl From<Error> for shared::Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::NotFound => Self::not_found(),
            Error::Period => Self::field("to", "reports.period", detail),
            Error::Identity(error) => error.into(),
            Error::Store(error) => identity::store_problem(&error),
        }
    }
}

/// Every statement of the crate.
pub fn statements() -> Vec<db::Sql> {
    [platform::STATEMENTS, summary::STATEMENTS].concat()
}
