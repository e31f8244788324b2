//! Rewards at the counter, and what campaigns pay the shop itself.

use serde::{Deserialize, Serialize};

use crate::{BrandId, CampaignId, CivilDate, Currency, RewardId, ShopId, Timestamp};

/// A shop says that it has none of a reward that somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewIncident {
    /// The reward's code, or its ticket's text: it stays valid everywhere.
    #[cfg_attr(feature = "openapi", schema(max_length = 256))]
    pub code: String,
}

/// What the shop is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Incident {
    /// Which reward.
    pub reward_id: RewardId,
    /// Its name.
    pub reward_name: String,
    /// Who gives it, and is told.
    pub brand_name: String,
    /// The day at the shop: one incident for each.
    pub business_date: CivilDate,
}

/// Shops that had none of a reward, for the brand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IncidentCount {
    /// Which reward.
    pub reward_id: RewardId,
    /// Its name.
    pub reward_name: String,
    /// Where.
    pub shop_id: ShopId,
    /// Its name.
    pub shop_name: String,
    /// Days without, of the last 30.
    pub days: i64,
    /// The last time.
    pub last_at: Timestamp,
}

/// Gives a shop units of a reward, or takes some back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewShopUnits {
    /// Which shop.
    pub shop_id: ShopId,
    /// Below zero takes back what is there.
    #[cfg_attr(feature = "openapi", schema(minimum = -1000000, maximum = 1000000))]
    pub units: i64,
}

/// Units of a reward at one shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShopUnits {
    /// Which reward.
    pub reward_id: RewardId,
    /// Its name.
    pub reward_name: String,
    /// Which shop.
    pub shop_id: ShopId,
    /// Its name.
    pub shop_name: String,
    /// Left there.
    pub units_left: i64,
}

/// What a campaign pays the shop from now on. All 0: nothing any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewIncentive {
    /// Minor units of this currency; shops with another one get nothing.
    pub currency: Currency,
    /// For each participating unit of a purchase that the campaign rewarded.
    #[cfg_attr(feature = "openapi", schema(minimum = 0))]
    pub per_unit_minor: i64,
    /// For each identified consumer who signed up at most 30 days before her first purchase of the brand that counts.
    #[cfg_attr(feature = "openapi", schema(minimum = 0))]
    pub per_new_consumer_minor: i64,
    /// What one shop gets at most for the purchases of one day.
    #[cfg_attr(feature = "openapi", schema(minimum = 0))]
    pub day_max_minor: i64,
}

/// What a campaign pays the shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Incentive {
    /// Which campaign.
    pub campaign_id: CampaignId,
    /// Its name.
    pub campaign_name: String,
    /// Whose.
    pub brand_id: BrandId,
    /// Of the amounts.
    pub currency: Currency,
    /// For each participating unit.
    pub per_unit_minor: i64,
    /// For each new consumer.
    pub per_new_consumer_minor: i64,
    /// For each shop and day.
    pub day_max_minor: i64,
    /// Since when.
    pub valid_from: Timestamp,
}
