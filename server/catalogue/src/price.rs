//! Suggested prices in other moneys than the product's own.
//!
//! A price says nothing in another money: 2 500 pesos are not 2 500 cents. A shop that sells in a money for which nobody
//! suggested a price has none, and its phone asks.
//!
//! Invariant: one price for each product and money    the product's own column, then the primary key of `product_price`

use std::collections::HashMap;

use db::{Tx, sql};
use identity::{Actor, audit};
use shared::{
    Currency, ProductId, Timestamp,
    catalogue::{OtherPrice, OtherPrices},
    loyalty::capture::PRICE_MAX_MINOR,
};

use crate::{Error, product};

/// Suggested prices of a product in other moneys than its own, for everybody who may read it.
pub async fn others(tx: &mut Tx, actor: &Actor, id: ProductId) -> Result<OtherPrices, Error> {
    product::get(tx, actor, id).await?;
    let prices: Vec<(Currency, i64)> = tx.query(OTHERS).bind(id).all().await?;
    let price = |(currency, suggested_price_minor)| OtherPrice { currency, suggested_price_minor };
    Ok(OtherPrices { prices: prices.into_iter().map(price).collect() })
}

/// Replaces the suggested prices of a product in other moneys than its own, for whoever may change the product. The same
/// again changes nothing.
///
/// `prices`: each money once and not the product's own; 0 to [`PRICE_MAX_MINOR`] minor units of it.
pub async fn set_others(tx: &mut Tx, actor: &Actor, now: Timestamp, id: ProductId, new: &OtherPrices) -> Result<OtherPrices, Error> {
    let own = product::owned(tx, actor, id).await?.currency;
    let mut seen = vec![own];
    for price in &new.prices {
        if seen.contains(&price.currency) || !(0..=PRICE_MAX_MINOR).contains(&price.suggested_price_minor) {
            return Err(Error::Field("prices"));
        }
        seen.push(price.currency);
    }
    // Two who set them at once are told one after the other what was there before.
    tx.lock(id.lock_key()).await?;
    let before = others(tx, actor, id).await?;
    let mut after = new.clone();
    after.prices.sort_by_key(|price| price.currency.code());
    if before == after {
        return Ok(after);
    }
    tx.query(FORGET_ALL).bind(id).execute().await?;
    for price in &after.prices {
        tx.query(SET).bind(id).bind(price.currency).bind(price.suggested_price_minor).execute().await?;
    }
    product::changed(tx, now).await?;
    let (was, is) = (serde_json::to_value(&before).ok(), serde_json::to_value(&after).ok());
    audit::record(tx, actor, now, "product.prices_set", id, was, is, None).await?;
    Ok(after)
}

/// The product's own price is in this money now: another one for the same money would be a second truth.
pub(crate) async fn forget(tx: &mut Tx, id: ProductId, currency: Currency) -> Result<(), Error> {
    tx.query(FORGET).bind(id).bind(currency).execute().await?;
    Ok(())
}

/// Every suggested price in one money that is not the product's own.
pub(crate) async fn in_money(tx: &mut Tx, currency: Currency) -> Result<HashMap<ProductId, i64>, Error> {
    Ok(tx.query(IN_MONEY).bind(currency).all::<(ProductId, i64)>().await?.into_iter().collect())
}

sql! {
    OTHERS: "SELECT currency, suggested_price_minor FROM product_price WHERE product_id = $1 ORDER BY currency";

    SET: "INSERT INTO product_price (product_id, currency, suggested_price_minor) VALUES ($1, $2, $3)
          ON CONFLICT (product_id, currency) DO UPDATE SET suggested_price_minor = excluded.suggested_price_minor";

    FORGET_ALL: "DELETE FROM product_price WHERE product_id = $1";

    FORGET: "DELETE FROM product_price WHERE product_id = $1 AND currency = $2";

    IN_MONEY: "SELECT product_id, suggested_price_minor FROM product_price WHERE currency = $1";
}
