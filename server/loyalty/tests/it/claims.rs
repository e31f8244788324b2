//! A card on paper becomes somebody's, and two telephones of one person become one card.

use db::Db;
use identity::{
    Actor,
    consent::{Decision, Purpose},
    consumer::NewConsumer,
};
use loyalty::{
    Error, card, claim, dispute,
    history::{self, Which},
    reward,
};
use notifications::Port;
use shared::{
    ConsumerId, Country, SessionId, Timestamp,
    loyalty::{
        CampaignRules, RuleKind,
        campaign::{Threshold, Unit},
        correction::{Claim, NewDispute, Subject},
    },
    time::DAY_MS,
};

use crate::{
    per_value,
    world::{COLA, GALLETA, NOW, World, keys, phone},
};

async fn paper(world: &World) -> String {
    let mut tx = world.db.begin().await.unwrap();
    let printed = card::print(&mut tx, &world.loyalty, &world.tendero, NOW).await.unwrap();
    tx.commit().await.unwrap();
    printed.code
}

async fn sells_to_paper(world: &World, code: &str, minutes: i64) -> i64 {
    let at = NOW.plus_ms(minutes * 60_000);
    let mut capture = world.capture(world.consumer, at, &[(COLA, 2, None)]).await;
    capture.card_code = code.to_owned();
    world.post(at, &capture).await.unwrap().0.awards[0].balance
}

async fn claims(world: &World, actor: &Actor, code: &str) -> Result<bool, Error> {
    let mut tx = world.db.begin().await.unwrap();
    let claimed = claim::by_code(&mut tx, &world.loyalty, actor, NOW.plus_ms(600_000), code).await?;
    tx.commit().await.unwrap();
    Ok(claimed)
}

async fn person(world: &World, last: u32) -> (ConsumerId, Actor) {
    let given = Decision {
        purpose: Purpose::Card,
        controller: "platform".into(),
        granted: true,
        text_version: "co".into(),
        channel: "web".into(),
        device: String::new(),
    };
    let mut tx = world.db.begin().await.unwrap();
    let new = NewConsumer { name: Some("Ana María".into()), adult: true, shop: None, consents: vec![given] };
    let (consumer, _) = card::sign_up(&mut tx, &world.loyalty, NOW, &phone(last), &new).await.unwrap();
    tx.commit().await.unwrap();
    (consumer, Actor::Consumer { consumer, session: SessionId::fixed(last.into()) })
}

async fn code_of(db: &Db, now: Timestamp) -> String {
    let registry = notifications::register(jobs::Registry::default(), std::sync::Arc::new(Port::Sandbox), std::sync::Arc::new(keys()));
    while jobs::run_due(db, &registry, now).await.unwrap() > 0 {}
    notifications::sandbox(&mut db.read().await.unwrap()).await.unwrap()[0].body[..6].to_owned()
}

async fn unites(world: &World, actor: &Actor, number: &str) -> Result<(), Error> {
    let mut tx = world.db.begin().await.unwrap();
    let started = identity::challenge::start(&mut tx, &keys(), NOW, Country::Co, number).await.unwrap();
    tx.commit().await.unwrap();
    let code = code_of(&world.db, NOW).await;
    let mut tx = world.db.begin().await.unwrap();
    claim::join_phones(&mut tx, &world.loyalty, actor, NOW, &started.sealed, &code).await?;
    tx.commit().await.unwrap();
    Ok(())
}

db::both_databases! {
    async fn a_card_on_paper_becomes_hers_by_its_code_and_goes_on_working(db: &Db) {
        let world = World::new(db).await;
        world.publish(world.rules(Unit::Points, per_value())).await;
        let code = paper(&world).await;
        sells_to_paper(&world, &code, 0).await;
        world.buys(5, &[(GALLETA, 5, None)]).await;
        let spoken = format!("{} {}", code[..10].to_lowercase(), &code[10..]);

        assert!(claims(&world, &world.ana, &spoken).await.unwrap());
        assert!(!claims(&world, &world.ana, &code).await.unwrap());
        assert_eq!(world.available().await, [11]);
        assert_eq!(sells_to_paper(&world, &code, 20).await, 16);
        world.clean().await;
    }

    async fn what_a_card_did_before_it_was_claimed_is_in_her_history(db: &Db) {
        let world = World::new(db).await;
        let reward_id = world.reward(Some(5)).await;
        let stamps = world.rules(Unit::Stamps, RuleKind::PerUnit { units: 1, points: 1 });
        world.publish(CampaignRules { threshold: Some(Threshold { need: 2, reward_id }), ..stamps }).await;
        let code = paper(&world).await;
        sells_to_paper(&world, &code, 0).await;
        assert!(claims(&world, &world.ana, &code).await.unwrap());
        let (_, stranger) = person(&world, 9).await;
        let mut tx = db.begin().await.unwrap();

        let page = history::movements(&mut tx, &world.ana, world.consumer, Which::All, None, 10).await.unwrap();

        // The sale and the reward that it filled the card for: nothing of the moving itself.
        let seen: Vec<_> = page.items.iter().map(|movement| (movement.kind.as_str(), movement.amount)).collect();
        assert_eq!(seen, [("REWARD_ISSUE", -2), ("EARN", 2)]);
        assert!(page.items[1].shop_name.is_some());
        let wrong = NewDispute { subject: Subject::Movement(page.items[1].id.unwrap()), claim: Claim::Wrong };
        assert!(matches!(dispute::open(&mut tx, &stranger, NOW, &wrong).await, Err(Error::NotFound)));
        dispute::open(&mut tx, &world.ana, NOW, &wrong).await.unwrap();
        let page = history::movements(&mut tx, &world.ana, world.consumer, Which::Earned, None, 10).await.unwrap();
        assert_eq!(page.items.iter().map(|movement| movement.dispute.is_some()).collect::<Vec<_>>(), [true]);
        tx.commit().await.unwrap();
        world.clean().await;
    }

    async fn two_cards_that_filled_over_night_give_what_each_of_them_paid_for(db: &Db) {
        let world = World::new(db).await;
        let reward_id = world.reward(Some(5)).await;
        let stamps = world.rules(Unit::Stamps, RuleKind::PerUnit { units: 1, points: 1 });
        world.publish(CampaignRules { hold_days: 1, threshold: Some(Threshold { need: 2, reward_id }), ..stamps }).await;
        let code = paper(&world).await;
        let mut capture = world.capture(world.consumer, NOW, &[(COLA, 2, None)]).await;
        capture.card_code = code.clone();
        world.post(NOW, &capture).await.unwrap();
        // Hers fills a day after the other one, and nobody looked at either.
        world.buys(24 * 60, &[(COLA, 3, None)]).await;
        let mut tx = db.begin().await.unwrap();
        assert!(claim::by_code(&mut tx, &world.loyalty, &world.ana, NOW.plus_ms(4 * DAY_MS), &code).await.unwrap());
        tx.commit().await.unwrap();

        let hers = reward::of_consumer(&mut db.read().await.unwrap(), &world.ana, world.consumer).await.unwrap();
        assert_eq!((hers.len(), world.available().await), (2, vec![1]), "{hers:?}");
        world.clean().await;
    }

    async fn what_is_no_card_or_somebody_elses_is_not_claimed(db: &Db) {
        let world = World::new(db).await;
        let code = paper(&world).await;
        let (_, luz) = person(&world, 9).await;
        assert!(claims(&world, &luz, &code).await.unwrap());
        let hers = world.code(world.consumer, NOW.plus_ms(600_000)).await;
        let forged = format!("{}{}", &code[..code.len() - 1], if code.ends_with('A') { 'B' } else { 'A' });

        for wrong in [code.as_str(), &forged, "S1", "", &hers] {
            assert!(matches!(claims(&world, &world.ana, wrong).await, Err(Error::UnknownCard)), "{wrong}");
        }
        assert!(matches!(claims(&world, &world.tendero, &code).await, Err(Error::Identity(identity::Error::Forbidden))));
    }

    async fn two_telephones_of_one_person_become_one_card(db: &Db) {
        let world = World::new(db).await;
        world.publish(world.rules(Unit::Points, per_value())).await;
        world.buys(0, &[(COLA, 2, None)]).await;
        let (other, other_actor) = person(&world, 9).await;
        let at = NOW.plus_ms(600_000);
        let capture = world.capture(other, at, &[(COLA, 4, None)]).await;
        world.post(at, &capture).await.unwrap();
        let code_of_other = world.code(other, NOW.plus_ms(900_000)).await;
        let mut tx = db.begin().await.unwrap();
        let theirs = history::movements(&mut tx, &other_actor, other, Which::All, None, 1).await.unwrap();
        let wrong = NewDispute { subject: Subject::Movement(theirs.items[0].id.unwrap()), claim: Claim::Wrong };
        let case = dispute::open(&mut tx, &other_actor, at, &wrong).await.unwrap();
        tx.commit().await.unwrap();
        unites(&world, &world.ana, "300 123 0009").await.unwrap();
        let again = unites(&world, &world.ana, "300 123 0009").await;
        let at = NOW.plus_ms(900_000);
        let mut alias = world.capture(world.consumer, at, &[(GALLETA, 1, None)]).await;
        alias.card_code = code_of_other;
        let bought = world.post(at, &alias).await.unwrap().0;
        let (new, _) = person(&world, 9).await;
        let mut tx = db.read().await.unwrap();
        let left = card::balances(&mut tx, &Actor::System, other).await.unwrap();
        drop(tx);
        let mut tx = db.begin().await.unwrap();
        let hers = history::movements(&mut tx, &world.ana, world.consumer, Which::All, None, 10).await.unwrap();
        let disputed: Vec<bool> = hers.items.iter().map(|movement| movement.dispute.is_some()).collect();
        let same = dispute::open(&mut tx, &world.ana, at, &wrong).await.unwrap();
        drop(tx);

        assert!(matches!(again, Err(Error::NotFound)));
        assert_eq!((disputed, same.id), (vec![false, true, false], case.id), "one case, whichever telephone it was opened on");
        assert_eq!(world.available().await, [16]);
        assert!(left.iter().all(|balance| balance.available == 0), "{left:?}");
        assert_eq!((bought.awards[0].balance, bought.consumer_label.starts_with("Ana · ")), (16, true));
        // The other number is free: whoever has it next is somebody new.
        assert_ne!(new, other);
        assert_ne!(other_actor, world.ana);
        world.clean().await;
    }

    async fn a_telephone_without_a_card_is_nobodys(db: &Db) {
        let world = World::new(db).await;

        assert!(matches!(unites(&world, &world.ana, "300 123 0077").await, Err(Error::NotFound)));
        assert!(unites(&world, &world.ana, "300 123 0002").await.is_ok());
    }
}
