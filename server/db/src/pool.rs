//! Opening a database, and transactions on it.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use sqlx::{
    ConnectOptions, Executor, PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::sync::broadcast;

use crate::{
    Error, Query, Sql,
    announce::Announcer,
    checkpoint, last,
    writer::{Lease, Writer},
};

/// Statements kept prepared on each connection.
const STATEMENTS_MAX: usize = 512;
/// How long a statement may wait for a connection or a lock.
const WAIT: Duration = Duration::from_secs(5);
/// How long what goes last may wait for its turn.
const LAST_WAIT: Duration = Duration::from_secs(30);
/// Pages that a SQLite connection keeps, in KiB below zero. The writer touches the same ones again and again; what readers
/// look at is in the system's memory anyway.
const WRITER_CACHE: &str = "-16384";
const READER_CACHE: &str = "-4096";

/// Where the database is and how it is used.
#[derive(Debug, Clone)]
pub struct Config {
    /// `sqlite:PATH` or `postgres://…`. May hold a password: never log it.
    pub url: String,
    /// How many transactions may share a COMMIT on SQLite; 1 turns sharing off.
    pub sqlite_group_max: usize,
    /// Reading connections on SQLite, beside those of [`last`].
    pub readers: u32,
    /// Connections to PostgreSQL.
    pub pg_max_connections: u32,
}

impl Config {
    /// The defaults for an address.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), sqlite_group_max: 64, readers: 4, pg_max_connections: 20 }
    }

    /// The embedded database's file; `None` on a server. A malformed address is an error.
    pub fn file(&self) -> Result<Option<PathBuf>, Error> {
        if !self.is_embedded() {
            return Ok(None);
        }
        Ok(Some(SqliteConnectOptions::from_str(&self.url)?.get_filename().to_owned()))
    }

    fn is_embedded(&self) -> bool {
        self.url.starts_with("sqlite:")
    }
}

/// Which engine answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Embedded.
    Sqlite,
    /// A server.
    Postgres,
}

/// What the writing connection says about its durability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `wal` on SQLite.
    pub journal_mode: String,
    /// 2 is FULL on SQLite; on PostgreSQL 2 stands for `fsync` and `synchronous_commit` both on.
    pub synchronous: i64,
}

/// A database. Cheap to clone.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    store: Store,
    announcer: Announcer,
    url: String,
}

enum Store {
    /// `last` serves the threads of [`last`] alone.
    Sqlite {
        writer: Writer,
        read: SqlitePool,
        last: SqlitePool,
    },
    Postgres(PgPool),
}

impl Db {
    /// Opens it; a SQLite file and its folder are created when they do not exist.
    pub async fn open(config: &Config) -> Result<Self, Error> {
        let (store, announcer) = if config.is_embedded() {
            let options = SqliteConnectOptions::from_str(&config.url)?
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(WAIT)
                .statement_cache_capacity(STATEMENTS_MAX)
                .pragma("journal_size_limit", checkpoint::LOG_BYTES_MAX)
                .pragma("cache_size", WRITER_CACHE)
                .disable_statement_logging();
            if let Some(folder) = options.get_filename().parent().filter(|folder| !folder.as_os_str().is_empty()) {
                std::fs::create_dir_all(folder).map_err(|error| Error::Operation(error.to_string().into()))?;
            }
            let writer = Writer::open(options.clone(), config.sqlite_group_max).await?;
            let options = options.pragma("cache_size", READER_CACHE).pragma("query_only", "ON");
            let readers = |most: u32, wait| SqlitePoolOptions::new().max_connections(most).acquire_timeout(wait);
            let read = readers(config.readers.max(1), WAIT).connect_lazy_with(options.clone());
            let last = readers(last::THREADS as u32, LAST_WAIT).connect_lazy_with(options);
            (Store::Sqlite { writer, read, last }, Announcer::local())
        } else {
            let options = PgConnectOptions::from_str(&config.url)?.statement_cache_capacity(STATEMENTS_MAX).disable_statement_logging();
            let pool =
                PgPoolOptions::new().max_connections(config.pg_max_connections.max(2)).acquire_timeout(WAIT).connect_with(options).await?;
            let instance = new_uuid().simple().to_string();
            (Store::Postgres(pool.clone()), Announcer::shared(pool, instance))
        };
        Ok(Self(Arc::new(Inner { store, announcer, url: config.url.clone() })))
    }

    #[cfg(feature = "bulk")]
    pub(crate) fn url(&self) -> &str {
        &self.0.url
    }

    /// Which engine answers.
    pub fn engine(&self) -> Engine {
        match &self.0.store {
            Store::Sqlite { .. } => Engine::Sqlite,
            Store::Postgres(_) => Engine::Postgres,
        }
    }

    /// A transaction that may write. On SQLite it waits for its turn: never begin a second one while holding a first.
    pub async fn begin(&self) -> Result<Tx, Error> {
        // Everybody else waits for whoever writes.
        debug_assert!(!last::is_here() || self.engine() == Engine::Postgres, "what goes last must not write");
        let loan = match &self.0.store {
            Store::Sqlite { writer, .. } => Loan::Writer(writer.lend().await?),
            Store::Postgres(pool) => Loan::Postgres(pool.begin().await?),
        };
        Ok(self.tx(loan))
    }

    /// A transaction that sees one state and may not write.
    pub async fn read(&self) -> Result<Tx, Error> {
        let loan = match &self.0.store {
            Store::Sqlite { last, .. } if last::is_here() => Loan::Reader(last.begin().await?),
            Store::Sqlite { read, .. } => Loan::Reader(read.begin().await?),
            Store::Postgres(pool) => {
                let mut tx = pool.begin().await?;
                tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
                Loan::Postgres(tx)
            }
        };
        Ok(self.tx(loan))
    }

    fn tx(&self, loan: Loan) -> Tx {
        Tx { loan, topics: Vec::new(), announcer: self.0.announcer.clone() }
    }

    /// Topics announced by transactions of this process, and of the others on PostgreSQL. A slow listener loses the oldest.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<str>> {
        self.0.announcer.subscribe()
    }

    /// Brings the tables to the newest version.
    pub async fn migrate(&self) -> Result<(), Error> {
        let failed = |error: sqlx::migrate::MigrateError| Error::Operation(error.to_string().into());
        match &self.0.store {
            Store::Sqlite { .. } => {
                let mut conn = SqliteConnectOptions::from_str(&self.0.url)?.journal_mode(SqliteJournalMode::Wal).connect().await?;
                schema::SQLITE.run_direct(None, &mut conn, false).await.map_err(failed)
            }
            Store::Postgres(pool) => schema::POSTGRES.run(pool).await.map_err(failed),
        }
    }

    /// Copies the database to a file while it is in use: one consistent state. The file must not exist yet.
    pub async fn backup(&self, to: &Path) -> Result<(), Error> {
        let failed = |why: String| Error::Operation(why.into());
        if to.exists() {
            return Err(failed(format!("{} exists already", to.display())));
        }
        let path = to.to_str().ok_or_else(|| failed("the path is no text".into()))?;
        match &self.0.store {
            Store::Sqlite { .. } => {
                // Its own connection: the readers of the pool may not even write another file.
                let mut conn = SqliteConnectOptions::from_str(&self.0.url)?.busy_timeout(WAIT).connect().await?;
                sqlx::query("VACUUM INTO $1").bind(path).execute(&mut conn).await?;
                Ok(())
            }
            Store::Postgres(_) => {
                let run = tokio::process::Command::new("pg_dump")
                    .args(["--format=custom", "--no-owner", "--file", path, "--dbname", &self.0.url])
                    .output()
                    .await;
                let output = run.map_err(|error| failed(format!("pg_dump: {error}")))?;
                if output.status.success() { Ok(()) } else { Err(failed(String::from_utf8_lossy(&output.stderr).into_owned())) }
            }
        }
    }

    /// How durable the writer is, as the engine itself says.
    pub async fn settings(&self) -> Result<Settings, Error> {
        let mut tx = self.begin().await?;
        match &mut tx.loan {
            Loan::Postgres(tx) => {
                let (fsync, commit): (String, String) =
                    sqlx::query_as("SELECT current_setting('fsync'), current_setting('synchronous_commit')").fetch_one(&mut **tx).await?;
                Ok(Settings { journal_mode: "wal".into(), synchronous: if fsync == "on" && commit == "on" { 2 } else { 0 } })
            }
            Loan::Writer(_) | Loan::Reader(_) => {
                let conn = tx.sqlite()?;
                let (journal_mode,): (String,) = sqlx::query_as("PRAGMA journal_mode").fetch_one(&mut *conn).await?;
                let (synchronous,): (i64,) = sqlx::query_as("PRAGMA synchronous").fetch_one(&mut *conn).await?;
                Ok(Settings { journal_mode, synchronous })
            }
        }
    }

    /// Ends all connections; transactions in flight are finished or undone first. SQLite's writing one is idle then and ends
    /// with the last clone of the value.
    pub async fn close(&self) {
        match &self.0.store {
            Store::Sqlite { writer, read, last } => {
                // Whoever asked before has had their turn when ours comes.
                drop(writer.lend().await);
                read.close().await;
                last.close().await;
            }
            Store::Postgres(pool) => pool.close().await,
        }
    }
}

enum Loan {
    Writer(Lease),
    Reader(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// An open transaction; dropping it without `commit` undoes it.
pub struct Tx {
    loan: Loan,
    topics: Vec<Arc<str>>,
    announcer: Announcer,
}

impl Tx {
    /// A statement of this transaction.
    pub fn query(&mut self, sql: impl Into<Sql>) -> Query<'_> {
        Query::new(self, sql.into())
    }

    /// Which engine answers.
    pub fn engine(&self) -> Engine {
        if self.is_sqlite() { Engine::Sqlite } else { Engine::Postgres }
    }

    /// Until the end of the transaction nobody else holds this key. Nothing on SQLite, where nobody else writes anyway.
    pub async fn lock(&mut self, key: i64) -> Result<(), Error> {
        if let Loan::Postgres(tx) = &mut self.loan {
            sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(key).execute(&mut **tx).await?;
        }
        Ok(())
    }

    /// The same when nobody holds it; false: somebody does. For a lock that is taken out of the order of the others.
    pub async fn try_lock(&mut self, key: i64) -> Result<bool, Error> {
        match &mut self.loan {
            Loan::Postgres(tx) => Ok(sqlx::query_scalar("SELECT pg_try_advisory_xact_lock($1)").bind(key).fetch_one(&mut **tx).await?),
            Loan::Writer(_) | Loan::Reader(_) => Ok(true),
        }
    }

    /// Until the end of the transaction nobody holds this key alone; others may hold it beside. Nothing on SQLite.
    pub async fn lock_shared(&mut self, key: i64) -> Result<(), Error> {
        if let Loan::Postgres(tx) = &mut self.loan {
            sqlx::query("SELECT pg_advisory_xact_lock_shared($1)").bind(key).execute(&mut **tx).await?;
        }
        Ok(())
    }

    /// Prepares a statement without running it.
    pub async fn check(&mut self, sql: Sql) -> Result<(), Error> {
        match &mut self.loan {
            Loan::Postgres(tx) => drop((&mut **tx).prepare(sqlx::SqlStr::from_static(sql.postgres)).await?),
            Loan::Writer(_) | Loan::Reader(_) => drop(self.sqlite()?.prepare(sqlx::SqlStr::from_static(sql.sqlite)).await?),
        }
        Ok(())
    }

    /// Tells listeners after the COMMIT to look again at something.
    pub fn announce(&mut self, topic: impl Into<Arc<str>>) {
        self.topics.push(topic.into());
    }

    /// A fresh id: the one place where the server makes them.
    pub fn new_id<T: From<uuid::Uuid>>(&mut self) -> T {
        new_uuid().into()
    }

    /// Answers when the changes are on disk.
    pub async fn commit(self) -> Result<(), Error> {
        match self.loan {
            Loan::Writer(lease) => lease.commit().await?,
            Loan::Reader(tx) => tx.commit().await?,
            Loan::Postgres(tx) => tx.commit().await?,
        }
        self.announcer.tell(self.topics);
        Ok(())
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        !matches!(self.loan, Loan::Postgres(_))
    }

    /// A statement ended: whoever lends the only writing connection wants to know.
    pub(crate) fn ran(&mut self, sql: &'static str, took: std::time::Duration) {
        if let Loan::Writer(lease) = &mut self.loan {
            lease.ran(sql, took);
        }
    }

    pub(crate) fn sqlite(&mut self) -> Result<&mut SqliteConnection, Error> {
        match &mut self.loan {
            Loan::Writer(lease) => lease.connection(),
            Loan::Reader(tx) => Ok(tx),
            Loan::Postgres(_) => Err(Error::Unavailable),
        }
    }

    pub(crate) fn postgres(&mut self) -> Result<&mut PgConnection, Error> {
        match &mut self.loan {
            Loan::Postgres(tx) => Ok(tx),
            Loan::Writer(_) | Loan::Reader(_) => Err(Error::Unavailable),
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "this is the edge where the server makes ids")]
pub(crate) fn new_uuid() -> uuid::Uuid {
    uuid::Uuid::now_v7()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on stops where it is")]

    use super::*;

    #[test]
    fn an_address_names_its_file_as_the_driver_reads_it() {
        let file = |url: &str| Config::new(url).file().unwrap().map(|file| file.display().to_string());

        for (url, named) in [
            ("sqlite:data/shop.db", "data/shop.db"),
            ("sqlite:shop.db?mode=rwc", "shop.db"),
            ("sqlite:///srv/shop.db", "/srv/shop.db"),
            ("sqlite:////srv/shop.db", "//srv/shop.db"),
            ("sqlite:mi%20tienda.db", "mi tienda.db"),
        ] {
            assert_eq!(file(url).as_deref(), Some(named), "{url}");
        }
        assert_eq!(file("postgres://somebody@localhost/shop"), None);
        assert!(Config::new("sqlite:shop.db?unknown=1").file().is_err());
    }
}
