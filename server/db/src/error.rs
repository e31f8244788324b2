//! What a store can say, by kind: SQLite does not name the constraint that was violated.

use std::sync::Arc;

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
