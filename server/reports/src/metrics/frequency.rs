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
///
/// Whoever bought is among `people`. Of `everybody` only two sums are asked: how many they are, and their exposure in
/// milliseconds.
pub fn frequency(people: impl IntoIterator<Item = Exposed>, everybody: (i64, i64), from: Timestamp, end: Timestamp, k: i64) -> Frequency {
    let (registered, exposure_ms) = everybody;
    let (mut bought, mut bought_ms, mut purchase_days) = (0, 0, 0);
    for one in people.into_iter().filter(|one| one.purchase_days > 0) {
        bought += 1;
        bought_ms += end.since(from.max(one.at)).max(0);
        purchase_days += one.purchase_days;
    }
    // Who bought and who did not add up to everybody, who is shown beside them.
    let visible = hide(&[bought, registered - bought], k)[0].is_some();
    let everybody = alone(registered, k);
    let shown = everybody.and(alone(bought, k));
    Frequency {
        purchase_days: shown.map(|_| purchase_days),
        registered: exposure(exposure_ms, shown.is_some(), everybody, purchase_days),
        buyers: exposure(bought_ms, visible, Some(bought).filter(|_| visible), purchase_days),
    }
}

fn exposure(ms: i64, visible: bool, consumers: Option<i64>, purchase_days: i64) -> Exposure {
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

    /// Of people who are all known.
    fn frequency(people: &[Exposed], from: Timestamp, end: Timestamp, k: i64) -> Frequency {
        let ms = people.iter().map(|one| end.since(from.max(one.at)).max(0)).sum();
        super::frequency(people.iter().copied(), (people.len() as i64, ms), from, end, k)
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
