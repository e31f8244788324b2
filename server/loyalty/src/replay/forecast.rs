//! What a campaign's own dates will probably bring, from what was sold before its first day.
//!
//! 1. *What would have been earned*, without limits, is counted for every day of the history. Whole weeks of it give a
//!    straight line (least squares); the line's slope counts as far as it is larger than its own uncertainty, so that
//!    noise is not taken for growth.
//! 2. The line goes on over the weeks of the campaign; days of the week share each week as they did in the history.
//! 3. A trial run of the rules over the last weeks before the campaign, as many as it has, says which part of that the
//!    limits let through in its first week, its second week and so on.
//! 4. Budget and stock end it.
//!
//! It does not know that a campaign makes people buy more. Fractions are used here and nowhere in the evaluation: a forecast
//! is an estimate and is rounded once, at the end.

use std::collections::BTreeMap;

use shared::{CivilDate, loyalty::Forecast};

/// A line needs so many weeks.
const WEEKS_MIN: usize = 2;
/// No week is thought to bring more than so many times the mean of the history, nor less than its inverse.
const GROWTH_MAX: f64 = 3.0;
/// Basis points of a whole.
const WHOLE_BP: f64 = 10_000.0;

/// One day of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DayOf {
    /// Units.
    pub awarded: i64,
    /// Rewards of full cards.
    pub rewards: i64,
    /// Sales with something of the brand.
    pub purchases: i64,
}

/// What is forecast, and from which days.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// First day of the campaign.
    pub from: CivilDate,
    /// Last day of the campaign.
    pub to: CivilDate,
    /// First day of the trial run.
    pub window: CivilDate,
    /// Last day that is known: before the campaign.
    pub known_until: CivilDate,
    /// First day of the history.
    pub history: CivilDate,
    /// Units that the whole campaign may give.
    pub budget: Option<i64>,
    /// Rewards that there are.
    pub stock: Option<i64>,
    /// Units and rewards of trial runs over earlier windows of the same length: how full cards become is chance for few people,
    /// and several windows know it better than one.
    pub earlier: DayOf,
}

/// The forecast, or nothing where there are not two whole weeks of sales.
///
/// `potential`: what would have been earned each day without limits. `trial`: the same rules with their limits from
/// [`Plan::window`] on.
pub fn predict(plan: &Plan, potential: &BTreeMap<CivilDate, DayOf>, trial: &BTreeMap<CivilDate, DayOf>) -> Option<Forecast> {
    let value = |days: &BTreeMap<CivilDate, DayOf>, date: CivilDate| days.get(&date).map_or(0.0, |day| day.awarded as f64);
    // Whole weeks that end with the last known day, from the first one in which something was sold.
    let begun = *potential.iter().find(|(date, day)| **date >= plan.history && day.purchases > 0)?.0;
    let weeks_known = usize::try_from((plan.known_until.days_since(begun) + 1) / 7).ok()?;
    let week = |back: usize| -> Option<f64> {
        let last = plan.known_until.plus_days(-7 * i64::try_from(back).ok()?)?;
        (0..7).map(|day| Some(value(potential, last.plus_days(-day)?))).sum()
    };
    let totals: Vec<f64> = (0..weeks_known).rev().map(week).collect::<Option<_>>()?;
    if totals.len() < WEEKS_MIN || totals.iter().sum::<f64>() <= 0.0 {
        return None;
    }
    let line = Line::through(&totals);
    let shares = shares(plan, potential, weeks_known.min(8))?;
    let rates = Rates::of(plan, potential, trial)?;
    let (mut awarded, mut exhausted_on, mut expected) = (0.0_f64, None, 0.0_f64);
    let days = plan.to.days_since(plan.from) + 1;
    for day in 0..days {
        let date = plan.from.plus_days(day)?;
        // Weeks since the middle of the first known one.
        let ahead = (date.days_since(plan.known_until) as f64 - 4.0) / 7.0 + totals.len() as f64;
        let bought = line.at(ahead) * shares[usize::from(date.weekday()) - 1];
        expected += bought;
        awarded += bought * rates.on(day);
        if exhausted_on.is_none() && plan.budget.is_some_and(|budget| awarded >= budget as f64) {
            exhausted_on = Some(date);
        }
    }
    let within = plan.budget.map_or(awarded, |budget| awarded.min(budget as f64));
    let rewards = within * rates.rewards;
    let rewards = plan.stock.map_or(rewards, |stock| rewards.min(stock as f64));
    let recent = rates.potential / rates.days.max(1.0) * days as f64;
    Some(Forecast {
        from: plan.from,
        to: plan.to,
        awarded: within.round() as i64,
        rewards: rewards.round() as i64,
        cost_minor: None,
        exhausted_on,
        growth_bp: if recent > 0.0 { ((expected / recent - 1.0) * WHOLE_BP).round() as i64 } else { 0 },
        weeks: i64::try_from(totals.len()).ok()?,
        noise_bp: (line.noise * WHOLE_BP).round() as i64,
    })
}

/// A straight line through weekly totals.
#[derive(Debug, Clone, Copy)]
struct Line {
    mean: f64,
    middle: f64,
    slope: f64,
    /// Of a week around the line, as a part of the mean.
    noise: f64,
}

impl Line {
    fn through(totals: &[f64]) -> Self {
        let n = totals.len() as f64;
        let (middle, mean) = ((n - 1.0) / 2.0, totals.iter().sum::<f64>() / n);
        let spread: f64 = (0..totals.len()).map(|week| (week as f64 - middle).powi(2)).sum();
        let together: f64 = totals.iter().enumerate().map(|(week, total)| (week as f64 - middle) * (total - mean)).sum();
        let raw = if spread > 0.0 { together / spread } else { 0.0 };
        let rest: f64 = totals.iter().enumerate().map(|(week, total)| (total - mean - raw * (week as f64 - middle)).powi(2)).sum();
        let variance = if n > 2.0 { rest / (n - 2.0) } else { 0.0 };
        let uncertain = if spread > 0.0 { variance / spread } else { 0.0 };
        // Two weeks make a line, but no growth.
        let trust = if n > 2.0 && raw != 0.0 { (1.0 - uncertain / raw.powi(2)).max(0.0) } else { 0.0 };
        Self { mean, middle, slope: raw * trust, noise: if mean > 0.0 { variance.sqrt() / mean } else { 0.0 } }
    }
    fn at(self, week: f64) -> f64 {
        (self.mean + self.slope * (week - self.middle)).clamp(self.mean / GROWTH_MAX, self.mean * GROWTH_MAX)
    }
}

/// Which part of a week each day has, Monday first, over the last `weeks` whole weeks.
fn shares(plan: &Plan, potential: &BTreeMap<CivilDate, DayOf>, weeks: usize) -> Option<[f64; 7]> {
    let mut sums = [0.0; 7];
    for back in 0..7 * i64::try_from(weeks).ok()? {
        let date = plan.known_until.plus_days(-back)?;
        sums[usize::from(date.weekday()) - 1] += potential.get(&date).map_or(0.0, |day| day.awarded as f64);
    }
    let whole: f64 = sums.iter().sum();
    Some(if whole > 0.0 { sums.map(|sum| sum / whole) } else { [1.0 / 7.0; 7] })
}

/// Which part of what would be earned the limits let through, week by week of a campaign.
#[derive(Debug)]
struct Rates {
    weeks: Vec<f64>,
    /// Rewards for a unit that was awarded.
    rewards: f64,
    /// What would have been earned in the window.
    potential: f64,
    /// Days of the window.
    days: f64,
}

impl Rates {
    fn of(plan: &Plan, potential: &BTreeMap<CivilDate, DayOf>, trial: &BTreeMap<CivilDate, DayOf>) -> Option<Self> {
        let days = plan.known_until.days_since(plan.window) + 1;
        let inside = |days: &BTreeMap<CivilDate, DayOf>, first: i64, last: i64| -> (f64, f64) {
            let mine = days.iter().filter(|(date, _)| (first..last).contains(&date.days_since(plan.window)));
            mine.fold((0.0, 0.0), |(awarded, rewards), (_, day)| (awarded + day.awarded as f64, rewards + day.rewards as f64))
        };
        let (whole, _) = inside(potential, 0, days);
        let (let_through, rewards) = inside(trial, 0, days);
        let all = (let_through + plan.earlier.awarded as f64, rewards + plan.earlier.rewards as f64);
        let overall = if whole > 0.0 { let_through / whole } else { 1.0 };
        let weeks = (0..(days + 6) / 7).map(|week| {
            let (could, did) = (inside(potential, 7 * week, 7 * week + 7).0, inside(trial, 7 * week, 7 * week + 7).0);
            if could > 0.0 { did / could } else { overall }
        });
        Some(Self { weeks: weeks.collect(), rewards: if all.0 > 0.0 { all.1 / all.0 } else { 0.0 }, potential: whole, days: days as f64 })
    }
    /// On that day of the campaign; what came last goes on.
    fn on(&self, day: i64) -> f64 {
        let week = usize::try_from(day / 7).unwrap_or(0);
        self.weeks.get(week).or(self.weeks.last()).copied().unwrap_or(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> CivilDate {
        text.parse().unwrap()
    }
    /// Weeks of Mondays to Sundays before Monday 6 April 2026 with so much on each of their days; Sundays twice.
    fn history(totals: &[i64]) -> BTreeMap<CivilDate, DayOf> {
        let first = date("2026-04-06").plus_days(-7 * totals.len() as i64).unwrap();
        let day = |n: i64| {
            let units = totals[(n / 7) as usize] * if n % 7 == 6 { 2 } else { 1 };
            (first.plus_days(n).unwrap(), DayOf { awarded: units, rewards: 0, purchases: units })
        };
        (0..7 * totals.len() as i64).map(day).collect()
    }
    fn plan(budget: Option<i64>) -> Plan {
        Plan {
            from: date("2026-04-06"),
            to: date("2026-04-19"),
            window: date("2026-03-23"),
            known_until: date("2026-04-05"),
            history: date("2025-10-01"),
            budget,
            stock: None,
            earlier: DayOf::default(),
        }
    }

    #[test]
    fn a_steady_brand_goes_on() {
        let past = history(&[100; 8]);
        let told = predict(&plan(None), &past, &past).unwrap();

        assert_eq!((told.awarded, told.growth_bp, told.weeks, told.noise_bp, told.exhausted_on), (1_600, 0, 8, 0, None));
    }

    #[test]
    fn growth_goes_on_in_a_line() {
        let past = history(&[100, 110, 120, 130, 140, 150, 160, 170]);
        let told = predict(&plan(None), &past, &past).unwrap();

        // Within a week the line rises, too, and its Sundays weigh double.
        assert!((told.awarded - 8 * (180 + 190)).abs() <= 15, "{told:?}");
    }

    #[test]
    fn noise_is_not_growth() {
        let told = predict(&plan(None), &history(&[100, 120, 90, 110, 95, 115, 90, 112]), &history(&[100; 8])).unwrap();

        assert!((1_560..=1_760).contains(&told.awarded), "{told:?}");
    }

    #[test]
    fn a_budget_ends_on_its_day() {
        let past = history(&[100; 8]);
        let told = predict(&plan(Some(900)), &past, &past).unwrap();

        assert_eq!((told.awarded, told.exhausted_on), (900, Some(date("2026-04-13"))));
    }

    #[test]
    fn without_two_weeks_nothing_is_invented() {
        assert!(predict(&plan(None), &history(&[100]), &history(&[100])).is_none());
        assert!(predict(&plan(None), &BTreeMap::new(), &BTreeMap::new()).is_none());
    }
}
