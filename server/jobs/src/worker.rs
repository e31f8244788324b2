//! The loop that runs jobs; several processes may run it side by side.

use std::{
    any::Any,
    collections::HashMap,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use db::{Db, Tx, clock::Clock};
use shared::Timestamp;
use tokio::{
    sync::watch,
    task::{JoinError, JoinSet},
};
use uuid::Uuid;

use crate::{ATTEMPTS_MAX, Error, Job, LEASE_MS, Lane, outbox, queue};

/// Jobs claimed at once.
const BATCH: i64 = 16;
/// Jobs of the slow lane that run beside each other: a receiver that takes its time holds its own place, not everybody's.
pub const SLOW_AT_ONCE: usize = 8;
/// A lease that is older than this when its job's turn comes is renewed: the jobs before it took their time.
const RENEW_AFTER_MS: i64 = LEASE_MS / 12;
/// How long an idle worker waits before it looks again.
const IDLE: Duration = Duration::from_millis(250);
/// Hours between two sweeps of what has expired are the caller's; a failing store is asked again after this.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Why a job did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Worth another try.
    #[error("{0}")]
    Retry(String),
    /// Worth another try, not before so many milliseconds.
    #[error("{why}")]
    Later {
        /// How long.
        wait_ms: i64,
        /// Why.
        why: String,
    },
    /// No try will help: it becomes a dead letter at once.
    #[error("{0}")]
    Hopeless(String),
    /// The store failed: another try.
    #[error(transparent)]
    Store(#[from] db::Error),
}

type Pending<'a> = Pin<Box<dyn Future<Output = Result<(), JobError>> + Send + 'a>>;
type Inside = Arc<dyn for<'a> Fn(&'a mut Tx, Timestamp, &'a Job) -> Pending<'a> + Send + Sync>;
type Outside = Arc<dyn for<'a> Fn(&'a Db, Timestamp, &'a Job) -> Pending<'a> + Send + Sync>;

/// What runs for a kind of job.
#[derive(Clone)]
pub enum Handler {
    /// Its effect and the end of the job are one transaction: the effect happens once.
    Inside(Inside),
    /// Talks to the world between its own transactions: at least once.
    Outside(Outside),
}

/// Which handler runs which kind, and which kinds want which events.
#[derive(Clone, Default)]
pub struct Registry {
    handlers: HashMap<&'static str, Handler>,
    subscribers: HashMap<&'static str, Vec<&'static str>>,
}

impl Registry {
    /// A handler whose effect is in the database.
    #[must_use]
    pub fn inside(
        mut self,
        kind: &'static str,
        handler: impl for<'a> Fn(&'a mut Tx, Timestamp, &'a Job) -> Pending<'a> + Send + Sync + 'static,
    ) -> Self {
        self.handlers.insert(kind, Handler::Inside(Arc::new(handler)));
        self
    }
    /// A handler that calls somebody outside.
    #[must_use]
    pub fn outside(
        mut self,
        kind: &'static str,
        handler: impl for<'a> Fn(&'a Db, Timestamp, &'a Job) -> Pending<'a> + Send + Sync + 'static,
    ) -> Self {
        self.handlers.insert(kind, Handler::Outside(Arc::new(handler)));
        self
    }
    /// Events of a topic become jobs of this kind.
    #[must_use]
    pub fn subscribe(mut self, topic: &'static str, kind: &'static str) -> Self {
        self.subscribers.entry(topic).or_default().push(kind);
        self
    }
    pub(crate) fn subscribers(&self, topic: &str) -> &[&'static str] {
        self.subscribers.get(topic).map_or(&[], Vec::as_slice)
    }
}

/// Works in one lane until `stop` turns true; finishes what it has begun.
pub async fn run(db: Db, registry: Registry, clock: Clock, lane: Lane, stop: watch::Receiver<bool>) {
    match lane {
        Lane::Quick => run_in_turn(db, registry, clock, lane, stop).await,
        Lane::Slow => run_beside(db, registry, clock, lane, stop).await,
    }
}

/// Up to [`SLOW_AT_ONCE`] jobs beside each other: a place that becomes free takes the next one at once.
async fn run_beside(db: Db, registry: Registry, clock: Clock, lane: Lane, mut stop: watch::Receiver<bool>) {
    let mut running: JoinSet<()> = JoinSet::new();
    while !*stop.borrow() {
        let free = SLOW_AT_ONCE - running.len();
        let pause = if free == 0 {
            None
        } else {
            match claim(&db, &clock, lane, free as i64).await {
                Ok((_, jobs)) if jobs.is_empty() => Some(IDLE),
                Ok((lease, jobs)) => {
                    for job in jobs {
                        let (db, registry, clock) = (db.clone(), registry.clone(), clock.clone());
                        running.spawn(async move {
                            let now = clock.now();
                            if let Err(error) = finish_or_fail(&db, &registry, &clock, now, &job, lease).await {
                                tracing::error!(%error, "The worker cannot reach its queue");
                            }
                        });
                    }
                    continue;
                }
                Err(error) => {
                    tracing::error!(%error, "The worker cannot reach its queue");
                    Some(AFTER_FAILURE)
                }
            }
        };
        tokio::select! {
            () = async { match pause { Some(pause) => tokio::time::sleep(pause).await, None => std::future::pending().await } } => {}
            Some(ended) = running.join_next(), if !running.is_empty() => broke_off(ended),
            _ = stop.changed() => {}
        }
    }
    while let Some(ended) = running.join_next().await {
        broke_off(ended);
    }
}

/// A bug of this loop, not of a handler ([`unless_it_panics`]): the lease runs out, and the job is tried again.
fn broke_off(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "A job broke off");
    }
}

async fn run_in_turn(db: Db, registry: Registry, clock: Clock, lane: Lane, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let pause = match run_round(&db, &registry, &clock, lane).await {
            Ok(0) => IDLE,
            Ok(_) => continue,
            Err(error) => {
                tracing::error!(%error, "The worker cannot reach its queue");
                AFTER_FAILURE
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => {}
        }
    }
}

/// One round of every lane at one instant: waiting events, then jobs whose time has come. Returns how much was done.
pub async fn run_due(db: &Db, registry: &Registry, now: Timestamp) -> Result<usize, Error> {
    let clock = Clock::controlled(now);
    Ok(run_round(db, registry, &clock, Lane::Quick).await? + run_round(db, registry, &clock, Lane::Slow).await?)
}

/// One round of a lane. Each job gets the instant at which its turn comes. Returns how much was done.
pub async fn run_round(db: &Db, registry: &Registry, clock: &Clock, lane: Lane) -> Result<usize, Error> {
    let claimed_at = clock.now();
    let told = if lane == Lane::Quick { outbox::dispatch(db, registry, claimed_at).await? } else { 0 };
    let (lease, jobs) = claim(db, clock, lane, BATCH).await?;
    for job in &jobs {
        let now = clock.now();
        if now.since(claimed_at) >= RENEW_AFTER_MS {
            let mut tx = db.begin().await?;
            if !queue::renew(&mut tx, now, job.id, lease).await? {
                continue;
            }
            tx.commit().await?;
        }
        finish_or_fail(db, registry, clock, now, job, lease).await?;
    }
    Ok(told + jobs.len())
}

async fn claim(db: &Db, clock: &Clock, lane: Lane, limit: i64) -> Result<(Uuid, Vec<Job>), Error> {
    let mut tx = db.begin().await?;
    let lease: Uuid = tx.new_id();
    let jobs = queue::claim(&mut tx, clock.now(), lease, lane, limit).await?;
    if !jobs.is_empty() {
        tx.commit().await?;
    }
    Ok((lease, jobs))
}

async fn finish_or_fail(db: &Db, registry: &Registry, clock: &Clock, now: Timestamp, job: &Job, lease: Uuid) -> Result<(), Error> {
    // Whoever held it last ended without a word, as often as a job may be tried: it would end this worker, too.
    let tried = if job.attempts > ATTEMPTS_MAX {
        Err(JobError::Hopeless("every worker that began it broke off".into()))
    } else {
        unless_it_panics(attempt(db, registry, now, job, lease)).await
    };
    let Err(error) = tried else {
        return Ok(());
    };
    tracing::warn!(job.id = %job.id, job.kind, %error, "Job {} failed on try {}", job.kind, job.attempts);
    let again = match &error {
        JobError::Hopeless(_) => queue::Again::Never,
        JobError::Later { wait_ms, .. } => queue::Again::After(*wait_ms),
        JobError::Retry(_) | JobError::Store(_) => queue::Again::Soon,
    };
    let mut tx = db.begin().await?;
    queue::fail(&mut tx, clock.now(), job, lease, &error.to_string(), again).await?;
    tx.commit().await?;
    Ok(())
}

/// A panic of a handler is a try that failed, and the worker goes on. What the handler held is dropped by then: its
/// transaction is undone, and nothing of it is used again.
async fn unless_it_panics(attempt: impl Future<Output = Result<(), JobError>>) -> Result<(), JobError> {
    let mut attempt = Box::pin(attempt);
    std::future::poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| attempt.as_mut().poll(context))) {
        Ok(state) => state,
        Err(panic) => Poll::Ready(Err(JobError::Retry(format!("panicked: {}", message(panic.as_ref()))))),
    })
    .await
}

fn message(panic: &(dyn Any + Send)) -> &str {
    panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without words")
}

async fn attempt(db: &Db, registry: &Registry, now: Timestamp, job: &Job, lease: Uuid) -> Result<(), JobError> {
    match registry.handlers.get(job.kind.as_str()) {
        None => Err(JobError::Hopeless(format!("nobody handles jobs of the kind {}", job.kind))),
        Some(Handler::Inside(handler)) => {
            let mut tx = db.begin().await?;
            handler(&mut tx, now, job).await?;
            finish(tx, job, lease).await
        }
        Some(Handler::Outside(handler)) => {
            handler(db, now, job).await?;
            finish(db.begin().await?, job, lease).await
        }
    }
}

/// A lost lease undoes the effect: somebody else has the job now.
async fn finish(mut tx: Tx, job: &Job, lease: Uuid) -> Result<(), JobError> {
    if queue::complete(&mut tx, job.id, lease).await? {
        tx.commit().await?;
    }
    Ok(())
}
