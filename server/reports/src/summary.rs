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
    let tenant = owner.organisation_id;
    let now: Totals = tx.query(TOTALS).bind(brand).bind(tenant).bind(from).bind(to).bind(currency).one().await?;
    let before: Totals = tx.query(TOTALS).bind(brand).bind(tenant).bind(before_from).bind(before_to).bind(currency).one().await?;
    let products = tx.query(PRODUCTS).bind(brand).bind(tenant).bind(from).bind(to).bind(currency).all::<ProductRow>().await?;
    let sold: Vec<(CivilDate, i64)> = tx.query(DAYS).bind(brand).bind(tenant).bind(from).bind(to).all().await?;
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
    TOTALS: "SELECT CAST(COALESCE(SUM(CASE WHEN currency = $5 THEN net_minor ELSE 0 END), 0) AS BIGINT) AS net_amount_minor, CAST(COALESCE(SUM(units), 0) AS BIGINT) AS units,
                    COUNT(DISTINCT shop_id) AS active_shops, COUNT(DISTINCT CASE WHEN NOT own_shop THEN consumer_id END) AS buyers, MAX(received_at) AS data_until
             FROM valid_line WHERE brand_id = $1 AND tenant_id = $2 AND business_date BETWEEN $3 AND $4";

    PRODUCTS: "SELECT v.product_id, r.name, CAST(SUM(v.units) AS BIGINT) AS units, CAST(SUM(CASE WHEN v.currency = $5 THEN v.net_minor ELSE 0 END) AS BIGINT) AS net_amount_minor,
                      COUNT(DISTINCT v.purchase_id) AS purchases, COUNT(DISTINCT CASE WHEN NOT v.own_shop THEN v.consumer_id END) AS buyers
               FROM valid_line v JOIN product r ON r.id = v.product_id
               WHERE v.brand_id = $1 AND v.tenant_id = $2 AND v.business_date BETWEEN $3 AND $4
               GROUP BY v.product_id, r.name ORDER BY 3 DESC, 1 LIMIT 100";

    DAYS: "SELECT business_date, CAST(SUM(units) AS BIGINT) AS units FROM valid_line
           WHERE brand_id = $1 AND tenant_id = $2 AND business_date BETWEEN $3 AND $4 GROUP BY business_date ORDER BY business_date";

    SHOPS: "SELECT COUNT(*) FROM shop WHERE closed_at IS NULL";

    DELIVERED: "SELECT COUNT(*) FROM payable_entry WHERE brand_id = $1 AND business_date BETWEEN $2 AND $3 AND kind = 'delivery'";

    OWED: "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM payable_entry WHERE brand_id = $1 AND currency = $2";

    COUNTRY: "SELECT o.country FROM brand b JOIN organisation o ON o.id = b.tenant_id WHERE b.id = $1";
}
