//! Brands, products, rewards and campaigns, each through its own verb.

use db::{Db, sql};
use identity::{Actor, organisation};
use loyalty::{campaign, reward};
use shared::{
    BrandId, CampaignId, CampaignVersionId, Country, Currency, Gtin, OrganisationId, ProductId, RewardId,
    catalogue::NewProduct,
    identity::OrganisationKind,
    loyalty::{
        CampaignRules, NewCampaign, NewReward, Rule, RuleKind, Template,
        campaign::{Basis, Cap, CapScope, Multiplier, MultiplierWhen, OnExceed, Threshold, Unit},
    },
};

use crate::{DAYS, Error, Plan, days};

/// So many of each limited reward.
const STOCK: i64 = 10_000_000;

/// Something that is sold.
pub(crate) struct Product {
    pub id: ProductId,
    pub gtin: Gtin,
    /// Suggested, minor units.
    pub price: i64,
    /// Place of its brand; `None`: nobody's on the platform.
    pub brand: Option<usize>,
}

pub(crate) struct Brand {
    pub id: BrandId,
    pub tenant: OrganisationId,
    /// How often a basket holds something of it.
    pub share: f64,
    pub products: std::ops::Range<usize>,
}

pub(crate) struct Campaign {
    pub id: CampaignId,
    pub version: CampaignVersionId,
    pub brand: usize,
    pub rules: CampaignRules,
    /// A full card gives it.
    pub reward: Option<Reward>,
    /// Its total is counted.
    pub counted: bool,
}

/// A reward with what a delivery costs.
#[derive(Clone, Copy)]
pub(crate) struct Reward {
    pub id: RewardId,
    pub unit_cost: i64,
    pub handling_fee: i64,
    /// Points, in a catalogue.
    pub cost: i64,
}

/// What stood before the first purchase.
pub(crate) struct Ground {
    pub operator: OrganisationId,
    pub brands: Vec<Brand>,
    pub products: Vec<Product>,
    /// In the order of their priority and id, as evaluations are made.
    pub campaigns: Vec<Campaign>,
    /// Of the second brand's catalogue.
    pub catalogue: Reward,
}

/// Name, prices of its products in pesos, and share of the baskets.
const BRANDS: [(&str, &[i64], f64); 6] = [
    ("Cola Sierra", &[2_500, 5_200, 2_400, 1_800, 2_900], 0.45),
    ("Café Altura", &[9_800, 18_500, 12_400], 0.28),
    ("Galletas Lucero", &[890, 1_190, 750, 350], 0.36),
    ("Jabón Brisa", &[3_200, 6_100, 4_500], 0.18),
    ("Lácteos Pradera", &[4_300, 2_100, 7_900, 3_600], 0.24),
    ("Especias Mía", &[1_500, 2_200], 0.06),
];
/// Products of nobody on the platform.
const OTHERS: [i64; 4] = [5_600, 3_900, 1_200, 8_000];

pub(crate) async fn lay(db: &Db, plan: &Plan) -> Result<Ground, Error> {
    let begin = plan.begin();
    let (first, last) = (days::date_of(plan.until), days::date_of(plan.until));
    let (starts, ends) = first.plus_days(-DAYS - 10).zip(last.plus_days(365)).ok_or_else(|| Error::Refused("no such date".into()))?;
    let mut tx = db.begin().await?;
    let known = organisation::list(&mut tx, &Actor::System).await?;
    if known.iter().any(|organisation| organisation.kind == OrganisationKind::BrandOwner) {
        return Err(Error::NotEmpty);
    }
    let operator = match known.first() {
        Some(operator) => operator.id,
        None => organisation::create(&mut tx, &Actor::System, begin, "Mostrador", OrganisationKind::Operator, Country::Co).await?.id,
    };
    let (mut brands, mut products) = (Vec::new(), Vec::new());
    for (place, (name, prices, share)) in BRANDS.into_iter().enumerate() {
        let owner = organisation::create(&mut tx, &Actor::System, begin, name, OrganisationKind::BrandOwner, Country::Co).await?;
        let brand = organisation::create_brand(&mut tx, &Actor::System, begin, owner.id, name, "#336699").await?;
        let from = products.len();
        for (number, price) in prices.iter().enumerate() {
            products.push(product(&mut tx, begin, format!("{name} {number}"), *price, Some((place, brand.id)), products.len()).await?);
        }
        brands.push(Brand { id: brand.id, tenant: owner.id, share, products: from..products.len() });
    }
    for (number, price) in OTHERS.into_iter().enumerate() {
        products.push(product(&mut tx, begin, format!("Otro {number}"), price, None, products.len()).await?);
    }
    let rule = |kind| Rule { kind, min_amount_minor: None, min_units: None };
    let rules = |brand: usize, unit, rule| {
        let mine = products[brands[brand].products.clone()].iter().map(|product| product.id).collect();
        CampaignRules::new(unit, starts, ends, mine, vec![rule])
    };
    let per_unit = |points| rule(RuleKind::PerUnit { units: 1, points });
    let per_amount = rule(RuleKind::PerAmount { step_minor: 100_000, points: 1, basis: Basis::Purchase });
    let weekend = Multiplier {
        id: "fin de semana".into(),
        factor: "2".parse().map_err(|_| Error::Refused("2 is a factor".into()))?,
        when: MultiplierWhen { dow: Some(vec![6, 7]), ..MultiplierWhen::default() },
    };
    let cap = |scope, max| Cap { scope, max, on_exceed: OnExceed::Truncate };
    let card = Reward {
        id: offer(&mut tx, begin, brands[0].id, "1 Cola Sierra", (250_000, 20_000), None).await?,
        unit_cost: 250_000,
        handling_fee: 20_000,
        cost: 0,
    };
    let spice = Reward {
        id: offer(&mut tx, begin, brands[5].id, "1 frasco", (150_000, 10_000), None).await?,
        unit_cost: 150_000,
        handling_fee: 10_000,
        cost: 0,
    };
    let catalogue = Reward {
        id: offer(&mut tx, begin, brands[1].id, "Pocillo", (900_000, 30_000), Some(60)).await?,
        unit_cost: 900_000,
        handling_fee: 30_000,
        cost: 60,
    };
    let drafts = vec![
        (
            0,
            "Lleva 6, gana 1",
            CampaignRules { threshold: Some(Threshold { need: 6, reward_id: card.id }), ..rules(0, Unit::Stamps, per_unit(1)) },
            Some(card),
        ),
        (1, "Puntos por tu café", CampaignRules { valid_days: Some(60), ..rules(1, Unit::Points, per_amount.clone()) }, None),
        (2, "Galleta que suma", CampaignRules { hold_days: 1, valid_days: Some(180), ..rules(2, Unit::Points, per_unit(5)) }, None),
        (
            3,
            "Brisa siempre",
            CampaignRules {
                caps: vec![cap(CapScope::ConsumerDay, 3)],
                ..rules(3, Unit::Points, rule(RuleKind::PerPurchase { points: 2 }))
            },
            None,
        ),
        (3, "Brisa de sábado", CampaignRules { multipliers: vec![weekend], ..rules(3, Unit::Points, per_amount) }, None),
        (
            4,
            "Leche con presupuesto",
            CampaignRules {
                caps: vec![cap(CapScope::Campaign, 1_000_000_000), cap(CapScope::PdvDay, 200)],
                hold_days: 2,
                ..rules(4, Unit::Points, per_unit(2))
            },
            None,
        ),
        (
            5,
            "Sello de sabor",
            CampaignRules { threshold: Some(Threshold { need: 4, reward_id: spice.id }), ..rules(5, Unit::Stamps, per_unit(1)) },
            Some(spice),
        ),
    ];
    let mut campaigns = Vec::new();
    for (brand, name, rules, reward) in drafts {
        let counted = rules.caps.iter().any(|cap| cap.scope.is_shared());
        let new = NewCampaign { brand_id: brands[brand].id, name: name.into(), template: Template::Custom, rules: rules.clone() };
        let id = campaign::create(&mut tx, &Actor::System, begin, &new).await?.id;
        campaign::publish(&mut tx, &Actor::System, begin, id).await?;
        let (version,): (CampaignVersionId,) = tx.query(VERSION).bind(id).bind(brands[brand].tenant).one().await?;
        campaigns.push(Campaign { id, version, brand, rules, reward, counted });
    }
    tx.commit().await?;
    campaigns.sort_by_key(|campaign| (campaign.rules.priority, campaign.id));
    Ok(Ground { operator, brands, products, campaigns, catalogue })
}

async fn product(
    tx: &mut db::Tx,
    begin: shared::Timestamp,
    name: String,
    pesos: i64,
    owner: Option<(usize, BrandId)>,
    number: usize,
) -> Result<Product, Error> {
    let gtin: Option<Gtin> = (0..10).find_map(|check| format!("7709{number:08}{check}").parse().ok());
    let gtin = gtin.ok_or_else(|| Error::Refused("every barcode has a check digit".into()))?;
    let price = pesos * 100;
    let brand_id = owner.map(|(_, brand)| brand);
    let new = NewProduct { gtin, brand_id, name, category: String::new(), suggested_price_minor: Some(price), currency: Currency::Cop };
    let id = catalogue::product::create(tx, &Actor::System, begin, &new).await?.id;
    Ok(Product { id, gtin, price, brand: owner.map(|(place, _)| place) })
}

async fn offer(
    tx: &mut db::Tx,
    begin: shared::Timestamp,
    brand_id: BrandId,
    name: &str,
    (unit_cost_minor, handling_fee_minor): (i64, i64),
    cost: Option<i64>,
) -> Result<RewardId, Error> {
    let new = NewReward {
        brand_id,
        name: name.into(),
        category: "gift".into(),
        unit_cost_minor,
        handling_fee_minor,
        currency: Currency::Cop,
        stock: Some(STOCK),
        max_per_consumer: None,
        cost,
        reserve_minutes: None,
    };
    Ok(reward::create(tx, &Actor::System, begin, &new).await?.id)
}

/// What the rewards that were given left of their stock.
pub(crate) async fn set_stock(db: &Db, given: &[(RewardId, i64)]) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    for (reward, given) in given {
        tx.query(SET_STOCK).bind(STOCK - given).bind(*reward).execute().await?;
    }
    tx.commit().await?;
    Ok(())
}

sql! {
    VERSION: "SELECT id FROM campaign_version WHERE campaign_id = $1 AND tenant_id = $2";

    SET_STOCK: "UPDATE reward_stock SET units_left = $1 WHERE reward_id = $2";
}
