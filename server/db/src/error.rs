//! What a store can say, by kind: SQLite does not name the constraint that was violated.

use std::sync::Arc;

use shared::Problem;
use sqlx::error::ErrorKind;

/// Why a statement or a transaction failed. Cloneable, because one failed COMMIT is told to a whole group.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// A unique key is taken.
    #[error("a unique key is taken")]
    Unique,
    /// A referenced row is missing, or a row is still referenced.
    #[error("a reference is broken")]
    ForeignKey,
    /// A value is missing.
    #[error("a value is missing")]
    NotNull,
    /// A CHECK does not hold.
    #[error("a check does not hold")]
    Check,
    /// A fact of an append-only table was to be changed.
    #[error("facts are append-only")]
    AppendOnly,
    /// The disk, or the quota, is full.
    #[error("the disk is full")]
    Full,
    /// The database cannot be reached, or is too busy.
    #[error("the database is not available")]
    Unavailable,
    /// A row that must exist does not.
    #[error("no such row")]
    RowNotFound,
    /// Anything else.
    #[error("the database failed: {0}")]
    Other(Arc<sqlx::Error>),
    /// A file or program of a backup failed.
    #[error("{0}")]
    Operation(Arc<str>),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::RowNotFound => Self::RowNotFound,
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => Self::Unavailable,
            sqlx::Error::Database(cause) if cause.message().contains("append-only") => Self::AppendOnly,
            sqlx::Error::Database(cause) => match (cause.kind(), cause.code().as_deref()) {
                (ErrorKind::UniqueViolation, _) => Self::Unique,
                (ErrorKind::ForeignKeyViolation, _) => Self::ForeignKey,
                (ErrorKind::NotNullViolation, _) => Self::NotNull,
                (ErrorKind::CheckViolation, _) => Self::Check,
                // SQLITE_FULL; PostgreSQL: disk_full.
                (_, Some("13" | "53100")) => Self::Full,
                // SQLITE_BUSY; PostgreSQL: too_many_connections, cannot_connect_now, admin_shutdown, crash_shutdown.
                (_, Some("5" | "53300" | "57P03" | "57P01" | "57P02")) => Self::Unavailable,
                _ => Self::Other(Arc::new(error)),
            },
            _ => Self::Other(Arc::new(error)),
        }
    }
}

/// What the world hears of a store that failed; the cause is for the log alone, and is written there here.
impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Full => Self::new(507, "storage_full", "The server has no room left; nothing was changed."),
            Error::Unavailable => {
                let mut problem = Self::new(503, "unavailable", "The database does not answer; nothing was changed.");
                problem.retry_after_seconds = Some(2);
                problem
            }
            Error::RowNotFound => Self::not_found(),
            Error::Unique
            | Error::ForeignKey
            | Error::NotNull
            | Error::Check
            | Error::AppendOnly
            | Error::Other(_)
            | Error::Operation(_) => {
                let incident = crate::pool::new_uuid().simple().to_string();
                tracing::error!(%error, %incident, "The store failed");
                let mut problem = Self::new(500, "internal", "The server failed; nothing was changed.");
                problem.incident = Some(incident);
                problem
            }
        }
    }
}
