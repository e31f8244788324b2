//! Metric 10: what a campaign gave back.

use serde::Deserialize;
use shared::reports::metric::{Causality, LiabilityAssumptions, Roi};

use crate::exact::Exact;

/// Money in major units.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// Units beyond the expected; absent without a control.
    #[serde(default)]
    pub incremental_units: Option<Exact>,
    /// What the brand earns with a unit, entered by it.
    pub unit_margin: Exact,
    /// Rewards handed over.
    pub rewards_delivered: i64,
    /// Cost of one.
    pub reward_cost: Exact,
    /// What the shop gets for handing it over.
    pub handling_fee: Exact,
    /// Expected cost of outstanding points at the beginning.
    pub liability_open: Exact,
    /// And at the end.
    pub liability_close: Exact,
    /// Messages.
    pub messaging: Exact,
    /// The platform's fee.
    pub platform_fee: Exact,
    /// What shopkeepers got.
    pub tendero_incentive: Exact,
}

/// What outstanding points are expected to cost: points × share that will be redeemed × cost of one.
pub fn liability(points: i64, expected_redemption: Exact, cost_per_point: Exact) -> Option<Exact> {
    Exact::whole(points).times(expected_redemption)?.times(cost_per_point)
}

/// The return of a campaign; `None` when the numbers do not fit.
pub fn of(inputs: &Inputs) -> Option<Roi> {
    let each = inputs.reward_cost.plus(inputs.handling_fee)?;
    roi(inputs, Exact::whole(inputs.rewards_delivered).times(each)?, None)
}

/// The same, where rewards of different costs were added up before.
pub fn roi(inputs: &Inputs, rewards: Exact, assumptions: Option<LiabilityAssumptions>) -> Option<Roi> {
    let liability = inputs.liability_close.minus(inputs.liability_open)?;
    let cost = rewards.plus(liability)?.plus(inputs.messaging)?.plus(inputs.platform_fee)?.plus(inputs.tendero_incentive)?;
    let margin = match inputs.incremental_units {
        Some(units) => Some(units.times(inputs.unit_margin)?),
        None => None,
    };
    let share = |margin: Exact| {
        if cost.sign() > 0 { margin.minus(cost)?.over(cost)?.percent() } else { None }
    };
    Some(Roi {
        label: if margin.is_some() { Causality::Incremental } else { Causality::NotIncremental },
        incremental_margin: margin.map(Exact::amount),
        cost: cost.amount(),
        roi_pct: margin.and_then(share).map(|percent| percent.fixed(2)),
        break_even_units: if inputs.unit_margin.sign() > 0 { Some(cost.over(inputs.unit_margin)?.fixed(2)) } else { None },
        liability_open: inputs.liability_open.amount(),
        liability_close: inputs.liability_close.amount(),
        assumptions,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(incremental_units: Option<&str>) -> Inputs {
        let money = |text| Exact::parse(text).unwrap();
        let close = liability(4_000, money("0.6"), money("5")).unwrap();
        Inputs {
            incremental_units: incremental_units.map(money),
            unit_margin: money("900"),
            rewards_delivered: 60,
            reward_cost: money("2500"),
            handling_fee: money("200"),
            liability_open: money("0"),
            liability_close: close,
            messaging: money("20000"),
            platform_fee: money("30000"),
            tendero_incentive: money("0"),
        }
    }

    #[test]
    fn margin_against_all_that_it_cost() {
        let told = of(&inputs(Some("300"))).unwrap();

        assert_eq!((told.incremental_margin.as_deref(), told.cost.as_str()), (Some("270000"), "224000"));
        assert_eq!(
            (told.roi_pct.as_deref(), told.break_even_units.as_deref(), told.liability_close.as_str()),
            (Some("20.54"), Some("248.89"), "12000")
        );
        assert_eq!(told.label, Causality::Incremental);
    }

    #[test]
    fn without_a_control_there_is_no_return_to_show() {
        let told = of(&inputs(None)).unwrap();

        assert_eq!((told.label, told.incremental_margin, told.roi_pct), (Causality::NotIncremental, None, None));
        assert_eq!(told.cost, "224000");
    }

    #[test]
    fn a_loss_is_negative_and_no_cost_has_no_return() {
        let free = Inputs {
            rewards_delivered: 0,
            liability_close: Exact::ZERO,
            messaging: Exact::ZERO,
            platform_fee: Exact::ZERO,
            ..inputs(Some("1"))
        };

        assert_eq!(of(&inputs(Some("100"))).unwrap().roi_pct.as_deref(), Some("-59.82"));
        assert_eq!(of(&free).unwrap().roi_pct, None);
    }
}
