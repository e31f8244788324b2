//! Webhooks on both engines, against a receiver over real HTTP.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops where it is")]

mod world;

use db::both_databases;
use jobs::outbox::{self, NewEvent};
use shared::{
    Timestamp,
    time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS},
    webhook::NewSubscription,
};
use webhooks::{Error, sign};
use world::{COLA, JABON, NOW, Office, Receiver, World};

both_databases! {
    async fn every_statement_prepares(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        for sql in webhooks::statements() {
            tx.check(sql).await.unwrap_or_else(|error| panic!("{sql:?}: {error}"));
        }
    }

    async fn a_brand_hears_of_its_own_lines_and_of_nobody_it_could_name(db: &Db) {
        let world = World::new(db).await;
        let (sierra, brisa) = (Receiver::start().await, Receiver::start().await);
        let secret = world.subscribe(&world.sierra, &sierra).await.secret;
        world.subscribe(&world.brisa, &brisa).await;
        let office = Office::open(&world);
        let at = NOW.plus_ms(12_345);
        world.buys_at(at, world.ana, "1", &[(COLA, 2), (JABON, 1)]).await;
        office.work(at).await;

        let (mine, theirs) = (sierra.got(), brisa.got());
        assert_eq!((mine.len(), theirs.len()), (1, 1));
        assert!(mine[0].verified_by(&secret, NOW), "the signature is of the bytes that came");
        assert!(!theirs[0].verified_by(&secret, NOW));
        let (cola, jabon) = (mine[0].json(), theirs[0].json());
        assert_eq!((cola["type"].as_str(), cola["data"]["lines"].as_array().unwrap().len()), (Some("loyalty.purchase_registered"), 1));
        assert_eq!((cola["data"]["lines"][0]["gtin"].as_str(), cola["data"]["lines"][0]["quantity"].as_i64()), (Some(COLA), Some(2)));
        // Nothing of the two can be put side by side, and nothing leads to Ana.
        assert_ne!(cola["data"]["consumer"], jabon["data"]["consumer"]);
        assert_ne!(cola["data"]["purchase"], jabon["data"]["purchase"]);
        assert_ne!(mine[0].id, theirs[0].id);
        // The milliseconds would be a name that both know.
        assert_eq!((&cola["timestamp"], &cola["data"]["purchased_at"]), (&serde_json::json!(NOW), &serde_json::json!(NOW)));
        for text in [&mine[0].body, &theirs[0].body] {
            let text = String::from_utf8_lossy(text);
            assert!(!text.contains(&world.ana.to_string()) && !text.contains("total") && !text.contains("+57"), "{text}");
        }
        assert!(!String::from_utf8_lossy(&mine[0].body).contains(JABON));
    }

    async fn a_failed_one_holds_back_that_consumer_and_nobody_else(db: &Db) {
        let world = World::new(db).await;
        let receiver = Receiver::start().await;
        world.subscribe(&world.sierra, &receiver).await;
        let office = Office::open(&world);
        receiver.then([503]);
        world.buys(world.ana, "1", &[(COLA, 1)]).await;
        office.work(NOW).await;
        world.buys(world.ana, "2", &[(COLA, 2)]).await;
        world.buys(world.luz, "3", &[(COLA, 3)]).await;
        office.work(NOW).await;
        assert_eq!(receiver.quantities(), [1, 3], "Ana's second one waits for her first");

        office.work(NOW.plus_ms(6 * SECOND_MS)).await;

        assert_eq!(receiver.quantities(), [1, 3, 1, 2]);
        let got = receiver.got();
        assert_eq!((&got[0].id, &got[0].body), (&got[2].id, &got[2].body), "the same one, byte by byte");
        assert_ne!(got[0].timestamp, got[2].timestamp, "but its time is of the attempt");
    }

    async fn a_receiver_that_does_not_answer_holds_nobody_elses_deliveries(db: &Db) {
        let world = World::new(db).await;
        let (sierra, brisa) = (Receiver::start().await, Receiver::start().await);
        world.subscribe(&world.sierra, &sierra).await;
        world.subscribe(&world.brisa, &brisa).await;
        sierra.hold(true);
        let office = Office::open(&world);
        // More lines of Sierra's than there are places.
        for n in 0..12 {
            let consumer = world.somebody().await;
            world.buys(consumer, &n.to_string(), &[(COLA, 1), (JABON, n + 1)]).await;
        }
        let _working = office.open_all_day();
        tokio::time::timeout(std::time::Duration::from_secs(60), brisa.has(12)).await.unwrap();

        let mut told = brisa.quantities();
        told.sort_unstable();
        assert_eq!(told, (1..=12).collect::<Vec<_>>(), "each once");
        assert!(sierra.got().len() <= 4, "half of the places are for others");
    }

    async fn what_was_sent_and_not_written_down_comes_again_under_its_id(db: &Db) {
        let world = World::new(db).await;
        let receiver = Receiver::start().await;
        world.subscribe(&world.sierra, &receiver).await;
        let office = Office::open(&world);
        world.buys(world.ana, "1", &[(COLA, 1)]).await;
        world.buys(world.ana, "2", &[(COLA, 2)]).await;
        // The worker dies while the receiver has it: the future is dropped where it waits for the answer.
        receiver.hold(true);
        tokio::select! {
            () = office.work(NOW) => panic!("the receiver holds its answer"),
            () = receiver.has(1) => {}
        }
        receiver.hold(false);
        office.work(NOW.plus_ms(30 * SECOND_MS)).await;
        assert_eq!(receiver.quantities(), [1], "somebody may still be bringing it");
        office.work(NOW.plus_ms(61 * SECOND_MS)).await;
        office.work(NOW.plus_ms(122 * SECOND_MS)).await;

        assert_eq!(receiver.quantities(), [1, 1, 2]);
        assert_eq!(receiver.got()[0].id, receiver.got()[1].id);
    }

    async fn a_return_names_the_sale_that_it_takes_back(db: &Db) {
        let world = World::new(db).await;
        let receiver = Receiver::start().await;
        world.subscribe(&world.sierra, &receiver).await;
        let office = Office::open(&world);
        let bought = world.buys(world.ana, "1", &[(COLA, 3), (JABON, 1)]).await;
        world.gives_back(bought, COLA, 2).await;
        world.gives_back(bought, JABON, 1).await;
        office.work(NOW).await;

        let got = receiver.got();
        assert_eq!(got.len(), 2, "the soap is another brand's business");
        assert_eq!(got[1].json()["type"], "loyalty.purchase_returned");
        assert_eq!(got[0].json()["data"]["purchase"], got[1].json()["data"]["purchase"]);
        assert_eq!(receiver.quantities(), [3, 2]);
    }

    async fn two_secrets_sign_while_one_gives_way_to_the_other(db: &Db) {
        let world = World::new(db).await;
        let receiver = Receiver::start().await;
        let made = world.subscribe(&world.sierra, &receiver).await;
        let mut tx = db.begin().await.unwrap();
        let rotated = webhooks::rotate(&mut tx, &world::keys(), &world.sierra, NOW, made.subscription.id).await.unwrap();
        tx.commit().await.unwrap();
        let office = Office::open(&world);
        world.buys(world.ana, "1", &[(COLA, 1)]).await;
        office.work(NOW).await;
        let later = NOW.plus_ms(DAY_MS);
        world.buys_at(later, world.ana, "2", &[(COLA, 1)]).await;
        office.work(later).await;

        let got = receiver.got();
        assert!(got[0].verified_by(&made.secret, NOW) && got[0].verified_by(&rotated.secret, NOW));
        assert!(!got[1].verified_by(&made.secret, later) && got[1].verified_by(&rotated.secret, later));
    }

    async fn a_receiver_that_is_gone_or_never_answers_well_is_disabled(db: &Db) {
        let world = World::new(db).await;
        let (gone, broken) = (Receiver::start().await, Receiver::start().await);
        world.subscribe(&world.sierra, &gone).await;
        let kept = world.subscribe(&world.brisa, &broken).await.subscription.id;
        let office = Office::open(&world);
        gone.then([410]);
        broken.then([500; 40]);
        world.buys(world.ana, "1", &[(COLA, 1), (JABON, 1)]).await;
        office.work(NOW).await;
        assert_eq!(world.state(&world.sierra).await.disabled_why.as_deref(), Some("gone"));
        assert_eq!(world.state(&world.brisa).await.disabled_why, None);

        let mut now = NOW;
        for day in 0..7 {
            now = NOW.plus_ms(day * DAY_MS);
            world.buys_at(now, world.luz, &format!("b{day}"), &[(JABON, 1)]).await;
            for hour in 0..24 {
                office.work(now.plus_ms(hour * HOUR_MS)).await;
            }
        }
        assert_eq!(world.state(&world.brisa).await.disabled_why.as_deref(), Some("failing"));
        let asked = broken.got().len();
        office.work(now.plus_ms(2 * DAY_MS)).await;
        assert_eq!(broken.got().len(), asked, "nothing is sent any more");

        broken.forget();
        let now = now.plus_ms(2 * DAY_MS);
        let mut tx = db.begin().await.unwrap();
        webhooks::enable(&mut tx, &world.brisa, now, kept).await.unwrap();
        tx.commit().await.unwrap();
        office.work(now).await;
        assert!(!broken.got().is_empty(), "what waited is brought");
        assert_eq!(world.state(&world.brisa).await.waiting, 0);
    }

    async fn each_attempt_can_be_read_and_one_sent_again(db: &Db) {
        let world = World::new(db).await;
        let receiver = Receiver::start().await;
        let id = world.subscribe(&world.sierra, &receiver).await.subscription.id;
        let office = Office::open(&world);
        receiver.then([302]);
        world.buys(world.ana, "1", &[(COLA, 1)]).await;
        office.work(NOW).await;
        office.work(NOW.plus_ms(10 * SECOND_MS)).await;
        let mut tx = db.begin().await.unwrap();
        let sent = webhooks::list_of(&mut tx, &world.sierra, id, None, 10).await.unwrap().items.remove(0);
        assert_eq!((sent.status.as_str(), sent.attempts.iter().map(|attempt| attempt.status).collect::<Vec<_>>()), ("delivered", vec![Some(302), Some(200)]));
        assert!(matches!(webhooks::get(&mut tx, &world.brisa, sent.id).await, Err(Error::NotFound)));
        assert!(matches!(webhooks::send_again(&mut tx, &world.brisa, NOW, sent.id).await, Err(Error::NotFound)));
        webhooks::send_again(&mut tx, &world.sierra, NOW.plus_ms(MINUTE_MS), sent.id).await.unwrap();
        tx.commit().await.unwrap();
        office.work(NOW.plus_ms(MINUTE_MS)).await;

        let got = receiver.got();
        assert_eq!(got.len(), 3, "a redirect is not followed");
        assert_eq!((&got[2].id, &got[2].body), (&got[0].id, &got[0].body));
        let again = webhooks::get(&mut db.read().await.unwrap(), &world.sierra, sent.id).await.unwrap();
        assert!(again.attempts[2].again);
    }

    async fn many_lines_that_waited_are_all_woken(db: &Db) {
        const LINES: usize = 120;
        let world = World::new(db).await;
        let receiver = Receiver::start().await;
        let id = world.subscribe(&world.sierra, &receiver).await.subscription.id;
        let office = Office::open(&world);
        receiver.then([503; LINES]);
        for (number, person) in world.people(LINES).await.into_iter().enumerate() {
            world.buys(person, &number.to_string(), &[(COLA, 1)]).await;
        }
        office.work(NOW).await;
        let mut tx = db.begin().await.unwrap();
        webhooks::disable(&mut tx, &world.sierra, NOW, id).await.unwrap();
        tx.commit().await.unwrap();
        office.work(NOW.plus_ms(MINUTE_MS)).await;
        assert_eq!((receiver.got().len(), world.state(&world.sierra).await.waiting), (LINES, LINES as i64));

        let mut tx = db.begin().await.unwrap();
        webhooks::enable(&mut tx, &world.sierra, NOW.plus_ms(MINUTE_MS), id).await.unwrap();
        tx.commit().await.unwrap();
        office.work(NOW.plus_ms(MINUTE_MS)).await;

        assert_eq!((receiver.got().len(), world.state(&world.sierra).await.waiting), (2 * LINES, 0));
    }

    async fn nothing_is_sent_again_to_who_is_disabled(db: &Db) {
        let world = World::new(db).await;
        let receiver = Receiver::start().await;
        let id = world.subscribe(&world.sierra, &receiver).await.subscription.id;
        let office = Office::open(&world);
        world.buys(world.ana, "1", &[(COLA, 1)]).await;
        office.work(NOW).await;
        let mut tx = db.begin().await.unwrap();
        let sent = webhooks::list_of(&mut tx, &world.sierra, id, None, 10).await.unwrap().items.remove(0).id;
        // Asked before it was disabled, and after.
        webhooks::send_again(&mut tx, &world.sierra, NOW, sent).await.unwrap();
        webhooks::disable(&mut tx, &world.sierra, NOW, id).await.unwrap();
        assert!(matches!(webhooks::send_again(&mut tx, &world.sierra, NOW, sent).await, Err(Error::Disabled)));
        tx.commit().await.unwrap();
        office.work(NOW).await;

        assert_eq!(receiver.got().len(), 1);
    }

    async fn a_long_past_does_not_hold_the_first_news_back(db: &Db) {
        let world = World::new(db).await;
        let mut tx = db.begin().await.unwrap();
        for _ in 0..450 {
            let old = NewEvent { topic: "loyalty.points_expired", key: world.ana.to_string(), payload: serde_json::json!({}) };
            outbox::publish(&mut tx, NOW, old).await.unwrap();
        }
        tx.commit().await.unwrap();
        let office = Office::open(&world);
        office.work(NOW).await;
        let receiver = Receiver::start().await;
        let later = NOW.plus_ms(MINUTE_MS);
        world.subscribe_at(later, &world.sierra, &receiver).await;
        world.buys_at(later, world.ana, "1", &[(COLA, 2)]).await;
        office.work(later).await;

        assert_eq!(receiver.quantities(), [2]);
    }

    async fn what_happened_before_a_subscription_is_not_told(db: &Db) {
        let world = World::new(db).await;
        let office = Office::open(&world);
        world.buys(world.ana, "1", &[(COLA, 1)]).await;
        office.work(NOW).await;
        let receiver = Receiver::start().await;
        world.subscribe_at(NOW.plus_ms(MINUTE_MS), &world.sierra, &receiver).await;
        world.buys_at(NOW.plus_ms(2 * MINUTE_MS), world.ana, "2", &[(COLA, 2)]).await;
        office.work(NOW.plus_ms(2 * MINUTE_MS)).await;

        assert_eq!(receiver.quantities(), [2]);
    }

    async fn bad_addresses_and_unknown_events_are_refused(db: &Db) {
        let world = World::new(db).await;
        let mut tx = db.begin().await.unwrap();
        let new = |url: &str, event: &str| NewSubscription { url: url.into(), event_types: vec![event.into()] };
        let (ok, event) = ("https://example.com/hooks", "loyalty.reward_issued");
        for url in ["http://example.com", "https://127.0.0.1/", "https://169.254.169.254/latest", "https://localhost/"] {
            let refused = webhooks::create(&mut tx, &world::keys(), &world.sierra, NOW, &new(url, event), false).await;
            assert!(matches!(refused, Err(Error::BadUrl(_))), "{url}");
        }
        let refused = webhooks::create(&mut tx, &world::keys(), &world.sierra, NOW, &new(ok, "loyalty.everything"), false).await;
        assert!(matches!(refused, Err(Error::BadEventTypes)));
        for _ in 0..webhooks::SUBSCRIPTIONS_MAX {
            webhooks::create(&mut tx, &world::keys(), &world.sierra, NOW, &new(ok, event), false).await.unwrap();
        }
        let refused = webhooks::create(&mut tx, &world::keys(), &world.sierra, NOW, &new(ok, event), false).await;
        assert!(matches!(refused, Err(Error::TooMany(_))));
    }
}

#[test]
fn a_receiver_can_check_with_nothing_but_the_secret() {
    let (secret, now) = (sign::new_secret(), Timestamp(1_773_154_800_000));
    let header = sign::header([secret.as_str()], "whd_1", now, b"{}");

    assert!(sign::verify([secret.as_str()], "whd_1", "1773154800", &header, b"{}", now));
}
