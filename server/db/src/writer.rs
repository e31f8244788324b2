//! SQLite's one writing connection, lent to one transaction after another, with a shared COMMIT.
//!
//! One fsync for each transaction would hold the embedded database to the disk's pace. A task owns the connection and
//! lends it to one borrower at a time inside a savepoint; while others wait, at most `group_max` share the COMMIT, and
//! `commit()` answers only after it. A borrower that goes away, at whatever moment, sends the connection home by being
//! dropped. A COMMIT that fails, a full disk or an I/O error undoes the whole group and everybody hears the same error.
//!
//! Nobody waits for all who came later: a group also ends after [`SHARE_MIN`]; on a slow disk, where that would be one
//! COMMIT after the other, when it lasted [`SHARE`] times a COMMIT.
//!
//! Whoever keeps the connection for long keeps every sale waiting: the log names such a loan by its slowest statement.
//! `RUST_LOG=info,db::writer=debug` tells each loan.

use std::time::{Duration, Instant};

use sqlx::{ConnectOptions, Connection, Executor, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::{mpsc, oneshot};

use crate::{
    Error,
    checkpoint::{Checkpoints, LOG_PAGES_MAX},
};

/// How many may wait for the connection before `begin` itself waits.
const QUEUE_MAX: usize = 1_024;

/// A group that lasted so long takes no more members, however quick the disk,
const SHARE_MIN: Duration = Duration::from_millis(5);
/// nor one that lasted so long, however slow it is.
const SHARE_MAX: Duration = Duration::from_millis(250);
/// In between: a COMMIT takes a fifth of the time.
const SHARE: u32 = 4;

/// A loan that is told in the log.
const LONG: Duration = Duration::from_millis(250);

/// How a loan ends.
pub(crate) enum Verdict {
    Commit(oneshot::Sender<Result<(), Error>>),
    Rollback,
}

/// What a borrower did: how many statements, and the one that took longest.
#[derive(Clone, Copy, Default)]
struct Work {
    statements: u32,
    slowest: &'static str,
    took: Duration,
}

struct Returned {
    conn: SqliteConnection,
    verdict: Verdict,
    work: Work,
}

type Home = oneshot::Sender<Returned>;

/// The lent connection; however the borrower ends, dropping it sends it home.
pub(crate) struct Lease {
    conn: Option<SqliteConnection>,
    home: Option<Home>,
    work: Work,
}

impl Lease {
    /// A statement ended.
    pub(crate) fn ran(&mut self, sql: &'static str, took: Duration) {
        self.work.statements += 1;
        if took > self.work.took {
            (self.work.slowest, self.work.took) = (sql, took);
        }
    }

    pub(crate) fn connection(&mut self) -> Result<&mut SqliteConnection, Error> {
        self.conn.as_mut().ok_or(Error::Unavailable)
    }

    /// Waits until the group's COMMIT is on disk.
    pub(crate) async fn commit(mut self) -> Result<(), Error> {
        let (ack, done) = oneshot::channel();
        let (Some(conn), Some(home)) = (self.conn.take(), self.home.take()) else {
            return Err(Error::Unavailable);
        };
        home.send(Returned { conn, verdict: Verdict::Commit(ack), work: self.work }).map_err(|_| Error::Unavailable)?;
        done.await.map_err(|_| Error::Unavailable)?
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let (Some(conn), Some(home)) = (self.conn.take(), self.home.take()) {
            // The writer always waits for it; if it is gone, so is the process.
            let _ = home.send(Returned { conn, verdict: Verdict::Rollback, work: self.work });
        }
    }
}

/// The borrowers' side.
#[derive(Clone)]
pub(crate) struct Writer {
    queue: mpsc::Sender<oneshot::Sender<Lease>>,
}

impl Writer {
    /// Opens the connection and the task that owns it; the task ends when the last `Writer` is dropped.
    pub(crate) async fn open(options: SqliteConnectOptions, group_max: usize) -> Result<Self, Error> {
        let options = options.pragma("wal_autocheckpoint", LOG_PAGES_MAX);
        let conn = options.connect().await?;
        let checkpoints = Checkpoints::of(options.clone());
        let (queue, waiting) = mpsc::channel(QUEUE_MAX);
        tokio::spawn(lend_in_turn(options, conn, checkpoints, waiting, group_max.max(1)));
        Ok(Self { queue })
    }

    pub(crate) async fn lend(&self) -> Result<Lease, Error> {
        let (request, lease) = oneshot::channel();
        self.queue.send(request).await.map_err(|_| Error::Unavailable)?;
        lease.await.map_err(|_| Error::Unavailable)
    }
}

async fn lend_in_turn(
    options: SqliteConnectOptions,
    conn: SqliteConnection,
    checkpoints: Checkpoints,
    mut queue: mpsc::Receiver<oneshot::Sender<Lease>>,
    group_max: usize,
) {
    let mut held = Some(conn);
    let mut commits = [Duration::ZERO; 2];
    while let Some(first) = queue.recv().await {
        let conn = match held.take() {
            Some(conn) => conn,
            // The last one broke: whoever waits now is refused until a new one opens.
            None => match options.connect().await {
                Ok(conn) => conn,
                Err(error) => {
                    tracing::error!(%error, "Cannot open the writing connection");
                    continue;
                }
            },
        };
        held = group(conn, first, &mut queue, group_max, &mut commits, &checkpoints).await;
    }
    if let Some(conn) = held {
        let _ = conn.close().await;
    }
}

/// One COMMIT and everybody who shares it. Returns the connection unless it broke.
async fn group(
    mut conn: SqliteConnection,
    first: oneshot::Sender<Lease>,
    queue: &mut mpsc::Receiver<oneshot::Sender<Lease>>,
    group_max: usize,
    commits: &mut [Duration; 2],
    checkpoints: &Checkpoints,
) -> Option<SqliteConnection> {
    let opened = Instant::now();
    // One that waited for a checkpoint says nothing about the disk.
    let usual = commits[0].min(commits[1]);
    let share = (usual * SHARE).clamp(SHARE_MIN, SHARE_MAX);
    if let Err(error) = conn.execute("BEGIN IMMEDIATE").await {
        tracing::error!(%error, "Cannot begin a group");
        return None;
    }
    let mut members = Vec::new();
    let mut broken: Option<Error> = None;
    let mut next = Some(first);
    while let Some(request) = next.take() {
        if let Err(error) = conn.execute("SAVEPOINT member").await {
            broken = Some(error.into());
            break;
        }
        let (home, back) = oneshot::channel();
        let began = Instant::now();
        // A borrower that has gone drops the lease, and it comes back.
        let _ = request.send(Lease { conn: Some(conn), home: Some(home), work: Work::default() });
        let Ok(returned) = back.await else {
            tracing::error!("The writing connection was lost");
            fail(members, &Error::Unavailable);
            return None;
        };
        conn = returned.conn;
        tell(began.elapsed(), returned.work, queue.len());
        let end = match returned.verdict {
            Verdict::Commit(ack) => {
                members.push(ack);
                conn.execute("RELEASE member").await
            }
            Verdict::Rollback => conn.execute("ROLLBACK TO member; RELEASE member").await,
        };
        if let Err(error) = end {
            broken = Some(error.into());
            break;
        }
        if members.len() < group_max && opened.elapsed() < share {
            next = queue.try_recv().ok();
        }
    }
    let committed = match broken {
        Some(error) => Err(error),
        None => {
            let began = Instant::now();
            let done = conn.execute("COMMIT").await.map(drop).map_err(Error::from);
            let took = began.elapsed();
            *commits = [took, commits[0]];
            tell(took, Work { statements: 1, slowest: "COMMIT", took }, queue.len());
            done
        }
    };
    match committed {
        Ok(()) => {
            if !members.is_empty() {
                checkpoints.written();
            }
            for member in members {
                let _ = member.send(Ok(()));
            }
            Some(conn)
        }
        Err(error) => {
            tracing::error!(%error, members = members.len(), "A group was undone");
            fail(members, &error);
            // SQLite may have ended the transaction by itself; then this finds none, and a fresh connection is certain.
            let _ = conn.execute("ROLLBACK").await;
            let _ = conn.close().await;
            None
        }
    }
}

/// Nobody minds a long loan, a seed's or a backup's, while nobody waits.
fn tell(held: Duration, Work { statements, slowest, took }: Work, waiting: usize) {
    let (held_ms, slowest_ms) = (held.as_millis(), took.as_millis());
    if held >= LONG && waiting > 0 {
        tracing::warn!(held_ms, waiting, statements, slowest_ms, slowest, "Kept the only writing connection for long");
    } else {
        tracing::debug!(held_ms, waiting, statements, slowest_ms, slowest, "Wrote");
    }
}

fn fail(members: Vec<oneshot::Sender<Result<(), Error>>>, error: &Error) {
    for member in members {
        let _ = member.send(Err(error.clone()));
    }
}
