//! What an event says to each brand that it concerns: her own lines, awards and rewards, and a consumer who has another
//! name for every brand. Nothing that two brands are told of one purchase is equal, but for what the purchase itself was:
//! its shop and its minute. Brands that put their tables together can guess by these that two lines were one basket; a
//! person has no name in common.

use db::{Tx, sql};
use serde_json::{Value, json};
use shared::{
    BrandId, CampaignId, CivilDate, ConsumerId, Currency, Gtin, OrganisationId, ProductId, PurchaseId, RewardId, RewardInstanceId, ShopId,
    Timestamp, loyalty::campaign::Unit, time::MINUTE_MS,
};
use uuid::Uuid;

use crate::{Error, Loyalty};

/// Topics that brands may hear of.
pub const TOPICS: [&str; 6] = shared::webhook::EVENT_TYPES;

/// An event as one brand is told.
#[derive(Debug, Clone, PartialEq)]
pub struct BrandEvent {
    /// Whose brand.
    pub tenant: OrganisationId,
    /// Which.
    pub brand: BrandId,
    /// What happened to her.
    pub data: Value,
}

/// What each brand is told of an event of the outbox; nothing of one that concerns none of them.
pub async fn for_brands(tx: &mut Tx, loyalty: &Loyalty, topic: &str, payload: &Value) -> Result<Vec<BrandEvent>, Error> {
    let id = |name: &str| payload[name].as_str().unwrap_or_default();
    match topic {
        // A held purchase does not exist for a brand; once it is approved, the event comes again.
        "loyalty.purchase_registered" if payload["status"] != "accepted" => Ok(Vec::new()),
        "loyalty.purchase_registered" => match id("purchase_id").parse() {
            Ok(purchase) => sold(tx, loyalty, purchase).await,
            Err(_) => Ok(Vec::new()),
        },
        "loyalty.purchase_returned" => match (id("purchase_id").parse(), returned_id(id("return_id"))) {
            (Ok(purchase), Some(returned)) => returned_goods(tx, loyalty, purchase, returned).await,
            _ => Ok(Vec::new()),
        },
        "loyalty.reward_issued" | "loyalty.reward_delivered" | "loyalty.delivery_undone" => match id("reward_instance_id").parse() {
            Ok(instance) => reward(tx, loyalty, instance, topic).await,
            Err(_) => Ok(Vec::new()),
        },
        "loyalty.points_expired" => expired(tx, loyalty, payload).await,
        _ => Ok(Vec::new()),
    }
}

fn parsed<T: std::str::FromStr>(value: &Value) -> Option<T> {
    value.as_str()?.parse().ok()
}

fn returned_id(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok()
}

/// Instants are told by the minute: milliseconds would be a name for a purchase that all brands have in common.
pub fn minute(at: Timestamp) -> Timestamp {
    at.plus_ms(-at.0.rem_euclid(MINUTE_MS))
}

#[derive(sqlx::FromRow)]
struct Sold {
    person: ConsumerId,
    shop_id: ShopId,
    purchased_at: Timestamp,
    business_date: CivilDate,
    currency: Currency,
}

impl Sold {
    fn data(&self, loyalty: &Loyalty, brand: BrandId, purchase: PurchaseId) -> Value {
        json!({
            "brand_id": brand,
            "consumer": loyalty.keys.pseudonym(brand, self.person),
            "purchase": reference(loyalty, brand, purchase),
            "shop_id": self.shop_id,
            "purchased_at": minute(self.purchased_at),
            "business_date": self.business_date,
            "currency": self.currency,
            "lines": [],
            "awards": [],
        })
    }
}

/// What a brand may call a purchase, so that a return finds its sale; two brands of one basket have nothing in common.
fn reference(loyalty: &Loyalty, brand: BrandId, purchase: PurchaseId) -> String {
    let hash = loyalty.keys.code_hash(&format!("purchase of {brand}"), &purchase.to_string());
    format!("sale_{}", data_encoding::HEXLOWER.encode(hash.get(..16).unwrap_or_default()))
}

#[derive(sqlx::FromRow)]
struct LineRow {
    tenant_id: OrganisationId,
    brand_id: BrandId,
    gtin: Gtin,
    product_id: Option<ProductId>,
    quantity: i64,
    amount_minor: i64,
}

#[derive(sqlx::FromRow)]
struct AwardRow {
    tenant_id: OrganisationId,
    brand_id: BrandId,
    campaign_id: CampaignId,
    unit: Unit,
    amount: i64,
}

async fn sold(tx: &mut Tx, loyalty: &Loyalty, purchase: PurchaseId) -> Result<Vec<BrandEvent>, Error> {
    let Some(sold) = tx.query(SOLD).bind(purchase).maybe::<Sold>().await? else {
        return Ok(Vec::new());
    };
    let lines = tx.query(LINES).bind(purchase).all().await?;
    let awards = tx.query(AWARDS).bind(purchase).all().await?;
    Ok(by_brand(loyalty, &sold, purchase, lines, awards))
}

async fn returned_goods(tx: &mut Tx, loyalty: &Loyalty, purchase: PurchaseId, returned: Uuid) -> Result<Vec<BrandEvent>, Error> {
    let Some(sold) = tx.query(SOLD).bind(purchase).maybe::<Sold>().await? else {
        return Ok(Vec::new());
    };
    let lines = tx.query(RETURNED_LINES).bind(returned).bind(purchase).all().await?;
    let awards = tx.query(REVERSALS).bind(returned).bind(purchase).all().await?;
    Ok(by_brand(loyalty, &sold, purchase, lines, awards))
}

/// Each brand's own part, and nothing that tells whether there was another.
fn by_brand(loyalty: &Loyalty, sold: &Sold, purchase: PurchaseId, lines: Vec<LineRow>, awards: Vec<AwardRow>) -> Vec<BrandEvent> {
    let mut events: Vec<BrandEvent> = Vec::new();
    let mut of = |tenant, brand, list: &str, value: Value| {
        let place = events.iter().position(|event| event.brand == brand).unwrap_or_else(|| {
            events.push(BrandEvent { tenant, brand, data: sold.data(loyalty, brand, purchase) });
            events.len() - 1
        });
        if let Some(list) = events[place].data[list].as_array_mut() {
            list.push(value);
        }
    };
    for line in lines {
        let told =
            json!({ "gtin": line.gtin, "product_id": line.product_id, "quantity": line.quantity, "amount_minor": line.amount_minor });
        of(line.tenant_id, line.brand_id, "lines", told);
    }
    for award in awards {
        of(
            award.tenant_id,
            award.brand_id,
            "awards",
            json!({ "campaign_id": award.campaign_id, "unit": award.unit, "amount": award.amount }),
        );
    }
    events
}

#[derive(sqlx::FromRow)]
struct RewardRow {
    tenant_id: OrganisationId,
    brand_id: BrandId,
    person: ConsumerId,
    reward_id: RewardId,
    name: String,
    campaign_id: Option<CampaignId>,
    delivered_shop_id: Option<ShopId>,
}

async fn reward(tx: &mut Tx, loyalty: &Loyalty, instance: RewardInstanceId, topic: &str) -> Result<Vec<BrandEvent>, Error> {
    let Some(row) = tx.query(REWARD).bind(instance).maybe::<RewardRow>().await? else {
        return Ok(Vec::new());
    };
    let mut data = json!({
        "brand_id": row.brand_id,
        "consumer": loyalty.keys.pseudonym(row.brand_id, row.person),
        "reward_instance_id": instance,
        "reward_id": row.reward_id,
        "reward_name": row.name,
        "campaign_id": row.campaign_id,
    });
    if topic == "loyalty.reward_delivered" {
        data["shop_id"] = json!(row.delivered_shop_id);
    }
    Ok(vec![BrandEvent { tenant: row.tenant_id, brand: row.brand_id, data }])
}

async fn expired(tx: &mut Tx, loyalty: &Loyalty, payload: &Value) -> Result<Vec<BrandEvent>, Error> {
    let Ok(consumer) = payload["consumer_id"].as_str().unwrap_or_default().parse::<ConsumerId>() else {
        return Ok(Vec::new());
    };
    let Some(person) = identity::consumer::living(tx, consumer).await? else {
        return Ok(Vec::new());
    };
    // Several lots of hers that expire together are one event of their brand.
    let mut events: Vec<BrandEvent> = Vec::new();
    for part in payload["expired"].as_array().into_iter().flatten() {
        let (Some(tenant), Some(brand)) = (parsed(&part["tenant_id"]), parsed::<BrandId>(&part["brand_id"])) else {
            continue;
        };
        let told = json!({ "campaign_id": part["campaign_id"], "amount": part["amount"], "expired_at": parsed(&part["at"]).map(minute) });
        match events.iter_mut().find(|event| event.brand == brand).and_then(|event| event.data["expired"].as_array_mut()) {
            Some(list) => list.push(told),
            None => events.push(BrandEvent {
                tenant,
                brand,
                data: json!({ "brand_id": brand, "consumer": loyalty.keys.pseudonym(brand, person), "expired": [told] }),
            }),
        }
    }
    Ok(events)
}

sql! {
    SOLD: "SELECT COALESCE(c.merged_into, c.id) AS person, p.shop_id, p.purchased_at, p.business_date, p.currency
           FROM purchase p JOIN consumer c ON c.id = p.consumer_id WHERE p.id = $1";

    LINES: "SELECT tenant_id, brand_id, gtin, product_id, quantity, amount_minor FROM purchase_line
            WHERE purchase_id = $1 AND brand_id IS NOT NULL AND tenant_id IS NOT NULL ORDER BY line";

    AWARDS: "SELECT tenant_id, brand_id, campaign_id, unit, award AS amount FROM evaluation_now WHERE purchase_id = $1 AND award > 0 ORDER BY campaign_id";

    RETURNED_LINES: "SELECT l.tenant_id, l.brand_id, l.gtin, l.product_id, r.quantity, r.amount_minor
                     FROM purchase_return_line r JOIN purchase_line l ON l.purchase_id = r.purchase_id AND l.line = r.line
                     WHERE r.return_id = $1 AND r.purchase_id = $2 AND l.brand_id IS NOT NULL AND l.tenant_id IS NOT NULL ORDER BY r.line";

    REVERSALS: "SELECT r.tenant_id, r.brand_id, r.campaign_id, e.unit, r.amount
                FROM award_reversal r JOIN evaluation e ON e.purchase_id = r.purchase_id AND e.campaign_id = r.campaign_id
                WHERE r.return_id = $1 AND r.purchase_id = $2 ORDER BY r.campaign_id";

    REWARD: "SELECT i.tenant_id, i.brand_id, COALESCE(c.merged_into, c.id) AS person, i.reward_id, r.name, i.campaign_id, i.delivered_shop_id
             FROM reward_instance i JOIN reward r ON r.id = i.reward_id JOIN consumer c ON c.id = i.consumer_id WHERE i.id = $1";
}
