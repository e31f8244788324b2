//! Codes that no card answered to: after [`MAX`] of them within [`WINDOW_MS`] a shop's readings of that card rest.
//!
//! Counted by shop and by the card that the code claimed, whether there is one or not, so that neither the count nor the
//! lock tells which cards exist. Six digits claim no card: they are counted together. A sale that was made without network
//! is neither counted nor locked: its phone cannot have heard of it.

use db::{Tx, sql};
use identity::{Actor, audit};
use shared::{
    CodeFailureId, ShopId, Timestamp,
    loyalty::CardCode,
    time::{DAY_MS, MINUTE_MS},
};

use crate::Error;

/// Failures before a lock.
pub const MAX: i64 = 5;
/// How long one counts; so long, too, is the longest lock.
pub const WINDOW_MS: i64 = 10 * MINUTE_MS;
/// Under which six digits are counted.
pub(crate) const DIGITS: &[u8] = &[];

/// Failures after this instant still count.
pub(crate) fn since(now: Timestamp) -> Timestamp {
    now.plus_ms(-WINDOW_MS)
}

fn subject(code: &CardCode) -> Option<Vec<u8>> {
    match code {
        CardCode::Rotating { card, .. } | CardCode::Printed { card, .. } => Some(card.0.to_vec()),
        CardCode::Reward(_) => None,
    }
}

/// What a code is refused with that no card answers to.
pub(crate) async fn refusal(tx: &mut Tx, shop: ShopId, code: &CardCode, now: Timestamp) -> Result<Error, Error> {
    let Some(subject) = subject(code) else {
        return Ok(Error::UnknownCard);
    };
    Ok(if count(tx, shop, &subject, now).await? >= MAX { Error::CodeLocked } else { Error::UnknownCard })
}

/// Failures that still count.
pub(crate) async fn count(tx: &mut Tx, shop: ShopId, subject: &[u8], now: Timestamp) -> Result<i64, Error> {
    let (count,): (i64,) = tx.query(COUNT).bind(shop).bind(subject.to_vec()).bind(since(now)).one().await?;
    Ok(count)
}

/// Counts a text that [`Error::UnknownCard`] refused at this shop. What is no card's code counts nothing.
pub async fn note(tx: &mut Tx, now: Timestamp, shop: ShopId, text: &str) -> Result<(), Error> {
    match text.parse::<CardCode>().ok().as_ref().and_then(subject) {
        Some(subject) => add(tx, now, shop, &subject).await,
        None => Ok(()),
    }
}

/// One more; the one that locks is written down for whoever looks after fraud.
pub(crate) async fn add(tx: &mut Tx, now: Timestamp, shop: ShopId, subject: &[u8]) -> Result<(), Error> {
    // Guesses that come at once cannot all see the last free place.
    tx.lock(shop.lock_key()).await?;
    tx.query(FORGET).bind(now.plus_ms(-DAY_MS)).execute().await?;
    let id: CodeFailureId = tx.new_id();
    tx.query(INSERT).bind(id).bind(shop).bind(subject.to_vec()).bind(now).execute().await?;
    if count(tx, shop, subject, now).await? == MAX {
        audit::record(tx, &Actor::System, now, "card.codes_locked", shop, None, None, None).await?;
    }
    Ok(())
}

sql! {
    COUNT: "SELECT COUNT(*) FROM code_failure WHERE shop_id = $1 AND subject = $2 AND failed_at > $3";

    FORGET: "DELETE FROM code_failure WHERE failed_at < $1";

    INSERT: "INSERT INTO code_failure (id, shop_id, subject, failed_at) VALUES ($1, $2, $3, $4)";
}
