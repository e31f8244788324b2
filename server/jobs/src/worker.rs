//! The loop that runs jobs; several processes may run it side by side.

use std::{collections::HashMap, future::Future, pin::Pin, sync::Arc, time::Duration};

use db::{Db, Tx, clock::Clock};
use shared::Timestamp;
use tokio::sync::watch;
use uuid::Uuid;

use crate::{Error, Job, outbox, queue};

/// Jobs claimed at once.
const BATCH: i64 = 16;
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
    pub fn inside(mut self, kind: &'static str, handler: impl for<'a> Fn(&'a mut Tx, Timestamp, &'a Job) -> Pending<'a> + Send + Sync + 'static) -> Self {
        self.handlers.insert(kind, Handler::Inside(Arc::new(handler)));
        self
    }
    /// A handler that calls somebody outside.
    #[must_use]
    pub fn outside(mut self, kind: &'static str, handler: impl for<'a> Fn(&'a Db, Timestamp, &'a Job) -> Pending<'a> + Send + Sync + 'static) -> Self {
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

/// Works until `stop` turns true; finishes what it has begun.
pub async fn run(db: Db, registry: Registry, clock: Clock, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let pause = match run_due(&db, &registry, clock.now()).await {
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

/// One round: waiting events, then jobs whose time has come. Returns how much was done.
pub async fn run_due(db: &Db, registry: &Registry, now: Timestamp) -> Result<usize, Error> {
    let told = outbox::dispatch(db, registry, now).await?;
    let mut tx = db.begin().await?;
    let lease: Uuid = tx.new_id();
    let jobs = queue::claim(&mut tx, now, lease, BATCH).await?;
    if !jobs.is_empty() {
        tx.commit().await?;
    } else {
        drop(tx);
    }
    for job in &jobs {
        if let Err(error) = attempt(db, registry, now, job, lease).await {
            tracing::warn!(job.id = %job.id, job.kind, %error, "Job {} failed on try {}", job.kind, job.attempts);
            let hopeless = matches!(error, JobError::Hopeless(_));
            let mut tx = db.begin().await?;
            queue::fail(&mut tx, now, job, lease, &error.to_string(), hopeless).await?;
            tx.commit().await?;
        }
    }
    Ok(told + jobs.len())
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
