//! The books of consumers: the only reader and writer of entries, lots and wallets.
//!
//! [`load`] reads an [`Account`] under the consumer's lock and [`write`] puts down what a verb changed: wallets, lots,
//! rewards, entries. A wallet's holdings and a lot's `remaining` are caches of the entries, written beside them in the
//! same transaction; `verify` rebuilds them.

use std::collections::BTreeSet;

use db::{Sql, Tx, sql};
use shared::{
    AdjustmentId, BrandId, CampaignId, CivilDate, ConsumerId, EntryId, LotId, OrganisationId, PurchaseId, RewardId, RewardInstanceId,
    ShopId, Timestamp, WalletId,
    loyalty::{RewardStatus, campaign::Unit, ticket::TICKET_GRACE_MS},
};

use crate::{
    Error,
    account::{Account, Closed, Entry, Held, Holdings, Kind, Lot, Owner, Undoable, Wallet},
    changes::{self, day_of},
    reward::{self, NewInstance},
};

#[derive(sqlx::FromRow)]
struct WalletRow {
    id: WalletId,
    tenant_id: OrganisationId,
    brand_id: BrandId,
    campaign_id: Option<CampaignId>,
    scope_id: uuid::Uuid,
    unit: Unit,
    available: i64,
    pending: i64,
    reserved: i64,
    debt: i64,
    due_at: Timestamp,
}

impl From<WalletRow> for Wallet {
    fn from(row: WalletRow) -> Self {
        let held = Holdings { available: row.available, pending: row.pending, reserved: row.reserved, debt: row.debt };
        Self {
            id: row.id,
            tenant: row.tenant_id,
            brand: row.brand_id,
            campaign: row.campaign_id,
            scope: row.scope_id,
            unit: row.unit,
            new: false,
            before: held,
            now: held,
            due_at: row.due_at,
            complete: false,
            lots: Vec::new(),
        }
    }
}

#[derive(sqlx::FromRow)]
struct LotRow {
    id: LotId,
    campaign_id: CampaignId,
    purchase_id: PurchaseId,
    adjustment_id: Option<AdjustmentId>,
    shop_id: Option<ShopId>,
    business_date: CivilDate,
    purchased_at: Timestamp,
    awarded: i64,
    remaining: i64,
    active: bool,
    expired: i64,
    reversed: i64,
    available_at: Timestamp,
    expires_at: Timestamp,
}

impl From<LotRow> for Lot {
    fn from(row: LotRow) -> Self {
        Self {
            id: row.id,
            campaign: row.campaign_id,
            purchase: row.purchase_id,
            adjustment: row.adjustment_id,
            shop: row.shop_id,
            business_date: row.business_date,
            purchased_at: row.purchased_at,
            awarded: row.awarded,
            remaining: row.remaining,
            active: row.active,
            expired: row.expired,
            reversed: row.reversed,
            available_at: row.available_at,
            expires_at: row.expires_at,
            fresh: false,
            changed: false,
        }
    }
}

/// How much of a wallet's past a verb needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Lots only where time has done something: most purchases add one lot and look at none.
    Due,
    /// All lots of all wallets, emptied ones too.
    Whole,
}

/// The wallets of a consumer with as many lots as are needed. The caller holds the consumer's lock when it means to write.
pub(crate) async fn load(tx: &mut Tx, consumer: ConsumerId, now: Timestamp, depth: Depth) -> Result<Account, Error> {
    let wallets: Vec<Wallet> = tx.query(WALLETS).bind(consumer).all::<WalletRow>().await?.into_iter().map(Wallet::from).collect();
    let mut held = Vec::new();
    if wallets.iter().any(|wallet| wallet.now.reserved > 0) {
        for (instance, reward, wallet, until) in
            tx.query(HELD).bind(consumer).all::<(RewardInstanceId, RewardId, WalletId, Timestamp)>().await?
        {
            held.push(Held { instance, reward, wallet, until, parts: parts_of(tx, instance).await? });
        }
    }
    let mut account = Account::new(consumer, wallets, held);
    for place in 0..account.wallets.len() {
        if depth == Depth::Whole || account.wallets[place].due_at <= now {
            load_lots(tx, &mut account, place, depth).await?;
        }
    }
    Ok(account)
}

/// The lots of one wallet, when they are not there yet.
pub(crate) async fn load_lots(tx: &mut Tx, account: &mut Account, place: usize, depth: Depth) -> Result<(), Error> {
    let wallet = &mut account.wallets[place];
    if wallet.complete {
        return Ok(());
    }
    // Units that were held go back into lots that may be empty.
    let all = depth == Depth::Whole || wallet.now.reserved > 0;
    let lots = tx.query(if all { LOTS } else { OPEN_LOTS }).bind(wallet.id).all::<LotRow>().await?;
    wallet.lots.extend(lots.into_iter().map(Lot::from));
    wallet.complete = true;
    Ok(())
}

/// From which lots a reward was paid, how much from each.
pub(crate) async fn parts_of(tx: &mut Tx, instance: RewardInstanceId) -> Result<Vec<(LotId, i64)>, Error> {
    Ok(tx.query(PARTS).bind(instance).all().await?)
}

/// Wallets, lots, rewards and entries of what a verb did. Nothing when it did nothing.
///
/// Wallets and lots come first; entries may name rewards, which name wallets, so those are written in between.
pub(crate) async fn write(tx: &mut Tx, account: &Account, issued: &[NewInstance], now: Timestamp) -> Result<(), Error> {
    // Nobody needs a wallet that never held anything. One with the emptied lots of a claimed card did: rewards name it.
    let used = |wallet: &&Wallet| !wallet.new || !wallet.lots.is_empty() || account.entries.iter().any(|entry| entry.wallet == wallet.id);
    let wallets: Vec<&Wallet> = account.wallets.iter().filter(used).collect();
    write_wallets(tx, account, &wallets).await?;
    for wallet in wallets {
        let fresh: Vec<&Lot> = wallet.lots.iter().filter(|lot| lot.fresh).collect();
        for part in fresh.chunks(ROWS_MAX) {
            insert_lots(tx, wallet.id, part, now).await?;
        }
        for lot in wallet.lots.iter().filter(|lot| lot.changed && !lot.fresh) {
            let rows = tx
                .query(UPDATE_LOT)
                .bind(lot.remaining)
                .bind(lot.active)
                .bind(lot.expired)
                .bind(lot.reversed)
                .bind(lot.id)
                .bind(wallet.id)
                .execute()
                .await?;
            assert_eq!(rows, 1, "a lot read under its lock is gone");
        }
    }
    for instance in issued {
        reward::insert_instance(tx, instance).await?;
    }
    // Rows of stocks in one order, whoever writes them.
    let mut closed: Vec<&Closed> = account.closed.iter().collect();
    closed.sort_by_key(|closed| closed.unit_of);
    for closed in closed {
        close(tx, closed).await?;
    }
    for part in account.entries.chunks(ROWS_MAX) {
        insert_entries(tx, part, now).await?;
    }
    let days = changed_days(tx, account, issued).await?;
    changes::note_points(tx, now, &days).await
}

/// Days of which reports tell something else now: those of the entries and rewards, and those on which the entries' points
/// were earned.
async fn changed_days(tx: &mut Tx, account: &Account, issued: &[NewInstance]) -> Result<BTreeSet<(BrandId, i64)>, Error> {
    let mut days: BTreeSet<(BrandId, i64)> = issued.iter().map(|instance| (instance.brand(), day_of(instance.at()))).collect();
    for entry in &account.entries {
        days.insert((entry.owner.brand, day_of(entry.at)));
        let (Some(lot), Some(wallet)) = (entry.lot, account.wallets.iter().find(|wallet| wallet.id == entry.wallet)) else {
            continue;
        };
        if wallet.unit == Unit::Stamps || entry.kind == Kind::Earn {
            continue;
        }
        let earned_at = match wallet.lots.iter().find(|known| known.id == lot) {
            Some(known) => known.purchased_at,
            // It went to another wallet with a claimed card.
            None => tx.query(EARNED_AT).bind(lot).one::<(Timestamp,)>().await?.0,
        };
        days.insert((entry.owner.brand, day_of(earned_at)));
    }
    Ok(days)
}

async fn close(tx: &mut Tx, closed: &Closed) -> Result<(), Error> {
    let rows = tx.query(CLOSE).bind(closed.to).bind(closed.instance).bind(closed.from).execute().await?;
    assert_eq!(rows, 1, "a reward read under its consumer's lock has another state");
    if let Some(reward) = closed.unit_of {
        // Asked again, now that the row is ours: another consumer may have been given the unit meanwhile.
        let (passed_on,): (bool,) = tx.query(PASSED_ON).bind(closed.instance).one().await?;
        if !passed_on {
            reward::return_unit(tx, reward).await?;
        }
    }
    Ok(())
}

/// New wallets and those that gained in one statement; those that lost something by themselves, where a balance below
/// zero is a defect of the caller and finds no row.
async fn write_wallets(tx: &mut Tx, account: &Account, wallets: &[&Wallet]) -> Result<(), Error> {
    let changed =
        |wallet: &&&Wallet| wallet.new || wallet.now != wallet.before || wallet.complete && wallet.next_due(&account.held) != wallet.due_at;
    let gains = |wallet: &&Wallet| {
        let (now, before) = (wallet.now, wallet.before);
        now.available >= before.available && now.pending >= before.pending && now.reserved >= before.reserved && now.debt >= before.debt
    };
    let (gained, lost): (Vec<&Wallet>, Vec<&Wallet>) = wallets.iter().filter(changed).copied().partition(gains);
    for part in gained.chunks(ROWS_MAX) {
        let mut query = tx.query(ADD_TO_WALLETS.with_rows_then(WALLET_COLUMNS, part.len(), ADD_TO_KNOWN));
        for wallet in part {
            query = query
                .bind(wallet.id)
                .bind(account.consumer)
                .bind(wallet.tenant)
                .bind(wallet.brand)
                .bind(wallet.campaign)
                .bind(wallet.scope)
                .bind(wallet.unit)
                .bind(wallet.now.available - wallet.before.available)
                .bind(wallet.now.pending - wallet.before.pending)
                .bind(wallet.now.reserved - wallet.before.reserved)
                .bind(wallet.now.debt - wallet.before.debt)
                .bind(wallet.next_due(&account.held));
        }
        query.execute().await?;
    }
    for wallet in lost {
        let rows = tx
            .query(CHANGE_WALLET)
            .bind(wallet.now.available - wallet.before.available)
            .bind(wallet.now.pending - wallet.before.pending)
            .bind(wallet.now.reserved - wallet.before.reserved)
            .bind(wallet.now.debt - wallet.before.debt)
            .bind(wallet.next_due(&account.held))
            .bind(wallet.id)
            .bind(account.consumer)
            .execute()
            .await?;
        assert_eq!(rows, 1, "a wallet read under its lock is gone");
    }
    Ok(())
}

async fn insert_lots(tx: &mut Tx, wallet: WalletId, lots: &[&Lot], now: Timestamp) -> Result<(), Error> {
    let mut query = tx.query(INSERT_LOTS.with_rows(LOT_COLUMNS, lots.len()));
    for lot in lots {
        query = query
            .bind(lot.id)
            .bind(wallet)
            .bind(lot.campaign)
            .bind(lot.purchase)
            .bind(lot.adjustment)
            .bind(lot.shop)
            .bind(lot.business_date)
            .bind(lot.purchased_at)
            .bind(lot.awarded)
            .bind(lot.remaining)
            .bind(lot.active)
            .bind(lot.expired)
            .bind(lot.reversed)
            .bind(lot.available_at)
            .bind(lot.expires_at)
            .bind(now);
    }
    query.execute().await?;
    Ok(())
}

async fn insert_entries(tx: &mut Tx, entries: &[Entry], now: Timestamp) -> Result<(), Error> {
    let ids: Vec<EntryId> = entries.iter().map(|_| tx.new_id()).collect();
    let mut query = tx.query(INSERT_ENTRIES.with_rows(ENTRY_COLUMNS, entries.len()));
    for (entry, id) in entries.iter().zip(ids) {
        let Owner { tenant, brand, campaign, consumer } = entry.owner;
        query = query
            .bind(id)
            .bind(named(entry, id))
            .bind(tenant)
            .bind(brand)
            .bind(consumer)
            .bind(entry.wallet)
            .bind(campaign)
            .bind(entry.lot)
            .bind(entry.purchase)
            .bind(entry.adjustment)
            .bind(entry.instance)
            .bind(entry.kind.code())
            .bind(entry.debit)
            .bind(entry.credit)
            .bind(entry.amount)
            .bind(entry.at)
            .bind(now);
    }
    query.execute().await?;
    Ok(())
}

/// The fact behind an entry. Units can come back into a lot and expire there again, by clocks of two machines that differ:
/// what guards an expiry is the lot's own remainder.
fn named(entry: &Entry, id: EntryId) -> String {
    if entry.kind == Kind::Expire { format!("{}:{id}", entry.key) } else { entry.key.clone() }
}

/// Rewards of a wallet that were given by themselves and wait to be handed over, newest first, with what paid for them.
/// One that a ticket binds may have been handed over already by a phone that has no network.
pub(crate) async fn undoable(tx: &mut Tx, wallet: WalletId, now: Timestamp) -> Result<Vec<Undoable>, Error> {
    let unbound = now.plus_ms(-TICKET_GRACE_MS);
    let waiting: Vec<(RewardInstanceId, RewardId)> = tx.query(UNDOABLE).bind(wallet).bind(RewardStatus::Issued).bind(unbound).all().await?;
    let mut found = Vec::with_capacity(waiting.len());
    for (instance, reward) in waiting {
        found.push((instance, reward, parts_of(tx, instance).await?));
    }
    Ok(found)
}

/// What a consumer was really given by each campaign, by shop and local day: returns are subtracted.
pub(crate) async fn given(tx: &mut Tx, consumer: ConsumerId) -> Result<Vec<(CampaignId, Option<ShopId>, CivilDate, i64)>, Error> {
    Ok(tx.query(GIVEN).bind(consumer).all().await?)
}

/// A consumer for whom time has done something that nobody wrote down.
pub(crate) async fn is_due(tx: &mut Tx, consumer: ConsumerId, now: Timestamp) -> Result<bool, Error> {
    Ok(tx.query(IS_DUE).bind(consumer).bind(now).maybe::<(i64,)>().await?.is_some())
}

/// Such consumers, those who wait longest first.
pub(crate) async fn due(tx: &mut Tx, now: Timestamp, limit: i64) -> Result<Vec<ConsumerId>, Error> {
    let rows: Vec<(ConsumerId,)> = tx.query(DUE).bind(now).bind(limit).all().await?;
    Ok(rows.into_iter().map(|(consumer,)| consumer).collect())
}

/// Rows that one statement writes at most; every number of rows is a text of its own.
pub(crate) const ROWS_MAX: usize = 100;

const WALLET_COLUMNS: usize = 12;
const ADD_TO_WALLETS: Sql = Sql::same(
    "INSERT INTO wallet (id, consumer_id, tenant_id, brand_id, campaign_id, scope_id, unit, available, pending, reserved, debt, due_at) VALUES",
);
const ADD_TO_KNOWN: &str =
    "ON CONFLICT (id) DO UPDATE SET available = wallet.available + excluded.available, pending = wallet.pending + excluded.pending,
                            reserved = wallet.reserved + excluded.reserved, debt = wallet.debt + excluded.debt, due_at = excluded.due_at";

const LOT_COLUMNS: usize = 16;
const INSERT_LOTS: Sql = Sql::same(
    "INSERT INTO lot (id, wallet_id, campaign_id, purchase_id, adjustment_id, shop_id, business_date, purchased_at, awarded, remaining, active, expired, reversed,
                      available_at, expires_at, created_at) VALUES",
);

const ENTRY_COLUMNS: usize = 17;
const INSERT_ENTRIES: Sql = Sql::same(
    "INSERT INTO ledger_entry (id, business_key, tenant_id, brand_id, consumer_id, wallet_id, campaign_id, lot_id, purchase_id, adjustment_id,
                               reward_instance_id, kind, debit_account, credit_account, amount, occurred_at, recorded_at) VALUES",
);

/// The statements that write several rows, with two of them.
pub(crate) fn row_statements() -> [Sql; 3] {
    [
        ADD_TO_WALLETS.with_rows_then(WALLET_COLUMNS, 2, ADD_TO_KNOWN),
        INSERT_LOTS.with_rows(LOT_COLUMNS, 2),
        INSERT_ENTRIES.with_rows(ENTRY_COLUMNS, 2),
    ]
}

sql! {
    WALLETS: "SELECT id, tenant_id, brand_id, campaign_id, scope_id, unit, available, pending, reserved, debt, due_at FROM wallet WHERE consumer_id = $1 ORDER BY id";

    CHANGE_WALLET: "UPDATE wallet SET available = available + $1, pending = pending + $2, reserved = reserved + $3, debt = debt + $4, due_at = $5
                    WHERE id = $6 AND consumer_id = $7";

    /// A claimed card's lots change their wallet.
    UPDATE_LOT: "UPDATE lot SET remaining = $1, active = $2, expired = $3, reversed = $4, wallet_id = $6 WHERE id = $5";

    EARNED_AT: "SELECT purchased_at FROM lot WHERE id = $1";

    LOTS: "SELECT id, campaign_id, purchase_id, adjustment_id, shop_id, business_date, purchased_at, awarded, remaining, active, expired, reversed, available_at, expires_at
           FROM lot WHERE wallet_id = $1 ORDER BY id";

    /// A lot that expired before it became active still waits for that.
    OPEN_LOTS: "SELECT id, campaign_id, purchase_id, adjustment_id, shop_id, business_date, purchased_at, awarded, remaining, active, expired, reversed, available_at, expires_at
                FROM lot WHERE wallet_id = $1 AND (remaining > 0 OR NOT active) ORDER BY id";

    HELD: "SELECT id, reward_id, wallet_id, reserved_until FROM reward_instance WHERE consumer_id = $1 AND status = 'reserved' ORDER BY id";

    PARTS: "SELECT lot_id, amount FROM ledger_entry WHERE reward_instance_id = $1 AND kind IN ('REWARD_ISSUE', 'RESERVE') ORDER BY id";

    CLOSE: "UPDATE reward_instance SET status = $1 WHERE id = $2 AND status = $3";

    PASSED_ON: "SELECT unit_passed_on FROM reward_instance WHERE id = $1";

    UNDOABLE: "SELECT id, reward_id FROM reward_instance WHERE wallet_id = $1 AND status = $2 AND automatic AND goal_id IS NULL AND (ticket_until IS NULL OR ticket_until <= $3) ORDER BY issued_at DESC, id DESC";

    GIVEN: "SELECT l.campaign_id, l.shop_id, l.business_date, CAST(SUM(l.awarded - l.reversed) AS BIGINT) AS given
            FROM lot l JOIN wallet w ON w.id = l.wallet_id
            WHERE w.consumer_id = $1 AND l.adjustment_id IS NULL GROUP BY l.campaign_id, l.shop_id, l.business_date";

    IS_DUE: "SELECT CAST(1 AS BIGINT) FROM wallet WHERE consumer_id = $1 AND due_at <= $2 LIMIT 1";

    DUE: "SELECT consumer_id FROM wallet WHERE due_at <= $1 AND due_at < 9223372036854775807 GROUP BY consumer_id ORDER BY MIN(due_at) LIMIT $2";
}

#[cfg(test)]
mod tests {
    use crate::account::NEVER;

    #[test]
    fn never_is_what_the_statements_say() {
        assert_eq!(NEVER.0, 9_223_372_036_854_775_807);
    }
}
