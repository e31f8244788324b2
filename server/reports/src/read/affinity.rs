//! Metric 16 from purchases with two products of the brand.

use db::Tx;
use rustc_hash::FxHashMap;
use shared::{
    ProductId,
    reports::{
        explore::Affinity,
        metric::{Metric, Report},
    },
};

use super::{product_name, tally::Set};
use crate::{
    Error,
    days::{self, Sale},
    metrics::affinity,
    scope::Scope,
};

/// Pairs of one report, at most.
const PAIRS_MAX: usize = 50;

/// The pairs that are most often bought together. A purchase has a product once, however many lines of it.
pub async fn affinity(tx: &mut Tx, scope: &Scope) -> Result<Report<Affinity>, Error> {
    let mut baskets = 0;
    let mut with: FxHashMap<ProductId, i64> = FxHashMap::default();
    let mut together: FxHashMap<(ProductId, ProductId), i64> = FxHashMap::default();
    let mut products: Vec<ProductId> = Vec::new();
    days::each(tx, scope, scope.from, scope.to, |sale| {
        products_of(sale, &mut products);
        baskets += i64::from(!products.is_empty());
        for (place, first) in products.iter().enumerate() {
            *with.entry(*first).or_default() += 1;
            for second in products.iter().skip(place + 1) {
                *together.entry((*first, *second)).or_default() += 1;
            }
        }
    })
    .await?;
    let mut pairs: Vec<((ProductId, ProductId), i64)> = together.into_iter().collect();
    pairs.sort_unstable_by_key(|(pair, many)| (-many, *pair));
    pairs.truncate(PAIRS_MAX);
    // Who bought them is only kept of the pairs that are shown: of all pairs it would not fit.
    let mut buyers: FxHashMap<(ProductId, ProductId), Set> = pairs.iter().map(|(pair, _)| (*pair, Set::default())).collect();
    days::each(tx, scope, scope.from, scope.to, |sale| {
        if sale.own {
            return;
        }
        products_of(sale, &mut products);
        for (place, first) in products.iter().enumerate() {
            for second in products.iter().skip(place + 1) {
                if let Some(set) = buyers.get_mut(&(*first, *second)) {
                    set.insert(sale.buyer);
                }
            }
        }
    })
    .await?;
    let mut sold = Vec::new();
    for ((first_id, second_id), together) in pairs {
        let consumers = buyers.get(&(first_id, second_id)).map_or(0, Set::len);
        let (first, second) = (product_name(tx, first_id).await?, product_name(tx, second_id).await?);
        let all = |product| with.get(&product).copied().unwrap_or_default();
        sold.push(affinity::PairSold {
            first_id,
            first,
            second_id,
            second,
            together,
            consumers,
            with_first: all(first_id),
            with_second: all(second_id),
        });
    }
    scope.report(tx, Metric::Affinity, affinity::affinity(&sold, baskets, scope.k)).await
}

/// The products of a sale, each once, in an order of their own.
fn products_of(sale: &Sale<'_>, products: &mut Vec<ProductId>) {
    products.clear();
    products.extend(sale.valid().map(|line| line.product));
    products.sort_unstable();
    products.dedup();
}
