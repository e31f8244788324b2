//! Metrics 2 and 3 from shops that take part and what they sold.

use db::{Tx, sql};
use rustc_hash::{FxHashMap, FxHashSet};
use shared::{
    CivilDate, ShopId,
    reports::{
        explore::{ShopState, ShopStateLine, ShopStates},
        metric::{ActivePdv, Metric, NamedShop, Report, ShopPerformance},
    },
    time::DAY_MS,
};

use super::{registered, tally::Pairs};
use crate::{Error, days, metrics::shops, scope::Scope};

/// Purchases that make a shop active, at most.
const MIN_PURCHASES_MAX: i64 = 1_000;
/// Shops whose state is told, at most.
const STATES_MAX: usize = 20_000;
/// Shops of one list, at most: of the shops' own report those that sold most.
const SHOPS_MAX: usize = 1_000;

#[derive(sqlx::FromRow)]
struct Named {
    shop_id: ShopId,
    name: String,
    search_key: String,
}

/// How many of the shops that take part sold at least `min_purchases` (1 to 1 000) times.
pub async fn active_pdv(tx: &mut Tx, scope: &Scope, min_purchases: i64) -> Result<Report<ActivePdv>, Error> {
    if !(1..=MIN_PURCHASES_MAX).contains(&min_purchases) {
        return Err(Error::Parameter("min_purchases"));
    }
    let Scope { brand, tenant, from, to, .. } = *scope;
    let before = scope.before()?;
    let eligible: Vec<(ShopId,)> = tx.query(ELIGIBLE).bind(brand).bind(tenant).bind(from).bind(to).bind(scope.start()).all().await?;
    let begun_before = scope.end().min(scope.as_of).plus_ms(-shops::NEVER_SCANNED_AFTER_DAYS * DAY_MS);
    let begun: Vec<Named> = tx.query(BEGUN).bind(brand).bind(tenant).bind(begun_before).all().await?;
    let Seen { scanned, earlier, now } = seen(tx, scope, before).await?;
    let sells = |shop: &ShopId| now.get(shop).is_some_and(|purchases| *purchases >= min_purchases);
    let active = eligible.iter().filter(|(shop,)| sells(shop)).count();
    let mut dormant = Vec::new();
    for (shop, _) in earlier.iter().filter(|(shop, purchases)| **purchases >= min_purchases && !sells(shop)) {
        dormant.push(tx.query(SHOP).bind(*shop).one::<Named>().await?);
    }
    let never = begun.into_iter().filter(|shop| !scanned.contains(&shop.shop_id)).collect();
    scope
        .report(
            tx,
            Metric::ActivePdv,
            shops::active_pdv(eligible.len() as i64, active as i64, min_purchases, listed(never), listed(dormant)),
        )
        .await
}

/// Shops that ever sold the brand, and how often each did before and in the period.
#[derive(Default)]
struct Seen {
    scanned: FxHashSet<ShopId>,
    earlier: FxHashMap<ShopId, i64>,
    now: FxHashMap<ShopId, i64>,
}

async fn seen(tx: &mut Tx, scope: &Scope, before: CivilDate) -> Result<Seen, Error> {
    let mut seen = Seen::default();
    let first = days::first_day(tx, scope, before).await?;
    days::each(tx, scope, first, scope.to, |sale| {
        if sale.sold().next().is_some() {
            seen.scanned.insert(sale.shop);
        }
        if sale.is_valid() && sale.date >= before {
            *if sale.date < scope.from { &mut seen.earlier } else { &mut seen.now }.entry(sale.shop).or_default() += 1;
        }
    })
    .await?;
    Ok(seen)
}

/// The rows behind metric 2: each shop that takes part, in what state it is, by name.
pub async fn shop_states(tx: &mut Tx, scope: &Scope) -> Result<Report<ShopStates>, Error> {
    let Scope { brand, tenant, from, to, .. } = *scope;
    let eligible: Vec<(ShopId,)> = tx.query(ELIGIBLE).bind(brand).bind(tenant).bind(from).bind(to).bind(scope.start()).all().await?;
    let eligible: FxHashSet<ShopId> = eligible.into_iter().map(|(shop,)| shop).collect();
    let names: Vec<Named> = tx.query(SHOPS).bind(brand).bind(tenant).bind(from).bind(to).all().await?;
    let begun_before = scope.end().min(scope.as_of).plus_ms(-shops::NEVER_SCANNED_AFTER_DAYS * DAY_MS);
    let begun: Vec<Named> = tx.query(BEGUN).bind(brand).bind(tenant).bind(begun_before).all().await?;
    let begun: FxHashSet<ShopId> = begun.into_iter().map(|shop| shop.shop_id).collect();
    let Seen { scanned, earlier, now } = seen(tx, scope, scope.before()?).await?;
    let mut named: Vec<Named> = names.into_iter().filter(|shop| eligible.contains(&shop.shop_id)).collect();
    named.sort_by(|a, b| (&a.search_key, a.shop_id).cmp(&(&b.search_key, b.shop_id)));
    named.truncate(STATES_MAX);
    let shops = named.into_iter().map(|Named { shop_id, name, .. }| {
        let many = |sold: &FxHashMap<ShopId, i64>| sold.get(&shop_id).copied().unwrap_or_default();
        let (purchases, purchases_before) = (many(&now), many(&earlier));
        let state = match (purchases, purchases_before) {
            (1.., _) => ShopState::Active,
            (_, 1..) => ShopState::Dormant,
            _ if !scanned.contains(&shop_id) && begun.contains(&shop_id) => ShopState::NeverScanned,
            _ => ShopState::WithoutSales,
        };
        ShopStateLine { shop_id, shop: name, state, purchases, purchases_before }
    });
    let shops = shops.collect();
    scope.report(tx, Metric::ActivePdv, ShopStates { shops }).await
}

/// By name, and how many there are in all.
fn listed(mut shops: Vec<Named>) -> shops::Listed {
    let total = shops.len() as i64;
    shops.sort_by(|a, b| (&a.search_key, a.shop_id).cmp(&(&b.search_key, b.shop_id)));
    shops.truncate(SHOPS_MAX);
    shops::Listed { named: shops.into_iter().map(|Named { shop_id, name, .. }| NamedShop { shop_id, name }).collect(), total }
}

#[derive(Default)]
struct Sold {
    /// Among the shops that sold.
    place: u32,
    purchases: i64,
    units: i64,
    net_minor: i64,
    buyers: i64,
    active_days: i64,
    last_day: Option<CivilDate>,
    /// Of whatever status: what was held or rejected is told as a share of it.
    received: i64,
    held: i64,
    delays_ms: Vec<i64>,
}

/// What each shop sold, and what came from it.
async fn sold(tx: &mut Tx, scope: &Scope) -> Result<FxHashMap<ShopId, Sold>, Error> {
    let mut pairs = Pairs::default();
    let mut sold: FxHashMap<ShopId, Sold> = FxHashMap::default();
    days::each(tx, scope, scope.from, scope.to, |sale| {
        let next = sold.len() as u32;
        let shop = sold.entry(sale.shop).or_insert_with(|| Sold { place: next, ..Sold::default() });
        shop.received += 1;
        shop.held += i64::from(!sale.accepted);
        shop.delays_ms.push(sale.received_at.since(sale.at));
        if !sale.is_valid() {
            return;
        }
        shop.purchases += 1;
        if shop.last_day.replace(sale.date) != Some(sale.date) {
            shop.active_days += 1;
        }
        for line in sale.valid() {
            shop.units += line.units();
            shop.net_minor += if sale.currency == scope.currency { line.net_minor() } else { 0 };
        }
        if !sale.own {
            pairs.insert(shop.place, sale.buyer);
        }
    })
    .await?;
    let buyers = pairs.count();
    for shop in sold.values_mut() {
        shop.buyers = buyers.get(shop.place as usize).copied().unwrap_or_default();
    }
    Ok(sold)
}

/// Twice the median: of an odd number the one in the middle is chosen twice, of an even one the two.
fn twice_median(delays_ms: &mut [i64]) -> Option<i64> {
    let many = delays_ms.len();
    let last = many.checked_sub(1)?;
    let (_, upper, _) = delays_ms.select_nth_unstable(many / 2);
    let upper = *upper;
    let (_, lower, _) = delays_ms.select_nth_unstable(last / 2);
    Some(upper + *lower)
}

/// One row for each shop that takes part or sold, highest amount first.
pub async fn shop_performance(tx: &mut Tx, scope: &Scope) -> Result<Report<ShopPerformance>, Error> {
    let Scope { brand, tenant, currency, from, to, .. } = *scope;
    let mut names: Vec<Named> = tx.query(SHOPS).bind(brand).bind(tenant).bind(from).bind(to).all().await?;
    let mut sold = sold(tx, scope).await?;
    let known: FxHashSet<ShopId> = names.iter().map(|shop| shop.shop_id).collect();
    for shop in sold.keys().filter(|shop| !known.contains(shop)) {
        names.push(tx.query(SHOP).bind(*shop).one::<Named>().await?);
    }
    let registered = registered::by_shop(tx, scope, scope.cohort()).await?;
    let delivered: Vec<(ShopId, i64)> = tx.query(DELIVERED).bind(brand).bind(tenant).bind(from).bind(to).all().await?;
    let delivered: FxHashMap<ShopId, i64> = delivered.into_iter().collect();
    let count = |column: &FxHashMap<ShopId, i64>, shop| column.get(&shop).copied().unwrap_or_default();
    let mut facts = |NamedShop { shop_id, name }: NamedShop| {
        let mut sold = sold.remove(&shop_id).unwrap_or_default();
        shops::ShopFacts {
            shop_id,
            name,
            purchases: sold.purchases,
            units: sold.units,
            net_minor: sold.net_minor,
            buyers: sold.buyers,
            active_days: sold.active_days,
            first_registered: count(&registered, shop_id),
            rewards_delivered: count(&delivered, shop_id),
            received: sold.received,
            held: sold.held,
            sync_twice_ms: twice_median(&mut sold.delays_ms),
        }
    };
    // All of them are counted before any is left out: the first of a list by name are not those that sold most.
    let mut rows: Vec<shops::ShopFacts> = names.into_iter().map(|Named { shop_id, name, .. }| facts(NamedShop { shop_id, name })).collect();
    rows.sort_by_key(|row| (-row.net_minor, row.shop_id));
    rows.truncate(SHOPS_MAX);
    scope.report(tx, Metric::ShopPerformance, shops::performance(&rows, currency, scope.k)).await
}

sql! {
    ELIGIBLE: "SELECT DISTINCT b.shop_id FROM shop_brand b JOIN shop s ON s.id = b.shop_id
               WHERE b.brand_id = $1 AND b.tenant_id = $2 AND b.enrolled_date < $4 AND (b.left_date IS NULL OR b.left_date >= $3)
                 AND (s.closed_at IS NULL OR s.closed_at > $5)";

    BEGUN: "SELECT s.id AS shop_id, s.name, s.search_key FROM shop_brand b JOIN shop s ON s.id = b.shop_id
            WHERE b.brand_id = $1 AND b.tenant_id = $2 AND b.left_at IS NULL AND b.enrolled_at < $3 AND s.closed_at IS NULL";

    /// Of a shop that sold something of the brand.
    SHOP: "SELECT id AS shop_id, name, search_key FROM shop WHERE id = $1";

    SHOPS: "SELECT s.id AS shop_id, s.name, s.search_key FROM shop s
            WHERE s.id IN (SELECT shop_id FROM shop_brand WHERE brand_id = $1 AND tenant_id = $2 AND enrolled_date < $4 AND (left_date IS NULL OR left_date >= $3))";

    /// A delivery that was taken back is a negative row.
    DELIVERED: "SELECT shop_id, CAST(SUM(CASE WHEN kind = 'undo' THEN -1 ELSE 1 END) AS BIGINT) FROM payable_entry
                WHERE brand_id = $1 AND tenant_id = $2 AND business_date >= $3 AND business_date < $4 GROUP BY shop_id";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_two_in_the_middle_the_median_is_half_way() {
        assert_eq!([&mut [5, 1, 3][..], &mut [4, 1, 9, 2], &mut [7], &mut []].map(twice_median), [Some(6), Some(6), Some(14), None]);
    }

    #[test]
    fn shops_beyond_the_list_are_counted() {
        let shop = |n: u128| Named { shop_id: ShopId::fixed(n), name: n.to_string(), search_key: format!("{n:05}") };
        let told = listed((0..1_234).rev().map(shop).collect());

        assert_eq!((told.total, told.named.len(), told.named[0].name.as_str(), told.named[999].name.as_str()), (1_234, 1_000, "0", "999"));
    }
}
