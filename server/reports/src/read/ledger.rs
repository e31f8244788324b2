//! Metric 13 from the points ledger.

use db::{Tx, sql};
use shared::{Timestamp, reports::metric::{Liability, Metric, Report}};

use crate::{Error, metrics::liability::{self, Cohort, Moved}, scope::Scope};

#[derive(sqlx::FromRow)]
struct CohortRow {
    consumers: i64,
    kept: i64,
    spent: i64,
    kept_past_expiry: i64,
    expired: i64,
}

/// What the brand's points did in the period, and whether the ledger's accounts agree.
pub async fn liability(tx: &mut Tx, scope: &Scope) -> Result<Report<Liability>, Error> {
    let moved = moved(tx, scope).await?;
    let outstanding = outstanding(tx, scope, scope.end()).await?;
    let query = tx.query(COHORT).bind(scope.brand).bind(scope.tenant).bind(scope.start()).bind(scope.end()).bind(scope.as_of);
    let CohortRow { consumers, kept, spent, kept_past_expiry, expired } = query.one().await?;
    let first: Vec<(i64,)> = tx.query(FIRST_REWARDS).bind(scope.brand).bind(scope.tenant).bind(scope.start()).bind(scope.end()).all().await?;
    let first: Vec<i64> = first.into_iter().map(|(ms,)| ms).collect();
    let cohort = Cohort { consumers, kept, spent, kept_past_expiry, expired };
    let values = liability::liability(&moved, outstanding, &cohort, &first, scope.k).ok_or(Error::Bounds)?;
    scope.report(tx, Metric::Liability, values).await
}

async fn moved(tx: &mut Tx, scope: &Scope) -> Result<Moved, Error> {
    let rows: Vec<(String, i64, i64)> = tx.query(MOVED).bind(scope.brand).bind(scope.tenant).bind(scope.start()).bind(scope.end()).all().await?;
    let (mut before, mut within) = (Moved::default(), Moved::default());
    for (kind, earlier, inside) in rows {
        before.add(&kind, earlier);
        within.add(&kind, inside);
    }
    let (before_due, within_due) = due(tx, scope, scope.end()).await?;
    before.expired += before_due;
    within.expired += within_due;
    Ok(Moved { opening: before.closing().ok_or(Error::Bounds)?, ..within })
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

/// Points that consumers hold at an instant, by the accounts of the entries: spendable, pending, reserved.
pub(crate) async fn outstanding(tx: &mut Tx, scope: &Scope, at: Timestamp) -> Result<i64, Error> {
    let (held,): (i64,) = tx.query(HELD).bind(scope.brand).bind(scope.tenant).bind(at).one().await?;
    let (before, within) = due(tx, scope, at).await?;
    Ok(held - before - within)
}

/// Points whose time was over before and within the period though no entry says so yet: time needs no job.
async fn due(tx: &mut Tx, scope: &Scope, until: Timestamp) -> Result<(i64, i64), Error> {
    let until = until.min(scope.as_of.plus_ms(1));
    Ok(tx.query(DUE).bind(scope.brand).bind(scope.tenant).bind(scope.start()).bind(until).one().await?)
}

sql! {
    MOVED: "SELECT e.kind, CAST(SUM(CASE WHEN e.occurred_at < $3 THEN e.amount ELSE 0 END) AS BIGINT), CAST(SUM(CASE WHEN e.occurred_at >= $3 THEN e.amount ELSE 0 END) AS BIGINT)
            FROM ledger_entry e JOIN wallet w ON w.id = e.wallet_id
            WHERE e.brand_id = $1 AND e.tenant_id = $2 AND e.occurred_at < $4 AND w.unit = 'points' GROUP BY e.kind";

    HELD: "SELECT CAST(COALESCE(SUM(CASE WHEN e.credit_account IN ('available', 'pending', 'reserved') THEN e.amount ELSE 0 END)
                             - SUM(CASE WHEN e.debit_account IN ('available', 'pending', 'reserved') THEN e.amount ELSE 0 END), 0) AS BIGINT)
           FROM ledger_entry e JOIN wallet w ON w.id = e.wallet_id
           WHERE e.brand_id = $1 AND e.tenant_id = $2 AND e.occurred_at < $3 AND w.unit = 'points'";

    DUE: "SELECT CAST(COALESCE(SUM(CASE WHEN l.expires_at < $3 THEN l.remaining ELSE 0 END), 0) AS BIGINT), CAST(COALESCE(SUM(CASE WHEN l.expires_at >= $3 THEN l.remaining ELSE 0 END), 0) AS BIGINT)
          FROM wallet w JOIN lot l ON l.wallet_id = w.id
          WHERE w.brand_id = $1 AND w.tenant_id = $2 AND w.unit = 'points' AND l.remaining > 0 AND l.expires_at < $4";

    COHORT: "WITH earned AS (SELECT e.wallet_id, e.lot_id FROM ledger_entry e JOIN wallet w ON w.id = e.wallet_id
                             WHERE e.brand_id = $1 AND e.tenant_id = $2 AND e.kind = 'EARN' AND e.occurred_at >= $3 AND e.occurred_at < $4 AND w.unit = 'points'),
                  fate AS (SELECT e.lot_id, l.expires_at, m.consumer_id,
                                  CASE WHEN m.kind = 'EARN' THEN m.amount WHEN m.kind = 'REVERSE' THEN -m.amount ELSE 0 END AS kept,
                                  CASE WHEN m.kind IN ('SPEND', 'REWARD_ISSUE') THEN m.amount WHEN m.kind IN ('REFUND', 'REWARD_CANCEL') THEN -m.amount ELSE 0 END AS spent,
                                  CASE WHEN m.kind = 'EXPIRE' THEN m.amount ELSE 0 END AS expired
                           FROM earned e JOIN lot l ON l.id = e.lot_id JOIN ledger_entry m ON m.wallet_id = e.wallet_id AND m.lot_id = e.lot_id
                           WHERE m.brand_id = $1 AND m.tenant_id = $2)
             SELECT COUNT(DISTINCT consumer_id) AS consumers, CAST(COALESCE(SUM(kept), 0) AS BIGINT) AS kept, CAST(COALESCE(SUM(spent), 0) AS BIGINT) AS spent,
                    CAST(COALESCE(SUM(CASE WHEN expires_at <= $5 THEN kept ELSE 0 END), 0) AS BIGINT) AS kept_past_expiry,
                    CAST(COALESCE(SUM(CASE WHEN expires_at <= $5 THEN expired ELSE 0 END), 0) AS BIGINT) AS expired
             FROM fate";

    FIRST_REWARDS: "WITH rewarded AS (SELECT consumer_id, MIN(issued_at) AS at FROM reward_instance WHERE brand_id = $1 AND tenant_id = $2 GROUP BY consumer_id),
                         began AS (SELECT r.consumer_id, r.at, MIN(e.occurred_at) AS since FROM rewarded r JOIN ledger_entry e ON e.consumer_id = r.consumer_id
                                   WHERE r.at >= $3 AND r.at < $4 AND e.brand_id = $1 AND e.tenant_id = $2 AND e.kind = 'EARN' GROUP BY r.consumer_id, r.at)
                    SELECT at - since FROM began WHERE at >= since";
}
