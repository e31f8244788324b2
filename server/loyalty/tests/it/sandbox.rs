//! A sandbox has everything and touches nobody; it begins anew, and books stay books.

use db::{Db, sql};
use identity::{Actor, Error as Refused, Scopes, organisation, sandbox};
use loyalty::Error;
use shared::{
    ApiKeyId, BrandId, ConsumerId, Country, OrganisationId, ProductId, ShopId, Timestamp,
    identity::{NewShop, OrganisationKind},
    loyalty::{CampaignRules, NewCampaign, PurchaseAnswer, Rule, RuleKind, Template, campaign::Unit},
    sandbox::NewSandbox,
    time::MINUTE_MS,
};
use uuid::Uuid;

use crate::world::{COLA, NOW, World, gtin, line, sale};

const NAME: &str = "Pruebas Norte";
const TRIAL: &str = "2000000000008";

sql! {
    PRODUCT: "INSERT INTO product (id, gtin, tenant_id, brand_id, name, search_key, category, suggested_price_minor, currency, created_at, updated_at)
              VALUES ($1, $2, $3, $4, 'Prueba', 'prueba', '', 100000, 'COP', 0, 0)";
    BUMP: "UPDATE epoch SET value = value + 1 WHERE name = 'rules'";
    OWNER: "SELECT brand_id FROM product WHERE id = $1";
    REAL_BRANDS: "SELECT id, created_at, COALESCE(closed_at, 0) FROM brand WHERE world_id IS NULL ORDER BY id";
    REAL_PRODUCTS: "SELECT p.id, p.updated_at, COALESCE(p.suggested_price_minor, 0) FROM product p LEFT JOIN brand b ON b.id = p.brand_id WHERE b.world_id IS NULL ORDER BY p.id";
    REAL_SHOPS: "SELECT id, created_at, COALESCE(closed_at, 0) FROM shop WHERE id NOT IN (SELECT shop_id FROM sandbox_shop) ORDER BY id";
    REAL_CARDS: "SELECT id, created_at, COALESCE(blocked_at, 0) FROM card WHERE consumer_id NOT IN (SELECT consumer_id FROM sandbox_consumer) ORDER BY id";
    REAL_PEOPLE: "SELECT id, created_at, COALESCE(deleted_at, 0) FROM consumer WHERE id NOT IN (SELECT consumer_id FROM sandbox_consumer) ORDER BY id";
    REAL_WALLETS: "SELECT w.id, w.available, w.debt FROM wallet w JOIN brand b ON b.id = w.brand_id WHERE b.world_id IS NULL ORDER BY w.id";
    REAL_LOTS: "SELECT l.id, l.remaining, l.expires_at FROM lot l JOIN wallet w ON w.id = l.wallet_id JOIN brand b ON b.id = w.brand_id WHERE b.world_id IS NULL ORDER BY l.id";
    REAL_ENTRIES: "SELECT e.id, e.amount, e.occurred_at FROM ledger_entry e JOIN brand b ON b.id = e.brand_id WHERE b.world_id IS NULL ORDER BY e.id";
    REAL_OWED: "SELECT e.id, e.amount_minor, e.occurred_at FROM payable_entry e JOIN brand b ON b.id = e.brand_id WHERE b.world_id IS NULL ORDER BY e.id";
    REAL_PURCHASES: "SELECT id, total_minor, received_at FROM purchase WHERE shop_id NOT IN (SELECT shop_id FROM sandbox_shop) ORDER BY id";
    SOLD_APART: "SELECT COUNT(*) FROM ledger_entry e JOIN brand b ON b.id = e.brand_id WHERE b.world_id IS NOT NULL";
}

/// Everything that is real, row by row.
async fn real(db: &Db) -> Vec<Vec<(Uuid, i64, i64)>> {
    let mut tx = db.read().await.unwrap();
    let mut all = Vec::new();
    for statement in
        [REAL_BRANDS, REAL_PRODUCTS, REAL_SHOPS, REAL_CARDS, REAL_PEOPLE, REAL_WALLETS, REAL_LOTS, REAL_ENTRIES, REAL_OWED, REAL_PURCHASES]
    {
        all.push(tx.query(statement).all().await.unwrap());
    }
    all
}

fn till(tenant: OrganisationId) -> Actor {
    let scopes = Scopes::parse("purchases:import campaigns:write").unwrap();
    Actor::Key { key: ApiKeyId::fixed(7), tenant, kind: OrganisationKind::BrandOwner, scopes }
}

struct Apart {
    tenant: OrganisationId,
    brand: BrandId,
    shop: ShopId,
    consumer: ConsumerId,
}

/// A shop and a card for whatever the sandbox is now.
async fn furnish(world: &World, tenant: OrganisationId) -> (ShopId, ConsumerId) {
    let mut tx = world.db.begin().await.unwrap();
    let new = NewShop::new("Tienda de prueba", Country::Co);
    let shop = sandbox::add_shop(&mut tx, &till(tenant), NOW, tenant, &new).await.unwrap().id;
    let card = loyalty::sandbox::add_card(&mut tx, &world.loyalty, &till(tenant), NOW, tenant, true).await.unwrap();
    tx.commit().await.unwrap();
    (shop, card.consumer_id)
}

async fn apart(world: &World) -> Apart {
    let mut tx = world.db.begin().await.unwrap();
    let new = NewSandbox { name: NAME.into(), country: Country::Co };
    let tenant = sandbox::create(&mut tx, &Actor::System, NOW, &new).await.unwrap().organisation_id;
    let brand = organisation::create_brand(&mut tx, &Actor::System, NOW, tenant, "Marca de prueba", "#112233").await.unwrap().id;
    tx.query(PRODUCT).bind(ProductId::fixed(9)).bind(gtin(TRIAL)).bind(tenant).bind(brand).execute().await.unwrap();
    tx.query(BUMP).execute().await.unwrap();
    tx.commit().await.unwrap();
    let (shop, consumer) = furnish(world, tenant).await;
    Apart { tenant, brand, shop, consumer }
}

async fn campaign(world: &World, brand: BrandId) {
    let rule = Rule { kind: RuleKind::PerUnit { units: 1, points: 1 }, min_amount_minor: None, min_units: None };
    let dates = ("2026-03-01".parse().unwrap(), "2026-03-31".parse().unwrap());
    let rules = CampaignRules::new(Unit::Points, dates.0, dates.1, vec![ProductId::fixed(9)], vec![rule]);
    let mut tx = world.db.begin().await.unwrap();
    let new = NewCampaign { brand_id: brand, name: "De prueba".into(), template: Template::Custom, rules };
    let id = loyalty::campaign::create(&mut tx, &Actor::System, NOW, &new).await.unwrap().id;
    loyalty::campaign::publish(&mut tx, &Actor::System, NOW, id).await.unwrap();
    tx.commit().await.unwrap();
}

async fn sells(
    world: &World,
    tenant: OrganisationId,
    shop: ShopId,
    consumer: ConsumerId,
    code: &str,
    minute: i64,
) -> Result<PurchaseAnswer, Error> {
    let at = NOW.plus_ms(minute * MINUTE_MS);
    let sale = sale(format!("{code}-{minute}"), shop, consumer, at, vec![line(code, 2)]);
    let mut tx = world.db.begin().await?;
    let outcome = loyalty::purchase::import(&mut tx, &world.loyalty, &till(tenant), at, &sale, sale.external_id.as_bytes()).await?;
    tx.commit().await?;
    Ok(serde_json::from_slice(&outcome.bytes).unwrap())
}

async fn reset(world: &World, actor: &Actor, now: Timestamp, tenant: OrganisationId, typed: &str) -> Result<(), Refused> {
    let mut tx = world.db.begin().await?;
    sandbox::reset(&mut tx, actor, now, tenant, typed).await?;
    tx.commit().await?;
    Ok(())
}

async fn work(world: &World, now: Timestamp) {
    let registry = loyalty::sandbox::register(jobs::Registry::default(), world.loyalty.clone());
    while jobs::run_due(&world.db, &registry, now).await.unwrap() > 0 {}
}

fn not_found<T>(answer: Result<T, Error>) -> bool {
    matches!(answer, Err(Error::Identity(Refused::NotFound)))
}

db::both_databases! {
    async fn a_sandbox_and_the_real_world_never_meet(db: &Db) {
        let world = World::new(db).await;
        world.stamps(5, None).await;
        let apart = apart(&world).await;
        campaign(&world, apart.brand).await;

        let own = sells(&world, apart.tenant, apart.shop, apart.consumer, TRIAL, 1).await.unwrap();
        let real_product = sells(&world, apart.tenant, apart.shop, apart.consumer, COLA, 10).await.unwrap();
        let trial_product = world.buys(20, &[(TRIAL, 1, None)]).await;
        let real_card = sells(&world, apart.tenant, apart.shop, world.consumer, TRIAL, 30).await;
        let trial_card = sells(&world, world.tenant, world.shop, apart.consumer, COLA, 40).await;

        assert_eq!(own.awards.iter().map(|award| award.amount).collect::<Vec<_>>(), [2]);
        assert!(real_product.awards.is_empty() && real_product.lines[0].product_id.is_none());
        assert!(trial_product.awards.is_empty() && trial_product.lines[0].product_id.is_none());
        assert!(matches!(real_card, Err(Error::UnknownCard)));
        assert!(matches!(trial_card, Err(Error::UnknownCard)));
        assert!(not_found(sells(&world, apart.tenant, world.shop, world.consumer, COLA, 50).await));
        assert!(not_found(sells(&world, world.tenant, apart.shop, apart.consumer, TRIAL, 60).await));
        let today = "2026-03-10".parse().unwrap();
        let open = loyalty::campaign::open_for(&mut db.read().await.unwrap(), &world.ana, NOW, today).await.unwrap();
        assert_eq!(open.iter().map(|campaign| campaign.brand_name.as_str()).collect::<Vec<_>>(), ["Cola Sierra"]);
        let mut tx = db.begin().await.unwrap();
        let enrolled = identity::participation::enrol(&mut tx, &Actor::System, NOW, world.brand, &[apart.shop]).await;
        assert!(matches!(enrolled, Err(Refused::Field("shop_ids"))));
        drop(tx);
        world.clean().await;
    }

    async fn a_reset_begins_anew_and_touches_nothing_that_is_real(db: &Db) {
        let world = World::new(db).await;
        world.stamps(2, None).await;
        world.buys(0, &[(COLA, 3, None)]).await;
        let apart = apart(&world).await;
        campaign(&world, apart.brand).await;
        sells(&world, apart.tenant, apart.shop, apart.consumer, TRIAL, 1).await.unwrap();
        let before = real(db).await;
        let (books,): (i64,) = db.read().await.unwrap().query(SOLD_APART).one().await.unwrap();
        let later = NOW.plus_ms(60 * MINUTE_MS);

        // Nobody's but a sandbox, by nobody but its own, and never by mistake.
        assert!(matches!(reset(&world, &world.manager, later, apart.tenant, NAME).await, Err(Refused::NotFound)));
        assert!(matches!(reset(&world, &world.manager, later, world.tenant, "Bebidas Sierra").await, Err(Refused::NotASandbox)));
        assert!(matches!(reset(&world, &Actor::System, later, world.tenant, "Bebidas Sierra").await, Err(Refused::NotASandbox)));
        assert!(matches!(reset(&world, &Actor::System, later, OrganisationId::fixed(404), NAME).await, Err(Refused::NotFound)));
        assert!(matches!(reset(&world, &Actor::Anonymous, later, apart.tenant, NAME).await, Err(Refused::Unauthorized)));
        assert!(matches!(reset(&world, &Actor::System, later, apart.tenant, "pruebas norte").await, Err(Refused::NameNotTyped)));
        assert_eq!(sandbox::get(&mut db.read().await.unwrap(), &Actor::System, apart.tenant).await.unwrap().generation, 1);

        reset(&world, &Actor::System, later, apart.tenant, NAME).await.unwrap();
        // At once, before any piece of it is put away.
        assert!(not_found(sells(&world, apart.tenant, apart.shop, apart.consumer, TRIAL, 70).await));
        assert!(matches!(reset(&world, &Actor::System, later, apart.tenant, NAME).await, Err(Refused::SandboxResetting)));
        work(&world, later).await;
        let mut tx = db.read().await.unwrap();
        let book = world.loyalty.current_book(&mut tx).await.unwrap();
        assert!(book.product(&gtin(COLA), world.shop).is_some());
        assert!(book.product(&gtin(COLA), apart.shop).is_none(), "a shop of a world that is over does not become a real one");
        drop(tx);

        let state = sandbox::get(&mut db.read().await.unwrap(), &Actor::System, apart.tenant).await.unwrap();
        let told = state.reset.unwrap();
        assert_eq!((state.generation, state.brands, state.shops, state.cards), (2, 1, 0, 0));
        assert_eq!((told.done, told.total, told.finished_at), (3, 3, Some(later)));
        assert_eq!(real(db).await, before);
        let (kept,): (i64,) = db.read().await.unwrap().query(SOLD_APART).one().await.unwrap();
        assert_eq!(kept, books);
        world.clean().await;
    }

    async fn a_sandbox_is_reset_again_and_again(db: &Db) {
        let world = World::new(db).await;
        let apart = apart(&world).await;
        campaign(&world, apart.brand).await;
        sells(&world, apart.tenant, apart.shop, apart.consumer, TRIAL, 1).await.unwrap();

        for round in 1..=2_i64 {
            let now = NOW.plus_ms(round * 60 * MINUTE_MS);
            reset(&world, &till(apart.tenant), now, apart.tenant, NAME).await.unwrap();
            work(&world, now).await;
            work(&world, now).await;
            let brands = organisation::brands(&mut db.read().await.unwrap(), &till(apart.tenant)).await.unwrap();
            assert_eq!(brands.len(), 1);
            assert_ne!(brands[0].id, apart.brand);
            let (owner,): (BrandId,) = db.read().await.unwrap().query(OWNER).bind(ProductId::fixed(9)).one().await.unwrap();
            assert_eq!(owner, brands[0].id);

            let (shop, consumer) = furnish(&world, apart.tenant).await;
            let without = sells(&world, apart.tenant, shop, consumer, TRIAL, round * 60 + 1).await.unwrap();
            campaign(&world, brands[0].id).await;
            let with = sells(&world, apart.tenant, shop, consumer, TRIAL, round * 60 + 10).await.unwrap();

            assert!(without.awards.is_empty());
            assert_eq!(with.awards.len(), 1);
        }
        let state = sandbox::get(&mut db.read().await.unwrap(), &Actor::System, apart.tenant).await.unwrap();
        assert_eq!((state.generation, state.shops, state.cards), (3, 1, 1));
        world.clean().await;
    }
}
