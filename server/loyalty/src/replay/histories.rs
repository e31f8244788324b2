//! Histories of brands, made from a seed, to try forecasts on: weeks with a pattern, growth, noise, and new consumers.

use std::{collections::BTreeMap, sync::Arc};

use rand::{Rng, SeedableRng, rngs::StdRng};
use shared::{
    CivilDate, ConsumerId, LocalTime, ProductId, PurchaseId, ShopId, Timestamp,
    loyalty::{
        CampaignRules, Forecast, Rule, RuleKind,
        campaign::{Basis, Bonus, BonusWhen, Cap, CapScope, Multiplier, MultiplierWhen, OnExceed, Unit},
        evaluation::Line,
    },
    time::{DAY_MS, HOUR_MS},
};
use uuid::Uuid;

use super::{
    engine::{Context, Event, Run, Sold},
    forecast::{DayOf, Plan, predict},
};

const COLA: ProductId = ProductId::fixed(1);

/// A brand's sales, oldest first, and the campaign that comes after `known_until`.
struct History {
    events: Vec<Event>,
    rules: CampaignRules,
    first: CivilDate,
    known_until: CivilDate,
}

/// Monday 6 January 2025.
fn first() -> CivilDate {
    "2025-01-06".parse().unwrap()
}

/// Everything follows from the seed.
fn made(seed: u64) -> History {
    let mut random = StdRng::seed_from_u64(seed);
    let weeks = random.random_range(8..=26_i64);
    let length = random.random_range(14..=56_i64);
    let growth = random.random_range(-0.010..0.025_f64);
    let noise = random.random_range(0.02..0.08_f64);
    let mut pattern = [0.0_f64; 7];
    pattern.iter_mut().for_each(|share| *share = random.random_range(0.6..1.5));
    let mut consumers: Vec<f64> = (0..random.random_range(200..600)).map(|_| often(&mut random)).collect();
    let arrivals = consumers.len() as f64 * random.random_range(0.0..0.02_f64);
    let rules = rules(&mut random, first().plus_days(7 * weeks).unwrap(), length);
    let mut events = Vec::new();
    let mut shock = 0.0_f64;
    for day in 0..7 * weeks + length {
        if day % 7 == 0 {
            // Three of twelve even numbers are nearly a bell.
            shock = (0..3).map(|_| random.random_range(-1.0..1.0_f64)).sum::<f64>() * noise;
            let whole = arrivals.floor() as usize + usize::from(random.random_bool(arrivals.fract()));
            consumers.extend((0..whole).map(|_| often(&mut random)).collect::<Vec<_>>());
        }
        let level = (1.0 + growth).powf(day as f64 / 7.0) * pattern[(day % 7) as usize] * (1.0 + shock);
        for (number, often) in consumers.iter().enumerate() {
            if random.random_bool((often * level).clamp(0.0, 0.95)) {
                events.push(sale(&mut random, day, number, events.len()));
            }
        }
    }
    History { events, rules, first: first(), known_until: first().plus_days(7 * weeks - 1).unwrap() }
}

/// How likely somebody buys on a usual day: most now and then, few nearly daily.
fn often(random: &mut StdRng) -> f64 {
    0.02 + 0.45 * random.random_range(0.0..1.0_f64).powi(4)
}

fn sale(random: &mut StdRng, day: i64, consumer: usize, number: usize) -> Event {
    let begin: Timestamp = format!("{}T05:00:00Z", first().plus_days(day).unwrap()).parse().unwrap();
    let at = begin.plus_ms(random.random_range(7 * HOUR_MS..DAY_MS - 2 * HOUR_MS));
    let line = Line {
        product: Some(COLA),
        quantity: random.random_range(1..=6),
        unit_price_minor: random.random_range(18..32) * 10_000,
        suggested_price_minor: None,
        discount_minor: 0,
        reward_line: false,
    };
    Event::Sold(Sold {
        purchase: PurchaseId(Uuid::from_u128(number as u128)),
        consumer: ConsumerId(Uuid::from_u128(consumer as u128)),
        shop: ShopId::fixed(1 + (consumer % 20) as u128),
        time_zone: Arc::from("America/Bogota"),
        local: LocalTime { at, offset_seconds: -5 * 3_600 },
        at,
        own_shop: false,
        adult: true,
        lines: vec![line],
        returns: false,
    })
}

fn rules(random: &mut StdRng, starts: CivilDate, length: i64) -> CampaignRules {
    let kind = match random.random_range(0..3) {
        0 => RuleKind::PerUnit { units: 1, points: 10 },
        1 => RuleKind::PerAmount { step_minor: 100_000, points: 1, basis: Basis::Purchase },
        _ => RuleKind::PerPurchase { points: 5 },
    };
    let rule = Rule { kind, min_amount_minor: random.random_bool(0.3).then_some(500_000), min_units: None };
    let mut rules = CampaignRules::new(Unit::Points, starts, starts.plus_days(length - 1).unwrap(), vec![COLA], vec![rule]);
    if random.random_bool(0.5) {
        rules.bonuses = vec![Bonus { id: "b".into(), points: 20, when: BonusWhen { first_purchase: true } }];
    }
    if random.random_bool(0.4) {
        rules.multipliers = vec![Multiplier {
            id: "m".into(),
            factor: "2".parse().unwrap(),
            when: MultiplierWhen { dow: Some(vec![2, 5]), ..MultiplierWhen::default() },
        }];
    }
    let cap = |scope, max| Cap { scope, max, on_exceed: OnExceed::Truncate };
    match random.random_range(0..4) {
        0 => rules.caps = vec![cap(CapScope::ConsumerDay, 40)],
        1 => rules.caps = vec![cap(CapScope::ConsumerWeek, 60)],
        2 => rules.caps = vec![cap(CapScope::ConsumerCampaign, 150)],
        _ => {}
    }
    rules
}

fn played(history: &History, rules: CampaignRules) -> Run {
    let mut run = Run::new(rules, None, 1);
    let context = Context::default();
    for event in &history.events {
        run.take(event, &context);
    }
    run
}

fn days(run: &Run) -> BTreeMap<CivilDate, DayOf> {
    run.days.iter().map(|(date, day)| (*date, DayOf { awarded: day.awarded, rewards: day.rewards, purchases: day.purchases })).collect()
}

/// What was forecast with nothing but the days before, and what happened.
fn tried(seed: u64) -> (Forecast, i64) {
    let history = made(seed);
    let rules = &history.rules;
    let length = rules.ends.days_since(rules.starts) + 1;
    let window = history.known_until.plus_days(1 - (length + 6) / 7 * 7).unwrap().max(history.first);
    let before = History {
        events: history
            .events
            .iter()
            .filter(|event| matches!(event, Event::Sold(sold) if sold.local.date() <= history.known_until))
            .cloned()
            .collect(),
        rules: rules.clone(),
        ..history
    };
    let potential = played(
        &before,
        CampaignRules { starts: history.first, ends: history.known_until, caps: Vec::new(), bonuses: Vec::new(), ..rules.clone() },
    );
    let trial = played(&before, CampaignRules { starts: window, ends: history.known_until, ..rules.clone() });
    let plan = Plan {
        from: rules.starts,
        to: rules.ends,
        window,
        known_until: history.known_until,
        history: history.first,
        budget: None,
        stock: None,
        earlier: DayOf::default(),
    };
    let told = predict(&plan, &days(&potential), &days(&trial)).unwrap();
    let happened = played(&history, rules.clone()).awarded();
    (told, happened)
}

/// Forecasts that are further than 15 % from what happened, in basis points of it.
fn misses(seeds: std::ops::RangeInclusive<u64>) -> Vec<(u64, i64, Forecast)> {
    let off = |seed| {
        let (told, happened) = tried(seed);
        (seed, (told.awarded - happened) * 10_000 / happened.max(1), told)
    };
    seeds.map(off).filter(|(_, off, _)| off.abs() > 1_500).collect()
}

/// Those that were looked at while the forecast was written, and those that were not: the second ones were played once.
#[test]
fn a_forecast_lies_within_fifteen_percent_of_what_happened() {
    assert!(misses(1..=20).is_empty(), "{:?}", misses(1..=20));
    assert!(misses(1_001..=1_020).is_empty(), "{:?}", misses(1_001..=1_020));
}
