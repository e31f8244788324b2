//! Bad input at the counter: each has its own clear problem and changes nothing.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use shared::{
    DeviceId, ShopId,
    loyalty::Capture,
    time::{HOUR_MS, MINUTE_MS},
};

use crate::world::{Answer, COLA, NOW, Who, World};

/// Sends a changed capture and checks that nothing changed.
async fn refused(world: &World, change: impl FnOnce(&mut Capture)) -> (StatusCode, String) {
    let mut capture = world.capture().await;
    change(&mut capture);
    let before = world.traces().await;
    let answer = world.sell(&capture).await;
    assert_eq!(world.traces().await, before, "a refusal left a trace");
    (answer.status, answer.code())
}

async fn refused_text(world: &World, change: impl FnOnce(String) -> String) -> Answer {
    let capture = world.capture().await;
    let text = change(String::from_utf8(capture.canonical_bytes()).unwrap());
    let before = world.traces().await;
    let answer = world.send(world.signed(text.into_bytes(), &capture.client_purchase_id.to_string())).await;
    assert_eq!(world.traces().await, before, "a refusal left a trace");
    answer
}

const UNPROCESSABLE: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

db::both_databases! {
    async fn the_good_one_passes(db: &Db) {
        let world = World::new(db).await;

        let answer = world.sell(&world.capture().await).await;

        assert_eq!(answer.status, StatusCode::CREATED);
        let told = answer.json();
        assert_eq!((told["status"].as_str(), told["awards"][0]["amount"].as_i64(), told["rewards"].as_array().map(Vec::len)), (Some("accepted"), Some(2), Some(1)));
        let location = answer.header("location").unwrap();
        assert_eq!(world.get(Who::Owner, location).await.json(), told);
    }

    async fn numbers_that_cannot_be(db: &Db) {
        let world = World::new(db).await;

        assert_eq!(refused(&world, |sale| sale.lines[0].quantity = 0).await, (UNPROCESSABLE, "loyalty.bad_qty".into()));
        assert_eq!(refused(&world, |sale| sale.lines[0].quantity = 1_000_000_000).await, (UNPROCESSABLE, "loyalty.bad_qty".into()));
        assert_eq!(refused(&world, |sale| sale.lines[0].unit_price_minor = Some(-1)).await, (UNPROCESSABLE, "loyalty.bad_price".into()));
        assert_eq!(refused(&world, |sale| sale.lines[0].discount_minor = -1).await, (UNPROCESSABLE, "loyalty.bad_price".into()));
        assert_eq!(refused(&world, |sale| sale.lines.clear()).await, (UNPROCESSABLE, "bad_field".into()));
    }

    async fn a_list_is_no_object(db: &Db) {
        let world = World::new(db).await;

        let answer = world.post(Who::Brand, "/api/v1/rewards", &json!([null, null])).await;

        assert_eq!((answer.status, answer.code().as_str()), (UNPROCESSABLE, "bad_field"));
    }

    async fn codes_that_do_not_open(db: &Db) {
        let world = World::new(db).await;
        let stale = world.code(world.ana, NOW.plus_ms(-5 * MINUTE_MS)).await;
        let replayed = world.capture().await;
        assert_eq!(world.sell(&replayed).await.status, StatusCode::CREATED);

        assert_eq!(refused(&world, |sale| sale.card_code = stale).await, (UNPROCESSABLE, "loyalty.qr_stale".into()));
        assert_eq!(refused(&world, |sale| sale.lines[0].quantity = 3).await, (StatusCode::CONFLICT, "loyalty.qr_replay".into()));
        assert_eq!(refused(&world, |sale| sale.card_code = "Q1NADA".into()).await, (UNPROCESSABLE, "loyalty.unknown_card".into()));
    }

    async fn a_wrong_check_digit_says_so(db: &Db) {
        let world = World::new(db).await;

        let answer = refused_text(&world, |text| text.replace(COLA, "07702004003509")).await;

        assert_eq!((answer.status, answer.code().as_str()), (UNPROCESSABLE, "check_digit"));
        let mut import = world.import("F-1");
        import["lines"][0]["gtin"] = json!("07702004003509");
        assert_eq!(world.post(Who::ImportKey, "/api/v1/purchases", &import).await.code(), "check_digit");
    }

    async fn an_unknown_product_is_sold_and_takes_no_part(db: &Db) {
        let world = World::new(db).await;
        let mut capture = world.capture().await;
        capture.lines[0].gtin = "7707000000018".parse().unwrap();

        let told = world.sell(&capture).await.json();

        assert_eq!((told["status"].as_str(), told["lines"][0]["product_id"].is_null(), told["lines"][0]["participates"].as_bool()), (Some("accepted"), true, Some(false)));
        assert_eq!(told["awards"], Value::Array(vec![]));
    }

    async fn a_clock_that_is_wrong(db: &Db) {
        let world = World::new(db).await;

        let old = refused(&world, |sale| {
            sale.captured_at_ms -= 73 * HOUR_MS;
            sale.scanned_at_ms -= 73 * HOUR_MS;
        })
        .await;
        assert_eq!(old, (UNPROCESSABLE, "loyalty.too_old".into()));

        let ahead = NOW.plus_ms(HOUR_MS);
        let mut capture = world.capture().await;
        (capture.captured_at_ms, capture.scanned_at_ms, capture.card_code) = (ahead.0, ahead.0, world.code(world.ana, ahead).await);
        let told = world.sell(&capture).await.json();
        assert_eq!((told["status"].as_str(), told["reason"].as_str(), told["awards"].as_array().map(Vec::len)), (Some("held"), Some("CLOCK_SUSPECT"), Some(0)));
    }

    async fn signatures_that_do_not_belong(db: &Db) {
        let world = World::new(db).await;
        let capture = world.capture().await;
        let key = capture.client_purchase_id.to_string();
        let bad = (StatusCode::UNAUTHORIZED, "loyalty.bad_signature".to_owned());
        let told = |answer: Answer| (answer.status, answer.code());

        let mut other_bytes = world.signed(capture.canonical_bytes(), &key);
        *other_bytes.body_mut() = world.capture().await.canonical_bytes().into();
        assert_eq!(told(world.send(other_bytes).await), bad);

        let mut no_signature = world.signed(capture.canonical_bytes(), &key);
        no_signature.headers_mut().remove("mostrador-signature");
        assert_eq!(told(world.send(no_signature).await), bad);

        let mut stranger = world.signed(capture.canonical_bytes(), &key);
        stranger.headers_mut().insert("mostrador-device", DeviceId::fixed(9).to_string().parse().unwrap());
        assert_eq!(told(world.send(stranger).await), bad);

        let elsewhere = refused(&world, |sale| sale.shop_id = ShopId::fixed(9)).await;
        assert_eq!(elsewhere, (StatusCode::BAD_REQUEST, "loyalty.bad_capture".into()));
        assert_eq!(told(world.send(world.signed(capture.canonical_bytes(), "another")).await), (StatusCode::BAD_REQUEST, "bad_idempotency_key".into()));

        assert_eq!(world.send(world.request(Who::Owner, Method::DELETE, &format!("/api/v1/devices/{}", world.device), None)).await.status, StatusCode::NO_CONTENT);
        assert_eq!(refused(&world, |_| ()).await, (StatusCode::FORBIDDEN, "loyalty.device_revoked".into()));
    }

    async fn ten_megabytes(db: &Db) {
        let world = World::new(db).await;

        let answer = refused_text(&world, |text| text + &" ".repeat(10_000_000)).await;

        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large"));
    }

    async fn a_campaign_of_somebody_else(db: &Db) {
        let world = World::new(db).await;
        let path = format!("/api/v1/campaigns/{}", world.campaign);

        assert_eq!(world.get(Who::OtherBrand, &path).await.status, StatusCode::NOT_FOUND);
        assert_eq!(world.post(Who::OtherBrand, &format!("{path}/publication"), &json!({})).await.status, StatusCode::NOT_FOUND);
        let mut foreign = serde_json::to_value(crate::world::stamp_card(world.brand, world.jabon, world.reward)).unwrap();
        let product = world.post(Who::Brand, "/api/v1/campaigns", &foreign).await;
        assert_eq!((product.status, product.code().as_str()), (UNPROCESSABLE, "loyalty.foreign_product"));
        foreign["brand_id"] = json!(world.other_brand);
        assert_eq!(world.post(Who::Brand, "/api/v1/campaigns", &foreign).await.status, StatusCode::NOT_FOUND);
    }

    async fn one_sale_that_completes_two_cards_with_the_same_reward(db: &Db) {
        let world = World::new(db).await;
        assert_eq!(world.post(Who::SandboxKey, &format!("/api/v1/campaigns/{}/publication", world.draft), &json!({})).await.status, StatusCode::CREATED);

        let told = world.sell(&world.capture().await).await;

        assert_eq!(told.status, StatusCode::CREATED);
        assert_eq!(told.json()["rewards"].as_array().map(Vec::len), Some(2));
    }

    async fn joining_a_campaign_of_nobody(db: &Db) {
        let world = World::new(db).await;
        let nobodys = json!({ "campaign_id": "cam_00000000000000000000000000000001" });

        let answer = world.post(Who::SandboxKey, &format!("/api/v1/sandbox/consumers/{}/enrolments", world.ana), &nobodys).await;

        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::NOT_FOUND, "not_found"));
    }
}
