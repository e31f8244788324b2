//! What a brand's points did on one day of UTC, read once from the ledger and kept packed, as [`days`](crate::days) are: the same [protocol](crate::kept).
//!
//! Sums by hour, because the shops' days begin at whole hours of UTC; for each lot that was earned, what became of it so
//! far; and who earned first and was given a reward. The ledger's only writer says which days an entry changes: its own,
//! and the one on which its lot was earned.

use std::collections::BTreeMap;

use db::{Db, Tx, sql};
use serde::{Deserialize, Serialize};
use shared::{
    BrandId, ConsumerId, OrganisationId, Timestamp,
    time::{DAY_MS, HOUR_MS},
};

use crate::{
    Error,
    kept::{Changes, DAYS_AT_ONCE, Pace, RUN_DAYS, SHOWN_MAX, SMALL, Waiting, of_source},
    scope::Scope,
};

/// One or several days.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Points {
    /// Kinds of the ledger, as it calls them.
    pub kinds: Vec<String>,
    pub sums: Vec<Sum>,
    pub lots: Vec<Lot>,
    /// Who earned, and when first: points and stamps alike.
    pub earned: Vec<Since>,
    /// Who was given a reward, and when first.
    pub rewarded: Vec<Since>,
}

/// Entries of points of one hour.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sum {
    /// Since 1970.
    pub hour: i64,
    /// Place of the kind.
    pub kind: u32,
    pub amount: i64,
    /// By how much consumers hold more: spendable, pending, reserved.
    pub held: i64,
}

impl Sum {
    /// When its hour begins.
    pub const fn at(&self) -> Timestamp {
        Timestamp(self.hour * HOUR_MS)
    }
}

/// Points that were earned together, and what became of them in their first wallet and in the one where they are now.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lot {
    pub consumer: [u8; 16],
    pub at: i64,
    pub expires_at: i64,
    pub kept: i64,
    pub spent: i64,
    pub expired: i64,
}

/// A consumer and an instant.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Since {
    pub consumer: [u8; 16],
    pub at: i64,
}

impl Points {
    fn rows(&self) -> i64 {
        (self.lots.len() + self.earned.len() + self.rewarded.len()) as i64
    }

    /// From the ledger: days of UTC, the last one excluded.
    async fn read(tx: &mut Tx, brand: BrandId, tenant: OrganisationId, from: i64, to: i64) -> Result<Self, Error> {
        let (from, to) = (Timestamp(from * DAY_MS), Timestamp(to * DAY_MS));
        let mut points = Self::default();
        let sums: Vec<(i64, String, i64, i64)> = tx.query(SUMS).bind(brand).bind(tenant).bind(from).bind(to).all().await?;
        for (hour, kind, amount, held) in sums {
            let place = points.kinds.iter().position(|known| *known == kind).unwrap_or_else(|| {
                points.kinds.push(kind);
                points.kinds.len() - 1
            });
            points.sums.push(Sum { hour, kind: place as u32, amount, held });
        }
        let lots: Vec<(ConsumerId, Timestamp, Timestamp, i64, i64, i64)> =
            tx.query(LOTS).bind(brand).bind(tenant).bind(from).bind(to).all().await?;
        points.lots.extend(lots.into_iter().map(|(consumer, at, expires_at, kept, spent, expired)| Lot {
            consumer: consumer.0.into_bytes(),
            at: at.0,
            expires_at: expires_at.0,
            kept,
            spent,
            expired,
        }));
        let since = |(consumer, at): (ConsumerId, Timestamp)| Since { consumer: consumer.0.into_bytes(), at: at.0 };
        points.earned.extend(tx.query(EARNED).bind(brand).bind(tenant).bind(from).bind(to).all().await?.into_iter().map(since));
        points.rewarded.extend(tx.query(REWARDED).bind(brand).bind(tenant).bind(from).bind(to).all().await?.into_iter().map(since));
        Ok(points)
    }
}

/// What the brand's points did before an instant that begins an hour, part after part in the order of time.
pub(crate) async fn each(tx: &mut Tx, scope: &Scope, end: Timestamp, mut fold: impl FnMut(&Points)) -> Result<(), Error> {
    let Scope { brand, tenant, .. } = *scope;
    let to = end.0.div_euclid(DAY_MS) + 1;
    let (entry, reward): (Option<Timestamp>, Option<Timestamp>) = tx.query(FIRST).bind(brand).one().await?;
    let Some(first) = entry.into_iter().chain(reward).min() else {
        return Ok(());
    };
    let kept: Vec<(i64, i64)> = tx.query(KEPT).bind(brand).bind(tenant).bind(to).all().await?;
    let changed: Vec<(i64, Timestamp, Timestamp)> = tx.query(CHANGED).bind(brand).bind(to).all().await?;
    let changed: BTreeMap<i64, Waiting> = changed.into_iter().map(|(day, oldest, newest)| (day, Waiting { oldest, newest })).collect();
    let mut next = first.0.div_euclid(DAY_MS);
    for (day, _) in
        kept.into_iter().filter(|(day, rows)| changed.get(day).is_none_or(|waiting| waiting.may_wait(scope.now) && *rows > SMALL))
    {
        unkept(tx, scope, next, day, &mut fold).await?;
        let (packed,): (Vec<u8>,) = tx.query(POINTS).bind(brand).bind(tenant).bind(day).one().await?;
        fold(&unpack(&packed)?);
        next = next.max(day + 1);
    }
    unkept(tx, scope, next, to, &mut fold).await
}

async fn unkept(tx: &mut Tx, scope: &Scope, mut from: i64, to: i64, fold: &mut impl FnMut(&Points)) -> Result<(), Error> {
    while from < to {
        let end = (from + RUN_DAYS).min(to);
        fold(&Points::read(tx, scope.brand, scope.tenant, from, end).await?);
        from = end;
    }
    Ok(())
}

fn unpack(packed: &[u8]) -> Result<Points, Error> {
    postcard::from_bytes(packed).map_err(|_| Error::Bounds)
}

/// Reads days again of which something changed, those that wait longest first. Returns how many there were; when these are
/// [`DAYS_AT_ONCE`], more may wait.
pub async fn refresh(db: &Db, now: Timestamp, pace: Pace) -> Result<usize, Error> {
    let waiting: Vec<(BrandId, i64)> = db.read().await?.query(WAITING).bind(DAYS_AT_ONCE as i64).all().await?;
    pace.each(waiting, |brand, day| keep(db, now, brand, day)).await
}

/// Keeps a day as it is now, unless somebody else began after us, and keeps it.
pub(crate) async fn keep(db: &Db, now: Timestamp, brand: BrandId, day: i64) -> Result<(), Error> {
    let Some(taken) = CHANGES.take(db, brand, day).await? else {
        return Ok(());
    };
    let Some((tenant, points)) = of_source(db, brand, move |tx, tenant| Box::pin(Points::read(tx, brand, tenant, day, day + 1))).await?
    else {
        return Ok(());
    };
    let bytes = postcard::to_stdvec(&points).map_err(|_| Error::Bounds)?;
    let Some(mut tx) = taken.forget(db).await? else {
        return Ok(());
    };
    tx.query(KEEP).bind(brand).bind(tenant).bind(day).bind(points.rows()).bind(bytes).bind(now).execute().await?;
    tx.commit().await?;
    Ok(())
}

/// Reads all kept days of which nothing changed from the ledger: how many there are, and the first of those that differ.
pub async fn verify(db: &Db) -> Result<(i64, Vec<String>), Error> {
    let mut tx = db.read().await?;
    let days: Vec<(BrandId, OrganisationId, i64)> = tx.query(UNCHANGED).all().await?;
    let mut differ = Vec::new();
    for (brand, tenant, day) in &days {
        let (kept,): (Vec<u8>,) = tx.query(POINTS).bind(*brand).bind(*tenant).bind(*day).one().await?;
        if unpack(&kept)? != Points::read(&mut tx, *brand, *tenant, *day, day + 1).await? && differ.len() < SHOWN_MAX {
            differ.push(format!("{brand} day {day}"));
        }
    }
    Ok((days.len() as i64, differ))
}

const CHANGES: Changes = Changes { take: TAKE, forget: FORGET };

sql! {
    FIRST: "SELECT (SELECT MIN(occurred_at) FROM ledger_entry WHERE brand_id = $1), (SELECT MIN(issued_at) FROM reward_instance WHERE brand_id = $1)";

    KEPT: "SELECT day, many FROM report_points WHERE brand_id = $1 AND tenant_id = $2 AND day < $3 ORDER BY day";

    CHANGED: "SELECT day, MIN(changed_at), MAX(changed_at) FROM points_change WHERE brand_id = $1 AND day < $2 GROUP BY day";

    POINTS: "SELECT points FROM report_points WHERE brand_id = $1 AND tenant_id = $2 AND day = $3";

    SUMS: "SELECT e.occurred_at / 3600000, e.kind, CAST(SUM(e.amount) AS BIGINT),
                  CAST(SUM(CASE WHEN e.credit_account IN ('available', 'pending', 'reserved') THEN e.amount ELSE 0 END)
                     - SUM(CASE WHEN e.debit_account IN ('available', 'pending', 'reserved') THEN e.amount ELSE 0 END) AS BIGINT)
           FROM ledger_entry e JOIN wallet w ON w.id = e.wallet_id
           WHERE e.brand_id = $1 AND e.tenant_id = $2 AND e.occurred_at >= $3 AND e.occurred_at < $4 AND w.unit = 'points'
           GROUP BY e.occurred_at / 3600000, e.kind ORDER BY 1, 2";

    /// A claimed card's lot goes on in another wallet, and what becomes of it there is of the same lot.
    LOTS: "SELECT e.consumer_id, e.occurred_at, l.expires_at,
                  CAST(SUM(CASE WHEN m.kind = 'EARN' THEN m.amount WHEN m.kind = 'REVERSE' THEN -m.amount ELSE 0 END) AS BIGINT),
                  CAST(SUM(CASE WHEN m.kind IN ('SPEND', 'REWARD_ISSUE') THEN m.amount WHEN m.kind IN ('REFUND', 'REWARD_CANCEL') THEN -m.amount ELSE 0 END) AS BIGINT),
                  CAST(SUM(CASE WHEN m.kind = 'EXPIRE' THEN m.amount ELSE 0 END) AS BIGINT)
           FROM ledger_entry e JOIN wallet w ON w.id = e.wallet_id JOIN lot l ON l.id = e.lot_id
                JOIN ledger_entry m ON m.lot_id = e.lot_id AND m.wallet_id IN (e.wallet_id, l.wallet_id)
           WHERE e.brand_id = $1 AND e.tenant_id = $2 AND e.kind = 'EARN' AND e.occurred_at >= $3 AND e.occurred_at < $4 AND w.unit = 'points'
             AND m.brand_id = $1 AND m.tenant_id = $2
           GROUP BY e.id, e.consumer_id, e.occurred_at, l.expires_at ORDER BY e.occurred_at, e.id";

    EARNED: "SELECT consumer_id, MIN(occurred_at) FROM ledger_entry
             WHERE brand_id = $1 AND tenant_id = $2 AND kind = 'EARN' AND occurred_at >= $3 AND occurred_at < $4 GROUP BY consumer_id ORDER BY consumer_id";

    REWARDED: "SELECT consumer_id, MIN(issued_at) FROM reward_instance
               WHERE brand_id = $1 AND tenant_id = $2 AND issued_at >= $3 AND issued_at < $4 GROUP BY consumer_id ORDER BY consumer_id";

    WAITING: "SELECT brand_id, day FROM points_change GROUP BY brand_id, day ORDER BY MIN(changed_at), brand_id, day LIMIT $1";

    TAKE: "UPDATE points_change SET taken = $1 WHERE brand_id = $2 AND day = $3";

    FORGET: "DELETE FROM points_change WHERE brand_id = $1 AND day = $2 AND taken = $3";

    KEEP: "INSERT INTO report_points (brand_id, tenant_id, day, many, points, read_at) VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (brand_id, day) DO UPDATE SET many = excluded.many, points = excluded.points, read_at = excluded.read_at";

    UNCHANGED: "SELECT d.brand_id, d.tenant_id, d.day FROM report_points d
                WHERE NOT EXISTS (SELECT 1 FROM points_change c WHERE c.brand_id = d.brand_id AND c.day = d.day) ORDER BY d.brand_id, d.day";
}
