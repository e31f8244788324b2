//! A forecast made with nothing but what was known before a campaign, and what the live engine then gave.

use db::{Db, both_databases, sql};
use identity::{Actor, shop};
use loyalty::{campaign, purchase, replay};
use rand::{Rng, SeedableRng, rngs::StdRng};
use shared::{
    CampaignId, ConsumerId, Country, PurchaseId, ShopId, Timestamp,
    identity::NewShop,
    loyalty::{
        CampaignRules, CampaignState, Forecast, NewCampaign, NewReturn, ReturnedLine, ReturnedLines, RuleKind, Template,
        campaign::{Cap, CapScope, Enrolment, Multiplier, MultiplierWhen, OnExceed, Threshold, Unit},
        evaluation::Trace,
    },
    time::{DAY_MS, MINUTE_MS},
};
use sqlx::types::Json;

use crate::world::{COLA, GALLETA, NOW, World, line, phone, sale};

/// Weeks of sales before the campaigns, and of the campaigns.
const BEFORE: i64 = 8;
const RUNS: i64 = 3;
/// How far a forecast may be from what happened, basis points.
const MISS_MAX_BP: i64 = 1_500;

sql! {
    GIVEN: "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM ledger_entry WHERE campaign_id = $1 AND kind = 'EARN'";
    TAKEN: "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM award_reversal WHERE campaign_id = $1";
    REWARDS: "SELECT COUNT(*) FROM reward_instance WHERE campaign_id = $1 AND status NOT IN ('lapsed', 'cancelled')";
    LIVE: "SELECT e.purchase_id, e.trace FROM evaluation e JOIN purchase p ON p.id = e.purchase_id WHERE e.campaign_id = $1 ORDER BY p.received_at, p.id";
}

/// Somebody with her days of the week, how sure she comes on them, and her shop.
struct Habit {
    consumer: ConsumerId,
    days: Vec<i64>,
    sure: f64,
    shop: ShopId,
    since: i64,
}

/// A neighbourhood that everything follows from: its seed.
struct Neighbourhood {
    world: World,
    random: StdRng,
    habits: Vec<Habit>,
    sales: i64,
}

fn campaigns_begin() -> Timestamp {
    NOW.plus_ms(7 * BEFORE * DAY_MS)
}

impl Neighbourhood {
    async fn new(db: &Db, seed: u64) -> Self {
        let world = World::new(db).await;
        let mut random = StdRng::seed_from_u64(seed);
        let mut shops = vec![world.shop];
        let mut tx = db.begin().await.unwrap();
        for number in 0..3 {
            let new = NewShop { city: "Bogotá".into(), ..NewShop::new(format!("Tienda {number}"), Country::Co) };
            shops.push(shop::register(&mut tx, NOW, &phone(100 + number), &new, "Luz").await.unwrap().0);
        }
        tx.commit().await.unwrap();
        let regulars = random.random_range(22..30);
        let newcomers = random.random_range(0..5);
        let crowd = world.crowd(regulars + newcomers).await;
        let habits = crowd
            .into_iter()
            .enumerate()
            .map(|(number, consumer)| {
                let mut days: Vec<i64> =
                    (0..random.random_range(2..=4)).map(|_| [0, 1, 2, 3, 4, 4, 5, 5, 6][random.random_range(0..9)]).collect();
                days.sort_unstable();
                days.dedup();
                let since = if number < regulars { 0 } else { random.random_range(0..7 * BEFORE) };
                Habit { consumer, days, sure: random.random_range(0.7..0.95), shop: shops[random.random_range(0..shops.len())], since }
            })
            .collect();
        Self { world, random, habits, sales: 0 }
    }

    /// Every sale of one day counted from [`NOW`], and what comes back of it.
    async fn day(&mut self, day: i64) {
        let till = self.world.till();
        let mut tx = self.world.db.begin().await.unwrap();
        let mut back = Vec::new();
        for habit in &self.habits {
            let comes = self.random.random_bool(habit.sure);
            let (cola, galleta) = (self.random.random_range(1..=3), self.random.random_range(0..=2));
            let returns = self.random.random_bool(0.04);
            if day < habit.since || !habit.days.contains(&(day % 7)) || !comes {
                continue;
            }
            self.sales += 1;
            let at = NOW.plus_ms(day * DAY_MS + (self.sales % 120) * MINUTE_MS);
            let lines = [line(COLA, cola)].into_iter().chain((galleta > 0).then(|| line(GALLETA, galleta))).collect();
            let sale = sale(self.sales.to_string(), habit.shop, habit.consumer, at, lines);
            let done = purchase::import(&mut tx, &self.world.loyalty, &till, at, &sale, sale.external_id.as_bytes()).await.unwrap();
            let answer: shared::loyalty::PurchaseAnswer = serde_json::from_slice(&done.bytes).unwrap();
            if returns && habit.shop == self.world.shop {
                back.push((answer.purchase_id, at.plus_ms(10 * MINUTE_MS)));
            }
        }
        for (purchase, at) in back {
            let lines = ReturnedLines::Some(vec![ReturnedLine { gtin: COLA.parse().unwrap(), quantity: 1 }]);
            let new = NewReturn { return_id: None, lines, reason: Some("Dañado".into()) };
            purchase::give_back(&mut tx, &self.world.loyalty, &self.world.tendero, at, purchase, &new).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    /// The rules on the campaigns' own dates.
    fn dated(&self, unit: Unit, kind: RuleKind) -> CampaignRules {
        let starts = shop::local_date("America/Bogota", campaigns_begin());
        CampaignRules { starts, ends: starts.plus_days(7 * RUNS - 1).unwrap(), ..self.world.rules(unit, kind) }
    }

    async fn publish(&self, rules: CampaignRules, now: Timestamp) -> CampaignId {
        let mut tx = self.world.db.begin().await.unwrap();
        let new = NewCampaign { brand_id: self.world.brand, name: "Mayo".into(), template: Template::Custom, rules };
        let id = campaign::create(&mut tx, &self.world.manager, now, &new).await.unwrap().id;
        campaign::publish(&mut tx, &Actor::System, now, id).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    async fn forecast(&self, id: CampaignId, now: Timestamp) -> Forecast {
        let mut tx = self.world.db.read().await.unwrap();
        replay::simulate(&mut tx, &self.world.manager, now, id, 4, None).await.unwrap().forecast.unwrap()
    }

    /// Units that stayed awarded, and rewards that were given.
    async fn happened(&self, id: CampaignId) -> (i64, i64) {
        let mut tx = self.world.db.read().await.unwrap();
        let (given,): (i64,) = tx.query(GIVEN).bind(id).one().await.unwrap();
        let (taken,): (i64,) = tx.query(TAKEN).bind(id).one().await.unwrap();
        let (rewards,): (i64,) = tx.query(REWARDS).bind(id).one().await.unwrap();
        (given - taken, rewards)
    }
}

fn budget(max: i64) -> Vec<Cap> {
    vec![Cap { scope: CapScope::Campaign, max, on_exceed: OnExceed::Truncate }]
}

/// In basis points of what happened.
fn miss(told: i64, happened: i64) -> i64 {
    ((told - happened) * 10_000 / happened.max(1)).abs()
}

/// The whole story of one seed: eight weeks of sales, forecasts on the eve, three weeks of campaigns, the forecasts again.
async fn tried(db: &Db, seed: u64) {
    let mut place = Neighbourhood::new(db, seed).await;
    for day in 0..7 * BEFORE - 1 {
        place.day(day).await;
    }
    let eve = campaigns_begin().plus_ms(-DAY_MS);
    let ten = RuleKind::PerUnit { units: 1, points: 10 };
    let factor =
        Multiplier { id: "m".into(), factor: "2".parse().unwrap(), when: MultiplierWhen { dow: Some(vec![5]), ..Default::default() } };
    let per_day = Cap { scope: CapScope::ConsumerDay, max: 45, on_exceed: OnExceed::Truncate };
    let open = CampaignRules { multipliers: vec![factor], caps: vec![per_day], ..place.dated(Unit::Points, ten.clone()) };
    // Half of what three weeks bring, more or less.
    let bound = CampaignRules { caps: budget(300 * place.random.random_range(8..14)), ..place.dated(Unit::Points, ten) };
    let stock = place.random.random_range(30..140);
    let reward_id = place.world.reward(Some(stock)).await;
    let cards = CampaignRules {
        threshold: Some(Threshold { need: 5, reward_id }),
        ..place.dated(Unit::Stamps, RuleKind::PerUnit { units: 1, points: 1 })
    };
    let mut ids = Vec::new();
    for rules in [open, bound, cards] {
        ids.push(place.publish(rules, eve).await);
    }
    let mut before = Vec::new();
    for id in &ids {
        before.push(place.forecast(*id, eve).await);
    }
    for day in 7 * BEFORE - 1..7 * (BEFORE + RUNS) {
        place.day(day).await;
    }
    let over = campaigns_begin().plus_ms(7 * (RUNS + 1) * DAY_MS);
    for (id, told) in ids.iter().zip(&before) {
        assert_eq!(&place.forecast(*id, over).await, told, "seed {seed}: what came later is not known before");
        let (awarded, rewards) = place.happened(*id).await;
        assert!(awarded > 100 && miss(told.awarded, awarded) <= MISS_MAX_BP, "seed {seed}: {awarded} awarded, {told:?}");
        let few = told.rewards.abs_diff(rewards) <= 2;
        assert!(few || miss(told.rewards, rewards) <= MISS_MAX_BP, "seed {seed}: {rewards} of {stock} rewards, {told:?}");
    }
    place.world.clean().await;
}

both_databases! {
    // These two were looked at while the forecast was written.
    async fn what_is_told_on_the_eve_happens_in_the_seventh_neighbourhood(db: &Db) {
        tried(db, 7).await;
    }
    async fn what_is_told_on_the_eve_happens_in_the_eighth_neighbourhood(db: &Db) {
        tried(db, 8).await;
    }
    // These were not: they were played when everything else was done.
    async fn what_is_told_on_the_eve_happens_in_neighbourhood_2001(db: &Db) {
        tried(db, 2_001).await;
    }
    async fn what_is_told_on_the_eve_happens_in_neighbourhood_2002(db: &Db) {
        tried(db, 2_002).await;
    }
    async fn what_is_told_on_the_eve_happens_in_neighbourhood_2003(db: &Db) {
        tried(db, 2_003).await;
    }

    async fn who_joined_later_was_free_to_join_before(db: &Db) {
        let mut place = Neighbourhood::new(db, 9).await;
        for day in 0..7 * BEFORE - 1 {
            place.day(day).await;
        }
        let eve = campaigns_begin().plus_ms(-DAY_MS);
        let required = CampaignRules { enrolment: Enrolment::Required, ..place.dated(Unit::Points, RuleKind::PerPurchase { points: 1 }) };
        let id = place.publish(required, eve).await;
        let before = place.forecast(id, eve).await;
        let mut tx = db.begin().await.unwrap();
        campaign::enrol_at(&mut tx, id, place.habits[0].consumer, campaigns_begin().plus_ms(DAY_MS)).await.unwrap();
        tx.commit().await.unwrap();

        assert!(before.awarded > 100, "{before:?}");
        assert_eq!(place.forecast(id, campaigns_begin().plus_ms(3 * DAY_MS)).await, before, "one who joined does not make all others strangers");
    }

    async fn each_version_is_replayed_over_its_own_time(db: &Db) {
        let world = World::new(db).await;
        let one = CampaignRules { caps: budget(60), ..world.rules(Unit::Points, RuleKind::PerUnit { units: 1, points: 1 }) };
        let id = world.publish(one.clone()).await;
        let five = CampaignRules { rules: world.rules(Unit::Points, RuleKind::PerUnit { units: 1, points: 5 }).rules, ..one };
        let mut tx = db.begin().await.unwrap();
        let new = NewCampaign { brand_id: world.brand, name: "Lleva y gana".into(), template: Template::Custom, rules: five };
        campaign::update_draft(&mut tx, &world.manager, NOW, id, &new).await.unwrap();
        campaign::publish_from(&mut tx, &Actor::System, NOW, id, Some(NOW.plus_ms(DAY_MS))).await.unwrap();
        tx.commit().await.unwrap();
        let mut sold = Vec::new();
        for minutes in [0, 60, 24 * 60 + 5, 25 * 60, 49 * 60] {
            sold.push(world.buys(minutes, &[(COLA, 4, None)]).await.purchase_id);
        }
        // What was sold under the first version goes back under it.
        let some = ReturnedLines::Some(vec![ReturnedLine { gtin: COLA.parse().unwrap(), quantity: 3 }]);
        let mut tx = db.begin().await.unwrap();
        let back = NewReturn { return_id: None, lines: some, reason: Some("Dañado".into()) };
        purchase::give_back(&mut tx, &world.loyalty, &world.tendero, NOW.plus_ms(50 * 60 * MINUTE_MS), sold[0], &back).await.unwrap();
        tx.commit().await.unwrap();
        sold.push(world.buys(51 * 60, &[(COLA, 4, None)]).await.purchase_id);

        let mut tx = db.read().await.unwrap();
        let again = replay::as_it_ran(&mut tx, &world.manager, NOW.plus_ms(3 * DAY_MS), id).await.unwrap();
        let live: Vec<(PurchaseId, Json<Trace>)> = tx.query(LIVE).bind(id).all().await.unwrap();
        let live: Vec<(PurchaseId, Trace)> = live.into_iter().map(|(purchase, trace)| (purchase, trace.0)).collect();

        assert_eq!(live.iter().map(|(_, trace)| trace.award).collect::<Vec<_>>(), [4, 4, 20, 20, 12, 3]);
        assert_eq!(serde_json::to_string(&again).unwrap(), serde_json::to_string(&live).unwrap());
    }

    async fn a_version_that_is_still_to_come_changes_nothing_yet(db: &Db) {
        let world = World::new(db).await;
        let short = CampaignRules { ends: "2026-03-12".parse().unwrap(), ..world.rules(Unit::Points, RuleKind::PerUnit { units: 1, points: 1 }) };
        let id = world.publish(short.clone()).await;
        let longer = CampaignRules { ends: "2026-03-31".parse().unwrap(), valid_days: Some(30), ..short.clone() };
        let new = NewCampaign { brand_id: world.brand, name: "Lleva y gana".into(), template: Template::Custom, rules: longer.clone() };
        let mut tx = db.begin().await.unwrap();
        campaign::update_draft(&mut tx, &world.manager, NOW, id, &new).await.unwrap();
        let after_the_end = campaign::publish_from(&mut tx, &Actor::System, NOW, id, "2026-04-01T12:00:00Z".parse().ok()).await;
        assert!(matches!(after_the_end, Err(loyalty::Error::VersionOrder)), "{after_the_end:?}");
        let begins: Timestamp = "2026-03-14T12:00:00Z".parse().unwrap();
        campaign::publish_from(&mut tx, &Actor::System, NOW, id, Some(begins)).await.unwrap();
        let again = campaign::publish_from(&mut tx, &Actor::System, NOW, id, Some(begins)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!((again.version, again.published_rules.as_ref(), again.coming_rules.as_ref()), (2, Some(&short), Some(&longer)), "published once");
        let mut tx = db.read().await.unwrap();
        let mut seen = Vec::new();
        for at in [NOW, begins.plus_ms(-1), begins] {
            let there = campaign::get(&mut tx, &world.manager, at, id).await.unwrap();
            seen.push((there.state, there.published_rules == Some(longer.clone()), there.terms.contains("vence 30 días"), there.coming_rules.is_some()));
        }

        assert_eq!(seen, [(CampaignState::Active, false, false, true), (CampaignState::Ended, false, false, true), (CampaignState::Active, true, true, false)]);
    }
}
