//! Work for later: a queue and an outbox in the database itself, in the same transaction as the fact.
//!
//! Words: a *job* runs once its time has come, is leased while it runs, comes back with a growing delay when it fails,
//! and is a *dead letter* after [`ATTEMPTS_MAX`] tries. An *event* says what happened; for each subscriber it becomes a
//! job. Both are delivered at least once, so every effect is made in the transaction that also ends the job. What waits for
//! strangers runs in a [`Lane`] of its own, so that nothing else waits for them.
//!
//! Invariants: a job that was enqueued with a fact exists exactly if the fact does; the effect of a
//! [`Handler::Inside`] happens once, because the lease is checked when the job is deleted.
//!
//! Arrows: jobs → db. It knows no domain: the binary puts their handlers into a [`Registry`].

pub mod outbox;
mod queue;
mod worker;

pub use queue::{ATTEMPTS_MAX, DeadJob, Job, LEASE_MS, Lane, NewJob, dead, enqueue, retry_dead};
pub use worker::{Handler, JobError, Registry, SLOW_AT_ONCE, run, run_due, run_round};

/// Why a queue verb failed: only the store can.
pub type Error = db::Error;

/// Every statement of the crate.
pub fn statements() -> Vec<db::Sql> {
    [outbox::STATEMENTS, queue::STATEMENTS].concat()
}
