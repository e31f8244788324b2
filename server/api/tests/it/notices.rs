//! What a consumer is told on her telephone, from the sale to the message.

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use db::{Db, sql};
use identity::{
    Actor,
    consent::{Decision, Purpose},
};
use notifications::Port;
use serde_json::json;
use shared::{SessionId, Timestamp, time::DAY_MS};

use crate::world::{NOW, Who, World};

async fn decides(world: &World, at: Timestamp, granted: bool) {
    let mut tx = world.state.db.begin().await.unwrap();
    let ana = Actor::Consumer { consumer: world.ana, session: SessionId::fixed(1) };
    let decision = Decision {
        purpose: Purpose::Notices,
        controller: "platform".into(),
        granted,
        text_version: "co".into(),
        channel: "web".into(),
        device: "Android".into(),
    };
    identity::consent::decide(&mut tx, &ana, at, &decision).await.unwrap();
    tx.commit().await.unwrap();
}

async fn work(world: &World, now: Timestamp) {
    let registry = loyalty::notice::register(jobs::Registry::default(), world.state.loyalty.clone());
    let registry = notifications::register(registry, Arc::new(Port::Sandbox), Arc::new(world.state.keys.clone()));
    while jobs::run_due(&world.state.db, &registry, now).await.unwrap() > 0 {}
}

/// What her telephone shows, oldest first.
async fn texts(db: &Db) -> Vec<String> {
    let mut messages = notifications::sandbox(&mut db.read().await.unwrap()).await.unwrap();
    messages.reverse();
    messages.into_iter().map(|message| format!("{} {}", message.recipient, message.body)).collect()
}

sql! {
    EXPIRES: "UPDATE lot SET expires_at = $1 WHERE remaining > 0";
    EVIDENCE: "SELECT COUNT(*) FROM message m JOIN consent c ON c.id = m.consent_id WHERE c.granted AND c.decided_at = m.consent_at AND m.category = 'utility'";
}

db::both_databases! {
    async fn a_reward_is_told_once_to_whoever_agreed(db: &Db) {
        let world = World::new(db).await;
        decides(&world, NOW, true).await;
        assert_eq!(world.sell(&world.capture().await).await.status, StatusCode::CREATED);
        work(&world, NOW).await;
        work(&world, NOW).await;

        let told = texts(db).await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("+573001230010 ¡Ganaste 1 Cola de Cola Sierra!"), "{told:?}");
        let (proven,): (i64,) = db.read().await.unwrap().query(EVIDENCE).one().await.unwrap();
        assert_eq!(proven, 1, "the message names the decision that allowed it");
    }

    async fn what_waits_for_the_morning_does_not_leave_once_she_took_it_back(db: &Db) {
        let world = World::new(db).await;
        let ana = Actor::Consumer { consumer: world.ana, session: SessionId::fixed(1) };
        let notices = |granted| shared::rights::ConsentDecision { purpose: "notices".into(), controller: "platform".into(), granted };
        let set = async |at: Timestamp, granted| {
            let mut tx = db.begin().await.unwrap();
            identity::consent::set(&mut tx, &ana, at, &notices(granted), "web", "Android").await.unwrap();
            let states = identity::consent::states(&mut tx, &ana).await.unwrap();
            tx.commit().await.unwrap();
            states.into_iter().find(|state| state.purpose == "notices").unwrap().granted
        };
        assert!(set(NOW, true).await);
        assert_eq!(world.sell(&world.capture().await).await.status, StatusCode::CREATED);
        // The event becomes a message, which waits for its worker.
        let registry = loyalty::notice::register(jobs::Registry::default(), world.state.loyalty.clone());
        jobs::run_due(db, &registry, NOW).await.unwrap();
        assert!(!set(NOW.plus_ms(1), false).await);
        assert!(set(NOW.plus_ms(2), true).await, "a later yes does not bring back what was cancelled");
        work(&world, NOW.plus_ms(3)).await;

        assert!(texts(db).await.is_empty());
    }

    async fn after_a_stop_the_page_says_no_and_a_new_yes_counts(db: &Db) {
        let world = World::new(db).await;
        let ana = Actor::Consumer { consumer: world.ana, session: SessionId::fixed(1) };
        decides(&world, NOW, true).await;
        let mut tx = db.begin().await.unwrap();
        notifications::opt_out(&mut tx, NOW.plus_ms(1), &world.state.keys, "+573001230010", "whatsapp").await.unwrap();
        let stopped = identity::consent::states(&mut tx, &ana).await.unwrap();
        let again = shared::rights::ConsentDecision { purpose: "notices".into(), controller: "platform".into(), granted: true };
        identity::consent::set(&mut tx, &ana, NOW.plus_ms(2), &again, "web", "Android").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.sell(&world.capture().await).await.status, StatusCode::CREATED);
        work(&world, NOW.plus_ms(3)).await;

        let notices = stopped.iter().find(|state| state.purpose == "notices").unwrap();
        assert_eq!((notices.granted, notices.decided_at), (false, Some(NOW.plus_ms(1))));
        assert!(stopped.iter().any(|state| state.purpose == "card" && state.granted));
        assert_eq!(texts(db).await.len(), 1);
    }

    async fn whoever_did_not_agree_or_took_it_back_is_told_nothing(db: &Db) {
        let world = World::new(db).await;
        assert_eq!(world.sell(&world.capture().await).await.status, StatusCode::CREATED);
        work(&world, NOW).await;
        decides(&world, NOW, true).await;
        decides(&world, NOW.plus_ms(1), false).await;
        let again = loyalty::notice::tell_expiring(db, &world.state.loyalty, NOW).await.unwrap();
        work(&world, NOW).await;

        assert_eq!((again, texts(db).await.len()), (0, 0));
        assert!(jobs::dead(&mut db.read().await.unwrap()).await.unwrap().is_empty(), "and that is no error");
    }

    async fn what_expires_in_a_week_is_told_once(db: &Db) {
        let world = World::new(db).await;
        decides(&world, NOW, true).await;
        let mut capture = world.capture().await;
        capture.lines[0].quantity = 1;
        assert_eq!(world.sell(&capture).await.status, StatusCode::CREATED);
        let mut tx = db.begin().await.unwrap();
        // 18 March, 00:00 in Bogotá.
        tx.query(EXPIRES).bind(Timestamp(1_773_810_000_000)).execute().await.unwrap();
        tx.commit().await.unwrap();

        let tell = async |now: Timestamp| loyalty::notice::tell_expiring(db, &world.state.loyalty, now).await.unwrap();
        assert_eq!(tell(NOW).await, 0, "eight days before");
        let day = NOW.plus_ms(DAY_MS);
        assert_eq!((tell(day).await, tell(day).await, tell(day.plus_ms(DAY_MS)).await), (1, 0, 0));
        work(&world, day).await;

        let told = texts(db).await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("1 sellos de Cola Sierra vencen el 17"), "{told:?}");
    }

    async fn a_receipt_goes_once_to_the_buyers_telephone_and_the_shop_never_sees_it(db: &Db) {
        let world = World::new(db).await;
        let sale = world.sell(&world.capture().await).await.json()["purchase_id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/purchases/{sale}/receipt/message");
        let ask = async |who| world.send(world.request(who, Method::PUT, &path, None)).await;

        let before = ask(Who::Owner).await;
        decides(&world, NOW, true).await;
        let mut after = vec![ask(Who::Owner).await, ask(Who::Cashier).await, ask(Who::Ana).await];
        work(&world, NOW).await;
        let told: Vec<String> = texts(db).await.into_iter().filter(|text| text.contains("recibo")).collect();
        let token = world.get(Who::Owner, &format!("/api/v1/purchases/{sale}/receipt")).await.json()["token"].as_str().unwrap().to_owned();
        let mut tx = db.begin().await.unwrap();
        notifications::opt_out(&mut tx, NOW.plus_ms(1), &world.state.keys, "+573001230010", "whatsapp").await.unwrap();
        tx.commit().await.unwrap();
        after.push(ask(Who::Owner).await);
        work(&world, NOW.plus_ms(1)).await;

        assert_eq!((before.status, before.json()), (StatusCode::OK, json!({ "told": "unreachable" })));
        for answer in after {
            assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({ "told": "sent" })));
        }
        assert_eq!(told, [format!("+573001230010 Mostrador: el recibo de tu compra está en https://tienda.example/r/{token} (escribe BAJA para no recibir avisos)")]);
        assert_eq!(texts(db).await.iter().filter(|text| text.contains("recibo")).count(), 1);
    }
}
