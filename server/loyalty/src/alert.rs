//! Alerts: what looks like fraud and is for a person to judge. Nobody loses a point by one.
//!
//! A job looks at each shop by itself, a few indexed reads each, and never at a purchase while it is registered. The same
//! finding again is the same alert; one that was dismissed stays so for [`QUIET_MS`].

use std::collections::BTreeMap;

use db::{Db, Tx, sql};
use identity::{Actor, audit, shop::local_date};
use shared::{
    AlertId, BrandId, CardId, CivilDate, ProductId, ShopHoldId, ShopId, Timestamp,
    loyalty::alert::{Alert, AlertFacts, ShopHold},
    time::{DAY_MS, SECOND_MS},
};
use sqlx::types::Json;

use crate::{Error, card};

/// Cards and captures are looked at over so long.
pub const WEEK_MS: i64 = 7 * DAY_MS;
/// Sell-in and prices over so many days.
pub const SELL_IN_DAYS: i64 = 28;
/// A card with more than this share of a shop's points is an alert.
pub const CARD_SHARE_PERCENT: i64 = 20;
/// Of shops with fewer sales than this in the week nothing can be said.
pub const SALES_MIN: i64 = 20;
/// Two sales of one phone nearer than this are fast.
pub const FAST_MS: i64 = 20 * SECOND_MS;
/// More than this share of fast ones is an alert.
pub const FAST_PERCENT: i64 = 30;
/// What was bought may have been more by so much: broken cases, gifts of the distributor.
pub const BOUGHT_PERCENT: i64 = 110;
/// A declared price is out of range below or above these parts of the suggested one.
pub const PRICE_LOW_PERCENT: i64 = 70;
/// The upper end.
pub const PRICE_HIGH_PERCENT: i64 = 130;
/// More than this share of such prices is an alert.
pub const PRICE_SHARE_PERCENT: i64 = 30;
/// How long what was dismissed stays quiet.
pub const QUIET_MS: i64 = 7 * DAY_MS;
/// Rows of sell-in that are looked at for one shop.
const SELL_IN_ROWS: i64 = 10_000;
/// Shops that one run looks at in one page.
const SHOPS_PAGE: i64 = 200;

/// Something that was found.
struct Finding {
    about: String,
    brand: Option<BrandId>,
    facts: AlertFacts,
}

const fn kind(facts: &AlertFacts) -> &'static str {
    match facts {
        AlertFacts::CardShare { .. } => "card_share",
        AlertFacts::FastCaptures { .. } => "fast_captures",
        AlertFacts::AboveSellIn { .. } => "above_sell_in",
        AlertFacts::DeclaredPrice { .. } => "declared_price",
    }
}

/// Looks at every shop. Returns how many findings there were, old ones included.
pub async fn sweep(db: &Db, now: Timestamp) -> Result<u64, Error> {
    let mut after = ShopId::fixed(0);
    let mut found = 0;
    loop {
        let shops: Vec<(ShopId, String)> = db.read().await?.query(SHOPS).bind(after).bind(SHOPS_PAGE).all().await?;
        let Some((last, _)) = shops.last() else {
            return Ok(found);
        };
        after = *last;
        for (shop, time_zone) in shops {
            let findings = look(&mut db.read().await?, shop, &time_zone, now).await?;
            if findings.is_empty() {
                continue;
            }
            let mut tx = db.begin().await?;
            for finding in findings {
                found += raise(&mut tx, shop, &finding, now).await?;
            }
            tx.commit().await?;
        }
    }
}

async fn look(tx: &mut Tx, shop: ShopId, time_zone: &str, now: Timestamp) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    let since = now.plus_ms(-WEEK_MS);
    let (sales,): (i64,) = tx.query(SALES).bind(shop).bind(since).bind(now).one().await?;
    if sales >= SALES_MIN {
        findings.extend(card_share(tx, shop, since, now).await?);
        findings.extend(fast_captures(tx, shop, since, now).await?);
    }
    let today = local_date(time_zone, now);
    if let Some(from) = today.plus_days(1 - SELL_IN_DAYS) {
        findings.extend(above_sell_in(tx, shop, from, today).await?);
        findings.extend(declared_price(tx, shop, from, today).await?);
    }
    Ok(findings)
}

#[derive(sqlx::FromRow)]
struct CardShare {
    card_id: CardId,
    public_code: Vec<u8>,
    points: i64,
    of_points: i64,
    purchases: i64,
}

async fn card_share(tx: &mut Tx, shop: ShopId, since: Timestamp, now: Timestamp) -> Result<Vec<Finding>, Error> {
    let cards: Vec<CardShare> = tx.query(CARD_SHARES).bind(shop).bind(since).bind(now).all().await?;
    let much = cards.into_iter().filter(|card| card.points * 100 > card.of_points * CARD_SHARE_PERCENT);
    Ok(much
        .map(|found| Finding {
            about: format!("{shop} {}", found.card_id),
            brand: None,
            facts: AlertFacts::CardShare {
                card: card::label(None, &found.public_code),
                points: found.points,
                of_points: found.of_points,
                purchases: found.purchases,
            },
        })
        .collect())
}

async fn fast_captures(tx: &mut Tx, shop: ShopId, since: Timestamp, now: Timestamp) -> Result<Option<Finding>, Error> {
    let (captures, fast): (i64, i64) = tx.query(FAST).bind(shop).bind(since).bind(now).bind(FAST_MS).one().await?;
    let much = captures >= SALES_MIN && fast * 100 > captures * FAST_PERCENT;
    Ok(much.then(|| Finding { about: shop.to_string(), brand: None, facts: AlertFacts::FastCaptures { fast, captures } }))
}

#[derive(sqlx::FromRow)]
struct Stocked {
    base_id: ProductId,
    brand_id: BrandId,
    name: String,
    product_id: ProductId,
    /// Of the base, in one of the product.
    units: i64,
    day: CivilDate,
    bought: i64,
    counted: Option<i64>,
}

/// What a shop must have had and bought of one product, in units through packs, from a day on.
#[derive(Debug, PartialEq, Eq)]
struct Supply {
    from: CivilDate,
    opening: i64,
    bought: i64,
}

/// From the first day on which somebody counted: what was there before it is in the count. A six-pack that was opened is sold
/// in units, so all packs of a product are one. Of what nobody counted within the window nothing can be said, and of packs and
/// units that were first counted on different days neither: what moved between the two is in no count.
fn supply(rows: &[Stocked]) -> Option<Supply> {
    let mut firsts: BTreeMap<ProductId, CivilDate> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.counted.is_some()) {
        let first = firsts.entry(row.product_id).or_insert(row.day);
        *first = (*first).min(row.day);
    }
    let from = *firsts.values().next()?;
    if firsts.values().any(|first| *first != from) {
        return None;
    }
    let sum = |units: fn(&Stocked) -> i64, on: &dyn Fn(&Stocked) -> bool| {
        rows.iter().filter(|row| on(row)).fold(0_i64, |sum, row| sum.saturating_add(units(row).saturating_mul(row.units)))
    };
    let opening = sum(|row| row.counted.unwrap_or(0), &|row| row.day == from);
    let bought = sum(|row| row.bought, &|row| row.day >= from);
    Some(Supply { from, opening, bought })
}

async fn above_sell_in(tx: &mut Tx, shop: ShopId, from: CivilDate, to: CivilDate) -> Result<Vec<Finding>, Error> {
    let mut stocked: Vec<Stocked> = tx.query(STOCKED).bind(shop).bind(from).bind(to).bind(SELL_IN_ROWS).all().await?;
    if stocked.len() as i64 == SELL_IN_ROWS {
        // The last product may be cut: nothing is said of it.
        let cut = stocked.last().map(|row| row.base_id);
        stocked.retain(|row| Some(row.base_id) != cut);
    }
    let supplies: Vec<(&Stocked, Supply)> =
        stocked.chunk_by(|one, other| one.base_id == other.base_id).filter_map(|rows| rows.first().zip(supply(rows))).collect();
    let Some(earliest) = supplies.iter().map(|(_, supply)| supply.from).min() else {
        return Ok(Vec::new());
    };
    let sold: Vec<(ProductId, CivilDate, i64)> = tx.query(SOLD).bind(shop).bind(earliest).bind(to).all().await?;
    let mut findings = Vec::new();
    for (row, Supply { from, opening, bought }) in supplies {
        let sold = sold.iter().filter(|(base, day, _)| *base == row.base_id && *day >= from).fold(0_i64, |sum, (.., units)| sum + units);
        if sold.saturating_mul(100) > opening.saturating_mul(100).saturating_add(bought.saturating_mul(BOUGHT_PERCENT)) {
            findings.push(Finding {
                about: format!("{shop} {}", row.base_id),
                brand: Some(row.brand_id),
                facts: AlertFacts::AboveSellIn { product: row.name.clone(), opening, bought, sold },
            });
        }
    }
    Ok(findings)
}

async fn declared_price(tx: &mut Tx, shop: ShopId, from: CivilDate, to: CivilDate) -> Result<Option<Finding>, Error> {
    let (lines, out_of_range): (i64, i64) =
        tx.query(PRICES).bind(shop).bind(from).bind(to).bind(PRICE_LOW_PERCENT).bind(PRICE_HIGH_PERCENT).one().await?;
    let much = lines >= SALES_MIN && out_of_range * 100 > lines * PRICE_SHARE_PERCENT;
    Ok(much.then(|| Finding { about: shop.to_string(), brand: None, facts: AlertFacts::DeclaredPrice { out_of_range, lines } }))
}

async fn raise(tx: &mut Tx, shop: ShopId, finding: &Finding, now: Timestamp) -> Result<u64, Error> {
    let id: AlertId = tx.new_id();
    let raised = tx
        .query(RAISE)
        .bind(id)
        .bind(kind(&finding.facts))
        .bind(finding.about.clone())
        .bind(shop)
        .bind(finding.brand)
        .bind(Json(&finding.facts))
        .bind(now)
        .bind(now.plus_ms(-QUIET_MS))
        .execute()
        .await?;
    Ok(raised)
}

#[derive(sqlx::FromRow)]
struct Row {
    id: AlertId,
    shop_id: ShopId,
    shop_name: String,
    brand_id: Option<BrandId>,
    brand_name: Option<String>,
    facts: Json<AlertFacts>,
    first_seen_at: Timestamp,
    last_seen_at: Timestamp,
}

impl From<Row> for Alert {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            shop_id: row.shop_id,
            shop_name: row.shop_name,
            brand_id: row.brand_id,
            brand_name: row.brand_name,
            facts: row.facts.0,
            first_seen_at: row.first_seen_at,
            last_seen_at: row.last_seen_at,
        }
    }
}

/// What nobody judged yet, seen last first; at most 200. Operator only.
pub async fn waiting(tx: &mut Tx, actor: &Actor) -> Result<Vec<Alert>, Error> {
    actor.operator()?;
    Ok(tx.query(WAITING).all::<Row>().await?.into_iter().map(Alert::from).collect())
}

/// One of them. Operator only.
pub async fn get(tx: &mut Tx, actor: &Actor, id: AlertId) -> Result<Alert, Error> {
    actor.operator()?;
    Ok(tx.query(FIND).bind(id).maybe::<Row>().await?.ok_or(Error::NotFound)?.into())
}

fn words(why: &str) -> Result<&str, Error> {
    let why = why.trim();
    let fits = (1..=200).contains(&why.chars().count()) && !why.chars().any(char::is_control);
    if fits { Ok(why) } else { Err(Error::Field("why")) }
}

/// Nothing is wrong there, somebody says, and why.
pub async fn dismiss(tx: &mut Tx, actor: &Actor, now: Timestamp, id: AlertId, why: &str) -> Result<(), Error> {
    actor.operates()?;
    let why = words(why)?;
    if tx.query(DISMISS).bind(now).bind(actor.label()).bind(why).bind(id).execute().await? != 1 {
        return Err(Error::NotFound);
    }
    audit::record(tx, actor, now, "alert.dismissed", id, None, None, Some(why)).await?;
    Ok(())
}

/// What the shop of an alert sells of its brand waits for a decision from now on. Again: nothing more happens.
pub async fn hold(tx: &mut Tx, actor: &Actor, now: Timestamp, id: AlertId, why: &str) -> Result<(), Error> {
    actor.operates()?;
    let why = words(why)?;
    let alert = get(tx, actor, id).await?;
    let brand = alert.brand_id.ok_or(Error::Field("alert"))?;
    let hold: ShopHoldId = tx.new_id();
    if tx.query(HOLD).bind(hold).bind(alert.shop_id).bind(brand).bind(why).bind(now).bind(actor.label()).execute().await? == 1 {
        audit::record(
            tx,
            actor,
            now,
            "shop.held",
            alert.shop_id,
            None,
            Some(serde_json::json!({ "hold_id": hold, "brand_id": brand, "alert_id": id })),
            Some(why),
        )
        .await?;
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct HoldRow {
    id: ShopHoldId,
    shop_id: ShopId,
    shop_name: String,
    brand_id: BrandId,
    brand_name: String,
    why: String,
    held_at: Timestamp,
}

/// Shops whose sales of a brand wait; at most 200. Operator only.
pub async fn holds(tx: &mut Tx, actor: &Actor) -> Result<Vec<ShopHold>, Error> {
    actor.operator()?;
    let rows = tx.query(HOLDS).all::<HoldRow>().await?;
    Ok(rows
        .into_iter()
        .map(|row| ShopHold {
            id: row.id,
            shop_id: row.shop_id,
            shop_name: row.shop_name,
            brand_id: row.brand_id,
            brand_name: row.brand_name,
            why: row.why,
            held_at: row.held_at,
        })
        .collect())
}

/// Sales count again. What waits already is for the reviewer.
pub async fn lift(tx: &mut Tx, actor: &Actor, now: Timestamp, id: ShopHoldId, why: &str) -> Result<(), Error> {
    actor.operates()?;
    let why = words(why)?;
    let (shop,): (ShopId,) = tx.query(LIFT).bind(now).bind(actor.label()).bind(id).maybe().await?.ok_or(Error::NotFound)?;
    audit::record(tx, actor, now, "shop.released", shop, None, Some(serde_json::json!({ "hold_id": id })), Some(why)).await?;
    Ok(())
}

sql! {
    SHOPS: "SELECT id, time_zone FROM shop WHERE id > $1 AND closed_at IS NULL ORDER BY id LIMIT $2";

    SALES: "SELECT COUNT(*) FROM purchase WHERE shop_id = $1 AND purchased_at > $2 AND purchased_at <= $3 AND status = 'accepted'";

    /// What returns took back counts as given: a farm gives it back, too.
    CARD_SHARES: "SELECT s.card_id, c.public_code, s.points, s.of_points, s.purchases
                  FROM (SELECT p.card_id, CAST(SUM(e.award) AS BIGINT) AS points, CAST(SUM(SUM(e.award)) OVER () AS BIGINT) AS of_points, COUNT(DISTINCT p.id) AS purchases
                        FROM purchase p JOIN evaluation_now e ON e.purchase_id = p.id AND e.unit = 'points'
                        WHERE p.shop_id = $1 AND p.purchased_at > $2 AND p.purchased_at <= $3 AND p.status = 'accepted' GROUP BY p.card_id) s
                  JOIN card c ON c.id = s.card_id WHERE s.points > 0 ORDER BY s.points DESC, s.card_id LIMIT 5";

    FAST: "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN at - before <= $4 THEN 1 ELSE 0 END), 0) AS BIGINT)
           FROM (SELECT purchased_at AS at, LAG(purchased_at) OVER (PARTITION BY device_id ORDER BY purchased_at, id) AS before
                 FROM purchase WHERE shop_id = $1 AND purchased_at > $2 AND purchased_at <= $3 AND device_id IS NOT NULL AND status <> 'rejected') captures";

    /// By the innermost unit of packs.
    STOCKED: "SELECT COALESCE(k.base_id, i.product_id) AS base_id, i.brand_id, r.name, i.product_id, COALESCE(k.base_units, 1) AS units, i.day, i.bought, i.counted
              FROM sell_in i LEFT JOIN product_pack k ON k.pack_id = i.product_id JOIN product r ON r.id = COALESCE(k.base_id, i.product_id)
              WHERE i.shop_id = $1 AND i.day BETWEEN $2 AND $3 ORDER BY COALESCE(k.base_id, i.product_id), i.day, i.product_id LIMIT $4";

    SOLD: "SELECT COALESCE(k.base_id, l.product_id) AS base_id, p.business_date, CAST(SUM((l.quantity - l.returned_quantity) * COALESCE(k.base_units, 1)) AS BIGINT)
           FROM purchase p JOIN purchase_line l ON l.purchase_id = p.id LEFT JOIN product_pack k ON k.pack_id = l.product_id
           WHERE p.shop_id = $1 AND p.business_date BETWEEN $2 AND $3 AND p.status <> 'rejected' AND l.product_id IS NOT NULL AND NOT l.reward_line
           GROUP BY COALESCE(k.base_id, l.product_id), p.business_date";

    PRICES: "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN l.unit_price_minor * 100 < l.suggested_price_minor * $4 OR l.unit_price_minor * 100 > l.suggested_price_minor * $5 THEN 1 ELSE 0 END), 0) AS BIGINT)
             FROM purchase p JOIN purchase_line l ON l.purchase_id = p.id
             WHERE p.shop_id = $1 AND p.business_date BETWEEN $2 AND $3 AND p.status = 'accepted' AND l.suggested_price_minor > 0 AND NOT l.reward_line";

    /// No row: it was dismissed a moment ago. What is open already is seen again.
    RAISE: "INSERT INTO alert (id, kind, about, shop_id, brand_id, facts, first_seen_at, last_seen_at)
            SELECT $1, $2, $3, $4, $5, $6, $7, $7 WHERE NOT EXISTS (SELECT 1 FROM alert WHERE kind = $2 AND about = $3 AND dismissed_at > $8)
            ON CONFLICT (kind, about) WHERE dismissed_at IS NULL DO UPDATE SET facts = excluded.facts, last_seen_at = excluded.last_seen_at";

    WAITING: "SELECT a.id, a.shop_id, s.name AS shop_name, a.brand_id, b.name AS brand_name, a.facts, a.first_seen_at, a.last_seen_at
              FROM alert a JOIN shop s ON s.id = a.shop_id LEFT JOIN brand b ON b.id = a.brand_id
              WHERE a.dismissed_at IS NULL ORDER BY a.last_seen_at DESC, a.id DESC LIMIT 200";

    FIND: "SELECT a.id, a.shop_id, s.name AS shop_name, a.brand_id, b.name AS brand_name, a.facts, a.first_seen_at, a.last_seen_at
           FROM alert a JOIN shop s ON s.id = a.shop_id LEFT JOIN brand b ON b.id = a.brand_id WHERE a.id = $1 AND a.dismissed_at IS NULL";

    DISMISS: "UPDATE alert SET dismissed_at = $1, dismissed_by = $2, why = $3 WHERE id = $4 AND dismissed_at IS NULL";

    HOLD: "INSERT INTO shop_hold (id, shop_id, brand_id, why, held_at, held_by) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";

    HOLDS: "SELECT h.id, h.shop_id, s.name AS shop_name, h.brand_id, b.name AS brand_name, h.why, h.held_at
            FROM shop_hold h JOIN shop s ON s.id = h.shop_id JOIN brand b ON b.id = h.brand_id WHERE h.lifted_at IS NULL ORDER BY h.held_at DESC, h.id DESC LIMIT 200";

    LIFT: "UPDATE shop_hold SET lifted_at = $1, lifted_by = $2 WHERE id = $3 AND lifted_at IS NULL RETURNING shop_id";
}
