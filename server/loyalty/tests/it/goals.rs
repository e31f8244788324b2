//! What neighbours reach together at their shop, and levels of a brand's consumers.

use db::{Db, both_databases, sql};
use identity::{Actor, Scopes};
use loyalty::{Error, campaign, claim, goal, level, purchase, reward, settle, ticket};
use shared::{
    ApiKeyId, CampaignId, ConsumerId, SessionId, Timestamp,
    identity::OrganisationKind,
    loyalty::{
        AllLines, BrandLevels, ImportLine, ImportPurchase, NewCampaign, NewDelivery, NewReturn, PurchaseAnswer, ReturnedLines,
        RewardInstance, RewardStatus, RuleKind, ShopGoal, Template, campaign::Unit, ticket::NewTicket,
    },
    time::{DAY_MS, MINUTE_MS},
};

use crate::world::{COLA, NOW, World, gtin};

const ALL: ReturnedLines = ReturnedLines::All(AllLines::All);

/// Ten units of three people, four of each, give one of the rewards.
async fn with_goal(world: &World, stock: i64) -> CampaignId {
    let reward_id = world.reward(Some(stock)).await;
    let mut tx = world.db.begin().await.unwrap();
    let rules = world.rules(Unit::Points, RuleKind::PerUnit { units: 1, points: 1 });
    let new = NewCampaign { brand_id: world.brand, name: "La cuadra".into(), template: Template::Custom, rules };
    let id = campaign::create(&mut tx, &world.manager, NOW, &new).await.unwrap().id;
    let goal = ShopGoal { target_units: 10, consumers_min: 3, per_consumer_max: 4, reward_id };
    goal::set(&mut tx, &world.manager, NOW, id, &goal).await.unwrap();
    campaign::publish(&mut tx, &Actor::System, NOW, id).await.unwrap();
    tx.commit().await.unwrap();
    id
}

fn till(world: &World) -> Actor {
    let scopes = Scopes::parse("purchases:import").unwrap();
    Actor::Key { key: ApiKeyId::fixed(1), tenant: world.tenant, kind: OrganisationKind::BrandOwner, scopes }
}

async fn buys(world: &World, consumer: ConsumerId, minutes: i64, quantity: i64) -> PurchaseAnswer {
    let at = NOW.plus_ms(minutes * MINUTE_MS);
    let line = ImportLine { gtin: gtin(COLA), quantity, unit_price_minor: None, discount_minor: 0, reward_line: false };
    let sale = ImportPurchase {
        external_id: format!("{consumer}:{minutes}"),
        shop_id: world.shop,
        consumer_id: Some(consumer),
        card_code: None,
        purchased_at: at,
        offline: false,
        lines: vec![line],
    };
    let mut tx = world.db.begin().await.unwrap();
    let done = purchase::import(&mut tx, &world.loyalty, &till(world), at, &sale, sale.external_id.as_bytes()).await.unwrap();
    tx.commit().await.unwrap();
    serde_json::from_slice(&done.bytes).unwrap()
}

async fn gives_back(world: &World, sold: &PurchaseAnswer, minutes: i64) {
    let mut tx = world.db.begin().await.unwrap();
    let new = NewReturn { return_id: None, lines: ALL, reason: Some("Dañado".into()) };
    purchase::give_back(&mut tx, &world.loyalty, &world.tendero, NOW.plus_ms(minutes * MINUTE_MS), sold.purchase_id, &new).await.unwrap();
    tx.commit().await.unwrap();
}

fn as_consumer(consumer: ConsumerId) -> Actor {
    Actor::Consumer { consumer, session: SessionId::fixed(5) }
}

/// Her rewards after her account was brought up to that minute.
async fn rewards(world: &World, consumer: ConsumerId, minutes: i64) -> Vec<RewardInstance> {
    settle::consumer(&world.db, &world.loyalty, consumer, NOW.plus_ms(minutes * MINUTE_MS)).await.unwrap();
    reward::of_consumer(&mut world.db.read().await.unwrap(), &as_consumer(consumer), consumer).await.unwrap()
}

async fn statuses(world: &World, crowd: &[ConsumerId], minutes: i64) -> Vec<Vec<RewardStatus>> {
    let mut all = Vec::new();
    for consumer in crowd {
        all.push(rewards(world, *consumer, minutes).await.into_iter().map(|one| one.status).collect());
    }
    all
}

sql! {
    UNITS: "SELECT units FROM shop_goal WHERE campaign_id = $1";
    CHANGED: "SELECT COUNT(*) FROM shop_goal WHERE changes <> changes_seen";
}

async fn sums(db: &Db, world: &World, id: CampaignId) -> (i64, bool) {
    let mut tx = db.read().await.unwrap();
    let told = goal::progress(&mut tx, &world.manager, NOW, id).await.unwrap();
    let (units,): (i64,) = tx.query(UNITS).bind(id).one().await.unwrap();
    for shop in &told.shops {
        assert!(shop.consumers.is_none_or(|n| n == 0 || n >= 10), "a brand is not told of three people");
        assert_eq!(shop.units, shop.consumers.map(|_| units), "nor of what they bought");
    }
    (units, told.shops[0].reached)
}

/// Her rewards as they stand, and nobody brings her account up to now.
async fn standing(world: &World, crowd: &[ConsumerId]) -> Vec<Vec<RewardStatus>> {
    let mut tx = world.db.read().await.unwrap();
    let mut all = Vec::new();
    for consumer in crowd {
        let rewards = reward::of_consumer(&mut tx, &as_consumer(*consumer), *consumer).await.unwrap();
        all.push(rewards.into_iter().map(|one| one.status).collect());
    }
    all
}

both_databases! {
    async fn neighbours_unlock_a_reward_for_each_who_took_part(db: &Db) {
        use RewardStatus::{Cancelled, Delivered, Issued};
        let world = World::new(db).await;
        let id = with_goal(&world, 50).await;
        let crowd = world.crowd(4).await;
        buys(&world, crowd[0], 0, 9).await;
        assert_eq!(sums(db, &world, id).await, (4, false), "of one person four count");
        buys(&world, crowd[1], 1, 4).await;
        buys(&world, crowd[0], 2, 9).await;
        assert_eq!(sums(db, &world, id).await, (8, false), "two people are no neighbourhood");
        let third = buys(&world, crowd[2], 3, 2).await;
        assert_eq!(sums(db, &world, id).await, (10, true));
        let seen = goal::of_consumer(&mut db.read().await.unwrap(), &as_consumer(crowd[1])).await.unwrap();
        assert_eq!((seen.len(), seen[0].units, seen[0].mine, seen[0].consumers, seen[0].reached), (1, None, 4, None, true), "of three neighbours none is told what the others bought");
        assert_eq!(statuses(&world, &crowd, 4).await, [vec![Issued], vec![Issued], vec![Issued], vec![]], "who bought nothing gets nothing");
        assert_eq!(statuses(&world, &crowd, 5).await, [vec![Issued], vec![Issued], vec![Issued], vec![]], "once");

        // What a goal gave can be taken back by a neighbour's return: a shop without network could not know.
        let given = rewards(&world, crowd[0], 6).await.remove(0);
        assert_eq!(given.goal_id, Some(id));
        let mut tx = db.begin().await.unwrap();
        let new = NewTicket { reward_instance_id: given.id, shop_id: world.shop };
        let refused = ticket::take(&mut tx, &world.loyalty, &as_consumer(crowd[0]), NOW.plus_ms(6 * MINUTE_MS), &new).await;
        assert!(matches!(refused, Err(Error::NoTicket)), "{refused:?}");
        drop(tx);

        // One is handed over; then the goal is lost: what waits is taken back, what was given stays.
        let code = given.code.unwrap();
        let mut tx = db.begin().await.unwrap();
        reward::deliver(&mut tx, &world.loyalty, &world.tendero, NOW.plus_ms(7 * MINUTE_MS), &NewDelivery { code, shop_id: None }).await.unwrap();
        tx.commit().await.unwrap();
        let late = rewards(&world, crowd[1], 6).await[0].code.clone().unwrap();
        gives_back(&world, &third, 8).await;
        assert_eq!(sums(db, &world, id).await, (8, false));
        let mut tx = db.begin().await.unwrap();
        let refused = reward::deliver(&mut tx, &world.loyalty, &world.tendero, NOW.plus_ms(9 * MINUTE_MS), &NewDelivery { code: late, shop_id: None }).await;
        assert!(matches!(refused, Err(Error::NotDeliverable)), "{refused:?}");
        drop(tx);
        assert_eq!(statuses(&world, &crowd, 10).await, [vec![Delivered], vec![Cancelled], vec![Cancelled], vec![]]);

        // And reached again by somebody else.
        buys(&world, crowd[3], 11, 3).await;
        assert_eq!(sums(db, &world, id).await, (11, true));
        assert_eq!(statuses(&world, &crowd, 12).await, [vec![Delivered], vec![Cancelled, Issued], vec![Cancelled], vec![Issued]]);
        world.clean().await;
    }

    async fn neighbours_who_buy_at_once_lose_nothing(db: &Db) {
        let world = World::new(db).await;
        let id = with_goal(&world, 5).await;
        let crowd = world.crowd(12).await;
        let sold = futures::future::join_all(crowd.iter().map(|consumer| buys(&world, *consumer, 0, 6))).await;
        assert_eq!(sums(db, &world, id).await, (48, true));
        let seen = goal::of_consumer(&mut db.read().await.unwrap(), &as_consumer(crowd[1])).await.unwrap();
        assert_eq!((seen[0].units, seen[0].consumers), (Some(10), Some(12)));
        // All of them look at once, and five rewards are there.
        futures::future::join_all(crowd.iter().chain(&crowd).map(|consumer| rewards(&world, *consumer, 1))).await;
        let given = statuses(&world, &crowd, 2).await;
        assert_eq!((given.iter().filter(|one| **one == [RewardStatus::Issued]).count(), given.iter().filter(|one| one.is_empty()).count()), (5, 7));
        futures::future::join_all(sold.iter().take(10).map(|sale| gives_back(&world, sale, 3))).await;
        assert_eq!(sums(db, &world, id).await, (8, false));
        settle::everybody(db, &world.loyalty, NOW.plus_ms(4 * MINUTE_MS)).await.unwrap();
        assert!(statuses(&world, &crowd, 5).await.iter().flatten().all(|status| *status == RewardStatus::Cancelled));
        world.clean().await;
    }

    async fn only_shops_where_something_changed_are_looked_at(db: &Db) {
        use RewardStatus::{Cancelled, Issued};
        let world = World::new(db).await;
        let id = with_goal(&world, 2).await;
        let crowd = world.crowd(4).await;
        let changed = || async { db.read().await.unwrap().query(CHANGED).one::<(i64,)>().await.unwrap().0 };
        let look = |minutes: i64| settle::everybody(db, &world.loyalty, NOW.plus_ms(minutes * MINUTE_MS));
        buys(&world, crowd[0], 0, 4).await;
        buys(&world, crowd[1], 1, 4).await;
        assert_eq!(changed().await, 0, "nobody gets anything yet");
        let third = buys(&world, crowd[2], 2, 3).await;
        assert_eq!(changed().await, 1);
        look(3).await.unwrap();
        let given = standing(&world, &crowd).await;
        assert_eq!((given.iter().filter(|one| **one == [Issued]).count(), changed().await), (2, 1), "the third waits for more of them: {given:?}");

        // It is lost, and whoever has one of them has not looked.
        gives_back(&world, &third, 4).await;
        look(5).await.unwrap();
        assert!(standing(&world, &crowd).await.iter().flatten().all(|status| *status == Cancelled));
        assert_eq!(changed().await, 0);

        // Reached again, and another one comes to it.
        buys(&world, crowd[2], 6, 3).await;
        look(7).await.unwrap();
        buys(&world, crowd[3], 8, 1).await;
        look(9).await.unwrap();
        assert_eq!((standing(&world, &crowd).await.iter().flatten().filter(|status| **status == Issued).count(), sums(db, &world, id).await), (2, (12, true)));
        world.clean().await;
    }

    async fn two_cards_of_one_person_are_one_neighbour(db: &Db) {
        let world = World::new(db).await;
        let id = with_goal(&world, 50).await;
        let crowd = world.crowd(3).await;
        for (minute, consumer) in [(0, crowd[0]), (1, crowd[1]), (2, crowd[2]), (3, world.consumer)] {
            buys(&world, consumer, minute, 3).await;
        }
        assert_eq!(sums(db, &world, id).await, (12, true));
        assert_eq!((rewards(&world, crowd[2], 4).await.len(), rewards(&world, world.consumer, 4).await.len()), (1, 1));
        let mut tx = db.begin().await.unwrap();
        claim::claim(&mut tx, &world.loyalty, &Actor::System, NOW.plus_ms(5 * MINUTE_MS), crowd[2], world.consumer).await.unwrap();
        tx.commit().await.unwrap();
        // Three and three of hers are four that count.
        assert_eq!(sums(db, &world, id).await, (10, true));
        let hers = rewards(&world, world.consumer, 6).await;
        assert_eq!(hers.iter().filter(|one| one.status == RewardStatus::Issued).count(), 1, "{hers:?}");
        world.clean().await;
    }

    async fn a_goal_is_fixed_when_its_campaign_is_published(db: &Db) {
        let world = World::new(db).await;
        let id = with_goal(&world, 50).await;
        let endless = world.reward(None).await;
        let mut tx = db.begin().await.unwrap();
        let terms = campaign::get(&mut tx, &world.manager, NOW, id).await.unwrap().terms;
        let goal = goal::progress(&mut tx, &world.manager, NOW, id).await.unwrap().goal;
        let new = NewCampaign { brand_id: world.brand, name: "Otra".into(), template: Template::Custom, rules: world.rules(Unit::Points, RuleKind::PerPurchase { points: 1 }) };
        let draft = campaign::create(&mut tx, &world.manager, NOW, &new).await.unwrap().id;
        let mut refused = Vec::new();
        for wrong in [ShopGoal { consumers_min: 1, ..goal }, ShopGoal { per_consumer_max: 10, ..goal }, ShopGoal { target_units: 0, ..goal }, ShopGoal { reward_id: endless, ..goal }] {
            refused.push(matches!(goal::set(&mut tx, &world.manager, NOW, draft, &wrong).await, Err(Error::Field(_))));
        }

        assert!(terms.contains("cuando 3 vecinos o más junten 10 unidades") && terms.contains("hasta 4"), "{terms}");
        assert!(matches!(goal::set(&mut tx, &world.manager, NOW, id, &goal).await, Err(Error::AlreadyPublished)));
        assert!(matches!(goal::clear(&mut tx, &world.manager, NOW, id).await, Err(Error::AlreadyPublished)));
        assert!(matches!(goal::set(&mut tx, &world.ana, NOW, draft, &goal).await, Err(Error::Identity(_))));
        assert_eq!(refused, [true; 4]);
        goal::set(&mut tx, &world.manager, NOW, draft, &goal).await.unwrap();
        goal::clear(&mut tx, &world.manager, NOW, draft).await.unwrap();
        assert!(matches!(goal::progress(&mut tx, &world.manager, NOW, draft).await, Err(Error::NotFound)));
    }

    async fn levels_follow_what_was_earned_in_ninety_days(db: &Db) {
        let world = World::new(db).await;
        world.publish(world.rules(Unit::Points, RuleKind::PerUnit { units: 1, points: 10 })).await;
        let at = |days: i64| NOW.plus_ms(days * DAY_MS);
        let mine = |now: Timestamp| { let world = &world; async move {
            level::of_consumer(&mut world.db.read().await.unwrap(), &world.ana, now).await.unwrap().into_iter().map(|one| (one.level, one.points, one.next_points)).collect::<Vec<_>>()
        }};
        let sold = world.buys(0, &[(COLA, 12, None)]).await;
        assert!(mine(at(0)).await.is_empty(), "no brand has levels until it says so");
        let mut tx = db.begin().await.unwrap();
        assert!(matches!(level::set(&mut tx, &world.manager, NOW, world.brand, &BrandLevels { second_points: 100, third_points: 100 }).await, Err(Error::Field("third_points"))));
        assert!(matches!(level::set(&mut tx, &world.ana, NOW, world.brand, &BrandLevels { second_points: 100, third_points: 200 }).await, Err(Error::Identity(_))));
        level::set(&mut tx, &world.manager, NOW, world.brand, &BrandLevels { second_points: 100, third_points: 200 }).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(mine(at(0)).await, [(2, 120, Some(200))]);
        world.buys(24 * 60, &[(COLA, 9, None)]).await;
        assert_eq!(mine(at(2)).await, [(3, 210, None)]);
        assert_eq!(mine(at(91)).await, [(1, 0, Some(100))], "older points do not count");
        gives_back(&world, &sold, 3 * 24 * 60).await;
        assert_eq!(mine(at(4)).await, [(1, 90, Some(100))], "and what came back does not");
        let before = world.available().await;
        let mut tx = db.begin().await.unwrap();
        level::clear(&mut tx, &world.manager, NOW, world.brand).await.unwrap();
        tx.commit().await.unwrap();

        assert!(mine(at(4)).await.is_empty());
        assert_eq!(world.available().await, before, "a level is worth nothing");
    }
}
