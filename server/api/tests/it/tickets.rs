//! A reward that is fetched without network, through the doors that phones use.

use axum::http::StatusCode;
use serde_json::json;
use shared::{
    loyalty::{PurchaseStatus, queue::Verdict},
    time::{HOUR_MS, MINUTE_MS},
};
use uuid::Uuid;

use crate::{
    phone::{Basket, Phone, answer, market, post_batch},
    world::{NOW, Who::*, code_at},
};

db::both_databases! {
    async fn a_reward_between_two_sales_goes_the_way_of_the_sales(db: &Db) {
        let world = market(db).await;
        let mut phone = Phone::open(&world.state, 1, 3 * MINUTE_MS).await;
        assert_eq!(world.sell(&world.capture().await).await.status, StatusCode::CREATED);
        let reward = world.get(Ana, "/api/v1/me/rewards").await.json()[0].clone();
        let asked = json!({ "reward_instance_id": reward["id"], "shop_id": phone.till.shop });
        let taken = world.post(Ana, "/api/v1/reward_tickets", &asked).await;
        assert_eq!(taken.status, StatusCode::CREATED, "{}", String::from_utf8_lossy(&taken.bytes));
        let ticket = taken.json()["ticket"].clone();
        assert_eq!((ticket["shop_name"].as_str(), taken.json()["code"].as_str()), (Some("El Faro"), reward["code"].as_str()));
        assert_eq!(world.post(Ana, "/api/v1/reward_tickets", &asked).await.json()["ticket"], ticket, "again: the same");
        let text = ticket["text"].as_str().unwrap().to_owned();

        for (n, minutes) in [(1, 10), (2, 20), (3, 30), (4, 40)] {
            let at = NOW.plus_ms(minutes * MINUTE_MS);
            if n == 2 {
                phone.keep_delivery(Uuid::from_u128(n), &text, at);
            } else if n == 3 {
                phone.keep_delivery(Uuid::from_u128(n), &text.replace("T1A", "T1B"), at);
            } else {
                let code = code_at(&world.state, phone.till.cards[0], at).await;
                let basket = Basket { code, scanned_at: at, confirmed_at: at, quantity: n as i64, offline: true };
                let capture = phone.capture(Uuid::from_u128(n), &basket);
                phone.keep(&capture);
            }
        }
        let now = NOW.plus_ms(30 * HOUR_MS);
        world.state.clock.set(now);
        let sent = phone.batch(now);
        let told = answer(&post_batch(&world.router, &phone.till, &sent).await);
        let again = answer(&post_batch(&world.router, &phone.till, &sent).await);
        phone.hear(&sent, &told, now);

        let delivery = told.items[1].delivery.clone().unwrap();
        assert_eq!((told.items[1].status, told.items[1].replayed, delivery.delivered_at), (201, false, NOW.plus_ms(20 * MINUTE_MS)));
        assert_eq!((again.items[1].replayed, again.items[1].delivery.as_ref().map(|again| again.owed_total_minor)), (true, Some(delivery.owed_minor)));
        assert_eq!(told.items[2].problem.as_ref().map(|problem| problem.code.as_str()), Some("loyalty.bad_ticket"));
        for place in [0, 3] {
            let purchase = told.items[place].purchase.as_ref().unwrap();
            assert_eq!((purchase.status, purchase.reason.as_deref()), (PurchaseStatus::Accepted, None), "sale {place} follows what was before it");
        }
        assert_eq!((told.known.last_counter, told.known.missing.len()), (4, 0));
        let verdicts: Vec<_> = phone.disk.entries.iter().map(|entry| entry.settled.as_ref().map(|settled| settled.verdict)).collect();
        assert_eq!(verdicts, [Some(Verdict::Accepted), Some(Verdict::Accepted), Some(Verdict::Refused), Some(Verdict::Accepted)]);
        assert_eq!(phone.disk.entries[1].total_minor, delivery.owed_minor);
        let status = world.get(Ana, "/api/v1/me/rewards").await.json()[0]["status"].clone();
        assert_eq!(status, "delivered");
        assert!(loyalty::verify::verify(&world.state.db).await.unwrap().clean());
    }
}
