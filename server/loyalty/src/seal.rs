//! The seals of the three ledgers: what moved in wallets, what brands owe shops for rewards, and what shops earn beside them.
//! A chain for each brand.

use db::{Db, Tx, sql};
use identity::seal::{Book, Checked, Pace, Sealed, check, seal};
use shared::{
    AdjustmentId, BrandId, CampaignId, CivilDate, ConsumerId, LotId, MemberId, OrganisationId, PurchaseId, RewardInstanceId, ShopId,
    Timestamp, WalletId,
};

use crate::Error;

#[derive(sqlx::FromRow)]
struct Entry {
    business_key: String,
    tenant_id: OrganisationId,
    brand_id: BrandId,
    consumer_id: ConsumerId,
    wallet_id: WalletId,
    campaign_id: CampaignId,
    lot_id: Option<LotId>,
    purchase_id: Option<PurchaseId>,
    reward_instance_id: Option<RewardInstanceId>,
    adjustment_id: Option<AdjustmentId>,
    kind: String,
    debit_account: String,
    credit_account: String,
    amount: i64,
    occurred_at: Timestamp,
    recorded_at: Timestamp,
}

impl Sealed for Entry {
    fn says(&self) -> Vec<Option<String>> {
        let mut says = vec![
            Some(self.business_key.clone()),
            Some(self.tenant_id.to_string()),
            Some(self.brand_id.to_string()),
            Some(self.consumer_id.to_string()),
            Some(self.wallet_id.to_string()),
            Some(self.campaign_id.to_string()),
            self.lot_id.map(|id| id.to_string()),
            self.purchase_id.map(|id| id.to_string()),
            self.reward_instance_id.map(|id| id.to_string()),
            Some(self.kind.clone()),
            Some(self.debit_account.clone()),
            Some(self.credit_account.clone()),
            Some(self.amount.to_string()),
            Some(self.occurred_at.0.to_string()),
            Some(self.recorded_at.0.to_string()),
        ];
        // What no person corrected says nothing of it, as before there were corrections.
        says.extend(self.adjustment_id.map(|id| Some(id.to_string())));
        says
    }
}

#[derive(sqlx::FromRow)]
struct Payable {
    business_key: String,
    shop_id: ShopId,
    tenant_id: OrganisationId,
    brand_id: BrandId,
    reward_instance_id: RewardInstanceId,
    kind: String,
    unit_cost_minor: i64,
    handling_fee_minor: i64,
    amount_minor: i64,
    currency: String,
    occurred_at: Timestamp,
    business_date: CivilDate,
}

impl Sealed for Payable {
    fn says(&self) -> Vec<Option<String>> {
        vec![
            Some(self.business_key.clone()),
            Some(self.shop_id.to_string()),
            Some(self.tenant_id.to_string()),
            Some(self.brand_id.to_string()),
            Some(self.reward_instance_id.to_string()),
            Some(self.kind.clone()),
            Some(self.unit_cost_minor.to_string()),
            Some(self.handling_fee_minor.to_string()),
            Some(self.amount_minor.to_string()),
            Some(self.currency.clone()),
            Some(self.occurred_at.0.to_string()),
            Some(self.business_date.to_string()),
        ]
    }
}

#[derive(sqlx::FromRow)]
struct Earned {
    business_key: String,
    shop_id: ShopId,
    tenant_id: OrganisationId,
    brand_id: BrandId,
    campaign_id: Option<CampaignId>,
    member_id: Option<MemberId>,
    purchase_id: Option<PurchaseId>,
    kind: String,
    units: i64,
    amount_minor: i64,
    currency: String,
    reason: Option<String>,
    occurred_at: Timestamp,
    business_date: CivilDate,
}

impl Sealed for Earned {
    fn says(&self) -> Vec<Option<String>> {
        vec![
            Some(self.business_key.clone()),
            Some(self.shop_id.to_string()),
            Some(self.tenant_id.to_string()),
            Some(self.brand_id.to_string()),
            self.campaign_id.map(|id| id.to_string()),
            self.member_id.map(|id| id.to_string()),
            self.purchase_id.map(|id| id.to_string()),
            Some(self.kind.clone()),
            Some(self.units.to_string()),
            Some(self.amount_minor.to_string()),
            Some(self.currency.clone()),
            self.reason.clone(),
            Some(self.occurred_at.0.to_string()),
            Some(self.business_date.to_string()),
        ]
    }
}

const LEDGER: Book = Book {
    name: "ledger_entry",
    waiting: LEDGER_WAITING,
    unsealed: LEDGER_UNSEALED,
    seal: LEDGER_SEAL,
    sealed: LEDGER_SEALED,
    chains: LEDGER_CHAINS,
    count: LEDGER_COUNT,
    listed: LEDGER_LISTED,
};
const PAYABLES: Book = Book {
    name: "payable_entry",
    waiting: PAYABLE_WAITING,
    unsealed: PAYABLE_UNSEALED,
    seal: PAYABLE_SEAL,
    sealed: PAYABLE_SEALED,
    chains: PAYABLE_CHAINS,
    count: PAYABLE_COUNT,
    listed: PAYABLE_LISTED,
};

const EARNINGS: Book = Book {
    name: "shop_entry",
    waiting: EARNED_WAITING,
    unsealed: EARNED_UNSEALED,
    seal: EARNED_SEAL,
    sealed: EARNED_SEALED,
    chains: EARNED_CHAINS,
    count: EARNED_COUNT,
    listed: EARNED_LISTED,
};

/// Seals what waits, in the ledgers and in the audit, while others sell. Returns how many rows it was.
pub async fn all(db: &Db, now: Timestamp) -> Result<u64, Error> {
    paced(db, now, Pace::BESIDE_SALES).await
}

/// The same at a pace.
pub async fn paced(db: &Db, now: Timestamp, pace: Pace) -> Result<u64, Error> {
    let entries = seal::<Entry>(db, &LEDGER, now, pace).await?;
    let payables = seal::<Payable>(db, &PAYABLES, now, pace).await?;
    let earned = seal::<Earned>(db, &EARNINGS, now, pace).await?;
    let audit = seal::<identity::seal::AuditRow>(db, &identity::seal::AUDIT, now, pace).await?;
    Ok(entries + payables + earned + audit)
}

/// Works every seal out again, by book.
pub(crate) async fn check_all(tx: &mut Tx) -> Result<[(&'static str, Checked); 4], Error> {
    Ok([
        ("seals of the ledger", check::<Entry>(tx, &LEDGER).await?),
        ("seals of what shops are owed", check::<Payable>(tx, &PAYABLES).await?),
        ("seals of what shops earn", check::<Earned>(tx, &EARNINGS).await?),
        ("seals of the audit", check::<identity::seal::AuditRow>(tx, &identity::seal::AUDIT).await?),
    ])
}

sql! {
    /// Every row has its brand: for the chain of nobody there is none.
    /// In the order of what has no seal, so that no engine looks among millions that have one.
    LEDGER_WAITING: "SELECT brand_id FROM ledger_entry WHERE sequence IS NULL AND brand_id >= $1 AND (brand_id > $1 OR $2) ORDER BY brand_id, recorded_at, id LIMIT 1";

    LEDGER_UNSEALED: "SELECT id, business_key, tenant_id, brand_id, consumer_id, wallet_id, campaign_id, lot_id, purchase_id, reward_instance_id, adjustment_id, kind,
                             debit_account, credit_account, amount, occurred_at, recorded_at, sequence, seal
                      FROM ledger_entry WHERE brand_id = $1 AND NOT $2 AND sequence IS NULL ORDER BY recorded_at, id LIMIT $3";

    LEDGER_SEAL: "UPDATE ledger_entry SET sequence = $1, seal = $2 WHERE id = $3 AND brand_id = $4 AND sequence IS NULL";

    LEDGER_SEALED: "SELECT id, business_key, tenant_id, brand_id, consumer_id, wallet_id, campaign_id, lot_id, purchase_id, reward_instance_id, adjustment_id, kind,
                           debit_account, credit_account, amount, occurred_at, recorded_at, sequence, seal
                    FROM ledger_entry WHERE brand_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";

    LEDGER_CHAINS: "SELECT brand_id, COUNT(*) FROM ledger_entry WHERE sequence IS NOT NULL GROUP BY brand_id ORDER BY brand_id";

    LEDGER_COUNT: "SELECT COUNT(*) FROM ledger_entry WHERE sequence IS NULL";

    LEDGER_LISTED: "SELECT id FROM ledger_entry WHERE sequence IS NULL ORDER BY brand_id, recorded_at, id LIMIT $1";

    PAYABLE_WAITING: "SELECT brand_id FROM payable_entry WHERE sequence IS NULL AND brand_id >= $1 AND (brand_id > $1 OR $2) ORDER BY brand_id, occurred_at, id LIMIT 1";

    PAYABLE_UNSEALED: "SELECT id, business_key, shop_id, tenant_id, brand_id, reward_instance_id, kind, unit_cost_minor, handling_fee_minor, amount_minor,
                              currency, occurred_at, business_date, sequence, seal
                       FROM payable_entry WHERE brand_id = $1 AND NOT $2 AND sequence IS NULL ORDER BY occurred_at, id LIMIT $3";

    PAYABLE_SEAL: "UPDATE payable_entry SET sequence = $1, seal = $2 WHERE id = $3 AND brand_id = $4 AND sequence IS NULL";

    PAYABLE_SEALED: "SELECT id, business_key, shop_id, tenant_id, brand_id, reward_instance_id, kind, unit_cost_minor, handling_fee_minor, amount_minor,
                            currency, occurred_at, business_date, sequence, seal
                     FROM payable_entry WHERE brand_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";

    PAYABLE_CHAINS: "SELECT brand_id, COUNT(*) FROM payable_entry WHERE sequence IS NOT NULL GROUP BY brand_id ORDER BY brand_id";

    PAYABLE_COUNT: "SELECT COUNT(*) FROM payable_entry WHERE sequence IS NULL";

    PAYABLE_LISTED: "SELECT id FROM payable_entry WHERE sequence IS NULL ORDER BY brand_id, occurred_at, id LIMIT $1";

    EARNED_WAITING: "SELECT brand_id FROM shop_entry WHERE sequence IS NULL AND brand_id >= $1 AND (brand_id > $1 OR $2) ORDER BY brand_id, occurred_at, id LIMIT 1";

    EARNED_UNSEALED: "SELECT id, business_key, shop_id, tenant_id, brand_id, campaign_id, member_id, purchase_id, kind, units, amount_minor, currency, reason, occurred_at, business_date, sequence, seal
                      FROM shop_entry WHERE brand_id = $1 AND NOT $2 AND sequence IS NULL ORDER BY occurred_at, id LIMIT $3";

    EARNED_SEAL: "UPDATE shop_entry SET sequence = $1, seal = $2 WHERE id = $3 AND brand_id = $4 AND sequence IS NULL";

    EARNED_SEALED: "SELECT id, business_key, shop_id, tenant_id, brand_id, campaign_id, member_id, purchase_id, kind, units, amount_minor, currency, reason, occurred_at, business_date, sequence, seal
                    FROM shop_entry WHERE brand_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";

    EARNED_CHAINS: "SELECT brand_id, COUNT(*) FROM shop_entry WHERE sequence IS NOT NULL GROUP BY brand_id ORDER BY brand_id";

    EARNED_COUNT: "SELECT COUNT(*) FROM shop_entry WHERE sequence IS NULL";

    EARNED_LISTED: "SELECT id FROM shop_entry WHERE sequence IS NULL ORDER BY brand_id, occurred_at, id LIMIT $1";
}
