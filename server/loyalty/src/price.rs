//! What things usually cost at a shop, learned from what it sold: the scanner proposes it where nobody types a price.
//!
//! The median of the last few sales of a product, not the last one: a slip of the finger proposes nothing. Nothing is kept
//! for it: the newest lines of the shop are read when its phone fetches the list of products, with a bound on their number.
//! What a campaign's price guard compares with stays the price that the product's owner suggests.

use std::collections::HashMap;

use db::{Tx, sql};
use identity::Actor;
use shared::{ProductId, Timestamp, time::DAY_MS};

use crate::Error;

/// Sales that say what a product costs now.
const SALES: usize = 5;
/// Older prices say nothing about today's.
const DAYS: i64 = 28;
/// Lines that are read at most: the newest.
const LINES_MAX: i64 = 3_000;

/// What products cost at the actor's shop: accepted lines with a price of the last four weeks, without what came back.
pub async fn usual(tx: &mut Tx, actor: &Actor, now: Timestamp) -> Result<HashMap<ProductId, i64>, Error> {
    let (_, shop, _) = actor.member()?;
    let zone = identity::shop::get(tx, shop).await?.time_zone;
    let since = identity::shop::local_date(&zone, now.plus_ms(-DAYS * DAY_MS));
    let lines: Vec<(ProductId, i64)> = tx.query(PRICED).bind(shop).bind(since).bind(LINES_MAX).all().await?;
    let mut prices: HashMap<ProductId, Vec<i64>> = HashMap::new();
    for (product, price_minor) in lines {
        let known = prices.entry(product).or_default();
        if known.len() < SALES {
            known.push(price_minor);
        }
    }
    Ok(prices.into_iter().filter_map(|(product, known)| Some((product, median(known)?))).collect())
}

/// Of an even number the lower one of the two in the middle: a price that was really asked.
fn median(mut prices: Vec<i64>) -> Option<i64> {
    prices.sort_unstable();
    prices.get(prices.len().saturating_sub(1) / 2).copied()
}

sql! {
    PRICED: "SELECT l.product_id, l.unit_price_minor FROM purchase p JOIN purchase_line l ON l.purchase_id = p.id
             WHERE p.shop_id = $1 AND p.business_date >= $2 AND p.status = 'accepted' AND l.product_id IS NOT NULL AND NOT l.reward_line
               AND l.unit_price_minor > 0 AND l.returned_quantity < l.quantity
             ORDER BY p.business_date DESC, p.purchased_at DESC, p.id DESC LIMIT $3";
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn one_slip_does_not_make_a_price() {
        assert_eq!(median(vec![2_500, 25_000, 2_500, 2_600, 2_500]), Some(2_500));
        assert_eq!(median(vec![2_600, 2_500]), Some(2_500));
        assert_eq!(median(vec![]), None);
    }
}
