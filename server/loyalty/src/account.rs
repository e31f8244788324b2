//! A consumer's wallets as a machine of states: what moves, and what time alone moves.
//!
//! Nothing here reads a database or a clock. An [`Account`] is loaded under the consumer's lock, brought up to now with
//! [`Account::next_due`], changed by one verb, and written by `ledger::write`. Every change leaves an [`Entry`], so the
//! books always follow; whatever this file does is what a preview and a simulation do, too.
//!
//! Units of a wallet are *pending* until their lot becomes active, *available* after that, *reserved* while a reward is
//! held for the consumer, and gone when they were spent, expired or taken back. A *debt* is what was taken back and was
//! not there any more.

use std::collections::HashMap;

use shared::{
    AdjustmentId, BrandId, CampaignId, CivilDate, ConsumerId, LotId, OrganisationId, PurchaseId, RewardId, RewardInstanceId, ShopId,
    Timestamp, WalletId,
    loyalty::{
        RewardStatus,
        campaign::{Shortfall, Unit},
    },
};

/// Lots that never expire carry this instant, so that "soonest first" needs no special case.
pub(crate) const NEVER: Timestamp = Timestamp(i64::MAX);

/// Kinds of the ledger, as the contract names them; the last four move what a claimed card held beside its lots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Earn,
    Activate,
    Expire,
    Reverse,
    Debt,
    DebtRepay,
    Waive,
    RewardIssue,
    RewardCancel,
    Reserve,
    Release,
    Spend,
    Refund,
    TransferOut,
    TransferIn,
    ReservedOut,
    ReservedIn,
    DebtOut,
    DebtIn,
}

impl Kind {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Earn => "EARN",
            Self::Activate => "ACTIVATE",
            Self::Expire => "EXPIRE",
            Self::Reverse => "REVERSE",
            Self::Debt => "DEBT",
            Self::DebtRepay => "DEBT_REPAY",
            Self::Waive => "WAIVE",
            Self::RewardIssue => "REWARD_ISSUE",
            Self::RewardCancel => "REWARD_CANCEL",
            Self::Reserve => "RESERVE",
            Self::Release => "RELEASE",
            Self::Spend => "SPEND",
            Self::Refund => "REFUND",
            Self::TransferOut => "TRANSFER_OUT",
            Self::TransferIn => "TRANSFER_IN",
            Self::ReservedOut => "RESERVED_OUT",
            Self::ReservedIn => "RESERVED_IN",
            Self::DebtOut => "DEBT_OUT",
            Self::DebtIn => "DEBT_IN",
        }
    }
}

/// Accounts between which entries move units: four of the wallet, the others of the brand.
pub(crate) mod books {
    pub(crate) const AVAILABLE: &str = "available";
    pub(crate) const PENDING: &str = "pending";
    pub(crate) const RESERVED: &str = "reserved";
    pub(crate) const DEBT: &str = "debt";
    pub(crate) const ISSUED_POOL: &str = "issued_pool";
    pub(crate) const REDEEMED: &str = "redeemed";
    pub(crate) const EXPIRED: &str = "expired";
    pub(crate) const REVERSED: &str = "reversed";
    pub(crate) const WAIVED: &str = "waived";
    pub(crate) const TRANSFER: &str = "transfer";
}
use books::{AVAILABLE, DEBT, EXPIRED, ISSUED_POOL, PENDING, REDEEMED, RESERVED, REVERSED, TRANSFER, WAIVED};

/// Where the units of a wallet come from and go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    pub tenant: OrganisationId,
    pub brand: BrandId,
    pub campaign: CampaignId,
    pub consumer: ConsumerId,
}

/// Which wallet an award goes to: one for all points of a brand, one for the stamps of each campaign.
pub(crate) fn scope(unit: Unit, brand: BrandId, campaign: CampaignId) -> uuid::Uuid {
    match unit {
        Unit::Points => brand.0,
        Unit::Stamps => campaign.0,
    }
}

/// What a wallet holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Holdings {
    pub available: i64,
    pub pending: i64,
    pub reserved: i64,
    pub debt: i64,
}

/// What came together and expires together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lot {
    pub id: LotId,
    pub campaign: CampaignId,
    pub purchase: PurchaseId,
    /// A person's correction made it: it names no award of the purchase.
    pub adjustment: Option<AdjustmentId>,
    pub shop: Option<ShopId>,
    pub business_date: CivilDate,
    pub purchased_at: Timestamp,
    pub awarded: i64,
    /// Neither spent, held, expired nor taken back.
    pub remaining: i64,
    /// Can be used.
    pub active: bool,
    /// Expired, and not yet set against a return.
    pub expired: i64,
    /// Of the award, whoever bore it.
    pub reversed: i64,
    pub available_at: Timestamp,
    pub expires_at: Timestamp,
    pub fresh: bool,
    pub changed: bool,
}

impl Lot {
    /// Soonest to expire first; then the older purchase, then the older lot.
    fn order(&self) -> (Timestamp, Timestamp, LotId) {
        (self.expires_at, self.purchased_at, self.id)
    }
    fn due_at(&self) -> Timestamp {
        match self.remaining {
            0 if self.active => NEVER,
            0 => self.available_at,
            _ if self.active => self.expires_at,
            _ => self.available_at.min(self.expires_at),
        }
    }
}

/// A wallet with as many of its lots as the verb needs.
#[derive(Debug, Clone)]
pub(crate) struct Wallet {
    pub id: WalletId,
    pub tenant: OrganisationId,
    pub brand: BrandId,
    /// The campaign of stamps.
    pub campaign: Option<CampaignId>,
    pub scope: uuid::Uuid,
    pub unit: Unit,
    /// It is not in the database yet.
    pub new: bool,
    /// As it was loaded.
    pub before: Holdings,
    pub now: Holdings,
    /// When time alone changes something, as it was loaded.
    pub due_at: Timestamp,
    /// All lots that still hold something were loaded, so `due_at` can be worked out anew.
    pub complete: bool,
    pub lots: Vec<Lot>,
}

impl Wallet {
    /// When time alone changes something here.
    pub(crate) fn next_due(&self, held: &[Held]) -> Timestamp {
        let lots = self.lots.iter().filter(|lot| self.complete || lot.fresh).map(Lot::due_at);
        let held = held.iter().filter(|held| held.wallet == self.id).map(|held| held.until);
        let known = lots.chain(held).min().unwrap_or(NEVER);
        if self.complete { known } else { known.min(self.due_at) }
    }
}

/// A reward that is held for the consumer until she comes.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub instance: RewardInstanceId,
    pub reward: RewardId,
    pub wallet: WalletId,
    pub until: Timestamp,
    /// From which lots, how much.
    pub parts: Vec<(LotId, i64)>,
}

/// One double entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub kind: Kind,
    /// Names the fact; a retry cannot post it twice.
    pub key: String,
    pub owner: Owner,
    pub wallet: WalletId,
    pub lot: Option<LotId>,
    pub purchase: Option<PurchaseId>,
    /// The correction that moved them.
    pub adjustment: Option<AdjustmentId>,
    pub instance: Option<RewardInstanceId>,
    pub debit: &'static str,
    pub credit: &'static str,
    pub amount: i64,
    pub at: Timestamp,
}

/// A reward whose state changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Closed {
    pub instance: RewardInstanceId,
    pub from: RewardStatus,
    pub to: RewardStatus,
    /// Its unit goes back into this stock.
    pub unit_of: Option<RewardId>,
}

/// What time does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    Activate(usize, usize),
    Expire(usize, usize),
    Lapse(usize),
}

/// Everything of one consumer that a verb can change.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub consumer: ConsumerId,
    pub wallets: Vec<Wallet>,
    pub held: Vec<Held>,
    pub entries: Vec<Entry>,
    pub closed: Vec<Closed>,
    /// How often a key was used in this transaction: the second time it names another fact.
    keys: HashMap<String, u32>,
}

/// What a purchase gives in one campaign, or a correction upward.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Award {
    pub campaign: CampaignId,
    pub purchase: PurchaseId,
    pub adjustment: Option<AdjustmentId>,
    /// 1, or a later one for lines that waited for their product.
    pub part: i64,
    pub lot: LotId,
    pub shop: ShopId,
    pub business_date: CivilDate,
    pub purchased_at: Timestamp,
    pub amount: i64,
    pub available_at: Timestamp,
    pub expires_at: Timestamp,
}

/// A reward that was given by itself, and the parts that paid for it.
pub(crate) type Undoable = (RewardInstanceId, RewardId, Vec<(LotId, i64)>);

/// What a return wants back, or a correction downward.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reversal<'a> {
    /// Names the return, or the correction, in the keys of the entries.
    pub cause: uuid::Uuid,
    pub purchase: PurchaseId,
    /// A correction has no lot of its own to begin with, and counts for no award.
    pub adjustment: Option<AdjustmentId>,
    pub campaign: CampaignId,
    pub amount: i64,
    pub shortfall: Shortfall,
    /// Rewards of the wallet that were given by themselves and wait to be handed over, newest first, with their parts.
    pub undoable: &'a [Undoable],
}

impl Account {
    pub(crate) fn new(consumer: ConsumerId, wallets: Vec<Wallet>, held: Vec<Held>) -> Self {
        Self { consumer, wallets, held, entries: Vec::new(), closed: Vec::new(), keys: HashMap::new() }
    }

    /// A simulation writes nothing: only what the wallets hold is kept.
    pub(crate) fn forget(&mut self) {
        self.entries.clear();
        self.closed.clear();
        self.keys.clear();
        for wallet in &mut self.wallets {
            wallet.lots.retain(|lot| lot.remaining > 0 || !lot.active);
        }
    }

    /// The place of a wallet, which is made when there is none.
    pub(crate) fn wallet(
        &mut self,
        tenant: OrganisationId,
        brand: BrandId,
        campaign: CampaignId,
        unit: Unit,
        id: impl FnOnce() -> WalletId,
    ) -> usize {
        let scope = scope(unit, brand, campaign);
        if let Some(place) = self.wallets.iter().position(|wallet| wallet.scope == scope) {
            return place;
        }
        let nothing = Holdings::default();
        let campaign = (unit == Unit::Stamps).then_some(campaign);
        self.wallets.push(Wallet {
            id: id(),
            tenant,
            brand,
            campaign,
            scope,
            unit,
            new: true,
            before: nothing,
            now: nothing,
            due_at: NEVER,
            complete: true,
            lots: Vec::new(),
        });
        self.wallets.len() - 1
    }

    /// The earliest thing that time has done by `now` and nobody wrote down: at equal instants activation, expiry, lapse.
    pub(crate) fn next_due(&self, now: Timestamp) -> Option<(Timestamp, Due)> {
        let lots = self.wallets.iter().enumerate().flat_map(|(place, wallet)| {
            wallet.lots.iter().enumerate().filter_map(move |(number, lot)| {
                let activation = (!lot.active && lot.available_at <= now).then_some((lot.available_at, Due::Activate(place, number)));
                let expiry = (lot.remaining > 0 && lot.expires_at <= now).then_some((lot.expires_at, Due::Expire(place, number)));
                activation.into_iter().chain(expiry).min_by_key(rank).map(|due| (due, lot.order()))
            })
        });
        let first = lots.min_by_key(|(due, order)| (rank(due), *order)).map(|(due, _)| due);
        let lapse =
            self.held.iter().enumerate().filter(|(_, held)| held.until <= now).map(|(number, held)| (held.until, Due::Lapse(number)));
        first.into_iter().chain(lapse).min_by_key(rank)
    }

    /// Does it. The wallet that can use more than before is told, because a full card may follow.
    pub(crate) fn apply(&mut self, at: Timestamp, due: Due) -> Option<usize> {
        match due {
            Due::Activate(place, number) => {
                let lot = &mut self.wallets[place].lots[number];
                lot.active = true;
                lot.changed = true;
                let (amount, key) = (lot.remaining, format!("activate:{}", lot.id));
                if amount > 0 {
                    self.moved(place, Kind::Activate, key, number, None, (PENDING, AVAILABLE), amount, at);
                    self.repay(place, number, at);
                }
                Some(place)
            }
            Due::Expire(place, number) => {
                self.expire(place, number, None, at);
                None
            }
            Due::Lapse(number) => {
                let held = self.held.remove(number);
                self.let_go(&held, RewardStatus::Lapsed, at);
                Some(self.place_of(held.wallet))
            }
        }
    }

    /// One lot for an award. What it owes is paid before anything else.
    pub(crate) fn earn(&mut self, place: usize, award: &Award, now: Timestamp) {
        let active = award.available_at <= now;
        let lot = Lot {
            id: award.lot,
            campaign: award.campaign,
            purchase: award.purchase,
            adjustment: award.adjustment,
            shop: Some(award.shop),
            business_date: award.business_date,
            purchased_at: award.purchased_at,
            awarded: award.amount,
            remaining: 0,
            active,
            expired: 0,
            reversed: 0,
            available_at: award.available_at,
            expires_at: award.expires_at,
            fresh: true,
            changed: false,
        };
        self.wallets[place].lots.push(lot);
        let number = self.wallets[place].lots.len() - 1;
        let key = match award.adjustment {
            Some(adjustment) => format!("adjust:{adjustment}"),
            None if award.part > 1 => format!("earn:{}:{}:{}", award.purchase, award.campaign, award.part),
            None => format!("earn:{}:{}", award.purchase, award.campaign),
        };
        let first = self.entries.len();
        self.moved(
            place,
            Kind::Earn,
            key,
            number,
            None,
            (ISSUED_POOL, if active { AVAILABLE } else { PENDING }),
            award.amount,
            award.purchased_at,
        );
        self.mark(first, award.adjustment);
        if active {
            self.repay(place, number, now);
        }
        if award.expires_at <= now {
            self.expire(place, number, None, now);
        }
    }

    /// Units for a reward that is given by itself: soonest to expire first. The caller has looked that they are there.
    pub(crate) fn issue(&mut self, place: usize, instance: RewardInstanceId, need: i64, at: Timestamp) {
        for (number, amount) in self.choose(place, need) {
            let key = format!("reward_issue:{instance}:{}", self.wallets[place].lots[number].id);
            self.moved(place, Kind::RewardIssue, key, number, Some(instance), (AVAILABLE, REDEEMED), amount, at);
        }
    }

    /// Units that are held for a reward of the catalogue. The caller has looked that they are there.
    pub(crate) fn reserve(
        &mut self,
        place: usize,
        instance: RewardInstanceId,
        reward: RewardId,
        cost: i64,
        at: Timestamp,
        until: Timestamp,
    ) {
        let mut parts = Vec::new();
        for (number, amount) in self.choose(place, cost) {
            let lot = self.wallets[place].lots[number].id;
            self.moved(
                place,
                Kind::Reserve,
                format!("reserve:{instance}:{lot}"),
                number,
                Some(instance),
                (AVAILABLE, RESERVED),
                amount,
                at,
            );
            parts.push((lot, amount));
        }
        self.held.push(Held { instance, reward, wallet: self.wallets[place].id, until, parts });
    }

    /// The consumer does not want it any more.
    pub(crate) fn release(&mut self, instance: RewardInstanceId, at: Timestamp) -> Option<usize> {
        let number = self.held.iter().position(|held| held.instance == instance)?;
        let held = self.held.remove(number);
        self.let_go(&held, RewardStatus::Cancelled, at);
        Some(self.place_of(held.wallet))
    }

    /// It is held longer: a ticket was taken for it. False when it is not held.
    pub(crate) fn hold_until(&mut self, instance: RewardInstanceId, until: Timestamp) -> bool {
        let held = self.held.iter_mut().find(|held| held.instance == instance);
        held.map(|held| held.until = held.until.max(until)).is_some()
    }

    /// It was handed over: what was held is spent.
    pub(crate) fn spend(&mut self, instance: RewardInstanceId, at: Timestamp) -> bool {
        let Some(number) = self.held.iter().position(|held| held.instance == instance) else {
            return false;
        };
        let held = self.held.remove(number);
        for (lot, amount) in &held.parts {
            let (place, number) = self.lot(held.wallet, *lot);
            self.moved(place, Kind::Spend, format!("spend:{instance}:{lot}"), number, Some(instance), (RESERVED, REDEEMED), *amount, at);
        }
        true
    }

    /// A delivery was a mistake: its points come back with their own expiry.
    pub(crate) fn refund(&mut self, instance: RewardInstanceId, wallet: WalletId, parts: &[(LotId, i64)], at: Timestamp) -> usize {
        for (lot, amount) in parts {
            let (place, number) = self.lot(wallet, *lot);
            self.give_back(place, number, Kind::Refund, format!("refund:{instance}:{lot}"), instance, REDEEMED, *amount, at);
        }
        self.place_of(wallet)
    }

    /// Takes an award back, in the order of the contract, and says which rewards it undid. A correction downward is taken
    /// the same way, without a lot that it would begin with.
    pub(crate) fn reverse(&mut self, place: usize, reversal: &Reversal<'_>, at: Timestamp) {
        let mut missing = reversal.amount;
        let first = self.entries.len();
        let award = |lot: &Lot| lot.adjustment.is_none() && lot.purchase == reversal.purchase && lot.campaign == reversal.campaign;
        // More than one when lines of the purchase waited for their product.
        let own: Vec<usize> = match reversal.adjustment {
            None => self.wallets[place].lots.iter().enumerate().filter(|(_, lot)| award(lot)).map(|(number, _)| number).collect(),
            Some(_) => Vec::new(),
        };
        let mut undoable = reversal.undoable.iter();
        loop {
            for own in own.iter().copied() {
                self.take(place, own, &mut missing, reversal, at);
                // What of it expired is gone without cost, once.
                let lot = &mut self.wallets[place].lots[own];
                let expired = lot.expired.min(missing);
                (missing, lot.expired, lot.changed) = (missing - expired, lot.expired - expired, true);
            }
            for number in self.spendable(place) {
                self.take(place, number, &mut missing, reversal, at);
            }
            if missing == 0 {
                break;
            }
            let Some((instance, reward, parts)) = undoable.next() else {
                break;
            };
            for (lot, amount) in parts {
                let (place, number) = self.lot(self.wallets[place].id, *lot);
                self.give_back(
                    place,
                    number,
                    Kind::RewardCancel,
                    format!("reward_cancel:{instance}:{lot}"),
                    *instance,
                    REDEEMED,
                    *amount,
                    at,
                );
            }
            self.closed.push(Closed {
                instance: *instance,
                from: RewardStatus::Issued,
                to: RewardStatus::Cancelled,
                unit_of: Some(*reward),
            });
        }
        if missing > 0 {
            let (kind, debit) = if reversal.shortfall == Shortfall::Debt { (Kind::Debt, DEBT) } else { (Kind::Waive, WAIVED) };
            let key = format!("{}:{}:{}", kind.code().to_lowercase(), reversal.cause, reversal.campaign);
            self.moved_in(place, kind, key, reversal.campaign, (debit, REVERSED), missing, at);
        }
        let mut back = reversal.amount;
        for (nth, number) in own.iter().enumerate() {
            let lot = &mut self.wallets[place].lots[*number];
            let part = if nth + 1 == own.len() { back } else { back.min(lot.awarded - lot.reversed) };
            (back, lot.reversed, lot.changed) = (back - part, lot.reversed + part, true);
        }
        self.mark(first, reversal.adjustment);
    }

    /// The entries from there on belong to a correction.
    fn mark(&mut self, first: usize, adjustment: Option<AdjustmentId>) {
        for entry in &mut self.entries[first..] {
            entry.adjustment = adjustment;
        }
    }

    /// Everything of a claimed card goes to its person: lots with their expiry, what is held, and debts.
    pub(crate) fn transfer(&mut self, from: &mut Self, cause: uuid::Uuid, at: Timestamp, mut new_wallet: impl FnMut() -> WalletId) {
        for source in 0..from.wallets.len() {
            let wallet = &from.wallets[source];
            let campaign = wallet.campaign.or_else(|| wallet.lots.first().map(|lot| lot.campaign));
            let Some(campaign) = campaign else { continue };
            let (tenant, brand, unit, old, debt) = (wallet.tenant, wallet.brand, wallet.unit, wallet.id, wallet.now.debt);
            let place = self.wallet(tenant, brand, campaign, unit, &mut new_wallet);
            let target = self.wallets[place].id;
            if debt > 0 {
                from.moved_in(source, Kind::DebtOut, format!("debt_out:{cause}:{old}"), campaign, (TRANSFER, DEBT), debt, at);
                self.moved_in(place, Kind::DebtIn, format!("debt_in:{cause}:{old}"), campaign, (DEBT, TRANSFER), debt, at);
            }
            for number in 0..from.wallets[source].lots.len() {
                let (lot, amount, book) = {
                    let lot = &from.wallets[source].lots[number];
                    (lot.id, lot.remaining, if lot.active { AVAILABLE } else { PENDING })
                };
                let mut moving = from.wallets[source].lots[number].clone();
                if amount > 0 {
                    from.moved(
                        source,
                        Kind::TransferOut,
                        format!("transfer_out:{cause}:{lot}"),
                        number,
                        None,
                        (book, TRANSFER),
                        amount,
                        at,
                    );
                }
                moving.remaining = 0;
                moving.changed = true;
                self.wallets[place].lots.push(moving);
                if amount > 0 {
                    let number = self.wallets[place].lots.len() - 1;
                    self.moved(place, Kind::TransferIn, format!("transfer_in:{cause}:{lot}"), number, None, (TRANSFER, book), amount, at);
                }
            }
            for held in from.held.extract_if(.., |held| held.wallet == old) {
                let amount: i64 = held.parts.iter().map(|(_, amount)| amount).sum();
                let instance = held.instance;
                let out = from.wallets[source].owner(from.consumer, campaign);
                from.entries.push(entry(
                    Kind::ReservedOut,
                    format!("reserved_out:{cause}:{instance}"),
                    out,
                    old,
                    Some(instance),
                    (RESERVED, TRANSFER),
                    amount,
                    at,
                ));
                from.wallets[source].now.reserved -= amount;
                let into = self.wallets[place].owner(self.consumer, campaign);
                self.entries.push(entry(
                    Kind::ReservedIn,
                    format!("reserved_in:{cause}:{instance}"),
                    into,
                    target,
                    Some(instance),
                    (TRANSFER, RESERVED),
                    amount,
                    at,
                ));
                self.wallets[place].now.reserved += amount;
                self.held.push(Held { wallet: target, ..held });
            }
            from.wallets[source].lots.clear();
        }
    }

    /// What the wallet owes is paid from a lot that just became active.
    fn repay(&mut self, place: usize, number: usize, at: Timestamp) {
        let wallet = &self.wallets[place];
        let amount = wallet.now.debt.min(wallet.lots[number].remaining);
        if amount > 0 {
            let key = format!("debt_repay:{}", wallet.lots[number].id);
            self.moved(place, Kind::DebtRepay, key, number, None, (AVAILABLE, DEBT), amount, at);
        }
    }

    /// `after`: what brought units back into a lot whose time is over.
    fn expire(&mut self, place: usize, number: usize, after: Option<&str>, at: Timestamp) {
        let lot = &self.wallets[place].lots[number];
        let (amount, book) = (lot.remaining, if lot.active { AVAILABLE } else { PENDING });
        let key = after.map_or_else(|| format!("expire:{}", lot.id), |after| format!("expire:{after}"));
        if amount > 0 {
            self.moved(place, Kind::Expire, key, number, None, (book, EXPIRED), amount, at);
            self.wallets[place].lots[number].expired += amount;
        }
    }

    fn let_go(&mut self, held: &Held, to: RewardStatus, at: Timestamp) {
        for (lot, amount) in &held.parts {
            let (place, number) = self.lot(held.wallet, *lot);
            self.give_back(place, number, Kind::Release, format!("release:{}:{lot}", held.instance), held.instance, RESERVED, *amount, at);
        }
        self.closed.push(Closed { instance: held.instance, from: RewardStatus::Reserved, to, unit_of: Some(held.reward) });
    }

    /// Units go back into their own lot, and expire there at once when its time is over.
    #[allow(clippy::too_many_arguments, reason = "one entry")]
    fn give_back(
        &mut self,
        place: usize,
        number: usize,
        kind: Kind,
        key: String,
        instance: RewardInstanceId,
        from: &'static str,
        amount: i64,
        at: Timestamp,
    ) {
        self.moved(place, kind, key.clone(), number, Some(instance), (from, AVAILABLE), amount, at);
        if self.wallets[place].lots[number].expires_at <= at {
            self.expire(place, number, Some(&key), at);
        }
    }

    fn take(&mut self, place: usize, number: usize, missing: &mut i64, reversal: &Reversal<'_>, at: Timestamp) {
        let lot = &self.wallets[place].lots[number];
        let (amount, book) = (lot.remaining.min(*missing), if lot.active { AVAILABLE } else { PENDING });
        if amount > 0 {
            let key = format!("reverse:{}:{}:{}", reversal.cause, reversal.campaign, lot.id);
            self.moved(place, Kind::Reverse, key, number, None, (book, REVERSED), amount, at);
            *missing -= amount;
        }
    }

    /// Active lots with something in them, in the order in which they are used.
    fn spendable(&self, place: usize) -> Vec<usize> {
        let lots = &self.wallets[place].lots;
        let mut found: Vec<usize> = (0..lots.len()).filter(|number| lots[*number].active && lots[*number].remaining > 0).collect();
        found.sort_by_key(|number| lots[*number].order());
        found
    }

    fn choose(&self, place: usize, mut need: i64) -> Vec<(usize, i64)> {
        let mut chosen = Vec::new();
        for number in self.spendable(place) {
            let amount = self.wallets[place].lots[number].remaining.min(need);
            if amount > 0 {
                chosen.push((number, amount));
                need -= amount;
            }
        }
        assert_eq!(need, 0, "a wallet's balance is the sum of its lots");
        chosen
    }

    fn place_of(&self, wallet: WalletId) -> usize {
        let place = self.wallets.iter().position(|known| known.id == wallet);
        assert!(place.is_some(), "an account was opened without one of its wallets");
        place.unwrap_or_default()
    }

    /// What an entry once took from must be there to be given back: losing it silently would lose somebody's points.
    fn lot(&self, wallet: WalletId, lot: LotId) -> (usize, usize) {
        let place = self.place_of(wallet);
        let number = self.wallets[place].lots.iter().position(|known| known.id == lot);
        assert!(number.is_some(), "an account was opened without one of its lots");
        (place, number.unwrap_or_default())
    }

    /// Units move between two accounts, and what is behind the names follows: the wallet's holdings, and the lot.
    #[allow(clippy::too_many_arguments, reason = "one entry")]
    fn moved(
        &mut self,
        place: usize,
        kind: Kind,
        key: String,
        number: usize,
        instance: Option<RewardInstanceId>,
        books: (&'static str, &'static str),
        amount: i64,
        at: Timestamp,
    ) {
        let key = self.unused(key);
        let wallet = &mut self.wallets[place];
        let lot = &mut wallet.lots[number];
        let inside = |book| i64::from(matches!(book, AVAILABLE | PENDING));
        lot.remaining += (inside(books.1) - inside(books.0)) * amount;
        lot.changed = true;
        let (campaign, id) = (lot.campaign, lot.id);
        let award = lot.adjustment.is_none() && matches!(kind, Kind::Earn | Kind::Reverse);
        let purchase = award.then_some(lot.purchase);
        wallet.now.add(books, amount);
        let made = entry(kind, key, wallet.owner(self.consumer, campaign), wallet.id, instance, books, amount, at);
        self.entries.push(Entry { lot: Some(id), purchase, ..made });
    }

    /// The same without a lot.
    #[allow(clippy::too_many_arguments, reason = "one entry")]
    fn moved_in(
        &mut self,
        place: usize,
        kind: Kind,
        key: String,
        campaign: CampaignId,
        books: (&'static str, &'static str),
        amount: i64,
        at: Timestamp,
    ) {
        let wallet = &mut self.wallets[place];
        wallet.now.add(books, amount);
        self.entries.push(entry(kind, key, wallet.owner(self.consumer, campaign), wallet.id, None, books, amount, at));
    }

    fn unused(&mut self, key: String) -> String {
        let times = self.keys.entry(key.clone()).or_insert(0);
        *times += 1;
        if *times == 1 { key } else { format!("{key}#{times}") }
    }
}

impl Holdings {
    fn add(&mut self, (debit, credit): (&'static str, &'static str), amount: i64) {
        for (book, signed) in [(debit, -amount), (credit, amount)] {
            match book {
                AVAILABLE => self.available += signed,
                PENDING => self.pending += signed,
                RESERVED => self.reserved += signed,
                // The consumer's debt is the brand's claim: it grows on the other side.
                DEBT => self.debt -= signed,
                _ => {}
            }
        }
    }
}

impl Wallet {
    fn owner(&self, consumer: ConsumerId, campaign: CampaignId) -> Owner {
        Owner { tenant: self.tenant, brand: self.brand, campaign, consumer }
    }
}

#[allow(clippy::too_many_arguments, reason = "one entry")]
fn entry(
    kind: Kind,
    key: String,
    owner: Owner,
    wallet: WalletId,
    instance: Option<RewardInstanceId>,
    books: (&'static str, &'static str),
    amount: i64,
    at: Timestamp,
) -> Entry {
    Entry { kind, key, owner, wallet, lot: None, purchase: None, adjustment: None, instance, debit: books.0, credit: books.1, amount, at }
}

/// At equal instants: activation, expiry, lapse.
fn rank((at, due): &(Timestamp, Due)) -> (Timestamp, u8) {
    (
        *at,
        match due {
            Due::Activate(..) => 0,
            Due::Expire(..) => 1,
            Due::Lapse(_) => 2,
        },
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: i64 = 86_400_000;
    const NEED: i64 = 7;

    /// What can happen to one wallet of points.
    #[derive(Debug, Clone)]
    enum Step {
        Earn { amount: i64, hold_days: i64, valid_days: Option<i64> },
        Return { which: usize, amount: i64, shortfall: Shortfall },
        Reserve { cost: i64, hours: i64 },
        Hold { which: usize, hours: i64 },
        Release { which: usize },
        Spend { which: usize },
        Undo { which: usize },
        Adjust { amount: i64, shortfall: Shortfall },
        Wait { hours: i64 },
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let shortfall = || prop_oneof![Just(Shortfall::Debt), Just(Shortfall::Waive)];
        let step = prop_oneof![
            4 => (1_i64..20, 0_i64..3, proptest::option::of(0_i64..5)).prop_map(|(amount, hold_days, valid_days)| Step::Earn { amount, hold_days, valid_days }),
            2 => (0_usize..8, 1_i64..20, shortfall()).prop_map(|(which, amount, shortfall)| Step::Return { which, amount, shortfall }),
            2 => (1_i64..15, 1_i64..72).prop_map(|(cost, hours)| Step::Reserve { cost, hours }),
            1 => (0_usize..8, 1_i64..120).prop_map(|(which, hours)| Step::Hold { which, hours }),
            1 => (0_usize..8).prop_map(|which| Step::Release { which }),
            2 => (0_usize..8).prop_map(|which| Step::Spend { which }),
            1 => (0_usize..8).prop_map(|which| Step::Undo { which }),
            2 => (-15_i64..15, shortfall()).prop_map(|(amount, shortfall)| Step::Adjust { amount, shortfall }),
            3 => (1_i64..60).prop_map(|hours| Step::Wait { hours }),
        ];
        proptest::collection::vec(step, 1..40)
    }

    /// A world of one wallet, with rewards that it gives by itself when `cards`.
    struct Play {
        account: Account,
        place: usize,
        now: Timestamp,
        number: u128,
        cards: bool,
        earned: Vec<(PurchaseId, i64)>,
        issued: Vec<Undoable>,
        spent: Vec<(RewardInstanceId, Vec<(LotId, i64)>)>,
    }

    impl Play {
        fn new(cards: bool) -> Self {
            let mut account = Account::new(ConsumerId::fixed(1), Vec::new(), Vec::new());
            let place =
                account.wallet(OrganisationId::fixed(1), BrandId::fixed(1), CampaignId::fixed(1), Unit::Points, || WalletId::fixed(1));
            Self { account, place, now: Timestamp(0), number: 0, cards, earned: Vec::new(), issued: Vec::new(), spent: Vec::new() }
        }

        fn next(&mut self) -> u128 {
            self.number += 1;
            self.number
        }

        fn up_to_now(&mut self) {
            while let Some((at, due)) = self.account.next_due(self.now) {
                self.account.apply(at, due);
                self.complete();
            }
        }

        fn complete(&mut self) {
            while self.cards && self.account.wallets[self.place].now.available >= NEED {
                let id = RewardInstanceId::fixed(self.next());
                let before = self.account.entries.len();
                self.account.issue(self.place, id, NEED, self.now);
                let parts = self.account.entries[before..].iter().filter_map(|entry| Some((entry.lot?, entry.amount))).collect();
                self.issued.push((id, RewardId::fixed(1), parts));
            }
        }

        fn step(&mut self, step: &Step) {
            self.up_to_now();
            match *step {
                Step::Earn { amount, hold_days, valid_days } => {
                    let purchase = PurchaseId::fixed(self.next());
                    let day = self.now.0.div_euclid(DAY);
                    let award = Award {
                        campaign: CampaignId::fixed(1),
                        purchase,
                        adjustment: None,
                        part: 1,
                        lot: LotId::fixed(self.next()),
                        shop: ShopId::fixed(1),
                        business_date: CivilDate::new(2026, 3, 1).unwrap(),
                        purchased_at: self.now,
                        amount,
                        available_at: if hold_days > 0 { Timestamp((day + hold_days) * DAY) } else { self.now },
                        expires_at: valid_days.map_or(NEVER, |days| Timestamp((day + days + 1) * DAY)),
                    };
                    self.account.earn(self.place, &award, self.now);
                    self.earned.push((purchase, amount));
                    self.complete();
                }
                Step::Return { which, amount, shortfall } => {
                    let Some((purchase, left)) = self.earned.get_mut(which) else {
                        return;
                    };
                    let (purchase, amount) = (*purchase, amount.min(*left));
                    if amount == 0 {
                        return;
                    }
                    *left -= amount;
                    let cause = uuid::Uuid::from_u128(self.next());
                    let undoable: Vec<_> = self.issued.iter().rev().cloned().collect();
                    self.account.reverse(
                        self.place,
                        &Reversal {
                            cause,
                            purchase,
                            adjustment: None,
                            campaign: CampaignId::fixed(1),
                            amount,
                            shortfall,
                            undoable: &undoable,
                        },
                        self.now,
                    );
                    let closed: Vec<_> = self.account.closed.iter().map(|closed| closed.instance).collect();
                    self.issued.retain(|(instance, ..)| !closed.contains(instance));
                }
                Step::Reserve { cost, hours } => {
                    let wallet = self.account.wallets[self.place].now;
                    if wallet.debt == 0 && wallet.available >= cost {
                        let id = RewardInstanceId::fixed(self.next());
                        self.account.reserve(self.place, id, RewardId::fixed(2), cost, self.now, self.now.plus_ms(hours * 3_600_000));
                    }
                }
                Step::Hold { which, hours } => {
                    if let Some(held) = self.account.held.get(which).map(|held| held.instance) {
                        assert!(self.account.hold_until(held, self.now.plus_ms(hours * 3_600_000)));
                    }
                }
                Step::Release { which } => {
                    if let Some(held) = self.account.held.get(which).map(|held| held.instance) {
                        assert!(self.account.release(held, self.now).is_some());
                        self.complete();
                    }
                }
                Step::Spend { which } => {
                    if let Some(held) = self.account.held.get(which).cloned() {
                        assert!(self.account.spend(held.instance, self.now));
                        self.spent.push((held.instance, held.parts));
                    }
                }
                Step::Undo { which } => {
                    if which < self.spent.len() {
                        let (instance, parts) = self.spent.remove(which);
                        let wallet = self.account.wallets[self.place].id;
                        self.account.refund(instance, wallet, &parts, self.now);
                        self.complete();
                    }
                }
                Step::Adjust { amount: 0, .. } => {}
                Step::Adjust { amount, .. } if amount > 0 => {
                    let id = AdjustmentId::fixed(self.next());
                    let award = Award {
                        campaign: CampaignId::fixed(1),
                        purchase: PurchaseId::fixed(1),
                        adjustment: Some(id),
                        part: 1,
                        lot: LotId::fixed(self.next()),
                        shop: ShopId::fixed(1),
                        business_date: CivilDate::new(2026, 3, 1).unwrap(),
                        purchased_at: self.now,
                        amount,
                        available_at: self.now,
                        expires_at: NEVER,
                    };
                    self.account.earn(self.place, &award, self.now);
                    self.complete();
                }
                Step::Adjust { amount, shortfall } => {
                    let id = AdjustmentId::fixed(self.next());
                    let undoable: Vec<_> = self.issued.iter().rev().cloned().collect();
                    let reversal = Reversal {
                        cause: id.0,
                        purchase: PurchaseId::fixed(1),
                        adjustment: Some(id),
                        campaign: CampaignId::fixed(1),
                        amount: -amount,
                        shortfall,
                        undoable: &undoable,
                    };
                    self.account.reverse(self.place, &reversal, self.now);
                    let closed: Vec<_> = self.account.closed.iter().map(|closed| closed.instance).collect();
                    self.issued.retain(|(instance, ..)| !closed.contains(instance));
                }
                Step::Wait { hours } => {
                    self.now = self.now.plus_ms(hours * 3_600_000);
                    self.up_to_now();
                }
            }
        }

        fn total(&self, kind: Kind) -> i64 {
            self.account.entries.iter().filter(|entry| entry.kind == kind).map(|entry| entry.amount).sum()
        }

        /// What must hold at every instant.
        fn check(&self) {
            let wallet = &self.account.wallets[self.place];
            let Holdings { available, pending, reserved, debt } = wallet.now;
            let lots = |active: bool| wallet.lots.iter().filter(|lot| lot.active == active).map(|lot| lot.remaining).sum::<i64>();
            assert_eq!((available, pending), (lots(true), lots(false)));
            assert_eq!(reserved, self.account.held.iter().flat_map(|held| &held.parts).map(|(_, amount)| amount).sum::<i64>());
            assert!(available >= 0 && pending >= 0 && reserved >= 0 && debt >= 0);
            assert!(
                wallet
                    .lots
                    .iter()
                    .all(|lot| (0..=lot.awarded).contains(&lot.remaining) && (0..=lot.awarded).contains(&lot.reversed) && lot.expired >= 0)
            );
            assert!(wallet.lots.iter().all(|lot| lot.remaining == 0 || lot.expires_at > self.now), "nothing outlives its time");
            let t = |kind| self.total(kind);
            // The contract's invariant of a wallet.
            assert_eq!(
                available + pending,
                t(Kind::Earn) + t(Kind::Refund) + t(Kind::Release) + t(Kind::RewardCancel) + t(Kind::TransferIn)
                    - t(Kind::Expire)
                    - t(Kind::Reverse)
                    - t(Kind::RewardIssue)
                    - t(Kind::Reserve)
                    - t(Kind::DebtRepay)
                    - t(Kind::TransferOut)
            );
            assert_eq!(debt, t(Kind::Debt) - t(Kind::DebtRepay));
            let mut keys: Vec<_> = self.account.entries.iter().map(|entry| &entry.key).collect();
            keys.sort_unstable();
            assert!(keys.windows(2).all(|pair| pair[0] != pair[1]), "a key names one fact");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn the_books_hold_whatever_happens(steps in steps(), cards in any::<bool>()) {
            let mut play = Play::new(cards);
            for step in &steps {
                play.step(step);
                play.check();
            }
        }

        #[test]
        fn looking_in_between_changes_nothing(steps in steps(), hours in 1_i64..200) {
            let (mut often, mut once) = (Play::new(false), Play::new(false));
            for step in &steps {
                often.step(step);
                once.step(step);
            }
            for _ in 0..hours {
                often.now = often.now.plus_ms(3_600_000);
                often.up_to_now();
            }
            once.now = once.now.plus_ms(hours * 3_600_000);
            once.up_to_now();
            prop_assert_eq!(often.account.wallets[0].now, once.account.wallets[0].now);
            prop_assert_eq!(often.account.entries, once.account.entries);
        }

        #[test]
        fn everything_back_leaves_nothing(amounts in proptest::collection::vec(1_i64..20, 1..10), cards in any::<bool>()) {
            let mut play = Play::new(cards);
            for amount in &amounts {
                play.step(&Step::Earn { amount: *amount, hold_days: 0, valid_days: None });
            }
            for which in 0..amounts.len() {
                play.step(&Step::Return { which, amount: i64::MAX, shortfall: Shortfall::Debt });
                play.check();
            }
            prop_assert_eq!(play.account.wallets[0].now, Holdings::default());
        }
    }
}
