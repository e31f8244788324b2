//! Metric 14: what metric 4 counts, week by week.

use db::Tx;
use rustc_hash::FxHashSet;
use shared::{
    CivilDate, ShopId,
    reports::{
        explore::Registration,
        metric::{Metric, Report},
    },
};

use super::{consumers::Cohort, registered, tally::Set};
use crate::{
    Error, days,
    metrics::{registration, sales::Reached},
    scope::Scope,
};

/// Who bought where.
#[derive(Default, Clone)]
struct Seen {
    buyers: Set,
    identified: i64,
    shops: FxHashSet<ShopId>,
}

/// Weeks of seven days from the period's first day on; the last one may be shorter.
pub async fn registration(tx: &mut Tx, scope: &Scope) -> Result<Report<Registration>, Error> {
    let mut begins: Vec<CivilDate> = Vec::new();
    let mut next = scope.from;
    // A period has at most 53 of them.
    while next < scope.to {
        begins.push(next);
        next = next.plus_days(registration::WEEK_DAYS).ok_or(Error::Period)?;
    }
    let (mut all, mut seen) = (Seen::default(), vec![Seen::default(); begins.len()]);
    days::each(tx, scope, scope.from, scope.to, |sale| {
        let week = usize::try_from(sale.date.days_since(scope.from) / registration::WEEK_DAYS).ok().and_then(|week| seen.get_mut(week));
        let Some(week) = week.filter(|_| sale.is_valid()) else {
            return;
        };
        for seen in [week, &mut all] {
            seen.shops.insert(sale.shop);
            if !sale.own && seen.buyers.insert(sale.buyer) {
                seen.identified += i64::from(sale.identified);
            }
        }
    })
    .await?;
    let (mut weeks, mut registered) = (Vec::new(), 0);
    for (from, seen) in begins.into_iter().zip(&seen) {
        let to = from.plus_days(registration::WEEK_DAYS).ok_or(Error::Period)?.min(scope.to);
        let cohort = Cohort { from: scope.start_of(from), until: scope.start_of(to) };
        let new = registered::in_week(tx, scope, cohort).await?;
        registered += new;
        let week = seen.reached(new, to.days_since(from));
        weeks.push((from, to.plus_days(-1).ok_or(Error::Period)?, week));
    }
    let all = all.reached(registered, scope.days());
    scope.report(tx, Metric::Registration, registration::registration(&weeks, &all, scope.k)).await
}

impl Seen {
    fn reached(&self, registrations: i64, days: i64) -> Reached {
        Reached {
            identified: self.identified,
            anonymous: self.buyers.len() - self.identified,
            enrolled: 0,
            registrations,
            active_shops: self.shops.len() as i64,
            days,
        }
    }
}
