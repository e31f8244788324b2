//! What is beyond the contract's metrics, over its worked data, and the panels that people see.

use db::{Sql, Tx, both_databases};
use reports::{Asked, Cohort, Scope, panel::Looking};
use shared::{
    reports::{
        metric::Metric,
        panel::{Family, Panel},
    },
    time::{DAY_MS, HOUR_MS},
};

use crate::d1::{World, at};

async fn scope(tx: &mut Tx, world: &World, asked: Asked) -> Scope {
    Scope::open(tx, &world.b1.analyst(), asked).await.unwrap()
}

async fn every_panel(tx: &mut Tx, scope: &Scope) -> Vec<Panel> {
    let mut all = Vec::new();
    for family in Family::ALL {
        all.extend(reports::panel::family(tx, scope, family, Looking::default()).await);
    }
    all
}

fn named<'a>(panels: &'a [Panel], key: &str) -> &'a Panel {
    panels.iter().find(|panel| panel.key == key).unwrap()
}

both_databases! {
    async fn two_products_in_one_purchase_are_a_pair(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let world = World::d1(&mut tx).await;
        let scope = scope(&mut tx, &world, world.b1.march()).await;
        let told = reports::affinity(&mut tx, &scope).await.unwrap().values;
        let [pair] = told.pairs.as_slice() else { panic!("{told:?}") };
        let (to_gall, to_cola) = if pair.first == "COLA" { (&pair.confidence, &pair.confidence_back) } else { (&pair.confidence_back, &pair.confidence) };

        // T1 to T6, T8 and T9 are eight purchases; five have COLA, four have GALL, T4 has both.
        assert_eq!((told.baskets, pair.baskets, pair.consumers), (8, Some(1), Some(1)));
        assert_eq!((pair.support.as_deref(), to_gall.as_deref(), to_cola.as_deref(), pair.lift.as_deref()), (Some("12.5"), Some("20.0"), Some("25.0"), Some("0.40")));
    }

    async fn the_rows_behind_the_active_shops_are_the_shops(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let world = World::d1(&mut tx).await;
        let scope = scope(&mut tx, &world, world.b1.march()).await;
        let rows = reports::panel::rows(&mut tx, &scope, Metric::ActivePdv, Looking::default(), 0).await.unwrap();
        let later = reports::panel::rows(&mut tx, &scope, Metric::ActivePdv, Looking::default(), 3).await.unwrap();
        let sold = reports::panel::rows(&mut tx, &scope, Metric::SalesPerPli, Looking::default(), 1).await.unwrap();

        assert_eq!(rows.rows.iter().map(|row| (row[0].as_str(), row[1].as_str(), row[2].as_str())).collect::<Vec<_>>(), [("P1", "Activa", "5"), ("P2", "Activa", "2"), ("P3", "Activa", "1"), ("P4", "Nunca ha escaneado", "0")]);
        assert_eq!((later.rows.len(), later.after, later.all, later.rows[0][0].as_str()), (1, 3, 4, "P4"));
        assert_eq!((sold.rows.len(), sold.all, sold.rows[0][0].as_str()), (1, 2, "GALL"));
        assert!(rows.door.contains("/shop_states?") && !rows.definition.is_empty());
    }

    async fn a_place_is_on_the_map_where_its_shops_are(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let world = World::d1(&mut tx).await;
        for (shop, city, latitude, longitude) in [(0, "Cali", 3.40, -76.50), (1, "Cali", 3.50, -76.54), (2, "Neiva", 2.93, -75.28)] {
            tx.query(Sql::same("UPDATE shop SET city = $1, latitude = $2, longitude = $3 WHERE id = $4")).bind(city).bind(latitude).bind(longitude).bind(world.shops[shop]).execute().await.unwrap();
        }
        let scope = scope(&mut tx, &world, world.b1.march()).await;
        let told = reports::zones(&mut tx, &scope).await.unwrap().values;
        let panels = every_panel(&mut tx, &scope).await;

        assert_eq!((told.zones[0].latitude.as_deref(), told.zones[0].longitude.as_deref()), (Some("3.45"), Some("-76.52")));
        assert_eq!(named(&panels, "zones").chart.matches("<circle").count(), 2);
    }

    async fn a_place_sells_what_its_shops_sell(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let world = World::d1(&mut tx).await;
        for (shop, city) in [(0, "Cali"), (1, "Cali"), (2, "Neiva")] {
            tx.query(Sql::same("UPDATE shop SET city = $1 WHERE id = $2")).bind(city).bind(world.shops[shop]).execute().await.unwrap();
        }
        let scope = scope(&mut tx, &world, world.b1.march()).await;
        let told = reports::zones(&mut tx, &scope).await.unwrap().values;
        let line = |place: usize| {
            let line = &told.zones[place];
            (line.zone.as_str(), line.active_shops, line.purchases, line.units, line.net_amount.as_str(), line.buyers, line.share.as_deref())
        };

        // P1 and P2: T1 to T5, T8, T9. P3: four of six colas stayed sold.
        assert_eq!(line(0), ("Cali", 2, 7, 15, "27300", Some(3), Some("78.9")));
        assert_eq!(line(1), ("Neiva", 1, 1, 4, "10000", Some(1), Some("21.1")));
        assert_eq!((told.zones.len(), told.units, told.net_amount.as_str()), (2, 19, "37300"));
    }

    async fn who_signed_up_in_a_month_is_followed_through_the_months_after_it(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let mut world = World::d1(&mut tx).await;
        world.sell(&mut tx, at("2026-04-02T10:00:00"), 0, 0, "accepted", &[(world.b1.products[0], 1, 250_000, 0)]).await;
        let april = Asked { as_of: at("2026-04-15T00:00:00"), ..world.b1.asked("2026-02-10", "2026-04-01") };
        let scope = scope(&mut tx, &world, april).await;
        let told = reports::cohorts(&mut tx, &scope).await.unwrap().values.cohorts;
        let lines: Vec<_> = told.iter().map(|line| (line.month.as_str(), line.months_since, line.consumers, line.active, line.rate.as_deref())).collect();

        // C6 signed up in February and gave everything back; of C1 to C5 four bought in March, C1 again in April.
        assert_eq!(lines, [
            ("2026-02", 0, Some(1), Some(0), Some("0.0")),
            ("2026-02", 1, Some(1), Some(0), Some("0.0")),
            ("2026-02", 2, Some(1), Some(0), Some("0.0")),
            ("2026-03", 0, Some(5), Some(4), Some("80.0")),
            ("2026-03", 1, Some(5), Some(1), Some("20.0")),
        ]);
    }

    async fn a_cohort_that_signed_up_at_shops_counts_like_one_at_none(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let mut world = World::d1(&mut tx).await;
        let scope = scope(&mut tx, &world, world.b1.march()).await;
        // One of them at midnight itself.
        let midnight = at("2026-03-05T00:00:00");
        assert_eq!(midnight.0 % DAY_MS, 5 * HOUR_MS);
        let midnight = midnight.plus_ms(-5 * HOUR_MS);
        tx.query(Sql::same("UPDATE consumer SET created_at = $1 WHERE id = $2")).bind(midnight).bind(world.consumers[3]).execute().await.unwrap();
        // Within a day, at its edges and over them, and over whole ones.
        let mut cohorts = vec![scope.cohort(), Cohort { from: midnight, until: midnight }];
        for from in [-9 * DAY_MS, -DAY_MS, -17 * HOUR_MS, -1, 0, 1, 13 * HOUR_MS + 7] {
            for lasts in [-DAY_MS, 1, HOUR_MS, DAY_MS, DAY_MS + 1, 29 * HOUR_MS, 40 * DAY_MS + 5] {
                let from = midnight.plus_ms(from);
                cohorts.push(Cohort { from, until: from.plus_ms(lasts) });
            }
        }
        let counted = async |tx: &mut Tx| {
            let mut all = Vec::new();
            for cohort in &cohorts {
                let often = reports::frequency(tx, &scope, *cohort).await.unwrap().values;
                let registered = reports::conversion(tx, &scope, *cohort, 14).await.unwrap().values.own.registered;
                all.push(format!("{registered:?} {often:?}"));
            }
            all
        };
        let at_none = counted(&mut tx).await;
        for (number, consumer) in world.consumers.iter().enumerate() {
            tx.query(Sql::same("UPDATE consumer SET first_shop_id = $1 WHERE id = $2")).bind(world.shops[number % 2]).bind(*consumer).execute().await.unwrap();
        }
        let not_counted = counted(&mut tx).await;
        // Somebody at a shop that never sold the brand is not of it.
        let (stranger, foreign) = (world.consumer(&mut tx, midnight.plus_ms(2 * DAY_MS)).await, world.more_shops(&mut tx, 6).await);
        tx.query(Sql::same("UPDATE consumer SET first_shop_id = $1 WHERE id = $2")).bind(world.shops[foreign]).bind(world.consumers[stranger]).execute().await.unwrap();
        identity::registrations::rebuild(&mut tx).await.unwrap();
        let at_shops = counted(&mut tx).await;
        let performance = reports::shop_performance(&mut tx, &scope).await.unwrap().values;
        let conversion = reports::conversion(&mut tx, &scope, scope.cohort(), 14).await.unwrap().values;
        let reach = reports::reach(&mut tx, &scope).await.unwrap().values;

        for ((cohort, at_none), at_shops) in cohorts.iter().zip(&at_none).zip(&at_shops) {
            assert_eq!(at_shops, at_none, "{cohort:?}");
        }
        assert_ne!(not_counted, at_shops, "whole days come from what is counted");
        let by_shop: i64 = performance.shops.iter().filter_map(|shop| shop.first_registered).sum();
        assert_eq!((Some(by_shop), reach.registrations), (conversion.own.registered, conversion.own.registered));
        assert!(by_shop > 3);
    }

    async fn registrations_are_counted_by_week_and_active_shop(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let world = World::d1(&mut tx).await;
        // C1, C2 and C3 signed up at P1, on the 1st, 3rd and 10th.
        for consumer in 0..3 {
            tx.query(Sql::same("UPDATE consumer SET first_shop_id = $1 WHERE id = $2")).bind(world.shops[0]).bind(world.consumers[consumer]).execute().await.unwrap();
        }
        let scope = scope(&mut tx, &world, world.b1.asked("2026-03-01", "2026-03-18")).await;
        let told = reports::registration(&mut tx, &scope).await.unwrap().values;
        let weeks: Vec<_> = told.weeks.iter().map(|week| (week.week_from.to_string(), week.week_to.to_string(), week.buyers, week.registrations, week.active_shops, week.registrations_per_shop_week.as_deref())).collect();

        // T1, T2 at P1; T3, T4 at P2; T5 at P1 in a rest of three days.
        assert_eq!(weeks, [
            ("2026-03-01".into(), "2026-03-07".into(), Some(2), Some(2), 1, Some("2.00")),
            ("2026-03-08".into(), "2026-03-14".into(), Some(2), Some(1), 1, Some("1.00")),
            ("2026-03-15".into(), "2026-03-17".into(), Some(1), Some(0), 1, Some("0.00")),
        ]);
        // Three over two shops and seventeen days.
        assert_eq!((told.identified_share.as_deref(), told.registrations_per_shop_week.as_deref()), (Some("100.0"), Some("0.62")));
    }

    async fn a_panel_says_the_numbers_of_its_report(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let world = World::d1(&mut tx).await;
        let scope = scope(&mut tx, &world, world.b1.march()).await;
        let panels = every_panel(&mut tx, &scope).await;
        let sales = named(&panels, "sales_per_pli");
        let active = named(&panels, "active_pdv");

        assert!(panels.iter().all(|panel| panel.failed.is_none() && !panel.title.is_empty() && panel.definition.len() > 80), "{panels:?}");
        assert_eq!((sales.figure.as_str(), sales.rows[0][0].as_str(), sales.rows[0][1].as_str(), sales.rows[0][2].as_str()), ("$37.300", "COLA", "11", "$27.700"));
        assert!(sales.chart.contains(">11 unidades</text>") && sales.chart.contains(">8 unidades</text>"));
        assert_eq!((sales.freshness.as_str(), sales.unsynced.as_str()), ("Datos hasta 25 mar 2026 18:00", "4 tiendas no han sincronizado: pueden faltar ventas."));
        assert_eq!((active.figure.as_str(), active.unit.as_str()), ("75,0\u{a0}%", "3 de 4 PDV inscritos"));
        assert!(named(&panels, "uplift_did").instead.contains("Elige una campaña"));
    }

    async fn few_people_are_hidden_on_every_panel_and_in_every_picture(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let world = World::d1(&mut tx).await;
        let scope = scope(&mut tx, &world, Asked { k: 10, ..world.b1.march() }).await;
        let panels = every_panel(&mut tx, &scope).await;
        let (reach, rfm) = (named(&panels, "reach"), named(&panels, "rfm"));

        assert_eq!(reach.figure, "oculto (menos de 10)");
        assert!(reach.chart.contains("heat--hidden") && reach.notes.iter().any(|note| note.starts_with("Oculto")), "{reach:?}");
        assert!(rfm.rows.iter().all(|row| row[1] == "oculto (menos de 10)" || row[1] == "0"), "{:?}", rfm.rows);
        assert!(named(&panels, "affinity").rows[0][2..].iter().all(|cell| cell == "oculto (menos de 10)"));
    }
}
