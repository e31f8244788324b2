//! The metrics of a brand as they are told: every number is either whole or a decimal text that was rounded once.
//!
//! A count of people is [`Cell`]: `null` where it is too small to show (contract, metric 12). Percentages carry one
//! decimal (uplift and ROI two), money two or none, as the contract says for each.

use serde::{Deserialize, Serialize};

use crate::{BrandId, CivilDate, Currency, ProductId, ShopId, Timestamp};

/// A count of consumers; `null`: hidden, because it or one beside it is too small.
pub type Cell = Option<i64>;

/// The metrics of the contract, and four beyond it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Metric {
    /// 1: units, amounts and buyers of each product.
    SalesPerPli,
    /// 2: shops that sold, of those that take part.
    ActivePdv,
    /// 3: one row for each shop.
    ShopPerformance,
    /// 4: how many consumers bought.
    Reach,
    /// 5: from registration to the first purchase.
    Conversion,
    /// 6: purchase-days for thirty days.
    Frequency,
    /// 7: what was sold because of a campaign, against shops without it.
    UpliftDid,
    /// 8: whether shopkeepers would recommend.
    Nps,
    /// 9: what a consumer costs.
    Cac,
    /// 10: what a campaign gave back.
    Roi,
    /// 11: segments by recency, frequency and money.
    Rfm,
    /// 12: the rule of small numbers itself.
    KAnonymity,
    /// 13: what is owed in points, how much is redeemed and how much expires.
    Liability,
    /// 14: week by week, how many buyers are known and how many consumers sign up.
    Registration,
    /// 15: who comes back, by the month of her registration.
    Cohorts,
    /// 16: which products of the brand are bought together.
    Affinity,
    /// 17: where was sold how much.
    Zones,
}

impl Metric {
    /// In the contract's order, then those beyond it.
    pub const ALL: [Self; 17] = [
        Self::SalesPerPli,
        Self::ActivePdv,
        Self::ShopPerformance,
        Self::Reach,
        Self::Conversion,
        Self::Frequency,
        Self::UpliftDid,
        Self::Nps,
        Self::Cac,
        Self::Roi,
        Self::Rfm,
        Self::KAnonymity,
        Self::Liability,
        Self::Registration,
        Self::Cohorts,
        Self::Affinity,
        Self::Zones,
    ];
    /// As in addresses.
    pub const fn id(self) -> &'static str {
        match self {
            Self::SalesPerPli => "sales_per_pli",
            Self::ActivePdv => "active_pdv",
            Self::ShopPerformance => "shop_performance",
            Self::Reach => "reach",
            Self::Conversion => "conversion",
            Self::Frequency => "frequency",
            Self::UpliftDid => "uplift_did",
            Self::Nps => "nps",
            Self::Cac => "cac",
            Self::Roi => "roi",
            Self::Rfm => "rfm",
            Self::KAnonymity => "k_anonymity",
            Self::Liability => "liability",
            Self::Registration => "registration",
            Self::Cohorts => "cohorts",
            Self::Affinity => "affinity",
            Self::Zones => "zones",
        }
    }
}

/// There is no such metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such metric")]
pub struct UnknownMetric;

impl std::str::FromStr for Metric {
    type Err = UnknownMetric;
    fn from_str(id: &str) -> Result<Self, UnknownMetric> {
        Self::ALL.into_iter().find(|metric| metric.id() == id).ok_or(UnknownMetric)
    }
}

/// What a number means, for the page that it opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Definition {
    /// As in addresses.
    pub id: Metric,
    /// Its number in the contract; from 14 on, beyond it.
    pub number: u8,
    /// Spanish name.
    pub name: String,
    /// One Spanish paragraph.
    pub definition: String,
    /// How it is computed, in the words of the answer's fields.
    pub formula: String,
}

/// A metric with what one must know to trust it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Report<T> {
    /// Which.
    pub metric: Metric,
    /// Whose.
    pub brand_id: BrandId,
    /// First day at the shops, included.
    pub from: CivilDate,
    /// Last day, excluded.
    pub to: CivilDate,
    /// Windows and ages are judged at this instant.
    pub as_of: Timestamp,
    /// Money of the amounts: sales in another currency count in units alone.
    pub currency: Currency,
    /// Counts of people below it are hidden.
    pub k: i64,
    /// When the newest sale of the period arrived; absent without sales.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_up_to: Option<Timestamp>,
    /// Shops that take part and of which nothing came since the period's end (or for 24 hours): sales may be missing.
    pub shops_unsynced: i64,
    /// The numbers.
    pub values: T,
}

/// Sales of one product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProductLine {
    /// The product.
    pub product_id: ProductId,
    /// Its name.
    pub product: String,
    /// Units, without returned ones.
    pub units: i64,
    /// Money, without returned units and discounts.
    pub net_amount: String,
    /// Distinct purchases.
    pub purchases: i64,
    /// Distinct consumers.
    pub buyers: Cell,
    /// Money for a unit; absent without units.
    pub avg_price: Option<String>,
    /// Units with the returned ones: never called sales.
    pub gross_units: i64,
    /// Money with the returned units.
    pub gross_amount: String,
}

/// Metric 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SalesPerPli {
    /// Most sold first.
    pub products: Vec<ProductLine>,
    /// All units.
    pub units: i64,
    /// All money.
    pub net_amount: String,
    /// Distinct purchases of any product.
    pub purchases: i64,
    /// Distinct consumers of any product.
    pub buyers: Cell,
}

/// A shop by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "sqlx", derive(sqlx::FromRow))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NamedShop {
    /// The shop.
    pub shop_id: ShopId,
    /// Its name.
    pub name: String,
}

/// Metric 2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActivePdv {
    /// Shops that took part at any instant of the period.
    pub eligible: i64,
    /// Those of them with enough purchases.
    pub active: i64,
    /// Percent, one decimal; absent without eligible shops.
    pub rate: Option<String>,
    /// Purchases that make a shop active.
    pub min_purchases: i64,
    /// Taking part for more than 14 days and never sold the brand: by name, the first 1 000.
    pub never_scanned: Vec<NamedShop>,
    /// Active in the period before, and not in this one: by name, the first 1 000.
    pub dormant: Vec<NamedShop>,
    /// How many never sold the brand, also those that are not named.
    pub never_scanned_total: i64,
    /// How many are dormant, also those that are not named. The rows of the report name them all.
    pub dormant_total: i64,
}

/// One shop of metric 3.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShopLine {
    /// The shop.
    pub shop_id: ShopId,
    /// Its name.
    pub shop: String,
    /// Purchases with a valid line.
    pub purchases: i64,
    /// Units.
    pub units: i64,
    /// Money.
    pub net_amount: String,
    /// Distinct consumers.
    pub buyers: Cell,
    /// Distinct local dates with a purchase.
    pub active_days: i64,
    /// Consumers who signed up there in the period.
    pub first_registered: Cell,
    /// Rewards of the brand handed over there, without those taken back.
    pub rewards_delivered: i64,
    /// Held and rejected of all that arrived, percent, one decimal; absent when nothing arrived.
    pub held_share: Option<String>,
    /// From the sale until it arrived, the median, in seconds; absent when nothing arrived.
    pub median_sync_seconds: Option<i64>,
}

/// Metric 3.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShopPerformance {
    /// Highest net amount first; at most 1 000.
    pub shops: Vec<ShopLine>,
}

/// Metric 4.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reach {
    /// Distinct consumers with a valid line, in shops where they do not work.
    pub buyers: Cell,
    /// Those of them with a verified telephone.
    pub identified: Cell,
    /// Those of them who are only a card.
    pub anonymous: Cell,
    /// Identified of all buyers, percent, one decimal.
    pub identified_share: Option<String>,
    /// Consumers who had joined a campaign of the brand that is in force at the period's end.
    pub enrolled: Cell,
    /// Consumers who signed up in the period at shops of the brand.
    pub registrations: Cell,
    /// Registrations for each active shop and week, two decimals.
    pub registrations_per_shop_week: Option<String>,
}

/// One group of metric 5.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Converted {
    /// Who signed up in the cohort's time.
    pub registered: Cell,
    /// Those whose window is over.
    pub mature: Cell,
    /// Those whose window still runs: no judgement yet.
    pub immature: Cell,
    /// The mature ones who bought within the window.
    pub converted: Cell,
    /// Percent of the mature ones, one decimal.
    pub rate: Option<String>,
}

/// Metric 5.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Conversion {
    /// Who signed up by themselves: their first purchase counts.
    #[serde(flatten)]
    pub own: Converted,
    /// Days from the registration.
    pub window_days: i64,
    /// Who was signed up inside a purchase. They convert by construction, so their second purchase counts.
    pub assisted: Converted,
    /// Percent over both groups: the honest headline.
    pub headline_rate: Option<String>,
}

/// A part of metric 6.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Exposure {
    /// Who.
    pub consumers: Cell,
    /// Days in which they could buy, four decimals.
    pub exposure_days: Option<String>,
    /// Purchase-days in thirty days, four decimals.
    pub per_30_days: Option<String>,
}

/// Metric 6.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Frequency {
    /// Distinct consumer and local date, after the registration.
    pub purchase_days: Option<i64>,
    /// Over everybody registered.
    #[serde(flatten)]
    pub registered: Exposure,
    /// Over those who bought.
    pub buyers: Exposure,
}

/// Why an effect cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum NotMeasurable {
    /// The control shops sold nothing before: nothing can be expected of them.
    NoControlSales,
    /// Fewer than ten shops on a side.
    TooFewShops,
    /// The periods differ in length.
    PeriodsDiffer,
    /// The treated shops sold nothing before.
    NoTreatedSales,
    /// No control shops were fixed before the campaign began.
    NoControl,
}

/// Metric 7.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Uplift {
    /// False: the numbers are absent and `reason` says why.
    pub measurable: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<NotMeasurable>,
    /// Units that the treated shops would have sold without the campaign.
    pub expected: Option<String>,
    /// Units beyond that.
    pub incremental: Option<String>,
    /// Percent of the expected, two decimals.
    pub uplift_pct: Option<String>,
    /// Percent from before to after without a control: shown to warn, never as an effect.
    pub naive_pct: Option<String>,
    /// 90 % interval of the uplift, percent, two decimals; absent when only sums are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_pct: Option<[String; 2]>,
}

/// Metric 8.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Nps {
    /// Who answered 9 or 10; hidden with fewer than ten answers.
    pub promoters: Cell,
    /// Who answered 0 to 6; hidden likewise.
    pub detractors: Cell,
    /// Answers.
    pub n: i64,
    /// −100.0 to 100.0; hidden likewise.
    pub nps: Option<String>,
    /// Answers of all who were asked, percent, one decimal; absent when that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_rate: Option<String>,
}

/// Metric 9.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cac {
    /// Money: everything spent to win consumers.
    pub cost: String,
    /// Money for a registered consumer, two decimals; absent when there are none or too few.
    pub cac_registered: Option<String>,
    /// Money for one who bought within 30 days, two decimals.
    pub cac_qualified: Option<String>,
    /// New registered consumers.
    pub registered: Cell,
    /// Those of them who bought within 30 days.
    pub qualified: Cell,
}

/// Whether a control was behind a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Causality {
    /// Measured against shops without the campaign.
    Incremental,
    /// There was no control: nobody knows what would have been sold anyway.
    NotIncremental,
}

/// Metric 10.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Roi {
    /// Whether a control was behind it.
    pub label: Causality,
    /// Money; absent without a control.
    pub incremental_margin: Option<String>,
    /// Money: rewards, change of liability, messages, fee and incentives.
    pub cost: String,
    /// Percent, two decimals; absent without a control or without cost.
    pub roi_pct: Option<String>,
    /// Incremental units that would pay the cost, two decimals; absent without a margin.
    pub break_even_units: Option<String>,
    /// Money: what outstanding points were expected to cost at the beginning.
    pub liability_open: String,
    /// Money: at the end.
    pub liability_close: String,
    /// Outstanding points, share that is expected to be redeemed and cost of a point behind the liability.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assumptions: Option<LiabilityAssumptions>,
}

/// What a liability in money rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiabilityAssumptions {
    /// Points at the beginning.
    pub points_open: i64,
    /// Points at the end.
    pub points_close: i64,
    /// Percent that is expected to be redeemed.
    pub expected_redemption_pct: String,
    /// Money.
    pub cost_per_point: String,
}

/// Names of metric 11, first match by (R, F).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Segment {
    /// R ≥ 4, F ≥ 4.
    Champions,
    /// R ≥ 3, F ≥ 3.
    Loyal,
    /// R ≥ 4, F ≤ 2.
    NewOrPromising,
    /// R = 3, F ≤ 2.
    NeedsAttention,
    /// R ≤ 2, F ≥ 4.
    CannotLose,
    /// R ≤ 2, F = 3.
    AtRisk,
    /// Everybody else.
    Hibernating,
}

impl Segment {
    /// In order of their rules.
    pub const ALL: [Self; 7] =
        [Self::Champions, Self::Loyal, Self::NewOrPromising, Self::NeedsAttention, Self::CannotLose, Self::AtRisk, Self::Hibernating];
}

/// One consumer of metric 11, where single ones may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Scored {
    /// Recency, frequency and money, 1 to 5 each.
    pub score: [u8; 3],
    /// The name of the first two.
    pub segment: Segment,
}

/// One segment of metric 11.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SegmentLine {
    /// Which.
    pub segment: Segment,
    /// How many.
    pub consumers: Cell,
    /// Of all, percent, one decimal; hidden with the count.
    pub share: Option<String>,
    /// What they spent in the look-back, money; hidden with the count.
    pub net_amount: Option<String>,
}

/// Metric 11.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rfm {
    /// Days before `as_of` that are looked at.
    pub lookback_days: i64,
    /// Everybody who bought in them.
    pub consumers: Cell,
    /// All seven, in order of their rules.
    pub segments: Vec<SegmentLine>,
}

/// Points of a brand over a period: metric 13.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Liability {
    /// Points outstanding before the first day: spendable, pending and reserved ones.
    pub opening: i64,
    /// Points from purchases.
    pub earned: i64,
    /// Points of deliveries taken back and of rewards undone.
    pub refunded: i64,
    /// Points that became a reward.
    pub spent: i64,
    /// Points whose time was over.
    pub expired: i64,
    /// Points of returned purchases, and points that repaid what a return left owing.
    pub reversed: i64,
    /// Opening + earned + refunded − spent − expired − reversed.
    pub closing: i64,
    /// What the ledger's accounts say apart from that, minus `closing`: zero, or the ledger is wrong.
    pub difference: i64,
    /// Of the points earned in the period: spent of what was not reversed, percent, one decimal; hidden for few consumers.
    pub redemption_rate: Option<String>,
    /// Of the points earned in the period whose time is over: expired of what was not reversed, percent, one decimal.
    pub breakage: Option<String>,
    /// From the first points to the first reward, the median in days, one decimal, of those whose first reward is of the period.
    pub days_to_first_reward: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_written_as_in_addresses() {
        for metric in Metric::ALL {
            assert_eq!(serde_json::to_value(metric).unwrap(), metric.id());
            assert_eq!(metric.id().parse(), Ok(metric));
        }
    }
}
