//! Jobs and events on both engines.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops where it is")]

use db::{Db, both_databases, sql};
use jobs::{JobError, NewJob, Registry, outbox::{self, NewEvent}};
use serde_json::json;
use shared::Timestamp;

sql! {
    EFFECT: "INSERT INTO outbox_event (id, topic, ordering_key, payload, created_at) VALUES ($1, 'effect', $2, '{}', 0)";
    EFFECTS: "SELECT COUNT(*), COUNT(DISTINCT ordering_key) FROM outbox_event WHERE topic = 'effect'";
    LEFT: "SELECT COUNT(*) FROM job";
}

const NOW: Timestamp = Timestamp(1_773_000_000_000);

fn counting() -> Registry {
    Registry::default()
        .inside("count", |tx, _, job| Box::pin(async move {
            let id: uuid::Uuid = tx.new_id();
            tx.query(EFFECT).bind(id).bind(job.payload["n"].to_string()).execute().await?;
            Ok(())
        }))
        .inside("fail", |tx, _, _| Box::pin(async move {
            let id: uuid::Uuid = tx.new_id();
            tx.query(EFFECT).bind(id).bind("half").execute().await?;
            Err(JobError::Retry("not today".into()))
        }))
        .inside("hopeless", |_, _, _| Box::pin(async { Err(JobError::Hopeless("never".into())) }))
        .subscribe("loyalty.purchase_registered", "count")
}

async fn add(db: &Db, kind: &'static str, n: i64) {
    let mut tx = db.begin().await.unwrap();
    jobs::enqueue(&mut tx, NOW, NewJob { kind, payload: json!({ "n": n }), run_at: NOW, dedupe_key: Some(format!("{kind}:{n}")) }).await.unwrap();
    tx.commit().await.unwrap();
}

async fn effects(db: &Db) -> (i64, i64) {
    db.read().await.unwrap().query(EFFECTS).one().await.unwrap()
}

both_databases! {
    async fn every_statement_prepares(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        for sql in jobs::statements() {
            tx.check(sql).await.unwrap();
        }
    }

    async fn two_workers_do_each_job_once(db: &Db) {
        for n in 0..300 {
            add(db, "count", n).await;
        }
        add(db, "count", 7).await;
        let registry = counting();
        let work = || async { while jobs::run_due(db, &registry, NOW).await.unwrap() > 0 {} };
        tokio::join!(work(), work());

        assert_eq!(effects(db).await, (300, 300));
    }

    async fn a_job_of_a_worker_that_died_runs_again(db: &Db) {
        add(db, "count", 1).await;
        let never = Registry::default().outside("count", |_, _, _| Box::pin(std::future::pending()));
        let died = tokio::time::timeout(std::time::Duration::from_millis(300), jobs::run_due(db, &never, NOW)).await;
        let at_once = jobs::run_due(db, &counting(), NOW.plus_ms(1)).await.unwrap();
        let after_the_lease = jobs::run_due(db, &counting(), NOW.plus_ms(jobs::LEASE_MS + 1)).await.unwrap();

        assert!(died.is_err());
        assert_eq!((at_once, after_the_lease), (0, 1));
        assert_eq!(effects(db).await, (1, 1));
    }

    async fn a_failing_job_comes_back_later_and_dies_in_the_end(db: &Db) {
        add(db, "fail", 1).await;
        add(db, "hopeless", 1).await;
        let mut now = NOW;
        for _ in 0..jobs::ATTEMPTS_MAX {
            jobs::run_due(db, &counting(), now).await.unwrap();
            now = now.plus_ms(12 * shared::time::HOUR_MS);
        }
        let mut tx = db.begin().await.unwrap();
        let dead = jobs::dead(&mut tx).await.unwrap();
        let (left,): (i64,) = tx.query(LEFT).one().await.unwrap();
        let revived = jobs::retry_dead(&mut tx, now, None).await.unwrap();
        tx.commit().await.unwrap();

        assert_eq!((dead.len(), left, revived), (2, 0, 2));
        assert_eq!(effects(db).await.0, 0, "a failed try leaves nothing");
    }

    async fn an_event_is_told_once_to_each_subscriber(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        for n in 0..5 {
            outbox::publish(&mut tx, NOW, NewEvent { topic: "loyalty.purchase_registered", key: "con".into(), payload: json!({ "n": n }) }).await.unwrap();
        }
        tx.commit().await.unwrap();
        for _ in 0..3 {
            jobs::run_due(db, &counting(), NOW).await.unwrap();
        }

        assert_eq!(effects(db).await.0, 5);
    }
}
