//! SQLite's one writing connection, lent to one transaction after another, with a shared COMMIT.
//!
//! One fsync for each transaction would hold the embedded database to the disk's pace. A task owns the connection and
//! lends it to one borrower at a time inside a savepoint; while others wait, at most `group_max` share the COMMIT, and
//! `commit()` answers only after it. A borrower that goes away, at whatever moment, sends the connection home by being
//! dropped. A COMMIT that fails, a full disk or an I/O error undoes the whole group and everybody hears the same error.

use sqlx::{ConnectOptions, Connection, Executor, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::{mpsc, oneshot};

use crate::Error;

/// How many may wait for the connection before `begin` itself waits.
const QUEUE_MAX: usize = 1_024;

/// How a loan ends.
pub(crate) enum Verdict {
    Commit(oneshot::Sender<Result<(), Error>>),
    Rollback,
}

type Home = oneshot::Sender<(SqliteConnection, Verdict)>;

/// The lent connection; however the borrower ends, dropping it sends it home.
pub(crate) struct Lease {
    conn: Option<SqliteConnection>,
    home: Option<Home>,
}

impl Lease {
    pub(crate) fn connection(&mut self) -> Result<&mut SqliteConnection, Error> {
        self.conn.as_mut().ok_or(Error::Unavailable)
    }

    /// Waits until the group's COMMIT is on disk.
    pub(crate) async fn commit(mut self) -> Result<(), Error> {
        let (ack, done) = oneshot::channel();
        let (Some(conn), Some(home)) = (self.conn.take(), self.home.take()) else {
            return Err(Error::Unavailable);
        };
        home.send((conn, Verdict::Commit(ack))).map_err(|_| Error::Unavailable)?;
        done.await.map_err(|_| Error::Unavailable)?
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let (Some(conn), Some(home)) = (self.conn.take(), self.home.take()) {
            // The writer always waits for it; if it is gone, so is the process.
            let _ = home.send((conn, Verdict::Rollback));
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
        let conn = options.connect().await?;
        let (queue, waiting) = mpsc::channel(QUEUE_MAX);
        tokio::spawn(lend_in_turn(options, conn, waiting, group_max.max(1)));
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
    mut queue: mpsc::Receiver<oneshot::Sender<Lease>>,
    group_max: usize,
) {
    let mut held = Some(conn);
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
        held = group(conn, first, &mut queue, group_max).await;
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
) -> Option<SqliteConnection> {
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
        // A borrower that has gone drops the lease, and it comes back.
        let _ = request.send(Lease { conn: Some(conn), home: Some(home) });
        let Ok((returned, verdict)) = back.await else {
            tracing::error!("The writing connection was lost");
            fail(members, &Error::Unavailable);
            return None;
        };
        conn = returned;
        let end = match verdict {
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
        if members.len() < group_max {
            next = queue.try_recv().ok();
        }
    }
    let committed = match broken {
        Some(error) => Err(error),
        None => conn.execute("COMMIT").await.map(drop).map_err(Error::from),
    };
    match committed {
        Ok(()) => {
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

fn fail(members: Vec<oneshot::Sender<Result<(), Error>>>, error: &Error) {
    for member in members {
        let _ = member.send(Err(error.clone()));
    }
}
