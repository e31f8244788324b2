//! Purchases that are held, and what a person decides about them.

use db::{Tx, sql};
use identity::{Actor, audit};
use shared::{
    ConsumerId, Currency, Gtin, LocalTime, ProductId, PurchaseId, ShopId, Timestamp, UserId,
    loyalty::{
        HeldPurchase, ImportLine, NearbyPurchase, NewReview, PurchaseAnswer, PurchaseStatus, ReviewCase, ReviewDecision,
        campaign::Unit,
        review_queue::{FirstApproval, ReviewQueue},
    },
    time::MINUTE_MS,
};

use super::{
    Basket, Evaluated, SellingShop, answer, facts,
    posting::{self, Moment, Plan},
    queries, velocity,
};
use crate::{Error, Loyalty, card, changes, full_card::Mode, gate, payback::incentive, rule_book::RuleBook};

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

/// More than one person may give alone, by the limits of corrections. A program that reports its own sales is no person.
fn takes_two(loyalty: &Loyalty, evaluated: &Evaluated) -> bool {
    let given = |unit: Unit| {
        let awards = evaluated.awards.iter().filter(|(version, _)| version.rules.unit == unit);
        awards.fold(0_i64, |sum, (_, trace)| sum.saturating_add(trace.award))
    };
    given(Unit::Points) > loyalty.limits.of("points").alone_max || given(Unit::Stamps) > loyalty.limits.of("stamps").alone_max
}

/// Notes the first of two who approve; `false`: this is the second one. The same person twice is not two.
async fn is_first(tx: &mut Tx, actor: &Actor, now: Timestamp, id: PurchaseId, person: UserId, reason: Option<&str>) -> Result<bool, Error> {
    match tx.query(FIRST).bind(id).maybe::<(UserId, String, String)>().await? {
        Some((first, ..)) if first == person => Err(Error::OwnProposal),
        Some(_) => Ok(false),
        None => {
            tx.query(PROPOSE).bind(id).bind(person).bind(reason.unwrap_or_default()).bind(now).execute().await?;
            audit::record(tx, actor, now, "purchase.approval_proposed", id, None, None, reason).await?;
            Ok(true)
        }
    }
}

/// Decides about a purchase that is held: approved, it is worked out with its own time against what is posted now.
pub async fn decide(
    tx: &mut Tx,
    loyalty: &Loyalty,
    actor: &Actor,
    now: Timestamp,
    id: PurchaseId,
    review: &NewReview,
) -> Result<PurchaseAnswer, Error> {
    actor.operates()?;
    if review.reason.as_ref().is_some_and(|reason| reason.chars().count() > 200) {
        return Err(Error::Field("reason"));
    }
    // Before the consumer's lock, as every sale does.
    let book = loyalty.steady_book(tx).await?;
    queries::lock_consumer(tx, id).await?;
    let held: Held = tx.query(HELD).bind(id).one().await?;
    if held.status != PurchaseStatus::Held {
        return Err(Error::NotHeld);
    }
    let shop = SellingShop { id: held.shop_id, currency: held.currency, time_zone: held.time_zone };
    let basket = basket(tx, &book, &shop, id).await?;
    // Of somebody who left nothing can be earned, but it can be turned down.
    let holder = card::find_by_consumer(tx, held.consumer_id, shop.id).await?;
    let local = identity::shop::local(&shop.time_zone, held.purchased_at);
    let (status, evaluated) = match review.decision {
        ReviewDecision::Approve if holder.is_none() => return Err(Error::UnknownCard),
        ReviewDecision::Approve => {
            (PurchaseStatus::Accepted, facts::evaluate_all(tx, &book, Mode::Live, &shop, local, holder.as_ref(), &basket).await?)
        }
        ReviewDecision::Reject => (PurchaseStatus::Rejected, Evaluated::default()),
    };
    if status == PurchaseStatus::Accepted
        && takes_two(loyalty, &evaluated)
        && !gate::plays(actor)
        && is_first(tx, actor, now, id, actor.user()?, review.reason.as_deref()).await?
    {
        let plan = Plan::make(tx, &book, Mode::Preview, id, Moment { shop: &shop, local, now }, holder.as_ref(), &evaluated).await?;
        let (held_still, why) = (PurchaseStatus::Held, held.reason.as_deref());
        return Ok(answer(id, held_still, why, holder.as_ref(), &shop, held.purchased_at, &basket, evaluated, plan.outcome));
    }
    let plan = Plan::make(tx, &book, Mode::Live, id, Moment { shop: &shop, local, now }, holder.as_ref(), &evaluated).await?;
    let reason = held.reason.as_deref().filter(|_| status == PurchaseStatus::Rejected);
    let told = answer(id, status, reason, holder.as_ref(), &shop, held.purchased_at, &basket, evaluated, plan.outcome.clone());
    if status == PurchaseStatus::Accepted {
        know_products(tx, now, id, &basket).await?;
    }
    posting::post(tx, id, shop.id, local, now, plan).await?;
    tx.query(DECIDE)
        .bind(status)
        .bind(now)
        .bind(actor.user().ok())
        .bind(serde_json::to_vec(&told).unwrap_or_default())
        .bind(id)
        .execute()
        .await?;
    changes::note_purchase(tx, now, id).await?;
    incentive::settle(tx, &book, now, id).await?;
    posting::tell_registered(tx, now, held.consumer_id, id, shop.id, status).await?;
    posting::announce(tx, held.consumer_id, shop.id, &basket);
    let action = if status == PurchaseStatus::Accepted { "purchase.approved" } else { "purchase.rejected" };
    audit::record(tx, actor, now, action, id, None, None, review.reason.as_deref()).await?;
    Ok(told)
}

/// Why a held purchase of somebody who leaves is turned down.
const CONSUMER_DELETED: &str = "CONSUMER_DELETED";
/// Held purchases that are looked at in one go.
const BATCH: i64 = 100;

/// Turns down what is held of a consumer who leaves: later nobody could earn it. The caller holds her lock, and she is
/// still there.
pub(crate) async fn reject_all_of(
    tx: &mut Tx,
    loyalty: &Loyalty,
    actor: &Actor,
    now: Timestamp,
    consumer: ConsumerId,
) -> Result<(), Error> {
    let mut waiting: Vec<(PurchaseId,)> = tx.query(HELD_OF).bind(consumer).bind(BATCH).all().await?;
    if waiting.is_empty() {
        return Ok(());
    }
    let book = loyalty.current_book(tx).await?;
    while !waiting.is_empty() {
        for (id,) in waiting {
            let held: Held = tx.query(HELD).bind(id).one().await?;
            let shop = SellingShop { id: held.shop_id, currency: held.currency, time_zone: held.time_zone };
            let basket = basket(tx, &book, &shop, id).await?;
            let holder = card::find_by_consumer(tx, held.consumer_id, shop.id).await?;
            let local = identity::shop::local(&shop.time_zone, held.purchased_at);
            let nothing = Evaluated::default();
            let plan = Plan::make(tx, &book, Mode::Live, id, Moment { shop: &shop, local, now }, holder.as_ref(), &nothing).await?;
            let told = answer(
                id,
                PurchaseStatus::Rejected,
                Some(CONSUMER_DELETED),
                holder.as_ref(),
                &shop,
                held.purchased_at,
                &basket,
                nothing,
                plan.outcome,
            );
            tx.query(DECIDE)
                .bind(PurchaseStatus::Rejected)
                .bind(now)
                .bind(None::<UserId>)
                .bind(serde_json::to_vec(&told).unwrap_or_default())
                .bind(id)
                .execute()
                .await?;
            changes::note_purchase(tx, now, id).await?;
            posting::tell_registered(tx, now, held.consumer_id, id, shop.id, PurchaseStatus::Rejected).await?;
            posting::announce(tx, held.consumer_id, shop.id, &basket);
            audit::record(tx, actor, now, "purchase.rejected", id, None, None, Some(CONSUMER_DELETED)).await?;
        }
        waiting = tx.query(HELD_OF).bind(consumer).bind(BATCH).all().await?;
    }
    Ok(())
}

/// The lines of a purchase that is known, with the products of now: what was unknown then may be known today.
async fn basket(tx: &mut Tx, book: &RuleBook, shop: &SellingShop, id: PurchaseId) -> Result<Basket, Error> {
    let stored: Vec<HeldLine> = tx.query(LINES).bind(id).all().await?;
    let lines: Vec<ImportLine> = stored
        .iter()
        .map(|line| ImportLine {
            gtin: line.gtin,
            quantity: line.quantity,
            unit_price_minor: Some(line.unit_price_minor),
            discount_minor: line.discount_minor,
            reward_line: line.reward_line,
        })
        .collect();
    let mut basket = Basket::new(book, shop, &lines);
    // What was known then counts as it was then.
    for ((line, ..), known) in basket.lines.iter_mut().zip(&stored) {
        if known.product_id.is_some() {
            line.suggested_price_minor = known.suggested_price_minor;
        }
    }
    Ok(basket)
}

/// A product that nobody knew at the counter belongs to the purchase from now on, for returns and reports alike.
async fn know_products(tx: &mut Tx, now: Timestamp, id: PurchaseId, basket: &Basket) -> Result<(), Error> {
    for (number, ((line, ..), owner)) in basket.lines.iter().zip(&basket.owners).enumerate() {
        if line.product.is_some() {
            let (tenant, brand) = owner.unzip();
            tx.query(KNOW)
                .bind(line.product)
                .bind(brand)
                .bind(tenant)
                .bind(line.suggested_price_minor)
                .bind(now)
                .bind(id)
                .bind(number as i64 + 1)
                .execute()
                .await?;
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

/// What is held and how long it waits. Operator only.
pub async fn queue(tx: &mut Tx, actor: &Actor, now: Timestamp) -> Result<ReviewQueue, Error> {
    let items = waiting(tx, actor).await?;
    let (waiting,): (i64,) = tx.query(COUNT).one().await?;
    let middle: Option<(Timestamp,)> = tx.query(MIDDLE).bind(waiting / 2).maybe().await?;
    let median_age_ms = middle.map_or(0, |(received_at,)| now.since(received_at).max(0));
    Ok(ReviewQueue { items, waiting, median_age_ms })
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
    let shop = SellingShop { id: held.shop_id, currency: held.currency, time_zone: held.time_zone };
    let basket = basket(tx, &book, &shop, id).await?;
    let holder = card::find_by_consumer(tx, held.consumer_id, shop.id).await?;
    let local = identity::shop::local(&shop.time_zone, held.purchased_at);
    let evaluated = match &holder {
        Some(_) => facts::evaluate_all(tx, &book, Mode::Preview, &shop, local, holder.as_ref(), &basket).await?,
        None => Evaluated::default(),
    };
    let takes_two = takes_two(loyalty, &evaluated);
    let first: Option<(UserId, String, String)> = tx.query(FIRST).bind(id).maybe().await?;
    let first = first.map(|(person, reason, by)| FirstApproval { by, reason, own: actor.user().is_ok_and(|me| me == person) });
    let plan = Plan::make(tx, &book, Mode::Preview, id, Moment { shop: &shop, local, now }, holder.as_ref(), &evaluated).await?;
    let told = answer(
        id,
        PurchaseStatus::Held,
        held.reason.as_deref(),
        holder.as_ref(),
        &shop,
        held.purchased_at,
        &basket,
        evaluated,
        plan.outcome,
    );
    let around = |minutes: i64| held.purchased_at.plus_ms(minutes * MINUTE_MS);
    let nearby: Vec<NearbyRow> =
        tx.query(NEARBY).bind(id).bind(held.consumer_id).bind(around(-NEARBY_MINUTES)).bind(around(NEARBY_MINUTES)).all().await?;
    let evidence = velocity::evidence(tx, id).await?;
    Ok(ReviewCase {
        purchase,
        evidence,
        takes_two,
        first,
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

    COUNT: "SELECT COUNT(*) FROM purchase WHERE status = 'held'";

    MIDDLE: "SELECT received_at FROM purchase WHERE status = 'held' ORDER BY received_at LIMIT 1 OFFSET $1";

    FIRST: "SELECT r.proposed_by, r.reason, COALESCE(u.name, '') FROM review_proposal r LEFT JOIN org_user u ON u.id = r.proposed_by WHERE r.purchase_id = $1";

    PROPOSE: "INSERT INTO review_proposal (purchase_id, proposed_by, reason, proposed_at) VALUES ($1, $2, $3, $4)";

    ONE_WAITING: "SELECT p.id, s.name AS shop_name, p.purchased_at, p.offset_seconds, p.received_at, p.reason, n.display_name, c.public_code, p.total_minor, p.currency, p.offline
                  FROM purchase p JOIN shop s ON s.id = p.shop_id JOIN card c ON c.id = p.card_id JOIN consumer n ON n.id = p.consumer_id
                  WHERE p.id = $1 AND p.status = 'held'";

    NEARBY: "SELECT s.name AS shop_name, p.purchased_at, p.offset_seconds, p.total_minor, p.currency, p.status,
                    p.basket_hash = (SELECT basket_hash FROM purchase WHERE id = $1) AS same_basket
             FROM purchase p JOIN shop s ON s.id = p.shop_id
             WHERE p.consumer_id = $2 AND p.purchased_at BETWEEN $3 AND $4 AND p.id <> $1
             ORDER BY p.purchased_at, p.id LIMIT 20";

    HELD: "SELECT p.consumer_id, p.shop_id, p.status, p.reason, p.purchased_at, p.currency, s.time_zone FROM purchase p JOIN shop s ON s.id = p.shop_id WHERE p.id = $1";

    HELD_OF: "SELECT id FROM purchase WHERE consumer_id = $1 AND status = 'held' ORDER BY id LIMIT $2";

    KNOW: "UPDATE purchase_line SET product_id = $1, brand_id = $2, tenant_id = $3, suggested_price_minor = $4, known_at = $5 WHERE purchase_id = $6 AND line = $7 AND product_id IS NULL";

    LINES: "SELECT gtin, quantity, unit_price_minor, discount_minor, reward_line, product_id, suggested_price_minor FROM purchase_line WHERE purchase_id = $1 ORDER BY line";

    DECIDE: "UPDATE purchase SET status = $1, reviewed_at = $2, reviewed_by = $3, review_answer = $4 WHERE id = $5 AND status = 'held'";
}
