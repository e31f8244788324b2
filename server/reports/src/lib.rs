//! What a brand sees of its own sales: the metric definitions of the rule contract, over accepted purchases only; and
//! what the operator sees of the whole platform.
//!
//! A brand's numbers come from its own lines alone: the brand is a mandatory argument of every statement. Counts of
//! consumers below ten are hidden here, before any door could forget it.
//!
//! It writes only what reports rest on and no sale tells: costs, assumptions, control shops, shopkeepers' answers,
//! and the segments that rules and audiences go by.
//!
//! Arrows: reports → identity, notifications, jobs. Reports that come by e-mail are made by a job and leave through the port
//! of messages; neither of the two knows reports.

pub mod audience;
pub mod chart;
pub mod days;
pub mod digest;
pub mod exact;
pub mod export;
mod facts;
pub mod kept;
pub mod metrics;
pub mod nps;
pub mod panel;
mod platform;
pub mod points;
mod read;
pub mod schedule;
mod scope;
mod segments;
mod summary;

pub use facts::{add_cost, assign, assume, point_cost};
pub use platform::{Platform, platform};
pub use read::{
    Cohort, active_pdv, affinity, cac, cohorts, conversion, frequency, liability, nps, reach, registration, rfm, rfm_members, roi,
    sales_per_pli, shop_performance, shop_states, uplift_did, zones,
};
pub use scope::{Asked, DAYS_MAX, Scope};
pub use segments::{Sorted, name as segment_code, save_rfm, saved as saved_segments, sort_rfm};
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
    /// A parameter is outside its bounds.
    #[error("{0} is outside its bounds")]
    Parameter(&'static str),
    /// The campaign was published: its control shops are fixed.
    #[error("the campaign was published: its control shops are fixed")]
    Fixed,
    /// The campaign has begun: its control shops are fixed.
    #[error("the campaign has begun: its control shops are fixed")]
    Began,
    /// So few people that a message to them would tell who they are.
    #[error("the audience is too small")]
    FewPeople,
    /// The campaign that a message speaks of ended or is paused.
    #[error("the campaign ended or is paused")]
    NotRunning,
    /// Nobody is asked in that wave now.
    #[error("nobody is asked in that wave now")]
    WaveNotAsked,
    /// A number of the data is outside what can be computed exactly.
    #[error("a number is outside its bounds")]
    Bounds,
    /// A report could not be read; its code.
    #[error("a report could not be read: {0}")]
    Unread(String),
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
            Error::Parameter(name) => Self::field(name, "bad_field", detail),
            Error::Fixed => Self::new(409, "loyalty.control_fixed", detail),
            Error::Began => Self::new(409, "reports.campaign_began", detail),
            Error::FewPeople => Self::new(409, "reports.audience_too_small", detail),
            Error::NotRunning => Self::new(409, "reports.campaign_not_running", detail),
            Error::WaveNotAsked => Self::new(409, "reports.wave_not_asked", detail),
            Error::Bounds => Self::new(422, "reports.bounds", detail),
            Error::Unread(_) => Self::new(503, "unavailable", detail),
            Error::Identity(error) => error.into(),
            Error::Store(error) => identity::store_problem(&error),
        }
    }
}

/// Every statement of the crate.
pub fn statements() -> Vec<db::Sql> {
    let mut all = [
        audience::STATEMENTS,
        days::STATEMENTS,
        facts::STATEMENTS,
        nps::STATEMENTS,
        platform::STATEMENTS,
        points::STATEMENTS,
        schedule::STATEMENTS,
        scope::STATEMENTS,
        segments::STATEMENTS,
        summary::STATEMENTS,
    ]
    .concat();
    all.extend(read::statements());
    all.push(segments::enter(1));
    all.push(days::numbering(1));
    all
}
