//! Metric 15: who comes back, by the month of her registration.

use shared::reports::explore::{CohortLine, Cohorts};

use super::small_numbers::hide;
use crate::exact::Exact;

/// What is known of the consumers who signed up in one month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Month {
    /// `2026-03`.
    pub month: String,
    /// Who signed up.
    pub consumers: i64,
    /// Who of them bought, in the month itself and in each one after it.
    pub active: Vec<i64>,
}

/// One line for each month of each cohort. The cohorts add up to everybody who signed up, who is told elsewhere, so they
/// are hidden together. Who bought and who did not are the whole cohort, which is shown beside them: few
/// on either side hide the cell.
pub fn cohorts(months: &[Month], k: i64) -> Cohorts {
    let mut lines = Vec::new();
    let sizes: Vec<i64> = months.iter().map(|month| month.consumers).collect();
    for (cohort, consumers) in months.iter().zip(hide(&sizes, k)) {
        for (active, months_since) in cohort.active.iter().zip(0..) {
            let active = hide(&[*active, cohort.consumers - active], k)[0].filter(|_| consumers.is_some());
            let rate = active.and_then(|active| Some(Exact::ratio(active, consumers?)?.percent()?.fixed(1)));
            lines.push(CohortLine { month: cohort.month.clone(), months_since, consumers, active, rate });
        }
    }
    Cohorts { cohorts: lines }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(consumers: i64, active: &[i64], k: i64) -> Vec<(Option<i64>, Option<i64>, Option<String>)> {
        let month = Month { month: "2026-03".into(), consumers, active: active.to_vec() };
        cohorts(&[month], k).cohorts.into_iter().map(|line| (line.consumers, line.active, line.rate)).collect()
    }

    #[test]
    fn a_rate_is_of_everybody_who_signed_up() {
        assert_eq!(told(5, &[4, 0], 1), [(Some(5), Some(4), Some("80.0".into())), (Some(5), Some(0), Some("0.0".into()))]);
        assert_eq!(told(0, &[0], 10), [(Some(0), Some(0), None)]);
    }

    #[test]
    fn a_small_cohort_takes_another_along() {
        let month = |month: &str, consumers| Month { month: month.into(), consumers, active: vec![0] };
        let told = cohorts(&[month("2026-02", 5), month("2026-03", 40), month("2026-04", 60)], 10);

        assert_eq!(told.cohorts.iter().map(|line| line.consumers).collect::<Vec<_>>(), [None, None, Some(60)]);
    }

    #[test]
    fn few_who_stayed_away_are_hidden_like_few_who_came() {
        assert_eq!(told(40, &[20, 35, 6], 10).into_iter().map(|(_, active, _)| active).collect::<Vec<_>>(), [Some(20), None, None]);
        assert_eq!(told(9, &[9], 10), [(None, None, None)]);
    }
}
