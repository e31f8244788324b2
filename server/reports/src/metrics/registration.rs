//! Metric 14: week by week, how many buyers are known and how many consumers sign up.

use shared::{
    CivilDate,
    reports::explore::{Registration, WeekLine},
};

use super::{
    sales::{self, Reached},
    small_numbers::hide,
};

/// Days of a week.
pub const WEEK_DAYS: i64 = 7;

/// What is known of one week: first day, last day, people.
pub type Week = (CivilDate, CivilDate, Reached);

/// The weeks, and the whole period. Weeks add up to the period, so their registrations are hidden together, and so are their
/// buyers, with both kinds of them.
pub fn registration(weeks: &[Week], all: &Reached, k: i64) -> Registration {
    let column = |count: fn(&Reached) -> i64| hide(&weeks.iter().map(|(_, _, week)| count(week)).collect::<Vec<_>>(), k);
    let (registered, bought) = (column(|week| week.registrations), column(|week| week.identified + week.anonymous));
    let line = |(((week_from, week_to, week), registrations), buyers): ((&Week, Option<i64>), Option<i64>)| {
        let told = sales::reach(week, k);
        let seen = |count: Option<i64>| count.filter(|_| buyers.is_some());
        WeekLine {
            week_from: *week_from,
            week_to: *week_to,
            buyers,
            identified: seen(told.identified),
            anonymous: seen(told.anonymous),
            identified_share: told.identified_share.filter(|_| buyers.is_some()),
            registrations,
            active_shops: week.active_shops,
            registrations_per_shop_week: told.registrations_per_shop_week.filter(|_| registrations.is_some()),
        }
    };
    let told = sales::reach(all, k);
    Registration {
        weeks: weeks.iter().zip(registered).zip(bought).map(line).collect(),
        identified_share: told.identified_share,
        registrations_per_shop_week: told.registrations_per_shop_week,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn week(from: &str, identified: i64, anonymous: i64, registrations: i64) -> Week {
        let from: CivilDate = from.parse().unwrap();
        (from, from.plus_days(6).unwrap(), Reached { identified, anonymous, registrations, active_shops: 2, days: 7, ..Reached::default() })
    }

    #[test]
    fn each_week_has_its_share_and_its_registrations_for_each_shop() {
        let all = Reached { identified: 45, anonymous: 15, registrations: 44, active_shops: 2, days: 14, ..Reached::default() };
        let told = registration(&[week("2026-03-01", 30, 10, 24), week("2026-03-08", 20, 20, 20)], &all, 10);

        assert_eq!(
            (told.weeks[0].identified_share.as_deref(), told.weeks[0].registrations_per_shop_week.as_deref()),
            (Some("75.0"), Some("12.00"))
        );
        assert_eq!(
            (told.weeks[1].identified_share.as_deref(), told.weeks[1].registrations_per_shop_week.as_deref()),
            (Some("50.0"), Some("10.00"))
        );
        assert_eq!((told.identified_share.as_deref(), told.registrations_per_shop_week.as_deref()), (Some("75.0"), Some("11.00")));
    }

    #[test]
    fn a_week_with_few_takes_another_along() {
        let told = registration(
            &[week("2026-03-01", 30, 3, 24), week("2026-03-08", 20, 20, 4), week("2026-03-15", 2, 3, 0)],
            &Reached::default(),
            10,
        );

        assert_eq!((told.weeks[0].identified, told.weeks[0].anonymous, told.weeks[0].identified_share.as_deref()), (None, None, None));
        assert_eq!(
            told.weeks.iter().map(|week| (week.registrations, week.registrations_per_shop_week.is_some())).collect::<Vec<_>>(),
            [(None, false), (None, false), (Some(0), true)]
        );
        // Five buyers of the third week, and the next smallest: 33 of the first.
        assert_eq!(told.weeks.iter().map(|week| week.buyers).collect::<Vec<_>>(), [None, Some(40), None]);
        assert_eq!((told.weeks[1].identified, told.weeks[1].anonymous), (Some(20), Some(20)));
    }
}
