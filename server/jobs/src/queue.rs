//! The table of jobs.

use db::{Tx, sql};
use rand::Rng;
use serde_json::Value;
use shared::{
    JobId, Timestamp,
    time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS},
};
use sqlx::types::Json;
use uuid::Uuid;

use crate::Error;

/// How long a worker may hold a job before another one takes it.
pub const LEASE_MS: i64 = MINUTE_MS;
/// Tries before a job becomes a dead letter.
pub const ATTEMPTS_MAX: i64 = 12;
const FIRST_DELAY_MS: i64 = 2 * SECOND_MS;
const LONGEST_DELAY_MS: i64 = 6 * HOUR_MS;

/// Jobs of one lane never wait for those of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Lane {
    /// Ends soon: the database, or a provider that somebody chose.
    Quick,
    /// Talks to machines of strangers, who may take their time.
    Slow,
}

/// A job to enqueue.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Which handler.
    pub kind: &'static str,
    /// Beside which others.
    pub lane: Lane,
    /// What it needs.
    pub payload: Value,
    /// Not before.
    pub run_at: Timestamp,
    /// The same key again while the job waits is the same job.
    pub dedupe_key: Option<String>,
}

/// A job that a worker holds.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Job {
    /// The job.
    pub id: JobId,
    /// Which handler.
    pub kind: String,
    /// What it needs.
    pub payload: Json<Value>,
    /// Which try this is, from 1.
    pub attempts: i64,
}

/// A job that failed too often.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct DeadJob {
    /// The job.
    pub id: JobId,
    /// Which handler.
    pub kind: String,
    /// What it died of.
    pub last_error: String,
    /// When.
    pub died_at: Timestamp,
}

/// Adds a job to the transaction.
pub async fn enqueue(tx: &mut Tx, now: Timestamp, job: NewJob) -> Result<JobId, Error> {
    let id: JobId = tx.new_id();
    tx.query(INSERT)
        .bind(id)
        .bind(job.kind)
        .bind(Json(job.payload))
        .bind(job.dedupe_key)
        .bind(job.run_at)
        .bind(now)
        .bind(job.lane)
        .execute()
        .await?;
    Ok(id)
}

/// Takes up to `limit` jobs of a lane whose time has come; each is this lease's until [`LEASE_MS`] have passed.
pub(crate) async fn claim(tx: &mut Tx, now: Timestamp, lease: Uuid, lane: Lane, limit: i64) -> Result<Vec<Job>, Error> {
    tx.query(CLAIM).bind(lease).bind(now.plus_ms(LEASE_MS)).bind(now).bind(limit).bind(lane).all().await
}

/// Holds a job for another [`LEASE_MS`]. False: somebody else has it, and it must not be begun.
pub(crate) async fn renew(tx: &mut Tx, now: Timestamp, job: JobId, lease: Uuid) -> Result<bool, Error> {
    Ok(tx.query(RENEW).bind(now.plus_ms(LEASE_MS)).bind(job).bind(lease).execute().await? == 1)
}

/// Ends a job. False: the lease was lost, and the caller must undo its effect.
pub(crate) async fn complete(tx: &mut Tx, job: JobId, lease: Uuid) -> Result<bool, Error> {
    Ok(tx.query(COMPLETE).bind(job).bind(lease).execute().await? == 1)
}

/// Whether a job that failed comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// With the usual delay.
    Soon,
    /// Not before so many milliseconds; counts as a try, so that it ends some day.
    After(i64),
    /// Nothing would help.
    Never,
}

/// Puts a job back for later, or among the dead.
pub(crate) async fn fail(tx: &mut Tx, now: Timestamp, job: &Job, lease: Uuid, why: &str, again: Again) -> Result<(), Error> {
    if again == Again::Never || job.attempts >= ATTEMPTS_MAX {
        tx.query(BURY).bind(now).bind(why).bind(job.id).bind(lease).execute().await?;
        tx.query(COMPLETE).bind(job.id).bind(lease).execute().await?;
        return Ok(());
    }
    let delay = match again {
        Again::After(wait_ms) => wait_ms.clamp(0, DAY_MS),
        Again::Soon | Again::Never => delay_ms(job.attempts),
    };
    tx.query(POSTPONE).bind(now.plus_ms(delay)).bind(why).bind(job.id).bind(lease).execute().await?;
    Ok(())
}

/// Exponential with full jitter, so that what failed together does not come back together.
fn delay_ms(attempts: i64) -> i64 {
    let ceiling = FIRST_DELAY_MS.saturating_mul(1 << attempts.clamp(0, 20)).min(LONGEST_DELAY_MS);
    rand::rng().random_range(FIRST_DELAY_MS / 2..=ceiling)
}

/// Dead letters, newest first; at most 100.
pub async fn dead(tx: &mut Tx) -> Result<Vec<DeadJob>, Error> {
    tx.query(DEAD).all().await
}

/// Gives dead letters (all, or one) a new life. Returns how many.
pub async fn retry_dead(tx: &mut Tx, now: Timestamp, only: Option<JobId>) -> Result<u64, Error> {
    let revived = tx.query(REVIVE).bind(now).bind(only.is_none()).bind(only).execute().await?;
    tx.query(FORGET_DEAD).bind(only.is_none()).bind(only).execute().await?;
    Ok(revived)
}

sql! {
    INSERT: "INSERT INTO job (id, kind, payload, dedupe_key, run_at, attempts, created_at, lane) VALUES ($1, $2, $3, $4, $5, 0, $6, $7) ON CONFLICT DO NOTHING";

    /// Two texts: several workers must not wait for each other's rows on PostgreSQL; SQLite has one writer anyway.
    CLAIM: {
        sqlite: "UPDATE job SET lease_id = $1, run_at = $2, attempts = attempts + 1
                 WHERE id IN (SELECT id FROM job WHERE lane = $5 AND run_at <= $3 ORDER BY run_at, id LIMIT $4)
                 RETURNING id, kind, payload, attempts",
        postgres: "UPDATE job SET lease_id = $1, run_at = $2, attempts = attempts + 1
                   WHERE id IN (SELECT id FROM job WHERE lane = $5 AND run_at <= $3 ORDER BY run_at, id LIMIT $4 FOR UPDATE SKIP LOCKED)
                   RETURNING id, kind, payload, attempts"
    };

    RENEW: "UPDATE job SET run_at = $1 WHERE id = $2 AND lease_id = $3";

    COMPLETE: "DELETE FROM job WHERE id = $1 AND lease_id = $2";

    POSTPONE: "UPDATE job SET run_at = $1, last_error = $2, lease_id = NULL WHERE id = $3 AND lease_id = $4";

    BURY: "INSERT INTO dead_job (id, kind, payload, dedupe_key, attempts, last_error, created_at, died_at, lane)
           SELECT id, kind, payload, dedupe_key, attempts, $2, created_at, $1, lane FROM job WHERE id = $3 AND lease_id = $4";

    DEAD: "SELECT id, kind, last_error, died_at FROM dead_job ORDER BY died_at DESC, id DESC LIMIT 100";

    REVIVE: "INSERT INTO job (id, kind, payload, dedupe_key, run_at, attempts, created_at, lane)
             SELECT id, kind, payload, dedupe_key, $1, 0, created_at, lane FROM dead_job WHERE $2 OR id = $3
             ON CONFLICT DO NOTHING";

    FORGET_DEAD: "DELETE FROM dead_job WHERE $1 OR id = $2";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_grows_and_stays_bounded() {
        for attempts in 1..60 {
            assert!((FIRST_DELAY_MS / 2..=LONGEST_DELAY_MS).contains(&delay_ms(attempts)));
        }
        assert!((0..50).map(|_| delay_ms(1)).max() < (0..50).map(|_| delay_ms(10)).max());
    }
}
