//! Jobs and events on both engines.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops where it is")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use db::{Db, both_databases, clock::Clock, sql};
use jobs::{
    JobError, Lane, NewJob, Registry,
    outbox::{self, NewEvent},
};
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
        .inside("count", |tx, _, job| {
            Box::pin(async move {
                let id: uuid::Uuid = tx.new_id();
                tx.query(EFFECT).bind(id).bind(job.payload["n"].to_string()).execute().await?;
                Ok(())
            })
        })
        .inside("fail", |tx, _, _| {
            Box::pin(async move {
                let id: uuid::Uuid = tx.new_id();
                tx.query(EFFECT).bind(id).bind("half").execute().await?;
                Err(JobError::Retry("not today".into()))
            })
        })
        .inside("hopeless", |_, _, _| Box::pin(async { Err(JobError::Hopeless("never".into())) }))
        .subscribe("loyalty.purchase_registered", "count")
}

async fn add(db: &Db, kind: &'static str, n: i64) {
    add_to(db, Lane::Quick, kind, n).await;
}

async fn add_to(db: &Db, lane: Lane, kind: &'static str, n: i64) {
    let mut tx = db.begin().await.unwrap();
    jobs::enqueue(&mut tx, NOW, NewJob { kind, lane, payload: json!({ "n": n }), run_at: NOW, dedupe_key: Some(format!("{kind}:{n}")) })
        .await
        .unwrap();
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

    async fn a_job_that_panics_dies_in_the_end_and_keeps_no_other_waiting(db: &Db) {
        let registry = counting()
            .inside("panic", |tx, _, _| {
                Box::pin(async move {
                    let id: uuid::Uuid = tx.new_id();
                    tx.query(EFFECT).bind(id).bind("half").execute().await?;
                    panic!("a bug")
                })
            })
            .outside("panic at once", |_, _, _| panic!("another bug"));
        add(db, "panic", 1).await;
        add_to(db, Lane::Slow, "panic at once", 1).await;
        add(db, "count", 1).await;
        let mut now = NOW;
        for _ in 0..jobs::ATTEMPTS_MAX {
            jobs::run_due(db, &registry, now).await.unwrap();
            now = now.plus_ms(12 * shared::time::HOUR_MS);
        }

        let dead = jobs::dead(&mut db.read().await.unwrap()).await.unwrap();
        let mut died_of: Vec<&str> = dead.iter().map(|job| job.last_error.as_str()).collect();
        died_of.sort_unstable();
        assert_eq!(died_of, ["panicked: a bug", "panicked: another bug"]);
        assert_eq!(effects(db).await, (1, 1), "what panicked left nothing, and what waited behind it was done");
    }

    async fn a_job_that_ends_every_worker_dies_in_the_end(db: &Db) {
        add(db, "count", 1).await;
        let deadly = Registry::default().outside("count", |_, _, _| Box::pin(std::future::pending()));
        let mut now = NOW;
        for _ in 0..jobs::ATTEMPTS_MAX {
            let ended = tokio::time::timeout(Duration::from_millis(100), jobs::run_due(db, &deadly, now)).await;
            assert!(ended.is_err());
            now = now.plus_ms(jobs::LEASE_MS + 1);
        }
        jobs::run_due(db, &deadly, now).await.unwrap();

        let dead = jobs::dead(&mut db.read().await.unwrap()).await.unwrap();
        assert_eq!((dead.len(), effects(db).await.0), (1, 0));
    }

    async fn what_waits_behind_a_long_job_is_neither_late_nor_done_twice(db: &Db) {
        for n in 0..3 {
            add(db, "long", n).await;
        }
        let seen: Arc<Mutex<Vec<(i64, i64)>>> = Arc::default();
        let clock = Clock::controlled(NOW);
        let noting = |long: Option<Clock>| {
            let seen = seen.clone();
            Registry::default().outside("long", move |_, now, job| {
                seen.lock().unwrap().push((job.payload["n"].as_i64().unwrap(), now.since(NOW)));
                if let Some(clock) = &long {
                    clock.set(clock.now().plus_ms(40_000));
                }
                Box::pin(async { Ok(()) })
            })
        };
        jobs::run_round(db, &noting(Some(clock.clone())), &clock, Lane::Quick).await.unwrap();
        let instants: Vec<i64> = seen.lock().unwrap().iter().map(|(_, at)| *at).collect();
        assert_eq!(instants, [0, 40_000, 80_000], "each is told the instant at which its turn comes");

        seen.lock().unwrap().clear();
        for n in 0..3 {
            add(db, "long", n).await;
        }
        let clock = Clock::controlled(NOW);
        let (others, other_db, moved) = (noting(None), db.clone(), clock.clone());
        let first = {
            let seen = seen.clone();
            Registry::default().outside("long", move |_, now, job| {
                let (others, db, clock, seen) = (others.clone(), other_db.clone(), moved.clone(), seen.clone());
                Box::pin(async move {
                    seen.lock().unwrap().push((job.payload["n"].as_i64().unwrap(), now.since(NOW)));
                    clock.set(NOW.plus_ms(jobs::LEASE_MS - 1));
                    jobs::run_round(&db, &others, &clock, Lane::Quick).await?;
                    clock.set(NOW.plus_ms(jobs::LEASE_MS + 1));
                    jobs::run_round(&db, &others, &clock, Lane::Quick).await?;
                    Ok(())
                })
            })
        };
        jobs::run_round(db, &first, &clock, Lane::Quick).await.unwrap();

        let mut done: Vec<i64> = seen.lock().unwrap().iter().map(|(n, _)| *n).collect();
        done.sort_unstable();
        assert_eq!(done.len(), 4, "only the one that outlived its own lease came again: {done:?}");
        done.dedup();
        assert_eq!(done, [0, 1, 2]);
    }

    async fn a_stranger_who_does_not_answer_keeps_nobody_waiting(db: &Db) {
        add_to(db, Lane::Slow, "hang", 1).await;
        add(db, "count", 1).await;
        let registry = counting().outside("hang", |_, _, _| Box::pin(std::future::pending()));
        let clock = Clock::controlled(NOW);
        tokio::select! {
            _ = jobs::run_round(db, &registry, &clock, Lane::Slow) => panic!("nobody answers"),
            done = jobs::run_round(db, &registry, &clock, Lane::Quick) => assert_eq!(done.unwrap(), 1),
        }

        assert_eq!(effects(db).await, (1, 1));
    }

    async fn one_stranger_who_does_not_answer_holds_one_place(db: &Db) {
        add_to(db, Lane::Slow, "hang", 1).await;
        for n in 0..20 {
            add_to(db, Lane::Slow, "count", n).await;
        }
        let registry = counting().outside("hang", |_, _, _| Box::pin(std::future::pending()));
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let working = tokio::spawn(jobs::run(db.clone(), registry, Clock::controlled(NOW), Lane::Slow, stopped));
        let others = async {
            while effects(db).await.0 < 20 {
                // Not in a hot loop: eight jobs and this question share the eight connections of a test.
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };

        tokio::time::timeout(Duration::from_secs(30), others).await.unwrap();
        assert_eq!(effects(db).await.0, 20);
        working.abort();
        drop(stop);
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
