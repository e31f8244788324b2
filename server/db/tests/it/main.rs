//! The store layer on both engines.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops where it is")]

use std::time::Duration;

use db::{Config, Db, Engine, Error, both_databases, sql, testing::TestDb};

const VERSION: db::Sql = db::Sql::same("SELECT sqlite_version()");

sql! {
    ADD: "INSERT INTO epoch (name, value) VALUES ($1, $2)";
    COUNT: "SELECT COUNT(*) FROM epoch WHERE name LIKE $1";
    GROW: "UPDATE epoch SET value = value + 1 WHERE name = $1";
    VALUE: "SELECT value FROM epoch WHERE name = $1";
}

async fn count(db: &Db, like: &str) -> i64 {
    let mut tx = db.read().await.unwrap();
    tx.query(COUNT).bind(like).one::<(i64,)>().await.unwrap().0
}

both_databases! {
    async fn every_statement_prepares(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        for sql in STATEMENTS {
            tx.check(*sql).await.unwrap();
        }
    }

    async fn a_dropped_transaction_leaves_nothing(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        tx.query(ADD).bind("dropped").bind(1_i64).execute().await.unwrap();
        drop(tx);

        assert_eq!(count(db, "dropped").await, 0);
    }

    async fn a_refusal_touches_only_its_own_transaction(db: &Db) {
        let good = async {
            let mut tx = db.begin().await.unwrap();
            tx.query(ADD).bind("good").bind(1_i64).execute().await.unwrap();
            tx.commit().await
        };
        let bad = async {
            let mut tx = db.begin().await.unwrap();
            tx.query(ADD).bind("rules").bind(1_i64).execute().await.map(drop)
        };
        let (good, bad) = tokio::join!(good, bad);

        good.unwrap();
        assert!(matches!(bad, Err(Error::Unique)), "{bad:?}");
        assert_eq!(count(db, "good").await, 1);
    }

    async fn a_reading_transaction_cannot_write(db: &Db) {
        let mut tx = db.read().await.unwrap();

        assert!(tx.query(ADD).bind("x").bind(1_i64).execute().await.is_err());
    }

    async fn the_writer_is_durable(db: &Db) {
        let settings = db.settings().await.unwrap();

        assert_eq!(settings.journal_mode, "wal");
        if db.engine() == Engine::Sqlite {
            assert_eq!(settings.synchronous, 2, "FULL");
        }
    }

    async fn facts_refuse_to_change(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        tx.query(db::Sql::same("INSERT INTO audit_event (id, at, actor, verb, subject) VALUES ($1, 1, 'system', 'x', 'y')"))
            .bind(uuid::Uuid::from_u128(1)).execute().await.unwrap();
        let changed = tx.query(db::Sql::same("UPDATE audit_event SET verb = 'z'")).execute().await;

        assert!(matches!(changed, Err(Error::AppendOnly)), "{changed:?}");
    }

    async fn counting_in_parallel_loses_nothing(db: &Db) {
        let one = || async {
            let mut tx = db.begin().await.unwrap();
            tx.lock(1).await.unwrap();
            tx.query(GROW).bind("rules").execute().await.unwrap();
            tx.commit().await.unwrap();
        };
        futures::future::join_all((0..100).map(|_| one())).await;
        let mut tx = db.read().await.unwrap();

        assert_eq!(tx.query(VALUE).bind("rules").one::<(i64,)>().await.unwrap().0, 101);
    }

    async fn cancelled_transactions_are_never_half_written(db: &Db) {
        let mut tasks = Vec::new();
        for n in 0..800_u64 {
            let db = db.clone();
            tasks.push(tokio::spawn(async move {
                let work = async {
                    let mut tx = db.begin().await?;
                    for part in ["a", "b", "c"] {
                        tx.query(ADD).bind(format!("cut-{n}-{part}")).bind(1_i64).execute().await?;
                    }
                    tx.commit().await
                };
                // Some are cut at once, some in the middle, most finish.
                tokio::time::timeout(Duration::from_micros(n * 97 % 40_000), work).await.is_ok_and(|done: Result<(), Error>| done.is_ok())
            }));
        }
        let mut acknowledged = Vec::new();
        for (n, task) in tasks.into_iter().enumerate() {
            acknowledged.push((n, task.await.unwrap()));
        }

        for (n, done) in acknowledged {
            let parts = count(db, &format!("cut-{n}-%")).await;
            assert!(parts == 0 || parts == 3, "{n} is half written: {parts}");
            assert!(!done || parts == 3, "{n} was acknowledged and is missing");
        }
        let mut tx = db.begin().await.unwrap();
        tx.query(ADD).bind("afterwards").bind(1_i64).execute().await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn news_leave_after_the_commit_only(db: &Db) {
        let mut news = db.subscribe();
        let mut undone = db.begin().await.unwrap();
        undone.announce("never");
        drop(undone);
        let mut tx = db.begin().await.unwrap();
        tx.announce("consumer:1");
        tx.commit().await.unwrap();

        assert_eq!(&*news.recv().await.unwrap(), "consumer:1");
    }
}

#[tokio::test]
async fn news_reach_another_process_through_postgres() {
    let Some(test) = TestDb::open(Engine::Postgres).await else {
        return;
    };
    let other = Db::open(&Config::new(test.url())).await.unwrap();
    let mut news = other.subscribe();
    let heard = tokio::time::timeout(Duration::from_secs(10), async {
        loop {
            let mut tx = test.db().begin().await.unwrap();
            tx.announce("consumer:1");
            tx.commit().await.unwrap();
            // The listener may still be connecting.
            if let Ok(Ok(topic)) = tokio::time::timeout(Duration::from_millis(300), news.recv()).await {
                return topic;
            }
        }
    });

    assert_eq!(&*heard.await.unwrap(), "consumer:1");
    other.close().await;
    test.close().await;
}

#[tokio::test]
async fn a_full_disk_is_told_and_the_writer_recovers() {
    let test = TestDb::open(Engine::Sqlite).await.unwrap();
    let db = test.db();
    let mut tx = db.begin().await.unwrap();
    let (pages,): (i64,) = tx.query(db::Sql::same("PRAGMA page_count")).one().await.unwrap();
    drop(tx);
    let limit = |n: i64| -> db::Sql { db::Sql::same(Box::leak(format!("PRAGMA max_page_count = {n}").into_boxed_str())) };
    let mut tx = db.begin().await.unwrap();
    tx.query(limit(pages + 1)).all::<(i64,)>().await.unwrap();
    let mut failed = None;
    for n in 0..2_000 {
        if let Err(error) = tx.query(ADD).bind(format!("full-{n}-{}", "x".repeat(500))).bind(1_i64).execute().await {
            failed = Some(error);
            break;
        }
    }
    drop(tx);

    assert!(matches!(failed, Some(Error::Full)), "{failed:?}");
    assert_eq!(count(db, "full-%").await, 0);
    for attempt in 0.. {
        // The group that broke may take the connection along; the next one opens another.
        let Ok(mut tx) = db.begin().await else {
            assert!(attempt < 10);
            continue;
        };
        tx.query(limit(1_000_000)).all::<(i64,)>().await.unwrap();
        tx.query(ADD).bind("room again").bind(1_i64).execute().await.unwrap();
        tx.commit().await.unwrap();
        break;
    }
    assert_eq!(count(db, "room again").await, 1);
    test.close().await;
}

#[tokio::test]
async fn a_group_of_one_works_as_well() {
    let test = TestDb::open(Engine::Sqlite).await.unwrap();
    let single = Db::open(&Config { sqlite_group_max: 1, ..Config::new(test.url()) }).await.unwrap();
    let mut tx = single.begin().await.unwrap();
    tx.query(ADD).bind("alone").bind(1_i64).execute().await.unwrap();
    tx.commit().await.unwrap();

    assert_eq!(count(&single, "alone").await, 1);
    single.close().await;
    test.close().await;
}

#[tokio::test]
async fn whoever_commits_does_not_wait_for_all_who_came_later() {
    let test = TestDb::open(Engine::Sqlite).await.unwrap();
    let db = test.db().clone();
    let mut first = db.begin().await.unwrap();
    first.query(ADD).bind("group-1").bind(1_i64).execute().await.unwrap();
    let (told, ended) = tokio::sync::oneshot::channel();
    // It ends when the first one is on disk: in one group with it neither would end.
    let last = tokio::spawn(async move {
        let mut tx = db.begin().await.unwrap();
        ended.await.unwrap();
        tx.query(ADD).bind("group-2").bind(1_i64).execute().await.unwrap();
        tx.commit().await.unwrap();
    });
    // Longer than a group lasts while others wait.
    tokio::time::sleep(Duration::from_millis(60)).await;
    tokio::time::timeout(Duration::from_secs(30), first.commit()).await.expect("its group ends without the last one").unwrap();
    told.send(()).unwrap();
    last.await.unwrap();

    assert_eq!(count(test.db(), "group-%").await, 2);
    test.close().await;
}

#[tokio::test]
async fn the_log_is_copied_back_beside_the_writer() {
    const FIRST_SAFE: [u32; 3] = [3, 51, 3];
    const MEGABYTE: usize = 1 << 20;
    let test = TestDb::open(Engine::Sqlite).await.unwrap();
    let path = test.url().strip_prefix("sqlite:").unwrap().to_owned();
    let mut tx = test.db().read().await.unwrap();
    let (version,): (String,) = tx.query(VERSION).one().await.unwrap();
    drop(tx);
    let version: Vec<u32> = version.split('.').map(|part| part.parse().unwrap()).collect();
    assert!(version.as_slice() >= FIRST_SAFE.as_slice(), "two connections that copy at once could damage the file: {version:?}");
    let size = || std::fs::metadata(&path).unwrap().len();
    let before = size();
    let mut tx = test.db().begin().await.unwrap();
    // Twice what SQLite left alone would copy in the COMMIT.
    for letter in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        tx.query(ADD).bind(letter.repeat(MEGABYTE)).bind(1_i64).execute().await.unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(size(), before, "no COMMIT waits for it");

    let copied = async {
        while size() < before + 8 * MEGABYTE as u64 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), copied).await.expect("it is copied");
    test.close().await;
}
