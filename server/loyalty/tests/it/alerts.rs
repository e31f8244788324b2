//! What looks like fraud is told to the operator, and honest shops are left in peace.

use db::sql;
use identity::Actor;
use loyalty::{Error, alert, sell_in};
use shared::{
    ConsumerId, ShopId, Timestamp,
    identity::{NewShop, OrganisationKind, UserRole},
    loyalty::{
        ImportLine, PurchaseStatus,
        alert::{Alert, AlertFacts},
        campaign::Unit,
    },
    time::{DAY_MS, HOUR_MS, MINUTE_MS},
};

use crate::{
    per_value,
    world::{COLA, GALLETA, NOW, World, line, sale},
};

sql! {
    SIX_PACK: "INSERT INTO product_pack (pack_id, unit_id, units, base_id, base_units, set_at) VALUES ($1, $2, 6, $2, 6, 0)";
    FAST_CAPTURE: "UPDATE purchase SET device_id = $1 WHERE shop_id = $2";
}

async fn shop(world: &World, code: &str) -> ShopId {
    let mut tx = world.db.begin().await.unwrap();
    let new = NewShop { distributor_code: Some(code.into()), ..NewShop::new(code, shared::Country::Co) };
    let id = identity::shop::create(&mut tx, &Actor::System, NOW, &new).await.unwrap().id;
    tx.commit().await.unwrap();
    id
}

/// A till reports so many of something.
async fn sells(world: &World, shop: ShopId, consumer: ConsumerId, at: Timestamp, quantity: i64, price: Option<i64>) -> PurchaseStatus {
    let line = ImportLine { unit_price_minor: price, ..line(COLA, quantity) };
    world.imports_sale(&sale(format!("{shop}-{consumer}-{}", at.0), shop, consumer, at, vec![line])).await.status
}

async fn load(world: &World, file: &str) -> shared::loyalty::alert::SellInReport {
    let mut tx = world.db.begin().await.unwrap();
    let report = sell_in::load(&mut tx, &world.manager, NOW, file.as_bytes(), true).await.unwrap();
    tx.commit().await.unwrap();
    report
}

async fn alerts(world: &World, now: Timestamp) -> Vec<Alert> {
    alert::sweep(&world.db, now).await.unwrap();
    alert::waiting(&mut world.db.read().await.unwrap(), &Actor::System).await.unwrap()
}

/// Twenty-four sales of an hour and a half each, by as many cards as there are.
async fn week(world: &World, shop: ShopId, cards: &[ConsumerId]) {
    for n in 0..24_i64 {
        sells(world, shop, cards[n as usize % cards.len()], NOW.plus_ms(n * 90 * MINUTE_MS), 2, None).await;
    }
}

db::both_databases! {
    async fn one_card_with_most_of_a_shops_points_is_told_and_many_cards_are_not(db: &Db) {
        let world = World::new(db).await;
        world.publish(world.rules(Unit::Points, per_value())).await;
        let (farm, honest) = (shop(&world, "F1").await, shop(&world, "H1").await);
        let crowd = world.crowd(8).await;
        week(&world, farm, &crowd[..2]).await;
        week(&world, honest, &crowd).await;
        let found = alerts(&world, NOW.plus_ms(2 * DAY_MS)).await;
        let later = alerts(&world, NOW.plus_ms(9 * DAY_MS)).await.len();

        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.iter().all(|alert| alert.shop_id == farm));
        assert!(matches!(found[0].facts, AlertFacts::CardShare { points: 60, of_points: 120, purchases: 12, .. }), "{found:?}");
        // A week later nothing new is found, and nobody judged the old ones.
        assert_eq!(later, 2);
    }

    async fn sales_that_follow_within_seconds_are_told(db: &Db) {
        let world = World::new(db).await;
        let (hurried, calm) = (shop(&world, "R1").await, shop(&world, "C1").await);
        let crowd = world.crowd(24).await;
        for (n, consumer) in crowd.iter().enumerate() {
            sells(&world, hurried, *consumer, NOW.plus_ms(n as i64 * 15_000), 1, None).await;
            sells(&world, calm, *consumer, NOW.plus_ms(HOUR_MS + n as i64 * 60_000), 1, None).await;
        }
        let mut tx = db.begin().await.unwrap();
        for shop in [hurried, calm] {
            tx.query(FAST_CAPTURE).bind(world.device).bind(shop).execute().await.unwrap();
        }
        tx.commit().await.unwrap();
        let found = alerts(&world, NOW.plus_ms(DAY_MS)).await;

        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].shop_id, &found[0].facts), (hurried, &AlertFacts::FastCaptures { fast: 23, captures: 24 }));
    }

    async fn a_shop_that_sells_more_than_it_had_is_told_and_its_honest_twin_is_not(db: &Db) {
        let world = World::new(db).await;
        let (over, twin) = (shop(&world, "D-1").await, shop(&world, "D-2").await);
        let crowd = world.crowd(3).await;
        // Each had 10 and bought 40: up to 54 can have been sold.
        let loaded = load(&world, &format!("tienda;gtin;fecha;comprado;inicial\nD-1;{COLA};2026-03-08;0;10\nD-1;{COLA};2026-03-10;40;\nD-2;{COLA};2026-03-08;0;10\nD-2;{COLA};2026-03-10;40;\n")).await;
        for (n, consumer) in crowd.iter().enumerate() {
            let at = NOW.plus_ms(n as i64 * HOUR_MS);
            sells(&world, over, *consumer, at, if n == 0 { 19 } else { 18 }, None).await;
            sells(&world, twin, *consumer, at.plus_ms(10 * MINUTE_MS), 18, None).await;
        }
        let found = alerts(&world, NOW.plus_ms(DAY_MS)).await;

        assert_eq!((loaded.rows, loaded.wrong.len()), (4, 0));
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].shop_id, found[0].brand_id), (over, Some(world.brand)));
        assert_eq!(found[0].facts, AlertFacts::AboveSellIn { product: COLA.into(), opening: 10, bought: 40, sold: 55 });
    }

    async fn of_a_stock_that_nobody_counted_nothing_is_said(db: &Db) {
        let world = World::new(db).await;
        let (never, late, long_ago) = (shop(&world, "D-1").await, shop(&world, "D-2").await, shop(&world, "D-3").await);
        let crowd = world.crowd(3).await;
        // Only D-2 counted within the window, and after what it sold first: from then on it had 5 and bought 10.
        load(&world, &format!("tienda;gtin;fecha;comprado;inicial\nD-1;{COLA};2026-03-09;2;\nD-2;{COLA};2026-03-09;2;\nD-2;{COLA};2026-03-11;10;5\nD-3;{COLA};2026-01-05;0;3\nD-3;{COLA};2026-03-09;2;\n")).await;
        for shop in [never, late, long_ago] {
            sells(&world, shop, crowd[0], NOW, 19, None).await;
        }
        sells(&world, late, crowd[1], NOW.plus_ms(DAY_MS), 15, None).await;
        let honest = alerts(&world, NOW.plus_ms(DAY_MS + HOUR_MS)).await;
        sells(&world, late, crowd[2], NOW.plus_ms(DAY_MS + HOUR_MS), 2, None).await;
        let found = alerts(&world, NOW.plus_ms(DAY_MS + 2 * HOUR_MS)).await;

        assert!(honest.is_empty(), "{honest:?}");
        assert_eq!(found.iter().map(|alert| (alert.shop_id, &alert.facts)).collect::<Vec<_>>(), [(late, &AlertFacts::AboveSellIn { product: COLA.into(), opening: 5, bought: 10, sold: 17 })]);
    }

    async fn an_alert_can_hold_the_shop_and_a_person_lets_it_go(db: &Db) {
        let world = World::new(db).await;
        world.publish(world.rules(Unit::Points, per_value())).await;
        let over = shop(&world, "D-1").await;
        let crowd = world.crowd(4).await;
        load(&world, &format!("tienda,gtin,fecha,comprado,inicial\nD-1,{COLA},2026-03-10,1,0\n")).await;
        sells(&world, over, crowd[0], NOW, 9, None).await;
        let found = alerts(&world, NOW.plus_ms(HOUR_MS)).await;
        let mut tx = db.begin().await.unwrap();
        alert::hold(&mut tx, &Actor::System, NOW, found[0].id, "Vende más de lo que compra").await.unwrap();
        alert::hold(&mut tx, &Actor::System, NOW, found[0].id, "Otra vez").await.unwrap();
        tx.commit().await.unwrap();
        let held = sells(&world, over, crowd[1], NOW.plus_ms(2 * HOUR_MS), 1, None).await;
        let elsewhere = sells(&world, world.shop, crowd[2], NOW.plus_ms(2 * HOUR_MS), 1, None).await;
        let mut tx = db.begin().await.unwrap();
        let holds = alert::holds(&mut tx, &Actor::System).await.unwrap();
        alert::lift(&mut tx, &Actor::System, NOW, holds[0].id, "Mostró las facturas").await.unwrap();
        tx.commit().await.unwrap();
        let after = sells(&world, over, crowd[3], NOW.plus_ms(3 * HOUR_MS), 1, None).await;

        assert_eq!((holds.len(), holds[0].why.as_str()), (1, "Vende más de lo que compra"));
        assert_eq!((held, elsewhere, after), (PurchaseStatus::Held, PurchaseStatus::Accepted, PurchaseStatus::Accepted));
        world.clean().await;
    }

    async fn six_packs_that_were_bought_are_sold_in_units(db: &Db) {
        let world = World::new(db).await;
        let (honest, over) = (shop(&world, "S-1").await, shop(&world, "S-2").await);
        let crowd = world.crowd(2).await;
        let mut tx = db.begin().await.unwrap();
        tx.query(SIX_PACK).bind(world.galleta).bind(world.cola).execute().await.unwrap();
        tx.commit().await.unwrap();
        load(&world, &format!("tienda,gtin,fecha,comprado,inicial\nS-1,{GALLETA},2026-03-10,2,0\nS-2,{GALLETA},2026-03-10,2,0\n")).await;
        sells(&world, honest, crowd[0], NOW, 13, None).await;
        sells(&world, over, crowd[1], NOW, 14, None).await;
        let found = alerts(&world, NOW.plus_ms(HOUR_MS)).await;

        assert_eq!(found.iter().map(|alert| alert.shop_id).collect::<Vec<_>>(), [over]);
        assert_eq!(found[0].facts, AlertFacts::AboveSellIn { product: COLA.into(), opening: 0, bought: 12, sold: 14 });
    }

    async fn packs_that_were_counted_later_than_their_units_say_nothing(db: &Db) {
        let world = World::new(db).await;
        let shop = shop(&world, "S-1").await;
        let crowd = world.crowd(1).await;
        let mut tx = db.begin().await.unwrap();
        tx.query(SIX_PACK).bind(world.galleta).bind(world.cola).execute().await.unwrap();
        tx.commit().await.unwrap();
        load(&world, &format!("tienda,gtin,fecha,comprado,inicial\nS-1,{COLA},2026-03-09,0,0\nS-1,{GALLETA},2026-03-10,2,0\n")).await;
        sells(&world, shop, crowd[0], NOW, 99, None).await;

        assert!(alerts(&world, NOW.plus_ms(HOUR_MS)).await.is_empty());
    }

    async fn prices_that_cannot_be_are_told(db: &Db) {
        let world = World::new(db).await;
        let (cheap, right) = (shop(&world, "P1").await, shop(&world, "P2").await);
        let crowd = world.crowd(24).await;
        for (n, consumer) in crowd.iter().enumerate() {
            let at = NOW.plus_ms(n as i64 * 5 * MINUTE_MS);
            sells(&world, cheap, *consumer, at, 1, Some(if n % 2 == 0 { 100_000 } else { 250_000 })).await;
            sells(&world, right, *consumer, at.plus_ms(MINUTE_MS), 1, Some(260_000)).await;
        }
        let found = alerts(&world, NOW.plus_ms(DAY_MS)).await;

        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].shop_id, &found[0].facts), (cheap, &AlertFacts::DeclaredPrice { out_of_range: 12, lines: 24 }));
    }

    async fn what_was_dismissed_stays_quiet_for_a_week_and_has_its_reason(db: &Db) {
        let world = World::new(db).await;
        let over = shop(&world, "D-1").await;
        let crowd = world.crowd(1).await;
        load(&world, &format!("tienda,gtin,fecha,comprado,inicial\nD-1,{COLA},2026-03-10,1,0\n")).await;
        sells(&world, over, crowd[0], NOW, 9, None).await;
        let found = alerts(&world, NOW.plus_ms(HOUR_MS)).await;
        let mut tx = db.begin().await.unwrap();
        let empty = alert::dismiss(&mut tx, &Actor::System, NOW, found[0].id, " ").await;
        let foreign = alert::dismiss(&mut tx, &world.manager, NOW, found[0].id, "Nada").await;
        alert::dismiss(&mut tx, &Actor::System, NOW, found[0].id, "Compró en otra parte").await.unwrap();
        tx.commit().await.unwrap();
        let quiet = alerts(&world, NOW.plus_ms(6 * DAY_MS)).await.len();
        let again = alerts(&world, NOW.plus_ms(8 * DAY_MS)).await.len();
        let audit = identity::audit::list(&mut db.read().await.unwrap(), &Actor::System, None, 10).await.unwrap();

        assert!(matches!(empty, Err(Error::Field("why"))));
        assert!(matches!(foreign, Err(Error::Identity(identity::Error::Forbidden))));
        assert_eq!((quiet, again), (0, 1));
        assert!(audit.items.iter().any(|line| line.verb == "alert.dismissed" && line.why.as_deref() == Some("Compró en otra parte")));
    }

    async fn a_distributors_file_says_what_is_wrong_row_by_row(db: &Db) {
        let world = World::new(db).await;
        shop(&world, "D-1").await;
        let file = format!("\u{feff}Tienda,GTIN,Fecha,Comprado,Inicial\nD-1,{COLA},2026-03-01,5,2\nD-9,{COLA},2026-03-01,5,\nD-1,123,2026-03-01,5,\nD-1,{COLA},ayer,5,\nD-1,{COLA},2026-03-02,-1,\nD-1,{GALLETA},2026-03-02,=1+1,\nD-1,7707000000018,2026-03-02,1,\n");
        let mut tx = db.begin().await.unwrap();
        let dry = sell_in::load(&mut tx, &world.manager, NOW, file.as_bytes(), false).await.unwrap();
        let missing: shared::Problem = sell_in::load(&mut tx, &world.manager, NOW, b"tienda,gtin\nx,y\n", true).await.unwrap_err().into();
        let much: String = std::iter::once("tienda,gtin,fecha,comprado\n".to_owned()).chain((0..100_000).map(|_| "a,b,c,d\n".to_owned())).collect();
        let large: shared::Problem = sell_in::load(&mut tx, &world.manager, NOW, much.as_bytes(), true).await.unwrap_err().into();
        let stranger = Actor::User { user: shared::UserId::fixed(9), tenant: shared::OrganisationId::fixed(9), kind: OrganisationKind::BrandOwner, role: UserRole::Admin, session: shared::SessionId::fixed(9) };
        let foreign = sell_in::load(&mut tx, &stranger, NOW, file.as_bytes(), true).await.unwrap();
        drop(tx);

        assert_eq!(dry.rows, 1);
        assert_eq!(dry.wrong.iter().map(|wrong| (wrong.row, wrong.column)).collect::<Vec<_>>(), [(3, 0), (4, 1), (5, 2), (6, 3), (7, 3), (8, 1)]);
        assert_eq!((missing.code.as_str(), large.code.as_str()), ("missing_column", "file_too_large"));
        // Somebody else's products do not exist.
        assert_eq!(foreign.rows, 0);
    }
}
