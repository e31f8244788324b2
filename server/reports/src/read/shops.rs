//! Metrics 2 and 3 from shops that take part and what they sold.

use std::collections::BTreeMap;

use db::{Tx, sql};
use shared::{ShopId, reports::metric::{ActivePdv, Metric, NamedShop, Report, ShopPerformance}, time::DAY_MS};

use crate::{Error, metrics::shops, scope::Scope};

/// Purchases that make a shop active, at most.
const MIN_PURCHASES_MAX: i64 = 1_000;

/// How many of the shops that take part sold at least `min_purchases` (1 to 1 000) times.
pub async fn active_pdv(tx: &mut Tx, scope: &Scope, min_purchases: i64) -> Result<Report<ActivePdv>, Error> {
    if !(1..=MIN_PURCHASES_MAX).contains(&min_purchases) {
        return Err(Error::Parameter("min_purchases"));
    }
    let Scope { brand, tenant, from, to, .. } = *scope;
    let counts = tx.query(ACTIVE).bind(brand).bind(tenant).bind(from).bind(to).bind(min_purchases).bind(scope.start());
    let (eligible, active): (i64, i64) = counts.one().await?;
    let begun_before = scope.end().min(scope.as_of).plus_ms(-shops::NEVER_SCANNED_AFTER_DAYS * DAY_MS);
    let never: Vec<NamedShop> = tx.query(NEVER_SCANNED).bind(brand).bind(tenant).bind(begun_before).bind(to).all().await?;
    let dormant: Vec<NamedShop> = tx.query(DORMANT).bind(brand).bind(tenant).bind(from).bind(to).bind(min_purchases).bind(scope.before()?).all().await?;
    scope.report(tx, Metric::ActivePdv, shops::active_pdv(eligible, active, min_purchases, never, dormant)).await
}

#[derive(sqlx::FromRow)]
struct Sold {
    shop_id: ShopId,
    purchases: i64,
    units: i64,
    net_minor: i64,
    buyers: i64,
    active_days: i64,
}

/// One row for each shop that takes part or sold, highest amount first.
pub async fn shop_performance(tx: &mut Tx, scope: &Scope) -> Result<Report<ShopPerformance>, Error> {
    let Scope { brand, tenant, currency, from, to, .. } = *scope;
    let names: Vec<NamedShop> = tx.query(SHOPS).bind(brand).bind(tenant).bind(from).bind(to).all().await?;
    let sold: Vec<Sold> = tx.query(SOLD).bind(brand).bind(tenant).bind(from).bind(to).bind(currency).all().await?;
    let received: Vec<(ShopId, i64, i64)> = tx.query(RECEIVED).bind(brand).bind(tenant).bind(from).bind(to).all().await?;
    let delays: Vec<(ShopId, i64)> = tx.query(DELAYS).bind(brand).bind(tenant).bind(from).bind(to).all().await?;
    let registered: Vec<(ShopId, i64)> = tx.query(REGISTERED).bind(brand).bind(tenant).bind(scope.start()).bind(scope.end()).all().await?;
    let delivered: Vec<(ShopId, i64)> = tx.query(DELIVERED).bind(brand).bind(tenant).bind(from).bind(to).all().await?;
    let sold: BTreeMap<ShopId, Sold> = sold.into_iter().map(|row| (row.shop_id, row)).collect();
    let received: BTreeMap<ShopId, (i64, i64)> = received.into_iter().map(|(shop, all, held)| (shop, (all, held))).collect();
    let [delays, registered, delivered] = [delays, registered, delivered].map(|rows| rows.into_iter().collect::<BTreeMap<_, _>>());
    let count = |column: &BTreeMap<ShopId, i64>, shop| column.get(&shop).copied().unwrap_or_default();
    let facts = |NamedShop { shop_id, name }: NamedShop| {
        let of = |field: fn(&Sold) -> i64| sold.get(&shop_id).map_or(0, field);
        let (all, held) = received.get(&shop_id).copied().unwrap_or_default();
        shops::ShopFacts {
            shop_id,
            name,
            purchases: of(|row| row.purchases),
            units: of(|row| row.units),
            net_minor: of(|row| row.net_minor),
            buyers: of(|row| row.buyers),
            active_days: of(|row| row.active_days),
            first_registered: count(&registered, shop_id),
            rewards_delivered: count(&delivered, shop_id),
            received: all,
            held,
            sync_twice_ms: delays.get(&shop_id).copied(),
        }
    };
    let mut rows: Vec<shops::ShopFacts> = names.into_iter().map(facts).collect();
    rows.sort_by_key(|row| (-row.net_minor, row.shop_id));
    scope.report(tx, Metric::ShopPerformance, shops::performance(&rows, currency, scope.k)).await
}

sql! {
    ACTIVE: "WITH eligible AS (SELECT DISTINCT b.shop_id FROM shop_brand b JOIN shop s ON s.id = b.shop_id
                               WHERE b.brand_id = $1 AND b.tenant_id = $2 AND b.enrolled_date < $4 AND (b.left_date IS NULL OR b.left_date >= $3)
                                 AND (s.closed_at IS NULL OR s.closed_at > $6)),
                  sold AS (SELECT shop_id, COUNT(DISTINCT purchase_id) AS purchases FROM valid_line
                           WHERE brand_id = $1 AND tenant_id = $2 AND business_date >= $3 AND business_date < $4 GROUP BY shop_id)
             SELECT COUNT(*), COUNT(CASE WHEN d.purchases >= $5 THEN 1 END) FROM eligible e LEFT JOIN sold d ON d.shop_id = e.shop_id";

    NEVER_SCANNED: "SELECT s.id AS shop_id, s.name FROM shop_brand b JOIN shop s ON s.id = b.shop_id
                    WHERE b.brand_id = $1 AND b.tenant_id = $2 AND b.left_at IS NULL AND b.enrolled_at < $3 AND s.closed_at IS NULL
                      AND NOT EXISTS (SELECT 1 FROM sold_line v WHERE v.brand_id = $1 AND v.tenant_id = $2 AND v.shop_id = b.shop_id AND v.business_date < $4)
                    ORDER BY s.search_key, s.id LIMIT 1000";

    DORMANT: "SELECT s.id AS shop_id, s.name FROM shop s
              WHERE s.id IN (SELECT shop_id FROM valid_line WHERE brand_id = $1 AND tenant_id = $2 AND business_date >= $6 AND business_date < $3
                             GROUP BY shop_id HAVING COUNT(DISTINCT purchase_id) >= $5)
                AND s.id NOT IN (SELECT shop_id FROM valid_line WHERE brand_id = $1 AND tenant_id = $2 AND business_date >= $3 AND business_date < $4
                                 GROUP BY shop_id HAVING COUNT(DISTINCT purchase_id) >= $5)
              ORDER BY s.search_key, s.id LIMIT 1000";

    SHOPS: "SELECT s.id AS shop_id, s.name FROM shop s
            WHERE s.id IN (SELECT shop_id FROM shop_brand WHERE brand_id = $1 AND tenant_id = $2 AND enrolled_date < $4 AND (left_date IS NULL OR left_date >= $3))
               OR s.id IN (SELECT p.shop_id FROM purchase_line l JOIN purchase p ON p.id = l.purchase_id
                           WHERE l.brand_id = $1 AND l.tenant_id = $2 AND l.business_date >= $3 AND l.business_date < $4)
            ORDER BY s.search_key, s.id LIMIT 1000";

    SOLD: "SELECT shop_id, COUNT(DISTINCT purchase_id) AS purchases, CAST(SUM(units) AS BIGINT) AS units,
                  CAST(SUM(CASE WHEN currency = $5 THEN net_minor ELSE 0 END) AS BIGINT) AS net_minor,
                  COUNT(DISTINCT CASE WHEN NOT own_shop THEN consumer_id END) AS buyers, COUNT(DISTINCT business_date) AS active_days
           FROM valid_line WHERE brand_id = $1 AND tenant_id = $2 AND business_date >= $3 AND business_date < $4 GROUP BY shop_id";

    /// Of whatever status: what was held or rejected is told as a share of it.
    RECEIVED: "SELECT p.shop_id, COUNT(DISTINCT p.id), COUNT(DISTINCT CASE WHEN p.status <> 'accepted' THEN p.id END)
               FROM purchase_line l JOIN purchase p ON p.id = l.purchase_id
               WHERE l.brand_id = $1 AND l.tenant_id = $2 AND l.business_date >= $3 AND l.business_date < $4 GROUP BY p.shop_id";

    /// Twice the median: of an odd number the one in the middle is chosen once, of an even one the two.
    DELAYS: "WITH one AS (SELECT DISTINCT p.id, p.shop_id, p.received_at - p.purchased_at AS delay FROM purchase_line l JOIN purchase p ON p.id = l.purchase_id
                          WHERE l.brand_id = $1 AND l.tenant_id = $2 AND l.business_date >= $3 AND l.business_date < $4),
                  placed AS (SELECT shop_id, delay, ROW_NUMBER() OVER (PARTITION BY shop_id ORDER BY delay) AS place, COUNT(*) OVER (PARTITION BY shop_id) AS many FROM one)
             SELECT shop_id, CAST(SUM(delay) * 2 / COUNT(*) AS BIGINT) FROM placed WHERE place IN ((many + 1) / 2, (many + 2) / 2) GROUP BY shop_id";

    REGISTERED: "SELECT c.first_shop_id, COUNT(*) FROM consumer c
                 WHERE c.created_at >= $3 AND c.created_at < $4 AND NOT c.anonymous
                   AND c.first_shop_id IN (SELECT shop_id FROM shop_brand WHERE brand_id = $1 AND tenant_id = $2) GROUP BY c.first_shop_id";

    /// A delivery that was taken back is a negative row.
    DELIVERED: "SELECT shop_id, CAST(SUM(CASE WHEN kind = 'undo' THEN -1 ELSE 1 END) AS BIGINT) FROM payable_entry
                WHERE brand_id = $1 AND tenant_id = $2 AND business_date >= $3 AND business_date < $4 GROUP BY shop_id";
}
