//! What an accepted purchase writes: first a plan in memory, so that the answer is known, then every row.

use db::{Sql, Tx, sql};
use jobs::outbox::{self, NewEvent};
use serde_json::json;
use shared::{
    CampaignVersionId, LocalTime, LotId, PurchaseId, Timestamp, WalletId,
    loyalty::{Award, IssuedReward, PurchaseAnswer, campaign::Unit, evaluation::Trace},
};
use sqlx::types::Json;

use super::{Basket, Evaluated, Sale};
use crate::{
    Error,
    card::Holder,
    ledger::{self, Consumed, Earned, OpenLot, Owner, Posting, ROWS_MAX, WalletChange},
    reward,
    rule_book::LiveVersion,
};

/// Whether a plan will be written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// It will: stock is taken along the way.
    Live,
    /// Only asked: nothing is touched.
    Preview,
}

/// What the sender is told.
#[derive(Clone, Default)]
pub(super) struct PlanOutcome {
    pub awards: Vec<Award>,
    pub rewards: Vec<IssuedReward>,
}

/// Everything that the ledger will receive for one purchase.
#[derive(Default)]
pub(super) struct Plan {
    pub outcome: PlanOutcome,
    wallets: Vec<PlannedWallet>,
    earned: Vec<PlannedLot>,
    issues: Vec<Issue>,
    evaluations: Vec<PlannedEvaluation>,
}

type PlannedEvaluation = (Owner, CampaignVersionId, Unit, Trace);

struct PlannedWallet {
    id: WalletId,
    scope: uuid::Uuid,
    unit: Unit,
    owner: Owner,
    new: bool,
    before: i64,
    after: i64,
    /// Read when a card is completed.
    lots: Option<Vec<OpenLot>>,
}

struct PlannedLot {
    id: LotId,
    owner: Owner,
    wallet: WalletId,
    amount: i64,
    remaining: i64,
}

struct Issue {
    instance: reward::NewInstance,
    owner: Owner,
    wallet: WalletId,
    consumed: Vec<Consumed>,
}

impl Plan {
    /// Works out wallets, lots and completed cards. In [`Mode::Live`] the stock of rewards is taken here, because whether
    /// a card can be completed depends on it.
    pub(super) async fn make(tx: &mut Tx, mode: Mode, purchase: PurchaseId, at: Timestamp, holder: Option<&Holder>, evaluated: &Evaluated) -> Result<Self, Error> {
        let mut plan = Self::default();
        let earns = evaluated.awards.iter().any(|(_, trace)| trace.award > 0);
        let known = match holder {
            Some(holder) if earns || !evaluated.awards.is_empty() => ledger::wallets(tx, holder.consumer).await?,
            _ => Vec::new(),
        };
        for (version, trace) in &evaluated.awards {
            let consumer = holder.map_or(shared::ConsumerId::fixed(0), |holder| holder.consumer);
            let owner = Owner { tenant: version.tenant, brand: version.brand, campaign: version.campaign, consumer };
            let wallet = plan.wallet(tx, &known, owner, version.rules.unit);
            if trace.award > 0 {
                plan.earn(tx, wallet, owner, trace.award);
                if let Some(holder) = holder {
                    plan.complete_cards(tx, mode, wallet, version, owner, holder, purchase, at).await?;
                }
            }
            plan.outcome.awards.push(award(version, trace, plan.wallets[wallet].after));
            plan.evaluations.push((owner, version.version, version.rules.unit, trace.clone()));
        }
        Ok(plan)
    }

    /// The place of a wallet in the plan.
    fn wallet(&mut self, tx: &mut Tx, known: &[ledger::Wallet], owner: Owner, unit: Unit) -> usize {
        let scope = ledger::scope(unit, owner.brand, owner.campaign);
        if let Some(place) = self.wallets.iter().position(|wallet| wallet.scope == scope) {
            return place;
        }
        let known = known.iter().find(|wallet| wallet.scope_id == scope);
        let before = known.map_or(0, |wallet| wallet.available);
        let id = known.map_or_else(|| tx.new_id(), |wallet| wallet.id);
        self.wallets.push(PlannedWallet { id, scope, unit, owner, new: known.is_none(), before, after: before, lots: None });
        self.wallets.len() - 1
    }

    fn earn(&mut self, tx: &mut Tx, wallet: usize, owner: Owner, amount: i64) {
        let wallet = &mut self.wallets[wallet];
        wallet.after += amount;
        self.earned.push(PlannedLot { id: tx.new_id(), owner, wallet: wallet.id, amount, remaining: amount });
    }

    /// While the wallet holds enough: one reward, paid from the oldest lots.
    #[allow(clippy::too_many_arguments, reason = "the state of one purchase")]
    async fn complete_cards(
        &mut self,
        tx: &mut Tx,
        mode: Mode,
        place: usize,
        version: &LiveVersion,
        owner: Owner,
        holder: &Holder,
        purchase: PurchaseId,
        at: Timestamp,
    ) -> Result<(), Error> {
        let (Some(threshold), Some(linked)) = (version.rules.threshold, version.reward.as_ref()) else { return Ok(()) };
        if self.wallets[place].after < threshold.need {
            return Ok(());
        }
        // Another campaign with the same reward may have completed its card in this very purchase.
        let here = self.issues.iter().filter(|issue| issue.instance.reward == linked.id).count();
        let mut given = reward::count_given(tx, holder.consumer, linked.id).await? + i64::try_from(here).unwrap_or(i64::MAX);
        if self.wallets[place].lots.is_none() {
            let wallet = &self.wallets[place];
            let lots = if wallet.new { Vec::new() } else { ledger::open_lots(tx, wallet.id, at).await? };
            self.wallets[place].lots = Some(lots);
        }
        while self.wallets[place].after >= threshold.need && linked.max_per_consumer.is_none_or(|max| given < max) {
            if mode == Mode::Live && linked.limited && !reward::take_stock(tx, owner.tenant, linked.id).await? {
                break;
            }
            given += 1;
            let consumed = self.consume(place, threshold.need);
            let instance = reward::NewInstance::issue(tx, linked.id, owner, self.wallets[place].id, purchase, given);
            self.wallets[place].after -= threshold.need;
            self.outcome.rewards.push(IssuedReward {
                reward_instance_id: instance.id,
                reward_id: linked.id,
                name: linked.name.clone(),
                brand_name: version.brand_name.clone(),
            });
            self.issues.push(Issue { instance, owner, wallet: self.wallets[place].id, consumed });
        }
        Ok(())
    }

    /// Takes units from the lots that were there, then from those of this purchase.
    fn consume(&mut self, place: usize, mut need: i64) -> Vec<Consumed> {
        let wallet = &mut self.wallets[place];
        let mut consumed = Vec::new();
        for lot in wallet.lots.iter_mut().flatten() {
            let amount = lot.remaining.min(need);
            if amount > 0 {
                lot.remaining -= amount;
                need -= amount;
                consumed.push(Consumed { lot: lot.id, amount, fresh: false });
            }
        }
        for lot in self.earned.iter_mut().filter(|lot| lot.wallet == wallet.id) {
            let amount = lot.remaining.min(need);
            if amount > 0 {
                lot.remaining -= amount;
                need -= amount;
                consumed.push(Consumed { lot: lot.id, amount, fresh: true });
            }
        }
        assert_eq!(need, 0, "a wallet's balance is the sum of its lots");
        consumed
    }
}

fn award(version: &LiveVersion, trace: &Trace, balance: i64) -> Award {
    Award {
        campaign_id: version.campaign,
        campaign_version_id: version.version,
        campaign_name: version.name.clone(),
        brand_id: version.brand,
        brand_name: version.brand_name.clone(),
        unit: version.rules.unit,
        amount: trace.award,
        balance,
        need: version.rules.threshold.map(|threshold| threshold.need),
        trace: trace.clone(),
    }
}

/// What is written beside the ledger.
pub(super) struct Stored<'a> {
    pub purchase: PurchaseId,
    pub sale: &'a Sale<'a>,
    pub holder: &'a Holder,
    pub basket: &'a Basket,
    pub answer: &'a PurchaseAnswer,
    pub bytes: &'a [u8],
    pub local: LocalTime,
    pub now: Timestamp,
}

/// Every row of one purchase, in the order of their references.
pub(super) async fn write(tx: &mut Tx, stored: &Stored<'_>, plan: Plan) -> Result<(), Error> {
    let (at, now) = (stored.answer.purchased_at, stored.now);
    insert_purchase(tx, stored).await?;
    insert_lines(tx, stored).await?;
    let posting = gather(tx, stored.purchase, &plan, at);
    posting.write_holdings(tx, now).await?;
    for issue in &plan.issues {
        reward::insert_instance(tx, &issue.instance, at).await?;
    }
    posting.write_entries(tx, now).await?;
    for part in plan.evaluations.chunks(ROWS_MAX) {
        insert_evaluations(tx, stored.purchase, part).await?;
    }
    publish(tx, stored, &plan.issues).await?;
    announce(tx, stored);
    Ok(())
}

/// What the ledger receives.
fn gather(tx: &mut Tx, purchase: PurchaseId, plan: &Plan, at: Timestamp) -> Posting {
    let mut posting = Posting::default();
    for wallet in &plan.wallets {
        if wallet.new && !plan.earned.iter().any(|lot| lot.wallet == wallet.id) {
            // Nobody needs a wallet that never held anything.
            continue;
        }
        posting.change(WalletChange { owner: wallet.owner, wallet: wallet.id, unit: wallet.unit, new: wallet.new, available: wallet.after - wallet.before });
    }
    for lot in &plan.earned {
        let earned = Earned { owner: lot.owner, wallet: lot.wallet, lot: lot.id, purchase, amount: lot.amount, remaining: lot.remaining, occurred_at: at };
        posting.earn(tx, earned);
    }
    for issue in &plan.issues {
        posting.issue_reward(tx, issue.owner, issue.wallet, issue.instance.id, &issue.consumed, at);
    }
    posting
}

async fn publish(tx: &mut Tx, stored: &Stored<'_>, issues: &[Issue]) -> Result<(), Error> {
    for issue in issues {
        let payload = json!({ "reward_instance_id": issue.instance.id, "reward_id": issue.instance.reward });
        outbox::publish(tx, stored.now, NewEvent { topic: "loyalty.reward_issued", key: issue.owner.consumer.to_string(), payload }).await?;
    }
    let event = NewEvent {
        topic: "loyalty.purchase_registered",
        key: stored.holder.consumer.to_string(),
        payload: json!({ "purchase_id": stored.purchase, "shop_id": stored.sale.shop.id, "status": stored.answer.status }),
    };
    outbox::publish(tx, stored.now, event).await?;
    Ok(())
}

fn announce(tx: &mut Tx, stored: &Stored<'_>) {
    tx.announce(format!("consumer:{}", stored.holder.consumer));
    tx.announce(format!("shop:{}", stored.sale.shop.id));
    let mut brands: Vec<_> = stored.basket.brands().collect();
    brands.sort_unstable();
    brands.dedup();
    for brand in brands {
        tx.announce(format!("brand:{brand}"));
    }
}

async fn insert_purchase(tx: &mut Tx, stored: &Stored<'_>) -> Result<(), Error> {
    let sale = stored.sale;
    tx.query(INSERT_PURCHASE)
        .bind(stored.purchase)
        .bind(sale.source.clone())
        .bind(sale.source_key.clone())
        .bind(sale.content_hash.to_vec())
        .bind(stored.basket.hash().to_vec())
        .bind(sale.shop.id)
        .bind(sale.device)
        .bind(sale.member)
        .bind(stored.holder.card)
        .bind(stored.holder.consumer)
        .bind(stored.answer.status)
        .bind(stored.answer.reason.clone())
        .bind(sale.offline)
        .bind(stored.answer.total_minor)
        .bind(stored.answer.currency)
        .bind(stored.answer.purchased_at)
        .bind(i64::from(stored.local.offset_seconds))
        .bind(stored.local.date())
        .bind(stored.now)
        .bind(stored.bytes.to_vec())
        .bind(sale.evidence.as_ref().map(|evidence| evidence.capture.to_vec()))
        .bind(sale.evidence.as_ref().map(|evidence| evidence.signature.to_vec()))
        .bind(sale.evidence.as_ref().map(|evidence| evidence.counter))
        .execute()
        .await
        .map_err(|error| match error {
            // A twin under another card's lock came first: the same key cannot be two sales.
            db::Error::Unique => Error::IdempotencyConflict,
            other => other.into(),
        })?;
    Ok(())
}

/// At most a hundred: one statement.
async fn insert_lines(tx: &mut Tx, stored: &Stored<'_>) -> Result<(), Error> {
    let mut query = tx.query(INSERT_LINES.with_rows(LINE_COLUMNS, stored.basket.lines.len()));
    for (number, ((line, raw, _), owner)) in stored.basket.lines.iter().zip(&stored.basket.owners).enumerate() {
        query = query
            .bind(stored.purchase)
            .bind(number as i64 + 1)
            .bind(raw.gtin)
            .bind(line.product)
            .bind(owner.map(|(_, brand)| brand))
            .bind(owner.map(|(tenant, _)| tenant))
            .bind(line.quantity)
            .bind(line.unit_price_minor)
            .bind(line.discount_minor)
            .bind(line.amount_minor())
            .bind(line.reward_line)
            .bind(stored.local.date());
    }
    query.execute().await?;
    Ok(())
}

async fn insert_evaluations(tx: &mut Tx, purchase: PurchaseId, evaluations: &[PlannedEvaluation]) -> Result<(), Error> {
    let mut query = tx.query(INSERT_EVALUATIONS.with_rows(EVALUATION_COLUMNS, evaluations.len()));
    for (owner, version, unit, trace) in evaluations {
        query = query
            .bind(purchase)
            .bind(owner.campaign)
            .bind(*version)
            .bind(owner.tenant)
            .bind(owner.brand)
            .bind(owner.consumer)
            .bind(*unit)
            .bind(trace.award)
            .bind(Json(trace.clone()));
    }
    query.execute().await?;
    Ok(())
}

const LINE_COLUMNS: usize = 12;
const INSERT_LINES: Sql = Sql::same(
    "INSERT INTO purchase_line (purchase_id, line, gtin, product_id, brand_id, tenant_id, quantity, unit_price_minor, discount_minor,
                                amount_minor, reward_line, business_date) VALUES",
);

const EVALUATION_COLUMNS: usize = 9;
const INSERT_EVALUATIONS: Sql = Sql::same("INSERT INTO evaluation (purchase_id, campaign_id, version_id, tenant_id, brand_id, consumer_id, unit, award, trace) VALUES");

/// The statements that write several rows, with two of them.
pub(super) fn row_statements() -> [Sql; 2] {
    [INSERT_LINES.with_rows(LINE_COLUMNS, 2), INSERT_EVALUATIONS.with_rows(EVALUATION_COLUMNS, 2)]
}

sql! {
    INSERT_PURCHASE: "INSERT INTO purchase (id, source, source_key, content_hash, basket_hash, shop_id, device_id, member_id, card_id, consumer_id,
                                            status, reason, offline, total_minor, currency, purchased_at, offset_seconds, business_date, received_at,
                                            answer, capture, signature, counter)
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)";
}
