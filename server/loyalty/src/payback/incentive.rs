//! What a campaign pays the shop itself: for participating units of purchases that it rewarded, and for new consumers.
//!
//! Nothing is paid for a purchase that is held; what a return takes out of the purchase is taken out of the pay, in the
//! same transaction. What a shop can get for the purchases of one day is bounded; a return gives no room back, so goods
//! that come and go pay nothing.
//!
//! Invariants, each held by the named guard:
//! - a purchase pays once, and never more than its units   the shop's lock around the sum of its entries
//! - a consumer is new once for a campaign                 the entry's business key

use db::{Tx, sql};
use identity::{Actor, audit};
use shared::{
    BrandId, CampaignId, CivilDate, ConsumerId, Currency, EntryId, MemberId, OrganisationId, ProductId, PurchaseId, ShopId, Timestamp,
    loyalty::{
        PurchaseStatus,
        capture::PRICE_MAX_MINOR,
        counter::{Incentive, NewIncentive},
    },
    time::DAY_MS,
};

use crate::{
    Error, campaign,
    rule_book::{self, LiveVersion, RuleBook},
};

/// Somebody is new so many days after she signed up.
const NEW_DAYS: i64 = 30;
/// Apart from a shop's own lock, which is taken before those of campaigns; this one is taken behind them.
const DAY_LOCK: i64 = 5;

/// What a campaign pays from then on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Pay {
    pub campaign_id: CampaignId,
    pub currency: Currency,
    pub per_unit_minor: i64,
    pub per_new_consumer_minor: i64,
    pub day_max_minor: i64,
    pub valid_from: Timestamp,
}

/// Every pay there is, for the book.
pub(crate) async fn all(tx: &mut Tx) -> Result<Vec<Pay>, Error> {
    Ok(tx.query(ALL).all().await?)
}

#[derive(sqlx::FromRow)]
struct Row {
    campaign_id: CampaignId,
    campaign_name: String,
    brand_id: BrandId,
    currency: Currency,
    per_unit_minor: i64,
    per_new_consumer_minor: i64,
    day_max_minor: i64,
    valid_from: Timestamp,
}

impl From<Row> for Incentive {
    fn from(row: Row) -> Self {
        Self {
            campaign_id: row.campaign_id,
            campaign_name: row.campaign_name,
            brand_id: row.brand_id,
            currency: row.currency,
            per_unit_minor: row.per_unit_minor,
            per_new_consumer_minor: row.per_new_consumer_minor,
            day_max_minor: row.day_max_minor,
            valid_from: row.valid_from,
        }
    }
}

/// What the campaigns of a tenant pay now, by campaign; at most 200.
pub async fn of_tenant(tx: &mut Tx, actor: &Actor, tenant: OrganisationId) -> Result<Vec<Incentive>, Error> {
    actor.reads(tenant)?;
    Ok(tx.query(OF_TENANT).bind(tenant).all::<Row>().await?.into_iter().map(Incentive::from).collect())
}

/// Sets what a campaign pays for purchases from now on. Who manages its organisation.
pub async fn set(tx: &mut Tx, actor: &Actor, now: Timestamp, id: CampaignId, new: &NewIncentive) -> Result<Incentive, Error> {
    let of = campaign::get(tx, actor, now, id).await?;
    actor.manages(of.organisation_id)?;
    for (field, minor) in [
        ("per_unit_minor", new.per_unit_minor),
        ("per_new_consumer_minor", new.per_new_consumer_minor),
        ("day_max_minor", new.day_max_minor),
    ] {
        if !(0..=PRICE_MAX_MINOR).contains(&minor) {
            return Err(Error::Field(field));
        }
    }
    tx.lock(id.lock_key()).await?;
    let row: EntryId = tx.new_id();
    tx.query(INSERT)
        .bind(row)
        .bind(id)
        .bind(of.organisation_id)
        .bind(of.brand_id)
        .bind(new.currency)
        .bind(new.per_unit_minor)
        .bind(new.per_new_consumer_minor)
        .bind(new.day_max_minor)
        .bind(now)
        .bind(actor.label())
        .execute()
        .await
        .map_err(|error| if matches!(error, db::Error::Unique) { Error::IdempotencyConflict } else { error.into() })?;
    rule_book::bump(tx, now).await?;
    audit::record(tx, actor, now, "campaign.incentive", id, None, serde_json::to_value(new).ok(), None).await?;
    let told = of_tenant(tx, actor, of.organisation_id).await?.into_iter().find(|told| told.campaign_id == id);
    told.ok_or(Error::NotFound)
}

#[derive(sqlx::FromRow)]
struct Bought {
    shop_id: ShopId,
    member_id: Option<MemberId>,
    consumer_id: ConsumerId,
    status: PurchaseStatus,
    currency: Currency,
    purchased_at: Timestamp,
    received_at: Timestamp,
    business_date: CivilDate,
    time_zone: String,
}

/// Brings what a purchase pays its shop to what it should be: after it counted, and after something of it came back.
/// Costs nothing when no campaign pays.
pub(crate) async fn settle(tx: &mut Tx, book: &RuleBook, now: Timestamp, purchase: PurchaseId) -> Result<(), Error> {
    if book.pays.is_empty() {
        return Ok(());
    }
    let rewarded: Vec<(CampaignId,)> = tx.query(REWARDED).bind(purchase).all().await?;
    if !rewarded.iter().any(|(campaign,)| book.pays.iter().any(|pay| pay.campaign_id == *campaign)) {
        return Ok(());
    }
    let bought: Bought = tx.query(BOUGHT).bind(purchase).one().await?;
    if bought.status != PurchaseStatus::Accepted {
        return Ok(());
    }
    let lines: Vec<(ProductId, i64)> = tx.query(LINES).bind(purchase).all().await?;
    // Its day is added up by one transaction after the other.
    tx.lock(bought.shop_id.lock_key() ^ DAY_LOCK).await?;
    for (campaign,) in rewarded {
        let pay = book
            .pays
            .iter()
            .filter(|pay| pay.campaign_id == campaign && pay.valid_from <= bought.purchased_at)
            .max_by_key(|pay| pay.valid_from);
        let (Some(pay), Some(version)) = (pay, book.latest(campaign, bought.purchased_at)) else {
            continue;
        };
        if pay.currency == bought.currency {
            settle_campaign(tx, now, purchase, &bought, version, pay, &lines).await?;
        }
    }
    Ok(())
}

async fn settle_campaign(
    tx: &mut Tx,
    now: Timestamp,
    purchase: PurchaseId,
    bought: &Bought,
    version: &LiveVersion,
    pay: &Pay,
    lines: &[(ProductId, i64)],
) -> Result<(), Error> {
    let campaign = version.campaign;
    let units: i64 = lines.iter().filter(|(product, _)| version.rules.products.contains(product)).map(|(_, units)| units).sum();
    let (entries, paid, paid_units, paid_new): (i64, i64, i64, i64) = tx.query(PAID).bind(purchase).bind(campaign).one().await?;
    if entries > 0 {
        // Something came back: never more than is left, and nothing is added after the fact.
        let due = if units == 0 { 0 } else { units.saturating_mul(pay.per_unit_minor) + paid_new };
        if due < paid {
            let date = identity::shop::local_date(&bought.time_zone, now);
            let entry = New {
                kind: "return",
                key: format!("incentive:{purchase}:{campaign}:{entries}"),
                units: units - paid_units,
                amount: due - paid,
                date,
            };
            insert(tx, now, purchase, bought, version, pay, entry).await?;
        }
        return Ok(());
    }
    let (today,): (i64,) = tx.query(DAY).bind(campaign).bind(bought.shop_id).bind(bought.business_date).one().await?;
    let mut room = (pay.day_max_minor - today).max(0);
    let amount = units.saturating_mul(pay.per_unit_minor).min(room);
    if amount > 0 {
        let entry = New { kind: "unit", key: format!("incentive:{purchase}:{campaign}:0"), units, amount, date: bought.business_date };
        insert(tx, now, purchase, bought, version, pay, entry).await?;
        room -= amount;
    }
    let amount = pay.per_new_consumer_minor.min(room);
    if units > 0 && amount > 0 {
        let since = bought.purchased_at.plus_ms(-NEW_DAYS * DAY_MS);
        let is_new: Option<(ConsumerId,)> = tx
            .query(IS_NEW)
            .bind(bought.consumer_id)
            .bind(since)
            .bind(version.brand)
            .bind(purchase)
            .bind(bought.received_at)
            .maybe()
            .await?;
        let key = format!("incentive_new:{campaign}:{}", bought.consumer_id);
        let known: Option<(EntryId,)> = tx.query(KNOWN).bind(key.clone()).maybe().await?;
        if is_new.is_some() && known.is_none() {
            insert(
                tx,
                now,
                purchase,
                bought,
                version,
                pay,
                New { kind: "new_consumer", key, units: 1, amount, date: bought.business_date },
            )
            .await?;
        }
    }
    Ok(())
}

struct New {
    kind: &'static str,
    key: String,
    units: i64,
    amount: i64,
    date: CivilDate,
}

async fn insert(
    tx: &mut Tx,
    now: Timestamp,
    purchase: PurchaseId,
    bought: &Bought,
    version: &LiveVersion,
    pay: &Pay,
    new: New,
) -> Result<(), Error> {
    let id: EntryId = tx.new_id();
    tx.query(OWE)
        .bind(id)
        .bind(new.key)
        .bind(bought.shop_id)
        .bind(version.tenant)
        .bind(version.brand)
        .bind(version.campaign)
        .bind(bought.member_id)
        .bind(purchase)
        .bind(new.kind)
        .bind(new.units)
        .bind(new.amount)
        .bind(pay.currency)
        .bind(now)
        .bind(new.date)
        .execute()
        .await?;
    Ok(())
}

sql! {
    ALL: "SELECT campaign_id, currency, per_unit_minor, per_new_consumer_minor, day_max_minor, valid_from FROM campaign_incentive";

    OF_TENANT: "SELECT i.campaign_id, c.name AS campaign_name, i.brand_id, i.currency, i.per_unit_minor, i.per_new_consumer_minor, i.day_max_minor, i.valid_from
                FROM campaign_incentive i JOIN campaign c ON c.id = i.campaign_id
                WHERE i.tenant_id = $1 AND NOT EXISTS (SELECT 1 FROM campaign_incentive n WHERE n.campaign_id = i.campaign_id AND n.valid_from > i.valid_from)
                ORDER BY c.name, i.campaign_id LIMIT 200";

    INSERT: "INSERT INTO campaign_incentive (id, campaign_id, tenant_id, brand_id, currency, per_unit_minor, per_new_consumer_minor, day_max_minor, valid_from, created_by)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

    REWARDED: "SELECT campaign_id FROM evaluation_now WHERE purchase_id = $1 AND award > 0 ORDER BY campaign_id";

    BOUGHT: "SELECT p.shop_id, p.member_id, p.consumer_id, p.status, p.currency, p.purchased_at, p.received_at, p.business_date, s.time_zone
             FROM purchase p JOIN shop s ON s.id = p.shop_id WHERE p.id = $1";

    LINES: "SELECT product_id, CAST(SUM(quantity - returned_quantity) AS BIGINT) FROM purchase_line
            WHERE purchase_id = $1 AND product_id IS NOT NULL AND NOT reward_line GROUP BY product_id";

    PAID: "SELECT COUNT(*), CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT), CAST(COALESCE(SUM(CASE WHEN kind = 'new_consumer' THEN 0 ELSE units END), 0) AS BIGINT),
                  CAST(COALESCE(SUM(CASE WHEN kind = 'new_consumer' THEN amount_minor ELSE 0 END), 0) AS BIGINT)
           FROM shop_entry WHERE purchase_id = $1 AND campaign_id = $2";

    /// Without returns: they give no room back.
    DAY: "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM shop_entry WHERE campaign_id = $1 AND shop_id = $2 AND business_date = $3 AND amount_minor > 0";

    /// She has a telephone, signed up lately, and nothing of the brand counted for her before.
    IS_NEW: "SELECT n.id FROM consumer n JOIN contact t ON t.consumer_id = n.id
             WHERE n.id = $1 AND t.verified_at >= $2
               AND NOT EXISTS (SELECT 1 FROM evaluation_now v JOIN purchase p ON p.id = v.purchase_id
                               WHERE v.consumer_id = n.id AND v.brand_id = $3 AND v.award > 0 AND v.purchase_id <> $4 AND p.status = 'accepted' AND p.received_at <= $5)";

    KNOWN: "SELECT id FROM shop_entry WHERE business_key = $1";

    OWE: "INSERT INTO shop_entry (id, business_key, shop_id, tenant_id, brand_id, campaign_id, member_id, purchase_id, kind, units, amount_minor, currency, occurred_at, business_date)
          VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
}
