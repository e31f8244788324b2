//! The points ledger: the only writer of entries, lots and wallets.
//!
//! Every entry moves an amount from one account to another, so it balances by itself. A wallet's `available` and a
//! lot's `remaining` are caches of these entries, written beside them in the same transaction; `verify` rebuilds them.

use db::{Sql, Tx, sql};
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
    /// What a card that was completed at once left of it.
    pub remaining: i64,
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

/// Units that a completed card consumes from one lot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Consumed {
    pub lot: LotId,
    pub amount: i64,
    /// The lot is of this very transaction: its remaining units are written with it.
    pub fresh: bool,
}

/// What one transaction moves, gathered first and then written table by table: a statement costs more than a row, so
/// all rows of a table go in one.
///
/// Wallets and lots come first; entries may name rewards, which name wallets, so the caller writes those in between.
#[derive(Default)]
pub(crate) struct Posting {
    wallets: Vec<WalletChange>,
    lots: Vec<Earned>,
    taken: Vec<(LotId, WalletId, i64)>,
    entries: Vec<Entry>,
}

impl Posting {
    /// A wallet's new balance.
    pub(crate) fn change(&mut self, change: WalletChange) {
        if change.new || change.available != 0 {
            self.wallets.push(change);
        }
    }

    /// One lot and its EARN entry.
    pub(crate) fn earn(&mut self, tx: &mut Tx, earned: Earned) {
        assert!(earned.amount > 0 && (0..=earned.amount).contains(&earned.remaining), "an award is positive and keeps a part of itself");
        self.entries.push(Entry {
            id: tx.new_id(),
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
        });
        self.lots.push(earned);
    }

    /// Takes units out of lots for a reward: one entry for each lot touched.
    pub(crate) fn issue_reward(&mut self, tx: &mut Tx, owner: Owner, wallet: WalletId, instance: RewardInstanceId, consumed: &[Consumed], occurred_at: Timestamp) {
        for part in consumed {
            if !part.fresh {
                self.taken.push((part.lot, wallet, part.amount));
            }
            self.entries.push(Entry {
                id: tx.new_id(),
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
            });
        }
    }

    /// Wallets and lots. A balance below zero is a defect of the caller: the update then finds no row.
    pub(crate) async fn write_holdings(&self, tx: &mut Tx, now: Timestamp) -> Result<(), Error> {
        let (given, taken): (Vec<_>, Vec<_>) = self.wallets.iter().partition(|change| change.new || change.available > 0);
        for part in given.chunks(ROWS_MAX) {
            add_to_wallets(tx, part).await?;
        }
        for change in taken {
            let rows = tx.query(TAKE_FROM_WALLET).bind(-change.available).bind(change.wallet).bind(change.owner.consumer).execute().await?;
            assert_eq!(rows, 1, "a wallet read under its lock has lost units");
        }
        for part in self.lots.chunks(ROWS_MAX) {
            insert_lots(tx, part, now).await?;
        }
        for (lot, wallet, amount) in &self.taken {
            let rows = tx.query(TAKE_FROM_LOT).bind(*amount).bind(*lot).bind(*wallet).execute().await?;
            assert_eq!(rows, 1, "a lot read under its lock has lost units");
        }
        Ok(())
    }

    /// The double entries.
    pub(crate) async fn write_entries(&self, tx: &mut Tx, now: Timestamp) -> Result<(), Error> {
        for part in self.entries.chunks(ROWS_MAX) {
            insert_entries(tx, part, now).await?;
        }
        Ok(())
    }
}

/// New wallets with their first units, and more units for those that exist. A wallet that was not there when the
/// consumer's lock was taken and is there now meets its unique key.
async fn add_to_wallets(tx: &mut Tx, changes: &[&WalletChange]) -> Result<(), Error> {
    let mut query = tx.query(ADD_TO_WALLETS.with_rows_then(WALLET_COLUMNS, changes.len(), ADD_TO_KNOWN));
    for change in changes {
        let campaign = (change.unit == Unit::Stamps).then_some(change.owner.campaign);
        query = query
            .bind(change.wallet)
            .bind(change.owner.consumer)
            .bind(change.owner.tenant)
            .bind(change.owner.brand)
            .bind(campaign)
            .bind(scope(change.unit, change.owner.brand, change.owner.campaign))
            .bind(change.unit)
            .bind(change.available)
            .bind(0_i64)
            .bind(0_i64)
            .bind(0_i64);
    }
    query.execute().await?;
    Ok(())
}

async fn insert_lots(tx: &mut Tx, lots: &[Earned], now: Timestamp) -> Result<(), Error> {
    let mut query = tx.query(INSERT_LOTS.with_rows(LOT_COLUMNS, lots.len()));
    for lot in lots {
        query = query
            .bind(lot.lot)
            .bind(lot.wallet)
            .bind(lot.owner.campaign)
            .bind(lot.purchase)
            .bind(lot.amount)
            .bind(lot.remaining)
            .bind(lot.occurred_at)
            .bind(NEVER)
            .bind(now);
    }
    query.execute().await?;
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
    id: EntryId,
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

async fn insert_entries(tx: &mut Tx, entries: &[Entry], now: Timestamp) -> Result<(), Error> {
    let mut query = tx.query(INSERT_ENTRIES.with_rows(ENTRY_COLUMNS, entries.len()));
    for entry in entries {
        query = query
            .bind(entry.id)
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
            .bind(now);
    }
    query.execute().await?;
    Ok(())
}

/// Rows that one statement writes at most; every number of rows is a text of its own.
pub(crate) const ROWS_MAX: usize = 100;

const WALLET_COLUMNS: usize = 11;
const ADD_TO_WALLETS: Sql =
    Sql::same("INSERT INTO wallet (id, consumer_id, tenant_id, brand_id, campaign_id, scope_id, unit, available, pending, reserved, debt) VALUES");
const ADD_TO_KNOWN: &str = "ON CONFLICT (id) DO UPDATE SET available = wallet.available + excluded.available";

const LOT_COLUMNS: usize = 9;
const INSERT_LOTS: Sql = Sql::same("INSERT INTO lot (id, wallet_id, campaign_id, purchase_id, awarded, remaining, available_at, expires_at, created_at) VALUES");

const ENTRY_COLUMNS: usize = 16;
const INSERT_ENTRIES: Sql = Sql::same(
    "INSERT INTO ledger_entry (id, business_key, tenant_id, brand_id, consumer_id, wallet_id, campaign_id, lot_id, purchase_id,
                               reward_instance_id, kind, debit_account, credit_account, amount, occurred_at, recorded_at) VALUES",
);

/// The statements that write several rows, with two of them.
pub(crate) fn row_statements() -> [Sql; 3] {
    [ADD_TO_WALLETS.with_rows_then(WALLET_COLUMNS, 2, ADD_TO_KNOWN), INSERT_LOTS.with_rows(LOT_COLUMNS, 2), INSERT_ENTRIES.with_rows(ENTRY_COLUMNS, 2)]
}

sql! {
    WALLETS: "SELECT id, scope_id, available FROM wallet WHERE consumer_id = $1";

    TAKE_FROM_WALLET: "UPDATE wallet SET available = available - $1 WHERE id = $2 AND consumer_id = $3 AND available >= $1";

    TAKE_FROM_LOT: "UPDATE lot SET remaining = remaining - $1 WHERE id = $2 AND wallet_id = $3 AND remaining >= $1";

    OPEN_LOTS: "SELECT l.id, l.remaining FROM lot l JOIN purchase p ON p.id = l.purchase_id
                WHERE l.wallet_id = $1 AND l.remaining > 0 AND l.expires_at > $2
                ORDER BY l.expires_at, p.purchased_at, l.created_at, l.id";
}
