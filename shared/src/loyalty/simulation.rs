//! What a campaign would have given on a brand's own past, and what it will probably give.

use serde::{Deserialize, Serialize};

use super::campaign::Unit;
use crate::{CivilDate, Currency, reports::K_ANONYMITY};

/// A replay of a draft over past weeks, with a forecast of its own dates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Simulation {
    /// First day that was replayed, included.
    pub from: CivilDate,
    /// Last day that was replayed, included.
    pub to: CivilDate,
    /// Points or stamps.
    pub unit: Unit,
    /// Purchases with something of the brand in them.
    pub purchases: i64,
    /// Units awarded, returns taken off.
    pub awarded: i64,
    /// Rewards that full cards would have given.
    pub rewards: i64,
    /// What the rewards, or the points when they are used, would have cost; absent: nobody said what a point costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_minor: Option<i64>,
    /// Currency of the costs.
    pub currency: Currency,
    /// When the budget would have been used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exhausted_on: Option<CivilDate>,
    /// Week by week, oldest first.
    pub weeks: Vec<SimulatedWeek>,
    /// How many consumers would have got how much; hidden cells have no number.
    pub distribution: Vec<ConsumersWith>,
    /// Of one consumer in so many; 1: of everybody.
    pub one_in: i64,
    /// What was assumed, as stable words: `everybody_joins`, `group_alone`, `sample`, `rewards_are_handed_over`.
    pub assumptions: Vec<String>,
    /// What the campaign's own dates will probably bring; absent without two weeks of sales before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forecast: Option<Forecast>,
    /// The most that it can ever cost; absent: nothing bounds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst_case_minor: Option<i64>,
}

/// One week of a replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SimulatedWeek {
    /// Its first day.
    pub starts: CivilDate,
    /// Purchases with something of the brand in them.
    pub purchases: i64,
    /// Units awarded.
    pub awarded: i64,
    /// Rewards given.
    pub rewards: i64,
}

/// Consumers whose awards sum to something between two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsumersWith {
    /// From so many units, included.
    pub from: i64,
    /// To so many, included.
    pub to: i64,
    /// How many consumers; absent: too few to be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumers: Option<i64>,
}

/// What the campaign's own dates will probably bring, from what was sold before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Forecast {
    /// First day of the campaign.
    pub from: CivilDate,
    /// Last day of the campaign.
    pub to: CivilDate,
    /// Units that will be awarded, within the budget.
    pub awarded: i64,
    /// Rewards that full cards will give, within their stock.
    pub rewards: i64,
    /// What they will cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_minor: Option<i64>,
    /// When the budget will be used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exhausted_on: Option<CivilDate>,
    /// Growth from the weeks that were replayed to those of the campaign, in basis points: 500 is 5 %.
    pub growth_bp: i64,
    /// Weeks of sales that it rests on.
    pub weeks: i64,
    /// How much weeks differ from their trend, in basis points of a week.
    pub noise_bp: i64,
}

/// Hides cells of fewer than ten consumers, and further ones until nobody can be worked out from the sum.
pub fn hide_small(cells: &mut [ConsumersWith]) {
    let too_few = |n: i64| 0 < n && n < K_ANONYMITY;
    let mut hidden = Vec::new();
    for cell in cells.iter_mut() {
        if let Some(n) = cell.consumers.filter(|n| too_few(*n)) {
            hidden.push(n);
            cell.consumers = None;
        }
    }
    while !hidden.is_empty() && (hidden.len() < 2 || hidden.iter().sum::<i64>() < K_ANONYMITY) {
        let next = cells.iter_mut().filter(|cell| cell.consumers.is_some_and(|n| n > 0)).min_by_key(|cell| cell.consumers);
        let Some(n) = next.and_then(|cell| cell.consumers.take()) else {
            break;
        };
        hidden.push(n);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_worked_out_from_a_distribution() {
        let mut cells: Vec<ConsumersWith> =
            [45, 12, 7, 30, 0].into_iter().map(|n| ConsumersWith { from: n, to: n, consumers: Some(n) }).collect();
        hide_small(&mut cells);

        assert_eq!(cells.iter().map(|cell| cell.consumers).collect::<Vec<_>>(), [Some(45), None, None, Some(30), Some(0)]);
    }
}
