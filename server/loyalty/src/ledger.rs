//! The points ledger: the only writer of entries, lots and wallets.
//!
//! Every entry moves an amount from one account to another, so it balances by itself. A wallet's `available` and a
//! lot's `remaining` are caches of these entries, written beside them in the same transaction; `verify` rebuilds them.

use db::{Tx, sql};
use shared::{
    BrandId, CampaignId, ConsumerId, EntryId, LotId, OrganisationId, PurchaseId, RewardInstanceId, Timestamp, WalletId,
    loyalty::campaign::Unit,
};

use crate::Error;

/// Lots that never expire carry this instant, so that "soonest first" needs no special case.
pub(crate) const NEVER: Timestamp = Timestamp(i64::MAX);

/// A wallet as it stands, read under the consumer's lock.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Wallet {
    pub id: WalletId,
    /// The brand for points, the campaign for stamps.
    pub scope_id: uuid::Uuid,
    pub available: i64,
}

/// Which wallet an award goes to.
pub(crate) fn scope(unit: Unit, brand: BrandId, campaign: CampaignId) -> uuid::Uuid {
    match unit {
        Unit::Points => brand.0,
        Unit::Stamps => campaign.0,
    }
}

/// All wallets of a consumer. The caller holds the consumer's lock when it means to write.
pub(crate) async fn wallets(tx: &mut Tx, consumer: ConsumerId) -> Result<Vec<Wallet>, Error> {
    Ok(tx.query(WALLETS).bind(consumer).all().await?)
}

/// Where the units of a wallet come from and go to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner {
    pub tenant: OrganisationId,
    pub brand: BrandId,
    pub campaign: CampaignId,
    pub consumer: ConsumerId,
}

/// Units that a purchase earned: one lot, one entry.
#[derive(Debug)]
pub(crate) struct Earned {
    pub owner: Owner,
    pub wallet: WalletId,
    pub lot: LotId,
    pub purchase: PurchaseId,
    pub amount: i64,
    pub occurred_at: Timestamp,
}

/// A wallet's change over the whole transaction.
#[derive(Debug)]
pub(crate) struct WalletChange {
    pub owner: Owner,
    pub wallet: WalletId,
    pub unit: Unit,
    /// The wallet does not exist yet.
    pub new: bool,
    /// What `available` gains; negative when more was consumed than earned.
    pub available: i64,
}

/// Writes a wallet's new balance. A balance below zero is a defect of the caller: the update then finds no row.
pub(crate) async fn change_wallet(tx: &mut Tx, change: &WalletChange) -> Result<(), Error> {
    if change.new {
        let campaign = (change.unit == Unit::Stamps).then_some(change.owner.campaign);
        tx.query(INSERT_WALLET)
            .bind(change.wallet)
            .bind(change.owner.consumer)
            .bind(change.owner.tenant)
            .bind(change.owner.brand)
            .bind(campaign)
            .bind(scope(change.unit, change.owner.brand, change.owner.campaign))
            .bind(change.unit)
            .bind(change.available)
            .execute()
            .await?;
    } else if change.available != 0 {
        let rows = tx.query(ADD_TO_WALLET).bind(change.available).bind(change.wallet).bind(change.owner.consumer).execute().await?;
        assert_eq!(rows, 1, "a wallet read under its lock has lost units");
    }
    Ok(())
}

/// One lot and its EARN entry.
pub(crate) async fn post_earned(tx: &mut Tx, earned: &Earned, remaining: i64, now: Timestamp) -> Result<(), Error> {
    assert!(earned.amount > 0 && (0..=earned.amount).contains(&remaining), "an award is positive and keeps a part of itself");
    tx.query(INSERT_LOT)
        .bind(earned.lot)
        .bind(earned.wallet)
        .bind(earned.owner.campaign)
        .bind(earned.purchase)
        .bind(earned.amount)
        .bind(remaining)
        .bind(earned.occurred_at)
        .bind(NEVER)
        .bind(now)
        .execute()
        .await?;
    let entry = Entry {
        business_key: format!("earn:{}:{}", earned.purchase, earned.owner.campaign),
        owner: earned.owner,
        wallet: earned.wallet,
        lot: Some(earned.lot),
        purchase: Some(earned.purchase),
        reward_instance: None,
        kind: "EARN",
        debit: "issued_pool",
        credit: "available",
        amount: earned.amount,
        occurred_at: earned.occurred_at,
    };
    insert_entry(tx, &entry, now).await
}

/// Units that a completed card consumes from one lot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Consumed {
    pub lot: LotId,
    pub amount: i64,
    /// The lot is of this very transaction: its remaining units are written with it.
    pub fresh: bool,
}

/// Takes units out of lots for a reward: one entry for each lot touched.
pub(crate) async fn post_reward_issue(
    tx: &mut Tx,
    owner: Owner,
    wallet: WalletId,
    instance: RewardInstanceId,
    consumed: &[Consumed],
    occurred_at: Timestamp,
    now: Timestamp,
) -> Result<(), Error> {
    for part in consumed {
        if !part.fresh {
            let rows = tx.query(TAKE_FROM_LOT).bind(part.amount).bind(part.lot).bind(wallet).execute().await?;
            assert_eq!(rows, 1, "a lot read under its lock has lost units");
        }
        let entry = Entry {
            business_key: format!("reward_issue:{instance}:{}", part.lot),
            owner,
            wallet,
            lot: Some(part.lot),
            purchase: None,
            reward_instance: Some(instance),
            kind: "REWARD_ISSUE",
            debit: "available",
            credit: "redeemed",
            amount: part.amount,
            occurred_at,
        };
        insert_entry(tx, &entry, now).await?;
    }
    Ok(())
}

/// Lots with units left, soonest to expire first; then the older purchase, then the older lot.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub(crate) struct OpenLot {
    pub id: LotId,
    pub remaining: i64,
}

/// The lots that can be spent, in the order in which they are.
pub(crate) async fn open_lots(tx: &mut Tx, wallet: WalletId, at: Timestamp) -> Result<Vec<OpenLot>, Error> {
    Ok(tx.query(OPEN_LOTS).bind(wallet).bind(at).all().await?)
}

struct Entry {
    business_key: String,
    owner: Owner,
    wallet: WalletId,
    lot: Option<LotId>,
    purchase: Option<PurchaseId>,
    reward_instance: Option<RewardInstanceId>,
    kind: &'static str,
    debit: &'static str,
    credit: &'static str,
    amount: i64,
    occurred_at: Timestamp,
}

async fn insert_entry(tx: &mut Tx, entry: &Entry, now: Timestamp) -> Result<(), Error> {
    let id: EntryId = tx.new_id();
    tx.query(INSERT_ENTRY)
        .bind(id)
        .bind(entry.business_key.clone())
        .bind(entry.owner.tenant)
        .bind(entry.owner.brand)
        .bind(entry.owner.consumer)
        .bind(entry.wallet)
        .bind(entry.owner.campaign)
        .bind(entry.lot)
        .bind(entry.purchase)
        .bind(entry.reward_instance)
        .bind(entry.kind)
        .bind(entry.debit)
        .bind(entry.credit)
        .bind(entry.amount)
        .bind(entry.occurred_at)
        .bind(now)
        .execute()
        .await?;
    Ok(())
}

sql! {
    WALLETS: "SELECT id, scope_id, available FROM wallet WHERE consumer_id = $1";

    INSERT_WALLET: "INSERT INTO wallet (id, consumer_id, tenant_id, brand_id, campaign_id, scope_id, unit, available, pending, reserved, debt)
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, 0)";

    ADD_TO_WALLET: "UPDATE wallet SET available = available + $1 WHERE id = $2 AND consumer_id = $3 AND available + $1 >= 0";

    INSERT_LOT: "INSERT INTO lot (id, wallet_id, campaign_id, purchase_id, awarded, remaining, available_at, expires_at, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

    TAKE_FROM_LOT: "UPDATE lot SET remaining = remaining - $1 WHERE id = $2 AND wallet_id = $3 AND remaining >= $1";

    OPEN_LOTS: "SELECT l.id, l.remaining FROM lot l JOIN purchase p ON p.id = l.purchase_id
                WHERE l.wallet_id = $1 AND l.remaining > 0 AND l.expires_at > $2
                ORDER BY l.expires_at, p.purchased_at, l.created_at, l.id";

    INSERT_ENTRY: "INSERT INTO ledger_entry (id, business_key, tenant_id, brand_id, consumer_id, wallet_id, campaign_id, lot_id, purchase_id,
                                             reward_instance_id, kind, debit_account, credit_account, amount, occurred_at, recorded_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
}
