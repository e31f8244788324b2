//! Metric 1 from the sales of the days.

use db::{Tx, sql};
use rustc_hash::FxHashMap;
use shared::{
    CivilDate, ProductId,
    reports::metric::{Metric, Report, SalesPerPli},
};

use super::tally::Set;
use crate::{
    Error,
    days::{self, Sale},
    metrics::sales,
    scope::Scope,
};

/// Products of one report, at most.
const PRODUCTS_MAX: usize = 500;

/// What was sold of one product, or of all.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub units: i64,
    pub net_minor: i64,
    pub purchases: i64,
    pub buyers: Set,
    pub gross_units: i64,
    pub gross_minor: i64,
}

/// Units, amounts and buyers of each product of the brand. What was returned whole is in the gross columns alone.
pub async fn sales_per_pli(tx: &mut Tx, scope: &Scope) -> Result<Report<SalesPerPli>, Error> {
    let currency = scope.currency;
    let (products, all) = tallies(tx, scope, scope.from, |_| ()).await?;
    let mut sold = Vec::new();
    for (product_id, tally) in products {
        let name = product_name(tx, product_id).await?;
        let Tally { units, net_minor, purchases, buyers, gross_units, gross_minor } = tally;
        sold.push(sales::ProductSold { product_id, name, units, net_minor, purchases, buyers: buyers.len(), gross_units, gross_minor });
    }
    let all = sales::Sold { units: all.units, net_minor: all.net_minor, purchases: all.purchases, buyers: all.buyers.len() };
    scope.report(tx, Metric::SalesPerPli, sales::sales_per_pli(&sold, &all, currency, scope.k)).await
}

/// Of a product that the brand sold.
pub(crate) async fn product_name(tx: &mut Tx, product: ProductId) -> Result<String, Error> {
    Ok(tx.query(NAME).bind(product).one::<(String,)>().await?.0)
}

/// Each product, most units first; and all of them together. `beside` is shown every sale since a date that is no later than
/// the period's first: who asks for both reads the days once.
pub(crate) async fn tallies(
    tx: &mut Tx,
    scope: &Scope,
    since: CivilDate,
    mut beside: impl FnMut(&Sale<'_>),
) -> Result<(Vec<(ProductId, Tally)>, Tally), Error> {
    debug_assert!(since <= scope.from, "days of the period that nobody reads");
    let mut all = Tally::default();
    let mut products: FxHashMap<ProductId, Tally> = FxHashMap::default();
    let mut counted: Vec<ProductId> = Vec::new();
    days::each(tx, scope, since, scope.to, |sale| {
        beside(sale);
        if sale.date < scope.from {
            return;
        }
        let mine = sale.currency == scope.currency;
        let buyer = (sale.is_valid() && !sale.own).then_some(sale.buyer);
        counted.clear();
        for line in sale.sold() {
            let tally = products.entry(line.product).or_default();
            tally.units += line.units();
            tally.gross_units += line.quantity;
            if mine {
                tally.net_minor += line.net_minor();
                tally.gross_minor += line.amount_minor;
            }
            if line.units() == 0 {
                continue;
            }
            all.units += line.units();
            all.net_minor += if mine { line.net_minor() } else { 0 };
            if !counted.contains(&line.product) {
                counted.push(line.product);
                tally.purchases += 1;
                buyer.map(|number| tally.buyers.insert(number));
            }
        }
        all.purchases += i64::from(!counted.is_empty());
        buyer.map(|number| all.buyers.insert(number));
    })
    .await?;
    let mut products: Vec<(ProductId, Tally)> = products.into_iter().collect();
    products.sort_by_key(|(product, tally)| (-tally.units, *product));
    products.truncate(PRODUCTS_MAX);
    Ok((products, all))
}

sql! {
    NAME: "SELECT name FROM product WHERE id = $1";
}
