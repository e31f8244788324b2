//! Metric 5: from the registration to the first purchase.

use shared::{
    Timestamp,
    reports::metric::{Conversion, Converted},
    time::{DAY_MS, MINUTE_MS},
};

use super::small_numbers::hide;
use crate::exact::Exact;

/// A consumer signed up at a shop and bought there within this time was signed up inside the purchase: as long as a
/// basket may wait between the reading of a card and its confirmation.
pub const ASSISTED_WITHIN_MS: i64 = 15 * MINUTE_MS;

/// What is known of one consumer of the cohort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registered {
    /// When she signed up.
    pub at: Timestamp,
    /// Her first valid purchase.
    pub first: Option<Timestamp>,
    /// Her second one.
    pub second: Option<Timestamp>,
    /// The first purchase was at the shop where she signed up.
    pub first_where_registered: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    converted: i64,
    not_converted: i64,
    immature: i64,
}

/// How many the cohort has in all. Of those who never bought nothing else is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Everybody {
    /// All of them.
    pub registered: i64,
    /// Those of them whose window is over.
    pub mature: i64,
}

/// The rate of a cohort as of an instant: mature are those whose window of 24-hour days is over by then. Whoever bought is
/// among `people`, others may be.
///
/// A purchase before the registration (by a card that she claimed later) is her first one and converts nobody.
pub fn conversion(
    people: impl IntoIterator<Item = Registered>,
    everybody: Everybody,
    window_days: i64,
    as_of: Timestamp,
    k: i64,
) -> Conversion {
    let window_ms = window_days.saturating_mul(DAY_MS);
    let (mut own, mut assisted) = (Counts::default(), Counts::default());
    for consumer in people {
        let since = |at: Option<Timestamp>| at.map(|at| at.since(consumer.at));
        let helped = consumer.first_where_registered && since(consumer.first).is_some_and(|ms| ms.abs() <= ASSISTED_WITHIN_MS);
        let (counts, bought) = if helped { (&mut assisted, since(consumer.second)) } else { (&mut own, since(consumer.first)) };
        let within = bought.is_some_and(|ms| (0..window_ms).contains(&ms));
        match (consumer.at.plus_ms(window_ms) <= as_of, within) {
            (false, _) => counts.immature += 1,
            (true, true) => counts.converted += 1,
            (true, false) => counts.not_converted += 1,
        }
    }
    let mature = |counts: &Counts| counts.converted + counts.not_converted;
    let others = everybody.mature - mature(&own) - mature(&assisted);
    own.not_converted += others;
    own.immature = everybody.registered - everybody.mature - assisted.immature;
    let (own, assisted) = (own.shown(k), assisted.shown(k));
    let sum = |count: fn(&Converted) -> Option<i64>| count(&own).zip(count(&assisted)).map(|(a, b)| a + b);
    let headline_rate = rate(sum(|group| group.converted), sum(|group| group.mature));
    Conversion { own, window_days, assisted, headline_rate }
}

impl Counts {
    fn shown(self, k: i64) -> Converted {
        let mature = self.converted + self.not_converted;
        let registered = mature + self.immature;
        let (parts, halves) = (hide(&[mature, self.immature], k), hide(&[self.converted, self.not_converted], k));
        // Halves that are both shown would add up to a hidden sum.
        let converted = halves[0].filter(|_| parts[0].is_some() && halves[1].is_some());
        Converted {
            registered: super::small_numbers::alone(registered, k),
            mature: parts[0],
            immature: parts[1],
            converted,
            rate: rate(converted, parts[0]),
        }
    }
}

fn rate(converted: Option<i64>, mature: Option<i64>) -> Option<String> {
    Some(Exact::ratio(converted?, mature?)?.percent()?.fixed(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Days of March 2026, from its first midnight.
    fn day(day: i64) -> Timestamp {
        Timestamp((day - 1) * DAY_MS)
    }
    fn consumer(at: i64, first: Option<i64>) -> Registered {
        Registered { at: day(at), first: first.map(|at| day(at).plus_ms(10)), second: None, first_where_registered: false }
    }
    /// C1 to C5 of the worked data.
    fn cohort() -> [Registered; 5] {
        [consumer(1, Some(2)), consumer(3, Some(5)), consumer(10, Some(12)), consumer(15, Some(20)), consumer(20, None)]
    }
    /// Of a cohort that is known whole.
    fn conversion(cohort: &[Registered], window_days: i64, as_of: Timestamp, k: i64) -> Conversion {
        let mature = cohort.iter().filter(|one| one.at.plus_ms(window_days * DAY_MS) <= as_of).count() as i64;
        let everybody = Everybody { registered: cohort.len() as i64, mature };
        // Who never bought need not be named.
        let bought = cohort.iter().copied().filter(|one| one.first.is_some());
        let told = super::conversion(bought, everybody, window_days, as_of, k);
        assert_eq!(told, super::conversion(cohort.iter().copied(), everybody, window_days, as_of, k));
        told
    }
    fn told(group: &Converted) -> ([Option<i64>; 4], Option<&str>) {
        ([group.registered, group.mature, group.immature, group.converted], group.rate.as_deref())
    }

    #[test]
    fn only_those_whose_window_is_over_are_judged() {
        let three = conversion(&cohort(), 3, day(32), 1);
        let fourteen = conversion(&cohort(), 14, day(32), 1);

        assert_eq!(told(&three.own), ([Some(5), Some(5), Some(0), Some(3)], Some("60.0")));
        assert_eq!(told(&fourteen.own), ([Some(5), Some(4), Some(1), Some(4)], Some("100.0")));
    }

    #[test]
    fn the_window_ends_before_its_last_instant() {
        let at = |first| Registered { at: day(1), first: Some(first), second: None, first_where_registered: false };
        let window = [at(day(4).plus_ms(-1)), at(day(4)), at(day(1)), at(day(1).plus_ms(-1))];

        assert_eq!(conversion(&window, 3, day(4), 1).own.converted, Some(2));
        assert_eq!(conversion(&window, 3, day(4).plus_ms(-1), 1).own.immature, Some(4));
    }

    #[test]
    fn who_was_signed_up_inside_a_purchase_counts_apart_by_her_second_one() {
        let helped = |second| Registered { at: day(1), first: Some(day(1).plus_ms(MINUTE_MS)), second, first_where_registered: true };
        let told = conversion(&[helped(None), helped(Some(day(2))), consumer(1, Some(2))], 3, day(9), 1);

        assert_eq!((told.own.converted, told.assisted.registered, told.assisted.converted), (Some(1), Some(2), Some(1)));
        assert_eq!(told.headline_rate.as_deref(), Some("66.7"));
    }

    #[test]
    fn few_people_are_hidden_from_both_sides() {
        // 12 registered, 9 of them converted: three who did not would be known by subtraction.
        let mut many = vec![consumer(1, Some(2)); 9];
        many.extend(vec![consumer(1, None); 3]);
        let told = conversion(&many, 3, day(32), 10);

        assert_eq!((told.own.registered, told.own.mature, told.own.converted, told.own.rate), (Some(12), Some(12), None, None));
    }
}
