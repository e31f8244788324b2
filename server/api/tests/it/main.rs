//! The doors over HTTP, in process, with a clock that stands still, on both databases.

#![allow(clippy::unwrap_used, reason = "in a test that is the report")]

mod bad_input;
mod campaigns;
mod events;
mod idempotency;
mod incoming;
mod limits;
mod matrix;
mod metrics;
mod notices;
mod paper;
mod phone;
mod phone_script;
mod problems;
mod tickets;
mod tills;
mod world;

db::both_databases! {
    async fn every_statement_prepares(db: &Db) {
        let mut tx = db.read().await.unwrap();
        for sql in api::statements() {
            tx.check(sql).await.unwrap_or_else(|error| panic!("{sql:?}: {error}"));
        }
    }
}
