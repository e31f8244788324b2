//! What an accepted purchase writes: first a plan in memory, so that the answer is known, then every row.

use db::{Sql, Tx, sql};
use jobs::outbox::{self, NewEvent};
use serde_json::json;
use shared::{
    CampaignVersionId, ConsumerId, LocalTime, PurchaseId, ShopId, Timestamp,
    loyalty::{Award, IssuedReward, PurchaseAnswer, PurchaseStatus, campaign::Unit, evaluation::Trace},
};
use sqlx::types::Json;

use super::{Basket, Evaluated, Sale, SellingShop, caps};
use crate::{
    Error,
    account::{self, Account, NEVER, Owner},
    card::Holder,
    changes,
    full_card::{FullCards, Mode},
    goal,
    ledger::{self, Depth, ROWS_MAX},
    rule_book::{LiveVersion, RuleBook},
    settle,
};

/// What the sender is told.
#[derive(Clone, Default)]
pub(super) struct PlanOutcome {
    pub awards: Vec<Award>,
    pub rewards: Vec<IssuedReward>,
}

/// Everything that the ledger will receive for one purchase.
pub(super) struct Plan {
    pub outcome: PlanOutcome,
    account: Account,
    cards: FullCards,
    evaluations: Vec<PlannedEvaluation>,
    /// Campaigns whose total is counted, and by how much it grows.
    counted: Vec<caps::Counted>,
    /// Units for the goals that neighbours share.
    goals: Vec<goal::Moved>,
}

pub(super) type PlannedEvaluation = (Owner, CampaignVersionId, Unit, Trace);

/// When and where a purchase happened, and when it is worked out.
#[derive(Clone, Copy)]
pub(super) struct Moment<'a> {
    pub shop: &'a SellingShop,
    /// On the clock of the shop.
    pub local: LocalTime,
    pub now: Timestamp,
}

impl Plan {
    /// Works out wallets, lots and full cards. In [`Mode::Live`] the stock of rewards is taken here, because whether a
    /// card can be completed depends on it.
    pub(super) async fn make(
        tx: &mut Tx,
        book: &RuleBook,
        mode: Mode,
        purchase: PurchaseId,
        moment: Moment<'_>,
        holder: Option<&Holder>,
        evaluated: &Evaluated,
    ) -> Result<Self, Error> {
        let consumer = holder.map_or(ConsumerId::fixed(0), |holder| holder.consumer);
        let mut cards = FullCards::new(mode);
        let mut account = match holder {
            Some(_) if !evaluated.awards.is_empty() => ledger::load(tx, consumer, moment.now, Depth::Due).await?,
            _ => Account::new(consumer, Vec::new(), Vec::new()),
        };
        settle::advance(tx, book, &mut account, &mut cards, moment.now).await?;
        let mut evaluations = Vec::with_capacity(evaluated.awards.len() + evaluated.excluded.len());
        let mut counted = Vec::new();
        let mut goals = Vec::new();
        let mut places = Vec::with_capacity(evaluated.awards.len());
        for (version, trace) in &evaluated.awards {
            let owner = Owner { tenant: version.tenant, brand: version.brand, campaign: version.campaign, consumer };
            let place = account.wallet(version.tenant, version.brand, version.campaign, version.rules.unit, || tx.new_id());
            if trace.award > 0 {
                account.earn(place, &award_of(tx, version, trace, purchase, moment), moment.now);
                counted.extend(version.counts_all.then_some((version.campaign, trace.award)));
                goals.extend(version.has_goal.then_some((version.campaign, trace.units)));
            }
            places.push(place);
            evaluations.push((owner, version.version, version.rules.unit, trace.clone()));
        }
        evaluations.extend(evaluated.excluded.iter().map(|(version, trace)| {
            let owner = Owner { tenant: version.tenant, brand: version.brand, campaign: version.campaign, consumer };
            (owner, version.version, version.rules.unit, Trace { award: 0, ..trace.clone() })
        }));
        if holder.is_some() {
            let mut touched = places.clone();
            touched.sort_unstable();
            touched.dedup();
            for place in touched {
                settle::fill(tx, book, &mut account, &mut cards, place, Some(purchase), moment.now).await?;
            }
        }
        let balance = |place: usize| account.wallets[place].now.available;
        let awards = evaluated.awards.iter().zip(&places).map(|((version, trace), place)| told(version, trace, balance(*place))).collect();
        let outcome = PlanOutcome { awards, rewards: cards.told.clone() };
        Ok(Self { outcome, account, cards, evaluations, counted, goals })
    }
}

/// When what was earned can be used, and until when, on the calendar of the shop.
pub(super) fn award_of(tx: &mut Tx, version: &LiveVersion, trace: &Trace, purchase: PurchaseId, moment: Moment<'_>) -> account::Award {
    let date = moment.local.date();
    let start_of = |days: i64| date.plus_days(days).map_or(NEVER, |date| identity::shop::start_of_day(&moment.shop.time_zone, date));
    let rules = &version.rules;
    account::Award {
        campaign: version.campaign,
        purchase,
        adjustment: None,
        part: 1,
        lot: tx.new_id(),
        shop: moment.shop.id,
        business_date: date,
        purchased_at: moment.local.at,
        amount: trace.award,
        available_at: if rules.hold_days > 0 { start_of(rules.hold_days) } else { moment.local.at },
        expires_at: rules.valid_days.map_or(NEVER, |days| start_of(days + 1)),
    }
}

pub(super) fn told(version: &LiveVersion, trace: &Trace, balance: i64) -> Award {
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
    insert_purchase(tx, stored).await?;
    insert_lines(tx, stored).await?;
    changes::note(tx, stored.now, stored.basket.brands(), stored.local.date()).await?;
    post(tx, stored.purchase, stored.sale.shop.id, stored.local, stored.now, plan).await?;
    tell_registered(tx, stored.now, stored.holder.consumer, stored.purchase, stored.sale.shop.id, stored.answer.status).await?;
    announce(tx, stored.holder.consumer, stored.sale.shop.id, stored.basket);
    Ok(())
}

/// What became of a purchase, for other domains.
pub(super) async fn tell_registered(
    tx: &mut Tx,
    now: Timestamp,
    consumer: ConsumerId,
    purchase: PurchaseId,
    shop: ShopId,
    status: PurchaseStatus,
) -> Result<(), Error> {
    let payload = json!({ "purchase_id": purchase, "shop_id": shop, "status": status });
    outbox::publish(tx, now, NewEvent { topic: "loyalty.purchase_registered", key: consumer.to_string(), payload }).await?;
    Ok(())
}

/// What a purchase that is known earns: the ledger, the evaluations, and what campaigns count over everybody.
pub(super) async fn post(
    tx: &mut Tx,
    purchase: PurchaseId,
    shop: ShopId,
    local: LocalTime,
    now: Timestamp,
    mut plan: Plan,
) -> Result<(), Error> {
    settle::close(tx, &plan.account, &plan.cards, now).await?;
    for part in plan.evaluations.chunks(ROWS_MAX) {
        insert_evaluations(tx, purchase, part).await?;
    }
    caps::count(tx, &plan.counted, shop, local.date()).await?;
    goal::count(tx, plan.account.consumer, shop, &mut plan.goals).await
}

/// Open pages look again.
pub(super) fn announce(tx: &mut Tx, consumer: ConsumerId, shop: ShopId, basket: &Basket) {
    tx.announce(format!("consumer:{consumer}"));
    tx.announce(format!("shop:{shop}"));
    let mut brands: Vec<_> = basket.brands().collect();
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
            .bind(line.suggested_price_minor)
            .bind(line.discount_minor)
            .bind(line.amount_minor())
            .bind(line.reward_line)
            .bind(stored.local.date());
    }
    query.execute().await?;
    Ok(())
}

pub(super) async fn insert_evaluations(tx: &mut Tx, purchase: PurchaseId, evaluations: &[PlannedEvaluation]) -> Result<(), Error> {
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

const LINE_COLUMNS: usize = 13;
const INSERT_LINES: Sql = Sql::same(
    "INSERT INTO purchase_line (purchase_id, line, gtin, product_id, brand_id, tenant_id, quantity, unit_price_minor, suggested_price_minor, discount_minor,
                                amount_minor, reward_line, business_date) VALUES",
);

const EVALUATION_COLUMNS: usize = 9;
const INSERT_EVALUATIONS: Sql =
    Sql::same("INSERT INTO evaluation (purchase_id, campaign_id, version_id, tenant_id, brand_id, consumer_id, unit, award, trace) VALUES");

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
