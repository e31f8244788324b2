//! Metric 13: the points that a brand owes, rolled forward over a period.

use serde::{Deserialize, Serialize};
use shared::reports::metric::Liability;

use super::small_numbers::alone;
use crate::exact::Exact;

/// What moved in a period, in points.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Moved {
    /// Outstanding before.
    pub opening: i64,
    /// From purchases.
    pub earned: i64,
    /// Back from rewards that were undone.
    pub refunded: i64,
    /// Into rewards.
    pub spent: i64,
    /// Out of time.
    pub expired: i64,
    /// Out of returned purchases.
    pub reversed: i64,
}

impl Moved {
    /// opening + earned + refunded − spent − expired − reversed; `None` beyond 64 bits.
    pub fn closing(&self) -> Option<i64> {
        let more = self.opening.checked_add(self.earned)?.checked_add(self.refunded)?;
        more.checked_sub(self.spent)?.checked_sub(self.expired)?.checked_sub(self.reversed)
    }
}

/// What the points of a cohort became.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cohort {
    /// Consumers who earned.
    pub consumers: i64,
    /// Earned minus reversed.
    pub kept: i64,
    /// Spent of them.
    pub spent: i64,
    /// Earned minus reversed, of lots whose time is over.
    pub kept_past_expiry: i64,
    /// Expired of those.
    pub expired: i64,
}

/// The roll-forward with its check: `outstanding` is what the ledger's accounts say at the end by themselves.
pub fn liability(moved: &Moved, outstanding: i64, cohort: &Cohort, first_rewards_ms: &[i64], k: i64) -> Option<Liability> {
    let closing = moved.closing()?;
    let percent = |part, whole| Some(Exact::ratio(part, whole)?.percent()?.fixed(1));
    let enough = alone(cohort.consumers, k).is_some();
    let Moved { opening, earned, refunded, spent, expired, reversed } = *moved;
    Some(Liability {
        opening,
        earned,
        refunded,
        spent,
        expired,
        reversed,
        closing,
        difference: outstanding.checked_sub(closing)?,
        redemption_rate: if enough { percent(cohort.spent, cohort.kept) } else { None },
        breakage: if enough { percent(cohort.expired, cohort.kept_past_expiry) } else { None },
        days_to_first_reward: alone(first_rewards_ms.len() as i64, k)
            .and_then(|_| Some(median(first_rewards_ms)?.over(shared::time::DAY_MS.into())?.fixed(1))),
    })
}

/// The middle one, or halfway between the two in the middle; `None` of nothing.
pub fn median(values: &[i64]) -> Option<Exact> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let (low, high) = (sorted.get(sorted.len().checked_sub(1)? / 2)?, sorted.get(sorted.len() / 2)?);
    Exact::whole(*low).plus((*high).into())?.over(2.into())
}

/// What closes the worked case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Closed {
    /// Points outstanding at the end.
    pub closing: i64,
}

/// The closing of a worked case.
pub fn of(inputs: &Moved) -> Option<Closed> {
    Some(Closed { closing: inputs.closing()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOVED: Moved = Moved { opening: 1_000, earned: 500, refunded: 0, spent: 300, expired: 100, reversed: 50 };

    #[test]
    fn the_period_closes() {
        let cohort = Cohort { consumers: 12, kept: 400, spent: 100, kept_past_expiry: 200, expired: 50 };
        let days: Vec<i64> = (1..=10).map(|days| days * shared::time::DAY_MS).collect();
        let told = liability(&MOVED, 1_050, &cohort, &days, 10).unwrap();

        assert_eq!((told.closing, told.difference), (1_050, 0));
        assert_eq!(
            (told.redemption_rate.as_deref(), told.breakage.as_deref(), told.days_to_first_reward.as_deref()),
            (Some("25.0"), Some("25.0"), Some("5.5"))
        );
    }

    #[test]
    fn a_ledger_that_says_otherwise_is_shown() {
        let told = liability(&MOVED, 1_049, &Cohort { consumers: 3, kept: 10, spent: 1, ..Cohort::default() }, &[1], 10).unwrap();

        assert_eq!(told.difference, -1);
        assert_eq!((told.redemption_rate, told.days_to_first_reward), (None, None));
        assert!(Moved { opening: i64::MAX, earned: 1, ..Moved::default() }.closing().is_none());
    }

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[9, 1, 5]), Some(5.into()));
        assert_eq!(median(&[9, 1]), Some(5.into()));
    }
}
