//! Sales that no person makes: too many in too short a time, or at two places at once. They are held, never lost.
//!
//! Windows slide along the time of the sale, not of its arrival, so that a shop without network is judged as its twin
//! with network. Two statements for each purchase, each a range of one index with a bound on its rows.
//!
//! On PostgreSQL two sales of one shop can count at the same time. Far below every limit that does not matter; within
//! [`NEAR`] of one the shop's lock is taken and everything is counted again, so none passes the limit unless as many
//! others as that come to their end while one is under way. A card's sales are one after another anyway.

use db::{Tx, sql};
use serde::{Deserialize, Serialize};
use shared::{
    BrandId, PurchaseId, ShopId, Timestamp,
    loyalty::{
        CardCode,
        suspicion::{Counted, Evidence},
    },
    time::{DAY_MS, HOUR_MS, MINUTE_MS},
};
use sqlx::types::Json;

use super::{Basket, Buyer, Sale};
use crate::{Error, card::Holder};

/// From so many sales below a limit on, a shop's sales count one after another.
const NEAR: i64 = 64;
/// Shops this near each other can be a mistake of the map.
const SAME_PLACE_METERS: f64 = 300.0;
const EARTH_RADIUS_METERS: f64 = 6_371_000.0;

/// How many sales are too many. A sale beyond a limit is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VelocityLimits {
    /// Of one card, anywhere.
    pub card_per_hour: i64,
    /// Of one card, anywhere.
    pub card_per_day: i64,
    /// Of one card on paper, anywhere: it never changes, so it can be copied.
    pub printed_per_day: i64,
    /// Of one person of a shop.
    pub cashier_per_hour: i64,
    /// Of one phone of a shop.
    pub device_per_hour: i64,
    /// Of a shop.
    pub shop_per_hour: i64,
    /// A card is not driven faster from shop to shop.
    pub movement_kmh: i64,
}

impl Default for VelocityLimits {
    /// A counter at its busiest makes a sale every fifteen seconds; nobody shops thirty times in an hour.
    fn default() -> Self {
        Self {
            card_per_hour: 30,
            card_per_day: 60,
            printed_per_day: 10,
            cashier_per_hour: 240,
            device_per_hour: 240,
            shop_per_hour: 480,
            movement_kmh: 120,
        }
    }
}

#[derive(sqlx::FromRow)]
struct OfShop {
    shop: i64,
    cashier: i64,
    device: i64,
    holds: i64,
}

#[derive(sqlx::FromRow)]
struct OfCard {
    shop_id: ShopId,
    shop_name: String,
    purchased_at: Timestamp,
    latitude: Option<f64>,
    longitude: Option<f64>,
    here_latitude: Option<f64>,
    here_longitude: Option<f64>,
}

/// What is odd about a sale at that instant. The caller holds the consumer's lock.
pub(super) async fn suspicion(
    tx: &mut Tx,
    limits: &VelocityLimits,
    sale: &Sale<'_>,
    holder: &Holder,
    basket: &Basket,
    at: Timestamp,
) -> Result<Option<Evidence>, Error> {
    let mut of_shop = count_shop(tx, limits, sale, at).await?;
    if of_shop.holds > 0
        && let Some(why) = on_hold(tx, sale.shop.id, basket).await?
    {
        return Ok(Some(Evidence::OnHold { why }));
    }
    let of_card = tx
        .query(RECENT_OF_CARD)
        .bind(holder.consumer)
        .bind(at.plus_ms(-DAY_MS))
        .bind(at.plus_ms(DAY_MS))
        .bind(holder.card)
        .bind(sale.shop.id)
        .bind(limits.card_per_day.saturating_mul(2).saturating_add(2))
        .all::<OfCard>()
        .await?;
    let printed = matches!(sale.buyer, Buyer::Code(CardCode::Printed { .. }, _));
    let per_day = if printed { limits.printed_per_day.min(limits.card_per_day) } else { limits.card_per_day };
    if let Some(odd) =
        too_many_of_card(limits.card_per_hour, per_day, &of_card, at).or_else(|| too_fast(limits, sale.shop.id, &of_card, at))
    {
        return Ok(Some(odd));
    }
    if tx.engine() == db::Engine::Postgres && is_near(limits, &of_shop) {
        tx.lock(sale.shop.id.lock_key()).await?;
        of_shop = count_shop(tx, limits, sale, at).await?;
    }
    Ok(too_many_of_shop(limits, sale, &of_shop))
}

async fn count_shop(tx: &mut Tx, limits: &VelocityLimits, sale: &Sale<'_>, at: Timestamp) -> Result<OfShop, Error> {
    let query = tx.query(RECENT_OF_SHOP).bind(sale.shop.id).bind(at.plus_ms(-HOUR_MS)).bind(at).bind(sale.member).bind(sale.device);
    Ok(query.bind(limits.shop_per_hour.max(limits.cashier_per_hour).max(limits.device_per_hour).saturating_add(1)).one().await?)
}

/// A shop's hold is about one brand: it concerns whoever buys something of it.
async fn on_hold(tx: &mut Tx, shop: ShopId, basket: &Basket) -> Result<Option<String>, Error> {
    let holds: Vec<(BrandId, String)> = tx.query(HOLDS).bind(shop).all().await?;
    Ok(holds.into_iter().find(|(brand, _)| basket.brands().any(|sold| sold == *brand)).map(|(_, why)| why))
}

/// Limit, what was counted, of whom; the narrowest first, because it says most.
const fn counts(limits: &VelocityLimits, of_shop: &OfShop) -> [(Counted, i64, i64); 3] {
    [
        (Counted::Device, of_shop.device, limits.device_per_hour),
        (Counted::Cashier, of_shop.cashier, limits.cashier_per_hour),
        (Counted::Shop, of_shop.shop, limits.shop_per_hour),
    ]
}

fn is_near(limits: &VelocityLimits, of_shop: &OfShop) -> bool {
    counts(limits, of_shop).iter().any(|(_, count, limit)| *count < *limit && limit - count <= NEAR)
}

fn too_many_of_shop(limits: &VelocityLimits, sale: &Sale<'_>, of_shop: &OfShop) -> Option<Evidence> {
    let applies = |of: &Counted| match of {
        Counted::Device => sale.device.is_some(),
        Counted::Cashier => sale.member.is_some(),
        Counted::Shop | Counted::Card => true,
    };
    let (of, count, limit) = counts(limits, of_shop).into_iter().find(|(of, count, limit)| applies(of) && count >= limit)?;
    Some(Evidence::Velocity { of, count, limit, window_minutes: HOUR_MS / MINUTE_MS })
}

fn too_many_of_card(per_hour: i64, per_day: i64, of_card: &[OfCard], at: Timestamp) -> Option<Evidence> {
    let within =
        |window_ms: i64| of_card.iter().filter(|sale| sale.purchased_at <= at && at.since(sale.purchased_at) < window_ms).count() as i64;
    [(HOUR_MS, per_hour), (DAY_MS, per_day)].into_iter().find_map(|(window_ms, limit)| {
        let count = within(window_ms);
        (count >= limit).then_some(Evidence::Velocity { of: Counted::Card, count, limit, window_minutes: window_ms / MINUTE_MS })
    })
}

/// The card's nearest sales in time, before and after, at other shops whose place is known.
fn too_fast(limits: &VelocityLimits, here: ShopId, of_card: &[OfCard], at: Timestamp) -> Option<Evidence> {
    let elsewhere = of_card.iter().filter(|sale| sale.shop_id != here);
    let before = elsewhere.clone().filter(|sale| sale.purchased_at <= at).max_by_key(|sale| sale.purchased_at);
    let after = elsewhere.filter(|sale| sale.purchased_at > at).min_by_key(|sale| sale.purchased_at);
    before.into_iter().chain(after).find_map(|other| {
        let (Some(from), Some(to)) = (other.latitude.zip(other.longitude), other.here_latitude.zip(other.here_longitude)) else {
            return None;
        };
        let meters = distance_meters(from, to);
        let seconds = at.since(other.purchased_at).abs() / 1_000;
        let allowed = seconds as f64 * limits.movement_kmh as f64 / 3.6;
        (meters > SAME_PLACE_METERS && meters > allowed).then(|| Evidence::Movement {
            shop_name: other.shop_name.clone(),
            at: other.purchased_at,
            distance_meters: meters.round() as i64,
            seconds,
            kmh: if seconds > 0 { (meters / seconds as f64 * 3.6).round() as i64 } else { 0 },
        })
    })
}

/// Haversine: right to half a percent, and nobody's hurry depends on that.
fn distance_meters(from: (f64, f64), to: (f64, f64)) -> f64 {
    let (lat1, lat2) = (from.0.to_radians(), to.0.to_radians());
    let (dlat, dlon) = (lat2 - lat1, (to.1 - from.1).to_radians());
    let a = (dlat / 2.0).sin().powi(2) + lat1.cos() * lat2.cos() * (dlon / 2.0).sin().powi(2);
    2.0 * EARTH_RADIUS_METERS * a.sqrt().clamp(0.0, 1.0).asin()
}

/// Keeps what explains a purchase that is held.
pub(super) async fn keep(tx: &mut Tx, purchase: PurchaseId, evidence: &Evidence) -> Result<(), Error> {
    tx.query(KEEP).bind(purchase).bind(Json(evidence)).execute().await?;
    Ok(())
}

/// What explains it; `None` for most.
pub(super) async fn evidence(tx: &mut Tx, purchase: PurchaseId) -> Result<Option<Evidence>, Error> {
    Ok(tx.query(EVIDENCE).bind(purchase).maybe::<(Json<Evidence>,)>().await?.map(|(evidence,)| evidence.0))
}

sql! {
    RECENT_OF_SHOP: "SELECT COUNT(*) AS shop,
                            CAST(COALESCE(SUM(CASE WHEN member_id = $4 THEN 1 ELSE 0 END), 0) AS BIGINT) AS cashier,
                            CAST(COALESCE(SUM(CASE WHEN device_id = $5 THEN 1 ELSE 0 END), 0) AS BIGINT) AS device,
                            (SELECT COUNT(*) FROM shop_hold WHERE shop_id = $1 AND lifted_at IS NULL) AS holds
                     FROM (SELECT member_id, device_id FROM purchase WHERE shop_id = $1 AND purchased_at > $2 AND purchased_at <= $3
                           ORDER BY purchased_at DESC LIMIT $6) recent";

    RECENT_OF_CARD: "SELECT p.shop_id, s.name AS shop_name, p.purchased_at, s.latitude, s.longitude, h.latitude AS here_latitude, h.longitude AS here_longitude
                     FROM purchase p JOIN shop s ON s.id = p.shop_id JOIN shop h ON h.id = $5
                     WHERE p.consumer_id = $1 AND p.purchased_at > $2 AND p.purchased_at < $3 AND p.card_id = $4 AND p.status <> 'rejected'
                     ORDER BY p.purchased_at DESC LIMIT $6";

    HOLDS: "SELECT brand_id, why FROM shop_hold WHERE shop_id = $1 AND lifted_at IS NULL ORDER BY held_at, id LIMIT 100";

    KEEP: "INSERT INTO purchase_evidence (purchase_id, evidence) VALUES ($1, $2)";

    EVIDENCE: "SELECT evidence FROM purchase_evidence WHERE purchase_id = $1";
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(shop: u128, minutes: i64, place: Option<(f64, f64)>) -> OfCard {
        let here = (4.6097, -74.0817);
        OfCard {
            shop_id: ShopId::fixed(shop),
            shop_name: "El Faro".into(),
            purchased_at: Timestamp(minutes * 60_000),
            latitude: place.map(|place| place.0),
            longitude: place.map(|place| place.1),
            here_latitude: Some(here.0),
            here_longitude: Some(here.1),
        }
    }

    #[test]
    fn bogota_and_medellin_are_240_kilometres_apart() {
        let meters = distance_meters((4.6097, -74.0817), (6.2442, -75.5812));

        assert!((235_000.0..250_000.0).contains(&meters), "{meters}");
    }

    #[test]
    fn a_card_is_not_driven_faster_than_120() {
        let limits = VelocityLimits::default();
        let medellin = Some((6.2442, -75.5812));
        for (minutes, odd) in [(30, true), (-30, true), (110, true), (125, false), (-125, false), (0, true)] {
            let found = too_fast(&limits, ShopId::fixed(1), &[seen(2, minutes, medellin)], Timestamp(0));
            assert_eq!(found.is_some(), odd, "{minutes}");
        }
        assert_eq!(too_fast(&limits, ShopId::fixed(2), &[seen(2, 1, medellin)], Timestamp(0)), None);
        assert_eq!(too_fast(&limits, ShopId::fixed(1), &[seen(2, 1, None)], Timestamp(0)), None);
        assert_eq!(too_fast(&limits, ShopId::fixed(1), &[seen(2, 0, Some((4.6099, -74.0817)))], Timestamp(0)), None);
    }
}
