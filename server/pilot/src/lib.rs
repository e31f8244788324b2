//! A pilot's world, written in bulk: half a thousand shops, a million consumers and what they bought in three months.
//!
//! It is made to be measured, so it is made as the product would have made it: brands, products, rewards and campaigns
//! through their own verbs; what a purchase gives by `shared::loyalty::evaluation`; codes and telephones with the
//! installation's keys. Only rows that come by the million go round the verbs, and for those `loyalty::verify` is the
//! judge: a world that it does not find clean is a defect of this crate.
//!
//! The same seed makes the same lives; the ids of brands and campaigns come from their verbs and differ.
//!
//! Left out, because nothing measured reads it: events of the outbox, the audit of single purchases, signed captures
//! (the purchases came through a till), and the awards within stored answers.
//!
//! Arrows: pilot → catalogue, loyalty, identity, db. Nothing of the product uses it.

mod books;
mod days;
mod ground;
mod look;
mod people;
mod tables;

use db::Db;
use identity::Keys;
use shared::{Timestamp, time::DAY_MS};

pub use look::{Look, SignedBy, enrol_devices, look, open_sessions, unread_days};

/// Days of purchases.
pub const DAYS: i64 = 90;
/// Shops at full scale.
const SHOPS: f64 = 500.0;
/// Consumers at full scale.
const CONSUMERS: f64 = 1_000_000.0;
/// Purchases at full scale: they make more than five million rows of the ledger.
const PURCHASES: f64 = 2_120_000.0;
/// A zone has shops to compare.
const SHOPS_MIN: f64 = 20.0;
/// Zones of the city.
pub(crate) const ZONES: usize = 10;

/// What is made.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// 1: the whole pilot; 0.01 for a test.
    pub scale: f64,
    /// Another number, other lives.
    pub seed: u64,
    /// The last day of purchases is the one before this instant's.
    pub until: Timestamp,
}

impl Plan {
    pub(crate) fn shops(&self) -> usize {
        (SHOPS * self.scale.sqrt()).clamp(SHOPS_MIN, SHOPS) as usize
    }
    pub(crate) fn consumers(&self) -> usize {
        (CONSUMERS * self.scale).max(100.0) as usize
    }
    pub(crate) fn purchases(&self) -> f64 {
        PURCHASES * self.scale
    }
    /// When everything began: before the first purchase.
    pub(crate) fn begin(&self) -> Timestamp {
        days::start_of(days::date_of(self.until)).plus_ms(-(DAYS + 30) * DAY_MS)
    }
}

/// How much was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Made {
    /// Shops.
    pub shops: u64,
    /// Consumers with a card.
    pub consumers: u64,
    /// Purchases.
    pub purchases: u64,
    /// Rows of the points ledger.
    pub entries: u64,
    /// Rewards that were given.
    pub rewards: u64,
}

/// Why it could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database holds something already.
    #[error("the database has a world already")]
    NotEmpty,
    /// A verb refused what this crate asked of it.
    #[error("{0}")]
    Refused(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] db::Error),
}

macro_rules! refused { ($($error:ty),+) => { $(
    impl From<$error> for Error {
        fn from(error: $error) -> Self {
            Self::Refused(error.to_string())
        }
    }
)+ } }
refused!(identity::Error, catalogue::Error, loyalty::Error);

/// Fills a migrated database that nobody uses and that has no brands yet.
pub async fn seed(db: &Db, keys: &Keys, plan: Plan) -> Result<Made, Error> {
    let ground = ground::lay(db, &plan).await?;
    let mut bulk = db::bulk::Bulk::open(db, tables::ALL).await?;
    let people = people::write(&mut bulk, keys, &plan, &ground).await?;
    let (made, left) = days::write(&mut bulk, &plan, &ground, &people).await?;
    bulk.finish().await?;
    ground::set_stock(db, &left).await?;
    let mut tx = db.begin().await?;
    identity::registrations::rebuild(&mut tx).await?;
    tx.commit().await?;
    // A pilot of three months has no backlog of millions of rows that wait for their seal.
    loyalty::seal::paced(db, plan.until, identity::seal::Pace::ALONE).await?;
    Ok(made)
}
