//! Days of a brand's sales and points that changed, for whoever keeps sums of them. Every verb that changes what was
//! bought, when, or by whom says so here, and so does the only writer of the ledger, in their own transactions: a sum can then be old, but never miss something for ever.

use std::collections::BTreeSet;

use db::{Sql, Tx, sql};
use shared::{BrandId, CivilDate, ConsumerId, PurchaseId, Timestamp, time::DAY_MS};

use crate::{Error, ledger::ROWS_MAX};

/// Something was sold on that day.
pub(crate) async fn note(tx: &mut Tx, now: Timestamp, brands: impl IntoIterator<Item = BrandId>, date: CivilDate) -> Result<(), Error> {
    insert(tx, now, brands.into_iter().map(|brand| (brand, date)).collect()).await
}

/// A purchase is not what it was: it was decided about, or something of it came back.
pub(crate) async fn note_purchase(tx: &mut Tx, now: Timestamp, purchase: PurchaseId) -> Result<(), Error> {
    let days = tx.query(OF_PURCHASE).bind(purchase).all().await?;
    insert(tx, now, days).await
}

/// Everything that a consumer ever bought: it will be somebody else's.
pub(crate) async fn note_consumer(tx: &mut Tx, now: Timestamp, consumer: ConsumerId) -> Result<(), Error> {
    let days = tx.query(OF_CONSUMER).bind(consumer).all().await?;
    insert(tx, now, days).await
}

/// Points moved, or a reward was given, in a wallet of the brand: each with its day of UTC since 1970.
pub(crate) async fn note_points(tx: &mut Tx, now: Timestamp, days: &BTreeSet<(BrandId, i64)>) -> Result<(), Error> {
    let days: Vec<&(BrandId, i64)> = days.iter().collect();
    for part in days.chunks(ROWS_MAX) {
        let ids: Vec<uuid::Uuid> = part.iter().map(|_| tx.new_id()).collect();
        let query = tx.query(INSERT_POINTS.with_rows(COLUMNS, part.len()));
        part.iter().zip(ids).fold(query, |query, ((brand, day), id)| query.bind(id).bind(*brand).bind(*day).bind(now)).execute().await?;
    }
    Ok(())
}

/// All rewards that a consumer was ever given: they will be somebody else's.
pub(crate) async fn note_rewards(tx: &mut Tx, now: Timestamp, consumer: ConsumerId) -> Result<(), Error> {
    let days: Vec<(BrandId, i64)> = tx.query(REWARDS_OF_CONSUMER).bind(consumer).all().await?;
    note_points(tx, now, &days.into_iter().collect()).await
}

/// The day of UTC that an instant falls on, since 1970.
pub(crate) const fn day_of(at: Timestamp) -> i64 {
    at.0.div_euclid(DAY_MS)
}

async fn insert(tx: &mut Tx, now: Timestamp, mut days: Vec<(BrandId, CivilDate)>) -> Result<(), Error> {
    days.sort_unstable();
    days.dedup();
    for part in days.chunks(ROWS_MAX) {
        let ids: Vec<uuid::Uuid> = part.iter().map(|_| tx.new_id()).collect();
        let query = tx.query(INSERT.with_rows(COLUMNS, part.len()));
        part.iter().zip(ids).fold(query, |query, ((brand, date), id)| query.bind(id).bind(*brand).bind(*date).bind(now)).execute().await?;
    }
    Ok(())
}

const COLUMNS: usize = 4;
const INSERT: Sql = Sql::same("INSERT INTO sale_change (id, brand_id, business_date, changed_at) VALUES");

const INSERT_POINTS: Sql = Sql::same("INSERT INTO points_change (id, brand_id, day, changed_at) VALUES");

/// The statements that write several rows, with two of them.
pub(crate) fn row_statements() -> [Sql; 2] {
    [INSERT.with_rows(COLUMNS, 2), INSERT_POINTS.with_rows(COLUMNS, 2)]
}

sql! {
    OF_PURCHASE: "SELECT DISTINCT brand_id, business_date FROM purchase_line WHERE purchase_id = $1 AND brand_id IS NOT NULL";

    OF_CONSUMER: "SELECT DISTINCT l.brand_id, l.business_date FROM purchase p JOIN purchase_line l ON l.purchase_id = p.id WHERE p.consumer_id = $1 AND l.brand_id IS NOT NULL";

    REWARDS_OF_CONSUMER: "SELECT DISTINCT brand_id, issued_at / 86400000 FROM reward_instance WHERE consumer_id = $1";
}
