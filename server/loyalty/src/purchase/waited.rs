//! Lines that waited for their product: a barcode that nobody knew at the counter, and that was approved within a week.
//!
//! The purchase is worked out as of its own time: the versions, factors and bonuses that it had, and what its new lines
//! add to what it was given. Limits and budgets are those of now. No rules of that time can name a product that did not
//! exist: it takes part where the campaign names it today. So there are two moments to look: when the product is made,
//! and when a version that names it begins ([`version_begins`]), within a week of that.
//!
//! A line counts once in a campaign: the consumer's lock, then the primary key of `evaluation_later_line`.

use std::collections::BTreeSet;

use db::{Tx, sql};
use identity::{Actor, audit};
use jobs::{Job, JobError, Lane, NewJob, Registry};
use serde_json::{Value, json};
use shared::{
    CampaignId, ConsumerId, Currency, Gtin, LocalTime, ProductId, PurchaseId, ShopId, Timestamp,
    loyalty::{
        Capture, ImportLine, PurchaseAnswer, PurchaseStatus,
        campaign::{CampaignRules, CapScope, OnExceed, RuleKind},
        evaluation::{AWARD_MAX, AppliedCap, Contender, Line, Trace, again, excluded},
    },
    time::{DAY_MS, MINUTE_MS},
};
use sqlx::types::Json;

use super::{
    Basket, SellingShop, caps, facts, posting,
    posting::{Moment, PlannedEvaluation},
    queries,
    returns::{self, BoughtLine, Evaluation},
    review,
};
use crate::{
    Error, Loyalty,
    account::Owner,
    card, changes,
    full_card::{FullCards, Mode},
    goal,
    ledger::{self, Depth, ROWS_MAX},
    payback::incentive,
    rule_book::{KnownProduct, LiveVersion, RuleBook},
    settle,
};

/// How long a line waits for its product.
pub const WAITS_MS: i64 = 7 * DAY_MS;
/// Purchases that one look finds.
const PIECE: i64 = 50;
/// A sale that began before the product was there and ended after everything was looked at is found by a second look.
const SECOND_LOOK_MS: i64 = MINUTE_MS;
/// The job that finds them, and the one that works one of them out.
const LOOK: &str = "loyalty.look_for_waiting";
const EVALUATE: &str = "loyalty.evaluate_waiting";

/// Puts the looking into a worker's registry.
pub fn register(registry: Registry, loyalty: Loyalty) -> Registry {
    registry.subscribe("catalogue.product_approved", LOOK).inside(LOOK, |tx, now, job| Box::pin(look(tx, now, job))).inside(
        EVALUATE,
        move |tx, now, job| {
            let loyalty = loyalty.clone();
            Box::pin(async move {
                let (gtin, approved_at) = told(&job.payload["data"])?;
                let purchase = job.payload["purchase_id"].as_str().and_then(|text| text.parse().ok());
                let purchase = purchase.ok_or_else(|| JobError::Hopeless("no purchase".into()))?;
                evaluate(tx, &loyalty, now, purchase, gtin, approved_at).await.map(drop).map_err(|error| match error {
                    Error::Store(error) => JobError::Store(error),
                    other => JobError::Retry(other.to_string()),
                })
            })
        },
    )
}

/// Which barcode became a product, and when.
fn told(data: &Value) -> Result<(Gtin, Timestamp), JobError> {
    let gtin = data["gtin"].as_str().and_then(|text| text.parse().ok()).ok_or_else(|| JobError::Hopeless("no barcode".into()))?;
    let approved_at = data["approved_at"].as_str().and_then(|text| text.parse().ok());
    let approved_at = approved_at.ok_or_else(|| JobError::Hopeless("no instant".into()))?;
    Ok((gtin, approved_at))
}

/// Finds the next purchases with a line that waits for a barcode. Each has a job of its own: one that cannot be worked out is
/// tried again and told as any other job, and keeps no other purchase from it.
async fn look(tx: &mut Tx, now: Timestamp, job: &Job) -> Result<(), JobError> {
    let data = &job.payload["data"];
    let (gtin, approved_at) = told(data)?;
    let after = job.payload["after"].as_str().and_then(|text| text.parse().ok()).unwrap_or(PurchaseId::fixed(0));
    let second = job.payload["second"].as_bool().unwrap_or(false);
    let query = tx.query(WAITING).bind(gtin).bind(after).bind(approved_at.plus_ms(-WAITS_MS)).bind(PIECE);
    let waiting: Vec<(PurchaseId,)> = query.all().await?;
    for (purchase,) in &waiting {
        let payload = json!({ "data": data, "purchase_id": purchase });
        enqueue(tx, now, EVALUATE, payload, now, format!("{EVALUATE}:{gtin}:{purchase}")).await?;
    }
    match waiting.last().filter(|_| waiting.len() as i64 == PIECE) {
        Some((last,)) => {
            let payload = json!({ "data": data, "after": last, "second": second });
            enqueue(tx, now, LOOK, payload, now, format!("{LOOK}:{gtin}:{second}:{last}")).await
        }
        None if !second => {
            let payload = json!({ "data": data, "second": true });
            enqueue(tx, now, LOOK, payload, now.plus_ms(SECOND_LOOK_MS), format!("{LOOK}:{gtin}:second")).await
        }
        None => Ok(()),
    }
}

/// A campaign that was published before names other products from an instant on: lines that waited for one of them are looked
/// at then. A campaign of which this is the first version was not there when they were bought.
pub(crate) async fn version_begins(tx: &mut Tx, now: Timestamp, begins_at: Timestamp, newly_named: &[ProductId]) -> Result<(), Error> {
    for product in newly_named {
        let Some((gtin, approved_at)): Option<(Gtin, Timestamp)> =
            tx.query(WAITED_FOR).bind(*product).bind(begins_at.plus_ms(-WAITS_MS)).maybe().await?
        else {
            continue;
        };
        let payload = json!({ "data": { "gtin": gtin, "approved_at": approved_at } });
        let key = format!("{LOOK}:{gtin}:{}", begins_at.0);
        let job = NewJob { kind: LOOK, lane: Lane::Quick, payload, run_at: begins_at, dedupe_key: Some(key) };
        jobs::enqueue(tx, now, job).await?;
    }
    Ok(())
}

async fn enqueue(tx: &mut Tx, now: Timestamp, kind: &'static str, payload: Value, run_at: Timestamp, key: String) -> Result<(), JobError> {
    jobs::enqueue(tx, now, NewJob { kind, lane: Lane::Quick, payload, run_at, dedupe_key: Some(key) }).await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Bought {
    consumer_id: ConsumerId,
    shop_id: ShopId,
    status: PurchaseStatus,
    fully_returned: bool,
    purchased_at: Timestamp,
    offset_seconds: i64,
    currency: Currency,
    time_zone: String,
    answer: Vec<u8>,
    capture: Option<Vec<u8>>,
}

/// What one campaign gives for the lines that waited.
struct Gain {
    version: LiveVersion,
    amount: i64,
    /// Of the whole purchase.
    trace: Trace,
    /// Units that it adds to the goal which neighbours share.
    units: i64,
    /// It had no evaluation without them.
    first: bool,
    /// Its next part.
    part: i64,
}

/// Works out what the lines of that barcode add to a purchase. False: there is nothing to do, or not any more.
async fn evaluate(
    tx: &mut Tx,
    loyalty: &Loyalty,
    now: Timestamp,
    purchase: PurchaseId,
    gtin: Gtin,
    approved_at: Timestamp,
) -> Result<bool, Error> {
    let book = loyalty.steady_book(tx).await?;
    queries::lock_consumer(tx, purchase).await?;
    let bought: Bought = tx.query(BOUGHT).bind(purchase).one().await?;
    let waited_ms = approved_at.since(bought.purchased_at);
    if bought.status != PurchaseStatus::Accepted || bought.fully_returned || waited_ms > WAITS_MS {
        return Ok(false);
    }
    let (Some(product), Some(holder)) =
        (book.product(&gtin, bought.shop_id), card::find_by_consumer(tx, bought.consumer_id, bought.shop_id).await?)
    else {
        return Ok(false);
    };
    let stored: Vec<BoughtLine> = tx.query(returns::LINES).bind(purchase).all().await?;
    let counted_lines: Vec<(CampaignId, i64)> = tx.query(COUNTED).bind(purchase).all().await?;
    let about = |line: &BoughtLine| line.gtin == gtin && (line.product_id.is_none() || line.known_at.is_some()) && line.left() > 0;
    if !stored.iter().any(about) {
        return Ok(false);
    }
    let unpriced = bought.capture.as_deref().is_some_and(|capture| has_no_price(capture, gtin));
    let lines: Vec<Line> = stored
        .iter()
        .map(|line| {
            if about(line) && line.product_id.is_none() {
                known(&line.remaining(0), product, bought.currency, unpriced)
            } else {
                line.remaining(0)
            }
        })
        .collect();
    let shop = SellingShop { id: bought.shop_id, currency: bought.currency, time_zone: bought.time_zone };
    let local = LocalTime { at: bought.purchased_at, offset_seconds: bought.offset_seconds as i32 };
    let basket = basket(&book, shop.id, &stored, &lines);
    let late: Vec<ProductId> = stored
        .iter()
        .zip(&lines)
        .filter(|(stored, _)| stored.known_at.is_some() || about(stored))
        .filter_map(|(_, line)| line.product)
        .collect();
    let versions: Vec<LiveVersion> = book
        .in_force(local.at)
        .filter_map(|version| with_products(version, book.latest(version.campaign, now)?, product.id, &late))
        .collect();
    let has_counted = |campaign: CampaignId, line: i64| counted_lines.contains(&(campaign, line));
    let versions: Vec<&LiveVersion> =
        versions.iter().filter(|version| stored.iter().any(|line| about(line) && !has_counted(version.campaign, line.line))).collect();
    if versions.is_empty() && stored.iter().filter(|line| about(line)).all(|line| line.product_id.is_some()) {
        return Ok(false);
    }
    let evaluated = facts::evaluate_each(tx, &book, Mode::Live, &shop, local, Some(&holder), &basket, &versions).await?;
    let existing: Vec<Evaluation> = tx.query(returns::EVALUATIONS).bind(purchase).all().await?;
    let parts: Vec<(CampaignId, i64)> = tx.query(PARTS).bind(purchase).all().await?;
    let mut gains = Vec::with_capacity(evaluated.awards.len());
    for (version, fresh) in evaluated.awards {
        let then = existing.iter().find(|evaluation| evaluation.campaign_id == version.campaign);
        // Without what this look is about; what an earlier one counted stays.
        let only = |counts: &dyn Fn(&BoughtLine) -> bool| -> Vec<Line> {
            stored
                .iter()
                .zip(&lines)
                .map(|(stored, line)| if counts(stored) { line.clone() } else { Line { product: None, ..line.clone() } })
                .collect()
        };
        let at_first = |line: &BoughtLine| line.known_at.is_none() && line.product_id.is_some();
        let before = only(&|line| at_first(line) || has_counted(version.campaign, line.line));
        let after = only(&|line| at_first(line) || has_counted(version.campaign, line.line) || about(line));
        let (amount, trace, units) = added(&version.rules, then, &before, &after, &fresh);
        let part = parts.iter().find(|(campaign, _)| *campaign == version.campaign).map_or(2, |(_, last)| last + 1);
        gains.push(Gain { version, amount, trace, units, first: then.is_none(), part });
    }
    keep_the_winners(&mut gains, &existing);

    let moment = Moment { shop: &shop, local, now };
    let mut cards = FullCards::new(Mode::Live);
    let mut account = ledger::load(tx, bought.consumer_id, now, Depth::Due).await?;
    settle::advance(tx, &book, &mut account, &mut cards, now).await?;
    let mut counted = Vec::new();
    let mut goals: Vec<goal::Moved> = Vec::new();
    let mut touched = BTreeSet::new();
    for gain in gains.iter().filter(|gain| gain.amount > 0) {
        let version = &gain.version;
        let place = account.wallet(version.tenant, version.brand, version.campaign, version.rules.unit, || tx.new_id());
        let given = Trace { award: gain.amount, ..Trace::default() };
        let award = posting::award_of(tx, version, &given, purchase, moment);
        account.earn(place, &crate::account::Award { part: gain.part, ..award }, now);
        counted.extend(version.counts_all.then_some((version.campaign, gain.amount)));
        goals.extend(version.has_goal.then_some((version.campaign, gain.units)));
        touched.insert(place);
    }
    for place in touched {
        settle::fill(tx, &book, &mut account, &mut cards, place, Some(purchase), now).await?;
    }
    settle::close(tx, &account, &cards, now).await?;
    write_evaluations(tx, now, purchase, bought.consumer_id, &gains).await?;
    caps::count(tx, &counted, shop.id, local.date()).await?;
    goal::count(tx, bought.consumer_id, shop.id, &mut goals).await?;

    for (stored, line) in stored.iter().zip(&lines).filter(|(stored, _)| about(stored)) {
        for gain in gains.iter().filter(|gain| !has_counted(gain.version.campaign, stored.line)) {
            tx.query(COUNT_LINE).bind(purchase).bind(gain.version.campaign).bind(stored.line).execute().await?;
        }
        if stored.product_id.is_some() {
            continue;
        }
        let (tenant, brand) = product.owner.unzip();
        let know = tx.query(review::KNOW).bind(product.id).bind(brand).bind(tenant).bind(line.suggested_price_minor).bind(now);
        know.bind(purchase).bind(stored.line).execute().await?;
        if line.unit_price_minor != stored.unit_price_minor {
            let whole = Line { quantity: stored.quantity, discount_minor: stored.discount_minor, ..line.clone() }.amount_minor();
            tx.query(PRICE).bind(line.unit_price_minor).bind(whole).bind(purchase).bind(stored.line).execute().await?;
            tx.query(TOTAL).bind(whole - stored.amount_minor).bind(purchase).execute().await?;
        }
    }
    let told = tell_again(&bought.answer, gtin, product, &lines, &gains, |version| {
        let scope = crate::account::scope(version.rules.unit, version.brand, version.campaign);
        account.wallets.iter().find(|wallet| wallet.scope == scope).map_or(0, |wallet| wallet.now.available)
    });
    if let Some(mut told) = told {
        told.rewards.extend(cards.told.iter().cloned());
        tx.query(TOLD).bind(serde_json::to_vec(&told).unwrap_or_default()).bind(purchase).execute().await?;
    }
    changes::note_purchase(tx, now, purchase).await?;
    incentive::settle(tx, &book, now, purchase).await?;
    audit::record(tx, &Actor::System, now, "purchase.lines_evaluated", purchase, None, Some(json!({ "gtin": gtin })), None).await?;
    posting::announce(tx, bought.consumer_id, shop.id, &basket);
    Ok(true)
}

/// The phone said no price for it: then the one that its owner suggests counts, as for any other product.
fn has_no_price(capture: &[u8], gtin: Gtin) -> bool {
    serde_json::from_slice::<Capture>(capture)
        .is_ok_and(|capture| capture.lines.iter().any(|line| line.gtin == gtin && line.unit_price_minor.is_none()))
}

fn known(line: &Line, product: &KnownProduct, currency: Currency, unpriced: bool) -> Line {
    let suggested = product.suggested_minor(currency);
    let unit_price_minor = match suggested {
        Some(price) if unpriced && line.unit_price_minor == 0 => price,
        _ => line.unit_price_minor,
    };
    Line { product: Some(product.id), unit_price_minor, suggested_price_minor: suggested, ..line.clone() }
}

/// What is left of the purchase, with its products.
fn basket(book: &RuleBook, shop: ShopId, stored: &[BoughtLine], lines: &[Line]) -> Basket {
    let mut basket = Basket { lines: Vec::with_capacity(lines.len()), owners: Vec::with_capacity(lines.len()) };
    for (stored, line) in stored.iter().zip(lines).filter(|(_, line)| line.quantity > 0) {
        let product = book.product(&stored.gtin, shop);
        let raw = ImportLine {
            gtin: stored.gtin,
            quantity: line.quantity,
            unit_price_minor: Some(line.unit_price_minor),
            discount_minor: line.discount_minor,
            reward_line: line.reward_line,
        };
        let name = product.map_or_else(|| stored.gtin.short().to_string(), |product| product.name.clone());
        basket.lines.push((line.clone(), raw, name));
        basket.owners.push(product.and_then(|product| product.owner));
    }
    basket
}

/// The version as it would have been, had the products existed: those take part that the campaign names today. None: the
/// product that this is about does not.
fn with_products(version: &LiveVersion, today: &LiveVersion, product: ProductId, late: &[ProductId]) -> Option<LiveVersion> {
    if !today.rules.products.contains(&product) && !version.rules.products.contains(&product) {
        return None;
    }
    let mut version = version.clone();
    for product in late {
        if version.rules.products.contains(product) || !today.rules.products.contains(product) {
            continue;
        }
        version.rules.products.push(*product);
        for (rule, newer) in version.rules.rules.iter_mut().zip(&today.rules.rules) {
            if let (RuleKind::PerSku { table }, RuleKind::PerSku { table: newer }) = (&mut rule.kind, &newer.kind)
                && let Some(points) = newer.get(product)
            {
                table.insert(*product, *points);
            }
        }
    }
    Some(version)
}

/// What the lines add to what a campaign gave: in the context that it froze, or that of the purchase where it was not asked
/// then, within the room that limits have now. With it the steps of the whole, from which a later return works, and by how much
/// the units grow that count for a goal: those of a campaign that had given nothing did not count.
fn added(rules: &CampaignRules, then: Option<&Evaluation>, before: &[Line], after: &[Line], fresh: &Trace) -> (i64, Trace, i64) {
    let net = then.map_or(0, |then| (then.award - then.reversed).max(0));
    let free = Trace { caps: Vec::new(), ..then.map_or(fresh, |then| &then.trace.0).clone() };
    let whole = again(rules, after, &free);
    let part = again(rules, before, &free);
    let units = whole.units - if then.is_some_and(|then| then.award > 0) { part.units } else { 0 };
    let mut amount = (whole.award - part.award).max(0);
    for cap in &fresh.caps {
        // What limits have left does not count what this purchase was given; the limit of one purchase does.
        let room = if cap.scope == CapScope::Purchase { (cap.room - net).max(0) } else { cap.room };
        if amount > room {
            amount = if cap.on_exceed == OnExceed::Truncate { room } else { 0 };
        }
    }
    let total = net.saturating_add(amount).min(AWARD_MAX);
    // Whatever limited it then or now, no return takes it for worth more than what was given.
    let cut = whole.award > total;
    let caps = fresh
        .caps
        .iter()
        .map(|cap| {
            let room = if cut { total } else { cap.room.saturating_add(if cap.scope == CapScope::Purchase { 0 } else { net }) };
            AppliedCap { room, on_exceed: OnExceed::Truncate, left: total, ..*cap }
        })
        .collect();
    (amount, Trace { caps, award: total, ..whole }, units)
}

/// Of an exclusive group the campaign that gave something stays; where none did, the one with the largest award does.
fn keep_the_winners(gains: &mut [Gain], existing: &[Evaluation]) {
    struct Standing {
        brand: shared::BrandId,
        group: Option<String>,
        award: i64,
        priority: i64,
        campaign: CampaignId,
    }
    let gave = |campaign: CampaignId| existing.iter().any(|one| one.campaign_id == campaign && one.award > 0);
    let winners = existing.iter().filter(|one| one.award > 0).map(|one| Standing {
        brand: one.brand_id,
        group: one.rules.exclusive_group.clone(),
        award: i64::MAX,
        priority: one.rules.priority,
        campaign: one.campaign_id,
    });
    let standings: Vec<Standing> = gains
        .iter()
        .filter(|gain| !gave(gain.version.campaign))
        .map(|gain| Standing {
            brand: gain.version.brand,
            group: gain.version.rules.exclusive_group.clone(),
            award: gain.amount,
            priority: gain.version.rules.priority,
            campaign: gain.version.campaign,
        })
        .chain(winners)
        .collect();
    let contenders: Vec<_> = standings
        .iter()
        .map(|one| Contender {
            brand: one.brand,
            group: one.group.as_deref(),
            award: one.award,
            priority: one.priority,
            campaign: one.campaign,
        })
        .collect();
    let lost: Vec<CampaignId> =
        standings.iter().zip(excluded(&contenders)).filter(|(_, lost)| *lost).map(|(one, _)| one.campaign).collect();
    for gain in gains.iter_mut().filter(|gain| lost.contains(&gain.version.campaign)) {
        gain.amount = 0;
    }
}

/// The first evaluation of a campaign, or one more part of it.
async fn write_evaluations(tx: &mut Tx, now: Timestamp, purchase: PurchaseId, consumer: ConsumerId, gains: &[Gain]) -> Result<(), Error> {
    // What was not asked then is asked now, and gave nothing without them.
    let first: Vec<PlannedEvaluation> = gains
        .iter()
        .filter(|gain| gain.first)
        .map(|gain| {
            let version = &gain.version;
            let owner = Owner { tenant: version.tenant, brand: version.brand, campaign: version.campaign, consumer };
            (owner, version.version, version.rules.unit, Trace { award: 0, ..gain.trace.clone() })
        })
        .collect();
    for part in first.chunks(ROWS_MAX) {
        posting::insert_evaluations(tx, purchase, part).await?;
    }
    for gain in gains.iter().filter(|gain| gain.amount > 0) {
        let later = tx.query(LATER).bind(purchase).bind(gain.version.campaign).bind(gain.part).bind(gain.amount);
        later.bind(Json(gain.trace.clone())).bind(Json(gain.version.rules.clone())).bind(now).execute().await?;
    }
    Ok(())
}

/// What the shop and the consumer see from now on; what the first sender was told stays what it was.
fn tell_again(
    first: &[u8],
    gtin: Gtin,
    product: &KnownProduct,
    lines: &[Line],
    gains: &[Gain],
    balance: impl Fn(&LiveVersion) -> i64,
) -> Option<PurchaseAnswer> {
    let mut told: PurchaseAnswer = serde_json::from_slice(first).ok()?;
    let takes_part = gains.iter().any(|gain| gain.version.rules.products.contains(&product.id));
    for line in told.lines.iter_mut().filter(|line| line.gtin == gtin && line.product_id.is_none_or(|known| known == product.id)) {
        line.product_id = Some(product.id);
        line.name.clone_from(&product.name);
        line.participates |= takes_part && !gains.is_empty();
        let priced = lines.iter().find(|known| known.product == Some(product.id)).map(|known| known.unit_price_minor);
        if let Some(price) = priced.filter(|_| line.unit_price_minor == 0) {
            line.unit_price_minor = price;
            line.amount_minor = price.saturating_mul(line.quantity).saturating_sub(line.discount_minor).max(0);
        }
    }
    told.total_minor = told.lines.iter().fold(0_i64, |sum, line| sum.saturating_add(line.amount_minor));
    for gain in gains {
        told.no_award.retain(|none| none.campaign_id != gain.version.campaign);
        match told.awards.iter_mut().find(|award| award.campaign_id == gain.version.campaign) {
            Some(award) => {
                award.amount += gain.amount;
                award.balance = balance(&gain.version);
                award.trace = gain.trace.clone();
            }
            None => {
                let trace = Trace { award: gain.amount, ..gain.trace.clone() };
                told.awards.push(posting::told(&gain.version, &trace, balance(&gain.version)));
            }
        }
    }
    Some(told)
}

sql! {
    WAITING: "SELECT DISTINCT l.purchase_id FROM purchase_line l JOIN purchase p ON p.id = l.purchase_id
              WHERE l.gtin = $1 AND (l.product_id IS NULL OR l.known_at IS NOT NULL) AND l.purchase_id > $2 AND p.status = 'accepted' AND NOT p.fully_returned AND p.purchased_at >= $3
                AND l.returned_quantity < l.quantity
              ORDER BY l.purchase_id LIMIT $4";

    WAITED_FOR: "SELECT p.gtin, p.created_at FROM product p
                 WHERE p.id = $1 AND p.created_at >= $2
                   AND EXISTS (SELECT 1 FROM purchase_line l WHERE l.gtin = p.gtin AND (l.product_id IS NULL OR l.known_at IS NOT NULL))";

    BOUGHT: "SELECT p.consumer_id, p.shop_id, p.status, p.fully_returned, p.purchased_at, p.offset_seconds, p.currency, s.time_zone,
                    COALESCE(p.review_answer, p.answer) AS answer, p.capture
             FROM purchase p JOIN shop s ON s.id = p.shop_id WHERE p.id = $1";

    PARTS: "SELECT campaign_id, MAX(part) FROM evaluation_later WHERE purchase_id = $1 GROUP BY campaign_id";

    LATER: "INSERT INTO evaluation_later (purchase_id, campaign_id, part, award, trace, rules, evaluated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";

    COUNTED: "SELECT campaign_id, line FROM evaluation_later_line WHERE purchase_id = $1";

    COUNT_LINE: "INSERT INTO evaluation_later_line (purchase_id, campaign_id, line) VALUES ($1, $2, $3)";


    PRICE: "UPDATE purchase_line SET unit_price_minor = $1, amount_minor = $2 WHERE purchase_id = $3 AND line = $4";

    TOTAL: "UPDATE purchase SET total_minor = total_minor + $1 WHERE id = $2";

    TOLD: "UPDATE purchase SET review_answer = $1 WHERE id = $2";
}
