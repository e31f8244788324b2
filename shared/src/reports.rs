//! What a brand sees of its own sales.

pub mod audience;
pub mod explore;
pub mod metric;
pub mod nps;
pub mod panel;
pub mod schedule;

use serde::{Deserialize, Serialize};

use crate::{CivilDate, Currency, ProductId, Timestamp};

/// Fewest consumers behind a number that a brand may see; smaller cells are hidden.
pub const K_ANONYMITY: i64 = 10;

/// A count of consumers, or the word that it is too small to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Count {
    /// 0, or [`K_ANONYMITY`] at least.
    Known(i64),
    /// Between 1 and 9.
    TooFew,
}

impl Count {
    /// Applies the rule of small numbers.
    pub const fn of(n: i64) -> Self {
        if n > 0 && n < K_ANONYMITY { Self::TooFew } else { Self::Known(n) }
    }
}

/// Sales of one product: valid lines of accepted purchases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProductSales {
    /// The product.
    pub product_id: ProductId,
    /// Its name.
    pub name: String,
    /// Units.
    pub units: i64,
    /// Minor units.
    pub net_amount_minor: i64,
    /// Distinct purchases.
    pub purchases: i64,
    /// Distinct consumers.
    pub buyers: Count,
}

/// A day of the chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DaySales {
    /// The date at the shops.
    pub date: CivilDate,
    /// Units.
    pub units: i64,
}

/// The brand's first page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Summary {
    /// First day, included.
    pub from: CivilDate,
    /// Last day, included.
    pub to: CivilDate,
    /// The newest purchase that is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_until: Option<Timestamp>,
    /// Money of the amounts.
    pub currency: Currency,
    /// Minor units.
    pub net_amount_minor: i64,
    /// The same before, over as many days.
    pub net_amount_before_minor: i64,
    /// Units.
    pub units: i64,
    /// Units before.
    pub units_before: i64,
    /// Shops with a purchase.
    pub active_shops: i64,
    /// Shops on the platform.
    pub eligible_shops: i64,
    /// Distinct consumers.
    pub buyers: Count,
    /// Rewards handed over.
    pub rewards_delivered: i64,
    /// What the brand owes to shops, minor units.
    pub owed_minor: i64,
    /// Most sold first.
    pub products: Vec<ProductSales>,
    /// One for each day.
    pub days: Vec<DaySales>,
}

/// What money was spent on beside rewards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum CostKind {
    /// Welcome rewards at cost.
    WelcomeRewards,
    /// Messages to consumers.
    Messages,
    /// What shopkeepers got for registrations and captures.
    ShopkeeperIncentives,
    /// Advertising.
    Media,
    /// What the platform asks.
    PlatformFee,
}

/// Money that a brand says it spent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewCost {
    /// On what.
    pub kind: CostKind,
    /// For which campaign; absent: for none in particular.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign_id: Option<crate::CampaignId>,
    /// Minor units of the brand's currency; negative: takes back what was entered wrongly.
    #[cfg_attr(feature = "openapi", schema(minimum = -1_000_000_000_000_i64, maximum = 1_000_000_000_000_i64))]
    pub amount_minor: i64,
    /// The day in whose reports it counts.
    pub cost_date: CivilDate,
    /// Why, up to 200 characters.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 200))]
    pub note: String,
}

/// What the money of reports rests on, from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Assumptions {
    /// First day.
    pub valid_from: CivilDate,
    /// What the brand earns with a unit, minor units of its currency.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 1_000_000_000_000_i64))]
    pub unit_margin_minor: i64,
    /// Share of outstanding points that will be redeemed, basis points: 6000 is 60 %.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 10_000))]
    pub expected_redemption_bp: i64,
    /// Cost of a thousand points, minor units.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 1_000_000_000_000_i64))]
    pub thousand_points_minor: i64,
}

/// Which shops have a campaign and which are its control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Arms {
    /// Shops with the campaign, 1 to 500.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 500))]
    pub treated: Vec<crate::ShopId>,
    /// Shops without it, 1 to 500.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 500))]
    pub control: Vec<crate::ShopId>,
}

/// A shopkeeper's or consumer's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NpsAnswer {
    /// About whose programme.
    pub brand_id: crate::BrandId,
    /// In which round of questions, 1 to 40 characters: `2026-q1`.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 40))]
    pub wave: String,
    /// 0 to 10.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 10))]
    pub score: i64,
    /// A sentence of at most 200 letters, kept without a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 200))]
    pub sentence: Option<String>,
}

/// What the saving of segments changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SavedSegments {
    /// When: from this instant on the members are those of now.
    pub saved_at: Timestamp,
    /// Who is in a segment now, of all together; `null` for few.
    pub members: metric::Cell,
}
