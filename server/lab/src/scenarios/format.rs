//! The file format, word by word. Whatever is not in it is an error of the case, never ignored.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::Value;
use shared::{CivilDate, Timestamp};

/// A file, with its cases still unread: a case that cannot be read fails alone.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// 1.
    #[serde(default)]
    schema_version: Option<u32>,
    #[serde(default, rename = "title")]
    _title: String,
    #[serde(default)]
    defaults: Option<Defaults>,
    /// Purchases and what follows.
    #[serde(default)]
    pub scenarios: Vec<Value>,
    /// What metric cases read.
    #[serde(default)]
    pub metric_datasets: BTreeMap<String, Value>,
    /// Numbers of reports.
    #[serde(default)]
    pub metric_cases: Vec<Value>,
}

/// What holds where a scenario says nothing. The product has the same ones, so a file may only repeat them.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Defaults {
    combine: Option<String>,
    multiplier_stacking: Option<String>,
    on_exceed: Option<String>,
    on_shortfall: Option<String>,
    reserve_minutes: Option<i64>,
    priority: Option<i64>,
    hold_days: Option<i64>,
    valid_days: Option<i64>,
    enrol: Option<String>,
    pdvs: Option<String>,
}

impl Defaults {
    fn are_the_contracts(&self) -> bool {
        let text = |said: &Option<String>, ours: &str| said.as_deref().is_none_or(|said| said == ours);
        let number = |said: Option<i64>, ours: i64| said.is_none_or(|said| said == ours);
        text(&self.combine, "sum")
            && text(&self.multiplier_stacking, "max")
            && text(&self.on_exceed, "truncate")
            && text(&self.on_shortfall, "debt")
            && text(&self.enrol, "auto")
            && (text(&self.pdvs, "*") || text(&self.pdvs, "all"))
            && number(self.reserve_minutes, 10)
            && number(self.priority, 100)
            && number(self.hold_days, 0)
            && self.valid_days.is_none()
    }
}

impl File {
    /// Reads a file of version 1 with the contract's defaults.
    pub fn read(path: &std::path::Path) -> Result<Self> {
        let text = std::fs::read(path).with_context(|| path.display().to_string())?;
        let file: Self = serde_json::from_slice(&text).with_context(|| path.display().to_string())?;
        ensure!(file.schema_version.is_none_or(|version| version == 1), "{}: this schema_version is not known", path.display());
        ensure!(file.defaults.as_ref().is_none_or(Defaults::are_the_contracts), "{}: defaults other than the contract's", path.display());
        Ok(file)
    }
}

/// The name of a case that may be unreadable otherwise.
pub fn id_of(case: &Value) -> String {
    case["id"].as_str().unwrap_or("?").to_owned()
}

/// One worked scenario.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    #[serde(rename = "id")]
    _id: String,
    #[serde(default, rename = "title")]
    _title: String,
    #[serde(default, rename = "why")]
    _why: String,
    #[serde(default, rename = "tags")]
    _tags: Vec<String>,
    /// The world before the first event.
    pub setup: Setup,
    /// In order.
    pub events: Vec<Event>,
    /// What must hold after the last one.
    #[serde(default, rename = "final")]
    pub end: Final,
}

/// The world before the first event.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// Shops.
    #[serde(default)]
    pub pdvs: Vec<Pdv>,
    /// Products.
    #[serde(default)]
    pub products: Vec<Product>,
    /// Consumers and anonymous cards.
    #[serde(default)]
    pub consumers: Vec<Consumer>,
    /// Campaigns, or versions of them.
    #[serde(default)]
    pub campaigns: Vec<Campaign>,
    /// Rewards.
    #[serde(default)]
    pub rewards: Vec<Reward>,
}

/// A shop.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pdv {
    /// Its name in the scenario.
    pub id: String,
    /// IANA time zone.
    pub tz: String,
}

/// A product.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// Its name in the scenario.
    pub id: String,
    /// Whose; nobody's when absent.
    pub brand: Option<String>,
    /// Suggested price.
    pub srp: Option<String>,
}

/// A consumer; a name that starts with `A` is an anonymous card.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consumer {
    /// Her name in the scenario.
    pub id: String,
    /// A shop.
    pub works_at: Option<String>,
    /// Segments of the snapshot.
    #[serde(default)]
    pub segments: Vec<String>,
    /// Campaigns whose control group she is in.
    #[serde(default)]
    pub holdout: Vec<String>,
    /// Campaigns she joined.
    #[serde(default)]
    pub enrolments: Vec<Enrolment>,
    /// She is of age.
    #[serde(default)]
    pub age_verified: bool,
}

impl Consumer {
    /// Only a card.
    pub fn anonymous(&self) -> bool {
        self.id.starts_with('A')
    }
}

/// She joined.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolment {
    /// Which campaign.
    pub campaign: String,
    /// When.
    pub at: Timestamp,
}

/// A reward.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reward {
    /// Its name in the scenario.
    pub id: String,
    /// Who pays.
    pub brand: String,
    /// Money.
    pub unit_cost: Option<String>,
    /// Money.
    pub handling_fee: Option<String>,
    /// Points; absent for automatic ones.
    pub cost: Option<i64>,
    /// Absent: unlimited.
    pub stock: Option<i64>,
    /// Absent: unlimited.
    pub max_per_consumer: Option<i64>,
    /// How long a reservation holds.
    pub reserve_minutes: Option<i64>,
}

/// A campaign, or one version of it (`K1@2`).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Campaign {
    /// Its name in the scenario.
    pub id: String,
    /// Whose.
    pub brand: String,
    /// `points` or `stamps`.
    pub unit: String,
    /// Local date, included.
    pub starts: CivilDate,
    /// Local date, included.
    pub ends: CivilDate,
    /// Absent: everywhere.
    pub pdvs: Option<Pdvs>,
    /// Participating products.
    pub pli: Vec<String>,
    /// `auto` or `required`.
    pub enrol: Option<String>,
    /// Smaller first.
    pub priority: Option<i64>,
    /// Only the largest award of the group stays.
    pub exclusive_group: Option<String>,
    /// What is earned.
    pub rules: Vec<Rule>,
    /// `sum` or `max`.
    pub combine: Option<String>,
    /// Factors.
    #[serde(default)]
    pub multipliers: Vec<Multiplier>,
    /// `max`, `multiply` or `add`.
    pub multiplier_stacking: Option<String>,
    /// Fixed additions.
    #[serde(default)]
    pub bonuses: Vec<Bonus>,
    /// Limits.
    #[serde(default)]
    pub caps: Vec<Cap>,
    /// A full card.
    pub threshold: Option<Threshold>,
    /// Bounds of a price, as factors of the suggested one.
    pub price_guard: Option<PriceGuard>,
    /// Until points can be used.
    pub hold_days: Option<i64>,
    /// Until points expire.
    pub valid_days: Option<i64>,
    /// `debt` or `waive`.
    pub on_shortfall: Option<String>,
    /// From, until (excluded).
    #[serde(default)]
    pub paused: Vec<(Timestamp, Timestamp)>,
    /// For consumers of age only.
    pub min_age: Option<u32>,
    /// This version counts from then, included.
    pub version_from: Option<Timestamp>,
    /// Until then, excluded.
    pub version_to: Option<Timestamp>,
}

impl Campaign {
    /// The campaign's name without its version.
    pub fn base(&self) -> &str {
        base(&self.id)
    }
}

/// `K1@2` → `K1`.
pub fn base(id: &str) -> &str {
    id.split('@').next().unwrap_or(id)
}

/// `"*"` or a list.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Pdvs {
    /// `"*"`: everywhere.
    All(Star),
    /// Only these.
    Only(Vec<String>),
}

/// `"*"`.
#[derive(Debug, Deserialize)]
pub enum Star {
    /// `"*"`.
    #[serde(rename = "*")]
    Star,
}

/// The arithmetic of one rule.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    #[serde(default, rename = "id")]
    _id: String,
    /// `per_amount`, `per_unit`, `per_sku` or `per_purchase`.
    pub kind: String,
    /// Money.
    pub step: Option<String>,
    /// Units of one group.
    pub units: Option<i64>,
    /// Points of each.
    pub points: Option<i64>,
    /// Points of each product.
    pub table: Option<BTreeMap<String, i64>>,
    /// `purchase` or `line`.
    pub basis: Option<String>,
    /// Money.
    pub min_amount: Option<String>,
    /// Over the eligible lines.
    pub min_units: Option<i64>,
}

/// A factor and its condition.
#[derive(Debug, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct Multiplier {
    id: String,
    factor: String,
    #[serde(default)]
    when: MultiplierWhen,
}

/// When a factor holds; nothing: always.
#[derive(Debug, Default, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct MultiplierWhen {
    #[serde(skip_serializing_if = "Option::is_none")]
    dow: Option<Vec<u8>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    segment: Option<String>,
}

/// A fixed addition and its condition.
#[derive(Debug, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct Bonus {
    id: String,
    points: i64,
    #[serde(default)]
    when: BonusWhen,
}

/// When an addition is made.
#[derive(Debug, Default, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct BonusWhen {
    #[serde(skip_serializing_if = "Option::is_none")]
    first_purchase: Option<bool>,
}

/// A limit.
#[derive(Debug, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct Cap {
    scope: String,
    max: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_exceed: Option<String>,
}

/// A full card.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// Units.
    pub need: i64,
    /// What is issued.
    pub reward: String,
    /// `auto`.
    pub mode: Option<String>,
}

/// Bounds of a price.
#[derive(Debug, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct PriceGuard {
    low: String,
    high: String,
}

/// Something that happens.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A sale.
    Purchase(Purchase),
    /// Goods come back.
    Return(Return),
    /// A reward is held.
    Reserve(Reserve),
    /// A held reward is let go.
    Release(Of),
    /// A reward is handed over.
    Deliver(Deliver),
    /// A delivery was a mistake.
    UndoDelivery(Of),
    /// An anonymous card gets its person.
    Claim(Claim),
    /// Somebody decides on a held purchase.
    Review(Review),
    /// Time passes.
    Advance(Advance),
}

impl Event {
    /// Its name.
    pub fn id(&self) -> &str {
        match self {
            Self::Purchase(event) => &event.id,
            Self::Return(event) => &event.id,
            Self::Reserve(event) => &event.id,
            Self::Release(event) | Self::UndoDelivery(event) => &event.id,
            Self::Deliver(event) => &event.id,
            Self::Claim(event) => &event.id,
            Self::Review(event) => &event.id,
            Self::Advance(event) => &event.id,
        }
    }

    /// When the server learns of it.
    pub fn received_at(&self) -> Timestamp {
        match self {
            Self::Purchase(event) => event.received_at.unwrap_or(event.at),
            _ => self.at(),
        }
    }

    /// When it happened.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Purchase(event) => event.at,
            Self::Return(event) => event.at,
            Self::Reserve(event) => event.at,
            Self::Release(event) | Self::UndoDelivery(event) => event.at,
            Self::Deliver(event) => event.at,
            Self::Claim(event) => event.at,
            Self::Review(event) => event.at,
            Self::Advance(event) => event.at,
        }
    }

    /// What the answer must hold.
    pub fn expect(&self) -> &Expect {
        match self {
            Self::Purchase(event) => &event.expect,
            Self::Return(event) => &event.expect,
            Self::Reserve(event) => &event.expect,
            Self::Release(event) | Self::UndoDelivery(event) => &event.expect,
            Self::Deliver(event) => &event.expect,
            Self::Claim(event) => &event.expect,
            Self::Review(event) => &event.expect,
            Self::Advance(event) => &event.expect,
        }
    }
}

/// A sale.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purchase {
    /// Its name.
    pub id: String,
    /// When it happened.
    pub at: Timestamp,
    /// When the server got it.
    pub received_at: Option<Timestamp>,
    /// Where.
    pub pdv: String,
    /// Who bought.
    pub consumer: String,
    /// What.
    pub lines: Vec<Line>,
    /// Unique; absent: the event's name.
    pub key: Option<String>,
    /// When the card's code was made; absent: a source that knows the consumer.
    pub qr_at: Option<Timestamp>,
    /// Captured without network.
    #[serde(default)]
    pub offline: bool,
    #[serde(default)]
    expect: Expect,
}

/// One product of a sale.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Which.
    pub product: String,
    /// How many.
    pub qty: i64,
    /// Money; absent: the suggested price.
    pub unit_price: Option<String>,
    /// Money.
    pub discount: Option<String>,
    /// Paid with a reward.
    #[serde(default)]
    pub reward_line: bool,
}

/// Goods come back.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Return {
    /// Its name.
    pub id: String,
    at: Timestamp,
    /// The purchase.
    pub of: String,
    /// Which goods.
    pub lines: ReturnedLines,
    /// Unique; absent: the event's name.
    pub key: Option<String>,
    #[serde(default)]
    expect: Expect,
}

/// `"all"` or a list.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum ReturnedLines {
    /// `"all"`.
    All(All),
    /// Some of them.
    Some(Vec<ReturnedLine>),
}

/// `"all"`.
#[derive(Debug, Deserialize)]
pub enum All {
    /// `"all"`.
    #[serde(rename = "all")]
    All,
}

/// Goods of one product.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnedLine {
    /// Which.
    pub product: String,
    /// How many.
    pub qty: i64,
}

/// A reward is held.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reserve {
    /// Its name.
    pub id: String,
    at: Timestamp,
    /// For whom.
    pub consumer: String,
    /// Which.
    pub reward: String,
    #[serde(default)]
    expect: Expect,
}

/// Something happens to an earlier thing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Of {
    /// Its name.
    pub id: String,
    at: Timestamp,
    /// The earlier event, or `RI1`.
    pub of: String,
    #[serde(default)]
    expect: Expect,
}

/// A reward is handed over.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deliver {
    /// Its name.
    pub id: String,
    at: Timestamp,
    /// The reservation, or `RI1`.
    pub of: String,
    /// Where.
    pub pdv: String,
    #[serde(default)]
    expect: Expect,
}

/// An anonymous card gets its person.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    id: String,
    at: Timestamp,
    /// The card.
    pub from: String,
    /// The person.
    pub into: String,
    #[serde(default)]
    expect: Expect,
}

/// Somebody decides on a held purchase.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// Its name.
    pub id: String,
    at: Timestamp,
    /// The purchase.
    pub of: String,
    /// `approve` or `reject`.
    pub decision: String,
    #[serde(default)]
    expect: Expect,
}

/// Time passes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advance {
    id: String,
    at: Timestamp,
    #[serde(default)]
    expect: Expect,
}

/// What an answer must hold; nothing is asked about what is absent.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// `accepted`, `held`, `rejected` or `ok`.
    pub status: Option<String>,
    /// Of a rejection or a hold.
    pub reason: Option<String>,
    /// An earlier answer again.
    pub replayed: Option<bool>,
    /// Exactly these, in this order.
    pub awards: Option<Vec<Amount>>,
    /// These campaigns gave nothing, for these reasons.
    pub no_award: Option<BTreeMap<String, String>>,
    /// Exactly these.
    pub reversed: Option<Vec<Amount>>,
}

/// Points or stamps of a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amount {
    /// The campaign, or its version.
    pub campaign: String,
    /// When it gives points.
    pub points: Option<i64>,
    /// When it gives stamps.
    pub stamps: Option<i64>,
}

impl std::fmt::Display for Amount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.campaign)?;
        self.points.map_or(Ok(()), |points| write!(f, " {points} points"))?;
        self.stamps.map_or(Ok(()), |stamps| write!(f, " {stamps} stamps"))
    }
}

/// What must hold after the last event.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Final {
    /// Wallets.
    #[serde(default)]
    pub balances: Vec<Balance>,
    /// All rewards, in issue order.
    pub rewards: Option<Vec<GivenReward>>,
    /// What is left.
    #[serde(default)]
    pub stock: Vec<Stock>,
    /// What brands owe shops.
    #[serde(default)]
    pub payables: Vec<Payable>,
    /// Sums of the ledger.
    #[serde(default)]
    pub ledger_totals: Vec<LedgerTotal>,
}

/// A wallet.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Balance {
    /// Whose.
    pub consumer: String,
    /// `B1:points` or `K1:stamps`.
    pub wallet: String,
    /// Can be used.
    pub available: i64,
    /// Later.
    pub pending: i64,
    /// Held.
    pub reserved: i64,
    /// Owed.
    pub debt: i64,
}

/// A reward of a consumer.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GivenReward {
    /// Which.
    pub reward: String,
    /// Whose.
    pub consumer: String,
    /// `issued`, `reserved`, `delivered`, `lapsed` or `cancelled`.
    pub status: String,
}

impl std::fmt::Display for GivenReward {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} {}", self.reward, self.consumer, self.status)
    }
}

/// What is left of a reward.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stock {
    /// Which.
    pub reward: String,
    /// How many.
    pub left: i64,
}

/// What a brand owes a shop.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payable {
    /// Who is owed.
    pub pdv: String,
    /// Who owes.
    pub brand: String,
    /// Money.
    pub amount: String,
}

/// A sum of the ledger.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerTotal {
    /// `EARN`, `SPEND`, …
    pub kind: String,
    /// Sum of its amounts.
    pub amount: i64,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(extra: Value) -> Result<Event, serde_json::Error> {
        let mut event =
            json!({ "id": "T1", "type": "purchase", "at": "2026-03-10T10:00:00-05:00", "pdv": "P1", "consumer": "C1", "lines": [] });
        if let (Some(event), Some(extra)) = (event.as_object_mut(), extra.as_object()) {
            event.extend(extra.clone());
        }
        serde_json::from_value(event)
    }

    #[test]
    fn a_word_that_is_not_in_the_format_is_an_error() {
        assert!(event(json!({})).is_ok());
        assert!(event(json!({ "coupon": "X" })).is_err());
        assert!(event(json!({ "expect": { "points": 1 } })).is_err());
        assert!(event(json!({ "lines": [{ "product": "COLA", "qty": 1, "price": "1" }] })).is_err());
    }

    #[test]
    fn money_as_a_number_is_an_error() {
        assert!(event(json!({ "lines": [{ "product": "COLA", "qty": 1, "unit_price": "2500" }] })).is_ok());
        assert!(event(json!({ "lines": [{ "product": "COLA", "qty": 1, "unit_price": 2500 }] })).is_err());
    }

    #[test]
    fn the_cases_of_the_repository_can_be_read() {
        let file = File::read(concat!(env!("CARGO_MANIFEST_DIR"), "/cases/loyalty.json").as_ref()).unwrap();

        assert!(!file.scenarios.is_empty());
        for case in file.scenarios {
            let id = id_of(&case);
            serde_json::from_value::<Scenario>(case).unwrap_or_else(|error| panic!("{id}: {error}"));
        }
    }
}
