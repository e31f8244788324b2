//! Tills: signed tickets and files, joined with what phones capture, and never paid twice.

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use db::{Db, sql};
use serde_json::{Value, json};
use shared::{Timestamp, time::MINUTE_MS};

use crate::world::{Answer, COLA, NOW, Who, World};

/// A source with a terminal in the world's shop.
struct Till {
    id: String,
    secret: String,
}

impl Till {
    async fn of(world: &World) -> Self {
        let made = world.post(Who::Operator, "/api/v1/till_sources", &json!({ "name": "T-Conecta" })).await.json();
        let till = Self { id: made["source"]["id"].as_str().unwrap().to_owned(), secret: made["secret"].as_str().unwrap().to_owned() };
        till.place(world, "0007").await;
        till
    }
    async fn place(&self, world: &World, terminal: &str) {
        let placed = world
            .post(
                Who::Operator,
                &format!("/api/v1/till_sources/{}/terminals", self.id),
                &json!({ "terminal_id": terminal, "shop_id": world.shop }),
            )
            .await;
        assert_eq!(placed.status, StatusCode::CREATED, "{}", placed.json());
    }
    fn request(&self, body: &[u8], secret: &str, at: Timestamp) -> Request<Body> {
        let signature = webhooks::sign::header([secret], "msg_1", at, body);
        Request::post("/api/v1/pos/transactions")
            .header("content-type", "application/json")
            .header("mostrador-source", &self.id)
            .header("webhook-id", "msg_1")
            .header("webhook-timestamp", (at.0 / 1_000).to_string())
            .header("webhook-signature", signature)
            .body(Body::from(body.to_vec()))
            .unwrap()
    }
    async fn send(&self, world: &World, ticket: &Value) -> Answer {
        world.send(self.request(ticket.to_string().as_bytes(), &self.secret, NOW)).await
    }
    async fn file(&self, world: &World, bytes: impl Into<Vec<u8>>, apply: bool) -> Answer {
        let mut request = world.request(
            Who::Operator,
            axum::http::Method::POST,
            &format!("/api/v1/till_sources/{}/files?apply={apply}&name=marzo.csv", self.id),
            None,
        );
        request.headers_mut().insert("content-type", "text/csv".parse().unwrap());
        *request.body_mut() = Body::from(bytes.into());
        world.send(request).await
    }
}

/// Two colas, as the capture of the world's phone: 5 000 pesos.
fn sale(number: &str, at: Timestamp) -> Value {
    json!({
        "terminal_id": "0007", "ticket_id": number, "business_date": "2026-03-10", "occurred_at": at, "type": "sale", "currency": "COP", "total": "5000.00",
        "lines": [{ "barcode": COLA, "description": "Cola 400", "quantity": "2", "unit_price": "2500,00", "line_total": "5.000,00" }],
    })
}

fn void(number: &str, of: &str) -> Value {
    json!({
        "terminal_id": "0007", "ticket_id": number, "business_date": "2026-03-10", "occurred_at": NOW, "type": "void", "original_ticket_id": of,
        "currency": "COP", "total": "5000", "lines": [],
    })
}

sql! {
    PURCHASES: "SELECT (SELECT COUNT(*) FROM purchase), (SELECT CAST(COALESCE(SUM(award), 0) AS BIGINT) FROM evaluation), (SELECT COUNT(*) FROM till_ticket)";
    AVAILABLE: "SELECT CAST(COALESCE(SUM(available), 0) AS BIGINT), CAST(COALESCE(SUM(debt), 0) AS BIGINT) FROM wallet";
}

/// Purchases, what they earned, tickets.
async fn counts(db: &Db) -> (i64, i64, i64) {
    db.read().await.unwrap().query(PURCHASES).one().await.unwrap()
}

db::both_databases! {
    async fn forged_and_late_tickets_change_nothing_and_a_repeated_one_is_one(db: &Db) {
        let world = World::new(db).await;
        let till = Till::of(&world).await;
        let ticket = sale("1", NOW).to_string();

        for forged in [
            till.request(ticket.as_bytes(), &webhooks::sign::new_secret(), NOW),
            till.request(ticket.as_bytes(), &till.secret, NOW.plus_ms(-6 * MINUTE_MS)),
            Request::post("/api/v1/pos/transactions").header("content-type", "application/json").body(Body::from(ticket.clone())).unwrap(),
        ] {
            assert_eq!(world.send(forged).await.status, StatusCode::UNAUTHORIZED);
        }
        assert_eq!(counts(db).await.2, 0);
        let (first, second) = (till.send(&world, &sale("1", NOW)).await, till.send(&world, &sale("1", NOW)).await);
        assert_eq!((first.status, second.status), (StatusCode::CREATED, StatusCode::OK), "{}", first.json());
        assert_eq!((first.json()["status"].as_str(), second.json()["replayed"].as_bool()), (Some("recorded"), Some(true)));
        let mut other = sale("1", NOW);
        other["total"] = json!("9000");
        assert_eq!(till.send(&world, &other).await.code(), "loyalty.idempotency_conflict");
        assert_eq!(counts(db).await, (0, 0, 1), "without a card it is a record and earns nothing");
    }

    async fn the_phone_first_and_the_till_afterwards_is_one_purchase(db: &Db) {
        let world = World::new(db).await;
        let till = Till::of(&world).await;
        let captured = world.sell(&world.capture().await).await.json();

        let ticket = till.send(&world, &sale("1", NOW.plus_ms(4 * MINUTE_MS))).await.json();
        let far = till.send(&world, &sale("2", NOW.plus_ms(-6 * MINUTE_MS))).await.json();
        let second = till.send(&world, &sale("3", NOW.plus_ms(MINUTE_MS))).await.json();

        assert_eq!((ticket["status"].as_str(), &ticket["purchase_id"]), (Some("joined"), &captured["purchase_id"]));
        assert_eq!((far["status"].as_str(), second["status"].as_str()), (Some("recorded"), Some("recorded")), "too far away, and joined already");
        assert_eq!(counts(db).await, (1, 2, 3));
    }

    async fn the_till_first_and_the_phone_afterwards_is_one_purchase(db: &Db) {
        let world = World::new(db).await;
        let till = Till::of(&world).await;
        till.send(&world, &sale("1", NOW)).await;

        let captured = world.sell(&world.capture().await).await.json();

        let tickets = world.get(Who::Operator, "/api/v1/till_tickets").await.json();
        assert_eq!((tickets["items"][0]["status"].as_str(), &tickets["items"][0]["purchase_id"]), (Some("joined"), &captured["purchase_id"]));
        assert_eq!(counts(db).await, (1, 2, 1));
    }

    async fn a_till_that_read_the_card_earns_and_the_phone_earns_nothing_more(db: &Db) {
        let world = World::new(db).await;
        let till = Till::of(&world).await;
        let mut ticket = sale("1", NOW);
        ticket["card_code"] = json!(world.code(world.ana, NOW).await);
        let awarded = till.send(&world, &ticket).await.json();
        assert_eq!(awarded["status"], "awarded", "{awarded}");

        let capture = world.capture().await;
        let (captured, again) = (world.sell(&capture).await, world.sell(&capture).await);

        assert_eq!((captured.status, again.status), (StatusCode::CREATED, StatusCode::CREATED), "{}", captured.json());
        assert_eq!(captured.json()["purchase_id"], awarded["purchase_id"]);
        assert_eq!(captured.bytes, again.bytes);
        assert_eq!(counts(db).await, (1, 2, 1));
    }

    async fn a_till_with_the_card_after_the_phone_earns_nothing_more(db: &Db) {
        let world = World::new(db).await;
        let till = Till::of(&world).await;
        let captured = world.sell(&world.capture().await).await.json();
        let mut ticket = sale("1", NOW);
        ticket["card_code"] = json!(world.code(world.ana, NOW).await);

        let joined = till.send(&world, &ticket).await.json();

        assert_eq!((joined["status"].as_str(), &joined["purchase_id"]), (Some("joined"), &captured["purchase_id"]));
        assert_eq!(counts(db).await, (1, 2, 1));
    }

    async fn two_people_who_pay_the_same_at_once_are_two_sales(db: &Db) {
        let world = World::new(db).await;
        let till = Till::of(&world).await;
        let captured = world.sell(&world.capture().await).await.json();
        let mut tx = db.begin().await.unwrap();
        let beto = identity::consumer::anonymous(&mut tx, NOW, shared::Country::Co, None).await.unwrap();
        loyalty::card::create(&mut tx, &world.state.loyalty, NOW, beto, "printed").await.unwrap();
        tx.commit().await.unwrap();
        let mut his = sale("1", NOW);
        his["card_code"] = json!(world.code(beto, NOW).await);
        let mut hers = sale("2", NOW);
        hers["card_code"] = json!(world.code(world.ana, NOW).await);

        let (his, hers) = (till.send(&world, &his).await.json(), till.send(&world, &hers).await.json());

        assert_eq!(his["status"], "awarded", "{his}");
        assert_ne!(his["purchase_id"], captured["purchase_id"], "what Ana bought is not his");
        assert_eq!((hers["status"].as_str(), &hers["purchase_id"]), (Some("joined"), &captured["purchase_id"]));
        assert_eq!(counts(db).await.0, 2);
    }

    async fn the_feed_and_the_file_tell_the_same_ticket_with_their_own_words(db: &Db) {
        let world = World::new(db).await;
        let till = Till::of(&world).await;
        // The shop's clock is five hours behind, a file knows no seconds, no card, and writes its own descriptions.
        let mut ticket = sale("1", "2026-03-10T14:00:31Z".parse().unwrap());
        ticket["card_code"] = json!(world.code(world.ana, NOW).await);
        assert_eq!(till.send(&world, &ticket).await.status, StatusCode::CREATED);

        let file = format!("terminal_id;ticket_id;date;time;barcode;description;quantity;line_total\n0007;1;2026-03-10;09:00;{COLA};COLA 400 ML;2;5000\n");
        let taken = till.file(&world, file, true).await.json();

        assert_eq!((taken["tickets"].as_i64(), taken["known_tickets"].as_i64(), taken["wrong_tickets"].as_i64()), (Some(1), Some(1), Some(0)), "{taken}");
        assert_eq!(counts(db).await.2, 1);
    }

    async fn a_void_takes_back_once_in_whatever_order_it_comes(db: &Db) {
        let world = World::new(db).await;
        let till = Till::of(&world).await;
        let early = till.send(&world, &void("9", "1")).await.json();
        assert_eq!(early["status"], "waiting");
        // Four stamps: two of them are a reward already, and come back with the void.
        till.send(&world, &sale("1", NOW)).await;
        assert_eq!(world.sell(&world.capture().await).await.status, StatusCode::CREATED);
        till.send(&world, &void("9", "1")).await;

        let (available, debt): (i64, i64) = db.read().await.unwrap().query(AVAILABLE).one().await.unwrap();
        assert_eq!((available, debt), (0, 0));
        let returned = world.get(Who::Operator, "/api/v1/till_tickets").await.json();
        let statuses: Vec<&str> = returned["items"].as_array().unwrap().iter().map(|ticket| ticket["status"].as_str().unwrap()).collect();
        assert_eq!(statuses.iter().filter(|status| **status == "returned").count(), 1, "{statuses:?}");
        let rewards = world.get(Who::Ana, "/api/v1/me/rewards").await.json();
        assert!(rewards.as_array().unwrap().iter().all(|reward| reward["status"] != "issued"), "{rewards}");
    }

    async fn a_terminal_that_nobody_knows_waits_for_its_place_and_an_item_for_its_product(db: &Db) {
        let world = World::new(db).await;
        let till = Till::of(&world).await;
        let mut ticket = sale("1", NOW);
        ticket["terminal_id"] = json!("0099");
        ticket["lines"][0]["barcode"] = json!("7501031311309");
        ticket["lines"][0]["description"] = json!("=HYPERLINK(\"x\")");
        assert_eq!(till.send(&world, &ticket).await.json()["status"], "unplaced");
        let items = world.get(Who::Operator, "/api/v1/unmatched_items").await.json();
        assert_eq!((items[0]["barcode"].as_str(), items[0]["description"].as_str()), (Some("7501031311309"), Some("'=HYPERLINK(\"x\")")));
        let open = world.get(Who::Operator, "/api/v1/till_tickets?open=true").await.json();
        assert_eq!(open["items"].as_array().unwrap().len(), 1);

        till.place(&world, "0099").await;

        let open = world.get(Who::Operator, "/api/v1/till_tickets?open=true").await.json();
        assert_eq!(open["items"].as_array().unwrap().len(), 0);
    }

    async fn a_file_is_looked_at_before_it_is_taken_and_taken_once(db: &Db) {
        let world = World::new(db).await;
        let till = Till::of(&world).await;
        let captured = world.sell(&world.capture().await).await;
        assert_eq!(captured.status, StatusCode::CREATED);
        // Windows-1252, a decimal comma, dates of the country, a ticket of two lines, and two that are wrong.
        let file = [
            &b"store;terminal_id;ticket_id;date;time;type;line_no;barcode;description;quantity;unit;unit_price;discount;tax;line_total;payment_method;payment_total;auth_code\r\n"[..],
            b"1;0007;1;10/03/2026;10:01;sale;1;7702004003508;Cola ni\xf1a;1;pza;2500,00;;;2500,00;cash;5000,00;\r\n",
            b"1;0007;1;10/03/2026;10:01;sale;2;7702004003508;Cola;1;pza;2500,00;;;2500,00;cash;5000,00;\r\n",
            b"1;0007;2;10/03/2026;11:00;sale;1;7,50103E+12;Pan;1;pza;500;;;500;cash;;\r\n",
            b"1;0007;3;10/03/2026;11:05;sale;1;7707000000018;Pan;dos;pza;500;;;1000;cash;;\r\n",
            b"1;0007;3;10/03/2026;11:05;sale;2;7707000000018;Pan;1;pza;500;;;500;cash;;\r\n",
            b"1;0007;4;10/03/2026;11:10;sale;1;7707000000018;=1+1;1;pza;500;;;500;cash;;\r\n",
        ]
        .concat();
        let looked = till.file(&world, file.clone(), false).await.json();
        assert_eq!((looked["rows"].as_i64(), looked["tickets"].as_i64(), looked["wrong_tickets"].as_i64(), looked["sum_minor"].as_i64()), (Some(6), Some(2), Some(2), Some(550_000)), "{looked}");
        assert_eq!(counts(db).await.2, 0, "nothing was written");
        let wrong: Vec<_> = looked["wrong"].as_array().unwrap().iter().map(|row| (row["row"].as_i64().unwrap(), row["column"].as_str().unwrap(), row["code"].as_str().unwrap())).collect();
        assert_eq!(wrong, [(4, "barcode", "loyalty.till_scientific_barcode"), (5, "quantity", "bad_field")], "a ticket is all or nothing");

        let taken = till.file(&world, file.clone(), true).await.json();
        let again = till.file(&world, file, true).await.json();

        assert_eq!((taken["applied"].as_bool(), taken["joined"].as_i64(), taken["sum_minor"].as_i64()), (Some(true), Some(1), Some(550_000)), "{taken}");
        assert_eq!((again["known_file"].as_bool(), again["tickets"].as_i64()), (Some(true), Some(2)));
        assert_eq!(counts(db).await, (1, 2, 2), "the phone's sale was one of them");
    }

    async fn a_workbook_tells_the_same_as_its_text(db: &Db) {
        let world = World::new(db).await;
        let till = Till::of(&world).await;
        let text = "terminal_id;ticket_id;date;time;barcode;quantity;line_total\n0007;1;2026-03-10;09:00;7702004003508;2;5000\n0007;2;2026-03-10;09:05;x;1;2500,5\n";
        let mut book = rust_xlsxwriter::Workbook::new();
        let page = book.add_worksheet();
        for (column, name) in (0_u16..).zip(["terminal_id", "ticket_id", "date", "time", "barcode", "quantity", "line_total"]) {
            page.write_string(0, column, name).unwrap();
        }
        let (day, hour) = (rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd"), rust_xlsxwriter::Format::new().set_num_format("hh:mm"));
        for (row, ticket, minutes, barcode, total) in [(1, 1.0, 540.0, Some(7_702_004_003_508.0), 5_000.0), (2, 2.0, 545.0, None, 2_500.5)] {
            page.write_string(row, 0, "0007").unwrap();
            page.write_number(row, 1, ticket).unwrap();
            page.write_number_with_format(row, 2, 46_091.0, &day).unwrap();
            page.write_number_with_format(row, 3, minutes / 1_440.0, &hour).unwrap();
            match barcode {
                Some(barcode) => page.write_number(row, 4, barcode).unwrap(),
                None => page.write_string(row, 4, "x").unwrap(),
            };
            page.write_number(row, 5, if row == 1 { 2.0 } else { 1.0 }).unwrap();
            page.write_number(row, 6, total).unwrap();
        }
        let book = book.save_to_buffer().unwrap();

        let of_text = till.file(&world, text, false).await.json();
        let of_book = till.file(&world, book.clone(), false).await.json();
        let taken = till.file(&world, book.clone(), true).await.json();
        let again = till.file(&world, book, true).await.json();
        let broken = till.file(&world, &b"PK\x03\x04 and nothing"[..], true).await;

        assert_eq!(of_book, of_text);
        assert_eq!((taken["tickets"].as_i64(), taken["wrong_tickets"].as_i64(), again["known_file"].as_bool()), (Some(2), Some(0), Some(true)), "{taken}");
        assert_eq!((broken.status.as_u16(), counts(db).await.2), (422, 2));
    }

    async fn a_file_with_a_mark_commas_or_tabs_is_the_same_and_one_without_a_column_says_which(db: &Db) {
        let world = World::new(db).await;
        let till = Till::of(&world).await;
        let lines = "terminal_id;ticket_id;date;time;barcode;quantity;line_total\n0007;1;2026-03-10;09:00;7702004003508;2;5000\n";

        for text in [format!("\u{feff}{lines}"), lines.replace(';', ","), lines.replace(';', "\t")] {
            let report = till.file(&world, text, false).await.json();
            assert_eq!((report["tickets"].as_i64(), report["sum_minor"].as_i64()), (Some(1), Some(500_000)), "{report}");
        }
        let missing = till.file(&world, lines.replace("quantity", "cantidad"), true).await;
        assert_eq!((missing.status.as_u16(), missing.code().as_str(), missing.json()["fields"][0]["field"].as_str()), (422, "loyalty.till_missing_column", Some("quantity")));
        assert_eq!(till.file(&world, "", true).await.status.as_u16(), 422);
        assert_eq!(counts(db).await.2, 0);
    }
}

/// One engine is enough: what is measured is the reading.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_rows_stream_by() {
    let test = db::testing::TestDb::open(db::Engine::Sqlite).await.unwrap();
    let world = World::new(test.db()).await;
    let till = Till::of(&world).await;
    let mut file = String::from("terminal_id;ticket_id;date;time;barcode;description;quantity;line_total\n");
    for ticket in 0..50_000 {
        for line in 0..2 {
            file.push_str(&format!(
                "0007;{ticket};2026-03-{:02};{:02}:{:02};7702004003508;Cola {line};1;2500\n",
                1 + ticket % 28,
                ticket / 60 % 24,
                ticket % 60
            ));
        }
    }
    let before = resident_kb();

    let report = till.file(&world, file, false).await.json();

    assert_eq!(
        (report["rows"].as_i64(), report["tickets"].as_i64(), report["sum_minor"].as_i64()),
        (Some(100_000), Some(50_000), Some(50_000 * 500_000))
    );
    let grown = resident_kb().saturating_sub(before);
    assert!(grown < 64 * 1024, "{grown} kB for a file of {} kB", 100_000 * 50 / 1024);
    test.close().await;
}

fn resident_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse().ok()).unwrap_or(0)
}
