//! Corrections by a person: always a new entry of the books, with a reason, within a limit for each person and day.
//!
//! Above a limit a second person must agree, and never the one who proposed it. A correction of a wallet upward is an
//! `EARN` into a lot of its own, one downward is taken like a return (`REVERSE`, then `DEBT` or `WAIVE`): kinds that the
//! contract counts, so its sum of a wallet holds unchanged. The lot names no award: no cap counts it, and no return takes
//! it for what a purchase gave. What a correction took from an award, a later return does not take again.
//!
//! Invariants, each held by the named guard:
//! - one correction is posted once           primary key of `adjustment_decision`, then the entry's business key
//! - nobody approves her own                 [`decide`] compares persons under the same row
//! - a person's day has a limit              the person's lock around the sum of her day

use db::{Tx, sql};
use identity::{Actor, audit};
use jobs::outbox::{self, NewEvent};
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    AdjustmentId, BrandId, CampaignId, CivilDate, ConsumerId, Currency, DisputeId, EntryId, OrganisationId, PurchaseId, ShopId, Timestamp,
    UserId,
    loyalty::{
        campaign::Unit,
        correction::{Adjustment, AdjustmentState, AdjustmentTarget, NewAdjustment, NewDecision},
    },
};

use crate::{
    Error, Loyalty,
    account::{self, NEVER, Reversal},
    dispute,
    ledger::{self, Depth},
    purchase, settle,
};

/// Longest reason, in characters.
pub(crate) const REASON_MAX: usize = 200;
/// Largest correction at all, in units or minor units.
const AMOUNT_MAX: i64 = 1_000_000_000;

/// What an installation allows in one kind of unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Above it a second person must agree.
    pub alone_max: i64,
    /// What one person can propose in a day, up and down alike.
    pub day_max: i64,
}

/// What an installation allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Points.
    pub points: Limit,
    /// Stamps.
    pub stamps: Limit,
    /// Minor units of money.
    pub money: Limit,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            points: Limit { alone_max: 100, day_max: 2_000 },
            stamps: Limit { alone_max: 5, day_max: 100 },
            money: Limit { alone_max: 2_000_000, day_max: 40_000_000 },
        }
    }
}

impl Limits {
    pub(crate) fn of(&self, unit: &str) -> Limit {
        match unit {
            "points" => self.points,
            "stamps" => self.stamps,
            _ => self.money,
        }
    }
}

/// Proposes a correction, and posts it at once when it is small enough for one person. The same one twice is one. A
/// person of the operator who is no analyst; never a key.
pub async fn propose(tx: &mut Tx, loyalty: &Loyalty, actor: &Actor, now: Timestamp, new: &NewAdjustment) -> Result<Adjustment, Error> {
    actor.operates()?;
    let person = actor.user()?;
    let reason = checked(&new.reason)?;
    if new.amount == 0 || new.amount.unsigned_abs() > AMOUNT_MAX.unsigned_abs() {
        return Err(Error::Field("amount"));
    }
    // Her day is counted by one transaction after the other.
    tx.lock(person.lock_key()).await?;
    let id = new.adjustment_id.unwrap_or_else(|| tx.new_id());
    if let Some(known) = find(tx, id).await? {
        let same = (known.proposed_by, known.target(), known.amount, known.reason.as_str(), known.dispute_id)
            == (person, Some(new.target), new.amount, reason, new.dispute_id);
        return if same { told(tx, actor, id).await } else { Err(Error::IdempotencyConflict) };
    }
    let about = About::of(tx, loyalty, now, new.target).await?;
    if let Some(dispute) = new.dispute_id {
        dispute::must_be_open(tx, dispute).await?;
    }
    let country = identity::organisation::own(tx, actor).await?.country;
    let date = identity::shop::local_date(country.time_zone(), now);
    let limit = loyalty.limits.of(&about.unit);
    let (spent,): (i64,) = tx.query(SPENT).bind(person).bind(date).bind(about.unit.clone()).one().await?;
    if spent + new.amount.abs() > limit.day_max {
        return Err(Error::AdjustmentLimit);
    }
    insert(tx, id, &about, new, reason, (person, date), now).await?;
    audit::record(tx, actor, now, "adjustment.proposed", id, None, Some(json!({ "unit": about.unit, "amount": new.amount })), Some(reason))
        .await?;
    if new.amount.abs() <= limit.alone_max {
        post(tx, loyalty, actor, now, id, person, reason).await?;
    }
    told(tx, actor, id).await
}

/// A second person agrees, or does not.
pub async fn decide(
    tx: &mut Tx,
    loyalty: &Loyalty,
    actor: &Actor,
    now: Timestamp,
    id: AdjustmentId,
    new: &NewDecision,
) -> Result<Adjustment, Error> {
    actor.operates()?;
    let person = actor.user()?;
    let reason = checked(&new.reason)?;
    let found = find(tx, id).await?.ok_or(Error::NotFound)?;
    if found.proposed_by == person {
        return Err(Error::OwnProposal);
    }
    if found.posted.is_some() {
        return Err(Error::AlreadyDecided);
    }
    if new.approve {
        post(tx, loyalty, actor, now, id, person, reason).await?;
    } else {
        record_decision(tx, id, false, None, reason, person, now).await?;
        audit::record(tx, actor, now, "adjustment.refused", id, None, None, Some(reason)).await?;
    }
    told(tx, actor, id).await
}

/// Corrections, those that wait for a second person first; at most 100. Operator only.
pub async fn list(tx: &mut Tx, actor: &Actor) -> Result<Vec<Adjustment>, Error> {
    actor.operator()?;
    Ok(tx.query(LIST).all::<Row>().await?.into_iter().map(|row| row.told(actor)).collect())
}

/// What was proposed to close a case, oldest first.
pub(crate) async fn of_dispute(tx: &mut Tx, actor: &Actor, dispute: DisputeId) -> Result<Vec<Adjustment>, Error> {
    Ok(tx.query(OF_DISPUTE).bind(dispute).all::<Row>().await?.into_iter().map(|row| row.told(actor)).collect())
}

pub(crate) fn checked(reason: &str) -> Result<&str, Error> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_MAX || reason.chars().any(char::is_control) {
        Err(Error::Field("reason"))
    } else {
        Ok(reason)
    }
}

/// Whose books a correction is for.
struct About {
    tenant: OrganisationId,
    brand: BrandId,
    unit: String,
}

impl About {
    async fn of(tx: &mut Tx, loyalty: &Loyalty, now: Timestamp, target: AdjustmentTarget) -> Result<Self, Error> {
        match target {
            AdjustmentTarget::Wallet { purchase_id, campaign_id } => {
                let known: Option<(PurchaseId,)> = tx.query(PURCHASE).bind(purchase_id).maybe().await?;
                known.ok_or(Error::NoSuchPurchase)?;
                let book = loyalty.current_book(tx).await?;
                let version = book.latest(campaign_id, now).ok_or(Error::Field("campaign_id"))?;
                Ok(Self { tenant: version.tenant, brand: version.brand, unit: unit_name(version.rules.unit).to_owned() })
            }
            AdjustmentTarget::Shop { shop_id, brand_id } => {
                let brand = identity::organisation::find_brand(tx, brand_id).await?.ok_or(Error::Field("brand_id"))?;
                let (currency,): (Currency,) = tx.query(CURRENCY).bind(shop_id).maybe().await?.ok_or(Error::Field("shop_id"))?;
                Ok(Self { tenant: brand.organisation_id, brand: brand_id, unit: currency.code().to_owned() })
            }
        }
    }
}

async fn insert(
    tx: &mut Tx,
    id: AdjustmentId,
    about: &About,
    new: &NewAdjustment,
    reason: &str,
    (person, date): (UserId, CivilDate),
    now: Timestamp,
) -> Result<(), Error> {
    let (purchase, campaign, shop) = match new.target {
        AdjustmentTarget::Wallet { purchase_id, campaign_id } => (Some(purchase_id), Some(campaign_id), None),
        AdjustmentTarget::Shop { shop_id, .. } => (None, None, Some(shop_id)),
    };
    tx.query(INSERT)
        .bind(id)
        .bind(about.tenant)
        .bind(about.brand)
        .bind(purchase)
        .bind(campaign)
        .bind(shop)
        .bind(about.unit.clone())
        .bind(new.amount)
        .bind(reason.to_owned())
        .bind(new.dispute_id)
        .bind(person)
        .bind(now)
        .bind(date)
        .execute()
        .await?;
    Ok(())
}

async fn record_decision(
    tx: &mut Tx,
    id: AdjustmentId,
    posted: bool,
    entry: Option<EntryId>,
    reason: &str,
    person: UserId,
    now: Timestamp,
) -> Result<(), Error> {
    let rows = tx.query(DECIDE).bind(id).bind(posted).bind(entry).bind(reason.to_owned()).bind(person).bind(now).execute().await?;
    if rows == 1 { Ok(()) } else { Err(Error::AlreadyDecided) }
}

/// Into the books: the entry, the decision, and the end of the case that it closes.
async fn post(
    tx: &mut Tx,
    loyalty: &Loyalty,
    actor: &Actor,
    now: Timestamp,
    id: AdjustmentId,
    person: UserId,
    reason: &str,
) -> Result<(), Error> {
    let row = find(tx, id).await?.ok_or(Error::NotFound)?;
    let target = row.target().ok_or(Error::NotFound)?;
    // Whoever decides at the same moment finds the row taken.
    if let AdjustmentTarget::Wallet { purchase_id, .. } = target {
        purchase::lock_consumer(tx, purchase_id).await?;
    }
    match target {
        AdjustmentTarget::Wallet { purchase_id, campaign_id } => {
            record_decision(tx, id, true, None, reason, person, now).await?;
            post_to_wallet(tx, loyalty, now, &row, purchase_id, campaign_id).await?;
        }
        AdjustmentTarget::Shop { shop_id, brand_id } => {
            let entry = post_to_shop(tx, now, &row, shop_id, brand_id).await?;
            record_decision(tx, id, true, Some(entry), reason, person, now).await?;
        }
    }
    audit::record(
        tx,
        actor,
        now,
        "adjustment.posted",
        id,
        None,
        Some(json!({ "unit": row.unit, "amount": row.amount })),
        Some(&row.reason),
    )
    .await?;
    let payload = json!({ "adjustment_id": id, "brand_id": row.brand_id, "unit": row.unit, "amount": row.amount });
    outbox::publish(tx, now, NewEvent { topic: "loyalty.adjustment_posted", key: id.to_string(), payload }).await?;
    if let Some(dispute) = row.dispute_id {
        dispute::uphold(tx, actor, now, dispute, id, &row.reason).await?;
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Bought {
    consumer_id: ConsumerId,
    shop_id: ShopId,
    time_zone: String,
}

async fn post_to_wallet(
    tx: &mut Tx,
    loyalty: &Loyalty,
    now: Timestamp,
    row: &Row,
    purchase: PurchaseId,
    campaign: CampaignId,
) -> Result<(), Error> {
    let bought: Bought = tx.query(BOUGHT).bind(purchase).one().await?;
    let book = loyalty.current_book(tx).await?;
    let version = book.latest(campaign, now).ok_or(Error::Field("campaign_id"))?;
    let (mut account, mut cards) = settle::open(tx, &book, bought.consumer_id, now, Depth::Whole).await?;
    if !cards.issued.is_empty() {
        // What time gave her meanwhile can be undone like any other reward: it must be written to be found.
        settle::close(tx, &account, &cards, now).await?;
        (account, cards) = settle::open(tx, &book, bought.consumer_id, now, Depth::Whole).await?;
    }
    let place = account.wallet(version.tenant, version.brand, campaign, version.rules.unit, || tx.new_id());
    if row.amount > 0 {
        let date = identity::shop::local_date(&bought.time_zone, now);
        let last = version.rules.valid_days.and_then(|days| date.plus_days(days + 1));
        let award = account::Award {
            campaign,
            purchase,
            adjustment: Some(row.id),
            part: 1,
            lot: tx.new_id(),
            shop: bought.shop_id,
            business_date: date,
            purchased_at: now,
            amount: row.amount,
            available_at: now,
            expires_at: last.map_or(NEVER, |last| identity::shop::start_of_day(&bought.time_zone, last)),
        };
        account.earn(place, &award, now);
        settle::fill(tx, &book, &mut account, &mut cards, place, None, now).await?;
    } else {
        let undoable = ledger::undoable(tx, account.wallets[place].id, now).await?;
        let reversal = Reversal {
            cause: row.id.0,
            purchase,
            adjustment: Some(row.id),
            campaign,
            amount: -row.amount,
            shortfall: version.rules.on_shortfall,
            undoable: &undoable,
        };
        account.reverse(place, &reversal, now);
    }
    settle::close(tx, &account, &cards, now).await?;
    tx.announce(format!("brand:{}", row.brand_id));
    Ok(())
}

async fn post_to_shop(tx: &mut Tx, now: Timestamp, row: &Row, shop: ShopId, brand: BrandId) -> Result<EntryId, Error> {
    let place = identity::shop::get(tx, shop).await?;
    let entry: EntryId = tx.new_id();
    tx.query(OWE)
        .bind(entry)
        .bind(format!("correction:{}", row.id))
        .bind(shop)
        .bind(row.tenant_id)
        .bind(brand)
        .bind(row.amount)
        .bind(place.currency)
        .bind(row.reason.clone())
        .bind(now)
        .bind(identity::shop::local_date(&place.time_zone, now))
        .execute()
        .await
        .map_err(|error| if matches!(error, db::Error::Unique) { Error::AlreadyDecided } else { error.into() })?;
    tx.announce(format!("shop:{shop}"));
    tx.announce(format!("brand:{brand}"));
    Ok(entry)
}

#[derive(sqlx::FromRow)]
struct Row {
    id: AdjustmentId,
    tenant_id: OrganisationId,
    brand_id: BrandId,
    brand_name: String,
    purchase_id: Option<PurchaseId>,
    campaign_id: Option<CampaignId>,
    shop_id: Option<ShopId>,
    about: Option<String>,
    unit: String,
    amount: i64,
    reason: String,
    dispute_id: Option<DisputeId>,
    proposed_by: UserId,
    proposer: Option<String>,
    proposed_at: Timestamp,
    posted: Option<bool>,
    decider: Option<String>,
}

impl Row {
    fn target(&self) -> Option<AdjustmentTarget> {
        match (self.purchase_id, self.campaign_id, self.shop_id) {
            (Some(purchase_id), Some(campaign_id), _) => Some(AdjustmentTarget::Wallet { purchase_id, campaign_id }),
            (_, _, Some(shop_id)) => Some(AdjustmentTarget::Shop { shop_id, brand_id: self.brand_id }),
            _ => None,
        }
    }

    fn told(self, actor: &Actor) -> Adjustment {
        // The table says that one of them is there.
        let target = self.target().unwrap_or(AdjustmentTarget::Shop { shop_id: ShopId::fixed(0), brand_id: self.brand_id });
        Adjustment {
            id: self.id,
            target,
            brand_name: self.brand_name,
            about: self.about.unwrap_or_default(),
            unit: self.unit,
            amount: self.amount,
            reason: self.reason,
            dispute_id: self.dispute_id,
            state: match self.posted {
                None => AdjustmentState::Waiting,
                Some(true) => AdjustmentState::Posted,
                Some(false) => AdjustmentState::Refused,
            },
            proposed_by: self.proposer.unwrap_or_else(|| self.proposed_by.to_string()),
            proposed_at: self.proposed_at,
            decided_by: self.decider,
            own: actor.user().is_ok_and(|person| person == self.proposed_by),
        }
    }
}

async fn find(tx: &mut Tx, id: AdjustmentId) -> Result<Option<Row>, Error> {
    Ok(tx.query(ONE).bind(id).maybe().await?)
}

async fn told(tx: &mut Tx, actor: &Actor, id: AdjustmentId) -> Result<Adjustment, Error> {
    Ok(find(tx, id).await?.ok_or(Error::NotFound)?.told(actor))
}

/// The unit of a campaign as its column would say it.
const fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::Points => "points",
        Unit::Stamps => "stamps",
    }
}

sql! {
    PURCHASE: "SELECT id FROM purchase WHERE id = $1";

    CURRENCY: "SELECT currency FROM shop WHERE id = $1";

    BOUGHT: "SELECT p.consumer_id, p.shop_id, s.time_zone FROM purchase p JOIN shop s ON s.id = p.shop_id WHERE p.id = $1";

    /// What was refused does not count.
    SPENT: "SELECT CAST(COALESCE(SUM(ABS(a.amount)), 0) AS BIGINT) FROM adjustment a LEFT JOIN adjustment_decision d ON d.adjustment_id = a.id
            WHERE a.proposed_by = $1 AND a.proposed_date = $2 AND a.unit = $3 AND (d.posted IS NULL OR d.posted)";

    INSERT: "INSERT INTO adjustment (id, tenant_id, brand_id, purchase_id, campaign_id, shop_id, unit, amount, reason, dispute_id, proposed_by, proposed_at, proposed_date)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

    DECIDE: "INSERT INTO adjustment_decision (adjustment_id, posted, entry_id, reason, decided_by, decided_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";

    OWE: "INSERT INTO shop_entry (id, business_key, shop_id, tenant_id, brand_id, kind, units, amount_minor, currency, reason, occurred_at, business_date)
          VALUES ($1, $2, $3, $4, $5, 'correction', 0, $6, $7, $8, $9, $10)";

    ONE: "SELECT a.id, a.tenant_id, a.brand_id, b.name AS brand_name, a.purchase_id, a.campaign_id, a.shop_id, COALESCE(c.name, s.name) AS about, a.unit, a.amount, a.reason, a.dispute_id,
                 a.proposed_by, u.name AS proposer, a.proposed_at, d.posted, w.name AS decider
          FROM adjustment a JOIN brand b ON b.id = a.brand_id LEFT JOIN campaign c ON c.id = a.campaign_id LEFT JOIN shop s ON s.id = a.shop_id
          LEFT JOIN org_user u ON u.id = a.proposed_by LEFT JOIN adjustment_decision d ON d.adjustment_id = a.id LEFT JOIN org_user w ON w.id = d.decided_by
          WHERE a.id = $1";

    LIST: "SELECT a.id, a.tenant_id, a.brand_id, b.name AS brand_name, a.purchase_id, a.campaign_id, a.shop_id, COALESCE(c.name, s.name) AS about, a.unit, a.amount, a.reason, a.dispute_id,
                  a.proposed_by, u.name AS proposer, a.proposed_at, d.posted, w.name AS decider
           FROM adjustment a JOIN brand b ON b.id = a.brand_id LEFT JOIN campaign c ON c.id = a.campaign_id LEFT JOIN shop s ON s.id = a.shop_id
           LEFT JOIN org_user u ON u.id = a.proposed_by LEFT JOIN adjustment_decision d ON d.adjustment_id = a.id LEFT JOIN org_user w ON w.id = d.decided_by
           ORDER BY CASE WHEN d.posted IS NULL THEN 0 ELSE 1 END, a.proposed_at DESC, a.id DESC LIMIT 100";

    OF_DISPUTE: "SELECT a.id, a.tenant_id, a.brand_id, b.name AS brand_name, a.purchase_id, a.campaign_id, a.shop_id, COALESCE(c.name, s.name) AS about, a.unit, a.amount, a.reason, a.dispute_id,
                        a.proposed_by, u.name AS proposer, a.proposed_at, d.posted, w.name AS decider
                 FROM adjustment a JOIN brand b ON b.id = a.brand_id LEFT JOIN campaign c ON c.id = a.campaign_id LEFT JOIN shop s ON s.id = a.shop_id
                 LEFT JOIN org_user u ON u.id = a.proposed_by LEFT JOIN adjustment_decision d ON d.adjustment_id = a.id LEFT JOIN org_user w ON w.id = d.decided_by
                 WHERE a.dispute_id = $1 ORDER BY a.proposed_at, a.id LIMIT 50";
}
