//! Random lives through the product's own verbs: what reports tell from the days that are kept is what they tell from the
//! purchases themselves, whatever happened in between.

use db::{Db, Tx, sql};
use identity::{
    Actor, Keys, Phone, Scopes, challenge::VerifiedPhone, consent::Decision, consumer::NewConsumer, organisation, participation, shop,
};
use loyalty::{Loyalty, campaign, card, claim, purchase, reward, settle};
use rand::{Rng, SeedableRng, rngs::StdRng};
use reports::{Asked, Scope, days, kept::Pace, points};
use secrecy::SecretBox;
use serde_json::{Value, json};
use shared::{
    ApiKeyId, BrandId, ConsumerId, Country, Currency, Gtin, ProductId, PurchaseId, ShopId, Timestamp,
    catalogue::NewProduct,
    identity::{NewShop, OrganisationKind},
    loyalty::{
        CampaignRules, ImportLine, ImportPurchase, NewCampaign, NewReturn, NewReview, NewReward, ReviewDecision, Rule, RuleKind, Template,
        campaign::{Threshold, Unit},
    },
    time::{DAY_MS, MINUTE_MS},
};

/// What happens in one life.
const EVENTS: usize = 300;
/// 10 March 2026, 10:00 in Bogotá.
const BEGIN: Timestamp = Timestamp(1_773_154_800_000);

struct World {
    loyalty: Loyalty,
    till: Actor,
    brands: Vec<BrandId>,
    shops: Vec<ShopId>,
    goods: Vec<Gtin>,
    products: Vec<ProductId>,
    people: Vec<ConsumerId>,
    cards: Vec<ConsumerId>,
}

fn phone(number: u64) -> VerifiedPhone {
    let keys = Keys::new(&SecretBox::new(Box::new([1; 32])));
    VerifiedPhone::trusted(&keys, Phone::parse(Country::Co, &format!("300 123 {number:04}")).unwrap())
}

async fn world(db: &Db) -> World {
    let loyalty = Loyalty::new(Keys::new(&SecretBox::new(Box::new([1; 32]))));
    let mut tx = db.begin().await.unwrap();
    let operator =
        organisation::create(&mut tx, &Actor::System, BEGIN, "Mostrador", OrganisationKind::Operator, Country::Co).await.unwrap();
    let scopes = Scopes::parse("operator purchases:import sandbox").unwrap();
    let till = Actor::Key { key: ApiKeyId::fixed(1), tenant: operator.id, kind: OrganisationKind::Operator, scopes };
    let mut world = World {
        loyalty,
        till,
        brands: Vec::new(),
        shops: Vec::new(),
        goods: Vec::new(),
        products: Vec::new(),
        people: Vec::new(),
        cards: Vec::new(),
    };
    for number in 0..2_u64 {
        let owner =
            organisation::create(&mut tx, &Actor::System, BEGIN, &format!("Casa {number}"), OrganisationKind::BrandOwner, Country::Co)
                .await
                .unwrap();
        let brand = organisation::create_brand(&mut tx, &Actor::System, BEGIN, owner.id, "Marca", "#336699").await.unwrap();
        for place in 0..2 {
            let gtin: Gtin = (0..10).find_map(|check| format!("7708{number}{place}000000{check}").parse().ok()).unwrap();
            let new = NewProduct {
                gtin,
                brand_id: Some(brand.id),
                name: format!("Producto {place}"),
                category: String::new(),
                suggested_price_minor: Some(100_000),
                currency: Currency::Cop,
            };
            world.products.push(catalogue::product::create(&mut tx, &Actor::System, BEGIN, &new).await.unwrap().id);
            world.goods.push(gtin);
        }
        world.brands.push(brand.id);
    }
    for number in 0..3_u64 {
        let new = NewShop::new(format!("Tienda {number}"), Country::Co);
        // The owners are consumers, too.
        world.shops.push(shop::register(&mut tx, BEGIN.plus_ms(-20 * DAY_MS), &phone(number), &new, "Rosa").await.unwrap().0);
    }
    for (place, brand) in world.brands.iter().enumerate() {
        let mine = world.products[place * 2..place * 2 + 2].to_vec();
        let new = NewReward {
            brand_id: *brand,
            name: "Premio".into(),
            category: String::new(),
            unit_cost_minor: 1_000,
            handling_fee_minor: 100,
            currency: Currency::Cop,
            stock: None,
            max_per_consumer: None,
            cost: None,
            reserve_minutes: None,
        };
        let reward_id = reward::create(&mut tx, &Actor::System, BEGIN.plus_ms(-19 * DAY_MS), &new).await.unwrap().id;
        let (starts, ends) = (scope_day("2026-03-01"), scope_day("2026-12-31"));
        let rules = |unit, points| {
            CampaignRules::new(
                unit,
                starts,
                ends,
                mine.clone(),
                vec![Rule { kind: RuleKind::PerUnit { units: 1, points }, min_amount_minor: None, min_units: None }],
            )
        };
        let drafts = [
            CampaignRules {
                hold_days: 1,
                valid_days: Some(3),
                threshold: Some(Threshold { need: 20, reward_id }),
                ..rules(Unit::Points, 5)
            },
            CampaignRules { threshold: Some(Threshold { need: 4, reward_id }), ..rules(Unit::Stamps, 1) },
        ];
        for rules in drafts {
            let new = NewCampaign { brand_id: *brand, name: "Campaña".into(), template: Template::Custom, rules };
            let id = campaign::create(&mut tx, &Actor::System, BEGIN.plus_ms(-19 * DAY_MS), &new).await.unwrap().id;
            campaign::publish(&mut tx, &Actor::System, BEGIN.plus_ms(-19 * DAY_MS), id).await.unwrap();
        }
        participation::enrol(&mut tx, &Actor::System, BEGIN.plus_ms(-19 * DAY_MS), *brand, &world.shops).await.unwrap();
    }
    tx.commit().await.unwrap();
    world
}

async fn join(tx: &mut Tx, world: &mut World, now: Timestamp, random: &mut StdRng) {
    let shop = random.random_bool(0.7).then(|| world.shops[random.random_range(0..world.shops.len())]);
    if random.random_bool(0.3) {
        let consumer = identity::consumer::anonymous(tx, now, Country::Co, shop).await.unwrap();
        card::create(tx, &world.loyalty, now, consumer, "printed").await.unwrap();
        world.cards.push(consumer);
        return;
    }
    let consent = Decision::for_the_card("co", "web", "");
    let new = NewConsumer { name: None, adult: true, shop, consents: vec![consent] };
    let (consumer, _) = card::sign_up(tx, &world.loyalty, now, &phone(world.people.len() as u64), &new).await.unwrap();
    world.people.push(consumer);
}

/// Something that changes what reports tell.
async fn happen(db: &Db, world: &mut World, now: Timestamp, random: &mut StdRng) {
    if random.random_bool(0.2) {
        settle::everybody(db, &world.loyalty, now).await.unwrap();
    }
    let mut tx = db.begin().await.unwrap();
    let bought: Vec<(PurchaseId,)> = tx.query(BOUGHT).all().await.unwrap();
    let one = |random: &mut StdRng| bought[random.random_range(0..bought.len())].0;
    match random.random_range(0..10) {
        0..2 => join(&mut tx, world, now, random).await,
        2 if !bought.is_empty() => {
            let body = if random.random_bool(0.5) {
                json!({ "lines": "all" })
            } else {
                json!({ "lines": [{ "gtin": world.goods[random.random_range(0..4)], "quantity": 1 }] })
            };
            let back: NewReturn = serde_json::from_value(body).unwrap();
            // There may be nothing left of it.
            if purchase::give_back(&mut tx, &world.loyalty, &Actor::System, now, one(random), &back).await.is_err() {
                return;
            }
        }
        3 => {
            let held: Vec<(PurchaseId,)> = tx.query(HELD).all().await.unwrap();
            for (purchase,) in held {
                let decision = if random.random_bool(0.7) { ReviewDecision::Approve } else { ReviewDecision::Reject };
                purchase::decide(&mut tx, &world.loyalty, &Actor::System, now, purchase, &NewReview { decision, reason: None })
                    .await
                    .unwrap();
            }
        }
        4 if !world.cards.is_empty() && !world.people.is_empty() => {
            let card = world.cards.swap_remove(random.random_range(0..world.cards.len()));
            let person = world.people[random.random_range(0..world.people.len())];
            claim::claim(&mut tx, &world.loyalty, &Actor::System, now, card, person).await.unwrap();
        }
        _ => {
            let everybody: Vec<ConsumerId> = world.people.iter().chain(&world.cards).copied().collect();
            let Some(consumer) = everybody.get(random.random_range(0..everybody.len().max(1))) else {
                return;
            };
            let lines = (0..random.random_range(1..=3))
                .map(|_| ImportLine {
                    gtin: world.goods[random.random_range(0..4)],
                    quantity: random.random_range(1..=3),
                    unit_price_minor: None,
                    discount_minor: 0,
                    reward_line: random.random_bool(0.1),
                })
                .collect();
            let external_id = format!("{}-{}", now.0, random.random::<u32>());
            // Late by days sometimes; the same basket again within two minutes is held.
            let purchased_at = now.plus_ms(-random.random_range(0..3) * DAY_MS - random.random_range(0..30) * MINUTE_MS);
            let import: ImportPurchase =
                serde_json::from_value(json!({ "shop_id": world.shops[random.random_range(0..3)], "consumer_id": consumer, "external_id": external_id, "purchased_at": purchased_at, "lines": Vec::<ImportLine>::new() })).unwrap();
            let import = ImportPurchase { lines, ..import };
            for again in 0..=u8::from(random.random_bool(0.15)) {
                let import = ImportPurchase { external_id: format!("{external_id}-{again}"), ..import.clone() };
                purchase::import(&mut tx, &world.loyalty, &world.till, now, &import, external_id.as_bytes()).await.unwrap();
            }
        }
    }
    tx.commit().await.unwrap();
}

/// Every report of every brand.
async fn told(tx: &mut Tx, world: &World, now: Timestamp) -> Vec<Value> {
    let mut told = Vec::new();
    for brand in &world.brands {
        for (from, to) in [("2026-03-01", "2026-04-01"), ("2026-03-12", "2026-03-15")] {
            let asked = Asked { brand: *brand, from: from.parse().unwrap(), to: to.parse().unwrap(), as_of: now, now, k: 1 };
            let scope = Scope::open(tx, &Actor::System, asked).await.unwrap();
            told.push(json!(reports::sales_per_pli(tx, &scope).await.unwrap()));
            told.push(json!(reports::active_pdv(tx, &scope, 2).await.unwrap()));
            told.push(json!(reports::shop_performance(tx, &scope).await.unwrap()));
            told.push(json!(reports::reach(tx, &scope).await.unwrap()));
            told.push(json!(reports::conversion(tx, &scope, scope.cohort(), 3).await.unwrap()));
            told.push(json!(reports::frequency(tx, &scope, scope.cohort()).await.unwrap()));
            told.push(json!(reports::cac(tx, &scope).await.unwrap()));
            told.push(json!(reports::rfm(tx, &scope).await.unwrap()));
            told.push(json!(reports::liability(tx, &scope).await.unwrap()));
            told.push(json!(reports::summary(tx, &Actor::System, now, *brand, scope_day(from), scope_day("2026-03-20")).await.unwrap()));
        }
    }
    told
}

/// After everything.
fn now_and_later() -> shared::CivilDate {
    scope_day("2026-06-01")
}

fn scope_day(text: &str) -> shared::CivilDate {
    text.parse().unwrap()
}

sql! {
    BOUGHT: "SELECT id FROM purchase WHERE status = 'accepted' ORDER BY id";
    HELD: "SELECT id FROM purchase WHERE status = 'held' ORDER BY id";
    HELD_POINTS: "SELECT CAST(COALESCE(SUM(available + pending + reserved), 0) AS BIGINT) FROM wallet WHERE brand_id = $1 AND unit = 'points'";
    FORGET_POINTS: "DELETE FROM report_points";
    FORGET_DAYS: "DELETE FROM report_day";
    KEPT: "SELECT COUNT(*) FROM report_day";
}

/// Plays one life; at random moments days are read again, and both ways must tell the same.
pub async fn play(db: &Db, seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let mut world = world(db).await;
    let mut now = BEGIN;
    for event in 0..EVENTS {
        now = now.plus_ms(random.random_range(MINUTE_MS..90 * MINUTE_MS));
        happen(db, &mut world, now, &mut random).await;
        if random.random_bool(0.3) {
            days::refresh(db, now, Pace::Hurry).await.unwrap();
            points::refresh(db, now, Pace::Hurry).await.unwrap();
        }
        if event % 15 == 14 {
            // Nothing of this is committed.
            let mut tx = db.begin().await.unwrap();
            let kept = told(&mut tx, &world, now).await;
            tx.query(FORGET_DAYS).execute().await.unwrap();
            tx.query(FORGET_POINTS).execute().await.unwrap();
            let read = told(&mut tx, &world, now).await;
            assert_eq!(kept, read, "after event {event} of life {seed}");
        }
    }
    settle::everybody(db, &world.loyalty, now).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    for brand in &world.brands {
        let asked = Asked { brand: *brand, from: scope_day("2026-03-01"), to: now_and_later(), as_of: now, now, k: 1 };
        let scope = Scope::open(&mut tx, &Actor::System, asked).await.unwrap();
        let told = reports::liability(&mut tx, &scope).await.unwrap().values;
        let (held,): (i64,) = tx.query(HELD_POINTS).bind(*brand).one().await.unwrap();
        assert!(told.closing == held && told.earned > 100 && told.expired > 0 && told.spent > 0 && told.reversed > 0, "{held} {told:?}");
    }
    drop(tx);
    while days::refresh(db, now, Pace::Hurry).await.unwrap() + points::refresh(db, now, Pace::Hurry).await.unwrap() > 0 {}
    let (points_many, points_differ) = points::verify(db).await.unwrap();
    assert!(points_many > 15 && points_differ.is_empty(), "{points_many} {points_differ:?}");
    let (many, differ) = days::verify(db).await.unwrap();
    let (kept,): (i64,) = db.read().await.unwrap().query(KEPT).one().await.unwrap();
    assert!(differ.is_empty(), "{differ:?}");
    assert!(many > 15 && kept == many, "nothing waits any more: {many} of {kept}");
}
