//! Metrics 2 and 3 as they are shown: how many shops sell, and how each of them does.

use shared::{
    Currency, ShopId,
    reports::metric::{ActivePdv, NamedShop, ShopLine, ShopPerformance},
    time::SECOND_MS,
};

use super::small_numbers::hide;
use crate::exact::Exact;

/// A shop that took part for longer than this and never sold was never begun.
pub const NEVER_SCANNED_AFTER_DAYS: i64 = 14;

/// Shops of which not all may be named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// The first of them.
    pub named: Vec<NamedShop>,
    /// All of them.
    pub total: i64,
}

/// Metric 2.
pub fn active_pdv(eligible: i64, active: i64, min_purchases: i64, never_scanned: Listed, dormant: Listed) -> ActivePdv {
    let rate = Exact::ratio(active, eligible).and_then(Exact::percent).map(|percent| percent.fixed(1));
    ActivePdv {
        eligible,
        active,
        rate,
        min_purchases,
        never_scanned: never_scanned.named,
        dormant: dormant.named,
        never_scanned_total: never_scanned.total,
        dormant_total: dormant.total,
    }
}

/// What is known of one shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShopFacts {
    /// Which.
    pub shop_id: ShopId,
    /// Its name.
    pub name: String,
    /// With a valid line.
    pub purchases: i64,
    /// Net of returned ones.
    pub units: i64,
    /// Minor units, net.
    pub net_minor: i64,
    /// Distinct consumers who do not work there.
    pub buyers: i64,
    /// Distinct local dates.
    pub active_days: i64,
    /// Signed up there.
    pub first_registered: i64,
    /// Without those taken back.
    pub rewards_delivered: i64,
    /// Purchases with the brand's lines, of any status.
    pub received: i64,
    /// Those of them that were held or rejected.
    pub held: i64,
    /// Twice the median from sale to arrival, milliseconds: twice, so that halfway between two stays whole.
    pub sync_twice_ms: Option<i64>,
}

/// Metric 3. Counts of people are hidden over the whole column.
pub fn performance(shops: &[ShopFacts], currency: Currency, k: i64) -> ShopPerformance {
    let column = |count: fn(&ShopFacts) -> i64| hide(&shops.iter().map(count).collect::<Vec<_>>(), k);
    let (buyers, registered) = (column(|shop| shop.buyers), column(|shop| shop.first_registered));
    let line = |((shop, buyers), first_registered): ((&ShopFacts, Option<i64>), Option<i64>)| ShopLine {
        shop_id: shop.shop_id,
        shop: shop.name.clone(),
        purchases: shop.purchases,
        units: shop.units,
        net_amount: Exact::money(shop.net_minor, currency).amount(),
        buyers,
        active_days: shop.active_days,
        first_registered,
        rewards_delivered: shop.rewards_delivered,
        held_share: Exact::ratio(shop.held, shop.received).and_then(Exact::percent).map(|percent| percent.fixed(1)),
        median_sync_seconds: shop.sync_twice_ms.map(|twice| twice / (2 * SECOND_MS)),
    };
    ShopPerformance { shops: shops.iter().zip(buyers).zip(registered).map(line).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(buyers: i64) -> ShopFacts {
        ShopFacts {
            shop_id: ShopId::fixed(1),
            name: "P1".into(),
            purchases: 5,
            units: 11,
            net_minor: 1_840_000,
            buyers,
            active_days: 4,
            first_registered: 0,
            rewards_delivered: 0,
            received: 6,
            held: 1,
            sync_twice_ms: Some(3_000),
        }
    }

    #[test]
    fn the_share_of_shops_has_one_decimal() {
        assert_eq!(active_pdv(4, 3, 1, Listed::default(), Listed::default()).rate.as_deref(), Some("75.0"));
        assert_eq!(active_pdv(0, 0, 1, Listed::default(), Listed::default()).rate, None);
    }

    #[test]
    fn a_shop_is_told_with_what_was_held_of_it() {
        let told = performance(&[facts(2)], Currency::Cop, 1);

        assert_eq!((told.shops[0].net_amount.as_str(), told.shops[0].held_share.as_deref()), ("18400", Some("16.7")));
        assert_eq!((told.shops[0].buyers, told.shops[0].median_sync_seconds), (Some(2), Some(1)));
        assert_eq!(performance(&[facts(2), facts(40)], Currency::Cop, 10).shops[1].buyers, None);
    }
}
