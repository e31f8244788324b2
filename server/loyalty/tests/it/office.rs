//! What the operator's people do: two of them for what is large, distributors' files that are taken back, licences that end.

use db::{Db, sql};
use identity::{Actor, organisation};
use loyalty::{Error, purchase, reward, sell_in, sell_in_file};
use shared::{
    OrganisationId, PurchaseId, SellInFileId, SessionId, UserId,
    identity::{Licence, OrganisationKind, UserRole},
    loyalty::{
        NewCampaign, NewDelivery, NewReview, PurchaseAnswer, PurchaseStatus, ReviewDecision, RuleKind, Template, campaign::Unit,
        sell_in_file::SellInFile,
    },
    time::{HOUR_MS, MINUTE_MS},
};

use crate::world::{COLA, GALLETA, NOW, World};

sql! {
    SELL_IN: "SELECT day, opening, bought, counted FROM sell_in ORDER BY day, product_id";
    NAMED: "UPDATE shop SET distributor_code = 'D-1' WHERE id = $1";
}

fn person(number: u128) -> Actor {
    Actor::User {
        user: UserId::fixed(number),
        tenant: OrganisationId::fixed(900),
        kind: OrganisationKind::Operator,
        role: UserRole::Manager,
        session: SessionId::fixed(number),
    }
}

async fn approve(world: &World, actor: &Actor, id: PurchaseId) -> Result<PurchaseAnswer, Error> {
    let mut tx = world.db.begin().await?;
    let review = NewReview { decision: ReviewDecision::Approve, reason: Some("La señora vino dos veces".into()) };
    let told = purchase::decide(&mut tx, &world.loyalty, actor, NOW.plus_ms(HOUR_MS), id, &review).await?;
    tx.commit().await?;
    Ok(told)
}

/// A purchase of so many units that is held, because the same one was there a minute before.
async fn held(world: &World, units: i64) -> PurchaseId {
    world.buys(0, &[(COLA, units, None)]).await;
    let twin = world.buys(1, &[(COLA, units, None)]).await;
    assert_eq!(twin.status, PurchaseStatus::Held);
    twin.purchase_id
}

async fn file(world: &World, name: &str, rows: &str) -> SellInFileId {
    let mut tx = world.db.begin().await.unwrap();
    let text = format!("tienda,gtin,fecha,comprado,inicial\n{rows}");
    let id = sell_in_file::keep(&mut tx, &person(1), NOW, name, text.as_bytes()).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn apply(world: &World, id: SellInFileId) -> i64 {
    let opened = sell_in_file::open(&mut world.db.read().await.unwrap(), &person(1), id).await.unwrap();
    for rounds in 1.. {
        let mut tx = world.db.begin().await.unwrap();
        let finished = sell_in_file::apply_some(&mut tx, &person(1), NOW, &opened).await.unwrap();
        tx.commit().await.unwrap();
        if finished {
            return rounds;
        }
    }
    unreachable!("a file ends")
}

async fn undo(world: &World, id: SellInFileId) {
    loop {
        let mut tx = world.db.begin().await.unwrap();
        let finished = sell_in_file::undo_some(&mut tx, &person(1), NOW, id).await.unwrap();
        tx.commit().await.unwrap();
        if finished {
            return;
        }
    }
}

async fn look(world: &World, id: SellInFileId) -> SellInFile {
    sell_in_file::check(&mut world.db.read().await.unwrap(), &person(1), id).await.unwrap()
}

async fn books(world: &World) -> Vec<(String, i64, i64, Option<i64>)> {
    world.db.read().await.unwrap().query(SELL_IN).all().await.unwrap()
}

async fn distributor(db: &Db) -> World {
    let world = World::new(db).await;
    let mut tx = db.begin().await.unwrap();
    tx.query(NAMED).bind(world.shop).execute().await.unwrap();
    tx.commit().await.unwrap();
    world
}

db::both_databases! {
    async fn what_one_person_may_not_give_alone_two_approve(db: &Db) {
        let world = World::new(db).await;
        world.publish(world.rules(Unit::Points, RuleKind::PerUnit { units: 1, points: 50 })).await;
        let id = held(&world, 3).await;
        let before = world.available().await;

        let first = approve(&world, &person(1), id).await.unwrap();
        let case = purchase::look(&mut db.read().await.unwrap(), &world.loyalty, &person(2), NOW, id).await.unwrap();
        assert_eq!((first.status, world.available().await), (PurchaseStatus::Held, before.clone()));
        assert!(case.takes_two && case.first.is_some_and(|first| !first.own && first.reason == "La señora vino dos veces"));
        assert!(matches!(approve(&world, &person(1), id).await, Err(Error::OwnProposal)));
        let second = approve(&world, &person(2), id).await.unwrap();

        assert_eq!(second.status, PurchaseStatus::Accepted);
        assert_eq!(world.available().await, [before[0] + 150]);
        assert!(matches!(approve(&world, &person(2), id).await, Err(Error::NotHeld)));
        world.clean().await;
    }

    async fn what_is_small_one_person_approves_and_anybody_turns_down(db: &Db) {
        let world = World::new(db).await;
        world.publish(world.rules(Unit::Points, RuleKind::PerUnit { units: 1, points: 50 })).await;
        let small = held(&world, 2).await;
        assert_eq!(approve(&world, &person(1), small).await.unwrap().status, PurchaseStatus::Accepted);
        let large = world.buys(10, &[(COLA, 9, None)]).await;
        let twin = world.buys(11, &[(COLA, 9, None)]).await;
        assert_eq!((large.status, twin.status), (PurchaseStatus::Accepted, PurchaseStatus::Held));
        approve(&world, &person(1), twin.purchase_id).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        let review = NewReview { decision: ReviewDecision::Reject, reason: Some("No fue".into()) };
        let told = purchase::decide(&mut tx, &world.loyalty, &person(1), NOW.plus_ms(HOUR_MS), twin.purchase_id, &review).await.unwrap();
        tx.commit().await.unwrap();

        assert_eq!(told.status, PurchaseStatus::Rejected);
        world.clean().await;
    }

    async fn the_queue_says_how_long_half_of_it_waits(db: &Db) {
        let world = World::new(db).await;
        for minutes in [0, 10, 20] {
            world.buys(minutes, &[(COLA, 1 + minutes, None)]).await;
            world.buys(minutes + 1, &[(COLA, 1 + minutes, None)]).await;
        }
        let now = NOW.plus_ms(31 * MINUTE_MS);
        let queue = purchase::queue(&mut db.read().await.unwrap(), &person(1), now).await.unwrap();
        let foreign = purchase::queue(&mut db.read().await.unwrap(), &world.manager, now).await;

        assert_eq!((queue.waiting, queue.items.len(), queue.median_age_ms), (3, 3, 20 * MINUTE_MS));
        assert!(matches!(foreign, Err(Error::Identity(identity::Error::Forbidden))));
    }

    async fn a_distributors_file_is_looked_at_written_in_parts_and_taken_back(db: &Db) {
        let world = distributor(db).await;
        let mut tx = db.begin().await.unwrap();
        sell_in::load(&mut tx, &person(1), NOW, format!("tienda,gtin,fecha,comprado,inicial\nD-1,{COLA},2026-01-01,7,3\n").as_bytes(), true).await.unwrap();
        tx.commit().await.unwrap();
        let before = books(&world).await;
        let day = |n: i64| shared::CivilDate::new(2026, 1, 1).unwrap().plus_days(n).unwrap();
        let rows: String = (0..700).map(|n| format!("D-1,{COLA},{},5,\n", day(n))).chain(["D-9,1,ayer,-1,\n".to_owned()]).collect();
        let id = file(&world, "enero.csv", &rows).await;
        let seen = look(&world, id).await;
        assert_eq!((seen.total, seen.done, seen.right, seen.wrong.len(), books(&world).await), (701, 0, 700, 1, before.clone()));

        assert_eq!(apply(&world, id).await, 2, "two transactions");
        assert_eq!(apply(&world, id).await, 1, "again: nothing");
        let done = look(&world, id).await;
        assert_eq!((done.done, done.right, done.applied_at, books(&world).await.len()), (701, 700, Some(NOW), 700));
        undo(&world, id).await;
        undo(&world, id).await;

        assert_eq!(books(&world).await, before);
        assert_eq!(apply(&world, id).await, 1, "what was taken back is not written again");
        assert_eq!(books(&world).await, before);
    }

    async fn a_file_under_another_one_is_taken_back_without_touching_that_one(db: &Db) {
        let world = distributor(db).await;
        let old = file(&world, "a.csv", &format!("D-1,{COLA},2026-03-01,5,\nD-1,{GALLETA},2026-03-01,5,\n")).await;
        let new = file(&world, "b.csv", &format!("D-1,{COLA},2026-03-01,9,\n")).await;
        apply(&world, old).await;
        apply(&world, new).await;

        undo(&world, old).await;
        assert_eq!(books(&world).await.iter().map(|(_, _, bought, _)| *bought).collect::<Vec<_>>(), [9]);
        undo(&world, new).await;

        assert!(books(&world).await.is_empty(), "what the first one said was taken back, too");
    }

    async fn a_brand_sees_its_own_files_and_nobody_elses(db: &Db) {
        let world = distributor(db).await;
        let id = file(&world, "a.csv", &format!("D-1,{COLA},2026-03-01,5,\n")).await;
        let mut tx = db.begin().await.unwrap();
        let foreign = sell_in_file::check(&mut tx, &world.manager, id).await;
        assert!(matches!(sell_in_file::open(&mut tx, &world.manager, id).await, Err(Error::NotFound)));
        let mine = sell_in_file::keep(&mut tx, &world.manager, NOW, "", format!("tienda,gtin,fecha,comprado\nD-1,{COLA},2026-03-01,5\n").as_bytes()).await.unwrap();
        let listed = sell_in_file::list(&mut tx, &world.manager).await.unwrap();
        let all = sell_in_file::list(&mut tx, &person(1)).await.unwrap();

        assert!(matches!(foreign, Err(Error::NotFound)));
        assert_eq!(listed.iter().map(|file| file.id).collect::<Vec<_>>(), [mine]);
        assert_eq!(all.len(), 2);
    }

    async fn an_expired_licence_stops_publishing_and_no_reward(db: &Db) {
        let world = World::new(db).await;
        let campaign = world.stamps(2, None).await;
        world.buys(0, &[(COLA, 2, None)]).await;
        let mut tx = db.begin().await.unwrap();
        let yesterday = Licence { until: Some("2026-03-09".parse().unwrap()) };
        let foreign = organisation::set_licence(&mut tx, &world.manager, NOW, world.brand, yesterday).await;
        organisation::set_licence(&mut tx, &person(1), NOW, world.brand, yesterday).await.unwrap();
        let rules = world.rules(Unit::Points, RuleKind::PerUnit { units: 1, points: 1 });
        let new = NewCampaign { brand_id: world.brand, name: "Otra".into(), template: Template::Custom, rules };
        let draft = loyalty::campaign::create(&mut tx, &world.manager, NOW, &new).await.unwrap().id;
        tx.commit().await.unwrap();
        let mut tx = db.begin().await.unwrap();
        let refused = loyalty::campaign::publish(&mut tx, &Actor::System, NOW, draft).await;
        drop(tx);
        let missing = match refused {
            Err(Error::Gates(missing)) => missing.into_iter().map(|one| one.code).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };

        // What runs goes on, and what was earned is handed over and owed.
        let later = world.buys(10, &[(COLA, 1, None)]).await;
        let mut tx = db.begin().await.unwrap();
        let code = reward::of_consumer(&mut tx, &world.ana, world.consumer).await.unwrap()[0].code.clone().unwrap();
        let delivered = reward::deliver(&mut tx, &world.loyalty, &world.tendero, NOW, &NewDelivery { code, shop_id: None }).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = db.begin().await.unwrap();
        organisation::set_licence(&mut tx, &person(1), NOW, world.brand, Licence { until: Some("2026-03-10".parse().unwrap()) }).await.unwrap();
        loyalty::campaign::publish(&mut tx, &Actor::System, NOW, draft).await.unwrap();
        tx.commit().await.unwrap();

        assert!(matches!(foreign, Err(identity::Error::Forbidden)));
        assert_eq!(missing, ["loyalty.licence_expired"]);
        assert_eq!(later.awards.iter().map(|award| award.campaign_id).collect::<Vec<_>>(), [campaign]);
        assert_eq!(delivered.owed_minor, 270_000);
        world.clean().await;
    }
}
