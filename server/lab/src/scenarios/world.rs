//! The world of one case, made through the REST interface, and the ids that the server gave to the scenario's names.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};
use shared::{
    BrandId, CampaignId, CampaignVersionId, ConsumerId, Country, Currency, Gtin, ProductId, RewardId, ShopId, Timestamp,
    catalogue::Product,
    identity::{Brand, Organisation, Shop},
    loyalty::{Campaign, Reward},
    time::DAY_MS,
};

use super::format::{self, Scenario};
use crate::client::{Client, text};

/// A scenario's amounts have no currency of their own: pesos with two decimals hold every one of them.
pub const CURRENCY: Currency = Currency::Cop;
const COUNTRY: Country = Country::Co;
/// The world is older than whatever happens in it.
const OLDER_BY_MS: i64 = DAY_MS;

/// A product as purchases name it.
struct KnownProduct {
    id: ProductId,
    gtin: Gtin,
}

/// What the scenario's names are called on the server.
#[derive(Default)]
pub struct World {
    brands: BTreeMap<String, BrandId>,
    shops: BTreeMap<String, ShopId>,
    products: BTreeMap<String, KnownProduct>,
    consumers: BTreeMap<String, ConsumerId>,
    rewards: BTreeMap<String, RewardId>,
    campaigns: BTreeMap<String, CampaignId>,
    versions: BTreeMap<CampaignVersionId, String>,
}

impl World {
    /// Makes everything in the setup. The clock of a controlled server is turned on the way.
    pub async fn make(client: &Client, scenario: &Scenario) -> Result<Self> {
        let setup = &scenario.setup;
        client.set_clock(beginning(scenario)).await?;
        let mut world = Self::default();
        for brand in brands(setup) {
            let id = make_brand(client, brand).await?;
            world.brands.insert(brand.to_owned(), id);
        }
        for pdv in &setup.pdvs {
            let shop: Shop = client.post("/api/v1/shops", &json!({ "name": pdv.id, "country": COUNTRY, "time_zone": pdv.tz })).await?;
            world.shops.insert(pdv.id.clone(), shop.id);
        }
        for (number, product) in setup.products.iter().enumerate() {
            let known = world.make_product(client, number, product).await.with_context(|| product.id.clone())?;
            world.products.insert(product.id.clone(), known);
        }
        for reward in &setup.rewards {
            let id = world.make_reward(client, reward).await.with_context(|| reward.id.clone())?;
            world.rewards.insert(reward.id.clone(), id);
        }
        world.make_campaigns(client, scenario).await?;
        // Later versions are published at their own instants, and people come before all that happens.
        client.set_clock(beginning(scenario)).await?;
        for consumer in &setup.consumers {
            let id = world.make_consumer(client, consumer).await.with_context(|| consumer.id.clone())?;
            world.consumers.insert(consumer.id.clone(), id);
        }
        Ok(world)
    }

    async fn make_product(&self, client: &Client, number: usize, product: &format::Product) -> Result<KnownProduct> {
        let brand = product.brand.as_deref().map(|brand| self.brand(brand)).transpose()?;
        let price = product.srp.as_deref().map(minor).transpose()?;
        let new =
            json!({ "gtin": gtin(number)?, "name": product.id, "brand_id": brand, "suggested_price_minor": price, "currency": CURRENCY });
        let made: Product = client.post("/api/v1/products", &new).await?;
        Ok(KnownProduct { id: made.id, gtin: made.gtin })
    }

    async fn make_reward(&self, client: &Client, reward: &format::Reward) -> Result<RewardId> {
        let money = |amount: &Option<String>| amount.as_deref().map_or(Ok(0), minor);
        let mut new = object(json!({
            "name": reward.id,
            "brand_id": self.brand(&reward.brand)?,
            "unit_cost_minor": money(&reward.unit_cost)?,
            "handling_fee_minor": money(&reward.handling_fee)?,
            "currency": CURRENCY,
        }));
        insert(&mut new, "cost", reward.cost);
        insert(&mut new, "stock", reward.stock);
        insert(&mut new, "max_per_consumer", reward.max_per_consumer);
        insert(&mut new, "reserve_minutes", reward.reserve_minutes);
        let made: Reward = client.post("/api/v1/rewards", &new).await?;
        Ok(made.id)
    }

    /// In the order of their names, which decides between equal priorities; each version at its own instant.
    async fn make_campaigns(&mut self, client: &Client, scenario: &Scenario) -> Result<()> {
        let mut entries: Vec<&format::Campaign> = scenario.setup.campaigns.iter().collect();
        entries.sort_by_key(|entry| (entry.base(), entry.version_from, &entry.id));
        for (place, entry) in entries.iter().enumerate() {
            let earlier = place.checked_sub(1).map(|before| entries[before]).filter(|before| before.base() == entry.base());
            let next = entries.get(place + 1).filter(|next| next.base() == entry.base()).copied();
            follows(entry, earlier)?;
            let until = entry.version_to.filter(|to| next.is_none_or(|next| next.version_from != Some(*to)));
            self.make_version(client, entry, earlier.is_some(), until, beginning(scenario)).await.with_context(|| entry.id.clone())?;
        }
        Ok(())
    }

    async fn make_version(
        &mut self,
        client: &Client,
        entry: &format::Campaign,
        later: bool,
        until: Option<Timestamp>,
        beginning: Timestamp,
    ) -> Result<()> {
        let draft =
            json!({ "brand_id": self.brand(&entry.brand)?, "name": entry.base(), "template": "custom", "rules": self.rules(entry)? });
        let id = if later {
            let id = self.campaign(entry.base())?;
            client.put(&format!("/api/v1/campaigns/{id}"), &draft).await?;
            id
        } else {
            let made: Campaign = client.post("/api/v1/campaigns", &draft).await?;
            made.id
        };
        client.set_clock(entry.version_from.filter(|_| later).unwrap_or(beginning)).await?;
        let mut when = Map::new();
        insert(&mut when, "valid_from", entry.version_from.filter(|_| !later));
        insert(&mut when, "valid_until", until);
        let published: Campaign = client.post(&format!("/api/v1/campaigns/{id}/publication"), &Value::Object(when)).await?;
        let version = published.version_id.context("a published campaign without a version")?;
        self.campaigns.insert(entry.base().to_owned(), id);
        self.versions.insert(version, entry.id.clone());
        for (from, until) in &entry.paused {
            for (at, door) in [(from, "pause"), (until, "resumption")] {
                client.set_clock(*at).await?;
                client.post::<Campaign>(&format!("/api/v1/campaigns/{id}/{door}"), &json!({})).await?;
            }
        }
        Ok(())
    }

    /// The entry in the product's words. Whatever the product does not know, it refuses by name.
    fn rules(&self, entry: &format::Campaign) -> Result<Value> {
        let products: Vec<ProductId> = entry.pli.iter().map(|product| Ok(self.product(product)?.id)).collect::<Result<_>>()?;
        let mut rules = object(json!({
            "unit": entry.unit,
            "starts": entry.starts,
            "ends": entry.ends,
            "products": products,
            "rules": entry.rules.iter().map(|rule| self.rule(rule)).collect::<Result<Vec<_>>>()?,
            "adults_only": entry.min_age.is_some(),
        }));
        if let Some(format::Pdvs::Only(pdvs)) = &entry.pdvs {
            let shops: Vec<ShopId> = pdvs.iter().map(|pdv| self.shop(pdv)).collect::<Result<_>>()?;
            rules.insert("shops".to_owned(), json!({ "only": shops }));
        }
        if let Some(threshold) = &entry.threshold {
            ensure!(threshold.mode.as_deref().is_none_or(|mode| mode == "auto"), "the product has only automatic thresholds");
            rules.insert("threshold".to_owned(), json!({ "need": threshold.need, "reward_id": self.reward(&threshold.reward)? }));
        }
        insert(&mut rules, "enrolment", entry.enrol.as_ref());
        insert(&mut rules, "priority", entry.priority);
        insert(&mut rules, "combine", entry.combine.as_ref());
        insert(&mut rules, "exclusive_group", entry.exclusive_group.as_ref());
        insert(&mut rules, "multiplier_stacking", entry.multiplier_stacking.as_ref());
        insert(&mut rules, "price_guard", entry.price_guard.as_ref());
        insert(&mut rules, "hold_days", entry.hold_days);
        insert(&mut rules, "valid_days", entry.valid_days);
        insert(&mut rules, "on_shortfall", entry.on_shortfall.as_ref());
        insert(&mut rules, "multipliers", some(&entry.multipliers));
        insert(&mut rules, "bonuses", some(&entry.bonuses));
        insert(&mut rules, "caps", some(&entry.caps));
        Ok(rules.into())
    }

    fn rule(&self, rule: &format::Rule) -> Result<Value> {
        let mut said = object(json!({ "kind": rule.kind }));
        insert(&mut said, "units", rule.units);
        insert(&mut said, "points", rule.points);
        insert(&mut said, "basis", rule.basis.as_ref());
        insert(&mut said, "step_minor", rule.step.as_deref().map(minor).transpose()?);
        insert(&mut said, "min_amount_minor", rule.min_amount.as_deref().map(minor).transpose()?);
        insert(&mut said, "min_units", rule.min_units);
        if let Some(table) = &rule.table {
            let table: Map<String, Value> =
                table.iter().map(|(product, points)| Ok((self.product(product)?.id.to_string(), json!(points)))).collect::<Result<_>>()?;
            said.insert("table".to_owned(), table.into());
        }
        Ok(said.into())
    }

    async fn make_consumer(&self, client: &Client, consumer: &format::Consumer) -> Result<ConsumerId> {
        let works_at = consumer.works_at.as_deref().map(|pdv| self.shop(pdv)).transpose()?;
        let new = json!({ "name": consumer.id, "country": COUNTRY, "anonymous": consumer.anonymous(), "adult": consumer.age_verified, "works_at": works_at });
        let made: Value = client.post("/api/v1/sandbox/consumers", &new).await?;
        let id: ConsumerId = text(&made, "consumer_id").parse()?;
        for campaign in &consumer.holdout {
            let body = json!({ "campaign_id": self.campaign(format::base(campaign))? });
            client.post_once(&format!("/api/v1/sandbox/consumers/{id}/holdouts"), &format!("holdout:{id}:{campaign}"), &body).await?;
        }
        // A segment is a brand's; a scenario says only its name, so each brand has one of that name.
        for (segment, brand) in consumer.segments.iter().flat_map(|segment| self.brands.values().map(move |brand| (segment, brand))) {
            let body = json!({ "brand_id": brand, "name": segment });
            client.post_once(&format!("/api/v1/sandbox/consumers/{id}/segments"), &uuid::Uuid::now_v7().to_string(), &body).await?;
        }
        for joined in &consumer.enrolments {
            let body = json!({ "campaign_id": self.campaign(format::base(&joined.campaign))?, "at": joined.at });
            client.post_once(&format!("/api/v1/sandbox/consumers/{id}/enrolments"), &joined.campaign, &body).await?;
        }
        Ok(id)
    }

    /// A brand of the scenario.
    pub fn brand(&self, name: &str) -> Result<BrandId> {
        self.brands.get(name).copied().with_context(|| format!("the scenario has no brand {name}"))
    }

    /// A shop of the scenario.
    pub fn shop(&self, name: &str) -> Result<ShopId> {
        self.shops.get(name).copied().with_context(|| format!("the scenario has no shop {name}"))
    }

    fn product(&self, name: &str) -> Result<&KnownProduct> {
        self.products.get(name).with_context(|| format!("the scenario has no product {name}"))
    }

    /// The barcode of a product.
    pub fn gtin(&self, product: &str) -> Result<Gtin> {
        Ok(self.product(product)?.gtin)
    }

    /// A reward of the scenario.
    pub fn reward(&self, name: &str) -> Result<RewardId> {
        self.rewards.get(name).copied().with_context(|| format!("the scenario has no reward {name}"))
    }

    /// What the scenario calls a reward.
    pub fn reward_name(&self, id: RewardId) -> String {
        name_of(&self.rewards, id).unwrap_or_else(|| id.to_string())
    }

    /// A campaign of the scenario, without its version.
    pub fn campaign(&self, name: &str) -> Result<CampaignId> {
        self.campaigns.get(name).copied().with_context(|| format!("the scenario has no campaign {name}"))
    }

    /// What the scenario calls a campaign, without its version.
    pub fn campaign_name(&self, id: CampaignId) -> String {
        name_of(&self.campaigns, id).unwrap_or_else(|| id.to_string())
    }

    /// What the scenario calls a version.
    pub fn version_name(&self, id: CampaignVersionId) -> String {
        self.versions.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }

    /// Everybody, as the scenario calls them.
    pub fn consumers(&self) -> impl Iterator<Item = (&str, ConsumerId)> {
        self.consumers.iter().map(|(name, id)| (name.as_str(), *id))
    }

    /// Somebody of the scenario, whose balances can be asked.
    pub fn known(&self, name: &str) -> Result<ConsumerId> {
        self.consumers.get(name).copied().with_context(|| format!("nobody in the scenario is called {name}"))
    }

    /// Somebody of the scenario; a stranger has an id that no server gave.
    pub fn consumer(&self, name: &str) -> ConsumerId {
        self.consumers.get(name).copied().unwrap_or(ConsumerId::fixed(0))
    }
}

/// Money of a scenario in minor units.
pub fn minor(amount: &str) -> Result<i64> {
    let (sign, digits) = amount.strip_prefix('-').map_or((1, amount), |digits| (-1, digits));
    CURRENCY.parse_major(digits).map(|minor| sign * minor).with_context(|| format!("{amount:?} is no amount of money"))
}

/// A day before anything is told of.
fn beginning(scenario: &Scenario) -> Timestamp {
    let events = scenario.events.iter().flat_map(|event| [event.at(), event.received_at()]);
    let joined = scenario.setup.consumers.iter().flat_map(|consumer| consumer.enrolments.iter().map(|joined| joined.at));
    let versions = scenario.setup.campaigns.iter().filter_map(|campaign| campaign.version_from);
    events.chain(joined).chain(versions).min().unwrap_or_default().plus_ms(-OLDER_BY_MS)
}

fn brands(setup: &format::Setup) -> BTreeSet<&str> {
    let products = setup.products.iter().filter_map(|product| product.brand.as_deref());
    let campaigns = setup.campaigns.iter().map(|campaign| campaign.brand.as_str());
    let rewards = setup.rewards.iter().map(|reward| reward.brand.as_str());
    products.chain(campaigns).chain(rewards).collect()
}

/// A brand with an owner of its own: what one sees is nothing to another.
async fn make_brand(client: &Client, name: &str) -> Result<BrandId> {
    let owner: Organisation =
        client.post("/api/v1/organisations", &json!({ "name": name, "kind": "brand_owner", "country": COUNTRY })).await?;
    let brand: Brand = client.post("/api/v1/brands", &json!({ "organisation_id": owner.id, "name": name, "colour": "#336699" })).await?;
    Ok(brand.id)
}

/// A valid GTIN-13 for the n-th product.
fn gtin(number: usize) -> Result<Gtin> {
    (0..10).find_map(|check| format!("770{number:09}{check}").parse().ok()).context("every GTIN has a check digit")
}

/// Which version is in force is told by when each begins.
fn follows(entry: &format::Campaign, earlier: Option<&format::Campaign>) -> Result<()> {
    ensure!(earlier.is_none() || entry.version_from.is_some(), "{}: a later version says when it begins", entry.id);
    Ok(())
}

fn name_of<T: PartialEq>(names: &BTreeMap<String, T>, id: T) -> Option<String> {
    names.iter().find(|(_, known)| **known == id).map(|(name, _)| name.clone())
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(object) = value { object } else { Map::new() }
}

fn insert(object: &mut Map<String, Value>, name: &str, value: Option<impl serde::Serialize>) {
    if let Some(value) = value {
        object.insert(name.to_owned(), json!(value));
    }
}

fn some<T>(list: &[T]) -> Option<&[T]> {
    Some(list).filter(|list| !list.is_empty())
}
