//! Metric 15: one look at the sales since the first month of registrations that the period touches.

use db::Tx;
use rustc_hash::FxHashMap;
use shared::{
    CivilDate, Timestamp,
    reports::{
        explore::Cohorts,
        metric::{Metric, Report},
    },
};

use super::{
    consumers::{Cohort, Registering, after},
    registered,
    tally::Set,
};
use crate::{Error, days, metrics::cohorts, scope::Scope};

/// Longest look at a cohort, in months after its own.
const MONTHS_MAX: usize = 12;

/// The first day of the next month.
fn next(first: CivilDate) -> Option<CivilDate> {
    if first.month() == 12 { CivilDate::new(first.year() + 1, 1, 1) } else { CivilDate::new(first.year(), first.month() + 1, 1) }
}

/// The first day of a date's month.
fn first_of(date: CivilDate) -> Option<CivilDate> {
    CivilDate::new(date.year(), date.month(), 1)
}

/// `2026-03`
fn name(first: CivilDate) -> String {
    first.to_string().chars().take(7).collect()
}

/// For each month in which the period has a day: who signed up in it, and who of them bought in it and in each month after
/// it, until the report's instant. The running month is not over, and neither is its number.
pub async fn cohorts(tx: &mut Tx, scope: &Scope) -> Result<Report<Cohorts>, Error> {
    let first = first_of(scope.from).ok_or(Error::Period)?;
    let begun = |first: &CivilDate| scope.start_of(*first) < scope.as_of;
    // A period touches at most 13 of them.
    let firsts: Vec<CivilDate> =
        std::iter::successors(Some(first), |first| next(*first)).take_while(|first| *first < scope.to && begun(first)).collect();
    let mut months = Vec::new();
    let registering = Registering::read(tx, scope, cohort(scope, first, firsts.last().copied().unwrap_or(first))?).await?;
    let begins: Vec<Timestamp> = firsts.iter().map(|first| scope.start_of(*first)).collect();
    let mut active: FxHashMap<(CivilDate, CivilDate), Set> = FxHashMap::default();
    // A day has thousands of sales, and all of them the same month.
    let mut today = (first, first_of(first));
    days::each(tx, scope, first, after(scope)?, |sale| {
        if today.0 != sale.date {
            today = (sale.date, first_of(sale.date));
        }
        let counts = !sale.own && sale.at < scope.as_of && sale.at >= sale.registered_at && sale.is_valid() && registering.has(sale);
        let cohort = begins.partition_point(|begin| *begin <= sale.registered_at).checked_sub(1).and_then(|place| firsts.get(place));
        if let Some((cohort, month)) = cohort.zip(today.1).filter(|_| counts) {
            active.entry((*cohort, month)).or_default().insert(sale.buyer);
        }
    })
    .await?;
    for first in firsts {
        let consumers = registered::count(tx, scope, cohort(scope, first, first)?).await?;
        let since = std::iter::successors(Some(first), |first| next(*first)).take_while(begun).take(MONTHS_MAX + 1);
        let active = since.map(|month| active.get(&(first, month)).map_or(0, Set::len)).collect();
        months.push(cohorts::Month { month: name(first), consumers, active });
    }
    scope.report(tx, Metric::Cohorts, cohorts::cohorts(&months, scope.k)).await
}

/// Who signed up from one month's beginning to another's end.
fn cohort(scope: &Scope, first: CivilDate, last: CivilDate) -> Result<Cohort, Error> {
    Ok(Cohort { from: scope.start_of(first), until: scope.start_of(next(last).ok_or(Error::Period)?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_goes_on_after_december() {
        let first: CivilDate = "2026-12-01".parse().unwrap();

        assert_eq!((next(first).map(name), name(first)), (Some("2027-01".into()), "2026-12".into()));
    }
}
