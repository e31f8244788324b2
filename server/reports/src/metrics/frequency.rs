//! Metric 6: how often registered consumers buy.

use shared::{
    Timestamp,
    reports::metric::{Exposure, Frequency},
    time::DAY_MS,
};

use super::small_numbers::{alone, hide};
use crate::exact::Exact;

/// What is known of one registered consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exposed {
    /// When she signed up.
    pub at: Timestamp,
    /// Distinct local dates of the period with a valid line, after she signed up.
    pub purchase_days: i64,
}

/// Purchase-days for thirty days of exposure, over everybody and over those who bought.
///
/// Exposure is `end` − max(`from`, registered), in days of 24 hours; somebody who signs up later has none.
pub fn frequency(people: &[Exposed], from: Timestamp, end: Timestamp, k: i64) -> Frequency {
    let buyers: Vec<Exposed> = people.iter().copied().filter(|one| one.purchase_days > 0).collect();
    let purchase_days: i64 = people.iter().map(|one| one.purchase_days).sum();
    let (bought, rest) = (buyers.len() as i64, (people.len() - buyers.len()) as i64);
    // Who bought and who did not add up to everybody, who is shown beside them.
    let visible = hide(&[bought, rest], k)[0].is_some();
    let everybody = alone(people.len() as i64, k);
    Frequency {
        purchase_days: everybody.and(alone(bought, k)).map(|_| purchase_days),
        registered: exposure(people, everybody.and(alone(bought, k)).is_some(), everybody, purchase_days, from, end),
        buyers: exposure(&buyers, visible, Some(bought).filter(|_| visible), purchase_days, from, end),
    }
}

/// People of whom only their number and their exposure in all are known, because they bought nothing: any people with the
/// same number and exposure give the same report.
pub fn others(many: i64, exposure_ms: i64, from: Timestamp, end: Timestamp) -> impl Iterator<Item = Exposed> {
    let whole = end.since(from).max(0);
    let mut left = exposure_ms.max(0);
    (0..many.max(0)).map(move |_| {
        let mine = left.min(whole);
        left -= mine;
        Exposed { at: end.plus_ms(-mine), purchase_days: 0 }
    })
}

fn exposure(people: &[Exposed], visible: bool, consumers: Option<i64>, purchase_days: i64, from: Timestamp, end: Timestamp) -> Exposure {
    let ms: i64 = people.iter().map(|one| end.since(from.max(one.at)).max(0)).sum();
    let days = Exact::ratio(ms, DAY_MS).filter(|_| visible);
    let per_30 = days.and_then(|days| Exact::whole(purchase_days).times(30.into())?.over(days));
    Exposure { consumers, exposure_days: days.map(|days| days.fixed(4)), per_30_days: per_30.map(|often| often.fixed(4)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(day: i64, purchase_days: i64) -> Exposed {
        Exposed { at: Timestamp((day - 1) * DAY_MS), purchase_days }
    }

    #[test]
    fn two_tickets_of_a_day_are_one_and_exposure_begins_with_the_registration() {
        let people = [one(1, 3), one(3, 2), one(10, 1), one(15, 1), one(20, 0)];
        let told = frequency(&people, Timestamp(0), Timestamp(31 * DAY_MS), 1);

        assert_eq!(
            (told.purchase_days, told.registered.exposure_days.as_deref(), told.registered.per_30_days.as_deref()),
            (Some(7), Some("111.0000"), Some("1.8919"))
        );
        assert_eq!(
            (told.buyers.consumers, told.buyers.exposure_days.as_deref(), told.buyers.per_30_days.as_deref()),
            (Some(4), Some("99.0000"), Some("2.1212"))
        );
    }

    #[test]
    fn who_signs_up_after_the_end_was_never_exposed() {
        let told = frequency(&[one(40, 0)], Timestamp(0), Timestamp(31 * DAY_MS), 1);

        assert_eq!((told.registered.exposure_days.as_deref(), told.registered.per_30_days), (Some("0.0000"), None));
    }

    #[test]
    fn few_people_have_no_frequency() {
        let told = frequency(&[one(1, 3), one(3, 2)], Timestamp(0), Timestamp(31 * DAY_MS), 10);

        assert_eq!(
            (told.purchase_days, told.registered.consumers, told.registered.per_30_days, told.buyers.per_30_days),
            (None, None, None, None)
        );
    }
}
