//! Metric 13 from what the points did on each day.

use db::{Tx, sql};
use rustc_hash::{FxHashMap, FxHashSet};
use shared::{
    ConsumerId, Timestamp,
    reports::metric::{Liability, Metric, Report},
};

use crate::{
    Error,
    metrics::liability::{self, Cohort, Moved},
    points,
    scope::Scope,
};

/// What the brand's points did in the period, and whether the ledger's accounts agree.
pub async fn liability(tx: &mut Tx, scope: &Scope) -> Result<Report<Liability>, Error> {
    let (start, end) = (scope.start(), scope.end());
    let (mut before, mut within, mut held) = (Moved::default(), Moved::default(), 0);
    let (mut cohort, mut people) = (Cohort::default(), FxHashSet::default());
    let (mut earned, mut rewarded): (FxHashMap<[u8; 16], i64>, FxHashMap<[u8; 16], i64>) = Default::default();
    // A claimed card counts as whoever claimed it, for the past, too.
    let merged: Vec<(ConsumerId, ConsumerId)> = tx.query(MERGED).bind(scope.brand).bind(scope.tenant).all().await?;
    let merged: FxHashMap<[u8; 16], [u8; 16]> =
        merged.into_iter().map(|(card, person)| (card.0.into_bytes(), person.0.into_bytes())).collect();
    let person = |consumer: [u8; 16]| merged.get(&consumer).copied().unwrap_or(consumer);
    points::each(tx, scope, end, |points| {
        for sum in points.sums.iter().filter(|sum| sum.at() < end) {
            let kind = points.kinds.get(sum.kind as usize).map_or("", String::as_str);
            if sum.at() < start { &mut before } else { &mut within }.add(kind, sum.amount);
            held += sum.held;
        }
        for lot in points.lots.iter().filter(|lot| (start.0..end.0).contains(&lot.at)) {
            people.insert(person(lot.consumer));
            cohort.kept += lot.kept;
            cohort.spent += lot.spent;
            if lot.expires_at <= scope.as_of.0 {
                cohort.kept_past_expiry += lot.kept;
                cohort.expired += lot.expired;
            }
        }
        for (first, rows) in [(&mut earned, &points.earned), (&mut rewarded, &points.rewarded)] {
            for since in rows {
                let at = first.entry(person(since.consumer)).or_insert(since.at);
                *at = since.at.min(*at);
            }
        }
    })
    .await?;
    cohort.consumers = people.len() as i64;
    let (before_due, within_due) = due(tx, scope, end).await?;
    before.expired += before_due;
    within.expired += within_due;
    let moved = Moved { opening: before.closing().ok_or(Error::Bounds)?, ..within };
    let first =
        rewarded.into_iter().filter(|(_, at)| (start.0..end.0).contains(at)).filter_map(|(consumer, at)| Some(at - earned.get(&consumer)?));
    let first: Vec<i64> = first.filter(|ms| *ms >= 0).collect();
    let values = liability::liability(&moved, held - before_due - within_due, &cohort, &first, scope.k).ok_or(Error::Bounds)?;
    scope.report(tx, Metric::Liability, values).await
}

impl Moved {
    /// Adds entries of one kind. Whatever moves points inside a wallet, or between consumers of the brand, changes nothing.
    fn add(&mut self, kind: &str, amount: i64) {
        match kind {
            "EARN" => self.earned += amount,
            "REFUND" | "REWARD_CANCEL" => self.refunded += amount,
            "SPEND" | "REWARD_ISSUE" => self.spent += amount,
            "EXPIRE" => self.expired += amount,
            "REVERSE" | "DEBT_REPAY" => self.reversed += amount,
            _ => {}
        }
    }
}

/// Points that consumers hold when the period begins and when it ends, by the accounts of the entries: spendable, pending, reserved.
pub(crate) async fn outstanding(tx: &mut Tx, scope: &Scope) -> Result<(i64, i64), Error> {
    let (start, end) = (scope.start(), scope.end());
    let (mut at_start, mut at_end) = (0, 0);
    points::each(tx, scope, end, |points| {
        for sum in points.sums.iter().filter(|sum| sum.at() < end) {
            at_start += if sum.at() < start { sum.held } else { 0 };
            at_end += sum.held;
        }
    })
    .await?;
    let (before, none) = due(tx, scope, start).await?;
    at_start -= before + none;
    let (before, within) = due(tx, scope, end).await?;
    Ok((at_start, at_end - before - within))
}

/// Points whose time was over before and within the period though no entry says so yet: time needs no job.
async fn due(tx: &mut Tx, scope: &Scope, until: Timestamp) -> Result<(i64, i64), Error> {
    let until = until.min(scope.as_of.plus_ms(1));
    Ok(tx.query(DUE).bind(scope.brand).bind(scope.tenant).bind(scope.start()).bind(until).one().await?)
}

sql! {
    MERGED: "SELECT DISTINCT c.id, c.merged_into FROM consumer c JOIN wallet w ON w.consumer_id = c.id WHERE c.merged_into IS NOT NULL AND w.brand_id = $1 AND w.tenant_id = $2";

    /// No lot of a wallet is over before the wallet is due.
    DUE: "SELECT CAST(COALESCE(SUM(CASE WHEN l.expires_at < $3 THEN l.remaining ELSE 0 END), 0) AS BIGINT), CAST(COALESCE(SUM(CASE WHEN l.expires_at >= $3 THEN l.remaining ELSE 0 END), 0) AS BIGINT)
          FROM wallet w JOIN lot l ON l.wallet_id = w.id
          WHERE w.brand_id = $1 AND w.tenant_id = $2 AND w.unit = 'points' AND w.due_at < $4 AND l.remaining > 0 AND l.expires_at < $4";
}
