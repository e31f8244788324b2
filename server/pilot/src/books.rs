//! Wallets, lots and entries of the consumers while the days go by, with the arithmetic of `loyalty::account`.
//!
//! Nobody here owes anything: a return is made only while what it takes back is still in its own lot.

use std::collections::BTreeSet;

use db::bulk::{Bulk, Cell};
use rand::{Rng, rngs::StdRng};
use shared::{CivilDate, Timestamp, loyalty::campaign::Unit, time::DAY_MS};
use uuid::Uuid;

use crate::{
    Error,
    ground::{Campaign, Ground, Reward},
    people::{Person, id},
    tables,
};

pub(crate) const NEVER: Timestamp = Timestamp(i64::MAX);

pub(crate) struct Lot {
    pub id: Uuid,
    /// Place of its campaign.
    pub campaign: usize,
    pub purchase: Uuid,
    pub shop: Uuid,
    pub date: CivilDate,
    pub purchased_at: Timestamp,
    pub awarded: i64,
    pub remaining: i64,
    pub active: bool,
    pub expired: i64,
    pub reversed: i64,
    pub available_at: Timestamp,
    pub expires_at: Timestamp,
    pub recorded_at: Timestamp,
}

pub(crate) struct Wallet {
    pub id: Uuid,
    /// Place of a campaign whose wallet it is.
    pub campaign: usize,
    pub scope: Uuid,
    pub available: i64,
    pub pending: i64,
    pub lots: Vec<Lot>,
    /// Rewards that were given from it.
    pub rewards: i64,
}

/// Which wallet a campaign's awards go to.
pub(crate) fn scope(ground: &Ground, campaign: &Campaign) -> Uuid {
    if campaign.rules.unit == Unit::Stamps { campaign.id.0 } else { ground.brands[campaign.brand].id.0 }
}

/// Who, of what, and why: what the entries of one movement share.
pub(crate) struct Cause<'a> {
    pub person: &'a Person,
    pub purchase: Option<Uuid>,
    pub instance: Option<Uuid>,
    pub at: Timestamp,
    pub recorded_at: Timestamp,
}

/// Writes entries and counts them.
pub(crate) struct Books<'a> {
    pub bulk: &'a mut Bulk,
    pub ground: &'a Ground,
    pub random: StdRng,
    /// Brands and days of UTC on which points moved or rewards were given.
    pub days: BTreeSet<(usize, i64)>,
    pub entries: u64,
    pub rewards: u64,
}

impl Books<'_> {
    /// One entry of a lot. The balances and the lot follow from the accounts' names.
    pub async fn moved(
        &mut self,
        wallet: &mut Wallet,
        lot: usize,
        kind: &'static str,
        key: String,
        (debit, credit): (&'static str, &'static str),
        amount: i64,
        cause: &Cause<'_>,
    ) -> Result<(), Error> {
        let campaign = &self.ground.campaigns[wallet.lots[lot].campaign];
        let brand = &self.ground.brands[campaign.brand];
        let inside = |book: &str| i64::from(matches!(book, "available" | "pending"));
        for (book, sign) in [(debit, -amount), (credit, amount)] {
            match book {
                "available" => wallet.available += sign,
                "pending" => wallet.pending += sign,
                _ => {}
            }
        }
        let lot = &mut wallet.lots[lot];
        lot.remaining += amount * (inside(credit) - inside(debit));
        assert!(lot.remaining >= 0 && wallet.available >= 0 && wallet.pending >= 0, "nobody owes anything here");
        let entry = [
            id(&mut self.random, cause.recorded_at).into(),
            key.into(),
            brand.tenant.0.into(),
            brand.id.0.into(),
            cause.person.id.into(),
            wallet.id.into(),
            campaign.id.0.into(),
            lot.id.into(),
            cause.purchase.into(),
            cause.instance.into(),
            kind.into(),
            debit.into(),
            credit.into(),
            amount.into(),
            cause.at.0.into(),
            cause.recorded_at.0.into(),
        ];
        self.days.insert((campaign.brand, cause.at.0.div_euclid(DAY_MS)));
        self.bulk.push(&tables::ENTRY, entry).await?;
        self.entries += 1;
        Ok(())
    }

    /// What time did until the start of a day: activations, then expiries.
    pub async fn advance(&mut self, person: &Person, wallet: &mut Wallet, until: Timestamp) -> Result<(), Error> {
        for number in 0..wallet.lots.len() {
            let lot = &mut wallet.lots[number];
            if !lot.active && lot.available_at <= until {
                lot.active = true;
                let (at, amount, key) = (lot.available_at, lot.remaining, format!("activate:lot_{}", lot.id.simple()));
                if amount > 0 {
                    let cause = Cause { person, purchase: None, instance: None, at, recorded_at: at };
                    self.moved(wallet, number, "ACTIVATE", key, ("pending", "available"), amount, &cause).await?;
                }
            }
        }
        for number in 0..wallet.lots.len() {
            let lot = &mut wallet.lots[number];
            if lot.remaining > 0 && lot.expires_at <= until {
                let (at, amount, book) = (lot.expires_at, lot.remaining, if lot.active { "available" } else { "pending" });
                lot.expired += amount;
                let key = format!("expire:lot_{}:once", lot.id.simple());
                let cause = Cause { person, purchase: None, instance: None, at, recorded_at: at };
                self.moved(wallet, number, "EXPIRE", key, (book, "expired"), amount, &cause).await?;
            }
        }
        Ok(())
    }

    /// Takes what can be used, soonest to expire first, then the older purchase, then the older lot.
    pub async fn take(
        &mut self,
        wallet: &mut Wallet,
        mut need: i64,
        kind: &'static str,
        prefix: &str,
        into: &'static str,
        cause: &Cause<'_>,
    ) -> Result<Vec<(usize, i64)>, Error> {
        let mut places: Vec<usize> =
            (0..wallet.lots.len()).filter(|place| wallet.lots[*place].active && wallet.lots[*place].remaining > 0).collect();
        places.sort_by_key(|place| (wallet.lots[*place].expires_at, wallet.lots[*place].purchased_at, wallet.lots[*place].id));
        let mut parts = Vec::new();
        for place in places {
            let amount = wallet.lots[place].remaining.min(need);
            if amount > 0 {
                let key = format!("{prefix}:lot_{}", wallet.lots[place].id.simple());
                self.moved(wallet, place, kind, key, ("available", into), amount, cause).await?;
                need -= amount;
                parts.push((place, amount));
            }
        }
        assert_eq!(need, 0, "the caller looked that it is there");
        Ok(parts)
    }

    /// A reward as it ended.
    #[allow(clippy::too_many_arguments, reason = "one row")]
    pub async fn instance(
        &mut self,
        instance: Uuid,
        reward: Reward,
        person: &Person,
        wallet: &mut Wallet,
        purchase: Option<Uuid>,
        status: &'static str,
        issued_at: Timestamp,
        delivered: Option<(Uuid, Timestamp)>,
        reserved_until: Option<Timestamp>,
    ) -> Result<(), Error> {
        let campaign = &self.ground.campaigns[wallet.campaign];
        let brand = &self.ground.brands[campaign.brand];
        self.days.insert((campaign.brand, issued_at.0.div_euclid(DAY_MS)));
        wallet.rewards += 1;
        self.rewards += 1;
        let automatic = reserved_until.is_none();
        let row = [
            instance.into(),
            reward.id.0.into(),
            brand.tenant.0.into(),
            brand.id.0.into(),
            automatic.then_some(campaign.id.0).into(),
            person.id.into(),
            wallet.id.into(),
            purchase.into(),
            self.random.random::<[u8; 10]>().to_vec().into(),
            wallet.rewards.into(),
            status.into(),
            issued_at.0.into(),
            delivered.map(|(_, at)| at.0).into(),
            delivered.map(|(shop, _)| shop).into(),
            reserved_until.map(|until| until.0).into(),
            automatic.into(),
        ];
        self.bulk.push(&tables::INSTANCE, row).await?;
        let Some((shop, at)) = delivered else {
            return Ok(());
        };
        let owed = [
            id(&mut self.random, at).into(),
            format!("delivery:rin_{}:0", instance.simple()).into(),
            shop.into(),
            brand.tenant.0.into(),
            brand.id.0.into(),
            instance.into(),
            "delivery".into(),
            reward.unit_cost.into(),
            reward.handling_fee.into(),
            (reward.unit_cost + reward.handling_fee).into(),
            "COP".into(),
            at.0.into(),
            crate::days::date_of(at).to_string().into(),
        ];
        Ok(self.bulk.push(&tables::PAYABLE, owed).await?)
    }

    /// A wallet and its lots as they are in the end.
    pub async fn close(&mut self, person: &Person, wallet: &Wallet) -> Result<(), Error> {
        let campaign = &self.ground.campaigns[wallet.campaign];
        let brand = &self.ground.brands[campaign.brand];
        let stamps = campaign.rules.unit == Unit::Stamps;
        let due = |lot: &Lot| match (lot.remaining, lot.active) {
            (0, true) => NEVER,
            (0, false) => lot.available_at,
            (_, true) => lot.expires_at,
            (_, false) => lot.available_at.min(lot.expires_at),
        };
        let row = [
            wallet.id.into(),
            person.id.into(),
            brand.tenant.0.into(),
            brand.id.0.into(),
            stamps.then_some(campaign.id.0).into(),
            wallet.scope.into(),
            if stamps { "stamps" } else { "points" }.into(),
            wallet.available.into(),
            wallet.pending.into(),
            Cell::Int(0),
            Cell::Int(0),
            wallet.lots.iter().map(due).min().unwrap_or(NEVER).0.into(),
        ];
        self.bulk.push(&tables::WALLET, row).await?;
        for lot in &wallet.lots {
            let row = [
                lot.id.into(),
                wallet.id.into(),
                self.ground.campaigns[lot.campaign].id.0.into(),
                lot.purchase.into(),
                lot.shop.into(),
                lot.date.to_string().into(),
                lot.purchased_at.0.into(),
                lot.awarded.into(),
                lot.remaining.into(),
                lot.active.into(),
                lot.expired.into(),
                lot.reversed.into(),
                lot.available_at.0.into(),
                lot.expires_at.0.into(),
                lot.recorded_at.0.into(),
            ];
            self.bulk.push(&tables::LOT, row).await?;
        }
        Ok(())
    }
}
