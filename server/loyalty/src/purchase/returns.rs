//! Goods that come back: the purchase is worked out again for what remains, in the context that it had.

use db::{Tx, sql};
use identity::{Actor, audit};
use jobs::outbox::{self, NewEvent};
use serde_json::json;
use sha2::{Digest, Sha256};
use shared::{
    BrandId, CampaignId, CampaignVersionId, ConsumerId, Gtin, ProductId, PurchaseId, ShopId, Timestamp,
    loyalty::{
        NewReturn, PurchaseReturn, PurchaseStatus, ReturnedLine, ReturnedLines, Reversed, SoldPurchase,
        campaign::{CampaignRules, Unit},
        evaluation::{Line, NoAwardReason, Trace, again},
    },
    time::MINUTE_MS,
};
use sqlx::types::Json;

use super::{caps, queries};
use crate::{
    Error, Loyalty,
    account::{self, Reversal},
    changes, goal,
    ledger::{self, Depth},
    payback::incentive,
    settle,
};

#[derive(sqlx::FromRow)]
struct Bought {
    consumer_id: ConsumerId,
    shop_id: ShopId,
    source: String,
    status: PurchaseStatus,
    business_date: shared::CivilDate,
    received_at: Timestamp,
    time_zone: String,
}

#[derive(sqlx::FromRow)]
pub(super) struct BoughtLine {
    pub line: i64,
    pub gtin: Gtin,
    pub product_id: Option<ProductId>,
    pub quantity: i64,
    pub unit_price_minor: i64,
    pub suggested_price_minor: Option<i64>,
    pub discount_minor: i64,
    pub amount_minor: i64,
    pub reward_line: bool,
    returned_quantity: i64,
    returned_amount_minor: i64,
    /// Nobody knew its barcode at the counter.
    pub known_at: Option<Timestamp>,
}

impl BoughtLine {
    pub fn left(&self) -> i64 {
        self.quantity - self.returned_quantity
    }
    /// What remains: a discount leaves with its units, to the nearest minor unit.
    pub fn remaining(&self, back: i64) -> Line {
        let quantity = self.left() - back;
        let discount_minor = discount_share(self.discount_minor, quantity, self.quantity);
        Line {
            product: self.product_id,
            quantity,
            unit_price_minor: self.unit_price_minor,
            suggested_price_minor: self.suggested_price_minor,
            discount_minor,
            reward_line: self.reward_line,
        }
    }
}

/// The part of a discount that stays with the units that stay, to the nearest minor unit.
pub(crate) fn discount_share(discount_minor: i64, left: i64, quantity: i64) -> i64 {
    let share = i128::from(discount_minor) * i128::from(left) * 2 + i128::from(quantity);
    i64::try_from(share / (2 * i128::from(quantity.max(1)))).unwrap_or(discount_minor)
}

#[derive(sqlx::FromRow)]
pub(super) struct Evaluation {
    pub campaign_id: CampaignId,
    version_id: CampaignVersionId,
    campaign_name: String,
    pub brand_id: BrandId,
    tenant_id: shared::OrganisationId,
    unit: Unit,
    pub award: i64,
    pub trace: Json<Trace>,
    pub rules: Json<CampaignRules>,
    settled_at: Option<Timestamp>,
    /// By returns, and by corrections downward: what a person took is not taken again.
    pub reversed: i64,
}

/// A shop's member needs no reason for what she captured a moment ago.
pub const VOID_MS: i64 = 10 * MINUTE_MS;

/// A purchase with what came back of it, for the shop's own page: the shop, the consumer, the partner that sent it and
/// the operator.
pub async fn sold(tx: &mut Tx, actor: &Actor, id: PurchaseId) -> Result<SoldPurchase, Error> {
    let answer = queries::get(tx, actor, id).await?;
    let (received_at, fully_returned): (Timestamp, bool) = tx.query(STATE).bind(id).one().await?;
    let returned: Vec<(i64,)> = tx.query(RETURNED).bind(id).all().await?;
    Ok(SoldPurchase {
        answer,
        returned: returned.into_iter().map(|(quantity,)| quantity).collect(),
        fully_returned,
        void_until: received_at.plus_ms(VOID_MS),
    })
}

/// Takes goods of a purchase back, whole or in part, as often as something is left. The same return twice is one.
pub async fn give_back(
    tx: &mut Tx,
    loyalty: &Loyalty,
    actor: &Actor,
    now: Timestamp,
    purchase: PurchaseId,
    new: &NewReturn,
) -> Result<PurchaseReturn, Error> {
    let bought = lock(tx, actor, purchase).await?;
    let id = new.return_id.unwrap_or_else(|| tx.new_id());
    let hash: [u8; 32] = Sha256::digest(serde_json::to_vec(&(purchase, new)).unwrap_or_default()).into();
    if let Some((same, answer)) = tx.query(FIND).bind(id).maybe::<(Vec<u8>, Vec<u8>)>().await? {
        return if same == hash {
            serde_json::from_slice(&answer).map_err(|error| Error::BadCapture(error.to_string()))
        } else {
            Err(Error::IdempotencyConflict)
        };
    }
    if bought.status != PurchaseStatus::Accepted {
        return Err(Error::NoSuchPurchase);
    }
    let unexplained = new.reason.as_deref().is_none_or(|reason| reason.trim().is_empty());
    if new.reason.as_ref().is_some_and(|reason| reason.chars().count() > 200)
        || unexplained && matches!(actor, Actor::Member { .. }) && now.since(bought.received_at) > VOID_MS
    {
        return Err(Error::Field("reason"));
    }
    let lines: Vec<BoughtLine> = tx.query(LINES).bind(purchase).all().await?;
    let back = choose(&lines, &new.lines)?;
    let remaining: Vec<Line> = lines.iter().zip(&back).map(|(line, back)| line.remaining(*back)).collect();
    let sides = (lines.iter().map(|line| line.remaining(0)).collect::<Vec<Line>>(), remaining);
    let reversed = reverse(tx, loyalty, now, purchase, id, &bought, &sides).await?;
    let (_, remaining) = sides;
    let fully_returned = remaining.iter().all(|line| line.quantity == 0);
    let amounts: Vec<i64> =
        lines.iter().zip(&remaining).map(|(line, left)| line.amount_minor - line.returned_amount_minor - left.amount_minor()).collect();
    let answer = PurchaseReturn {
        return_id: id,
        purchase_id: purchase,
        status: PurchaseStatus::Accepted,
        fully_returned,
        lines: lines
            .iter()
            .zip(&back)
            .filter(|(_, back)| **back > 0)
            .map(|(line, back)| ReturnedLine { gtin: line.gtin, quantity: *back })
            .collect(),
        amount_minor: amounts.iter().sum(),
        reversed: reversed.iter().map(|(told, _)| told.clone()).collect(),
        returned_at: now,
    };
    let date = identity::shop::local_date(&bought.time_zone, now);
    let bytes = serde_json::to_vec(&answer).unwrap_or_default();
    tx.query(INSERT)
        .bind(id)
        .bind(purchase)
        .bind(hash.to_vec())
        .bind(new.reason.clone())
        .bind(actor.label())
        .bind(bytes)
        .bind(now)
        .bind(date)
        .execute()
        .await?;
    for ((line, back), amount) in lines.iter().zip(&back).zip(&amounts).filter(|((_, back), _)| **back > 0) {
        tx.query(INSERT_LINE).bind(id).bind(purchase).bind(line.line).bind(*back).bind(*amount).execute().await?;
        let rows = tx.query(RETURN_LINE).bind(*back).bind(*amount).bind(purchase).bind(line.line).execute().await?;
        assert_eq!(rows, 1, "a purchase read under its consumer's lock was returned by somebody else");
    }
    for (told, tenant) in reversed.iter().filter(|(told, _)| told.amount > 0) {
        tx.query(INSERT_REVERSAL)
            .bind(id)
            .bind(purchase)
            .bind(told.campaign_id)
            .bind(*tenant)
            .bind(told.brand_id)
            .bind(told.amount)
            .execute()
            .await?;
    }
    let book = loyalty.current_book(tx).await?;
    incentive::settle(tx, &book, now, purchase).await?;
    if fully_returned {
        tx.query(SET_RETURNED).bind(purchase).execute().await?;
    }
    changes::note_purchase(tx, now, purchase).await?;
    let payload = json!({ "purchase_id": purchase, "return_id": id, "shop_id": bought.shop_id });
    outbox::publish(tx, now, NewEvent { topic: "loyalty.purchase_returned", key: bought.consumer_id.to_string(), payload }).await?;
    audit::record(tx, actor, now, "purchase.returned", purchase, None, None, new.reason.as_deref()).await?;
    tx.announce(format!("consumer:{}", bought.consumer_id));
    tx.announce(format!("shop:{}", bought.shop_id));
    for (told, _) in &reversed {
        tx.announce(format!("brand:{}", told.brand_id));
    }
    Ok(answer)
}

/// The purchase, when the actor may return it, with its consumer's lock.
async fn lock(tx: &mut Tx, actor: &Actor, purchase: PurchaseId) -> Result<Bought, Error> {
    // Who may not at all is told so before anything is looked up.
    let till =
        matches!(actor, Actor::Key { .. }) && actor.needs_scope(identity::Scope::PurchasesImport).is_ok() && actor.operator().is_err();
    if !till && !matches!(actor, Actor::Member { .. }) {
        actor.operates()?;
    }
    let bought: Bought = tx.query(BOUGHT).bind(purchase).maybe().await?.ok_or(Error::NoSuchPurchase)?;
    let mine = match actor {
        Actor::Member { shop, .. } => *shop == bought.shop_id,
        Actor::Key { tenant, .. } if till => bought.source == format!("key:{tenant}"),
        _ => true,
    };
    if !mine {
        return Err(Error::NoSuchPurchase);
    }
    queries::lock_consumer(tx, purchase).await?;
    Ok(tx.query(BOUGHT).bind(purchase).one().await?)
}

/// How much of each line comes back; a product on several lines leaves the first ones first.
fn choose(lines: &[BoughtLine], wanted: &ReturnedLines) -> Result<Vec<i64>, Error> {
    let mut back = vec![0; lines.len()];
    match wanted {
        ReturnedLines::All(_) => {
            for (back, line) in back.iter_mut().zip(lines) {
                *back = line.left();
            }
        }
        ReturnedLines::Some(wanted) => {
            for (number, ReturnedLine { gtin, quantity }) in wanted.iter().enumerate() {
                if *quantity < 1 {
                    return Err(Error::BadQuantity(number));
                }
                let mut missing = *quantity;
                for (back, line) in back.iter_mut().zip(lines).filter(|(_, line)| line.gtin == *gtin) {
                    let part = (line.left() - *back).min(missing);
                    *back += part;
                    missing -= part;
                }
                if missing > 0 {
                    return Err(Error::ReturnExceedsPurchase);
                }
            }
        }
    }
    if back.iter().all(|back| *back == 0) { Err(Error::ReturnExceedsPurchase) } else { Ok(back) }
}

/// Takes from the wallets what each campaign would not have given for what remains, and from goals what came back of it.
/// `sides`: what was left before, and what is left now.
async fn reverse(
    tx: &mut Tx,
    loyalty: &Loyalty,
    now: Timestamp,
    purchase: PurchaseId,
    cause: uuid::Uuid,
    bought: &Bought,
    (before, remaining): &(Vec<Line>, Vec<Line>),
) -> Result<Vec<(Reversed, shared::OrganisationId)>, Error> {
    let mut evaluations: Vec<Evaluation> = tx.query(EVALUATIONS).bind(purchase).all().await?;
    evaluations.sort_by_key(|evaluation| (evaluation.rules.priority, evaluation.campaign_id));
    let book = loyalty.current_book(tx).await?;
    let mut counted: Vec<CampaignId> = evaluations
        .iter()
        .map(|evaluation| evaluation.campaign_id)
        .filter(|campaign| book.latest(*campaign, now).is_some_and(|version| version.counts_all))
        .collect();
    counted.sort_unstable();
    for campaign in &counted {
        tx.lock(campaign.lock_key()).await?;
    }
    let (mut account, mut cards) = settle::open(tx, &book, bought.consumer_id, now, Depth::Whole).await?;
    if !cards.issued.is_empty() {
        // What time gave her meanwhile can be undone like any other reward: it must be written to be found.
        settle::close(tx, &account, &cards, now).await?;
        (account, cards) = settle::open(tx, &book, bought.consumer_id, now, Depth::Whole).await?;
    }
    let mut told = Vec::with_capacity(evaluations.len());
    let mut goals = Vec::new();
    for evaluation in evaluations {
        let (net, rules) = (evaluation.award - evaluation.reversed, &evaluation.rules.0);
        // What is worth more without what came back is not given after the fact.
        let settled = evaluation.settled_at.is_some();
        if evaluation.award > 0 && !settled && book.latest(evaluation.campaign_id, now).is_some_and(|version| version.has_goal) {
            let units = |lines: &[Line]| again(rules, lines, &evaluation.trace).units;
            goals.push((evaluation.campaign_id, units(remaining) - units(before)));
        }
        let amount = if net > 0 && !settled { (net - again(rules, remaining, &evaluation.trace).award).max(0) } else { 0 };
        if amount > 0 {
            let scope = account::scope(evaluation.unit, evaluation.brand_id, evaluation.campaign_id);
            let place = account.wallets.iter().position(|wallet| wallet.scope == scope).ok_or(Error::NoSuchPurchase)?;
            let undoable = ledger::undoable(tx, account.wallets[place].id, now).await?;
            // What this very return undid for another campaign of the same wallet is gone.
            let undoable: Vec<_> =
                undoable.into_iter().filter(|(instance, ..)| !account.closed.iter().any(|closed| closed.instance == *instance)).collect();
            account.reverse(
                place,
                &Reversal {
                    cause,
                    purchase,
                    adjustment: None,
                    campaign: evaluation.campaign_id,
                    amount,
                    shortfall: rules.on_shortfall,
                    undoable: &undoable,
                },
                now,
            );
            if counted.contains(&evaluation.campaign_id) {
                caps::uncount(tx, evaluation.campaign_id, bought.shop_id, bought.business_date, amount).await?;
            }
        }
        let reversed = Reversed {
            campaign_id: evaluation.campaign_id,
            campaign_version_id: evaluation.version_id,
            campaign_name: evaluation.campaign_name,
            brand_id: evaluation.brand_id,
            unit: evaluation.unit,
            amount,
            reason: settled.then_some(NoAwardReason::Settled),
        };
        told.push((reversed, evaluation.tenant_id));
    }
    settle::close(tx, &account, &cards, now).await?;
    goal::count(tx, bought.consumer_id, bought.shop_id, &mut goals).await?;
    Ok(told)
}

sql! {
    BOUGHT: "SELECT p.consumer_id, p.shop_id, p.source, p.status, p.business_date, p.received_at, s.time_zone FROM purchase p JOIN shop s ON s.id = p.shop_id WHERE p.id = $1";

    STATE: "SELECT received_at, fully_returned FROM purchase WHERE id = $1";

    RETURNED: "SELECT returned_quantity FROM purchase_line WHERE purchase_id = $1 ORDER BY line";

    LINES: "SELECT line, gtin, product_id, quantity, unit_price_minor, suggested_price_minor, discount_minor, amount_minor, reward_line, returned_quantity, returned_amount_minor, known_at
            FROM purchase_line WHERE purchase_id = $1 ORDER BY line";

    FIND: "SELECT content_hash, answer FROM purchase_return WHERE id = $1";

    INSERT: "INSERT INTO purchase_return (id, purchase_id, content_hash, reason, returned_by, answer, returned_at, business_date) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

    INSERT_LINE: "INSERT INTO purchase_return_line (return_id, purchase_id, line, quantity, amount_minor) VALUES ($1, $2, $3, $4, $5)";

    RETURN_LINE: "UPDATE purchase_line SET returned_quantity = returned_quantity + $1, returned_amount_minor = returned_amount_minor + $2
                  WHERE purchase_id = $3 AND line = $4 AND returned_quantity + $1 <= quantity";

    INSERT_REVERSAL: "INSERT INTO award_reversal (return_id, purchase_id, campaign_id, tenant_id, brand_id, amount) VALUES ($1, $2, $3, $4, $5, $6)";

    SET_RETURNED: "UPDATE purchase SET fully_returned = TRUE WHERE id = $1";

    EVALUATIONS: "SELECT e.campaign_id, e.version_id, c.name AS campaign_name, e.brand_id, e.tenant_id, e.unit, e.award, e.trace, COALESCE(e.rules, v.rules) AS rules, c.settled_at,
                         CAST(COALESCE((SELECT SUM(r.amount) FROM award_reversal r WHERE r.purchase_id = e.purchase_id AND r.campaign_id = e.campaign_id), 0)
                              - COALESCE((SELECT SUM(a.amount) FROM adjustment a JOIN adjustment_decision d ON d.adjustment_id = a.id
                                          WHERE a.purchase_id = e.purchase_id AND a.campaign_id = e.campaign_id AND d.posted AND a.amount < 0), 0) AS BIGINT) AS reversed
                  FROM evaluation_now e
                  JOIN campaign_version v ON v.id = e.version_id
                  JOIN campaign c ON c.id = e.campaign_id
                  WHERE e.purchase_id = $1";
}
