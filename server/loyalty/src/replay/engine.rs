//! One campaign over a stream of sales and returns: the evaluation of the contract, with what a database counts for a live
//! purchase counted here in memory.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use shared::{
    BrandId, CampaignId, CivilDate, ConsumerId, LocalTime, LotId, OrganisationId, PurchaseId, RewardInstanceId, ShopId, Timestamp,
    WalletId,
    loyalty::{
        CampaignRules, ConsumersWith, Reward,
        campaign::CapScope,
        evaluation::{Facts, Line, Trace, Used, again, evaluate},
    },
};
use uuid::Uuid;

use crate::{
    account::{self, Account, NEVER},
    purchase::caps,
};

/// Something that happened, in the order in which it was worked out.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    Sold(Sold),
    Returned(GivenBack),
}

impl Event {
    const fn at(&self) -> Timestamp {
        match self {
            Self::Sold(sold) => sold.at,
            Self::Returned(back) => back.at,
        }
    }
}

/// A sale with the brand's own lines.
#[derive(Debug, Clone)]
pub(crate) struct Sold {
    pub purchase: PurchaseId,
    pub consumer: ConsumerId,
    pub shop: ShopId,
    pub time_zone: Arc<str>,
    pub local: LocalTime,
    /// When it was worked out.
    pub at: Timestamp,
    pub own_shop: bool,
    pub adult: bool,
    pub lines: Vec<Line>,
    /// Something of it will come back.
    pub returns: bool,
}

/// What remains of a sale after a return.
#[derive(Debug, Clone)]
pub(crate) struct GivenBack {
    pub purchase: PurchaseId,
    /// When it came back.
    pub at: Timestamp,
    pub remaining: Vec<Line>,
    /// Nothing of it is left.
    pub whole: bool,
}

/// What is known about consumers and shops beside their sales.
#[derive(Debug, Default)]
pub(crate) struct Context {
    pub held_out: std::collections::HashSet<ConsumerId>,
    /// When each joined; `None`: everybody has.
    pub joined: Option<HashMap<ConsumerId, Timestamp>>,
    /// Names of segments with their time: from, until.
    pub segments: HashMap<ConsumerId, Vec<(String, Timestamp, Timestamp)>>,
    pub pauses: Vec<(Timestamp, Timestamp)>,
    /// Shops that each version leaves out beside its list: the campaign's control, and those outside its zones.
    pub left_out: Vec<std::collections::HashSet<ShopId>>,
}

impl Context {
    fn leaves_out(&self, version: usize, shop: ShopId) -> bool {
        self.left_out.get(version).is_some_and(|shops| shops.contains(&shop))
    }
}

/// The reward of a full card.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Linked {
    pub stock: Option<i64>,
    pub max_per_consumer: Option<i64>,
}

impl Linked {
    /// With so many of it at the beginning.
    pub(crate) fn of(reward: &Reward, stock: Option<i64>, scale: i64) -> Self {
        Self { stock: stock.map(|left| left / scale), max_per_consumer: reward.max_per_consumer }
    }
}

/// What one day brought, returns restated on the day of the sale.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Day {
    pub purchases: i64,
    pub awarded: i64,
    pub rewards: i64,
}

/// One consumer's past in this campaign.
#[derive(Debug, Default)]
struct Person {
    given: Vec<(Option<ShopId>, CivilDate, i64)>,
    /// Purchases that still count.
    open: i64,
    awarded: i64,
    account: Option<Account>,
    rewards: i64,
}

/// A sale of which something will come back.
#[derive(Debug)]
struct Kept {
    consumer: ConsumerId,
    shop: ShopId,
    date: CivilDate,
    /// Whose rules gave.
    version: usize,
    trace: Trace,
    reversed: i64,
}

/// Rules and when they are in force; where the next ones begin, they end at the latest.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub from: Timestamp,
    /// Excluded.
    pub until: Timestamp,
    pub rules: CampaignRules,
}

/// One replay.
#[derive(Debug)]
pub(crate) struct Run {
    /// Oldest first.
    versions: Vec<Version>,
    /// Before this day nobody can have joined, and nothing was paused.
    opens: Option<CivilDate>,
    /// What happens from then on is not known.
    known_until: Timestamp,
    linked: Option<Linked>,
    /// Of one consumer in so many: limits that all share shrink with it.
    people: HashMap<ConsumerId, Person>,
    kept: HashMap<PurchaseId, Kept>,
    whole: i64,
    shop_days: HashMap<(ShopId, CivilDate), i64>,
    asks_days: bool,
    pub days: BTreeMap<CivilDate, Day>,
    ids: u128,
}

impl Run {
    pub(crate) fn new(rules: CampaignRules, linked: Option<Linked>, scale: i64) -> Self {
        Self::of_versions(vec![Version { from: Timestamp(i64::MIN), until: Timestamp(i64::MAX), rules }], linked, scale)
    }

    /// Each sale by the version that was in force when it happened.
    pub(crate) fn of_versions(mut versions: Vec<Version>, linked: Option<Linked>, scale: i64) -> Self {
        let caps = |versions: &mut Vec<Version>| -> Vec<CapScope> {
            let all = versions.iter_mut().flat_map(|version| version.rules.caps.iter_mut());
            all.map(|cap| {
                if cap.scope.is_shared() {
                    cap.max /= scale;
                }
                cap.scope
            })
            .collect()
        };
        let asks_days = caps(&mut versions).contains(&CapScope::PdvDay);
        Self {
            versions,
            opens: None,
            known_until: Timestamp(i64::MAX),
            linked,
            people: HashMap::new(),
            kept: HashMap::new(),
            whole: 0,
            shop_days: HashMap::new(),
            asks_days,
            days: BTreeMap::new(),
            ids: 0,
        }
    }

    /// The campaign's own first day, when other days are replayed.
    pub(crate) fn opening(self, opens: CivilDate) -> Self {
        Self { opens: Some(opens), ..self }
    }

    /// Without what happened from then on.
    pub(crate) fn known(self, known_until: Timestamp) -> Self {
        Self { known_until, ..self }
    }

    /// Works one event out; what a sale is told, when the campaign looks at it.
    pub(crate) fn take(&mut self, event: &Event, context: &Context) -> Option<(PurchaseId, Trace)> {
        if event.at() >= self.known_until {
            return None;
        }
        match event {
            Event::Sold(sold) => self.sell(sold, context).map(|trace| (sold.purchase, trace)),
            Event::Returned(back) => {
                self.give_back(back);
                None
            }
        }
    }

    fn sell(&mut self, sold: &Sold, context: &Context) -> Option<Trace> {
        let (at, date) = (sold.local.at, sold.local.date());
        let version = self.versions.iter().rposition(|version| version.from <= at)?;
        let Version { until, rules, .. } = self.versions.get(version)?;
        // It ended by itself, and the next one has not begun: nothing counts, as it did not then.
        if *until <= at {
            return None;
        }
        if context.leaves_out(version, sold.shop) || date < rules.starts || rules.ends < date {
            return None;
        }
        let early = self.opens.is_some_and(|opens| date < opens);
        let person = self.people.entry(sold.consumer).or_default();
        let mut used = Used::default();
        if !rules.caps.is_empty() {
            caps::own_windows(&mut used, person.given.iter().copied(), sold.shop, date);
            used.add(CapScope::Campaign, self.whole);
            used.add(CapScope::PdvDay, self.shop_days.get(&(sold.shop, date)).copied().unwrap_or(0));
        }
        let segments: Vec<String> = match context.segments.get(&sold.consumer) {
            Some(named) => named.iter().filter(|(_, from, until)| *from <= at && at < *until).map(|(name, ..)| name.clone()).collect(),
            None => Vec::new(),
        };
        let facts = Facts {
            local: sold.local,
            shop: sold.shop,
            paused: !early && context.pauses.iter().any(|(from, until)| *from <= at && at < *until),
            held_out: context.held_out.contains(&sold.consumer),
            own_shop: sold.own_shop,
            adult: sold.adult,
            enrolled_at: match &context.joined {
                None => Some(Timestamp(i64::MIN)),
                Some(_) if early => Some(Timestamp(i64::MIN)),
                Some(joined) => joined.get(&sold.consumer).copied(),
            },
            segments: &segments,
            first_purchase: person.open == 0,
            used,
        };
        let trace = evaluate(rules, &sold.lines, &facts).ok()?;
        person.open += 1;
        let day = self.days.entry(date).or_default();
        day.purchases += 1;
        if trace.award > 0 {
            day.awarded += trace.award;
            person.awarded += trace.award;
            person.given.push((Some(sold.shop), date, trace.award));
            self.whole += trace.award;
            if self.asks_days {
                *self.shop_days.entry((sold.shop, date)).or_default() += trace.award;
            }
            self.fill(sold, version, trace.award);
        }
        if sold.returns {
            self.kept
                .insert(sold.purchase, Kept { consumer: sold.consumer, shop: sold.shop, date, version, trace: trace.clone(), reversed: 0 });
        }
        Some(trace)
    }

    /// Full cards, with the very account that purchases use: holds, expiry, soonest first.
    fn fill(&mut self, sold: &Sold, version: usize, award: i64) {
        let Some(Version { rules, .. }) = self.versions.get(version) else {
            return;
        };
        let (Some(linked), Some(threshold)) = (&mut self.linked, rules.threshold) else {
            return;
        };
        self.ids += 4;
        let id = |n: u128| Uuid::from_u128(n);
        let Some(person) = self.people.get_mut(&sold.consumer) else {
            return;
        };
        let account = person.account.get_or_insert_with(|| Account::new(sold.consumer, Vec::new(), Vec::new()));
        let campaign = CampaignId(Uuid::nil());
        let place = account.wallet(OrganisationId(Uuid::nil()), BrandId(Uuid::nil()), campaign, rules.unit, || WalletId(id(self.ids)));
        while let Some((at, due)) = account.next_due(sold.at) {
            account.apply(at, due);
        }
        let date = sold.local.date();
        let start_of = |days: i64| date.plus_days(days).map_or(NEVER, |date| identity::shop::start_of_day(&sold.time_zone, date));
        let earned = account::Award {
            adjustment: None,
            campaign,
            purchase: sold.purchase,
            part: 1,
            lot: LotId(id(self.ids + 1)),
            shop: sold.shop,
            business_date: date,
            purchased_at: sold.local.at,
            amount: award,
            available_at: if rules.hold_days > 0 { start_of(rules.hold_days) } else { sold.local.at },
            expires_at: rules.valid_days.map_or(NEVER, |days| start_of(days + 1)),
        };
        account.earn(place, &earned, sold.at);
        while account.wallets[place].now.available >= threshold.need
            && linked.max_per_consumer.is_none_or(|max| person.rewards < max)
            && linked.stock.is_none_or(|left| left > 0)
        {
            self.ids += 1;
            account.issue(place, RewardInstanceId(id(self.ids + 2)), threshold.need, sold.at);
            person.rewards += 1;
            linked.stock = linked.stock.map(|left| left - 1);
            self.days.entry(date).or_default().rewards += 1;
        }
        account.forget();
    }

    fn give_back(&mut self, back: &GivenBack) {
        let Some(kept) = self.kept.get_mut(&back.purchase) else {
            return;
        };
        let Some(Version { rules, .. }) = self.versions.get(kept.version) else {
            return;
        };
        let net = kept.trace.award - kept.reversed;
        let amount = if net > 0 { (net - again(rules, &back.remaining, &kept.trace).award).max(0) } else { 0 };
        kept.reversed += amount;
        let Some(person) = self.people.get_mut(&kept.consumer) else {
            return;
        };
        if back.whole {
            person.open -= 1;
        }
        if amount > 0 {
            person.awarded -= amount;
            person.given.push((Some(kept.shop), kept.date, -amount));
            self.whole -= amount;
            if let Some(day) = self.shop_days.get_mut(&(kept.shop, kept.date)) {
                *day -= amount;
            }
            self.days.entry(kept.date).or_default().awarded -= amount;
            if let Some(account) = &mut person.account
                && let Some(place) = account.wallets.iter().position(|wallet| wallet.lots.iter().any(|lot| lot.purchase == back.purchase))
            {
                let reversal = account::Reversal {
                    cause: Uuid::nil(),
                    purchase: back.purchase,
                    adjustment: None,
                    campaign: CampaignId(Uuid::nil()),
                    amount,
                    shortfall: rules.on_shortfall,
                    undoable: &[],
                };
                let now = account.wallets[place].lots.iter().map(|lot| lot.purchased_at).max().unwrap_or_default();
                account.reverse(place, &reversal, now);
                account.forget();
            }
        }
    }

    pub(crate) fn awarded(&self) -> i64 {
        self.days.values().map(|day| day.awarded).sum()
    }
    pub(crate) fn rewards(&self) -> i64 {
        self.days.values().map(|day| day.rewards).sum()
    }
    pub(crate) fn purchases(&self) -> i64 {
        self.days.values().map(|day| day.purchases).sum()
    }

    /// The day on which so much had been awarded.
    pub(crate) fn reached(&self, budget: i64) -> Option<CivilDate> {
        let mut sum = 0;
        self.days
            .iter()
            .find(|(_, day)| {
                sum += day.awarded;
                sum >= budget
            })
            .map(|(date, _)| *date)
    }

    /// How many consumers got how much.
    pub(crate) fn distribution(&self) -> Vec<ConsumersWith> {
        let most = self.people.values().map(|person| person.awarded).max().unwrap_or(0);
        let mut cells = super::cells(most);
        for person in self.people.values().filter(|person| person.open > 0 || person.awarded > 0) {
            if let Some(cell) = cells.iter_mut().find(|cell| (cell.from..=cell.to).contains(&person.awarded)) {
                cell.consumers = cell.consumers.map(|n| n + 1);
            }
        }
        cells
    }
}
