//! A trade that is put under load: brands with campaigns of each kind, shops whose phones sign, and cards.

use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use shared::{
    ConsumerId, Country, Currency, Gtin, Timestamp,
    catalogue::Product,
    identity::{Brand, Organisation},
    loyalty::{Campaign, Reward, capture::CaptureLine, card_code::STEP_MS},
};

use crate::client::{Client, Device, Sale, text};

/// Phones that one shop may have; the product allows twenty.
const DEVICES_PER_SHOP: usize = 20;
/// Requests at the same time while the trade is made.
const MAKERS: usize = 8;

/// A consumer's card. Each of its codes opens one purchase, so every sale takes the code of the half minute before.
#[derive(Debug, Clone)]
pub struct Card {
    /// Whose.
    pub consumer: ConsumerId,
    next_sale_at: Timestamp,
}

/// What is sold.
#[derive(Debug, Clone)]
pub struct Goods(Vec<Gtin>);

/// Everybody who takes part.
pub struct Trade {
    /// Phones of the shops.
    pub devices: Vec<Device>,
    /// Cards of the consumers.
    pub cards: Vec<Card>,
    /// What is sold.
    pub goods: Goods,
}

impl Trade {
    /// Makes shops, people and campaigns through the doors that they use themselves.
    pub async fn open(client: &Client, devices: usize, cards: usize) -> Result<Self> {
        let mut goods = Vec::new();
        for (number, rule, reward_at) in campaigns() {
            goods.push(campaign(client, number, rule, reward_at).await?);
        }
        let cards = stream::iter(0..cards).map(|number| card(client, number)).buffer_unordered(MAKERS).try_collect().await?;
        let shops = devices.div_ceil(DEVICES_PER_SHOP);
        let mut phones = Vec::with_capacity(devices);
        for number in 0..shops {
            let first = Device::of_new_shop(client, Country::Co, &format!("La Prueba {number}"), &format!("310{number:07}")).await?;
            let member = client.with_session("tendero", &first.session);
            let (session, shop) = (first.session.clone(), first.shop);
            phones.push(first);
            for _ in 1..DEVICES_PER_SHOP.min(devices - number * DEVICES_PER_SHOP) {
                phones.push(Device::enrol(&member, &session, shop).await?);
            }
        }
        Ok(Self { devices: phones, cards, goods: Goods(goods) })
    }
}

impl Goods {
    /// A basket with a line for each campaign. Another number is another basket, even for the same card in the same minute.
    fn basket(&self, number: u64) -> Vec<CaptureLine> {
        let price = 100_000 + i64::try_from(number % 1_000_000).unwrap_or(0);
        self.0
            .iter()
            .map(|gtin| CaptureLine { discount_minor: 0, gtin: *gtin, quantity: 1 + price % 3, unit_price_minor: Some(price) })
            .collect()
    }

    /// The next sale to a card, at an instant that belongs to a code of its own.
    pub async fn sale(&self, client: &Client, card: &mut Card, number: u64) -> Result<Sale, crate::client::Error> {
        let scanned_at = card.next_sale_at;
        let card_code = client.card_code(card.consumer, scanned_at).await?;
        card.next_sale_at = scanned_at.plus_ms(-STEP_MS);
        Ok(Sale { card_code, scanned_at, captured_at: scanned_at, offline: false, lines: self.basket(number) })
    }
}

/// Points for each unit, points for value, and a stamp card that is full after so many.
fn campaigns() -> [(u64, Value, Option<i64>); 3] {
    [
        (1, json!({ "kind": "per_unit", "units": 1, "points": 5 }), None),
        (2, json!({ "kind": "per_amount", "step_minor": 10_000, "points": 1 }), None),
        (3, json!({ "kind": "per_purchase", "points": 1 }), Some(4)),
    ]
}

/// A brand with a product and a campaign of its own.
async fn campaign(client: &Client, number: u64, rule: Value, reward_at: Option<i64>) -> Result<Gtin> {
    let name = format!("Marca {number}");
    let owner: Organisation =
        client.post("/api/v1/organisations", &json!({ "name": name, "kind": "brand_owner", "country": Country::Co })).await?;
    let brand: Brand = client.post("/api/v1/brands", &json!({ "organisation_id": owner.id, "name": name, "colour": "#336699" })).await?;
    let gtin = gtin(number)?;
    let product: Product =
        client.post("/api/v1/products", &json!({ "gtin": gtin, "name": name, "brand_id": brand.id, "currency": Currency::Cop })).await?;
    let mut rules = json!({ "unit": "points", "starts": "2020-01-01", "ends": "2099-12-31", "products": [product.id], "rules": [rule] });
    if let Some(need) = reward_at {
        let new = json!({ "name": name, "brand_id": brand.id, "unit_cost_minor": 250_000, "handling_fee_minor": 20_000, "currency": Currency::Cop });
        let reward: Reward = client.post("/api/v1/rewards", &new).await?;
        rules["unit"] = json!("stamps");
        rules["threshold"] = json!({ "need": need, "reward_id": reward.id });
    }
    let campaign: Campaign =
        client.post("/api/v1/campaigns", &json!({ "brand_id": brand.id, "name": name, "template": "custom", "rules": rules })).await?;
    let _: Campaign = client.post(&format!("/api/v1/campaigns/{}/publication", campaign.id), &json!({})).await?;
    Ok(gtin)
}

async fn card(client: &Client, number: usize) -> Result<Card> {
    let made: Value =
        client.post("/api/v1/sandbox/consumers", &json!({ "name": format!("Persona {number}"), "country": Country::Co })).await?;
    Ok(Card { consumer: text(&made, "consumer_id").parse()?, next_sale_at: now() })
}

/// A valid GTIN-13 for the n-th product.
fn gtin(number: u64) -> Result<Gtin> {
    (0..10).find_map(|check| format!("770{number:09}{check}").parse().ok()).context("every GTIN has a check digit")
}

/// The machine's clock, as phones have one.
pub fn now() -> Timestamp {
    #[allow(clippy::disallowed_methods, reason = "a phone's clock is this program's")]
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
