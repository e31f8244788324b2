//! One SQL text on two engines: embedded SQLite by default, PostgreSQL when one machine is not enough.
//!
//! The engine is chosen at run time by the database URL. Domains write `tx.query(SQL).bind(…).all::<Row>()` and never
//! learn which one answers. On SQLite, transactions take turns on one writing connection and share their COMMIT
//! (see [`writer`](self)); on PostgreSQL each has its own connection.
//!
//! Places that know the engine, and their reasons (the complete list):
//! 1. `server/jobs`: the claim, because only PostgreSQL has `SKIP LOCKED`.
//! 2. [`Tx::lock`], [`Db::begin`], [`Db::read`] and [`Db::backup`].
//! 3. Migrations: column types, and one raising trigger for each append-only table.
//! 4. `bulk`, for worlds of measurements: `COPY` exists on PostgreSQL alone.
//! 5. [`last::run`], what the writer tells of its loans, and the copying of its log: PostgreSQL is another process that does all that.
//!
//! Invariants: a dropped [`Tx`] leaves nothing behind; `commit` answers after the data are on disk; announcements leave
//! only after their transaction is committed.

mod announce;
#[cfg(feature = "bulk")]
pub mod bulk;
mod checkpoint;
pub mod clock;
mod error;
pub mod last;
mod pool;
mod query;
mod statement;
#[cfg(feature = "testing")]
pub mod testing;
mod writer;

pub use error::Error;
pub use pool::{Config, Db, Engine, Settings, Tx};
pub use query::{Bind, Query, Record};
pub use statement::Sql;
