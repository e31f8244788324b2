//! Metrics 1 and 4 as they are shown: sales of each product, and who was reached.

use shared::{
    Currency, ProductId,
    reports::metric::{ProductLine, Reach, SalesPerPli},
};

use super::small_numbers::{alone, hide};
use crate::exact::Exact;

/// Valid lines of one product, added up.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ProductSold {
    /// Which.
    pub product_id: ProductId,
    /// Its name.
    pub name: String,
    /// Net of returned ones.
    pub units: i64,
    /// Minor units, net.
    pub net_minor: i64,
    /// Distinct purchases.
    pub purchases: i64,
    /// Distinct consumers who do not work where they bought.
    pub buyers: i64,
    /// With the returned ones.
    pub gross_units: i64,
    /// Minor units, with the returned ones.
    pub gross_minor: i64,
}

/// All products together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Sold {
    /// Net of returned ones.
    pub units: i64,
    /// Minor units, net.
    pub net_minor: i64,
    /// Distinct purchases.
    pub purchases: i64,
    /// Distinct consumers.
    pub buyers: i64,
}

/// The table of metric 1. A product that was only returned has no sales and no price.
pub fn sales_per_pli(products: &[ProductSold], all: &Sold, currency: Currency, k: i64) -> SalesPerPli {
    let buyers: Vec<i64> = products.iter().map(|product| product.buyers).collect();
    let money = |minor| Exact::money(minor, currency);
    let line = |(product, buyers): (&ProductSold, Option<i64>)| ProductLine {
        product_id: product.product_id,
        product: product.name.clone(),
        units: product.units,
        net_amount: money(product.net_minor).amount(),
        purchases: product.purchases,
        buyers,
        avg_price: money(product.net_minor).over(product.units.into()).map(|price| price.fixed(2)),
        gross_units: product.gross_units,
        gross_amount: money(product.gross_minor).amount(),
    };
    SalesPerPli {
        products: products.iter().zip(hide(&buyers, k)).map(line).collect(),
        units: all.units,
        net_amount: money(all.net_minor).amount(),
        purchases: all.purchases,
        buyers: alone(all.buyers, k),
    }
}

/// Consumers of a period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reached {
    /// Buyers with a verified telephone.
    pub identified: i64,
    /// Buyers who are only a card.
    pub anonymous: i64,
    /// Joined a campaign in force at the end.
    pub enrolled: i64,
    /// Signed up at shops of the brand.
    pub registrations: i64,
    /// Shops that sold.
    pub active_shops: i64,
    /// Length of the period.
    pub days: i64,
}

/// Metric 4. Both kinds of buyers and their sum are shown, so a small kind takes the other along.
pub fn reach(reached: &Reached, k: i64) -> Reach {
    let buyers = reached.identified + reached.anonymous;
    let kinds = hide(&[reached.identified, reached.anonymous], k);
    let registrations = alone(reached.registrations, k);
    let shop_weeks = Exact::whole(reached.active_shops).times(reached.days.into()).and_then(|days| days.over(7.into()));
    Reach {
        buyers: alone(buyers, k),
        identified: kinds[0],
        anonymous: kinds[1],
        identified_share: kinds[0].and_then(|identified| Some(Exact::ratio(identified, buyers)?.percent()?.fixed(1))),
        enrolled: alone(reached.enrolled, k),
        registrations,
        registrations_per_shop_week: registrations
            .zip(shop_weeks)
            .and_then(|(people, weeks)| Some(Exact::whole(people).over(weeks)?.fixed(2))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(id: u128, units: i64, net: i64, buyers: i64) -> ProductSold {
        ProductSold {
            product_id: ProductId::fixed(id),
            name: "COLA".into(),
            units,
            net_minor: net * 100,
            purchases: buyers,
            buyers,
            gross_units: units,
            gross_minor: net * 100,
        }
    }
    const ALL: Sold = Sold { units: 19, net_minor: 3_730_000, purchases: 8, buyers: 4 };

    #[test]
    fn the_average_price_is_of_what_stayed_sold() {
        let told = sales_per_pli(&[product(1, 11, 27_700, 4), product(2, 8, 9_600, 3), product(3, 0, 0, 0)], &ALL, Currency::Cop, 1);
        let prices: Vec<Option<&str>> = told.products.iter().map(|line| line.avg_price.as_deref()).collect();

        assert_eq!(prices, [Some("2518.18"), Some("1200.00"), None]);
        assert_eq!((told.products[0].net_amount.as_str(), told.net_amount.as_str(), told.buyers), ("27700", "37300", Some(4)));
    }

    #[test]
    fn few_buyers_are_hidden_on_every_line() {
        let told = sales_per_pli(&[product(1, 50, 100, 40), product(2, 8, 100, 3)], &Sold { buyers: 41, ..ALL }, Currency::Cop, 10);
        let reached =
            reach(&Reached { identified: 40, anonymous: 3, registrations: 28, active_shops: 2, days: 14, ..Reached::default() }, 10);

        assert_eq!((told.products[0].buyers, told.products[1].buyers, told.buyers), (None, None, Some(41)));
        assert_eq!((reached.buyers, reached.identified, reached.anonymous, reached.identified_share), (Some(43), None, None, None));
        assert_eq!(reached.registrations_per_shop_week.as_deref(), Some("7.00"));
    }
}
