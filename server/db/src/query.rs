//! A statement with its values, on whichever engine the transaction has.

use std::time::Instant;

use sqlx::{
    Arguments, Encode, FromRow, Postgres, Sqlite, Type,
    error::BoxDynError,
    postgres::{PgArguments, PgRow},
    query_as_with, query_with,
    sqlite::{SqliteArguments, SqliteRow},
};

use crate::{Error, Sql, Tx};

/// A value that both engines can take.
pub trait Bind<'q>: Encode<'q, Sqlite> + Type<Sqlite> + Encode<'q, Postgres> + Type<Postgres> {}
impl<'q, T: Encode<'q, Sqlite> + Type<Sqlite> + Encode<'q, Postgres> + Type<Postgres>> Bind<'q> for T {}

/// A row that both engines can give.
pub trait Record: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}
impl<T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin> Record for T {}

enum Args {
    Sqlite(SqliteArguments),
    Postgres(PgArguments),
}

/// A statement that waits for its values.
#[must_use = "a query does nothing until it is run"]
pub struct Query<'t> {
    tx: &'t mut Tx,
    sql: Sql,
    args: Result<Args, BoxDynError>,
}

macro_rules! run {
    ($self:ident, $constructor:ident, $method:ident) => {{
        let args = $self.args.map_err(sqlx::Error::Encode)?;
        match args {
            Args::Sqlite(args) => {
                debug_assert_eq!(args.len(), placeholders($self.sql.sqlite), "SQLite reads a missing value as NULL: {}", $self.sql.sqlite);
                let began = Instant::now();
                let answer = $constructor($self.sql.sqlite, args).$method($self.tx.sqlite()?).await;
                $self.tx.ran($self.sql.sqlite, began.elapsed());
                answer?
            }
            Args::Postgres(args) => $constructor($self.sql.postgres, args).$method($self.tx.postgres()?).await?,
        }
    }};
}

impl<'t> Query<'t> {
    pub(crate) fn new(tx: &'t mut Tx, sql: Sql) -> Self {
        let args = if tx.is_sqlite() { Args::Sqlite(SqliteArguments::default()) } else { Args::Postgres(PgArguments::default()) };
        Self { tx, sql, args: Ok(args) }
    }

    /// The next `$n`. A value that cannot be encoded is told when the statement runs.
    pub fn bind<'q>(mut self, value: impl Bind<'q>) -> Self {
        if let Ok(args) = &mut self.args {
            let added = match args {
                Args::Sqlite(args) => args.add(value),
                Args::Postgres(args) => args.add(value),
            };
            if let Err(error) = added {
                self.args = Err(error);
            }
        }
        self
    }

    /// All rows.
    pub async fn all<T: Record>(self) -> Result<Vec<T>, Error> {
        Ok(run!(self, query_as_with, fetch_all))
    }
    /// The row, or none.
    pub async fn maybe<T: Record>(self) -> Result<Option<T>, Error> {
        Ok(run!(self, query_as_with, fetch_optional))
    }
    /// The row; [`Error::RowNotFound`] without one.
    pub async fn one<T: Record>(self) -> Result<T, Error> {
        self.maybe().await?.ok_or(Error::RowNotFound)
    }
    /// How many rows were changed.
    pub async fn execute(self) -> Result<u64, Error> {
        let args = self.args.map_err(sqlx::Error::Encode)?;
        Ok(match args {
            Args::Sqlite(args) => {
                debug_assert_eq!(args.len(), placeholders(self.sql.sqlite), "SQLite reads a missing value as NULL: {}", self.sql.sqlite);
                let began = Instant::now();
                let done = query_with(self.sql.sqlite, args).execute(self.tx.sqlite()?).await;
                self.tx.ran(self.sql.sqlite, began.elapsed());
                done?.rows_affected()
            }
            Args::Postgres(args) => query_with(self.sql.postgres, args).execute(self.tx.postgres()?).await?.rows_affected(),
        })
    }
}

/// The highest `$n` of a text.
fn placeholders(sql: &str) -> usize {
    sql.split('$')
        .skip(1)
        .filter_map(|rest| {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            rest[..digits].parse().ok()
        })
        .max()
        .unwrap_or(0)
}
