//! How many signed up for a brand in a span of time. At its shops whole days are known from what identity keeps counted, and
//! only the hours before the first and after the last of them are counted one by one.

use db::{Query, Tx, sql};
use rustc_hash::FxHashMap;
use shared::{ShopId, Timestamp, time::DAY_MS};

use super::consumers::Cohort;
use crate::{Error, scope::Scope};

/// Who signed up at each of the brand's own shops where somebody did.
pub async fn by_shop(tx: &mut Tx, scope: &Scope, cohort: Cohort) -> Result<FxHashMap<ShopId, i64>, Error> {
    let mut shops = FxHashMap::default();
    for (shop, many) in bound(tx.query(BY_SHOP), scope, cohort).all::<(ShopId, i64)>().await? {
        *shops.entry(shop).or_default() += many;
    }
    Ok(shops)
}

/// Who signed up at the brand's own shops, one by one: for the 53 weeks of a year that takes a pilot 140 ms, and by whole
/// days 165, since each shop is looked up three times for each week.
pub async fn in_week(tx: &mut Tx, scope: &Scope, week: Cohort) -> Result<i64, Error> {
    let (many,): (i64,) = tx.query(IN_WEEK).bind(scope.brand).bind(scope.tenant).bind(week.from).bind(week.until).one().await?;
    Ok(many)
}

/// How many the cohort has.
pub async fn count(tx: &mut Tx, scope: &Scope, cohort: Cohort) -> Result<i64, Error> {
    // Since when does not matter to a number; from now on nobody's distance is centuries.
    Ok(people(tx, scope, cohort, scope.now).await?.0)
}

/// How many the cohort has, and how long its people could have bought in the period until `end`, in milliseconds.
pub async fn exposed(tx: &mut Tx, scope: &Scope, cohort: Cohort, end: Timestamp) -> Result<(i64, i64), Error> {
    let start = scope.start();
    let earlier = count(tx, scope, cohort.before(start.min(end))).await?;
    let (during, after_start_ms) = people(tx, scope, cohort.since(start).before(end), start).await?;
    let later = count(tx, scope, cohort.since(end)).await?;
    Ok((earlier + during + later, (earlier + during) * end.since(start).max(0) - after_start_ms))
}

/// How many there are, and by how many milliseconds they signed up after `since`, taken together.
async fn people(tx: &mut Tx, scope: &Scope, cohort: Cohort, since: Timestamp) -> Result<(i64, i64), Error> {
    if cohort.from >= cohort.until {
        return Ok((0, 0));
    }
    Ok(bound(tx.query(PEOPLE), scope, cohort).bind(since).one().await?)
}

/// Brand, tenant, the span, its whole days, and where what stands before and after them ends and begins.
fn bound<'a>(query: Query<'a>, scope: &Scope, cohort: Cohort) -> Query<'a> {
    let Cohort { from, until } = cohort;
    let (first, last) = whole_days(cohort);
    let head_until = until.min(Timestamp(first * DAY_MS));
    let tail_from = head_until.max(Timestamp(last * DAY_MS));
    query.bind(scope.brand).bind(scope.tenant).bind(from).bind(until).bind(first).bind(last).bind(head_until).bind(tail_from)
}

/// The first UTC day that lies whole in the span, and the one after the last; none when they are not in this order.
fn whole_days(Cohort { from, until }: Cohort) -> (i64, i64) {
    (from.0.saturating_add(DAY_MS - 1).div_euclid(DAY_MS), until.0.div_euclid(DAY_MS))
}

sql! {
    BY_SHOP: "SELECT shop_id, CAST(SUM(many) AS BIGINT) FROM shop_registration
              WHERE shop_id IN (SELECT shop_id FROM shop_brand WHERE brand_id = $1 AND tenant_id = $2) AND day >= $5 AND day < $6 GROUP BY shop_id
              UNION ALL
              SELECT first_shop_id, COUNT(*) FROM consumer
              WHERE first_shop_id IN (SELECT shop_id FROM shop_brand WHERE brand_id = $1 AND tenant_id = $2)
                AND created_at >= $3 AND created_at < $7 AND NOT anonymous GROUP BY first_shop_id
              UNION ALL
              SELECT first_shop_id, COUNT(*) FROM consumer
              WHERE first_shop_id IN (SELECT shop_id FROM shop_brand WHERE brand_id = $1 AND tenant_id = $2)
                AND created_at >= $8 AND created_at < $4 AND NOT anonymous GROUP BY first_shop_id";

    IN_WEEK: "SELECT COUNT(*) FROM consumer WHERE created_at >= $3 AND created_at < $4 AND NOT anonymous
              AND first_shop_id IN (SELECT shop_id FROM shop_brand WHERE brand_id = $1 AND tenant_id = $2)";

    /// Each part is added up by itself: rows of a union would go through a table of their own.
    PEOPLE: "SELECT CAST(SUM(many) AS BIGINT), CAST(SUM(ms) AS BIGINT)
             FROM (SELECT COALESCE(SUM(many), 0) AS many, COALESCE(SUM(many * (day * 86400000 - $9) + after_midnight_ms), 0) AS ms FROM shop_registration
                   WHERE shop_id IN (SELECT shop_id FROM shop_brand WHERE brand_id = $1 AND tenant_id = $2) AND day >= $5 AND day < $6
                   UNION ALL
                   SELECT COUNT(*), COALESCE(SUM(created_at - $9), 0) FROM consumer
                   WHERE first_shop_id IN (SELECT shop_id FROM shop_brand WHERE brand_id = $1 AND tenant_id = $2)
                     AND created_at >= $3 AND created_at < $7 AND NOT anonymous
                   UNION ALL
                   SELECT COUNT(*), COALESCE(SUM(created_at - $9), 0) FROM consumer
                   WHERE first_shop_id IN (SELECT shop_id FROM shop_brand WHERE brand_id = $1 AND tenant_id = $2)
                     AND created_at >= $8 AND created_at < $4 AND NOT anonymous
                   UNION ALL
                   SELECT COUNT(*), COALESCE(SUM(created_at - $9), 0) FROM consumer
                   WHERE first_shop_id IS NULL AND created_at >= $3 AND created_at < $4 AND NOT anonymous
                     AND country IN (SELECT s.country FROM shop_brand b JOIN shop s ON s.id = b.shop_id WHERE b.brand_id = $1 AND b.tenant_id = $2)) c";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_days_lie_in_the_span() {
        let days = |from, until| whole_days(Cohort { from: Timestamp(from), until: Timestamp(until) });

        assert_eq!(days(0, 2 * DAY_MS), (0, 2));
        assert_eq!(days(1, 3 * DAY_MS - 1), (1, 2));
        assert_eq!(days(1, DAY_MS), (1, 1));
        assert_eq!(days(1, DAY_MS - 1), (1, 0));
        assert_eq!(days(-1, i64::MAX), (0, i64::MAX / DAY_MS));
    }
}
