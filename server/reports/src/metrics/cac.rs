//! Metric 9: what a new consumer costs.

use serde::Deserialize;
use shared::reports::metric::Cac;

use super::small_numbers::hide;
use crate::exact::Exact;

/// A consumer is qualified by a first valid purchase within so many days.
pub const QUALIFIED_WITHIN_DAYS: i64 = 30;

/// Money in major units, and people.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// Welcome rewards at cost.
    pub welcome_cost: Exact,
    /// Messages.
    pub messaging: Exact,
    /// What shopkeepers got for registrations.
    pub tendero_incentive: Exact,
    /// Media.
    pub media: Exact,
    /// New registered consumers.
    pub registered: i64,
    /// Those of them with a first valid purchase within [`QUALIFIED_WITHIN_DAYS`].
    pub qualified: i64,
}

/// Cost for each; `None` when the numbers do not fit or more are qualified than registered.
///
/// `k`: a cost for each of few people would tell how few they are, so it is hidden with them.
pub fn cac(inputs: &Inputs, k: i64) -> Option<Cac> {
    if inputs.qualified < 0 || inputs.qualified > inputs.registered {
        return None;
    }
    let cost = inputs.welcome_cost.plus(inputs.messaging)?.plus(inputs.tendero_incentive)?.plus(inputs.media)?;
    let shown = hide(&[inputs.qualified, inputs.registered - inputs.qualified], k);
    let registered = super::small_numbers::alone(inputs.registered, k);
    let qualified = registered.and(shown[0]);
    let each = |people: Option<i64>| Some(cost.over(people?.into())?.fixed(2));
    Some(Cac { cost: cost.amount(), cac_registered: each(registered), cac_qualified: each(qualified), registered, qualified })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(registered: i64, qualified: i64) -> Inputs {
        let money = |text| Exact::parse(text).unwrap();
        Inputs {
            welcome_cost: money("200000"),
            messaging: money("72000"),
            tendero_incentive: money("120000"),
            media: money("500000"),
            registered,
            qualified,
        }
    }

    #[test]
    fn all_that_was_spent_for_each_that_came() {
        let told = cac(&inputs(400, 260), 10).unwrap();

        assert_eq!(
            (told.cost.as_str(), told.cac_registered.as_deref(), told.cac_qualified.as_deref()),
            ("892000", Some("2230.00"), Some("3430.77"))
        );
    }

    #[test]
    fn nobody_and_few_have_no_cost_each() {
        let nobody = cac(&inputs(0, 0), 10).unwrap();
        let few = cac(&inputs(400, 4), 10).unwrap();

        assert_eq!((nobody.cac_registered, nobody.cac_qualified), (None, None));
        assert_eq!((few.cac_registered.as_deref(), few.cac_qualified, few.qualified), (Some("2230.00"), None, None));
        assert_eq!(cac(&inputs(3, 4), 10), None);
    }
}
