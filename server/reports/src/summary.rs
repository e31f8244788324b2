//! The brand's first page: sales, shops, buyers, rewards.

use db::{Tx, sql};
use identity::Actor;
use shared::{BrandId, CivilDate, ProductId, Timestamp, reports::{Count, DaySales, ProductSales, Summary}};

use crate::Error;

/// Longest period, in days.
const DAYS_MAX: i64 = 366;

#[derive(sqlx::FromRow)]
struct Totals {
    net_amount_minor: i64,
    units: i64,
    active_shops: i64,
    buyers: i64,
    data_until: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct ProductRow {
    product_id: ProductId,
    name: String,
    units: i64,
    net_amount_minor: i64,
    purchases: i64,
    buyers: i64,
}

/// The summary of one brand over local days, both included; compared with as many days before.
pub async fn summary(tx: &mut Tx, actor: &Actor, brand: BrandId, from: CivilDate, to: CivilDate) -> Result<Summary, Error> {
    if *actor == Actor::Anonymous {
        return Err(identity::Error::Unauthorized.into());
    }
    let owner = identity::organisation::find_brand(tx, brand).await?.ok_or(Error::NotFound)?;
    actor.reads(owner.organisation_id)?;
    let days = days_between(from, to).filter(|days| (1..=DAYS_MAX).contains(days)).ok_or(Error::Period)?;
    let (before_from, before_to) = from.plus_days(-days).zip(from.plus_days(-1)).ok_or(Error::Period)?;
    // Amounts of several currencies do not add up: what was sold in another one counts in units alone.
    let currency = tx.query(COUNTRY).bind(brand).one::<(shared::Country,)>().await?.0.currency();
    let now: Totals = tx.query(TOTALS).bind(brand).bind(from).bind(to).bind(currency).one().await?;
    let before: Totals = tx.query(TOTALS).bind(brand).bind(before_from).bind(before_to).bind(currency).one().await?;
    let products = tx.query(PRODUCTS).bind(brand).bind(from).bind(to).bind(currency).all::<ProductRow>().await?;
    let sold: Vec<(CivilDate, i64)> = tx.query(DAYS).bind(brand).bind(from).bind(to).all().await?;
    let (eligible_shops,): (i64,) = tx.query(SHOPS).one().await?;
    let (rewards_delivered,): (i64,) = tx.query(DELIVERED).bind(brand).bind(from).bind(to).one().await?;
    let (owed_minor,): (i64,) = tx.query(OWED).bind(brand).bind(currency).one().await?;
    let all_days = (0..days).filter_map(|day| from.plus_days(day));
    Ok(Summary {
        from,
        to,
        data_until: now.data_until,
        currency,
        net_amount_minor: now.net_amount_minor,
        net_amount_before_minor: before.net_amount_minor,
        units: now.units,
        units_before: before.units,
        active_shops: now.active_shops,
        eligible_shops,
        buyers: Count::of(now.buyers),
        rewards_delivered,
        owed_minor,
        products: products
            .into_iter()
            .map(|row| ProductSales { product_id: row.product_id, name: row.name, units: row.units, net_amount_minor: row.net_amount_minor, purchases: row.purchases, buyers: Count::of(row.buyers) })
            .collect(),
        days: all_days.map(|date| DaySales { date, units: sold.iter().find(|(day, _)| *day == date).map_or(0, |(_, units)| *units) }).collect(),
    })
}

/// How many days the period has, both ends included.
fn days_between(from: CivilDate, to: CivilDate) -> Option<i64> {
    (0..=DAYS_MAX).find(|days| from.plus_days(*days) == Some(to)).map(|days| days + 1)
}

sql! {
    TOTALS: "SELECT CAST(COALESCE(SUM(CASE WHEN p.currency = $4 THEN l.amount_minor ELSE 0 END), 0) AS BIGINT) AS net_amount_minor, CAST(COALESCE(SUM(l.quantity), 0) AS BIGINT) AS units,
                    COUNT(DISTINCT p.shop_id) AS active_shops, COUNT(DISTINCT p.consumer_id) AS buyers, MAX(p.received_at) AS data_until
             FROM purchase_line l JOIN purchase p ON p.id = l.purchase_id
             WHERE l.brand_id = $1 AND l.business_date BETWEEN $2 AND $3 AND p.status = 'accepted'";

    PRODUCTS: "SELECT l.product_id, r.name, CAST(SUM(l.quantity) AS BIGINT) AS units, CAST(SUM(CASE WHEN p.currency = $4 THEN l.amount_minor ELSE 0 END) AS BIGINT) AS net_amount_minor,
                      COUNT(DISTINCT p.id) AS purchases, COUNT(DISTINCT p.consumer_id) AS buyers
               FROM purchase_line l JOIN purchase p ON p.id = l.purchase_id JOIN product r ON r.id = l.product_id
               WHERE l.brand_id = $1 AND l.business_date BETWEEN $2 AND $3 AND p.status = 'accepted'
               GROUP BY l.product_id, r.name ORDER BY units DESC, l.product_id LIMIT 100";

    DAYS: "SELECT l.business_date, CAST(SUM(l.quantity) AS BIGINT) AS units
           FROM purchase_line l JOIN purchase p ON p.id = l.purchase_id
           WHERE l.brand_id = $1 AND l.business_date BETWEEN $2 AND $3 AND p.status = 'accepted'
           GROUP BY l.business_date ORDER BY l.business_date";

    SHOPS: "SELECT COUNT(*) FROM shop WHERE closed_at IS NULL";

    DELIVERED: "SELECT COUNT(*) FROM payable_entry WHERE brand_id = $1 AND business_date BETWEEN $2 AND $3 AND kind = 'delivery'";

    OWED: "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM payable_entry WHERE brand_id = $1 AND currency = $2";

    COUNTRY: "SELECT o.country FROM brand b JOIN organisation o ON o.id = b.tenant_id WHERE b.id = $1";
}
