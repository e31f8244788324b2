//! Work that goes after everything else: the panels of a brand over a year, while shops sell, and the days that they fold,
//! read again. (What is behind a number, and the reports that are sent by e-mail, are rarer, and are read beside the rest.)
//!
//! On SQLite a report is computed in this process, and on a small machine it takes the processors for which the sales of a
//! counter wait. [`run`] computes it on threads that the system runs last, and what it reads comes over connections of their
//! own: each is a thread, too, and has the priority of whoever opened it. On PostgreSQL another process does that work.

use std::{cell::Cell, future::Future, sync::OnceLock};

use tokio::runtime::{Builder, Runtime};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use crate::{Db, Engine, Error};

/// As many reports as are computed at once.
pub(crate) const THREADS: usize = 2;
/// `setpriority(2)`: beside a thread with 0 one with 10 gets a tenth. Of a thread on Linux; elsewhere it would be the whole
/// process, and reports are as quick as sales.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

thread_local! {
    static HERE: Cell<bool> = const { Cell::new(false) };
}

/// This thread goes last.
pub(crate) fn is_here() -> bool {
    HERE.get()
}

/// Does it where it disturbs nobody. It ends when nobody waits for it any more; a panic is the caller's.
///
/// Only for what reads: who writes holds others up, and must not be slow.
pub async fn run<F>(db: &Db, work: F) -> Result<F::Output, Error>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    if db.engine() == Engine::Postgres {
        return Ok(work.await);
    }
    match AbortOnDropHandle::new(runtime()?.spawn(work.in_current_span())).await {
        Ok(done) => Ok(done),
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(stopped) => Err(Error::Operation(stopped.to_string().into())),
        },
    }
}

/// Never ended: what it computes is thrown away with the process.
fn runtime() -> Result<&'static Runtime, Error> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let made = Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("last")
        .on_thread_start(|| {
            HERE.set(true);
            // Where the system refuses it, reports are as quick as sales.
            #[cfg(target_os = "linux")]
            if let Err(error) = rustix::process::setpriority_process(None, NICE) {
                tracing::warn!(%error, "Reports cannot be put last");
            }
        })
        .enable_all()
        .build()
        .map_err(|error| Error::Operation(error.to_string().into()))?;
    // Somebody else may have been first; where others wait, a runtime cannot wait for its own end.
    if let Err(second) = RUNTIME.set(made) {
        second.shutdown_background();
    }
    RUNTIME.get().ok_or_else(|| Error::Operation("no threads for what goes last".into()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on stops where it is")]

    use super::*;

    async fn niceness() -> i32 {
        rustix::process::getpriority_process(None).unwrap()
    }

    crate::both_databases! {
        async fn what_goes_last_reads_and_has_less_of_the_machine(db: &Db) {
            let own = niceness().await;
            let other = db.clone();
            let (theirs, one) = run(db, async move {
                let one: (i64,) = other.read().await.unwrap().query(crate::Sql::same("SELECT CAST(1 AS BIGINT)")).one().await.unwrap();
                (niceness().await, one)
            })
            .await
            .unwrap();

            assert_eq!(one, (1,));
            #[cfg(target_os = "linux")]
            assert!(if db.engine() == Engine::Sqlite { theirs >= NICE } else { theirs == own }, "{own} and {theirs}");
            assert_eq!(niceness().await, own, "and nobody else has less");
        }

        async fn a_mistake_in_it_is_the_callers(db: &Db) {
            let db = db.clone();
            let broken = tokio::spawn(async move { run(&db, async { panic!("as it was meant") }).await.map(|(): ()| ()) }).await;

            assert!(broken.unwrap_err().is_panic());
        }
    }
}
