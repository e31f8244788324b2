//! Metric 17 from the municipalities of shops that sold.

use db::{Tx, sql};
use rustc_hash::FxHashMap;
use shared::{
    Country, ShopId,
    reports::{
        explore::Zones,
        metric::{Metric, Report},
    },
};

use super::tally::Pairs;
use crate::{Error, days, metrics::zones, scope::Scope};

/// Municipalities of one report, at most.
const ZONES_MAX: usize = 500;

#[derive(Default)]
struct Sold {
    /// Among the shops that sold, or among the municipalities.
    place: u32,
    purchases: i64,
    units: i64,
    net_minor: i64,
}

/// Where a shop is.
type Place = (Country, String);

/// A shop's municipality and, where somebody entered it, its point: degrees north and east.
#[derive(Clone, sqlx::FromRow)]
struct Found {
    country: Country,
    city: String,
    latitude: Option<f64>,
    longitude: Option<f64>,
}

/// Points that are added up.
#[derive(Default)]
struct Middle {
    many: u32,
    north: f64,
    east: f64,
}

impl Middle {
    fn add(&mut self, found: &Found) {
        if let (Some(north), Some(east)) = (found.latitude, found.longitude) {
            (self.many, self.north, self.east) = (self.many + 1, self.north + north, self.east + east);
        }
    }
    fn of(&self) -> Option<(f64, f64)> {
        (self.many > 0).then(|| (self.north / f64::from(self.many), self.east / f64::from(self.many)))
    }
}

/// Sales of each municipality.
pub async fn zones(tx: &mut Tx, scope: &Scope) -> Result<Report<Zones>, Error> {
    let mut pairs = Pairs::default();
    let mut shops: FxHashMap<ShopId, Sold> = FxHashMap::default();
    days::each(tx, scope, scope.from, scope.to, |sale| {
        if !sale.is_valid() {
            return;
        }
        let next = shops.len() as u32;
        let shop = shops.entry(sale.shop).or_insert_with(|| Sold { place: next, ..Sold::default() });
        shop.purchases += 1;
        for line in sale.valid() {
            shop.units += line.units();
            shop.net_minor += if sale.currency == scope.currency { line.net_minor() } else { 0 };
        }
        if !sale.own {
            pairs.insert(shop.place, sale.buyer);
        }
    })
    .await?;
    let known = tx.query(PLACES).bind(scope.brand).bind(scope.tenant).all::<(ShopId, Country, String, Option<f64>, Option<f64>)>().await?;
    let known: FxHashMap<ShopId, Found> =
        known.into_iter().map(|(shop, country, city, latitude, longitude)| (shop, Found { country, city, latitude, longitude })).collect();
    let mut places: FxHashMap<Place, (i64, Sold, Middle)> = FxHashMap::default();
    let mut place_of = vec![0; shops.len()];
    for (shop, sold) in shops {
        let found = match known.get(&shop) {
            Some(found) => found.clone(),
            // It sold without taking part.
            None => tx.query(PLACE).bind(shop).one::<Found>().await?,
        };
        let next = Sold { place: places.len() as u32, ..Sold::default() };
        let (shops, all, middle) = places.entry((found.country, found.city.clone())).or_insert((0, next, Middle::default()));
        place_of[sold.place as usize] = all.place;
        middle.add(&found);
        *shops += 1;
        all.purchases += sold.purchases;
        all.units += sold.units;
        all.net_minor += sold.net_minor;
    }
    let buyers = pairs.moved(|shop| place_of[shop as usize]).count();
    let zone = |((country, zone), (active_shops, sold, middle)): (Place, (i64, Sold, Middle))| zones::ZoneSold {
        country,
        zone,
        active_shops,
        purchases: sold.purchases,
        units: sold.units,
        net_minor: sold.net_minor,
        buyers: buyers.get(sold.place as usize).copied().unwrap_or_default(),
        middle: middle.of(),
    };
    let mut sold: Vec<zones::ZoneSold> = places.into_iter().map(zone).collect();
    sold.sort_by(|a, b| (b.units, a.country.code(), &a.zone).cmp(&(a.units, b.country.code(), &b.zone)));
    sold.truncate(ZONES_MAX);
    scope.report(tx, Metric::Zones, zones::zones(&sold, scope.currency, scope.k)).await
}

sql! {
    PLACES: "SELECT s.id, s.country, s.city, s.latitude, s.longitude FROM shop s WHERE s.id IN (SELECT shop_id FROM shop_brand WHERE brand_id = $1 AND tenant_id = $2)";

    PLACE: "SELECT country, city, latitude, longitude FROM shop WHERE id = $1";
}
