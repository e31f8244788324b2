//! Cards on paper: fewer sales in a day, and no reward without a code that went to a telephone.

use std::sync::Arc;

use db::{Db, both_databases};
use identity::Actor;
use loyalty::{Error, card, claim, paper, reward};
use notifications::Port;
use shared::{
    RewardInstanceId, SessionId, ShopId, Timestamp,
    identity::MemberRole,
    loyalty::{PurchaseAnswer, PurchaseStatus, RewardStatus},
    time::MINUTE_MS,
};

use crate::world::{COLA, NOW, World, keys};

async fn print(world: &World) -> String {
    let mut tx = world.db.begin().await.unwrap();
    let printed = card::print(&mut tx, &world.loyalty, &world.tendero, NOW).await.unwrap();
    tx.commit().await.unwrap();
    printed.code
}

async fn buys(world: &World, code: &str, minutes: i64) -> PurchaseAnswer {
    let at = NOW.plus_ms(minutes * MINUTE_MS);
    let mut capture = world.capture(world.consumer, at, &[(COLA, 1, None)]).await;
    capture.card_code = code.to_owned();
    world.post(at, &capture).await.unwrap().0
}

async fn claims(world: &World, code: &str) {
    let mut tx = world.db.begin().await.unwrap();
    assert!(claim::by_code(&mut tx, &world.loyalty, &world.ana, NOW.plus_ms(MINUTE_MS), code).await.unwrap());
    tx.commit().await.unwrap();
}

async fn sends(world: &World, now: Timestamp, code: &str, id: RewardInstanceId) -> Result<String, Error> {
    let mut tx = world.db.begin().await.unwrap();
    let sent = paper::send_code(&mut tx, &world.loyalty, &world.tendero, now, code, id).await?;
    tx.commit().await.unwrap();
    Ok(sent.hint)
}

/// What the telephone got.
async fn read_aloud(db: &Db, now: Timestamp) -> (String, String) {
    let registry = notifications::register(jobs::Registry::default(), Arc::new(Port::Sandbox), Arc::new(keys()));
    while jobs::run_due(db, &registry, now).await.unwrap() > 0 {}
    let body = notifications::sandbox(&mut db.read().await.unwrap()).await.unwrap()[0].body.clone();
    (body[..6].to_owned(), body)
}

async fn delivers(world: &World, by: &Actor, now: Timestamp, code: &str, id: RewardInstanceId, digits: &str) -> Result<i64, Error> {
    let mut tx = world.db.begin().await.unwrap();
    let done = paper::deliver(&mut tx, &world.loyalty, by, now, code, id, digits).await;
    if matches!(done, Ok(_) | Err(Error::Identity(identity::Error::WrongCode(_)))) {
        tx.commit().await.unwrap();
    }
    done.map(|done| done.owed_total_minor)
}

both_databases! {
    async fn a_card_on_paper_has_a_lower_limit_of_a_day(db: &Db) {
        let world = World::new(db).await;
        let code = print(&world).await;
        for n in 0..10 {
            assert_eq!(buys(&world, &code, n * 10).await.status, PurchaseStatus::Accepted, "sale {n}");
        }
        let more = buys(&world, &code, 100).await;

        assert_eq!((more.status, more.reason.as_deref()), (PurchaseStatus::Held, Some("VELOCITY_CARD")));
        assert_eq!(buys(&world, &code, 24 * 60 + 20).await.status, PurchaseStatus::Accepted);
    }

    async fn a_reward_of_a_card_on_paper_needs_a_code_that_went_to_a_telephone(db: &Db) {
        let world = World::new(db).await;
        world.stamps(1, None).await;
        let code = print(&world).await;
        let id = buys(&world, &code, 0).await.rewards[0].reward_instance_id;
        let mut tx = db.read().await.unwrap();
        let card = paper::look(&mut tx, &world.loyalty, &world.tendero, NOW, &code).await.unwrap();
        drop(tx);
        assert_eq!((card.rewards.len(), card.rewards[0].id, card.has_phone), (1, id, false));
        assert!(matches!(sends(&world, NOW, &code, id).await, Err(Error::NoPhone)), "nobody verified a telephone");
        assert!(delivers(&world, &world.tendero, NOW, &code, id, "000000").await.is_err());

        claims(&world, &code).await;
        let now = NOW.plus_ms(2 * MINUTE_MS);
        assert_eq!(sends(&world, now, &code, id).await.unwrap(), "••02");
        let (digits, body) = read_aloud(db, now).await;
        assert!(body.contains("1 Cola") && body.contains("La Esquina"), "{body}");
        let wrong = if digits == "123456" { "654321" } else { "123456" };
        assert!(matches!(delivers(&world, &world.tendero, now, &code, id, wrong).await, Err(Error::Identity(identity::Error::WrongCode(2)))));
        assert_eq!(delivers(&world, &world.tendero, now, &code, id, &digits).await.unwrap(), 270_000);
        assert!(matches!(delivers(&world, &world.tendero, now, &code, id, &digits).await, Err(Error::Identity(identity::Error::CodeExpired))));
        let given = reward::of_consumer(&mut db.read().await.unwrap(), &world.ana, world.consumer).await.unwrap();
        assert_eq!(given[0].status, RewardStatus::Delivered);
        let mut tx = db.read().await.unwrap();
        let told = reward::delivered(&mut tx, &world.tendero, id).await.unwrap();
        assert_eq!((told.reward_name.as_str(), told.owed_total_minor, told.replayed), ("1 Cola", 270_000, true));
        let elsewhere = Actor::Member { member: world.member, shop: ShopId::fixed(9), role: MemberRole::Owner, device: None, session: SessionId::fixed(8) };
        assert!(matches!(reward::delivered(&mut tx, &elsewhere, id).await, Err(Error::NoSuchReward)), "another shop's is unknown");
        drop(tx);
        world.clean().await;
    }

    async fn a_code_ends_and_is_guessed_three_times_and_sent_five(db: &Db) {
        let world = World::new(db).await;
        world.stamps(1, None).await;
        let code = print(&world).await;
        let id = buys(&world, &code, 0).await.rewards[0].reward_instance_id;
        claims(&world, &code).await;
        sends(&world, NOW, &code, id).await.unwrap();
        let (digits, _) = read_aloud(db, NOW).await;
        let wrong = if digits == "123456" { "654321" } else { "123456" };
        assert!(matches!(delivers(&world, &world.tendero, NOW.plus_ms(10 * MINUTE_MS), &code, id, &digits).await, Err(Error::Identity(identity::Error::CodeExpired))));
        for _ in 0..3 {
            assert!(delivers(&world, &world.tendero, NOW, &code, id, wrong).await.is_err());
        }
        assert!(matches!(delivers(&world, &world.tendero, NOW, &code, id, &digits).await, Err(Error::Identity(identity::Error::CodeExpired))));
        for _ in 1..5 {
            sends(&world, NOW, &code, id).await.unwrap();
        }
        assert!(matches!(sends(&world, NOW, &code, id).await, Err(Error::CodesSpent)));
        assert!(sends(&world, NOW.plus_ms(25 * 60 * MINUTE_MS), &code, id).await.is_ok());
    }

    async fn a_code_of_a_telephone_or_of_somebody_elses_reward_opens_nothing(db: &Db) {
        let world = World::new(db).await;
        world.stamps(1, None).await;
        let id = world.buys(0, &[(COLA, 1, None)]).await.rewards[0].reward_instance_id;
        let other = print(&world).await;
        let live = world.code(world.consumer, NOW).await;

        assert!(matches!(sends(&world, NOW, &other, id).await, Err(Error::NoSuchReward)));
        assert!(matches!(sends(&world, NOW, &live, id).await, Err(Error::NotOnPaper)));
        let mut tx = db.begin().await.unwrap();
        assert!(paper::look(&mut tx, &world.loyalty, &world.ana, NOW, &other).await.is_err());
    }
}
