//! Lines of a barcode that became a product after the sale.

use db::{Db, both_databases, sql};
use identity::Actor;
use jobs::outbox::{self, NewEvent};
use loyalty::{campaign, goal, purchase};
use serde_json::json;
use shared::{
    CampaignId, Currency, ProductId, PurchaseId, Timestamp,
    loyalty::{AllLines, NewCampaign, NewReturn, ReturnedLines, RuleKind, ShopGoal, Template, campaign::Unit},
    time::{DAY_MS, HOUR_MS},
};

use crate::world::{COLA, NOW, World, gtin};

/// Nobody knows it at the counter.
const NEW: &str = "7707000000025";

sql! {
    PRODUCT: "INSERT INTO product (id, gtin, tenant_id, brand_id, name, search_key, category, suggested_price_minor, currency, created_at, updated_at)
              VALUES ($1, $2, $3, $4, 'Nueva', 'nueva', '', 100000, 'COP', $5, $5)";
    RULES_CHANGED: "UPDATE epoch SET value = value + 1 WHERE name = 'rules'";
    UNITS: "SELECT units FROM shop_goal WHERE campaign_id = $1";
    DAMAGE: "UPDATE purchase SET currency = $1 WHERE id = $2";
    WAITING: "SELECT COUNT(*) FROM job WHERE kind = 'loyalty.evaluate_waiting'";
}

/// A point for each unit, and a goal of a hundred units.
async fn with_goal(world: &World) -> CampaignId {
    let reward_id = world.reward(Some(50)).await;
    let mut tx = world.db.begin().await.unwrap();
    let rules = world.rules(Unit::Points, RuleKind::PerUnit { units: 1, points: 1 });
    let new = NewCampaign { brand_id: world.brand, name: "La cuadra".into(), template: Template::Custom, rules };
    let id = campaign::create(&mut tx, &world.manager, NOW, &new).await.unwrap().id;
    let goal = ShopGoal { target_units: 100, consumers_min: 3, per_consumer_max: 40, reward_id };
    goal::set(&mut tx, &world.manager, NOW, id, &goal).await.unwrap();
    campaign::publish(&mut tx, &Actor::System, NOW, id).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// The barcode becomes a product, and later on the campaign names it.
async fn approved_and_named(world: &World, id: CampaignId) -> Timestamp {
    let (approved_at, named_at) = (NOW.plus_ms(DAY_MS), NOW.plus_ms(2 * DAY_MS));
    let product = ProductId::fixed(9);
    let mut tx = world.db.begin().await.unwrap();
    tx.query(PRODUCT).bind(product).bind(gtin(NEW)).bind(world.tenant).bind(world.brand).bind(approved_at).execute().await.unwrap();
    tx.query(RULES_CHANGED).execute().await.unwrap();
    let payload = json!({ "gtin": gtin(NEW), "approved_at": approved_at });
    outbox::publish(&mut tx, approved_at, NewEvent { topic: "catalogue.product_approved", key: NEW.into(), payload }).await.unwrap();
    tx.commit().await.unwrap();
    work(world, approved_at).await;

    let mut tx = world.db.begin().await.unwrap();
    let mut rules = world.rules(Unit::Points, RuleKind::PerUnit { units: 1, points: 1 });
    rules.products.push(product);
    let new = NewCampaign { brand_id: world.brand, name: "La cuadra".into(), template: Template::Custom, rules };
    campaign::update_draft(&mut tx, &world.manager, named_at, id, &new).await.unwrap();
    campaign::publish(&mut tx, &Actor::System, named_at, id).await.unwrap();
    tx.commit().await.unwrap();
    work(world, named_at).await;
    named_at
}

async fn work(world: &World, now: Timestamp) {
    let registry = purchase::waited::register(jobs::Registry::default(), world.loyalty.clone());
    while jobs::run_due(&world.db, &registry, now).await.unwrap() > 0 {}
    let dead = jobs::dead(&mut world.db.read().await.unwrap()).await.unwrap();
    assert!(dead.is_empty(), "{dead:?}");
}

async fn units(db: &Db, id: CampaignId) -> i64 {
    db.read().await.unwrap().query(UNITS).bind(id).one::<(i64,)>().await.unwrap().0
}

async fn damage(world: &World, id: PurchaseId, currency: &str) {
    let mut tx = world.db.begin().await.unwrap();
    tx.query(DAMAGE).bind(currency).bind(id).execute().await.unwrap();
    tx.commit().await.unwrap();
}

both_databases! {
    async fn a_line_that_waited_counts_for_her_and_for_the_goal(db: &Db) {
        let world = World::new(db).await;
        let id = with_goal(&world).await;
        let sold = world.buys(0, &[(COLA, 1, None), (NEW, 2, Some(100_000))]).await;
        assert_eq!((world.available().await, units(db, id).await), (vec![1], 1));

        let now = approved_and_named(&world, id).await;
        assert_eq!((world.available().await, units(db, id).await), (vec![3], 3));
        world.clean().await;
        work(&world, now.plus_ms(HOUR_MS)).await;
        assert_eq!((world.available().await, units(db, id).await), (vec![3], 3), "once");

        let mut tx = db.begin().await.unwrap();
        let all = NewReturn { return_id: None, lines: ReturnedLines::All(AllLines::All), reason: Some("Dañado".into()) };
        purchase::give_back(&mut tx, &world.loyalty, &Actor::System, now, sold.purchase_id, &all).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!((world.available().await, units(db, id).await), (vec![0], 0), "what came back is taken off again");
        world.clean().await;
    }

    async fn a_purchase_that_cannot_be_worked_out_keeps_no_other_from_it(db: &Db) {
        let world = World::new(db).await;
        let id = with_goal(&world).await;
        let damaged = world.buys(0, &[(COLA, 1, None), (NEW, 2, Some(100_000))]).await.purchase_id;
        world.buys(30, &[(COLA, 2, None), (NEW, 3, Some(100_000))]).await;
        damage(&world, damaged, "damaged").await;
        let now = approved_and_named(&world, id).await;
        let waiting = db.read().await.unwrap().query(WAITING).one::<(i64,)>().await.unwrap().0;
        assert_eq!((world.available().await, waiting), (vec![6], 1));

        // It is mended, and tried again.
        damage(&world, damaged, Currency::Cop.code()).await;
        work(&world, now.plus_ms(DAY_MS)).await;
        assert_eq!((world.available().await, units(db, id).await), (vec![8], 8));
        world.clean().await;
    }
}
