//! Purchases that are held, and what a person decides about them.

use db::{Tx, sql};
use identity::{Actor, audit};
use shared::{
    ConsumerId, Currency, Gtin, LocalTime, ProductId, PurchaseId, ShopId, Timestamp,
    loyalty::{HeldPurchase, ImportLine, NearbyPurchase, NewReview, PurchaseAnswer, PurchaseStatus, ReviewCase, ReviewDecision},
    time::MINUTE_MS,
};

use super::{Basket, Evaluated, SellingShop, answer, facts, posting::{self, Moment, Plan}, queries};
use crate::{Error, Loyalty, card, full_card::Mode, rule_book::RuleBook};

#[derive(sqlx::FromRow)]
struct Held {
    consumer_id: ConsumerId,
    shop_id: ShopId,
    status: PurchaseStatus,
    reason: Option<String>,
    purchased_at: Timestamp,
    currency: Currency,
    time_zone: String,
}

#[derive(sqlx::FromRow)]
struct HeldLine {
    gtin: Gtin,
    quantity: i64,
    unit_price_minor: i64,
    discount_minor: i64,
    reward_line: bool,
    product_id: Option<ProductId>,
    suggested_price_minor: Option<i64>,
}

/// Decides about a purchase that is held: approved, it is worked out with its own time against what is posted now.
pub async fn decide(tx: &mut Tx, loyalty: &Loyalty, actor: &Actor, now: Timestamp, id: PurchaseId, review: &NewReview) -> Result<PurchaseAnswer, Error> {
    actor.operates()?;
    if review.reason.as_ref().is_some_and(|reason| reason.chars().count() > 200) {
        return Err(Error::Field("reason"));
    }
    queries::lock_consumer(tx, id).await?;
    let held: Held = tx.query(HELD).bind(id).one().await?;
    if held.status != PurchaseStatus::Held {
        return Err(Error::NotHeld);
    }
    let book = loyalty.current_book(tx).await?;
    let basket = basket(tx, &book, id).await?;
    let shop = SellingShop { id: held.shop_id, currency: held.currency, time_zone: held.time_zone };
    let holder = card::find_by_consumer(tx, held.consumer_id, shop.id).await?.ok_or(Error::UnknownCard)?;
    let local = identity::shop::local(&shop.time_zone, held.purchased_at);
    let (status, evaluated) = match review.decision {
        ReviewDecision::Approve => (PurchaseStatus::Accepted, facts::evaluate_all(tx, &book, Mode::Live, &shop, local, Some(&holder), &basket).await?),
        ReviewDecision::Reject => (PurchaseStatus::Rejected, Evaluated::default()),
    };
    let plan = Plan::make(tx, &book, Mode::Live, id, Moment { shop: &shop, local, now }, Some(&holder), &evaluated).await?;
    let reason = held.reason.as_deref().filter(|_| status == PurchaseStatus::Rejected);
    let told = answer(id, status, reason, Some(&holder), &shop, held.purchased_at, &basket, evaluated, plan.outcome.clone());
    if status == PurchaseStatus::Accepted {
        know_products(tx, id, &basket).await?;
    }
    posting::post(tx, id, shop.id, local, now, plan).await?;
    tx.query(DECIDE).bind(status).bind(now).bind(actor.user().ok()).bind(serde_json::to_vec(&told).unwrap_or_default()).bind(id).execute().await?;
    posting::tell_registered(tx, now, held.consumer_id, id, shop.id, status).await?;
    posting::announce(tx, held.consumer_id, shop.id, &basket);
    let action = if status == PurchaseStatus::Accepted { "purchase.approved" } else { "purchase.rejected" };
    audit::record(tx, actor, now, action, id, None, None, review.reason.as_deref()).await?;
    Ok(told)
}

/// The lines of a purchase that is known, with the products of now: what was unknown then may be known today.
async fn basket(tx: &mut Tx, book: &RuleBook, id: PurchaseId) -> Result<Basket, Error> {
    let stored: Vec<HeldLine> = tx.query(LINES).bind(id).all().await?;
    let lines: Vec<ImportLine> = stored
        .iter()
        .map(|line| ImportLine { gtin: line.gtin, quantity: line.quantity, unit_price_minor: Some(line.unit_price_minor), discount_minor: line.discount_minor, reward_line: line.reward_line })
        .collect();
    let mut basket = Basket::new(book, &lines);
    // What was known then counts as it was then.
    for ((line, ..), known) in basket.lines.iter_mut().zip(&stored) {
        if known.product_id.is_some() {
            line.suggested_price_minor = known.suggested_price_minor;
        }
    }
    Ok(basket)
}

/// A product that nobody knew at the counter belongs to the purchase from now on, for returns and reports alike.
async fn know_products(tx: &mut Tx, id: PurchaseId, basket: &Basket) -> Result<(), Error> {
    for (number, ((line, ..), owner)) in basket.lines.iter().zip(&basket.owners).enumerate() {
        if line.product.is_some() {
            let (tenant, brand) = owner.unzip();
            tx.query(KNOW).bind(line.product).bind(brand).bind(tenant).bind(line.suggested_price_minor).bind(id).bind(number as i64 + 1).execute().await?;
        }
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct WaitingRow {
    id: PurchaseId,
    shop_name: String,
    purchased_at: Timestamp,
    offset_seconds: i64,
    received_at: Timestamp,
    reason: Option<String>,
    display_name: Option<String>,
    public_code: Vec<u8>,
    total_minor: i64,
    currency: Currency,
    offline: bool,
}

impl From<WaitingRow> for HeldPurchase {
    fn from(row: WaitingRow) -> Self {
        Self {
            id: row.id,
            shop_name: row.shop_name,
            local: LocalTime { at: row.purchased_at, offset_seconds: row.offset_seconds as i32 },
            received_at: row.received_at,
            reason: row.reason.unwrap_or_default(),
            consumer_label: card::label(row.display_name.as_deref(), &row.public_code),
            total_minor: row.total_minor,
            currency: row.currency,
            offline: row.offline,
        }
    }
}

/// What is held, those that wait longest first; at most 100. Operator only.
pub async fn waiting(tx: &mut Tx, actor: &Actor) -> Result<Vec<HeldPurchase>, Error> {
    actor.operator()?;
    Ok(tx.query(WAITING).all::<WaitingRow>().await?.into_iter().map(HeldPurchase::from).collect())
}

#[derive(sqlx::FromRow)]
struct NearbyRow {
    shop_name: String,
    purchased_at: Timestamp,
    offset_seconds: i64,
    total_minor: i64,
    currency: Currency,
    status: PurchaseStatus,
    same_basket: bool,
}

/// One of them with what explains it. [`Error::NotHeld`] when it was decided meanwhile. Operator only.
pub async fn look(tx: &mut Tx, loyalty: &Loyalty, actor: &Actor, now: Timestamp, id: PurchaseId) -> Result<ReviewCase, Error> {
    actor.operator()?;
    let purchase: HeldPurchase = tx.query(ONE_WAITING).bind(id).maybe::<WaitingRow>().await?.ok_or(Error::NotHeld)?.into();
    let held: Held = tx.query(HELD).bind(id).one().await?;
    let book = loyalty.current_book(tx).await?;
    let basket = basket(tx, &book, id).await?;
    let shop = SellingShop { id: held.shop_id, currency: held.currency, time_zone: held.time_zone };
    let holder = card::find_by_consumer(tx, held.consumer_id, shop.id).await?.ok_or(Error::UnknownCard)?;
    let local = identity::shop::local(&shop.time_zone, held.purchased_at);
    let evaluated = facts::evaluate_all(tx, &book, Mode::Preview, &shop, local, Some(&holder), &basket).await?;
    let plan = Plan::make(tx, &book, Mode::Preview, id, Moment { shop: &shop, local, now }, Some(&holder), &evaluated).await?;
    let told = answer(id, PurchaseStatus::Held, held.reason.as_deref(), Some(&holder), &shop, held.purchased_at, &basket, evaluated, plan.outcome);
    let around = |minutes: i64| held.purchased_at.plus_ms(minutes * MINUTE_MS);
    let nearby: Vec<NearbyRow> = tx.query(NEARBY).bind(id).bind(held.consumer_id).bind(around(-NEARBY_MINUTES)).bind(around(NEARBY_MINUTES)).all().await?;
    Ok(ReviewCase {
        purchase,
        lines: told.lines,
        would_award: told.awards,
        nearby: nearby
            .into_iter()
            .map(|row| NearbyPurchase {
                shop_name: row.shop_name,
                local: LocalTime { at: row.purchased_at, offset_seconds: row.offset_seconds as i32 },
                total_minor: row.total_minor,
                currency: row.currency,
                status: row.status,
                same_basket: row.same_basket,
            })
            .collect(),
    })
}

/// How far a reviewer looks around a purchase.
const NEARBY_MINUTES: i64 = 30;

sql! {
    WAITING: "SELECT p.id, s.name AS shop_name, p.purchased_at, p.offset_seconds, p.received_at, p.reason, n.display_name, c.public_code, p.total_minor, p.currency, p.offline
              FROM purchase p JOIN shop s ON s.id = p.shop_id JOIN card c ON c.id = p.card_id JOIN consumer n ON n.id = p.consumer_id
              WHERE p.status = 'held' ORDER BY p.received_at, p.id LIMIT 100";

    ONE_WAITING: "SELECT p.id, s.name AS shop_name, p.purchased_at, p.offset_seconds, p.received_at, p.reason, n.display_name, c.public_code, p.total_minor, p.currency, p.offline
                  FROM purchase p JOIN shop s ON s.id = p.shop_id JOIN card c ON c.id = p.card_id JOIN consumer n ON n.id = p.consumer_id
                  WHERE p.id = $1 AND p.status = 'held'";

    NEARBY: "SELECT s.name AS shop_name, p.purchased_at, p.offset_seconds, p.total_minor, p.currency, p.status,
                    p.basket_hash = (SELECT basket_hash FROM purchase WHERE id = $1) AS same_basket
             FROM purchase p JOIN shop s ON s.id = p.shop_id
             WHERE p.consumer_id = $2 AND p.purchased_at BETWEEN $3 AND $4 AND p.id <> $1
             ORDER BY p.purchased_at, p.id LIMIT 20";

    HELD: "SELECT p.consumer_id, p.shop_id, p.status, p.reason, p.purchased_at, p.currency, s.time_zone FROM purchase p JOIN shop s ON s.id = p.shop_id WHERE p.id = $1";

    KNOW: "UPDATE purchase_line SET product_id = $1, brand_id = $2, tenant_id = $3, suggested_price_minor = $4 WHERE purchase_id = $5 AND line = $6 AND product_id IS NULL";

    LINES: "SELECT gtin, quantity, unit_price_minor, discount_minor, reward_line, product_id, suggested_price_minor FROM purchase_line WHERE purchase_id = $1 ORDER BY line";

    DECIDE: "UPDATE purchase SET status = $1, reviewed_at = $2, reviewed_by = $3, review_answer = $4 WHERE id = $5 AND status = 'held'";
}
