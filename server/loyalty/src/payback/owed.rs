//! Who owes whom what, since when.

use std::collections::BTreeMap;

use db::{Tx, sql};
use identity::Actor;
use shared::{
    BrandId, CivilDate, Country, Currency, OrganisationId, ShopId, Timestamp,
    loyalty::payback::{Owed, age},
};

use crate::Error;

#[derive(sqlx::FromRow)]
struct Pair {
    shop_id: ShopId,
    shop_name: String,
    time_zone: String,
    brand_id: BrandId,
    brand_name: String,
    brand_colour: String,
    currency: Currency,
    first_at: Timestamp,
}

/// What is not settled of one day.
#[derive(sqlx::FromRow)]
struct Part {
    shop_id: ShopId,
    brand_id: BrandId,
    currency: Currency,
    business_date: CivilDate,
    amount_minor: i64,
    rewards: i64,
    first_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Billed {
    shop_id: ShopId,
    brand_id: BrandId,
    currency: Currency,
    amount_minor: i64,
    settled_minor: i64,
    /// Of statements that still have something to settle.
    part_settled_minor: i64,
}

type Key = (ShopId, BrandId, &'static str);

/// What each brand owes the actor's shop, largest first. Its owner only.
pub async fn of_own_shop(tx: &mut Tx, actor: &Actor, now: Timestamp) -> Result<Vec<Owed>, Error> {
    let (_, shop) = actor.owner()?;
    of_shop(tx, shop, now).await
}

/// The same for whoever was found to be allowed.
pub(crate) async fn of_shop(tx: &mut Tx, shop: ShopId, now: Timestamp) -> Result<Vec<Owed>, Error> {
    let pairs = tx.query(PAIRS_OF_SHOP).bind(shop).all().await?;
    let open = tx.query(OPEN_OF_SHOP).bind(shop).all().await?;
    let billed = tx.query(BILLED_OF_SHOP).bind(shop).all().await?;
    let unsettled = tx.query(UNSETTLED_OF_SHOP).bind(shop).all().await?;
    Ok(add_up(pairs, &open, &billed, &unsettled, now))
}

/// What the brands of a tenant owe to each shop, largest first; at most [`PAIRS_MAX`].
pub async fn of_tenant(tx: &mut Tx, actor: &Actor, tenant: OrganisationId, now: Timestamp) -> Result<Vec<Owed>, Error> {
    read_tenant(tx, actor, tenant, now, |_| true).await
}

/// What one brand of a tenant owes to each shop, or to one of them, largest first; at most [`PAIRS_MAX`].
pub async fn of_brand(
    tx: &mut Tx,
    actor: &Actor,
    (tenant, brand): (OrganisationId, BrandId),
    shop: Option<ShopId>,
    now: Timestamp,
) -> Result<Vec<Owed>, Error> {
    read_tenant(tx, actor, tenant, now, |owed| owed.brand_id == brand && shop.is_none_or(|shop| owed.shop_id == shop)).await
}

async fn read_tenant(
    tx: &mut Tx,
    actor: &Actor,
    tenant: OrganisationId,
    now: Timestamp,
    wanted: impl Fn(&Owed) -> bool,
) -> Result<Vec<Owed>, Error> {
    actor.reads(tenant)?;
    let pairs = tx.query(PAIRS_OF_TENANT).bind(tenant).all().await?;
    let open = tx.query(OPEN_OF_TENANT).bind(tenant).all().await?;
    let billed = tx.query(BILLED_OF_TENANT).bind(tenant).all().await?;
    let unsettled = tx.query(UNSETTLED_OF_TENANT).bind(tenant).all().await?;
    Ok(largest(add_up(pairs, &open, &billed, &unsettled, now), wanted))
}

/// Those that are wanted are chosen before the list is cut: a small brand is not pushed out by its large sister.
fn largest(owed: Vec<Owed>, wanted: impl Fn(&Owed) -> bool) -> Vec<Owed> {
    owed.into_iter().filter(wanted).take(PAIRS_MAX).collect()
}

/// Pairs of a shop and a brand that one list shows.
pub const PAIRS_MAX: usize = 1_000;

fn add_up(pairs: Vec<Pair>, open: &[Part], billed: &[Billed], unsettled: &[Part], now: Timestamp) -> Vec<Owed> {
    let mut parts: BTreeMap<Key, Vec<&Part>> = BTreeMap::new();
    for part in open.iter().chain(unsettled) {
        parts.entry((part.shop_id, part.brand_id, part.currency.code())).or_default().push(part);
    }
    let bills: BTreeMap<Key, &Billed> = billed.iter().map(|bill| ((bill.shop_id, bill.brand_id, bill.currency.code()), bill)).collect();
    let mut open_of: BTreeMap<Key, i64> = BTreeMap::new();
    for part in open {
        *open_of.entry((part.shop_id, part.brand_id, part.currency.code())).or_default() += part.amount_minor;
    }
    let mut owed: Vec<Owed> = pairs
        .into_iter()
        .map(|pair| {
            let key = (pair.shop_id, pair.brand_id, pair.currency.code());
            let parts = parts.remove(&key).unwrap_or_default();
            let dated: Vec<(CivilDate, i64)> = parts.iter().map(|part| (part.business_date, part.amount_minor)).collect();
            let bill = bills.get(&key);
            let ageing = age(&dated, bill.map_or(0, |bill| bill.part_settled_minor), identity::shop::local_date(&pair.time_zone, now));
            // What was paid settles the oldest: the first of what is left is on the oldest day that is not paid.
            let left = parts.iter().filter(|part| ageing.oldest.is_none_or(|oldest| part.business_date >= oldest));
            Owed {
                shop_id: pair.shop_id,
                shop_name: pair.shop_name,
                brand_id: pair.brand_id,
                brand_name: pair.brand_name,
                brand_colour: pair.brand_colour,
                currency: pair.currency,
                open_minor: open_of.get(&key).copied().unwrap_or_default(),
                in_statement_minor: bill.map_or(0, |bill| bill.amount_minor - bill.settled_minor),
                paid_minor: bill.map_or(0, |bill| bill.settled_minor),
                rewards: parts.iter().map(|part| part.rewards).sum(),
                since: left.map(|part| part.first_at).min().unwrap_or(pair.first_at),
                ageing,
            }
        })
        .collect();
    owed.sort_by_key(|owed| (std::cmp::Reverse(owed.owed_minor()), owed.shop_id, owed.brand_id));
    owed
}

/// Today where the day begins first of the countries that we serve: no shop's calendar is ahead of it.
pub(crate) fn today_anywhere(now: Timestamp) -> CivilDate {
    let days = Country::ALL.into_iter().map(|country| identity::shop::local_date(country.time_zone(), now));
    days.max().unwrap_or_else(|| identity::shop::local_date("UTC", now))
}

sql! {
    PAIRS_OF_SHOP: "SELECT e.shop_id, s.name AS shop_name, s.time_zone, e.brand_id, b.name AS brand_name, b.colour AS brand_colour, e.currency, MIN(e.occurred_at) AS first_at
                    FROM owed_entry e JOIN brand b ON b.id = e.brand_id JOIN shop s ON s.id = e.shop_id
                    WHERE e.shop_id = $1
                    GROUP BY e.shop_id, s.name, s.time_zone, e.brand_id, b.name, b.colour, e.currency";

    PAIRS_OF_TENANT: "SELECT e.shop_id, s.name AS shop_name, s.time_zone, e.brand_id, b.name AS brand_name, b.colour AS brand_colour, e.currency, MIN(e.occurred_at) AS first_at
                      FROM owed_entry e JOIN brand b ON b.id = e.brand_id JOIN shop s ON s.id = e.shop_id
                      WHERE e.tenant_id = $1
                      GROUP BY e.shop_id, s.name, s.time_zone, e.brand_id, b.name, b.colour, e.currency";

    OPEN_OF_SHOP: "SELECT e.shop_id, e.brand_id, e.currency, e.business_date, CAST(SUM(e.amount_minor) AS BIGINT) AS amount_minor,
                          CAST(SUM(CASE e.kind WHEN 'delivery' THEN 1 WHEN 'undo' THEN -1 ELSE 0 END) AS BIGINT) AS rewards, MIN(e.occurred_at) AS first_at
                   FROM owed_entry e
                   WHERE e.shop_id = $1 AND NOT EXISTS (SELECT 1 FROM statement_line l WHERE l.entry_id = e.id)
                   GROUP BY e.shop_id, e.brand_id, e.currency, e.business_date";

    OPEN_OF_TENANT: "SELECT e.shop_id, e.brand_id, e.currency, e.business_date, CAST(SUM(e.amount_minor) AS BIGINT) AS amount_minor,
                            CAST(SUM(CASE e.kind WHEN 'delivery' THEN 1 WHEN 'undo' THEN -1 ELSE 0 END) AS BIGINT) AS rewards, MIN(e.occurred_at) AS first_at
                     FROM owed_entry e
                     WHERE e.tenant_id = $1 AND NOT EXISTS (SELECT 1 FROM statement_line l WHERE l.entry_id = e.id)
                     GROUP BY e.shop_id, e.brand_id, e.currency, e.business_date";

    BILLED_OF_SHOP: "SELECT shop_id, brand_id, currency, CAST(SUM(amount_minor) AS BIGINT) AS amount_minor, CAST(SUM(settled_minor) AS BIGINT) AS settled_minor,
                            CAST(SUM(CASE WHEN amount_minor <> settled_minor THEN settled_minor ELSE 0 END) AS BIGINT) AS part_settled_minor
                     FROM statement_now WHERE shop_id = $1 GROUP BY shop_id, brand_id, currency";

    BILLED_OF_TENANT: "SELECT shop_id, brand_id, currency, CAST(SUM(amount_minor) AS BIGINT) AS amount_minor, CAST(SUM(settled_minor) AS BIGINT) AS settled_minor,
                              CAST(SUM(CASE WHEN amount_minor <> settled_minor THEN settled_minor ELSE 0 END) AS BIGINT) AS part_settled_minor
                       FROM statement_now WHERE tenant_id = $1 GROUP BY shop_id, brand_id, currency";

    UNSETTLED_OF_SHOP: "SELECT s.shop_id, s.brand_id, s.currency, l.business_date, CAST(SUM(l.amount_minor) AS BIGINT) AS amount_minor,
                               CAST(SUM(CASE l.kind WHEN 'delivery' THEN 1 WHEN 'undo' THEN -1 ELSE 0 END) AS BIGINT) AS rewards, MIN(l.occurred_at) AS first_at
                        FROM statement_now s JOIN statement_line l ON l.statement_id = s.id
                        WHERE s.shop_id = $1 AND s.amount_minor <> s.settled_minor
                        GROUP BY s.shop_id, s.brand_id, s.currency, l.business_date";

    UNSETTLED_OF_TENANT: "SELECT s.shop_id, s.brand_id, s.currency, l.business_date, CAST(SUM(l.amount_minor) AS BIGINT) AS amount_minor,
                                 CAST(SUM(CASE l.kind WHEN 'delivery' THEN 1 WHEN 'undo' THEN -1 ELSE 0 END) AS BIGINT) AS rewards, MIN(l.occurred_at) AS first_at
                          FROM statement_now s JOIN statement_line l ON l.statement_id = s.id
                          WHERE s.tenant_id = $1 AND s.amount_minor <> s.settled_minor
                          GROUP BY s.shop_id, s.brand_id, s.currency, l.business_date";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_brand_is_seen_beside_a_large_one() {
        let owed = |brand: u128, shop: u128| Owed {
            shop_id: ShopId::fixed(shop),
            shop_name: String::new(),
            brand_id: BrandId::fixed(brand),
            brand_name: String::new(),
            brand_colour: String::new(),
            currency: Currency::Cop,
            open_minor: 0,
            in_statement_minor: 0,
            paid_minor: 0,
            rewards: 0,
            since: Timestamp(0),
            ageing: age(&[], 0, "2026-03-10".parse().unwrap()),
        };
        let all: Vec<Owed> = (0..=PAIRS_MAX as u128).map(|shop| owed(1, shop)).chain([owed(2, 1)]).collect();

        assert_eq!(largest(all.clone(), |_| true).len(), PAIRS_MAX);
        assert_eq!(largest(all, |owed| owed.brand_id == BrandId::fixed(2)), [owed(2, 1)]);
    }
}
