//! Purchases that are held, and what a person decides about them.

use db::{Tx, sql};
use identity::{Actor, audit};
use shared::{
    ConsumerId, Currency, Gtin, PurchaseId, ShopId, Timestamp,
    loyalty::{ImportLine, NewReview, PurchaseAnswer, PurchaseStatus, ReviewDecision},
};

use super::{Basket, Evaluated, SellingShop, answer, facts, posting::{self, Moment, Plan}, queries};
use crate::{Error, Loyalty, card, full_card::Mode};

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
    let lines: Vec<HeldLine> = tx.query(LINES).bind(id).all().await?;
    let lines: Vec<ImportLine> = lines
        .into_iter()
        .map(|line| ImportLine { gtin: line.gtin, quantity: line.quantity, unit_price_minor: Some(line.unit_price_minor), discount_minor: line.discount_minor, reward_line: line.reward_line })
        .collect();
    let basket = Basket::new(&book, &lines);
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
    posting::post(tx, id, shop.id, local, now, plan).await?;
    tx.query(DECIDE).bind(status).bind(now).bind(actor.user().ok()).bind(serde_json::to_vec(&told).unwrap_or_default()).bind(id).execute().await?;
    posting::tell_registered(tx, now, held.consumer_id, id, shop.id, status).await?;
    posting::announce(tx, held.consumer_id, shop.id, &basket);
    let action = if status == PurchaseStatus::Accepted { "purchase.approved" } else { "purchase.rejected" };
    audit::record(tx, actor, now, action, id, None, None, review.reason.as_deref()).await?;
    Ok(told)
}

sql! {
    HELD: "SELECT p.consumer_id, p.shop_id, p.status, p.reason, p.purchased_at, p.currency, s.time_zone FROM purchase p JOIN shop s ON s.id = p.shop_id WHERE p.id = $1";

    LINES: "SELECT gtin, quantity, unit_price_minor, discount_minor, reward_line FROM purchase_line WHERE purchase_id = $1 ORDER BY line";

    DECIDE: "UPDATE purchase SET status = $1, reviewed_at = $2, reviewed_by = $3, review_answer = $4 WHERE id = $5 AND status = 'held'";
}
