//! The reports' doors: periods, the rule of small numbers, tables, and what they rest on.

use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};

use shared::loyalty::{RuleKind, Template, campaign::Unit};

use crate::world::{COLA, NOW, Who, World, stamp_card};

/// Two colas for Ana on the world's day, and the shop takes part.
async fn sold(world: &World) {
    let enrolled = world.post(Who::Brand, &format!("/api/v1/brands/{}/shops", world.brand), &json!({ "shop_ids": [world.shop] })).await;
    assert_eq!((enrolled.status, enrolled.json()), (StatusCode::OK, json!({ "began": 1 })));
    assert_eq!(world.sell(&world.capture().await).await.status, StatusCode::CREATED);
}

fn of(world: &World, metric: &str, more: &str) -> String {
    format!("/api/v1/reports/{metric}?brand_id={}&from=2026-03-01&to=2026-04-01{more}", world.brand)
}

db::sql! {
    ANSWERED: "INSERT INTO consumer_nps_answer (brand_id, wave, consumer_id, tenant_id, score, answered_at) VALUES ($1, '2026-q1', $2, $3, 9, $4)";
}

db::both_databases! {
    async fn one_buyer_is_hidden_from_the_brand_and_shown_in_the_sandbox_alone(db: &Db) {
        let world = World::new(db).await;
        sold(&world).await;
        let brand = world.get(Who::BrandAnalyst, &of(&world, "sales_per_pli", "")).await.json();
        let sandbox = world.get(Who::SandboxKey, &of(&world, "sales_per_pli", "&k=1")).await.json();
        let refused = world.get(Who::BrandAnalyst, &of(&world, "sales_per_pli", "&k=9")).await;
        let stricter = world.get(Who::BrandAnalyst, &of(&world, "reach", "&k=20")).await;

        assert_eq!((&brand["values"]["products"][0]["units"], &brand["values"]["products"][0]["buyers"], &brand["values"]["buyers"]), (&json!(2), &Value::Null, &Value::Null));
        assert_eq!((&sandbox["values"]["buyers"], &sandbox["values"]["products"][0]["net_amount"]), (&json!(1), &json!("5000")));
        assert_eq!((&brand["k"], &brand["shops_unsynced"], &brand["currency"]), (&json!(10), &json!(0), &json!("COP")));
        assert!(brand["data_up_to"].is_string());
        assert_eq!((refused.status, refused.json()["code"].clone()), (StatusCode::UNPROCESSABLE_ENTITY, json!("bad_field")));
        assert_eq!((stricter.status, &stricter.json()["k"]), (StatusCode::OK, &json!(20)));
    }

    async fn periods_and_parameters_have_bounds(db: &Db) {
        let world = World::new(db).await;
        for (path, status) in [
            (format!("/api/v1/reports/reach?brand_id={}&from=2026-03-01&to=2026-03-01", world.brand), 422),
            (format!("/api/v1/reports/reach?brand_id={}&from=2026-03-01&to=2027-03-03", world.brand), 422),
            (format!("/api/v1/reports/reach?brand_id={}&from=1900-01-01&to=1900-02-01", world.brand), 200),
            (format!("/api/v1/reports/reach?brand_id={}&from=0000-01-01&to=0000-02-01", world.brand), 200),
            (format!("/api/v1/reports/shop_performance?brand_id={}&from=9999-12-01&to=9999-12-31", world.brand), 200),
            (of(&world, "active_pdv", "&min_purchases=0"), 422),
            (of(&world, "conversion", "&window_days=366"), 422),
            (of(&world, "conversion", "&cohort_from=yesterday"), 422),
            (of(&world, "uplift_did", ""), 422),
            (of(&world, "rfm", "&k=0"), 422),
            (of(&world, "nothing", ""), 404),
        ] {
            assert_eq!(world.get(Who::BrandAnalyst, &path).await.status.as_u16(), status, "{path}");
        }
    }

    async fn a_table_says_the_same_numbers(db: &Db) {
        let world = World::new(db).await;
        sold(&world).await;
        let table = world.get(Who::BrandAnalyst, &of(&world, "sales_per_pli", "&format=csv")).await;
        let mut request = world.request(Who::BrandAnalyst, Method::GET, &of(&world, "sales_per_pli", ""), None);
        request.headers_mut().insert(header::ACCEPT, "text/csv".parse().unwrap());
        let accepted = world.send(request).await;
        let sheet = world.get(Who::BrandAnalyst, &of(&world, "sales_per_pli", "&format=xlsx")).await;
        let text = String::from_utf8(table.bytes.clone()).unwrap();

        assert_eq!(text.lines().next().unwrap(), "\u{feff}product_id,product,units,net_amount,purchases,buyers,avg_price,gross_units,gross_amount");
        assert!(text.lines().nth(1).unwrap().ends_with(",Cola Sierra 400 ml,2,5000,1,,2500.00,2,5000"), "{text}");
        assert_eq!(accepted.bytes, table.bytes);
        assert_eq!((sheet.status, &sheet.bytes[..2], sheet.headers[header::CONTENT_DISPOSITION].to_str().unwrap()), (StatusCode::OK, b"PK".as_slice(), "attachment; filename=\"sales_per_pli_2026-03-01_2026-04-01.xlsx\""));
        assert_eq!(table.headers[header::CONTENT_TYPE], "text/csv; charset=utf-8");
        assert_eq!(table.headers[header::CONTENT_DISPOSITION], "attachment; filename=\"sales_per_pli_2026-03-01_2026-04-01.csv\"");
    }

    async fn what_a_brand_enters_is_what_its_reports_rest_on(db: &Db) {
        let world = World::new(db).await;
        sold(&world).await;
        let costs = format!("/api/v1/brands/{}/costs", world.brand);
        for (kind, amount) in [("media", 89_200_000_i64), ("messages", 2_000_000), ("platform_fee", 3_000_000), ("platform_fee", -100_000)] {
            let cost = json!({ "kind": kind, "campaign_id": world.campaign, "amount_minor": amount, "cost_date": "2026-03-05" });
            assert_eq!(world.post(Who::Brand, &costs, &cost).await.status, StatusCode::CREATED);
        }
        let assumed = json!({ "valid_from": "2026-03-01", "unit_margin_minor": 90_000, "expected_redemption_bp": 6_000, "thousand_points_minor": 500_000 });
        let request = world.request(Who::Brand, Method::PUT, &format!("/api/v1/brands/{}/assumptions", world.brand), Some(&assumed));
        assert_eq!(world.send(request).await.status, StatusCode::NO_CONTENT);
        let foreign = json!({ "kind": "media", "campaign_id": "cam_00000000000000000000000000000001", "amount_minor": 1, "cost_date": "2026-03-05" });
        let refused = world.post(Who::Brand, &costs, &foreign).await;
        let begun = world.request(Who::Brand, Method::PUT, &format!("/api/v1/campaigns/{}/arms", world.campaign), Some(&json!({ "treated": [world.shop], "control": [world.shop] })));
        let begun = world.send(begun).await;
        let cac = world.get(Who::SandboxKey, &of(&world, "cac", "&k=1")).await.json();
        let roi = world.get(Who::BrandAnalyst, &of(&world, "roi", &format!("&campaign_id={}", world.campaign))).await.json();
        let answer = json!({ "brand_id": world.brand, "wave": "2026-q1", "score": 9 });
        assert_eq!(world.post(Who::Owner, "/api/v1/nps_answers", &answer).await.status, StatusCode::NO_CONTENT);
        let nps = world.get(Who::BrandAnalyst, &of(&world, "nps", "")).await.json();

        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!((begun.status, begun.json()["code"].clone()), (StatusCode::CONFLICT, json!("reports.campaign_began")));
        // Ana and Luz signed up, Ana bought.
        assert_eq!((&cac["values"]["cost"], &cac["values"]["cac_registered"], &cac["values"]["cac_qualified"]), (&json!("912000"), &json!("456000.00"), &json!("912000.00")));
        assert_eq!((&roi["values"]["label"], &roi["values"]["cost"], &roi["values"]["roi_pct"], &roi["values"]["break_even_units"]), (&json!("not_incremental"), &json!("49000"), &Value::Null, &json!("54.44")));
        assert_eq!((&nps["values"]["n"], &nps["values"]["nps"], &nps["values"]["response_rate"]), (&json!(1), &Value::Null, &json!("50.0")));
    }

    async fn people_are_asked_once_a_quarter_and_what_they_write_is_nobodys(db: &Db) {
        let world = World::new(db).await;
        sold(&world).await;
        let door = "/api/v1/nps_answers";
        let question = world.get(Who::Ana, door).await.json();
        let mut answer = json!({ "brand_id": world.brand, "wave": "2026-q1", "score": 10, "sentence": "Me gusta" });
        for _ in 0..2 {
            assert_eq!(world.post(Who::Ana, door, &answer).await.status, StatusCode::NO_CONTENT);
        }
        let stranger = (world.get(Who::Luz, door).await.json(), world.post(Who::Luz, door, &answer).await.status);
        let asked_again = world.get(Who::Ana, door).await.json();
        let at_the_shop = world.get(Who::Owner, door).await.json();
        assert_eq!(world.post(Who::Owner, door, &json!({ "brand_id": world.brand, "wave": "2026-q1", "score": 3, "sentence": "De la tienda" })).await.status, StatusCode::NO_CONTENT);
        let shop_again = world.get(Who::Owner, door).await.json();
        answer["sentence"] = json!("x".repeat(201));
        let long = world.post(Who::Ana, door, &answer).await.status;
        let sentences = format!("/api/v1/brands/{}/nps_sentences", world.brand);
        let few = world.get(Who::Brand, &sentences).await.json();
        let mut other_wave = answer.clone();
        (other_wave["wave"], other_wave["sentence"]) = (json!("2025-q4"), json!("Tarde"));
        let over = world.post(Who::Ana, door, &other_wave).await;
        assert_eq!((over.status, &over.json()["code"]), (StatusCode::CONFLICT, &json!("reports.wave_not_asked")));
        let long_wave = world.get(Who::Brand, &format!("{sentences}?wave={}", "x".repeat(41))).await.status;
        let mut tx = world.state.db.begin().await.unwrap();
        // Ten of her kind; of the shopkeepers there is one.
        for _ in 0..9 {
            let consumer = identity::consumer::anonymous(&mut tx, NOW, shared::Country::Co, None).await.unwrap();
            tx.query(ANSWERED).bind(world.brand).bind(consumer).bind(world.tenant).bind(NOW).execute().await.unwrap();
        }
        tx.commit().await.unwrap();
        let many = world.get(Who::Brand, &sentences).await.json();
        let nps = world.get(Who::BrandAnalyst, &of(&world, "nps", "")).await.json();

        assert_eq!((&question["brand_id"], &question["wave"]), (&json!(world.brand), &json!("2026-q1")));
        assert_eq!(stranger, (Value::Null, StatusCode::NOT_FOUND));
        assert_eq!((&asked_again, &at_the_shop["brand_name"], &shop_again), (&Value::Null, &question["brand_name"], &Value::Null));
        assert_eq!((long, long_wave), (StatusCode::UNPROCESSABLE_ENTITY, StatusCode::UNPROCESSABLE_ENTITY));
        assert_eq!((few, many), (json!([]), json!([{ "asked": "consumer", "score": 10, "sentence": "Me gusta" }])));
        // The metric is the shopkeepers'.
        assert_eq!(nps["values"]["n"], 1);
    }

    async fn points_that_were_earned_and_taken_back_close_the_period(db: &Db) {
        let world = World::new(db).await;
        let mut points = stamp_card(world.brand, world.cola, world.reward);
        (points.template, points.rules.unit, points.rules.threshold) = (Template::PointsPerUnit, Unit::Points, None);
        points.rules.rules[0].kind = RuleKind::PerUnit { units: 1, points: 10 };
        let mut tx = world.state.db.begin().await.unwrap();
        let campaign = loyalty::campaign::create(&mut tx, &identity::Actor::System, NOW, &points).await.unwrap().id;
        loyalty::campaign::publish(&mut tx, &identity::Actor::System, NOW, campaign).await.unwrap();
        tx.commit().await.unwrap();
        let sale = world.sell(&world.capture().await).await.json();
        let back = format!("/api/v1/purchases/{}/returns", sale["purchase_id"].as_str().unwrap());
        let returned = world.post(Who::Owner, &back, &json!({ "lines": [{ "gtin": COLA, "quantity": 1 }] })).await;
        assert_eq!(returned.status, StatusCode::CREATED, "{}", returned.json());
        let march = world.get(Who::SandboxKey, &of(&world, "liability", "&k=1")).await.json()["values"].clone();
        let april = format!("/api/v1/reports/liability?brand_id={}&from=2026-04-01&to=2026-05-01", world.brand);
        let april = world.get(Who::BrandAnalyst, &april).await.json()["values"].clone();
        let sales = world.get(Who::BrandAnalyst, &of(&world, "sales_per_pli", "")).await.json();
        let other = format!("/api/v1/reports/liability?brand_id={}&from=2026-03-01&to=2026-04-01", world.other_brand);
        let other = world.get(Who::OtherBrand, &other).await.json()["values"].clone();

        assert_eq!((&march["opening"], &march["earned"], &march["reversed"], &march["closing"], &march["difference"]), (&json!(0), &json!(20), &json!(10), &json!(10), &json!(0)));
        assert_eq!(march["redemption_rate"], "0.0");
        assert_eq!((&april["opening"], &april["closing"], &april["difference"]), (&json!(10), &json!(10), &json!(0)));
        assert_eq!((&sales["values"]["products"][0]["units"], &sales["values"]["products"][0]["gross_units"]), (&json!(1), &json!(2)));
        assert_eq!((&other["earned"], &other["closing"]), (&json!(0), &json!(0)));
    }

    async fn the_sandbox_computes_with_the_reports_own_functions(db: &Db) {
        let world = World::new(db).await;
        let asked = |metric: &str, inputs: Value| {
            let path = format!("/api/v1/sandbox/metrics/{metric}");
            let world = &world;
            async move { world.post(Who::SandboxKey, &path, &inputs).await }
        };
        let nps = asked("nps", json!({ "scores": [10, 9, 9, 8, 7, 6, 10, 3, 9, 8] })).await;
        let wrong = asked("nps", json!({ "scores": "many" })).await;
        let unknown = asked("happiness", json!({})).await;
        let reads = asked("reach", json!({})).await;
        let listed = world.get(Who::BrandAnalyst, "/api/v1/reports").await.json();

        assert_eq!((nps.status, nps.json()), (StatusCode::OK, json!({ "promoters": 5, "detractors": 2, "n": 10, "nps": "30.0" })));
        assert_eq!((wrong.status.as_u16(), unknown.status.as_u16(), reads.status.as_u16()), (422, 404, 422));
        assert_eq!((listed.as_array().unwrap().len(), &listed[0]["id"], &listed[0]["name"]), (17, &json!("sales_per_pli"), &json!("Ventas por PLI")));
    }
}
