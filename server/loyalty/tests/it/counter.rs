//! At the counter: rewards that a shop has none of, its own units, and what campaigns pay the shop.

use db::both_databases;
use identity::Actor;
use loyalty::{
    Error,
    payback::{
        incentive, owed, settlement,
        statement::{self, Of},
    },
    purchase, reward, shop_units,
};
use shared::{
    CampaignId, Currency, PurchaseId, RewardId, SessionId, ShopId,
    identity::MemberRole,
    loyalty::{
        AllLines, NewDelivery, NewReturn, NewReview, PurchaseAnswer, PurchaseStatus, ReturnedLine, ReturnedLines, ReviewDecision,
        RewardStatus, RuleKind,
        campaign::Unit,
        counter::{NewIncentive, NewIncident, NewShopUnits},
        payback::NewSettlement,
    },
};

use crate::world::{self, COLA, NOW, PAN, World, gtin};

async fn codes(world: &World) -> Vec<String> {
    let given = reward::of_consumer(&mut world.db.read().await.unwrap(), &world.ana, world.consumer).await.unwrap();
    given.into_iter().filter(|given| given.status == RewardStatus::Issued).filter_map(|given| given.code).collect()
}

async fn deliver(world: &World, by: &Actor, code: &str) -> Result<shared::loyalty::Delivery, Error> {
    let mut tx = world.db.begin().await?;
    let done = reward::deliver(&mut tx, &world.loyalty, by, NOW, &NewDelivery { code: code.to_owned(), shop_id: None }).await?;
    tx.commit().await?;
    Ok(done)
}

async fn give(world: &World, reward: RewardId, units: i64) -> Result<i64, Error> {
    let mut tx = world.db.begin().await?;
    let left = shop_units::give(&mut tx, &world.manager, NOW, reward, &NewShopUnits { shop_id: world.shop, units }).await?.units_left;
    tx.commit().await?;
    Ok(left)
}

async fn reward_of(world: &World) -> RewardId {
    reward::list(&mut world.db.read().await.unwrap(), &world.manager, NOW).await.unwrap()[0].id
}

async fn luis(world: &World) -> Actor {
    let mut tx = world.db.begin().await.unwrap();
    let new = shared::identity::NewShop::new("Don Luis", shared::Country::Co);
    let (shop, member) = identity::shop::register(&mut tx, NOW, &world::phone(9), &new, "Luis").await.unwrap();
    tx.commit().await.unwrap();
    Actor::Member { member, shop, role: MemberRole::Owner, device: None, session: SessionId::fixed(4) }
}

/// A campaign of points that pays the shop.
async fn paying(world: &World, per_unit: i64, per_new: i64, day_max: i64) -> CampaignId {
    let campaign = world.publish(world.rules(Unit::Points, RuleKind::PerUnit { units: 1, points: 1 })).await;
    let mut tx = world.db.begin().await.unwrap();
    let new = NewIncentive { currency: Currency::Cop, per_unit_minor: per_unit, per_new_consumer_minor: per_new, day_max_minor: day_max };
    incentive::set(&mut tx, &world.manager, NOW, campaign, &new).await.unwrap();
    tx.commit().await.unwrap();
    campaign
}

async fn give_back(world: &World, purchase: PurchaseId, lines: ReturnedLines) {
    let mut tx = world.db.begin().await.unwrap();
    purchase::give_back(&mut tx, &world.loyalty, &world.tendero, NOW, purchase, &NewReturn { return_id: None, lines, reason: None })
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn owed_minor(world: &World) -> i64 {
    owed::of_own_shop(&mut world.db.read().await.unwrap(), &world.tendero, NOW).await.unwrap().iter().map(|owed| owed.owed_minor()).sum()
}

async fn buys(world: &World, minutes: i64, units: i64) -> PurchaseAnswer {
    world.buys(minutes, &[(COLA, units, None), (PAN, 2, None)]).await
}

both_databases! {
    async fn what_a_shop_is_paid_never_waits_for_a_sale_that_looks_at_its_limits(db: &Db) {
        // A sale near the shop's limits holds the shop's lock before it asks for a campaign's; with one writer nobody can.
        if db.engine() == db::Engine::Sqlite {
            return;
        }
        let world = World::new(db).await;
        paying(&world, 100, 0, 1_000).await;
        let mut other = db.begin().await.unwrap();
        other.lock(world.shop.lock_key()).await.unwrap();

        let bought = tokio::time::timeout(std::time::Duration::from_secs(10), world.buys(0, &[(COLA, 2, None)])).await;

        assert!(bought.is_ok(), "it waits for the shop while it holds a campaign");
        drop(other);
        world.clean().await;
    }

    async fn a_shop_without_the_reward_says_so_and_it_stays_valid_elsewhere(db: &Db) {
        let world = World::new(db).await;
        world.stamps(1, None).await;
        world.buys(0, &[(COLA, 1, None)]).await;
        let code = codes(&world).await.remove(0);
        let say = || async {
            let mut tx = db.begin().await.unwrap();
            let said = shop_units::report_none(&mut tx, &world.cashier(), NOW, &NewIncident { code: code.clone() }).await.unwrap();
            tx.commit().await.unwrap();
            said
        };
        let first = say().await;
        assert_eq!(say().await, first, "again on the same day is the same incident");
        let seen = shop_units::incidents(&mut db.read().await.unwrap(), &world.manager, world.tenant, NOW).await.unwrap();
        assert_eq!((seen.len(), seen[0].days, seen[0].shop_id, seen[0].reward_name.as_str()), (1, 1, world.shop, "1 Cola"));

        let other = luis(&world).await;
        assert!(deliver(&world, &other, &code).await.is_ok());
        let mut tx = db.begin().await.unwrap();
        assert!(matches!(shop_units::report_none(&mut tx, &world.tendero, NOW, &NewIncident { code: code.clone() }).await, Err(Error::NotDeliverable)));
        assert!(matches!(shop_units::report_none(&mut tx, &world.ana, NOW, &NewIncident { code }).await, Err(Error::Identity(identity::Error::Forbidden))));
        drop(tx);
        world.clean().await;
    }

    async fn a_shops_last_unit_is_handed_over_once(db: &Db) {
        let world = World::new(db).await;
        world.stamps(1, None).await;
        world.buys(0, &[(COLA, 5, None)]).await;
        let reward = reward_of(&world).await;
        assert_eq!(give(&world, reward, 2).await.unwrap(), 2);
        let codes = codes(&world).await;
        let done = futures::future::join_all(codes.iter().map(|code| deliver(&world, &world.tendero, code))).await;

        assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 2);
        assert!(done.iter().all(|done| done.is_ok() || matches!(done, Err(Error::NoneAtShop))));
        // Elsewhere nobody counts.
        let left = codes.iter().zip(&done).find(|(_, done)| done.is_err()).map(|(code, _)| code).unwrap();
        assert!(deliver(&world, &luis(&world).await, left).await.is_ok());
        assert!(matches!(give(&world, reward, -1).await, Err(Error::OutOfStock)));
        assert_eq!(give(&world, reward, 3).await.unwrap(), 3);
        world.clean().await;
    }

    async fn a_delivery_that_was_a_mistake_gives_the_shop_its_unit_back(db: &Db) {
        let world = World::new(db).await;
        world.stamps(1, None).await;
        world.buys(0, &[(COLA, 1, None)]).await;
        let reward = reward_of(&world).await;
        give(&world, reward, 1).await.unwrap();
        let code = codes(&world).await.remove(0);
        let instance = deliver(&world, &world.tendero, &code).await.unwrap().reward_instance_id;
        assert!(deliver(&world, &world.tendero, &code).await.unwrap().replayed, "a repetition takes no second unit");
        let mut tx = db.begin().await.unwrap();
        reward::undo_delivery(&mut tx, &world.loyalty, &world.tendero, NOW, instance).await.unwrap();
        tx.commit().await.unwrap();
        let units = shop_units::of_tenant(&mut db.read().await.unwrap(), &world.manager, world.tenant).await.unwrap();
        assert_eq!(units[0].units_left, 1);
        assert!(deliver(&world, &world.tendero, &code).await.is_ok());
        world.clean().await;
    }

    async fn a_campaign_pays_the_shop_for_units_and_for_a_new_consumer(db: &Db) {
        let world = World::new(db).await;
        paying(&world, 1_000, 50_000, 1_000_000).await;
        buys(&world, 0, 3).await;
        assert_eq!(owed_minor(&world).await, 3_000 + 50_000);
        buys(&world, 10, 2).await;
        assert_eq!(owed_minor(&world).await, 5_000 + 50_000, "she is new once");
        let mut tx = db.begin().await.unwrap();
        settlement::close(&mut tx, &Actor::System, NOW, &NewSettlement { brand_id: None, through_date: "2026-03-10".parse().unwrap() }).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = db.read().await.unwrap();
        let bill = statement::list(&mut tx, &world.tendero, Of::OwnShop, None, 5).await.unwrap().items.remove(0);
        let lines = statement::lines(&mut tx, &world.tendero, bill.id, None, 9).await.unwrap().items;
        assert_eq!(lines.iter().map(|line| (line.kind.as_str(), line.units, line.amount_minor)).collect::<Vec<_>>(), [("unit", 3, 3_000), ("new_consumer", 1, 50_000), ("unit", 2, 2_000)]);
        assert!(lines.iter().all(|line| line.what == "Lleva y gana"));
        drop(tx);
        world.clean().await;
    }

    async fn a_shops_day_has_a_limit(db: &Db) {
        let world = World::new(db).await;
        paying(&world, 1_000, 50_000, 4_500).await;
        buys(&world, 0, 3).await;
        assert_eq!(owed_minor(&world).await, 4_500, "what is left of the day goes to the new consumer");
        let second = buys(&world, 10, 3).await;
        assert_eq!(owed_minor(&world).await, 4_500);
        give_back(&world, second.purchase_id, ReturnedLines::All(AllLines::All)).await;
        buys(&world, 20, 3).await;
        assert_eq!(owed_minor(&world).await, 4_500, "goods that come and go give no room");
        world.clean().await;
    }

    async fn parallel_sales_never_pass_a_shops_day(db: &Db) {
        let world = World::new(db).await;
        paying(&world, 1_000, 0, 5_000).await;
        let mut captures = Vec::new();
        for minute in 0..8 {
            captures.push(world.capture(world.consumer, NOW.plus_ms(minute * 180_000), &[(COLA, 2, None)]).await);
        }
        for done in futures::future::join_all(captures.iter().map(|capture| world.post(shared::Timestamp(capture.captured_at_ms), capture))).await {
            done.unwrap();
        }
        assert_eq!(owed_minor(&world).await, 5_000);
        world.clean().await;
    }

    async fn what_comes_back_is_taken_out_of_the_pay(db: &Db) {
        let world = World::new(db).await;
        paying(&world, 1_000, 50_000, 1_000_000).await;
        let bought = buys(&world, 0, 3).await.purchase_id;
        give_back(&world, bought, ReturnedLines::Some(vec![ReturnedLine { gtin: gtin(COLA), quantity: 1 }])).await;
        assert_eq!(owed_minor(&world).await, 2_000 + 50_000);
        give_back(&world, bought, ReturnedLines::Some(vec![ReturnedLine { gtin: gtin(PAN), quantity: 2 }])).await;
        assert_eq!(owed_minor(&world).await, 2_000 + 50_000);
        give_back(&world, bought, ReturnedLines::All(AllLines::All)).await;
        assert_eq!(owed_minor(&world).await, 0);
        // Nobody becomes new a second time.
        buys(&world, 30, 1).await;
        assert_eq!(owed_minor(&world).await, 1_000);
        world.clean().await;
    }

    async fn what_is_held_pays_nothing_until_it_counts(db: &Db) {
        let world = World::new(db).await;
        paying(&world, 1_000, 0, 1_000_000).await;
        buys(&world, 0, 3).await;
        let twin = buys(&world, 1, 3).await;
        assert_eq!((twin.status, owed_minor(&world).await), (PurchaseStatus::Held, 3_000));
        let mut tx = db.begin().await.unwrap();
        purchase::decide(&mut tx, &world.loyalty, &Actor::System, NOW.plus_ms(120_000), twin.purchase_id, &NewReview { decision: ReviewDecision::Approve, reason: None }).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(owed_minor(&world).await, 6_000);
        world.clean().await;
    }

    async fn only_who_manages_the_brand_gives_units_and_pay(db: &Db) {
        let world = World::new(db).await;
        let campaign = paying(&world, 0, 0, 0).await;
        world.stamps(1, None).await;
        let reward = reward_of(&world).await;
        let mut tx = db.begin().await.unwrap();
        let pay = NewIncentive { currency: Currency::Cop, per_unit_minor: 1, per_new_consumer_minor: 0, day_max_minor: 1 };
        let units = NewShopUnits { shop_id: world.shop, units: 1 };
        assert!(matches!(incentive::set(&mut tx, &world.tendero, NOW, campaign, &pay).await, Err(Error::Identity(identity::Error::Forbidden))));
        assert!(matches!(shop_units::give(&mut tx, &world.tendero, NOW, reward, &units).await, Err(Error::Identity(identity::Error::Forbidden))));
        assert!(matches!(incentive::set(&mut tx, &world.manager, NOW, campaign, &NewIncentive { per_unit_minor: -1, ..pay }).await, Err(Error::Field("per_unit_minor"))));
        assert!(matches!(shop_units::give(&mut tx, &world.manager, NOW, reward, &NewShopUnits { units: 0, ..units }).await, Err(Error::Field("units"))));
        assert!(matches!(shop_units::give(&mut tx, &world.manager, NOW, reward, &NewShopUnits { shop_id: ShopId::fixed(9), units: 1 }).await, Err(Error::Field("shop_id"))));
    }
}
