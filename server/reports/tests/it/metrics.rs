//! The metrics read from both engines: the contract's worked data, and what must not change them.

use db::{Tx, both_databases};
use identity::Actor;
use reports::{Scope, metrics::uplift::SHOPS_MIN};
use serde_json::{Value, json};
use shared::{
    OrganisationId, SessionId, UserId,
    identity::{OrganisationKind, UserRole},
    reports::metric::{Metric, NotMeasurable, Segment},
};

use crate::d1::{Brand, SYNC_MS, World, at};

async fn scope(tx: &mut Tx, brand: &Brand, asked: reports::Asked) -> Scope {
    Scope::open(tx, &brand.analyst(), asked).await.unwrap()
}

/// Every report of a brand that needs no campaign, as its owner would get it.
async fn all(tx: &mut Tx, brand: &Brand) -> Vec<Value> {
    let scope = scope(tx, brand, brand.march()).await;
    vec![
        json!(reports::sales_per_pli(tx, &scope).await.unwrap()),
        json!(reports::active_pdv(tx, &scope, 1).await.unwrap()),
        json!(reports::shop_performance(tx, &scope).await.unwrap()),
        json!(reports::reach(tx, &scope).await.unwrap()),
        json!(reports::conversion(tx, &scope, scope.cohort(), 14).await.unwrap()),
        json!(reports::frequency(tx, &scope, scope.cohort()).await.unwrap()),
        json!(reports::nps(tx, &scope, None).await.unwrap()),
        json!(reports::cac(tx, &scope).await.unwrap()),
        json!(reports::rfm(tx, &scope).await.unwrap()),
        json!(reports::liability(tx, &scope).await.unwrap()),
        json!(reports::registration(tx, &scope).await.unwrap()),
        json!(reports::cohorts(tx, &scope).await.unwrap()),
        json!(reports::affinity(tx, &scope).await.unwrap()),
        json!(reports::zones(tx, &scope).await.unwrap()),
    ]
}

both_databases! {
    async fn the_worked_data_give_the_worked_numbers(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let world = World::d1(&mut tx).await;
        let scope = scope(&mut tx, &world.b1, world.b1.march()).await;
        let sales = reports::sales_per_pli(&mut tx, &scope).await.unwrap();
        let active = reports::active_pdv(&mut tx, &scope, 1).await.unwrap().values;
        let shops = reports::shop_performance(&mut tx, &scope).await.unwrap().values;
        let reach = reports::reach(&mut tx, &scope).await.unwrap().values;
        let three = reports::conversion(&mut tx, &scope, scope.cohort(), 3).await.unwrap().values;
        let fourteen = reports::conversion(&mut tx, &scope, scope.cohort(), 14).await.unwrap().values;
        let often = reports::frequency(&mut tx, &scope, scope.cohort()).await.unwrap().values;
        let line = |place: usize| {
            let line = &sales.values.products[place];
            (line.product.as_str(), line.units, line.net_amount.as_str(), line.purchases, line.buyers, line.avg_price.as_deref(), line.gross_units, line.gross_amount.as_str())
        };

        let (analyst, now) = (world.b1.analyst(), at("2026-04-01T00:00:00"));
        let mut first_page = async |from: &str, to: &str| reports::summary(&mut tx, &analyst, now, world.b1.id, from.parse().unwrap(), to.parse().unwrap()).await.unwrap();
        let march = first_page("2026-03-01", "2026-03-31").await;
        let (early, late) = (first_page("2026-03-01", "2026-03-14").await, first_page("2026-03-15", "2026-03-28").await);
        let units_of_days = |page: &shared::reports::Summary| page.days.iter().map(|day| day.units).sum::<i64>();

        assert_eq!((march.units, march.net_amount_minor, march.active_shops, march.units_before), (19, 3_730_000, 3, 0));
        assert_eq!((march.days.len(), march.days[0].date, units_of_days(&march)), (31, march.from, 19));
        // Everybody bought in these four weeks: each half is what the next one is compared with.
        assert_eq!((early.units + late.units, early.net_amount_minor + late.net_amount_minor), (19, 3_730_000));
        assert_eq!((late.units_before, late.net_amount_before_minor, units_of_days(&late)), (early.units, early.net_amount_minor, late.units));
        assert!(early.units > 0 && late.units > 0);
        // Whoever sold before alone is not active now, and each day has its own sales.
        assert_eq!((march.active_shops, late.active_shops, march.days[0].units, march.days[1].units), (3, 2, 0, 3));
        assert_eq!(line(0), ("COLA", 11, "27700", 5, Some(4), Some("2518.18"), 15, "37700"));
        assert_eq!(line(1), ("GALL", 8, "9600", 4, Some(3), Some("1200.00"), 8, "9600"));
        assert_eq!((sales.metric, sales.data_up_to, sales.shops_unsynced), (Metric::SalesPerPli, Some(at("2026-03-25T18:00:00").plus_ms(SYNC_MS)), 4));
        assert_eq!((active.eligible, active.active, active.rate.as_deref()), (4, 3, Some("75.0")));
        assert_eq!(active.never_scanned.iter().map(|shop| shop.name.as_str()).collect::<Vec<_>>(), ["P4"]);
        let p1 = shops.shops.iter().find(|shop| shop.shop == "P1").unwrap();
        assert_eq!((p1.purchases, p1.units, p1.net_amount.as_str(), p1.buyers, p1.active_days, p1.held_share.as_deref(), p1.median_sync_seconds), (5, 11, "18400", Some(2), 4, Some("16.7"), Some(2)));
        assert_eq!((shops.shops.len(), reach.buyers, reach.identified, reach.anonymous, reach.enrolled), (4, Some(4), Some(4), Some(0), Some(0)));
        assert_eq!((three.own.registered, three.own.mature, three.own.immature, three.own.converted, three.own.rate.as_deref()), (Some(5), Some(5), Some(0), Some(3), Some("60.0")));
        assert_eq!((fourteen.own.mature, fourteen.own.immature, fourteen.own.converted, fourteen.own.rate.as_deref()), (Some(4), Some(1), Some(4), Some("100.0")));
        assert_eq!((often.purchase_days, often.registered.exposure_days.as_deref(), often.registered.per_30_days.as_deref()), (Some(7), Some("111.0000"), Some("1.8919")));
        assert_eq!((often.buyers.exposure_days.as_deref(), often.buyers.per_30_days.as_deref()), (Some("99.0000"), Some("2.1212")));
    }

    async fn four_buyers_are_too_few_to_show(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let world = World::d1(&mut tx).await;
        let scope = scope(&mut tx, &world.b1, reports::Asked { k: 10, ..world.b1.march() }).await;
        let reach = reports::reach(&mut tx, &scope).await.unwrap().values;
        let sales = reports::sales_per_pli(&mut tx, &scope).await.unwrap().values;
        let conversion = reports::conversion(&mut tx, &scope, scope.cohort(), 3).await.unwrap().values;
        let rfm = reports::rfm(&mut tx, &scope).await.unwrap().values;

        assert_eq!((reach.buyers, reach.identified, sales.buyers, sales.products[0].buyers), (None, None, None, None));
        assert_eq!((conversion.own.registered, conversion.own.rate, conversion.headline_rate), (None, None, None));
        assert_eq!((rfm.consumers, rfm.segments.iter().flat_map(|line| line.consumers).sum::<i64>()), (None, 0));
        assert_eq!(sales.products[0].units, 11);
    }

    async fn who_works_where_she_buys_is_a_sale_and_no_buyer(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let world = World::d1(&mut tx).await;
        // C3 bought at P2 alone.
        world.hire(&mut tx, 2, 1).await;
        let scope = scope(&mut tx, &world.b1, world.b1.march()).await;
        let sales = reports::sales_per_pli(&mut tx, &scope).await.unwrap().values;
        let reach = reports::reach(&mut tx, &scope).await.unwrap().values;
        let conversion = reports::conversion(&mut tx, &scope, scope.cohort(), 3).await.unwrap().values;

        assert_eq!((sales.products[0].units, sales.products[0].buyers, reach.buyers, conversion.own.converted), (11, Some(3), Some(3), Some(2)));
    }

    async fn a_dormant_shop_sold_before_and_not_now(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let world = World::d1(&mut tx).await;
        let scope = scope(&mut tx, &world.b1, world.b1.asked("2026-03-17", "2026-04-01")).await;
        let active = reports::active_pdv(&mut tx, &scope, 1).await.unwrap().values;
        let twice = reports::active_pdv(&mut tx, &scope, 2).await.unwrap().values;
        let zero = reports::active_pdv(&mut tx, &scope, 0).await;

        // P2 sold on the 9th and the 12th; what it sold on the 28th came back whole.
        assert_eq!((active.active, active.dormant.iter().map(|shop| shop.name.as_str()).collect::<Vec<_>>()), (2, vec!["P2"]));
        assert_eq!(twice.active, 1);
        assert!(matches!(zero, Err(reports::Error::Parameter("min_purchases"))));
    }

    async fn a_brand_is_nobody_elses_business(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let world = World::d1(&mut tx).await;
        let stranger = Actor::User { user: UserId::fixed(2), tenant: OrganisationId::fixed(9), kind: OrganisationKind::BrandOwner, role: UserRole::Admin, session: SessionId::fixed(1) };
        let asked = world.b1.march();
        let refused = [
            Scope::open(&mut tx, &stranger, asked).await.err(),
            Scope::open(&mut tx, &world.b2.analyst(), asked).await.err(),
            Scope::open(&mut tx, &Actor::Anonymous, asked).await.err(),
            Scope::open(&mut tx, &world.b1.analyst(), world.b1.asked("2026-03-01", "2026-03-01")).await.err(),
            Scope::open(&mut tx, &world.b1.analyst(), world.b1.asked("2026-03-01", "2027-03-03")).await.err(),
        ];

        assert!(matches!(&refused[0], Some(reports::Error::Identity(identity::Error::NotFound))), "{:?}", refused[0]);
        assert!(matches!(&refused[1], Some(reports::Error::Identity(identity::Error::NotFound))));
        assert!(matches!(&refused[2], Some(reports::Error::Identity(identity::Error::Unauthorized))));
        assert!(matches!((&refused[3], &refused[4]), (Some(reports::Error::Period), Some(reports::Error::Period))));
    }

    async fn nothing_that_another_brand_sells_changes_an_answer(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let mut world = World::d1(&mut tx).await;
        let before = all(&mut tx, &world.b1).await;
        let jabon = world.b2.products[0];
        let mut random = 20_260_301_u64;
        let mut below = |bound: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % bound
        };

        for _ in 0..60 {
            let when = at("2026-02-20T06:00:00").plus_ms(below(45 * 24 * 60) as i64 * shared::time::MINUTE_MS);
            let (shop, consumer, status) = (below(5) as usize, below(6) as usize, ["accepted", "held", "rejected"][below(3) as usize]);
            let (quantity, returned) = (1 + below(9) as i64, below(2) as i64);
            world.sell(&mut tx, when, shop, consumer, status, &[(jabon, quantity, 1 + below(900_000) as i64, returned)]).await;
            assert_eq!(all(&mut tx, &world.b1).await, before);
        }
        let scope = scope(&mut tx, &world.b2, world.b2.march()).await;
        assert!(reports::sales_per_pli(&mut tx, &scope).await.unwrap().values.units > 1);
    }

    async fn a_shop_joins_once_leaves_and_may_come_back(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let world = World::d1(&mut tx).await;
        let (brand, p1, system) = (world.b1.id, world.shops[0], Actor::System);
        let again = identity::participation::enrol(&mut tx, &system, at("2026-03-01T00:00:00"), brand, &[p1]).await.unwrap();
        identity::participation::withdraw(&mut tx, &system, at("2026-03-10T12:00:00"), brand, p1).await.unwrap();
        let gone = identity::participation::withdraw(&mut tx, &system, at("2026-03-11T12:00:00"), brand, p1).await;
        let eligible = |from, to| world.b1.asked(from, to);
        let mut counts = Vec::new();
        for (from, to) in [("2026-03-10", "2026-03-11"), ("2026-03-11", "2026-03-12")] {
            let scope = scope(&mut tx, &world.b1, eligible(from, to)).await;
            counts.push(reports::active_pdv(&mut tx, &scope, 1).await.unwrap().values.eligible);
        }
        let back = identity::participation::enrol(&mut tx, &system, at("2026-03-20T12:00:00"), brand, &[p1]).await.unwrap();
        let listed = identity::participation::list(&mut tx, &world.b1.analyst(), brand).await.unwrap();
        let analyst = identity::participation::enrol(&mut tx, &world.b1.analyst(), at("2026-03-20T12:00:00"), brand, &[p1]).await;

        assert_eq!((again, back, listed.len(), counts), (0, 1, 5, vec![4, 3]));
        assert!(matches!(gone, Err(identity::Error::NotFound)));
        assert!(matches!(analyst, Err(identity::Error::Forbidden)));
    }

    async fn without_control_shops_nothing_is_called_an_effect(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let mut world = World::d1(&mut tx).await;
        let campaign = campaign(&mut tx, &world.b1).await;
        let scope = scope(&mut tx, &world.b1, world.b1.asked("2026-03-15", "2026-04-01")).await;
        let none = reports::uplift_did(&mut tx, &scope, campaign).await.unwrap().values;
        let roi = reports::roi(&mut tx, &scope, campaign).await.unwrap().values;
        // Ten shops on each side: the treated ones sell 12 and 18, the others 10 and 11.
        let cola = world.b1.products[0];
        for number in 0..2 * SHOPS_MIN {
            let treated = number % 2 == 0;
            let shop = world.more_shops(&mut tx, number).await;
            arm(&mut tx, &world.b1, campaign, world.shops[shop], treated, "2026-03-14T00:00:00").await;
            for (when, quantity) in [("2026-03-10T10:00:00", if treated { 12 } else { 10 }), ("2026-03-18T10:00:00", if treated { 18 } else { 11 })] {
                world.sell(&mut tx, at(when), shop, number % 6, "accepted", &[(cola, quantity, 100, 0)]).await;
            }
        }
        let measured = reports::uplift_did(&mut tx, &scope, campaign).await.unwrap().values;
        let late = world.more_shops(&mut tx, 99).await;
        arm(&mut tx, &world.b1, campaign, world.shops[late], false, "2026-03-15T00:00:01").await;
        let same = reports::uplift_did(&mut tx, &scope, campaign).await.unwrap().values;
        let foreign = reports::uplift_did(&mut tx, &scope, shared::CampaignId::fixed(1)).await;

        assert_eq!((none.measurable, none.reason), (false, Some(NotMeasurable::NoControl)));
        assert_eq!((roi.roi_pct, roi.incremental_margin, roi.cost.as_str()), (None, None, "0"));
        // 120 × 110 ÷ 100 = 132 expected, 180 sold; all shops of a side are alike, so is every draw.
        assert_eq!((measured.expected.as_deref(), measured.incremental.as_deref(), measured.uplift_pct.as_deref()), (Some("132"), Some("48"), Some("36.36")));
        assert_eq!(measured.interval_pct, Some(["36.36".to_owned(), "36.36".to_owned()]));
        assert_eq!(same, measured);
        assert!(matches!(foreign, Err(reports::Error::NotFound)));
    }

    async fn a_saved_segment_keeps_who_was_in_it_and_when(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let mut world = World::d1(&mut tx).await;
        let (first, second, later) = (at("2026-04-01T00:00:00"), at("2026-04-02T00:00:00"), at("2026-04-05T00:00:00"));
        let brand = world.b1.id;
        let save = async |tx: &mut db::Tx, actor: &Actor, now| {
            let sorted = reports::sort_rfm(tx, actor, now, brand).await?;
            reports::save_rfm(tx, actor, &sorted).await
        };
        let early = reports::sort_rfm(&mut tx, &Actor::System, second, brand).await.unwrap();
        save(&mut tx, &Actor::System, first).await.unwrap();
        save(&mut tx, &Actor::System, second).await.unwrap();
        let before = segments(&mut tx, &world).await;
        // C3 comes again and again: she leaves one segment and enters another.
        for day in ["2026-04-03T10:00:00", "2026-04-04T10:00:00"] {
            world.sell(&mut tx, at(day), 0, 2, "accepted", &[(world.b1.products[0], 1, 250_000, 0)]).await;
        }
        let saved = save(&mut tx, &Actor::System, later).await.unwrap();
        let after = segments(&mut tx, &world).await;
        let analyst = save(&mut tx, &world.b1.analyst(), later).await;
        let late = reports::save_rfm(&mut tx, &Actor::System, &early).await.unwrap();
        assert_eq!(late.saved_at, second);
        assert_eq!(segments(&mut tx, &world).await, after, "what was read before another saving does not undo it");

        assert_eq!(before.len(), 4);
        assert!(before.iter().all(|(_, _, from, until)| (*from, *until) == (first.0, i64::MAX)));
        assert!(before.contains(&(2, "hibernating".into(), first.0, i64::MAX)));
        assert!(after.contains(&(2, "hibernating".into(), first.0, later.0)), "{after:?}");
        assert!(after.contains(&(2, "loyal".into(), later.0, i64::MAX)), "{after:?}");
        assert_eq!((saved.saved_at, saved.members), (later, None));
        assert!(matches!(analyst, Err(reports::Error::Identity(identity::Error::Forbidden))));
    }

    async fn rfm_names_each_buyer_for_the_product_itself(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let world = World::d1(&mut tx).await;
        let scope = scope(&mut tx, &world.b1, world.b1.march()).await;
        let members = reports::rfm_members(&mut tx, &scope).await.unwrap();
        let told = reports::rfm(&mut tx, &scope).await.unwrap().values;
        let segment = |consumer: usize| members.iter().find(|(id, _)| *id == world.consumers[consumer]).map(|(_, segment)| *segment);

        // Days since: C1 16, C2 7, C3 20, C4 12; purchase-days: 3, 2, 1, 1.
        assert_eq!((segment(1), segment(0), segment(3), segment(2), segment(4)), (Some(Segment::Loyal), Some(Segment::CannotLose), Some(Segment::NeedsAttention), Some(Segment::Hibernating), None));
        assert_eq!(told.consumers, Some(4));
    }
}

/// Number of the consumer, name, from, until.
async fn segments(tx: &mut Tx, world: &World) -> Vec<(usize, String, i64, i64)> {
    let sql = db::Sql::same("SELECT consumer_id, name, from_at, until_at FROM segment_member WHERE brand_id = $1 ORDER BY from_at");
    let rows: Vec<(shared::ConsumerId, String, i64, i64)> = tx.query(sql).bind(world.b1.id).all().await.unwrap();
    let number = |id| world.consumers.iter().position(|known| *known == id).unwrap();
    rows.into_iter().map(|(id, name, from, until)| (number(id), name, from, until)).collect()
}

pub async fn campaign(tx: &mut Tx, brand: &Brand) -> shared::CampaignId {
    let id: shared::CampaignId = tx.new_id();
    let sql = db::Sql::same(
        "INSERT INTO campaign (id, tenant_id, brand_id, name, template, state, draft_rules, last_version, created_at) VALUES ($1, $2, $3, 'K', 'custom', 'published', $4, 0, 1)",
    );
    tx.query(sql).bind(id).bind(brand.tenant).bind(brand.id).bind(sqlx::types::Json(json!({}))).execute().await.unwrap();
    id
}

async fn arm(tx: &mut Tx, brand: &Brand, campaign: shared::CampaignId, shop: shared::ShopId, treated: bool, assigned: &str) {
    let sql = db::Sql::same(
        "INSERT INTO campaign_arm (campaign_id, shop_id, tenant_id, brand_id, arm, assigned_at) VALUES ($1, $2, $3, $4, $5, $6)",
    );
    let arm = if treated { "treated" } else { "control" };
    tx.query(sql).bind(campaign).bind(shop).bind(brand.tenant).bind(brand.id).bind(arm).bind(at(assigned)).execute().await.unwrap();
}
