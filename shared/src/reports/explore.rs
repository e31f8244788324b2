//! What a brand looks at beyond the contract's metrics: registration week by week, cohorts, affinity, zones.

use serde::{Deserialize, Serialize};

use super::metric::Cell;
use crate::{CivilDate, Country, ProductId};

/// One week of metric 14.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WeekLine {
    /// First day.
    pub week_from: CivilDate,
    /// Last day, included; the period's last week may be shorter than seven days.
    pub week_to: CivilDate,
    /// Distinct consumers who bought.
    pub buyers: Cell,
    /// Those of them with a verified telephone.
    pub identified: Cell,
    /// Those of them who are only a card.
    pub anonymous: Cell,
    /// Identified of all buyers, percent, one decimal.
    pub identified_share: Option<String>,
    /// Consumers who signed up at shops of the brand.
    pub registrations: Cell,
    /// Shops that sold.
    pub active_shops: i64,
    /// Registrations for each active shop and seven days, two decimals.
    pub registrations_per_shop_week: Option<String>,
}

/// Metric 14.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Registration {
    /// Seven days each from the period's first day on.
    pub weeks: Vec<WeekLine>,
    /// Over the whole period: identified of all buyers, percent, one decimal.
    pub identified_share: Option<String>,
    /// Over the whole period: registrations for each active shop and seven days, two decimals.
    pub registrations_per_shop_week: Option<String>,
}

/// One month of one cohort.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CohortLine {
    /// Month of the registration: `2026-03`.
    pub month: String,
    /// Calendar months since that one; 0: the month itself.
    pub months_since: i64,
    /// Who signed up in the month.
    pub consumers: Cell,
    /// Those of them who bought in the month so many months later.
    pub active: Cell,
    /// Percent, one decimal; hidden with the count.
    pub rate: Option<String>,
}

/// Metric 15.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cohorts {
    /// By month of the registration, then by months since.
    pub cohorts: Vec<CohortLine>,
}

/// Two products of metric 16.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PairLine {
    /// One of them.
    pub first_id: ProductId,
    /// Its name.
    pub first: String,
    /// The other.
    pub second_id: ProductId,
    /// Its name.
    pub second: String,
    /// Consumers who bought both in one purchase.
    pub consumers: Cell,
    /// Purchases with both; hidden with the consumers, and so is the rest.
    pub baskets: Option<i64>,
    /// Of all purchases, percent, one decimal.
    pub support: Option<String>,
    /// Of the purchases with the first, percent, one decimal.
    pub confidence: Option<String>,
    /// Of the purchases with the second, percent, one decimal.
    pub confidence_back: Option<String>,
    /// How many times as often as by chance, two decimals.
    pub lift: Option<String>,
}

/// Metric 16.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Affinity {
    /// Most frequent first, hidden ones last; at most 50.
    pub pairs: Vec<PairLine>,
    /// Purchases with any product of the brand.
    pub baskets: i64,
}

/// One place of metric 17.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ZoneLine {
    /// Its country.
    pub country: Country,
    /// The shops' municipality; empty where none was entered.
    pub zone: String,
    /// Shops that sold.
    pub active_shops: i64,
    /// Purchases.
    pub purchases: i64,
    /// Units.
    pub units: i64,
    /// Of all units, percent, one decimal.
    pub share: Option<String>,
    /// Money.
    pub net_amount: String,
    /// Distinct consumers.
    pub buyers: Cell,
    /// The middle of the shops that sold, degrees north, two decimals; absent where none has a place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latitude: Option<String>,
    /// Degrees east.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longitude: Option<String>,
}

/// Metric 17.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Zones {
    /// Most units first; at most 500.
    pub zones: Vec<ZoneLine>,
    /// All units.
    pub units: i64,
    /// All money.
    pub net_amount: String,
}

/// How a shop that takes part does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ShopState {
    /// It sold in the period.
    Active,
    /// It sold in the period before, and not in this one.
    Dormant,
    /// It takes part for more than 14 days and never sold.
    NeverScanned,
    /// It sold in neither period.
    WithoutSales,
}

/// One shop behind metric 2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShopStateLine {
    /// Which.
    pub shop_id: crate::ShopId,
    /// Its name.
    pub shop: String,
    /// How it does.
    pub state: ShopState,
    /// Purchases of the period.
    pub purchases: i64,
    /// Purchases of as many days before.
    pub purchases_before: i64,
}

/// The rows behind metric 2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShopStates {
    /// By name; at most 20 000.
    pub shops: Vec<ShopStateLine>,
}
