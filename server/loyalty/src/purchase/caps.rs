//! What campaigns have given in the windows that their caps count, and who shares what is left.
//!
//! What one consumer was given is read from her lots, under her lock. What all of them were given (a shop's day, the
//! whole campaign) is a row of `cap_use`, kept for campaigns that limit it, and read and changed under the campaign's lock:
//! two purchases never see the same room. Where nobody waits for a lock, on SQLite, nobody else writes.

use db::{Tx, sql};
use shared::{
    CampaignId, CivilDate, ShopId,
    loyalty::{campaign::CapScope, evaluation::Used},
};

use crate::{Error, rule_book::LiveVersion};

/// Stands for all shops of a campaign where what one shop was given has its id.
const EVERY_SHOP: ShopId = ShopId::fixed(0);

/// A campaign whose total is counted, and by how much it grows.
pub(crate) type Counted = (CampaignId, i64);
/// One row of what a consumer was given.
pub(crate) type Given = (CampaignId, Option<ShopId>, CivilDate, i64);

/// What one campaign has given, in the windows of a purchase at that shop and day.
pub(super) async fn used(tx: &mut Tx, version: &LiveVersion, given: &[Given], shop: ShopId, date: CivilDate) -> Result<Used, Error> {
    let mut used = Used::default();
    let mine = given.iter().filter(|(campaign, ..)| *campaign == version.campaign);
    own_windows(&mut used, mine.map(|(_, place, day, amount)| (*place, *day, *amount)), shop, date);
    if version.counts_all {
        let rows: Vec<(String, i64)> = tx.query(USED).bind(version.campaign).bind(EVERY_SHOP).bind(shop).bind(date).all().await?;
        for (window, amount) in rows {
            used.add(if window.is_empty() { CapScope::Campaign } else { CapScope::PdvDay }, amount);
        }
    }
    Ok(used)
}

/// What one consumer was given, in the windows of a purchase at that shop and day.
pub(crate) fn own_windows(used: &mut Used, given: impl Iterator<Item = (Option<ShopId>, CivilDate, i64)>, shop: ShopId, date: CivilDate) {
    let monday = |date: CivilDate| date.plus_days(1 - i64::from(date.weekday()));
    for (place, day, amount) in given {
        let windows = [
            (CapScope::ConsumerPdvDay, day == date && place == Some(shop)),
            (CapScope::ConsumerDay, day == date),
            (CapScope::ConsumerWeek, monday(day) == monday(date)),
            (CapScope::ConsumerMonth, (day.year(), day.month()) == (date.year(), date.month())),
            (CapScope::ConsumerCampaign, true),
        ];
        for (scope, _) in windows.into_iter().filter(|(_, inside)| *inside) {
            used.add(scope, amount);
        }
    }
}

/// Writes down what campaigns that limit it gave to everybody. The caller holds their locks.
pub(crate) async fn count(tx: &mut Tx, counted: &[Counted], shop: ShopId, date: CivilDate) -> Result<(), Error> {
    for (campaign, amount) in counted {
        tx.query(COUNT).bind(*campaign).bind(EVERY_SHOP).bind("").bind(*amount).execute().await?;
        tx.query(COUNT).bind(*campaign).bind(shop).bind(date).bind(*amount).execute().await?;
    }
    Ok(())
}

/// A return gives room back to the windows of its purchase.
pub(crate) async fn uncount(tx: &mut Tx, campaign: CampaignId, shop: ShopId, date: CivilDate, amount: i64) -> Result<(), Error> {
    tx.query(UNCOUNT).bind(amount).bind(campaign).bind(EVERY_SHOP).bind(shop).bind(date).execute().await?;
    Ok(())
}

/// Counts what a campaign gave before it had a limit. The caller holds its lock.
pub(crate) async fn begin_counting(tx: &mut Tx, campaign: CampaignId) -> Result<(), Error> {
    tx.query(FORGET).bind(campaign).execute().await?;
    tx.query(COUNT_CAMPAIGN).bind(campaign).bind(EVERY_SHOP).execute().await?;
    tx.query(COUNT_DAYS).bind(campaign).execute().await?;
    Ok(())
}

sql! {
    USED: "SELECT business_date, used FROM cap_use WHERE campaign_id = $1 AND ((shop_id = $2 AND business_date = '') OR (shop_id = $3 AND business_date = $4))";

    COUNT: "INSERT INTO cap_use (campaign_id, shop_id, business_date, used) VALUES ($1, $2, $3, $4)
            ON CONFLICT (campaign_id, shop_id, business_date) DO UPDATE SET used = cap_use.used + excluded.used";

    /// A purchase on its way when counting began may be missing from it.
    UNCOUNT: "UPDATE cap_use SET used = CASE WHEN used >= $1 THEN used - $1 ELSE 0 END WHERE campaign_id = $2 AND ((shop_id = $3 AND business_date = '') OR (shop_id = $4 AND business_date = $5))";

    FORGET: "DELETE FROM cap_use WHERE campaign_id = $1";

    COUNT_CAMPAIGN: "INSERT INTO cap_use (campaign_id, shop_id, business_date, used)
                     SELECT campaign_id, $2, '', CAST(SUM(awarded - reversed) AS BIGINT) FROM lot WHERE campaign_id = $1 AND adjustment_id IS NULL GROUP BY campaign_id";

    COUNT_DAYS: "INSERT INTO cap_use (campaign_id, shop_id, business_date, used)
                 SELECT campaign_id, shop_id, business_date, CAST(SUM(awarded - reversed) AS BIGINT) FROM lot
                 WHERE campaign_id = $1 AND shop_id IS NOT NULL AND adjustment_id IS NULL GROUP BY campaign_id, shop_id, business_date";
}
