//! Migrations: two folders with the same file names, embedded in the binary. Merged means frozen.

use sqlx::migrate::Migrator;

/// For SQLite: every table STRICT.
pub static SQLITE: Migrator = sqlx::migrate!("./sqlite");
/// For PostgreSQL.
pub static POSTGRES: Migrator = sqlx::migrate!("./postgres");
