//! The brand's first page: sales, shops, buyers, rewards.

use db::{Tx, sql};
use identity::Actor;
use rustc_hash::FxHashSet;
use shared::{
    BrandId, CivilDate, Timestamp,
    reports::{Count, DaySales, K_ANONYMITY, ProductSales, Summary},
};

use crate::{
    Error,
    days::{self, Line},
    metrics::small_numbers::hide,
    read,
    scope::Scope,
};

/// Longest period, in days.
const DAYS_MAX: i64 = 366;
/// Products of the table, at most.
const PRODUCTS_MAX: usize = 100;

/// The summary of one brand over local days, both included; compared with as many days before.
pub async fn summary(tx: &mut Tx, actor: &Actor, now: Timestamp, brand: BrandId, from: CivilDate, to: CivilDate) -> Result<Summary, Error> {
    if *actor == Actor::Anonymous {
        return Err(identity::Error::Unauthorized.into());
    }
    let owner = identity::organisation::find_brand(tx, brand).await?.ok_or(Error::NotFound)?;
    actor.reads(owner.organisation_id)?;
    let days = to.days_since(from) + 1;
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(Error::Period);
    }
    let before_from = from.plus_days(-days).ok_or(Error::Period)?;
    // Amounts of several currencies do not add up: what was sold in another one counts in units alone.
    let (country,): (shared::Country,) = tx.query(COUNTRY).bind(brand).one().await?;
    let currency = country.currency();
    let tenant = owner.organisation_id;
    let end = to.plus_days(1).ok_or(Error::Period)?;
    let scope = Scope { brand, tenant, country, currency, time_zone: "UTC", from, to: end, as_of: now, now, k: K_ANONYMITY };
    let (mut sold, mut shops) = (vec![0; days as usize], FxHashSet::default());
    let (mut units_before, mut net_before) = (0, 0);
    let (tallies, all) = read::tallies(tx, &scope, before_from, |sale| {
        let units: i64 = sale.valid().map(Line::units).sum();
        if sale.date < from {
            units_before += units;
            net_before += if sale.currency == currency { sale.valid().map(Line::net_minor).sum() } else { 0 };
        } else if units > 0 {
            sold[sale.date.days_since(from) as usize] += units;
            shops.insert(sale.shop);
        }
    })
    .await?;
    let mut products = Vec::new();
    let sold_products: Vec<_> = tallies.into_iter().filter(|(_, tally)| tally.units > 0).take(PRODUCTS_MAX).collect();
    // The same cells as in the report of sales: what one of them hides the other must not show.
    let buyers = hide(&sold_products.iter().map(|(_, tally)| tally.buyers.len()).collect::<Vec<_>>(), K_ANONYMITY);
    for ((product_id, tally), buyers) in sold_products.into_iter().zip(buyers) {
        let name = read::product_name(tx, product_id).await?;
        let buyers = buyers.map_or(Count::TooFew, Count::Known);
        products.push(ProductSales {
            product_id,
            name,
            units: tally.units,
            net_amount_minor: tally.net_minor,
            purchases: tally.purchases,
            buyers,
        });
    }
    let data_until = days::last_received_at(tx, &scope, from, end).await?;
    let (eligible_shops,): (i64,) = tx.query(SHOPS).bind(brand).bind(tenant).bind(from).bind(end).bind(scope.start()).one().await?;
    let (rewards_delivered,): (i64,) = tx.query(DELIVERED).bind(brand).bind(tenant).bind(from).bind(to).one().await?;
    let (owed_minor,): (i64,) = tx.query(OWED).bind(brand).bind(tenant).bind(currency).one().await?;
    let of_day = |(day, units)| Some(DaySales { date: from.plus_days(day)?, units });
    Ok(Summary {
        from,
        to,
        data_until,
        currency,
        net_amount_minor: all.net_minor,
        net_amount_before_minor: net_before,
        units: all.units,
        units_before,
        active_shops: shops.len() as i64,
        eligible_shops,
        buyers: Count::of(all.buyers.len()),
        rewards_delivered,
        owed_minor,
        products,
        days: (0..).zip(sold).filter_map(of_day).collect(),
    })
}

sql! {
    /// Shops that take part in the brand's programme at any instant of the period.
    SHOPS: "SELECT COUNT(DISTINCT b.shop_id) FROM shop_brand b JOIN shop s ON s.id = b.shop_id
            WHERE b.brand_id = $1 AND b.tenant_id = $2 AND b.enrolled_date < $4 AND (b.left_date IS NULL OR b.left_date >= $3)
              AND (s.closed_at IS NULL OR s.closed_at > $5)";

    DELIVERED: "SELECT CAST(COALESCE(SUM(CASE WHEN kind = 'undo' THEN -1 ELSE 1 END), 0) AS BIGINT) FROM payable_entry
                WHERE brand_id = $1 AND tenant_id = $2 AND business_date BETWEEN $3 AND $4";

    /// Without what was recorded as settled.
    OWED: "SELECT CAST(COALESCE(SUM(e.amount_minor), 0) AS BIGINT)
                  - CAST((SELECT COALESCE(SUM(p.amount_minor), 0) FROM statement_payment p JOIN statement s ON s.id = p.statement_id WHERE s.brand_id = $1 AND s.tenant_id = $2 AND s.currency = $3) AS BIGINT)
           FROM owed_entry e WHERE e.brand_id = $1 AND e.tenant_id = $2 AND e.currency = $3";

    COUNTRY: "SELECT o.country FROM brand b JOIN organisation o ON o.id = b.tenant_id WHERE b.id = $1";
}
