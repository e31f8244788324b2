//! Metric 17: where was sold how much.

use shared::{
    Country, Currency,
    reports::explore::{ZoneLine, Zones},
};

use super::small_numbers::hide;
use crate::exact::Exact;

/// Valid lines of one municipality, added up.
#[derive(Debug, Clone, PartialEq)]
pub struct ZoneSold {
    /// Its country.
    pub country: Country,
    /// The municipality; empty where none was entered.
    pub zone: String,
    /// Shops that sold.
    pub active_shops: i64,
    /// Distinct purchases.
    pub purchases: i64,
    /// Net of returned ones.
    pub units: i64,
    /// Minor units, net.
    pub net_minor: i64,
    /// Distinct consumers who do not work where they bought.
    pub buyers: i64,
    /// The middle of its shops that sold: degrees north and east.
    pub middle: Option<(f64, f64)>,
}

/// The places with their share of all units; few buyers are hidden over the whole column.
pub fn zones(sold: &[ZoneSold], currency: Currency, k: i64) -> Zones {
    let units: i64 = sold.iter().map(|zone| zone.units).sum();
    let money = |minor| Exact::money(minor, currency).amount();
    let line = |(zone, buyers): (&ZoneSold, Option<i64>)| ZoneLine {
        country: zone.country,
        zone: zone.zone.clone(),
        active_shops: zone.active_shops,
        purchases: zone.purchases,
        units: zone.units,
        share: Exact::ratio(zone.units, units).and_then(Exact::percent).map(|share| share.fixed(1)),
        net_amount: money(zone.net_minor),
        buyers,
        latitude: zone.middle.map(|(latitude, _)| format!("{latitude:.2}")),
        longitude: zone.middle.map(|(_, longitude)| format!("{longitude:.2}")),
    };
    let buyers: Vec<i64> = sold.iter().map(|zone| zone.buyers).collect();
    Zones {
        zones: sold.iter().zip(hide(&buyers, k)).map(line).collect(),
        units,
        net_amount: money(sold.iter().map(|zone| zone.net_minor).sum()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_its_share_and_few_buyers_stay_hidden() {
        let zone = |name: &str, units, buyers| ZoneSold {
            country: Country::Co,
            zone: name.into(),
            active_shops: 1,
            purchases: 1,
            units,
            net_minor: 100 * units,
            buyers,
            middle: None,
        };
        let told = zones(&[zone("Cali", 15, 40), zone("Neiva", 4, 3)], Currency::Cop, 10);

        assert_eq!(
            told.zones.iter().map(|zone| (zone.share.as_deref(), zone.buyers)).collect::<Vec<_>>(),
            [(Some("78.9"), None), (Some("21.1"), None)]
        );
        assert_eq!((told.units, told.net_amount.as_str()), (19, "19"));
    }
}
