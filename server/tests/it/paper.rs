//! A reward of a card on paper at a shop's page, by forms without scripts.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use db::Db;
use identity::{Actor, Scopes};
use shared::loyalty::{
    CampaignRules, NewCampaign, NewReward, Rule, RuleKind, Template,
    campaign::{Threshold, Unit},
};

use crate::world::{Answer, GTIN, NOW, Who, World};

fn location(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    answer.header("location").unwrap_or_default().to_owned()
}

/// What the address carries under a name.
fn carried<'a>(location: &'a str, name: &str) -> &'a str {
    location.split(['?', '&']).find_map(|part| part.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default()
}

/// One stamp is a reward, and a partner's system may report sales.
async fn promotion(world: &World, db: &Db) -> String {
    let mut tx = db.begin().await.unwrap();
    let reward = NewReward {
        brand_id: world.brand,
        name: "1 Cola".into(),
        category: "drink".into(),
        unit_cost_minor: 250_000,
        handling_fee_minor: 20_000,
        currency: shared::Currency::Cop,
        stock: Some(10),
        max_per_consumer: None,
        cost: None,
        reserve_minutes: None,
    };
    let reward_id = loyalty::reward::create(&mut tx, &Actor::System, NOW, &reward).await.unwrap().id;
    let rule = Rule { kind: RuleKind::PerUnit { units: 1, points: 1 }, min_amount_minor: None, min_units: None };
    let march =
        CampaignRules::new(Unit::Stamps, "2026-03-01".parse().unwrap(), "2026-03-31".parse().unwrap(), vec![world.product], vec![rule]);
    let rules = CampaignRules { threshold: Some(Threshold { need: 1, reward_id }), ..march };
    let new = NewCampaign { brand_id: world.brand, name: "Lleva y gana".into(), template: Template::StampCard, rules };
    let campaign = loyalty::campaign::create(&mut tx, &Actor::System, NOW, &new).await.unwrap().id;
    loyalty::campaign::publish(&mut tx, &Actor::System, NOW, campaign).await.unwrap();
    let tenant = identity::organisation::find_brand(&mut tx, world.brand).await.unwrap().unwrap().organisation_id;
    let scopes = Scopes::parse("purchases:import").unwrap();
    let (_, secret) = identity::api_key::insert(&mut tx, NOW, tenant, None, "ERP", &scopes, None).await.unwrap();
    tx.commit().await.unwrap();
    secret
}

/// A sale with the card, as a partner's system reports it.
async fn sells(world: &World, key: &str, card: &str) {
    let body = serde_json::json!({ "external_id": "T-1", "shop_id": world.shop, "card_code": card, "purchased_at": NOW, "lines": [{ "gtin": GTIN, "quantity": 1 }] });
    let request = Request::post("/api/v1/purchases")
        .header(header::AUTHORIZATION, format!("Bearer {key}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()));
    let sold = world.send(request.unwrap()).await;
    assert_eq!(sold.status, StatusCode::CREATED, "{}", sold.text);
}

/// The six digits that went to her telephone last.
async fn digits(world: &World, db: &Db) -> String {
    let port = Arc::new(notifications::Port::Sandbox);
    let registry = notifications::register(jobs::Registry::default(), port, Arc::new(world.app.keys.clone()));
    while jobs::run_due(db, &registry, NOW).await.unwrap() > 0 {}
    notifications::sandbox(&mut db.read().await.unwrap()).await.unwrap()[0].body[..6].to_owned()
}

db::both_databases! {
    async fn a_shop_hands_over_the_reward_of_a_card_on_paper(db: &Db) {
        let world = World::new(db).await;
        let key = promotion(&world, db).await;
        let printed = location(&world.call(Who::Cashier, "/fn/tendero/print_card", "", true).await);
        let card = carried(&printed, "code").to_owned();
        let page = format!("/t/paper?card={card}");
        assert!(world.page(Who::Cashier, &page).await.text.contains("Todavía no tiene premios"));
        sells(&world, &key, &card).await;
        let before = world.page(Who::Cashier, &page).await.text;
        assert!(before.contains("1 Cola") && before.contains("data-no-phone") && !before.contains("reward=rin_"), "{before}");
        let claimed = location(&world.call(Who::Consumer, "/fn/consumer/claim_card", &format!("code={card}"), true).await);
        assert_eq!(claimed, "/c/");

        let chosen = world.page(Who::Cashier, &page).await.text;
        let reward = chosen.split("reward=").nth(1).and_then(|rest| rest.get(..36)).unwrap().to_owned();
        let form = format!("card={card}&reward={reward}");
        assert!(world.page(Who::Cashier, &format!("/t/paper?{form}")).await.text.contains("Enviar código"));
        let sent = location(&world.call(Who::Cashier, "/fn/tendero/send_paper_code", &form, true).await);
        let typing = world.page(Who::Cashier, &sent).await.text;
        assert!(typing.contains("••10") && typing.contains("Vence en 10:00") && typing.contains("autocomplete=\"one-time-code\""), "{sent}: {typing}");
        let code = digits(&world, db).await;
        let wrong = if code == "123456" { "654321" } else { "123456" };
        let back = location(&world.call(Who::Cashier, "/fn/tendero/deliver_on_paper", &format!("{form}&code={wrong}"), true).await);
        assert_eq!(back, "/from?x=1&error=wrong_code&field=code&tries=2");
        let told = world.page(Who::Cashier, &format!("{sent}&error=wrong_code&field=code&tries=2")).await.text;
        assert!(told.contains("Ese código no es. Te quedan 2 intentos."), "{told}");

        let done = location(&world.call(Who::Cashier, "/fn/tendero/deliver_on_paper", &format!("{form}&code={code}"), true).await);
        assert_eq!(done.trim_end_matches('&'), format!("/t/paper?done={reward}"));
        let owed = world.page(Who::Cashier, &done).await.text;
        assert!(owed.contains("data-ended=\"owed\"") && owed.contains("Cola Sierra te debe") && owed.contains("2.700"), "{owed}");
        assert!(world.page(Who::Cashier, &sent).await.text.contains("Ese premio ya no espera"), "the page before is over");
    }

    async fn a_card_that_nobody_knows_is_told_at_its_field(db: &Db) {
        let world = World::new(db).await;

        let page = world.page(Who::Cashier, "/t/paper?card=S1NADA").await;
        let nobodys = world.page(Who::Nobody, "/t/paper?card=S1NADA").await;

        assert!(page.text.contains("No conocemos esa tarjeta") && page.text.contains("value=\"S1NADA\""), "{}", page.text);
        assert_eq!(location(&nobodys), "/t/start");
    }
}
