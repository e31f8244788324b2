//! A goal that neighbours reach together at their shop, and levels of a brand's consumers.

use serde::{Deserialize, Serialize};

use crate::{BrandId, CampaignId, RewardId, ShopId};

/// What the neighbours of a shop have to buy together, and what each who took part gets then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShopGoal {
    /// Units of participating products at each shop.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1000000))]
    pub target_units: i64,
    /// Different people, at least.
    #[cfg_attr(feature = "openapi", schema(minimum = 2, maximum = 100000))]
    pub consumers_min: i64,
    /// Units of one person that count.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 100000))]
    pub per_consumer_max: i64,
    /// What each of them gets once; its stock has an end.
    pub reward_id: RewardId,
}

impl ShopGoal {
    /// The field that is outside its bounds. A goal that so many people cannot reach alone is one.
    pub const fn wrong(&self) -> Option<&'static str> {
        if self.target_units < 1 || self.target_units > 1_000_000 {
            Some("target_units")
        } else if self.consumers_min < 2 || self.consumers_min > 100_000 {
            Some("consumers_min")
        } else if self.per_consumer_max < 1 || self.per_consumer_max > 100_000 || self.per_consumer_max >= self.target_units {
            // One person alone would reach it.
            Some("per_consumer_max")
        } else {
            None
        }
    }
    /// So many units of so many people reach it.
    pub const fn is_reached(&self, units: i64, consumers: i64) -> bool {
        units >= self.target_units && consumers >= self.consumers_min
    }
}

/// How a goal goes, for the brand: shops, never people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShopGoalProgress {
    /// The goal.
    pub goal: ShopGoal,
    /// What each gets.
    pub reward_name: String,
    /// Shops that reached it.
    pub reached: i64,
    /// Shops where somebody bought for it, the farthest first and those of few people last; at most 100.
    pub shops: Vec<ShopOfGoal>,
}

/// One shop on its way to a goal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShopOfGoal {
    /// The shop.
    pub shop_id: ShopId,
    /// Its name.
    pub shop_name: String,
    /// Units that count; absent: of too few people to be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<i64>,
    /// Different people; absent: too few to be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumers: Option<i64>,
    /// Everybody who took part has the reward.
    pub reached: bool,
}

/// A goal as one of the neighbours sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NeighbourGoal {
    /// The campaign.
    pub campaign_id: CampaignId,
    /// Its name.
    pub campaign_name: String,
    /// Who gives.
    pub brand_name: String,
    /// Where.
    pub shop_name: String,
    /// What each gets.
    pub reward_name: String,
    /// Units that count, in tenths of those that are needed, rounded down; absent: so few take part that it would tell what
    /// one of them bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<i64>,
    /// Units that are needed.
    pub target_units: i64,
    /// Different people; absent: too few to be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumers: Option<i64>,
    /// People that are needed.
    pub consumers_min: i64,
    /// What of her units counts.
    pub mine: i64,
    /// So much of hers can count.
    pub per_consumer_max: i64,
    /// It is reached.
    pub reached: bool,
}

impl NeighbourGoal {
    /// Units in tenths of a goal, rounded down: what one neighbour bought seldom shows.
    pub const fn tenths(units: i64, target: i64) -> i64 {
        let units = if units > target { target } else { units };
        if target < 1 { 0 } else { units * 10 / target * target / 10 }
    }
}

/// From how many points of the last ninety days on a consumer is on the second and the third level of a brand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BrandLevels {
    /// Points of the second level.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1000000000))]
    pub second_points: i64,
    /// Points of the third level: more than the second's.
    #[cfg_attr(feature = "openapi", schema(minimum = 2, maximum = 1000000000))]
    pub third_points: i64,
}

impl BrandLevels {
    /// Points that count are of so many days.
    pub const DAYS: i64 = 90;
    /// Points of a level, at most.
    pub const POINTS_MAX: i64 = 1_000_000_000;

    /// The level of so many points: 1, 2 or 3.
    pub const fn of(&self, points: i64) -> u8 {
        if points >= self.third_points {
            3
        } else if points >= self.second_points {
            2
        } else {
            1
        }
    }
    /// Points of the next level; nothing above the third.
    pub const fn next(&self, points: i64) -> Option<i64> {
        match self.of(points) {
            1 => Some(self.second_points),
            2 => Some(self.third_points),
            _ => None,
        }
    }
}

/// A consumer's level at a brand that has levels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsumerLevel {
    /// The brand.
    pub brand_id: BrandId,
    /// Its name.
    pub brand_name: String,
    /// 1 to 3.
    pub level: u8,
    /// Points earned in the last ninety days, what came back taken off.
    pub points: i64,
    /// Points of the next level; absent on the third.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_points: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_needs_more_than_one_person() {
        let goal = ShopGoal { target_units: 10, consumers_min: 3, per_consumer_max: 5, reward_id: RewardId::fixed(1) };

        assert_eq!(goal.wrong(), None);
        assert_eq!(ShopGoal { per_consumer_max: 10, ..goal }.wrong(), Some("per_consumer_max"));
        assert_eq!(ShopGoal { consumers_min: 1, ..goal }.wrong(), Some("consumers_min"));
        assert!(goal.is_reached(10, 3) && !goal.is_reached(10, 2) && !goal.is_reached(9, 9));
    }

    #[test]
    fn a_neighbour_sees_tenths() {
        assert_eq!([0, 9, 10, 49, 99, 100, 120].map(|units| NeighbourGoal::tenths(units, 100)), [0, 0, 10, 40, 90, 100, 100]);
        assert_eq!([1, 2, 3].map(|units| NeighbourGoal::tenths(units, 3)), [0, 1, 3]);
    }

    #[test]
    fn there_are_three_levels() {
        let levels = BrandLevels { second_points: 100, third_points: 500 };

        assert_eq!([0, 99, 100, 499, 500].map(|points| levels.of(points)), [1, 1, 2, 2, 3]);
        assert_eq!([0, 100, 500].map(|points| levels.next(points)), [Some(100), Some(500), None]);
    }
}
