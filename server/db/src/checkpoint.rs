//! SQLite's log, copied back into the database file beside the sales.
//!
//! Left alone, SQLite does that inside a COMMIT, whenever the log has a thousand pages: on a day when shops sell several times
//! a second, and whoever committed then waits for two more fsyncs and some megabytes. A connection of its own does it about
//! once each [`EVERY`] while something is written, so that a page written ten times meanwhile is copied once.
//!
//! A log that is only copied from beside might never start again while shops sell: there is always a sale after the last
//! page that was copied. Beyond [`LOG_PAGES_MAX`] pages each COMMIT copies, too, what little is left, until nobody reads from
//! the log and it starts again. As ever with SQLite, it grows for as long as one reader looks at an old state.
//!
//! Two connections that copy at once need SQLite 3.51.3 or newer: before, a log that started again at that moment could
//! damage the file (<https://sqlite.org/wal.html>, "The WAL-Reset Bug").

use std::{sync::Arc, time::Duration};

use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};
use tokio::{sync::Notify, time};
use tokio_util::task::AbortOnDropHandle;

use crate::Error;

/// What is written meanwhile is copied together.
const EVERY: Duration = Duration::from_secs(1);
/// `PRAGMA wal_autocheckpoint` of the writer, in pages of 4 KiB: 128 MiB.
pub(crate) const LOG_PAGES_MAX: &str = "32768";
/// `PRAGMA journal_size_limit`: what the file of the log keeps when it starts again. A little more than so many pages take in
/// it: growing again is slower than writing where it was.
pub(crate) const LOG_BYTES_MAX: &str = "167772160";

/// The writer's side; the copying ends with it.
pub(crate) struct Checkpoints {
    due: Arc<Notify>,
    _task: AbortOnDropHandle<()>,
}

impl Checkpoints {
    /// Of the database that `options` open.
    pub(crate) fn of(options: SqliteConnectOptions) -> Self {
        // Whoever took the file away does not want another one.
        let options = options.create_if_missing(false);
        let due = Arc::new(Notify::new());
        let told = due.clone();
        let task = tokio::spawn(async move {
            let mut failed = false;
            loop {
                told.notified().await;
                time::sleep(EVERY).await;
                let done = copy(&options).await;
                match &done {
                    Err(error) if !failed => tracing::warn!(%error, "Cannot copy the log into the database"),
                    Err(error) => tracing::debug!(%error, "Still cannot copy the log"),
                    Ok(()) => {}
                }
                failed = done.is_err();
            }
        });
        Self { due, _task: AbortOnDropHandle::new(task) }
    }

    /// There is something to copy.
    pub(crate) fn written(&self) {
        self.due.notify_one();
    }
}

/// It waits for nobody: what a reader still needs stays in the log until the next time. No connection stays open for it, a
/// thread and what it keeps, while nobody writes.
async fn copy(options: &SqliteConnectOptions) -> Result<(), Error> {
    let began = time::Instant::now();
    let mut conn = options.connect().await?;
    let (_, log, copied): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(&mut conn).await?;
    conn.close().await?;
    tracing::debug!(log, copied, ms = began.elapsed().as_millis(), "Copied the log");
    Ok(())
}
