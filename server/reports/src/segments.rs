//! RFM segments as they are saved: who was in which, and when. Rules and audiences ask at an instant, so a later saving
//! closes a membership and never rewrites it.

use std::collections::BTreeSet;

use db::{Sql, Tx, sql};
use identity::{Actor, audit};
use shared::{
    BrandId, ConsumerId, Timestamp,
    reports::{K_ANONYMITY, SavedSegments, metric::Segment},
};

use crate::{
    Error,
    facts::managed,
    metrics::small_numbers::alone,
    read,
    scope::{Asked, Scope},
};

/// Rows of one insert, at most.
const BATCH: usize = 100;
/// Columns of one row.
const COLUMNS: usize = 4;

/// As rules name it.
pub const fn name(segment: Segment) -> &'static str {
    match segment {
        Segment::Champions => "champions",
        Segment::Loyal => "loyal",
        Segment::NewOrPromising => "new_or_promising",
        Segment::NeedsAttention => "needs_attention",
        Segment::CannotLose => "cannot_lose",
        Segment::AtRisk => "at_risk",
        Segment::Hibernating => "hibernating",
    }
}

/// Who is in which segment of a brand at an instant.
#[derive(Debug, Clone)]
pub struct Sorted {
    brand: BrandId,
    at: Timestamp,
    members: BTreeSet<(ConsumerId, &'static str)>,
}

/// Works out who is in which segment of the brand now, for whoever may save it. It reads half a year of sales, so it is given
/// a transaction that only reads: nobody's sale waits for it.
pub async fn sort_rfm(tx: &mut Tx, actor: &Actor, now: Timestamp, brand: BrandId) -> Result<Sorted, Error> {
    managed(tx, actor, brand).await?;
    let today = identity::shop::local_date("UTC", now);
    let tomorrow = today.plus_days(1).ok_or(Error::Period)?;
    let scope = Scope::open(tx, actor, Asked { brand, from: today, to: tomorrow, as_of: now, now, k: K_ANONYMITY }).await?;
    let members = read::rfm_members(tx, &scope).await?.into_iter().map(|(consumer, segment)| (consumer, name(segment))).collect();
    Ok(Sorted { brand, at: now, members })
}

/// Saves it. Who stays, stays untouched; segments of other names are not looked at. What was worked out before something
/// that was saved already changes nothing, and neither does the same again.
pub async fn save_rfm(tx: &mut Tx, actor: &Actor, sorted: &Sorted) -> Result<SavedSegments, Error> {
    let Sorted { brand, at: now, ref members } = *sorted;
    managed(tx, actor, brand).await?;
    tx.lock(brand.lock_key()).await?;
    let told = SavedSegments { saved_at: now, members: alone(members.len() as i64, K_ANONYMITY) };
    let (later,): (bool,) = tx.query(SAVED_LATER).bind(brand).bind(now).one().await?;
    if later {
        return Ok(told);
    }
    let mut open: BTreeSet<(ConsumerId, &str)> = BTreeSet::new();
    for (consumer, saved) in tx.query(OPEN).bind(brand).bind(now).all::<(ConsumerId, String)>().await? {
        open.extend(Segment::ALL.into_iter().map(name).find(|name| *name == saved).map(|name| (consumer, name)));
    }
    for (consumer, name) in open.difference(members) {
        tx.query(LEAVE).bind(now).bind(brand).bind(*name).bind(*consumer).execute().await?;
    }
    let entering: Vec<(ConsumerId, &str)> = members.difference(&open).copied().collect();
    for batch in entering.chunks(BATCH) {
        let query = batch
            .iter()
            .fold(tx.query(enter(batch.len())), |query, (consumer, name)| query.bind(brand).bind(*name).bind(*consumer).bind(now));
        query.execute().await?;
    }
    // Whoever left between the reading and now is in none.
    tx.query(LEFT_MEANWHILE).bind(brand).bind(now).execute().await?;
    audit::record(tx, actor, now, "brand.segments_saved", brand, None, None, None).await?;
    Ok(told)
}

/// Which segments of the brand were saved and have somebody in them, for whoever may read the brand.
pub async fn saved(tx: &mut Tx, actor: &Actor, now: Timestamp, brand: BrandId) -> Result<Vec<Segment>, Error> {
    if *actor == Actor::Anonymous {
        return Err(identity::Error::Unauthorized.into());
    }
    let owner = identity::organisation::find_brand(tx, brand).await?.ok_or(Error::NotFound)?.organisation_id;
    actor.reads(owner)?;
    let mut saved = Vec::new();
    for segment in Segment::ALL {
        if tx.query(SAVED).bind(brand).bind(name(segment)).bind(now).one::<(bool,)>().await?.0 {
            saved.push(segment);
        }
    }
    Ok(saved)
}

/// Enters so many; somebody who comes back within the same millisecond is in again.
pub(crate) fn enter(rows: usize) -> Sql {
    ENTER.with_rows_then(COLUMNS, rows, "ON CONFLICT (brand_id, name, consumer_id, from_at) DO UPDATE SET until_at = 9223372036854775807")
}

const ENTER: Sql = Sql::same("INSERT INTO segment_member (brand_id, name, consumer_id, from_at) VALUES");

sql! {
    OPEN: "SELECT consumer_id, name FROM segment_member WHERE brand_id = $1 AND from_at <= $2 AND until_at > $2";

    SAVED: "SELECT EXISTS (SELECT 1 FROM segment_member WHERE brand_id = $1 AND name = $2 AND from_at <= $3 AND until_at > $3)";

    /// People who leave the platform close theirs, too, which is no saving: somebody who enters tells one.
    SAVED_LATER: "SELECT EXISTS (SELECT 1 FROM segment_member WHERE brand_id = $1 AND from_at > $2
                                 AND name IN ('champions', 'loyal', 'new_or_promising', 'needs_attention', 'cannot_lose', 'at_risk', 'hibernating'))";

    LEFT_MEANWHILE: "UPDATE segment_member SET until_at = from_at WHERE brand_id = $1 AND from_at = $2 AND until_at > $2
                     AND consumer_id IN (SELECT id FROM consumer WHERE deleted_at IS NOT NULL)";

    LEAVE: "UPDATE segment_member SET until_at = $1 WHERE brand_id = $2 AND name = $3 AND consumer_id = $4 AND from_at <= $1 AND until_at > $1";
}
