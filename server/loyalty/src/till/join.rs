//! A ticket and a purchase that are the same sale. The shop's lock is held wherever one of them looks for the other, so
//! that two which come at once cannot miss each other.

use db::{Tx, sql};
use shared::{ConsumerId, PurchaseId, ShopId, TillTicketId, Timestamp};

use super::JOIN_MS;
use crate::{Error, Loyalty};

/// A purchase that was there before.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Twin {
    /// Which.
    pub id: PurchaseId,
    /// What its first sender was told.
    pub answer: Vec<u8>,
    /// Of a capture that was joined before: what it held.
    pub content_hash: Option<Vec<u8>>,
}

/// Whether a till's terminal stands in this shop. Then its lock is held from here on.
pub(crate) async fn stands_in(tx: &mut Tx, shop: ShopId) -> Result<bool, Error> {
    let stands = tx.query(STANDS).bind(shop).maybe::<(Timestamp,)>().await?.is_some();
    if stands {
        lock(tx, shop).await?;
    }
    Ok(stands)
}

pub(super) async fn lock(tx: &mut Tx, shop: ShopId) -> Result<(), Error> {
    Ok(tx.lock(shop.lock_key() ^ 3).await?)
}

/// A capture whose sale a till had reported with the same consumer's card, so that it counted already. Written down, so
/// that the same capture finds it again and another one does not.
pub(crate) async fn same_sale(
    tx: &mut Tx,
    now: Timestamp,
    capture: (&str, &str, &[u8]),
    shop: ShopId,
    consumer: ConsumerId,
    total_minor: i64,
    at: Timestamp,
) -> Result<Option<Twin>, Error> {
    let (source, key, content_hash) = capture;
    if let Some(known) = tx.query(KNOWN).bind(source).bind(key).maybe::<Twin>().await? {
        return Ok(Some(known));
    }
    let found: Option<(TillTicketId, PurchaseId, Vec<u8>)> = tx
        .query(AWARDED)
        .bind(shop)
        .bind(total_minor)
        .bind(at.plus_ms(-JOIN_MS))
        .bind(at.plus_ms(JOIN_MS))
        .bind(consumer)
        .bind(at)
        .maybe()
        .await?;
    let Some((ticket, id, answer)) = found else {
        return Ok(None);
    };
    tx.query(JOIN_CAPTURE).bind(source).bind(key).bind(content_hash.to_vec()).bind(ticket).bind(id).bind(now).execute().await?;
    Ok(Some(Twin { id, answer, content_hash: None }))
}

/// A purchase that is the same sale as a ticket, and that no other ticket is: the nearest in time. Where the ticket names
/// a card, only of whoever holds it.
pub(crate) async fn purchase_of(
    tx: &mut Tx,
    shop: ShopId,
    consumer: Option<ConsumerId>,
    total_minor: i64,
    at: Timestamp,
) -> Result<Option<PurchaseId>, Error> {
    let found: Option<(PurchaseId,)> = tx
        .query(CAPTURED)
        .bind(shop)
        .bind(total_minor)
        .bind(at.plus_ms(-JOIN_MS))
        .bind(at.plus_ms(JOIN_MS))
        .bind(at)
        .bind(consumer)
        .maybe()
        .await?;
    Ok(found.map(|(id,)| id))
}

/// A purchase that was just written, and a ticket that waited for it.
pub(crate) async fn join_recorded(
    tx: &mut Tx,
    loyalty: &Loyalty,
    now: Timestamp,
    purchase: PurchaseId,
    shop: ShopId,
    total_minor: i64,
    at: Timestamp,
) -> Result<(), Error> {
    let found: Option<(TillTicketId,)> =
        tx.query(RECORDED).bind(shop).bind(total_minor).bind(at.plus_ms(-JOIN_MS)).bind(at.plus_ms(JOIN_MS)).bind(at).maybe().await?;
    let Some((ticket,)) = found else {
        return Ok(());
    };
    if tx.query(JOIN).bind(purchase).bind(ticket).execute().await? == 1 {
        super::ticket::take_back_late(tx, loyalty, now, ticket).await?;
    }
    Ok(())
}

sql! {
    STANDS: "SELECT created_at FROM till_terminal WHERE shop_id = $1 LIMIT 1";

    KNOWN: "SELECT p.id, p.answer, c.content_hash FROM till_capture c JOIN purchase p ON p.id = c.purchase_id WHERE c.source = $1 AND c.source_key = $2";

    AWARDED: "SELECT t.id, p.id, p.answer FROM till_ticket t JOIN purchase p ON p.id = t.purchase_id
              WHERE t.shop_id = $1 AND t.total_minor = $2 AND t.occurred_at BETWEEN $3 AND $4 AND t.status = 'awarded' AND p.consumer_id = $5
                AND NOT EXISTS (SELECT 1 FROM till_capture c WHERE c.ticket_id = t.id)
              ORDER BY ABS(t.occurred_at - $6), t.id LIMIT 1";

    JOIN_CAPTURE: "INSERT INTO till_capture (source, source_key, content_hash, ticket_id, purchase_id, joined_at) VALUES ($1, $2, $3, $4, $5, $6)";

    CAPTURED: "SELECT p.id FROM purchase p
               WHERE p.shop_id = $1 AND p.total_minor = $2 AND p.purchased_at BETWEEN $3 AND $4 AND p.status IN ('accepted', 'held')
                 AND p.consumer_id = COALESCE($6, p.consumer_id)
                 AND NOT EXISTS (SELECT 1 FROM till_ticket t WHERE t.purchase_id = p.id)
               ORDER BY ABS(p.purchased_at - $5), p.id LIMIT 1";

    RECORDED: "SELECT id FROM till_ticket
               WHERE shop_id = $1 AND total_minor = $2 AND occurred_at BETWEEN $3 AND $4 AND kind = 'sale' AND status = 'recorded' AND purchase_id IS NULL
               ORDER BY ABS(occurred_at - $5), id LIMIT 1";

    JOIN: "UPDATE till_ticket SET purchase_id = $1, status = 'joined' WHERE id = $2 AND purchase_id IS NULL";
}
