//! Sales that no person makes are held with what explains them, and nothing of them is lost.

use db::{Db, sql};
use identity::Actor;
use loyalty::{
    Loyalty,
    purchase::{self, VelocityLimits},
};
use shared::{
    ConsumerId, Country, ShopId, Timestamp,
    identity::NewShop,
    loyalty::{
        NewReview, PurchaseAnswer, PurchaseStatus, ReviewDecision,
        campaign::Unit,
        suspicion::{Counted, Evidence},
    },
    time::{HOUR_MS, MINUTE_MS},
};

use crate::{
    per_value,
    world::{COLA, GALLETA, NOW, World, keys, line, sale},
};

sql! {
    PLACE: "UPDATE shop SET latitude = $1, longitude = $2 WHERE id = $3";
    HOLD: "INSERT INTO shop_hold (id, shop_id, brand_id, why, held_at, held_by) VALUES ($1, $2, $3, 'Vende más de lo que compra', 0, 'user')";
}

/// A world whose limits are so small that a test reaches them.
async fn strict(db: &Db, limits: VelocityLimits) -> World {
    let mut world = World::new(db).await;
    world.loyalty = Loyalty::new(keys()).with_velocity(limits);
    world.publish(world.rules(Unit::Points, per_value())).await;
    world
}

impl World {
    /// A till of another shop reports one thing.
    pub async fn imports_at(&self, consumer: ConsumerId, shop: ShopId, at: Timestamp, product: &str) -> PurchaseAnswer {
        self.imports_sale(&sale(format!("{consumer}-{}", at.0), shop, consumer, at, vec![line(product, 1)])).await
    }

    pub async fn second_shop(&self) -> ShopId {
        let new = NewShop { city: "Medellín".into(), ..NewShop::new("El Faro", Country::Co) };
        let mut tx = self.db.begin().await.unwrap();
        let shop = identity::shop::create(&mut tx, &Actor::System, NOW, &new).await.unwrap().id;
        tx.commit().await.unwrap();
        shop
    }
}

async fn place(world: &World, shop: ShopId, latitude: f64, longitude: f64) {
    let mut tx = world.db.begin().await.unwrap();
    tx.query(PLACE).bind(latitude).bind(longitude).bind(shop).execute().await.unwrap();
    tx.commit().await.unwrap();
}

async fn evidence(world: &World, answer: &PurchaseAnswer) -> Option<Evidence> {
    let mut tx = world.db.read().await.unwrap();
    purchase::look(&mut tx, &world.loyalty, &Actor::System, NOW, answer.purchase_id).await.unwrap().evidence
}

async fn approve(world: &World, answer: &PurchaseAnswer, now: Timestamp) -> PurchaseAnswer {
    let mut tx = world.db.begin().await.unwrap();
    let review = NewReview { decision: ReviewDecision::Approve, reason: Some("Es su familia".into()) };
    let decided = purchase::decide(&mut tx, &world.loyalty, &Actor::System, now, answer.purchase_id, &review).await.unwrap();
    tx.commit().await.unwrap();
    decided
}

db::both_databases! {
    async fn the_sale_beyond_a_cards_limit_is_held_and_counts_once_it_is_approved(db: &Db) {
        let world = strict(db, VelocityLimits { card_per_hour: 2, ..VelocityLimits::default() }).await;
        let first = world.buys(0, &[(COLA, 2, None)]).await;
        let second = world.buys(10, &[(COLA, 2, None)]).await;
        let third = world.buys(20, &[(COLA, 2, None)]).await;
        let seen = evidence(&world, &third).await;
        let approved = approve(&world, &third, NOW.plus_ms(2 * HOUR_MS)).await;
        let next_hour = world.buys(130, &[(COLA, 2, None)]).await;

        assert_eq!([first.status, second.status, next_hour.status], [PurchaseStatus::Accepted; 3]);
        assert_eq!((third.status, third.reason.as_deref(), third.awards.len()), (PurchaseStatus::Held, Some("VELOCITY_CARD"), 0));
        assert_eq!(seen, Some(Evidence::Velocity { of: Counted::Card, count: 2, limit: 2, window_minutes: 60 }));
        assert_eq!((approved.status, approved.purchased_at, approved.awards[0].amount), (PurchaseStatus::Accepted, NOW.plus_ms(20 * MINUTE_MS), 5));
        assert_eq!(world.available().await, [20]);
        world.clean().await;
    }

    async fn phone_cashier_and_shop_have_limits_of_their_own(db: &Db) {
        let mut world = strict(db, VelocityLimits::default()).await;
        for (hours, limits, reason) in [
            (0, VelocityLimits { device_per_hour: 1, ..VelocityLimits::default() }, "VELOCITY_DEVICE"),
            (2, VelocityLimits { cashier_per_hour: 1, ..VelocityLimits::default() }, "VELOCITY_CASHIER"),
            (4, VelocityLimits { shop_per_hour: 1, ..VelocityLimits::default() }, "VELOCITY_SHOP"),
        ] {
            world.loyalty = Loyalty::new(keys()).with_velocity(limits);
            let first = world.buys(hours * 60, &[(COLA, 1, None)]).await;
            let second = world.buys(hours * 60 + 5, &[(COLA, 1, None)]).await;

            assert_eq!(first.status, PurchaseStatus::Accepted);
            assert_eq!(second.reason.as_deref(), Some(reason));
        }
    }

    async fn sales_at_once_do_not_pass_a_limit_together(db: &Db) {
        let world = strict(db, VelocityLimits { shop_per_hour: 5, ..VelocityLimits::default() }).await;
        let crowd = world.crowd(12).await;
        let answers = futures::future::join_all(crowd.iter().map(|consumer| world.imports(*consumer, 1))).await;
        let accepted = answers.iter().filter(|answer| answer.status == PurchaseStatus::Accepted).count();

        assert_eq!(accepted, 5);
        assert!(answers.iter().filter(|answer| answer.status == PurchaseStatus::Held).all(|answer| answer.reason.as_deref() == Some("VELOCITY_SHOP")));
        world.clean().await;
    }

    async fn a_card_that_moves_faster_than_people_waits_for_a_reviewer(db: &Db) {
        let world = strict(db, VelocityLimits::default()).await;
        let medellin = world.second_shop().await;
        place(&world, world.shop, 4.6097, -74.0817).await;
        place(&world, medellin, 6.2442, -75.5812).await;
        let here = world.buys(0, &[(COLA, 1, None)]).await;
        let there = world.imports_at(world.consumer, medellin, NOW.plus_ms(30 * MINUTE_MS), GALLETA).await;
        let tomorrow = world.imports_at(world.consumer, medellin, NOW.plus_ms(4 * HOUR_MS), GALLETA).await;
        let seen = evidence(&world, &there).await;

        assert_eq!((here.status, tomorrow.status), (PurchaseStatus::Accepted, PurchaseStatus::Accepted));
        assert_eq!((there.status, there.reason.as_deref()), (PurchaseStatus::Held, Some("IMPOSSIBLE_MOVEMENT")));
        let Some(Evidence::Movement { shop_name, distance_meters, seconds, kmh, .. }) = seen else { panic!("{seen:?}") };
        assert_eq!((shop_name.as_str(), seconds), ("La Esquina", 1_800));
        assert!((235_000..250_000).contains(&distance_meters) && (470..500).contains(&kmh), "{distance_meters} {kmh}");
    }

    async fn without_a_place_on_the_map_nobody_is_suspected(db: &Db) {
        let world = strict(db, VelocityLimits::default()).await;
        let other = world.second_shop().await;
        place(&world, world.shop, 4.6097, -74.0817).await;
        world.buys(0, &[(COLA, 1, None)]).await;

        assert_eq!(world.imports_at(world.consumer, other, NOW.plus_ms(MINUTE_MS), GALLETA).await.status, PurchaseStatus::Accepted);
    }

    async fn a_shop_on_hold_sells_and_waits(db: &Db) {
        let world = strict(db, VelocityLimits::default()).await;
        let mut tx = db.begin().await.unwrap();
        tx.query(HOLD).bind(uuid::Uuid::from_u128(1)).bind(world.shop).bind(world.brand).execute().await.unwrap();
        tx.commit().await.unwrap();
        let sold = world.buys(0, &[(COLA, 1, None)]).await;
        let of_nobody = world.buys(5, &[(crate::world::PAN, 1, None)]).await;

        assert_eq!((sold.status, sold.reason.as_deref()), (PurchaseStatus::Held, Some("SHOP_ON_HOLD")));
        assert_eq!(of_nobody.status, PurchaseStatus::Accepted);
    }
}
