//! A believable demonstration world, made through the real verbs: three brands, twenty products, twelve shops in two
//! countries, two hundred consumers, and ninety days of purchases. The same world every time.

use anyhow::{Context, Result};
use db::Tx;
use identity::{
    Actor, Phone, Scopes, api_key,
    challenge::VerifiedPhone,
    consent::{self, Decision},
    consumer::NewConsumer,
    organisation, shop, user,
};
use loyalty::{campaign, card, purchase, reward};
use rand::{Rng, SeedableRng, rngs::StdRng};
use shared::{
    BrandId, ConsumerId, Country, Currency, Gtin, OrganisationId, ProductId, ShopId, Timestamp,
    catalogue::NewProduct,
    identity::{NewShop, OrganisationKind, UserRole},
    loyalty::{
        CampaignRules, ImportLine, ImportPurchase, NewCampaign, NewDelivery, NewReward, Rule, RuleKind, Template,
        campaign::{Basis, Threshold, Unit},
    },
    time::{DAY_MS, HOUR_MS, MINUTE_MS},
};

use crate::App;

/// What was made, and how to log in to it.
#[derive(Debug, Default)]
pub struct Report {
    /// One line for each persona: address and log-in.
    pub lines: Vec<String>,
}

const PASSWORD: &str = "mostrador-demo";
const DAYS: i64 = 90;
const CONSUMERS: u32 = 200;
const PURCHASES_PER_DAY: u32 = 24;

/// Name, its beginning of a GTIN, category, price in the currency's major units.
type Article = (&'static str, u64, &'static str, &'static str);

struct BrandPlan {
    organisation: &'static str,
    country: Country,
    name: &'static str,
    colour: &'static str,
    person: &'static str,
    email: &'static str,
    /// Whoever reads what the first one prepared.
    colleague: &'static str,
    colleague_email: &'static str,
    articles: &'static [Article],
}

const BRANDS: [BrandPlan; 3] = [
    BrandPlan {
        organisation: "Bebidas Sierra",
        country: Country::Co,
        name: "Cola Sierra",
        colour: "#9F1239",
        person: "Laura",
        email: "laura@sierra.example",
        colleague: "Andrés",
        colleague_email: "andres@sierra.example",
        articles: &[
            ("Cola Sierra 400 ml", 770_900_100_001, "drink", "2500"),
            ("Cola Sierra 1,5 L", 770_900_100_002, "drink", "5200"),
            ("Sierra Cero 400 ml", 770_900_100_003, "drink", "2500"),
            ("Sierra Limón 400 ml", 770_900_100_004, "drink", "2400"),
            ("Sierra Agua 600 ml", 770_900_100_005, "drink", "1800"),
            ("Cola Sierra six-pack", 770_900_100_006, "drink", "13900"),
            ("Sierra Té 500 ml", 770_900_100_007, "drink", "2900"),
        ],
    },
    BrandPlan {
        organisation: "Tostadores del Valle",
        country: Country::Co,
        name: "Café Altura",
        colour: "#5B3A1E",
        person: "Mateo",
        email: "mateo@altura.example",
        colleague: "Sofía",
        colleague_email: "sofia@altura.example",
        articles: &[
            ("Café Altura 250 g", 770_900_200_001, "coffee", "9800"),
            ("Café Altura 500 g", 770_900_200_002, "coffee", "18500"),
            ("Altura Instantáneo 85 g", 770_900_200_003, "coffee", "12400"),
            ("Altura Descafeinado 250 g", 770_900_200_004, "coffee", "11200"),
            ("Chocolate Altura 200 g", 770_900_200_005, "coffee", "7600"),
        ],
    },
    BrandPlan {
        organisation: "Alimentos Lucero",
        country: Country::Cl,
        name: "Galletas Lucero",
        colour: "#8A5A00",
        person: "Pilar",
        email: "pilar@lucero.example",
        colleague: "Tomás",
        colleague_email: "tomas@lucero.example",
        articles: &[
            ("Galletas Lucero vainilla 120 g", 780_900_300_001, "snack", "890"),
            ("Galletas Lucero cacao 120 g", 780_900_300_002, "snack", "890"),
            ("Lucero Soda 180 g", 780_900_300_003, "snack", "750"),
            ("Lucero Avena 150 g", 780_900_300_004, "grain", "1190"),
            ("Lucero Mini 40 g", 780_900_300_005, "snack", "350"),
        ],
    },
];

/// Products of nobody on the platform: they fill baskets and earn nothing.
const OTHERS: [Article; 3] = [
    ("Pan tajado 500 g", 770_900_900_001, "grain", "5600"),
    ("Leche entera 1 L", 770_900_900_002, "dairy", "4300"),
    ("Jabón de barra 120 g", 770_900_900_003, "soap", "3200"),
];

const SHOPS: [(&str, Country, &str, &str); 12] = [
    ("Tienda La Esquina", Country::Co, "Bogotá", "Norte"),
    ("Autoservicio Don Luis", Country::Co, "Bogotá", "Centro"),
    ("Granero Central", Country::Co, "Bogotá", "Sur"),
    ("Minimarket Sol", Country::Co, "Medellín", "Norte"),
    ("Tienda Santa Ana", Country::Co, "Medellín", "Centro"),
    ("Víveres Don José", Country::Co, "Cali", "Sur"),
    ("Tienda El Roble", Country::Co, "Cali", "Norte"),
    ("Autoservicio Luz", Country::Co, "Bogotá", "Occidente"),
    ("Almacén La Paz", Country::Cl, "Santiago", "Ñuñoa"),
    ("Minimarket Los Aromos", Country::Cl, "Santiago", "Maipú"),
    ("Almacén Doña Olga", Country::Cl, "Valparaíso", "Puerto"),
    ("Botillería El Faro", Country::Cl, "Valparaíso", "Cerro"),
];

const NAMES: [&str; 20] = [
    "Ana", "Luis", "Marta", "Jorge", "Elena", "Pedro", "Rosa", "Iván", "Clara", "Hugo", "Nelly", "Saúl", "Berta", "Raúl", "Gloria",
    "Tomás", "Olga", "Diego", "Julia", "Andrés",
];

/// Twelve digits with their check digit.
fn gtin(twelve: u64) -> Result<Gtin> {
    let digit = (0..10).find_map(|digit| format!("{twelve}{digit}").parse::<Gtin>().ok());
    digit.context("twelve digits have one check digit")
}

fn trusted(app: &App, country: Country, number: u32) -> Result<VerifiedPhone> {
    let text = match country {
        Country::Co => format!("300555{number:04}"),
        Country::Cl => format!("95555{number:04}"),
        Country::Mx => format!("552555{number:04}"),
    };
    Ok(VerifiedPhone::trusted(&app.keys, Phone::parse(country, &text)?))
}

/// A brand, whose it is, where it sells, and what.
type SeededBrand = (BrandId, OrganisationId, Country, Vec<(ProductId, Gtin)>);

struct World {
    shops: Vec<(ShopId, Country)>,
    brands: Vec<SeededBrand>,
    others: Vec<Gtin>,
    consumers: Vec<(ConsumerId, Country)>,
}

/// Fills an empty database; a seeded one stays as it is.
pub async fn run(app: &App) -> Result<Report> {
    let now = app.clock.now();
    let begin = now.plus_ms(-DAYS * DAY_MS);
    {
        let mut tx = app.db.read().await?;
        if !organisation::list(&mut tx, &Actor::System).await?.is_empty() {
            return Ok(Report { lines: vec!["The database has a world already; nothing was changed.".into()] });
        }
    }
    let password_hash = user::hash_password(PASSWORD).await?;
    let mut tx = app.db.begin().await?;
    let operator = organisation::create(&mut tx, &Actor::System, begin, "Mostrador", OrganisationKind::Operator, Country::Co).await?;
    let admin = user::NewUser {
        organisation: operator.id,
        email: "julian@mostrador.example",
        name: "Julián P.",
        role: UserRole::Admin,
        password_hash: password_hash.clone(),
    };
    user::create(&mut tx, &Actor::System, begin, admin).await?;
    let scopes = Scopes::parse("purchases:import operator sandbox").context("known scopes")?;
    let (key, _) = api_key::insert(&mut tx, begin, operator.id, None, "Demostración", &scopes, None).await?;
    let partner = Actor::Key { key: key.id, tenant: operator.id, kind: OrganisationKind::Operator, scopes };
    let mut world = people_and_things(&mut tx, app, begin, &password_hash).await?;
    tx.commit().await?;
    campaigns(app, &world, begin).await?;
    let mut random = StdRng::seed_from_u64(20_261_121);
    world.consumers = consumers(app, &world, begin, &mut random).await?;
    let made = purchases(app, &world, &partner, begin, now, &mut random).await?;
    let delivered = deliveries(app, &world, &partner, now).await?;
    let url = &app.config.public_url;
    Ok(Report {
        lines: vec![
            format!("{made} purchases and {delivered} delivered rewards in {DAYS} days"),
            format!("Consumer    {url}/c/  phone 300 555 1000 (Colombia); the code is at {url}/sandbox/outbox"),
            format!("Tendero     {url}/t/  phone 300 555 0000 (Colombia); the code is at {url}/sandbox/outbox"),
            format!("Brand       {url}/b/  laura@sierra.example, password {PASSWORD}; andres@sierra.example publishes what she prepares"),
            format!("Backoffice  {url}/o/  julian@mostrador.example, password {PASSWORD}"),
        ],
    })
}

async fn people_and_things(tx: &mut Tx, app: &App, begin: Timestamp, password_hash: &str) -> Result<World> {
    let mut world = World { shops: Vec::new(), brands: Vec::new(), others: Vec::new(), consumers: Vec::new() };
    for plan in &BRANDS {
        let org = organisation::create(tx, &Actor::System, begin, plan.organisation, OrganisationKind::BrandOwner, plan.country).await?;
        let brand = organisation::create_brand(tx, &Actor::System, begin, org.id, plan.name, plan.colour).await?;
        let new = user::NewUser {
            organisation: org.id,
            email: plan.email,
            name: plan.person,
            role: UserRole::Admin,
            password_hash: password_hash.to_owned(),
        };
        user::create(tx, &Actor::System, begin, new).await?;
        let second = user::NewUser {
            organisation: org.id,
            email: plan.colleague_email,
            name: plan.colleague,
            role: UserRole::Manager,
            password_hash: password_hash.to_owned(),
        };
        user::create(tx, &Actor::System, begin, second).await?;
        let mut products = Vec::new();
        for article in plan.articles {
            products.push(product(tx, begin, Some(brand.id), plan.country.currency(), article).await?);
        }
        world.brands.push((brand.id, org.id, plan.country, products));
    }
    for article in &OTHERS {
        world.others.push(product(tx, begin, None, Currency::Cop, article).await?.1);
    }
    for (number, (name, country, city, zone)) in (0_u32..).zip(SHOPS) {
        let new = NewShop {
            name: name.into(),
            country,
            time_zone: None,
            city: city.into(),
            zone: zone.into(),
            distributor_code: Some(format!("D-{number:03}")),
        };
        let (id, _) = shop::register(tx, begin, &trusted(app, country, number)?, &new, NAMES[(number as usize + 6) % NAMES.len()]).await?;
        world.shops.push((id, country));
    }
    Ok(world)
}

async fn product(
    tx: &mut Tx,
    begin: Timestamp,
    brand_id: Option<BrandId>,
    currency: Currency,
    article: &Article,
) -> Result<(ProductId, Gtin)> {
    let (name, twelve, category, price) = *article;
    let gtin = gtin(twelve)?;
    let new = NewProduct {
        gtin,
        brand_id,
        name: name.into(),
        category: category.into(),
        suggested_price_minor: currency.parse_major(price),
        currency,
    };
    Ok((catalogue::product::create(tx, &Actor::System, begin, &new).await?.id, gtin))
}

async fn campaigns(app: &App, world: &World, begin: Timestamp) -> Result<()> {
    let starts = identity::shop::local_date("America/Bogota", begin);
    let ends = starts.plus_days(DAYS + 180).context("a date in the calendar")?;
    let names = ["Lleva 5, gana 1", "Puntos por tu café", "Galleta que suma"];
    for (place, (brand, _, country, products)) in world.brands.iter().enumerate() {
        let mut tx = app.db.begin().await?;
        let kind = match place {
            0 => RuleKind::PerUnit { units: 1, points: 1 },
            1 => RuleKind::PerAmount { step_minor: 100_000, points: 1, basis: Basis::Purchase },
            _ => RuleKind::PerUnit { units: 1, points: 5 },
        };
        let threshold = if place == 0 {
            let new = NewReward {
                brand_id: *brand,
                name: "1 Cola Sierra 400 ml".into(),
                category: "drink".into(),
                unit_cost_minor: 250_000,
                handling_fee_minor: 20_000,
                currency: country.currency(),
                stock: Some(5_000),
                max_per_consumer: None,
                cost: None,
                reserve_minutes: None,
            };
            Some(Threshold { need: 5, reward_id: reward::create(&mut tx, &Actor::System, begin, &new).await?.id })
        } else {
            None
        };
        // What points buy.
        for (name, category, cost_major, cost) in [("Café molido 125 g", "pantry", "4500", 40), ("Pocillo de loza", "gift", "9000", 120)] {
            if place == 1 {
                let currency = country.currency();
                let new = NewReward {
                    brand_id: *brand,
                    name: name.into(),
                    category: category.into(),
                    unit_cost_minor: currency.parse_major(cost_major).unwrap_or(0),
                    handling_fee_minor: currency.parse_major("300").unwrap_or(0),
                    currency,
                    stock: Some(200),
                    max_per_consumer: None,
                    cost: Some(cost),
                    reserve_minutes: None,
                };
                reward::create(&mut tx, &Actor::System, begin, &new).await?;
            }
        }
        let unit = if place == 0 { Unit::Stamps } else { Unit::Points };
        let rule = Rule { kind, min_amount_minor: None, min_units: None };
        let products = products.iter().map(|(id, _)| *id).collect();
        let valid_days = (place > 0).then_some(180);
        let rules = CampaignRules { threshold, valid_days, ..CampaignRules::new(unit, starts, ends, products, vec![rule]) };
        let template = [Template::StampCard, Template::PointsPerValue, Template::PointsPerUnit][place];
        let new = NewCampaign { brand_id: *brand, name: names[place].into(), template, rules };
        let id = campaign::create(&mut tx, &Actor::System, begin, &new).await?.id;
        campaign::publish(&mut tx, &Actor::System, begin, id).await?;
        let shops: Vec<ShopId> = world.shops.iter().filter(|(_, home)| home == country).map(|(id, _)| *id).collect();
        identity::participation::enrol(&mut tx, &Actor::System, begin, *brand, &shops).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn consumers(app: &App, world: &World, begin: Timestamp, random: &mut StdRng) -> Result<Vec<(ConsumerId, Country)>> {
    let mut made = Vec::new();
    let mut tx = app.db.begin().await?;
    for number in 0..CONSUMERS {
        let country = if number % 4 == 3 { Country::Cl } else { Country::Co };
        let at = begin.plus_ms(random.random_range(0..20 * DAY_MS));
        let granted = Decision::for_the_card(consent::text(country).version, "web", "Demostración");
        let shops: Vec<ShopId> = world.shops.iter().filter(|(_, home)| *home == country).map(|(id, _)| *id).collect();
        let new = NewConsumer {
            name: Some(NAMES[number as usize % NAMES.len()].into()),
            adult: true,
            shop: Some(shops[random.random_range(0..shops.len())]),
            consents: vec![granted],
        };
        let (consumer, _) = card::sign_up(&mut tx, &app.loyalty, at, &trusted(app, country, 1_000 + number)?, &new).await?;
        made.push((consumer, country));
    }
    tx.commit().await?;
    Ok(made)
}

async fn purchases(app: &App, world: &World, partner: &Actor, begin: Timestamp, now: Timestamp, random: &mut StdRng) -> Result<u32> {
    let mut made = 0;
    for day in 0..DAYS {
        let mut tx = app.db.begin().await?;
        // Fridays and Saturdays are better days, and the brands grow a little.
        let weight = [10, 9, 10, 10, 12, 15, 13][day as usize % 7] + u32::try_from(day / 15).unwrap_or(0);
        for number in 0..PURCHASES_PER_DAY * weight / 11 {
            let at = begin.plus_ms(day * DAY_MS + 12 * HOUR_MS + random.random_range(0..13 * HOUR_MS));
            if at > now.plus_ms(-10 * MINUTE_MS) {
                continue;
            }
            // A few come often, most now and then.
            let square =
                random.random_range(0..world.consumers.len()) * random.random_range(0..world.consumers.len()) / world.consumers.len();
            let (consumer, country) = world.consumers[square];
            let shops: Vec<ShopId> = world.shops.iter().filter(|(_, home)| *home == country).map(|(id, _)| *id).collect();
            let import = ImportPurchase {
                external_id: format!("demo-{day}-{number}"),
                shop_id: shops[random.random_range(0..shops.len())],
                consumer_id: Some(consumer),
                card_code: None,
                purchased_at: at,
                offline: false,
                lines: basket(world, country, random),
            };
            let body = serde_json::to_vec(&import)?;
            purchase::import(&mut tx, &app.loyalty, partner, at, &import, &body).await?;
            made += 1;
        }
        tx.commit().await?;
    }
    Ok(made)
}

fn basket(world: &World, country: Country, random: &mut StdRng) -> Vec<ImportLine> {
    let line = |gtin: Gtin, quantity: i64| ImportLine { gtin, quantity, unit_price_minor: None, discount_minor: 0, reward_line: false };
    let mut lines: Vec<ImportLine> = Vec::new();
    for (_, _, home, products) in &world.brands {
        if *home == country && random.random_bool(0.6) {
            let (_, gtin) = products[random.random_range(0..products.len())];
            lines.push(line(gtin, random.random_range(1..=3)));
        }
    }
    if lines.is_empty() || (country == Country::Co && random.random_bool(0.5)) {
        let gtin = if country == Country::Co { world.others[random.random_range(0..world.others.len())] } else { world.brands[2].3[0].1 };
        lines.push(line(gtin, 1));
    }
    lines
}

/// Three in four rewards were handed over, at the shops of the first purchases.
async fn deliveries(app: &App, world: &World, partner: &Actor, now: Timestamp) -> Result<u32> {
    let mut delivered = 0;
    for (place, (consumer, _)) in world.consumers.iter().enumerate() {
        let mut tx = app.db.begin().await?;
        let rewards = reward::of_consumer(&mut tx, partner, *consumer).await?;
        for (number, given) in rewards.iter().enumerate().filter(|(number, _)| number % 4 != 3) {
            let Some(code) = given.code.clone() else {
                continue;
            };
            let (shop_id, _) = world.shops[(place + number) % 8];
            let at = Timestamp((given.issued_at.0 + 2 * HOUR_MS).min(now.0));
            reward::deliver(&mut tx, &app.loyalty, partner, at, &NewDelivery { code, shop_id: Some(shop_id) }).await?;
            delivered += 1;
        }
        tx.commit().await?;
    }
    Ok(delivered)
}
