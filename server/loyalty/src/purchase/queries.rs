//! What a purchase asks the store, and what shops ask about purchases.

use db::{Tx, sql};
use identity::Actor;
use shared::{
    CivilDate, ConsumerId, Currency, LocalTime, MemberId, PurchaseId, ShopId, Timestamp,
    loyalty::{PurchaseAnswer, PurchaseStatus, ShopPurchase},
};

use super::{DUPLICATE_WINDOW_MS, Sale};
use crate::{
    Error,
    card::{self, Holder},
    settle,
};

/// A purchase that is known under the same key.
pub(super) struct Known {
    pub id: PurchaseId,
    pub content_hash: Vec<u8>,
    pub answer: Vec<u8>,
}

/// What is known about a sale before it is registered.
#[derive(Default)]
pub(super) struct KnownAbout {
    pub same_key: Option<Known>,
    /// The same basket of the same card at this shop a moment ago, under another key.
    pub twin_basket: bool,
}

#[derive(sqlx::FromRow)]
struct KnownRow {
    id: PurchaseId,
    content_hash: Vec<u8>,
    answer: Vec<u8>,
    same_key: bool,
}

pub(super) async fn find_by_key(tx: &mut Tx, sale: &Sale<'_>) -> Result<Option<Known>, Error> {
    let row = tx.query(FIND_BY_KEY).bind(sale.source.clone()).bind(sale.source_key.clone()).maybe::<KnownRow>().await?;
    Ok(row.map(|row| Known { id: row.id, content_hash: row.content_hash, answer: row.answer }))
}

/// One statement for both questions: they are asked for every purchase.
pub(super) async fn find_known(
    tx: &mut Tx,
    sale: &Sale<'_>,
    holder: &Holder,
    basket: &[u8; 32],
    at: Timestamp,
) -> Result<KnownAbout, Error> {
    let rows = tx
        .query(FIND_KNOWN)
        .bind(sale.source.clone())
        .bind(sale.source_key.clone())
        .bind(holder.consumer)
        .bind(at.plus_ms(-DUPLICATE_WINDOW_MS))
        .bind(at.plus_ms(DUPLICATE_WINDOW_MS))
        .bind(sale.shop.id)
        .bind(holder.card)
        .bind(basket.to_vec())
        .all::<KnownRow>()
        .await?;
    let mut about = KnownAbout::default();
    for row in rows {
        if row.same_key {
            about.same_key = Some(Known { id: row.id, content_hash: row.content_hash, answer: row.answer });
        } else {
            about.twin_basket = true;
        }
    }
    Ok(about)
}

/// Opens a purchase with a card's half minute; `false` when it has opened another.
pub(super) async fn use_code(tx: &mut Tx, holder: &Holder, step: i64, purchase: PurchaseId) -> Result<bool, Error> {
    Ok(tx.query(USE_CODE).bind(holder.card).bind(step).bind(purchase).execute().await? == 1)
}

/// The shop of the purchase that a card's half minute opened.
pub(super) async fn code_used_at(tx: &mut Tx, holder: &Holder, step: i64) -> Result<Option<ShopId>, Error> {
    Ok(tx.query(CODE_USED_AT).bind(holder.card).bind(step).maybe::<(ShopId,)>().await?.map(|(shop,)| shop))
}

/// Locks the consumer of a purchase. A claim may change whose it is until the lock is held.
pub(crate) async fn lock_consumer(tx: &mut Tx, purchase: PurchaseId) -> Result<(), Error> {
    settle::lock_whose(tx, CONSUMER_OF, purchase.0).await?.map(|_| ()).ok_or(Error::NoSuchPurchase)
}

/// A purchase as the shop was told, for the shop, the consumer and the operator alike; a partner sees its own imports.
pub async fn get(tx: &mut Tx, actor: &Actor, id: PurchaseId) -> Result<PurchaseAnswer, Error> {
    #[derive(sqlx::FromRow)]
    struct Row {
        shop_id: ShopId,
        consumer_id: ConsumerId,
        source: String,
        answer: Vec<u8>,
    }
    let row = tx.query(GET).bind(id).maybe::<Row>().await?.ok_or(Error::NotFound)?;
    let mine = match actor {
        Actor::Anonymous => return Err(identity::Error::Unauthorized.into()),
        Actor::Consumer { consumer, .. } => *consumer == row.consumer_id,
        Actor::Member { shop, .. } => *shop == row.shop_id,
        Actor::Key { tenant, .. } => row.source == format!("key:{tenant}") || actor.operator().is_ok(),
        Actor::User { .. } => actor.operator().is_ok(),
        Actor::System => true,
    };
    if !mine {
        return Err(Error::NotFound);
    }
    let mut answer: PurchaseAnswer = serde_json::from_slice(&row.answer).map_err(|error| Error::BadCapture(error.to_string()))?;
    if matches!(actor, Actor::Key { .. }) {
        answer.consumer_label = card::nameless(&answer.consumer_label);
    }
    Ok(answer)
}

#[derive(sqlx::FromRow)]
struct ShopPurchaseRow {
    id: PurchaseId,
    purchased_at: Timestamp,
    offset_seconds: i64,
    display_name: Option<String>,
    public_code: Vec<u8>,
    total_minor: i64,
    currency: Currency,
    status: PurchaseStatus,
    reason: Option<String>,
    member_id: Option<MemberId>,
    points: i64,
    stamps: i64,
}

/// A day's purchases of the actor's shop, newest first; at most 500.
pub async fn of_shop(tx: &mut Tx, actor: &Actor, date: CivilDate) -> Result<Vec<ShopPurchase>, Error> {
    let (_, shop, _) = actor.member()?;
    let rows = tx.query(OF_SHOP).bind(shop).bind(date).all::<ShopPurchaseRow>().await?;
    Ok(rows
        .into_iter()
        .map(|row| ShopPurchase {
            id: row.id,
            local: LocalTime { at: row.purchased_at, offset_seconds: row.offset_seconds as i32 },
            consumer_label: card::label(row.display_name.as_deref(), &row.public_code),
            total_minor: row.total_minor,
            currency: row.currency,
            status: row.status,
            reason: row.reason,
            points: row.points,
            stamps: row.stamps,
            member_id: row.member_id,
        })
        .collect())
}

/// A line with its product's name, for histories.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct LineRow {
    pub name: String,
    pub quantity: i64,
}

sql! {
    FIND_BY_KEY: "SELECT id, content_hash, answer, TRUE AS same_key FROM purchase WHERE source = $1 AND source_key = $2";

    FIND_KNOWN: "SELECT id, content_hash, answer, TRUE AS same_key FROM purchase WHERE source = $1 AND source_key = $2
                 UNION ALL
                 SELECT id, content_hash, answer, FALSE AS same_key FROM purchase
                 WHERE consumer_id = $3 AND purchased_at BETWEEN $4 AND $5 AND shop_id = $6 AND card_id = $7 AND basket_hash = $8
                   AND status IN ('accepted', 'held') AND NOT (source = $1 AND source_key = $2)";

    USE_CODE: "INSERT INTO card_code_use (card_id, step, purchase_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

    CODE_USED_AT: "SELECT p.shop_id FROM card_code_use u JOIN purchase p ON p.id = u.purchase_id WHERE u.card_id = $1 AND u.step = $2";

    CONSUMER_OF: "SELECT consumer_id FROM purchase WHERE id = $1";

    GET: "SELECT shop_id, consumer_id, source, COALESCE(review_answer, answer) AS answer FROM purchase WHERE id = $1";

    OF_SHOP: "SELECT p.id, p.purchased_at, p.offset_seconds, n.display_name, c.public_code, p.total_minor, p.currency, p.status, p.reason, p.member_id,
                     CAST(COALESCE((SELECT SUM(e.award) FROM evaluation_now e WHERE e.purchase_id = p.id AND e.unit = 'points'), 0) AS BIGINT) AS points,
                     CAST(COALESCE((SELECT SUM(e.award) FROM evaluation_now e WHERE e.purchase_id = p.id AND e.unit = 'stamps'), 0) AS BIGINT) AS stamps
              FROM purchase p
              JOIN card c ON c.id = p.card_id
              JOIN consumer n ON n.id = p.consumer_id
              WHERE p.shop_id = $1 AND p.business_date = $2
              ORDER BY p.purchased_at DESC, p.id DESC
              LIMIT 500";
}
