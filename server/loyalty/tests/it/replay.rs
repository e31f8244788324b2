//! A campaign played again over what was really sold says what the ledger says.

use db::{both_databases, sql};
use identity::Actor;
use loyalty::{Error, campaign, purchase, replay};
use shared::{
    PurchaseId, Timestamp,
    loyalty::{
        AllLines, CampaignRules, NewCampaign, NewReturn, Publication, ReturnedLine, ReturnedLines, RuleKind, Template,
        campaign::{Basis, Bonus, BonusWhen, Cap, CapScope, Multiplier, MultiplierWhen, OnExceed, PriceGuard, Threshold, Unit},
        evaluation::Trace,
    },
    time::{DAY_MS, HOUR_MS, MINUTE_MS},
};
use sqlx::types::Json;

use crate::world::{COLA, GALLETA, NOW, PAN, World};

sql! {
    LIVE: "SELECT purchase_id, trace FROM evaluation WHERE campaign_id = $1";
    GIVEN: "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM ledger_entry WHERE campaign_id = $1 AND kind = 'EARN'";
    TAKEN: "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM award_reversal WHERE campaign_id = $1";
    SHIFT: "UPDATE campaign SET draft_rules = $1 WHERE id = $2";
}

/// Everything that looks at the past: factors, a welcome, limits of every kind.
fn rich(world: &World) -> CampaignRules {
    let cap = |scope, max, on_exceed| Cap { scope, max, on_exceed };
    CampaignRules {
        multipliers: vec![Multiplier {
            id: "m".into(),
            factor: "1.5".parse().unwrap(),
            when: MultiplierWhen { from: "10:00".parse().ok(), to: "11:00".parse().ok(), ..Default::default() },
        }],
        bonuses: vec![Bonus { id: "b".into(), points: 7, when: BonusWhen { first_purchase: true } }],
        caps: vec![
            cap(CapScope::Purchase, 60, OnExceed::Truncate),
            cap(CapScope::ConsumerDay, 70, OnExceed::Truncate),
            cap(CapScope::ConsumerWeek, 120, OnExceed::Reject),
            cap(CapScope::PdvDay, 90, OnExceed::Truncate),
            cap(CapScope::Campaign, 200, OnExceed::Truncate),
        ],
        price_guard: Some(PriceGuard { low: "0.8".parse().unwrap(), high: "1.2".parse().unwrap() }),
        ..world.rules(Unit::Points, RuleKind::PerAmount { step_minor: 100_000, points: 4, basis: Basis::Purchase })
    }
}

async fn give_back(world: &World, purchase: PurchaseId, lines: ReturnedLines, now: Timestamp) {
    let mut tx = world.db.begin().await.unwrap();
    let new = NewReturn { return_id: None, lines, reason: Some("Dañado".into()) };
    purchase::give_back(&mut tx, &world.loyalty, &world.tendero, now, purchase, &new).await.unwrap();
    tx.commit().await.unwrap();
}

both_databases! {
    async fn a_replay_of_what_ran_is_the_ledger_byte_by_byte(db: &Db) {
        let world = World::new(db).await;
        let id = world.publish(rich(&world)).await;
        let mut bought = Vec::new();
        for (minutes, lines) in [
            (0, vec![(COLA, 3, Some(250_000)), (PAN, 2, None)]),
            (90, vec![(COLA, 4, None), (GALLETA, 3, Some(90_000))]),
            (180, vec![(GALLETA, 9, None)]),
            (24 * 60, vec![(COLA, 1, Some(900_000))]),
            (24 * 60 + 30, vec![(PAN, 1, None)]),
            (48 * 60, vec![(COLA, 6, None), (GALLETA, 2, None)]),
        ] {
            bought.push(world.buys(minutes, &lines).await.purchase_id);
            if minutes == 90 {
                // Room comes back to the first day before the next sale of that day.
                give_back(&world, bought[0], ReturnedLines::Some(vec![ReturnedLine { gtin: COLA.parse().unwrap(), quantity: 1 }]), NOW.plus_ms(100 * MINUTE_MS)).await;
            }
        }
        give_back(&world, bought[1], ReturnedLines::All(AllLines::All), NOW.plus_ms(3 * DAY_MS)).await;
        give_back(&world, bought[0], ReturnedLines::All(AllLines::All), NOW.plus_ms(3 * DAY_MS + HOUR_MS)).await;
        bought.push(world.buys(4 * 24 * 60, &[(COLA, 2, None)]).await.purchase_id);

        let mut tx = db.read().await.unwrap();
        let again = replay::as_it_ran(&mut tx, &world.manager, NOW, id).await.unwrap();
        let mut live: Vec<(PurchaseId, Json<Trace>)> = tx.query(LIVE).bind(id).all().await.unwrap();
        live.sort_by_key(|(purchase, _)| bought.iter().position(|one| one == purchase));
        let ((given,), (taken,)): ((i64,), (i64,)) = (tx.query(GIVEN).bind(id).one().await.unwrap(), tx.query(TAKEN).bind(id).one().await.unwrap());
        let bytes = |traces: &[(PurchaseId, Trace)]| serde_json::to_string(traces).unwrap();
        let live: Vec<(PurchaseId, Trace)> = live.into_iter().map(|(purchase, trace)| (purchase, trace.0)).collect();

        assert_eq!(live.len(), 6, "bread alone is not looked at");
        assert_eq!(bytes(&again), bytes(&live));
        assert_eq!(again.iter().map(|(_, trace)| trace.award).sum::<i64>(), given);
        assert!(taken > 0);
        // The same over the last weeks, through the verb of the page.
        drop(tx);
        let mut tx = db.begin().await.unwrap();
        tx.query(SHIFT).bind(Json(CampaignRules { starts: "2026-04-01".parse().unwrap(), ends: "2026-04-14".parse().unwrap(), ..rich(&world) })).bind(id).execute().await.unwrap();
        let later = NOW.plus_ms(7 * DAY_MS);
        let told = replay::simulate(&mut tx, &world.manager, later, id, 2, None).await.unwrap();

        assert_eq!((told.awarded, told.purchases), (given - taken, 6));
        assert_eq!(told.weeks.iter().map(|week| week.awarded).sum::<i64>(), told.awarded);
        assert!(told.distribution.iter().all(|cell| cell.consumers.is_none_or(|n| n == 0)), "one consumer is too few to be told: {:?}", told.distribution);
        assert!(told.forecast.is_none(), "one week of sales is no history");
    }

    async fn after_the_end_of_a_version_the_replay_gives_nothing_either(db: &Db) {
        let world = World::new(db).await;
        let two = world.rules(Unit::Points, RuleKind::PerUnit { units: 1, points: 2 });
        let hour = |hours: i64| NOW.plus_ms(hours * HOUR_MS);
        let mut tx = db.begin().await.unwrap();
        let new = |rules| NewCampaign { brand_id: world.brand, name: "Lleva y gana".into(), template: Template::Custom, rules };
        let id = campaign::create(&mut tx, &world.manager, NOW, &new(two.clone())).await.unwrap().id;
        let until = Publication { valid_from: None, valid_until: Some(hour(1)) };
        campaign::publish_as(&mut tx, &Actor::System, NOW, id, &until).await.unwrap();
        campaign::update_draft(&mut tx, &world.manager, NOW, id, &new(CampaignRules { priority: 7, ..two })).await.unwrap();
        campaign::publish_from(&mut tx, &Actor::System, NOW, id, Some(hour(2))).await.unwrap();
        tx.commit().await.unwrap();
        let mut live = Vec::new();
        // Each of its own size: two alike within two minutes would wait for a review.
        for (units, minutes, counts) in [(1, 0, true), (2, 59, true), (3, 60, false), (4, 119, false), (5, 120, true)] {
            let sold = world.buys(minutes, &[(COLA, units, None)]).await;
            assert_eq!(sold.awards.len(), usize::from(counts), "after {minutes} minutes");
            live.extend(counts.then_some(sold.purchase_id));
        }

        let again = replay::as_it_ran(&mut db.read().await.unwrap(), &world.manager, hour(3), id).await.unwrap();
        assert_eq!(again.iter().map(|(purchase, _)| *purchase).collect::<Vec<_>>(), live);
    }

    async fn full_cards_are_counted_as_the_ledger_counts_them(db: &Db) {
        let world = World::new(db).await;
        let id = world.stamps(5, Some(2)).await;
        for (minutes, units) in [(0, 4), (60, 3), (24 * 60, 9), (25 * 60, 8)] {
            world.buys(minutes, &[(COLA, units, None)]).await;
        }
        let mut tx = db.read().await.unwrap();
        let issued = loyalty::reward::of_consumer(&mut tx, &world.ana, world.consumer).await.unwrap().len() as i64;
        let told = replay::simulate(&mut tx, &world.manager, NOW.plus_ms(3 * DAY_MS), id, 1, None).await.unwrap();

        // Two were there when it began; that they were given since changes neither the replay nor what it can cost.
        assert_eq!((issued, told.rewards, told.awarded), (2, 2, 24));
        assert_eq!(told.worst_case_minor, Some(2 * 270_000));
        assert!(told.assumptions.contains(&"rewards_are_handed_over".to_owned()));
    }

    async fn the_worst_case_is_known_before_the_launch(db: &Db) {
        let world = World::new(db).await;
        let reward_id = world.reward(Some(300)).await;
        let stamps = CampaignRules { threshold: Some(Threshold { need: 5, reward_id }), ..world.rules(Unit::Stamps, RuleKind::PerUnit { units: 1, points: 1 }) };
        let budget = CampaignRules { caps: vec![Cap { scope: CapScope::Campaign, max: 1_000, on_exceed: OnExceed::Truncate }], ..stamps.clone() };
        let unbounded = world.rules(Unit::Points, RuleKind::PerUnit { units: 1, points: 1 });
        let mut worst = Vec::new();
        for rules in [stamps, budget, unbounded] {
            let id = world.publish(rules).await;
            worst.push(replay::simulate(&mut db.read().await.unwrap(), &world.manager, NOW, id, 1, None).await.unwrap().worst_case_minor);
        }

        assert_eq!(worst, [Some(300 * 270_000), Some(200 * 270_000), None]);
    }

    async fn a_stranger_simulates_nothing(db: &Db) {
        let world = World::new(db).await;
        let id = world.publish(rich(&world)).await;
        let mut tx = db.read().await.unwrap();

        assert!(matches!(replay::simulate(&mut tx, &Actor::Anonymous, NOW, id, 4, None).await, Err(Error::Identity(identity::Error::Unauthorized))));
        assert!(matches!(replay::simulate(&mut tx, &world.ana, NOW, id, 4, None).await, Err(Error::Identity(_))));
        for weeks in [0, 27, -1] {
            assert!(matches!(replay::simulate(&mut tx, &world.manager, NOW, id, weeks, None).await, Err(Error::Field("weeks"))));
        }
    }
}
