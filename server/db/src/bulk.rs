//! Rows by the million, into a database that nobody else uses: worlds for measurements.
//!
//! SQLite gets many rows in one prepared statement and waits for no disk, PostgreSQL gets `COPY`. Indexes that are no
//! constraint are made when the rows are there. References are not looked at: whoever writes in bulk knows what it writes,
//! and proves it afterwards. A run that breaks leaves a database that is thrown away.

use std::{borrow::Cow, collections::HashMap, fmt::Write as _, str::FromStr};

use sqlx::{
    Arguments, AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, SqliteConnection,
    postgres::PgConnectOptions,
    sqlite::{SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use crate::{Db, Engine, Error};

/// Values of one statement on SQLite, at most; the engine allows 32 766.
const VALUES_MAX: usize = 4_000;
/// Text that one `COPY` takes, about.
const COPY_BYTES: usize = 4 * 1024 * 1024;
/// Pages of SQLite that stay in memory meanwhile, in KiB.
const CACHE_KIB: &str = "-1048576";

/// A value, whatever the column calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A number, an amount, an instant.
    Int(i64),
    /// A truth value.
    Bool(bool),
    /// A name, a state, a date, a document.
    Text(Cow<'static, str>),
    /// Exact bytes.
    Bytes(Vec<u8>),
    /// An identity.
    Id(uuid::Uuid),
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}
impl From<bool> for Cell {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}
impl From<&'static str> for Cell {
    fn from(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}
impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}
impl From<Vec<u8>> for Cell {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}
impl From<uuid::Uuid> for Cell {
    fn from(id: uuid::Uuid) -> Self {
        Self::Id(id)
    }
}
impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A table and the columns that are written.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Their names, separated by commas.
    pub columns: &'static str,
}

impl Table {
    fn width(&self) -> usize {
        self.columns.split(',').count()
    }
}

enum Store {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// What waits to be written to a table.
enum Waiting {
    Values(Vec<Cell>),
    Text(String),
}

/// A connection that writes in bulk.
pub struct Bulk {
    store: Store,
    /// What makes the indexes again.
    indexes: Vec<String>,
    waiting: HashMap<&'static str, (&'static Table, Waiting)>,
}

impl Bulk {
    /// Opens it and takes the indexes of these tables away. Nobody else may use the database until [`Bulk::finish`].
    pub async fn open(db: &Db, tables: &[&'static Table]) -> Result<Self, Error> {
        let mut store = match db.engine() {
            Engine::Sqlite => {
                let options = SqliteConnectOptions::from_str(db.url())?
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Off)
                    .foreign_keys(false)
                    .pragma("cache_size", CACHE_KIB)
                    .disable_statement_logging();
                Store::Sqlite(options.connect().await?)
            }
            Engine::Postgres => {
                let mut conn = PgConnectOptions::from_str(db.url())?.disable_statement_logging().connect().await?;
                // Without the triggers that look references up.
                conn.execute("SET session_replication_role = replica").await?;
                conn.execute("SET synchronous_commit = off").await?;
                Store::Postgres(conn)
            }
        };
        let mut indexes = Vec::new();
        for table in tables {
            for (name, text) in store.indexes(table.name).await? {
                store.run(format!("DROP INDEX {name}")).await?;
                indexes.push(text);
            }
        }
        store.run("BEGIN".into()).await?;
        Ok(Self { store, indexes, waiting: HashMap::new() })
    }

    /// One row, as many cells as the table's columns.
    pub async fn push<const N: usize>(&mut self, table: &'static Table, row: [Cell; N]) -> Result<(), Error> {
        debug_assert_eq!(N, table.width(), "a cell for each column of {}", table.name);
        let sqlite = matches!(self.store, Store::Sqlite(_));
        let (_, waiting) = self
            .waiting
            .entry(table.name)
            .or_insert_with(|| (table, if sqlite { Waiting::Values(Vec::new()) } else { Waiting::Text(String::new()) }));
        let full = match waiting {
            Waiting::Values(cells) => {
                cells.extend(row);
                cells.len() + N > VALUES_MAX
            }
            Waiting::Text(text) => {
                copy_line(text, &row);
                text.len() >= COPY_BYTES
            }
        };
        if full { self.flush(table).await } else { Ok(()) }
    }

    async fn flush(&mut self, table: &'static Table) -> Result<(), Error> {
        match (self.waiting.remove(table.name), &mut self.store) {
            (Some((_, Waiting::Values(cells))), Store::Sqlite(conn)) if !cells.is_empty() => {
                let text = insert(table, cells.len() / table.width());
                let mut arguments = SqliteArguments::default();
                for cell in cells {
                    let added = match cell {
                        Cell::Null => arguments.add(None::<i64>),
                        Cell::Int(number) => arguments.add(number),
                        Cell::Bool(truth) => arguments.add(truth),
                        Cell::Text(text) => arguments.add(text.into_owned()),
                        Cell::Bytes(bytes) => arguments.add(bytes),
                        Cell::Id(id) => arguments.add(id),
                    };
                    added.map_err(sqlx::Error::Encode)?;
                }
                sqlx::query_with(AssertSqlSafe(text), arguments).execute(conn).await?;
            }
            (Some((_, Waiting::Text(text))), Store::Postgres(conn)) if !text.is_empty() => {
                let mut copy = conn.copy_in_raw(&format!("COPY {} ({}) FROM STDIN", table.name, table.columns)).await?;
                copy.send(text.into_bytes()).await?;
                copy.finish().await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Writes what waits, makes the indexes again and lets the engine look at what there is.
    pub async fn finish(mut self) -> Result<(), Error> {
        let tables: Vec<&'static Table> = self.waiting.values().map(|(table, _)| *table).collect();
        for table in tables {
            self.flush(table).await?;
        }
        self.store.run("COMMIT".into()).await?;
        for text in std::mem::take(&mut self.indexes) {
            self.store.run(text).await?;
        }
        self.store.run("ANALYZE".into()).await?;
        match self.store {
            Store::Sqlite(mut conn) => {
                conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").await?;
                conn.close().await?;
            }
            Store::Postgres(conn) => conn.close().await?,
        }
        Ok(())
    }
}

impl Store {
    async fn run(&mut self, text: String) -> Result<(), Error> {
        match self {
            Self::Sqlite(conn) => conn.execute(AssertSqlSafe(text)).await.map(drop)?,
            Self::Postgres(conn) => conn.execute(AssertSqlSafe(text)).await.map(drop)?,
        }
        Ok(())
    }

    /// Name and text of a table's indexes that no constraint needs.
    async fn indexes(&mut self, table: &'static str) -> Result<Vec<(String, String)>, Error> {
        const SQLITE: &str = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = $1 AND sql IS NOT NULL ORDER BY name";
        const POSTGRES: &str = "SELECT CAST(i.indexname AS TEXT), i.indexdef FROM pg_indexes i
                                WHERE i.schemaname = 'public' AND i.tablename = $1 AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname) ORDER BY 1";
        Ok(match self {
            Self::Sqlite(conn) => sqlx::query_as(SQLITE).bind(table).fetch_all(conn).await?,
            Self::Postgres(conn) => sqlx::query_as(POSTGRES).bind(table).fetch_all(conn).await?,
        })
    }
}

fn insert(table: &Table, rows: usize) -> String {
    let row = format!("({})", vec!["?"; table.width()].join(","));
    format!("INSERT INTO {} ({}) VALUES {}", table.name, table.columns, vec![row; rows].join(","))
}

/// PostgreSQL's own format of text (manual, *COPY*, Text Format).
fn copy_line(out: &mut String, row: &[Cell]) {
    for (place, cell) in row.iter().enumerate() {
        if place > 0 {
            out.push('\t');
        }
        // Writing to a `String` cannot fail.
        let _ = match cell {
            Cell::Null => write!(out, "\\N"),
            Cell::Int(number) => write!(out, "{number}"),
            Cell::Bool(truth) => write!(out, "{}", if *truth { 't' } else { 'f' }),
            Cell::Id(id) => write!(out, "{id}"),
            Cell::Text(text) => {
                for letter in text.chars() {
                    match letter {
                        '\\' => out.push_str("\\\\"),
                        '\t' => out.push_str("\\t"),
                        '\n' => out.push_str("\\n"),
                        '\r' => out.push_str("\\r"),
                        other => out.push(other),
                    }
                }
                Ok(())
            }
            Cell::Bytes(bytes) => {
                out.push_str("\\\\x");
                bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
            }
        };
    }
    out.push('\n');
}
