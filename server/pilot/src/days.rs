//! What was bought on each day, what it gave, and what time did to it.

use std::collections::{BTreeSet, HashMap};

use db::bulk::{Bulk, Cell};
use rand::{Rng, SeedableRng, rngs::StdRng};
use shared::{
    CivilDate, Currency, LocalTime, PurchaseId, RewardId, Timestamp,
    loyalty::{
        PurchaseAnswer, PurchaseStatus,
        campaign::CapScope,
        evaluation::{Facts, Line, Trace, Used, again, evaluate},
    },
    time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS},
};
use uuid::Uuid;

use crate::{
    DAYS, Error, Made, Plan,
    books::{Books, Cause, Lot, NEVER, Wallet, scope},
    ground::{Campaign, Ground, Product},
    people::{People, Person, id, is_control},
    tables,
};

/// Bogotá, all year.
const OFFSET_SECONDS: i32 = -5 * 3_600;
/// Shops open at seven.
const OPENS_MS: i64 = 7 * HOUR_MS;
/// And close fourteen hours later.
const OPEN_MS: i64 = 14 * HOUR_MS;
/// Monday to Sunday.
const WEEK: [f64; 7] = [0.9, 0.85, 0.95, 1.0, 1.15, 1.25, 0.9];

/// The date on every shop's wall.
pub(crate) fn date_of(at: Timestamp) -> CivilDate {
    LocalTime { at, offset_seconds: OFFSET_SECONDS }.date()
}

/// When a date begins there.
pub(crate) fn start_of(date: CivilDate) -> Timestamp {
    let days = CivilDate::new(1970, 1, 1).map_or(0, |first| date.days_since(first));
    Timestamp(days * DAY_MS - i64::from(OFFSET_SECONDS) * SECOND_MS)
}

/// Who buys where, and when.
struct Sale {
    at: Timestamp,
    shop: usize,
    person: usize,
}

/// One line of a basket.
struct Bought {
    product: usize,
    line: Line,
    back: i64,
    back_minor: i64,
}

struct World<'a> {
    books: Books<'a>,
    people: &'a People,
    wallets: Vec<Vec<Wallet>>,
    /// For each day, the wallets to which its beginning does something.
    due: Vec<Vec<(usize, usize)>>,
    first: CivilDate,
    /// What campaigns gave that count over everybody: in all, and at a shop on a day.
    counted: HashMap<(usize, Option<(usize, CivilDate)>), i64>,
    /// Brands and days: what reports keep of them is made later.
    sold: BTreeSet<(usize, CivilDate)>,
    given: HashMap<RewardId, i64>,
    purchases: u64,
}

/// All of it; and how many of each limited reward are with somebody.
pub(crate) async fn write(bulk: &mut Bulk, plan: &Plan, ground: &Ground, people: &People) -> Result<(Made, Vec<(RewardId, i64)>), Error> {
    let books =
        Books { bulk, ground, random: StdRng::seed_from_u64(plan.seed.wrapping_add(1)), days: BTreeSet::new(), entries: 0, rewards: 0 };
    let no_date = || Error::Refused("no such date".into());
    let first = date_of(plan.until).plus_days(-DAYS).ok_or_else(no_date)?;
    let mut world = World {
        books,
        people,
        wallets: people.persons.iter().map(|_| Vec::new()).collect(),
        due: (0..=DAYS).map(|_| Vec::new()).collect(),
        first,
        counted: HashMap::new(),
        sold: BTreeSet::new(),
        given: HashMap::new(),
        purchases: 0,
    };
    for day in 0..=DAYS {
        let date = first.plus_days(day).ok_or_else(no_date)?;
        for (person, place) in std::mem::take(&mut world.due[day as usize]) {
            world.books.advance(&people.persons[person], &mut world.wallets[person][place], start_of(date)).await?;
        }
        if day < DAYS {
            for sale in world.sales(plan, date) {
                world.sell(&sale, date).await?;
            }
        }
    }
    for (person, wallets) in people.persons.iter().zip(&world.wallets) {
        for wallet in wallets {
            world.books.close(person, wallet).await?;
        }
    }
    for (brand, date) in &world.sold {
        let row = [
            id(&mut world.books.random, plan.until).into(),
            ground.brands[*brand].id.0.into(),
            date.to_string().into(),
            plan.until.0.into(),
        ];
        world.books.bulk.push(&tables::CHANGE, row).await?;
    }
    for (brand, day) in &world.books.days {
        let row = [id(&mut world.books.random, plan.until).into(), ground.brands[*brand].id.0.into(), (*day).into(), plan.until.0.into()];
        world.books.bulk.push(&tables::POINTS_CHANGE, row).await?;
    }
    for ((campaign, window), used) in world.counted {
        let shop = window.map_or(Uuid::nil(), |(shop, _)| people.shops[shop].0);
        let date = window.map_or_else(String::new, |(_, date)| date.to_string());
        world.books.bulk.push(&tables::CAP_USE, [ground.campaigns[campaign].id.0.into(), shop.into(), date.into(), used.into()]).await?;
    }
    let made = Made {
        shops: people.shops.len() as u64,
        consumers: people.persons.len() as u64,
        purchases: world.purchases,
        entries: world.books.entries,
        rewards: world.books.rewards,
    };
    Ok((made, world.given.into_iter().collect()))
}

impl World<'_> {
    /// In the order of the day.
    fn sales(&mut self, plan: &Plan, date: CivilDate) -> Vec<Sale> {
        let shops = self.people.shops.len();
        let random = &mut self.books.random;
        let many = plan.purchases() / DAYS as f64 * WEEK[usize::from(date.weekday() - 1)];
        let open = start_of(date).plus_ms(OPENS_MS);
        let registered = self.people.persons.partition_point(|person| person.created_at < open);
        let mut sales = Vec::with_capacity(many as usize);
        for _ in 0..many as usize {
            let shop = (random.random::<f64>().powf(1.3) * shops as f64) as usize;
            let home = if random.random_bool(0.88) { shop } else { random.random_range(0..shops) };
            let regulars = registered.saturating_sub(home).div_ceil(shops);
            if regulars == 0 {
                continue;
            }
            // Those who came first come most often; one in four is among the newest.
            let rank = if random.random_bool(0.25) {
                regulars - 1 - random.random_range(0..regulars.div_ceil(8))
            } else {
                (random.random::<f64>().powf(1.6) * regulars as f64) as usize
            };
            let at = open.plus_ms(random.random_range(0..OPEN_MS));
            sales.push(Sale { at, shop, person: home + rank * shops });
        }
        sales.sort_by_key(|sale| sale.at);
        sales
    }

    fn basket(&mut self) -> Vec<Bought> {
        let ground = self.books.ground;
        let random = &mut self.books.random;
        let mut chosen: Vec<usize> = Vec::new();
        for brand in &ground.brands {
            if random.random_bool(brand.share) {
                chosen.push(random.random_range(brand.products.clone()));
            }
        }
        let owned = ground.brands.last().map_or(0, |brand| brand.products.end);
        if chosen.is_empty() || random.random_bool(0.25) {
            chosen.push(random.random_range(owned..ground.products.len()));
        }
        chosen.into_iter().map(|place| bought(&ground.products[place], place, random)).collect()
    }

    async fn sell(&mut self, sale: &Sale, date: CivilDate) -> Result<(), Error> {
        let people = self.people;
        let person = &people.persons[sale.person];
        let mut basket = self.basket();
        let received_at =
            sale.at.plus_ms(if self.books.random.random_bool(0.03) { self.books.random.random_range(MINUTE_MS..2 * HOUR_MS) } else { 900 });
        let purchase = id(&mut self.books.random, received_at);
        let (status, reason) = match self.books.random.random_range(0..1_000) {
            0..4 => (PurchaseStatus::Held, Some("SUSPECTED_DUPLICATE")),
            4 => (PurchaseStatus::Rejected, Some("SUSPECTED_DUPLICATE")),
            _ => (PurchaseStatus::Accepted, None),
        };
        let local = LocalTime { at: sale.at, offset_seconds: OFFSET_SECONDS };
        let lines: Vec<Line> = basket.iter().map(|bought| bought.line.clone()).collect();
        let mut traces = Vec::new();
        if status == PurchaseStatus::Accepted {
            for (place, campaign) in self.books.ground.campaigns.iter().enumerate() {
                if is_control(place, sale.shop) {
                    continue;
                }
                let facts = Facts {
                    local,
                    shop: people.shops[sale.shop],
                    paused: false,
                    held_out: false,
                    own_shop: person.works_at == Some(sale.shop),
                    adult: person.adult,
                    enrolled_at: None,
                    segments: &[],
                    first_purchase: false,
                    used: self.used(place, campaign, sale, date),
                };
                if let Ok(trace) = evaluate(&campaign.rules, &lines, &facts) {
                    self.evaluation(purchase, place, person, &trace).await?;
                    traces.push((place, trace));
                }
            }
        }
        for (place, trace) in traces.iter().filter(|(_, trace)| trace.award > 0) {
            self.earn(sale, date, purchase, received_at, *place, trace.award).await?;
        }
        for (place, _) in &traces {
            self.fill(sale, purchase, received_at, *place).await?;
        }
        if status == PurchaseStatus::Accepted && self.books.random.random_bool(0.015) {
            self.give_back(sale, date, purchase, received_at.plus_ms(MINUTE_MS), &mut basket, &traces).await?;
        }
        self.exchange(sale, received_at.plus_ms(2 * MINUTE_MS)).await?;
        self.purchase(sale, date, purchase, received_at, status, reason, &basket).await
    }

    /// What caps have counted, as `loyalty::purchase::caps` reads it.
    fn used(&self, place: usize, campaign: &Campaign, sale: &Sale, date: CivilDate) -> Used {
        let mut used = Used::default();
        if campaign.rules.caps.iter().any(|cap| cap.scope == CapScope::ConsumerDay) {
            let lots = self.wallets[sale.person].iter().flat_map(|wallet| &wallet.lots);
            lots.filter(|lot| lot.campaign == place && lot.date == date)
                .for_each(|lot| used.add(CapScope::ConsumerDay, lot.awarded - lot.reversed));
        }
        if campaign.counted {
            let of = |window| self.counted.get(&(place, window)).copied().unwrap_or(0);
            used.add(CapScope::Campaign, of(None));
            used.add(CapScope::PdvDay, of(Some((sale.shop, date))));
        }
        used
    }

    async fn evaluation(&mut self, purchase: Uuid, place: usize, person: &Person, trace: &Trace) -> Result<(), Error> {
        let campaign = &self.books.ground.campaigns[place];
        let brand = &self.books.ground.brands[campaign.brand];
        let unit = if campaign.rules.unit == shared::loyalty::campaign::Unit::Stamps { "stamps" } else { "points" };
        let text = serde_json::to_string(trace).map_err(|error| Error::Refused(error.to_string()))?;
        let row = [
            purchase.into(),
            campaign.id.0.into(),
            campaign.version.0.into(),
            brand.tenant.0.into(),
            brand.id.0.into(),
            person.id.into(),
            unit.into(),
            trace.award.into(),
            text.into(),
        ];
        Ok(self.books.bulk.push(&tables::EVALUATION, row).await?)
    }

    fn wallet(&mut self, person: usize, place: usize, at: Timestamp) -> usize {
        let ground = self.books.ground;
        let scope = scope(ground, &ground.campaigns[place]);
        if let Some(known) = self.wallets[person].iter().position(|wallet| wallet.scope == scope) {
            return known;
        }
        let id = id(&mut self.books.random, at);
        self.wallets[person].push(Wallet { id, campaign: place, scope, available: 0, pending: 0, lots: Vec::new(), rewards: 0 });
        self.wallets[person].len() - 1
    }

    async fn earn(&mut self, sale: &Sale, date: CivilDate, purchase: Uuid, now: Timestamp, place: usize, award: i64) -> Result<(), Error> {
        let campaign = &self.books.ground.campaigns[place];
        let start_after = |days: i64| date.plus_days(days).map_or(NEVER, start_of);
        let available_at = if campaign.rules.hold_days > 0 { start_after(campaign.rules.hold_days) } else { sale.at };
        let expires_at = campaign.rules.valid_days.map_or(NEVER, |days| start_after(days + 1));
        let number = self.wallet(sale.person, place, now);
        let lot = Lot {
            id: id(&mut self.books.random, now),
            campaign: place,
            purchase,
            shop: self.people.shops[sale.shop].0,
            date,
            purchased_at: sale.at,
            awarded: award,
            remaining: 0,
            active: available_at <= now,
            expired: 0,
            reversed: 0,
            available_at,
            expires_at,
            recorded_at: now,
        };
        for days in [campaign.rules.hold_days, campaign.rules.valid_days.map_or(0, |days| days + 1)] {
            let day = date.days_since(self.first) + days;
            if days > 0 && day <= DAYS {
                self.due[day as usize].push((sale.person, number));
            }
        }
        let credit = if lot.active { "available" } else { "pending" };
        let key = format!("earn:{}:{}", PurchaseId(purchase), campaign.id);
        let person = &self.people.persons[sale.person];
        let wallet = &mut self.wallets[sale.person][number];
        wallet.lots.push(lot);
        let last = wallet.lots.len() - 1;
        let cause = Cause { person, purchase: Some(purchase), instance: None, at: sale.at, recorded_at: now };
        self.books.moved(wallet, last, "EARN", key, ("issued_pool", credit), award, &cause).await?;
        if campaign.counted {
            for window in [None, Some((sale.shop, date))] {
                *self.counted.entry((place, window)).or_default() += award;
            }
        }
        Ok(())
    }

    /// Full cards give their reward; three in four are handed over.
    async fn fill(&mut self, sale: &Sale, purchase: Uuid, now: Timestamp, place: usize) -> Result<(), Error> {
        let campaign = &self.books.ground.campaigns[place];
        let (Some(threshold), Some(reward)) = (campaign.rules.threshold, campaign.reward) else {
            return Ok(());
        };
        let scope = scope(self.books.ground, campaign);
        let Some(number) = self.wallets[sale.person].iter().position(|wallet| wallet.scope == scope) else {
            return Ok(());
        };
        let person = &self.people.persons[sale.person];
        while self.wallets[sale.person][number].available >= threshold.need {
            let wallet = &mut self.wallets[sale.person][number];
            let instance = id(&mut self.books.random, now);
            let cause = Cause { person, purchase: None, instance: Some(instance), at: now, recorded_at: now };
            self.books
                .take(wallet, threshold.need, "REWARD_ISSUE", &format!("reward_issue:rin_{}", instance.simple()), "redeemed", &cause)
                .await?;
            let at = now.plus_ms(self.books.random.random_range(HOUR_MS..5 * DAY_MS));
            let end = start_of(self.first).plus_ms(DAYS * DAY_MS);
            let delivered = (self.books.random.random_bool(0.75) && at < end).then(|| (self.people.shops[person.home].0, at));
            let status = if delivered.is_some() { "delivered" } else { "issued" };
            self.books.instance(instance, reward, person, wallet, Some(purchase), status, now, delivered, None).await?;
            *self.given.entry(reward.id).or_default() += 1;
        }
        Ok(())
    }

    /// Who has enough points may choose from the catalogue; one in eight does not come in time.
    async fn exchange(&mut self, sale: &Sale, at: Timestamp) -> Result<(), Error> {
        const HELD_MS: i64 = 10 * MINUTE_MS;

        let reward = self.books.ground.catalogue;
        let scope = self.books.ground.brands[1].id.0;
        let Some(number) = self.wallets[sale.person].iter().position(|wallet| wallet.scope == scope && wallet.available >= reward.cost)
        else {
            return Ok(());
        };
        if !self.books.random.random_bool(0.3) {
            return Ok(());
        }
        let person = &self.people.persons[sale.person];
        let wallet = &mut self.wallets[sale.person][number];
        let instance = id(&mut self.books.random, at);
        let cause = |at| Cause { person, purchase: None, instance: Some(instance), at, recorded_at: at };
        let parts =
            self.books.take(wallet, reward.cost, "RESERVE", &format!("reserve:rin_{}", instance.simple()), "reserved", &cause(at)).await?;
        let comes = self.books.random.random_bool(0.875);
        let end = at.plus_ms(if comes { HELD_MS / 2 } else { HELD_MS });
        for (lot, amount) in parts {
            let (kind, prefix, accounts) =
                if comes { ("SPEND", "spend", ("reserved", "redeemed")) } else { ("RELEASE", "release", ("reserved", "available")) };
            let key = format!("{prefix}:rin_{}:lot_{}", instance.simple(), wallet.lots[lot].id.simple());
            self.books.moved(wallet, lot, kind, key, accounts, amount, &cause(end)).await?;
        }
        let delivered = comes.then(|| (self.people.shops[sale.shop].0, end));
        let status = if comes { "delivered" } else { "lapsed" };
        self.books.instance(instance, reward, person, wallet, None, status, at, delivered, Some(at.plus_ms(HELD_MS))).await?;
        *self.given.entry(reward.id).or_default() += i64::from(comes);
        Ok(())
    }

    /// Half of what comes back comes back whole. Nothing comes back of which something was used.
    async fn give_back(
        &mut self,
        sale: &Sale,
        date: CivilDate,
        purchase: Uuid,
        at: Timestamp,
        basket: &mut [Bought],
        traces: &[(usize, Trace)],
    ) -> Result<(), Error> {
        let used = self.wallets[sale.person]
            .iter()
            .flat_map(|wallet| &wallet.lots)
            .any(|lot| lot.purchase == purchase && lot.remaining < lot.awarded);
        if used {
            return Ok(());
        }
        let whole = self.books.random.random_bool(0.5);
        for (number, bought) in basket.iter_mut().enumerate().filter(|(number, _)| whole || *number == 0) {
            bought.back = if whole || number > 0 { bought.line.quantity } else { 1 };
            let left = bought.left();
            bought.back_minor = bought.line.amount_minor() - left.amount_minor();
        }
        let remaining: Vec<Line> = basket.iter().map(Bought::left).filter(|line| line.quantity > 0).collect();
        let back = id(&mut self.books.random, at);
        let row = [
            back.into(),
            purchase.into(),
            vec![0; 32].into(),
            Cell::Null,
            "key:pilot".into(),
            b"{}".to_vec().into(),
            at.0.into(),
            date_of(at).to_string().into(),
        ];
        self.books.bulk.push(&tables::RETURN, row).await?;
        for (number, bought) in basket.iter().enumerate().filter(|(_, bought)| bought.back > 0) {
            self.books
                .bulk
                .push(
                    &tables::RETURN_LINE,
                    [back.into(), purchase.into(), (number as i64 + 1).into(), bought.back.into(), bought.back_minor.into()],
                )
                .await?;
        }
        let person = &self.people.persons[sale.person];
        for (place, trace) in traces {
            let campaign = &self.books.ground.campaigns[*place];
            let brand = &self.books.ground.brands[campaign.brand];
            let amount = trace.award - again(&campaign.rules, &remaining, trace).award;
            if amount <= 0 {
                continue;
            }
            let found = self.wallets[sale.person].iter().enumerate().find_map(|(number, wallet)| {
                wallet.lots.iter().position(|lot| lot.purchase == purchase && lot.campaign == *place).map(|lot| (number, lot))
            });
            let Some((number, lot)) = found else { continue };
            let wallet = &mut self.wallets[sale.person][number];
            wallet.lots[lot].reversed += amount;
            let book = if wallet.lots[lot].active { "available" } else { "pending" };
            let key = format!("reverse:{back}:{}:lot_{}", campaign.id, wallet.lots[lot].id.simple());
            let cause = Cause { person, purchase: None, instance: None, at, recorded_at: at };
            self.books.moved(wallet, lot, "REVERSE", key, (book, "reversed"), amount, &cause).await?;
            let row = [back.into(), purchase.into(), campaign.id.0.into(), brand.tenant.0.into(), brand.id.0.into(), amount.into()];
            self.books.bulk.push(&tables::REVERSAL, row).await?;
            if campaign.counted {
                for window in [None, Some((sale.shop, date))] {
                    *self.counted.entry((*place, window)).or_default() -= amount;
                }
            }
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments, reason = "one row and its lines")]
    async fn purchase(
        &mut self,
        sale: &Sale,
        date: CivilDate,
        purchase: Uuid,
        received_at: Timestamp,
        status: PurchaseStatus,
        reason: Option<&'static str>,
        basket: &[Bought],
    ) -> Result<(), Error> {
        let total: i64 = basket.iter().map(|bought| bought.line.amount_minor()).sum();
        let person = &self.people.persons[sale.person];
        let answer = PurchaseAnswer {
            purchase_id: PurchaseId(purchase),
            status,
            reason: reason.map(str::to_owned),
            consumer_label: "Ana".into(),
            total_minor: total,
            currency: Currency::Cop,
            purchased_at: sale.at,
            awards: Vec::new(),
            no_award: Vec::new(),
            lines: Vec::new(),
            rewards: Vec::new(),
        };
        let name = match status {
            PurchaseStatus::Held => "held",
            PurchaseStatus::Rejected => "rejected",
            _ => "accepted",
        };
        let random = &mut self.books.random;
        let row = [
            purchase.into(),
            format!("key:{}", self.books.ground.operator).into(),
            purchase.simple().to_string().into(),
            random.random::<[u8; 32]>().to_vec().into(),
            random.random::<[u8; 32]>().to_vec().into(),
            self.people.shops[sale.shop].0.into(),
            person.card.into(),
            person.id.into(),
            name.into(),
            reason.into(),
            false.into(),
            total.into(),
            "COP".into(),
            sale.at.0.into(),
            i64::from(OFFSET_SECONDS).into(),
            date.to_string().into(),
            received_at.0.into(),
            serde_json::to_vec(&answer).map_err(|error| Error::Refused(error.to_string()))?.into(),
            (!basket.is_empty() && basket.iter().all(|bought| bought.back == bought.line.quantity)).into(),
            (status == PurchaseStatus::Rejected).then_some(received_at.plus_ms(HOUR_MS).0).into(),
        ];
        self.books.bulk.push(&tables::PURCHASE, row).await?;
        for (number, bought) in basket.iter().enumerate() {
            let product = &self.books.ground.products[bought.product];
            let brand = product.brand.map(|place| &self.books.ground.brands[place]);
            self.sold.extend(product.brand.map(|place| (place, date)));
            let row = [
                purchase.into(),
                (number as i64 + 1).into(),
                product.gtin.to_string().into(),
                product.id.0.into(),
                brand.map(|brand| brand.id.0).into(),
                brand.map(|brand| brand.tenant.0).into(),
                bought.line.quantity.into(),
                bought.line.unit_price_minor.into(),
                bought.line.suggested_price_minor.into(),
                bought.line.discount_minor.into(),
                bought.line.amount_minor().into(),
                false.into(),
                date.to_string().into(),
                bought.back.into(),
                bought.back_minor.into(),
            ];
            self.books.bulk.push(&tables::LINE, row).await?;
        }
        self.purchases += 1;
        Ok(())
    }
}

impl Bought {
    /// What remains: the discount leaves with its units and is rounded, as `loyalty::purchase::returns` does it.
    fn left(&self) -> Line {
        let quantity = self.line.quantity - self.back;
        let discount_minor = (self.line.discount_minor * quantity * 2 + self.line.quantity) / (2 * self.line.quantity);
        Line { quantity, discount_minor, ..self.line.clone() }
    }
}

fn bought(product: &Product, place: usize, random: &mut StdRng) -> Bought {
    let price = product.price * random.random_range(95..=108) / 100;
    let quantity = random.random_range(1..=3);
    let discount = if random.random_bool(0.1) { price / 10 } else { 0 };
    let line = Line {
        product: Some(product.id),
        quantity,
        unit_price_minor: price,
        suggested_price_minor: Some(product.price),
        discount_minor: discount,
        reward_line: false,
    };
    Bought { product: place, line, back: 0, back_minor: 0 }
}
