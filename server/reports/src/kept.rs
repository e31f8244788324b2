//! What both kinds of kept days share: sales of a local day, and points of a day of UTC.
//!
//! Invariants:
//! - a day is kept as it is now, or has a change that waits      the change goes in the transaction that keeps the day
//! - what is kept is never older than what was kept before       a reader whose changes somebody else took keeps nothing
//! - no report is older than [`OLD_MS`]                          a small or old day with changes is read from its source
//!
//! The long reading is outside of any transaction that writes, and goes last ([`db::last`]). What commits after it has a
//! change that was not taken.

use std::{
    pin::Pin,
    time::{Duration, Instant},
};

use db::{Bind, Db, Sql, Tx};
use shared::{BrandId, OrganisationId, Timestamp, time::MINUTE_MS};
use uuid::Uuid;

use crate::Error;

/// A panel may be so old.
pub const OLD_MS: i64 = 5 * MINUTE_MS;
/// Days that one round of the job reads again, at most.
pub const DAYS_AT_ONCE: usize = 60;
/// A day of so few rows is read from its source at once when something changed.
pub(crate) const SMALL: i64 = 500;
/// Days that are read from their source in one statement, at most.
pub(crate) const RUN_DAYS: i64 = 31;
/// Days that one check shows, at most.
pub(crate) const SHOWN_MAX: usize = 20;

/// How fast days are read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// One after the other: somebody waits for them.
    Hurry,
    /// After each one a rest, [`REST`] times as long as it took and at most [`REST_MAX`]: on two processors a round at once
    /// would leave shops that sell meanwhile none, for as long as it takes. A round rests a minute at most, so that no day
    /// waits for longer than [`OLD_MS`].
    Rest,
}

const REST: u32 = 3;
const REST_MAX: Duration = Duration::from_secs(1);

impl Pace {
    /// Keeps days, and tells how many they were. One that fails keeps its change, and the others do not wait for it.
    pub(crate) async fn each<D, Keeping>(self, days: Vec<(BrandId, D)>, keep: impl Fn(BrandId, D) -> Keeping) -> Result<usize, Error>
    where
        Keeping: Future<Output = Result<(), Error>>,
    {
        let mut done = Ok(days.len());
        for (brand, day) in days {
            let began = Instant::now();
            if let Err(error) = keep(brand, day).await {
                done = Err(error);
            }
            if self == Self::Rest {
                tokio::time::sleep((began.elapsed() * REST).min(REST_MAX)).await;
            }
        }
        done
    }
}

/// Changes of what is kept that nobody read yet.
pub(crate) struct Waiting {
    pub oldest: Timestamp,
    pub newest: Timestamp,
}

impl Waiting {
    /// What is kept may be shown without them. A clock that stands behind the changes does not make them younger.
    pub fn may_wait(&self, now: Timestamp) -> bool {
        self.newest.max(now).since(self.oldest) <= OLD_MS
    }
}

/// The changes that wait for days of one kind.
pub(crate) struct Changes {
    /// Marks those of a day as one reader's: reader, brand, day.
    pub take: Sql,
    /// Forgets those that are still its reader's: brand, day, reader.
    pub forget: Sql,
}

/// The changes of one day, as one reader took them.
pub(crate) struct Taken<'a, D> {
    changes: &'a Changes,
    brand: BrandId,
    day: D,
    reader: Uuid,
    many: u64,
}

impl Changes {
    /// Takes a day's changes before it is read. `None`: somebody else has kept it meanwhile, and whatever we would read later than
    /// that, nobody would replace.
    pub async fn take<D>(&self, db: &Db, brand: BrandId, day: D) -> Result<Option<Taken<'_, D>>, Error>
    where
        D: for<'q> Bind<'q> + Copy,
    {
        let mut tx = db.begin().await?;
        let reader: Uuid = tx.new_id();
        let many = tx.query(self.take).bind(reader).bind(brand).bind(day).execute().await?;
        if many == 0 {
            return Ok(None);
        }
        tx.commit().await?;
        Ok(Some(Taken { changes: self, brand, day, reader, many }))
    }
}

impl<D: for<'q> Bind<'q> + Copy> Taken<'_, D> {
    /// A transaction without the changes, to keep in it what was read. `None`: another reader, who began later, took them.
    pub async fn forget(self, db: &Db) -> Result<Option<Tx>, Error> {
        let mut tx = db.begin().await?;
        let forgotten = tx.query(self.changes.forget).bind(self.brand).bind(self.day).bind(self.reader).execute().await?;
        Ok((forgotten == self.many).then_some(tx))
    }
}

/// Reads a day of a brand from its source, where it disturbs nobody: shops sell meanwhile. `None`: there is no such brand.
pub(crate) async fn of_source<R: Send + 'static>(
    db: &Db,
    brand: BrandId,
    read: impl for<'t> FnOnce(&'t mut Tx, OrganisationId) -> Pin<Box<dyn Future<Output = Result<R, Error>> + Send + 't>> + Send + 'static,
) -> Result<Option<(OrganisationId, R)>, Error> {
    let own = db.clone();
    let work = async move {
        let mut tx = own.read().await?;
        let Some(owner) = identity::organisation::find_brand(&mut tx, brand).await? else {
            return Ok(None);
        };
        let tenant = owner.organisation_id;
        Ok(Some((tenant, read(&mut tx, tenant).await?)))
    };
    db::last::run(db, work).await?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_shown_without_a_change_that_is_older_than_five_minutes() {
        let waits =
            |oldest: i64, newest: i64, now: i64| Waiting { oldest: Timestamp(oldest), newest: Timestamp(newest) }.may_wait(Timestamp(now));

        assert!(waits(1_000, 1_000, 1_000 + OLD_MS));
        assert!(!waits(1_000, 1_000, 1_001 + OLD_MS));
        assert!(!waits(1_000, 1_001 + OLD_MS, 0), "a report about the past is no older than others");
    }
}
