//! A reward of a card on paper, from the sale to what the brand owes: no code from a telephone, no reward.

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use notifications::Port;
use serde_json::{Value, json};
use shared::time::MINUTE_MS;

use crate::world::{
    Answer, NOW,
    Who::{self, *},
    World,
};

async fn looks(world: &World, who: Who, card: &str) -> Answer {
    world.post(who, "/api/v1/paper_cards/looks", &json!({ "card_code": card })).await
}

async fn asks(world: &World, card: &str, reward: &str) -> Answer {
    world.post(Cashier, "/api/v1/paper_cards/codes", &json!({ "card_code": card, "reward_instance_id": reward })).await
}

async fn delivers(world: &World, who: Who, card: &str, reward: &str, code: &str) -> Answer {
    world.post(who, "/api/v1/paper_cards/deliveries", &json!({ "card_code": card, "reward_instance_id": reward, "code": code })).await
}

/// The card becomes Luz's, whose telephone was verified.
async fn claims(world: &World, card: &str) {
    let request = world.request(Luz, Method::PUT, "/api/v1/me/paper_card", Some(&json!({ "code": card })));
    assert_eq!(world.send(request).await.json(), json!({ "claimed": true }));
}

/// The six digits that her telephone got last.
async fn digits(world: &World) -> String {
    let registry = notifications::register(jobs::Registry::default(), Arc::new(Port::Sandbox), Arc::new(world.state.keys.clone()));
    while jobs::run_due(&world.state.db, &registry, NOW).await.unwrap() > 0 {}
    let messages: Value = world.get(SandboxKey, "/api/v1/sandbox/messages").await.json();
    messages[0]["body"].as_str().unwrap()[..6].to_owned()
}

fn told(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.code())
}

db::both_databases! {
    async fn a_card_on_paper_gets_its_reward_with_a_code_from_her_telephone(db: &Db) {
        let world = World::new(db).await;
        let (card, reward) = world.on_paper().await;
        let before = looks(&world, Cashier, &card).await.json();
        assert_eq!((before["rewards"][0]["id"].as_str(), before["has_phone"].as_bool()), (Some(reward.as_str()), Some(false)));
        assert_eq!(told(&asks(&world, &card, &reward).await), (409, "loyalty.no_phone".into()));
        claims(&world, &card).await;

        assert_eq!(looks(&world, OtherShop, &card).await.json()["has_phone"], true);
        let sent = asks(&world, &card, &reward).await;
        assert_eq!((sent.status, sent.json()), (StatusCode::CREATED, json!({ "hint": "••11", "expires_at": NOW.plus_ms(10 * MINUTE_MS) })));
        let code = digits(&world).await;
        let wrong = if code == "123456" { "654321" } else { "123456" };
        let refused = delivers(&world, Cashier, &card, &reward, wrong).await;
        assert_eq!((told(&refused), refused.json()["tries_left"].as_i64()), ((422, "wrong_code".into()), Some(2)));
        assert_eq!(delivers(&world, Cashier, &card, &reward, wrong).await.json()["tries_left"], 1, "the first try was paid");
        assert_eq!(told(&delivers(&world, OtherShop, &card, &reward, &code).await), (422, "code_expired".into()), "the code is for one shop");

        let done = delivers(&world, Cashier, &card, &reward, &code).await;
        assert_eq!(done.status, StatusCode::CREATED, "{}", String::from_utf8_lossy(&done.bytes));
        assert_eq!(done.header("location"), Some(format!("/api/v1/deliveries/{reward}").as_str()));
        assert_eq!((done.json()["brand_name"].as_str(), done.json()["owed_minor"].as_i64(), done.json()["owed_total_minor"].as_i64()), (Some("Cola Sierra"), Some(270_000), Some(270_000)));
        let owed = world.get(Brand, &format!("/api/v1/payables?brand_id={}", world.brand)).await.json();
        assert_eq!(owed[0]["amount_minor"], 270_000, "{owed}");
        assert_eq!(looks(&world, Cashier, &card).await.json()["rewards"], json!([]));
        assert_eq!(told(&delivers(&world, Cashier, &card, &reward, &code).await), (422, "code_expired".into()));
    }

    async fn three_wrong_codes_end_it(db: &Db) {
        let world = World::new(db).await;
        let (card, reward) = world.on_paper().await;
        claims(&world, &card).await;
        asks(&world, &card, &reward).await;
        let code = digits(&world).await;
        let wrong = if code == "123456" { "654321" } else { "123456" };

        for left in [2, 1, 0] {
            assert_eq!(delivers(&world, Owner, &card, &reward, wrong).await.json()["tries_left"], left);
        }
        assert_eq!(told(&delivers(&world, Owner, &card, &reward, &code).await), (422, "code_expired".into()));
        for _ in 1..5 {
            assert_eq!(asks(&world, &card, &reward).await.status, StatusCode::CREATED);
        }
        assert_eq!(told(&asks(&world, &card, &reward).await), (429, "loyalty.codes_spent".into()));
    }

    async fn a_code_is_asked_for_once(db: &Db) {
        let world = World::new(db).await;
        let (card, reward) = world.on_paper().await;
        claims(&world, &card).await;
        let asks = || {
            let body = json!({ "card_code": card, "reward_instance_id": reward });
            let mut request = world.request(Cashier, Method::POST, "/api/v1/paper_cards/codes", Some(&body));
            request.headers_mut().insert("idempotency-key", "codes-1".parse().unwrap());
            world.send(request)
        };

        let first = asks().await;
        let again = asks().await;

        assert_eq!((first.bytes, again.header("idempotency-replayed")), (again.bytes.clone(), Some("true")));
        digits(&world).await;
        assert_eq!(world.get(SandboxKey, "/api/v1/sandbox/messages").await.json().as_array().map(Vec::len), Some(1));
    }

    async fn what_is_no_card_on_paper_opens_nothing(db: &Db) {
        let world = World::new(db).await;
        let (_, of_somebody) = world.on_paper().await;
        let (other, _) = world.on_paper().await;
        let live = world.code(world.ana, NOW).await;
        let long = "S".repeat(61);

        assert_eq!(told(&looks(&world, Cashier, &live).await), (409, "loyalty.not_on_paper".into()));
        assert_eq!(told(&looks(&world, Cashier, "S1NADA").await), (422, "loyalty.unknown_card".into()));
        assert_eq!(told(&looks(&world, Cashier, "").await), (422, "bad_field".into()));
        assert_eq!(told(&looks(&world, Cashier, &long).await), (422, "too_long".into()));
        assert_eq!(told(&asks(&world, &long, &of_somebody).await), (422, "too_long".into()));
        assert_eq!(told(&delivers(&world, Cashier, &other, &of_somebody, "12345678901").await), (422, "too_long".into()));
        assert_eq!(told(&asks(&world, &other, &of_somebody).await), (404, "loyalty.no_such_reward".into()));
        let more = json!({ "card_code": other, "shop_id": world.shop });
        assert_eq!(told(&world.post(Cashier, "/api/v1/paper_cards/looks", &more).await), (422, "bad_field".into()));
    }

    async fn guessing_cards_on_paper_locks(db: &Db) {
        let world = World::new(db).await;
        let (card, reward) = world.on_paper().await;
        let (other, _) = world.on_paper().await;
        // The card's own name under another one's seal.
        let guess = [&card[..18], &other[18..]].concat();

        for _ in 0..5 {
            assert_eq!(told(&asks(&world, &guess, &reward).await), (422, "loyalty.unknown_card".into()));
        }

        assert_eq!(told(&looks(&world, Cashier, &card).await), (429, "loyalty.code_locked".into()));
    }
}
