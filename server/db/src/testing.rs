//! Test databases: SQLite always, PostgreSQL when `TEST_POSTGRES_URL` names a server.
//!
//! A migrated template is made once for each set of migrations; every test gets a fresh copy of it, so tests share
//! nothing and need no order.

use std::{path::PathBuf, str::FromStr};

use sqlx::{ConnectOptions, Connection, Executor, postgres::PgConnectOptions};
use tokio::sync::OnceCell;

use crate::{Config, Db, Engine};

/// A fresh database that goes away with the value.
pub struct TestDb {
    db: Db,
    url: String,
    _folder: Option<tempfile::TempDir>,
    dropped_on: Option<(PgConnectOptions, String)>,
}

impl TestDb {
    /// On an engine; `None` when PostgreSQL is asked for and no server is named, which is said aloud.
    pub async fn open(engine: Engine) -> Option<Self> {
        match engine {
            Engine::Sqlite => Some(sqlite().await),
            Engine::Postgres => match std::env::var("TEST_POSTGRES_URL") {
                Ok(url) => Some(postgres(&url).await),
                Err(_) => {
                    eprintln!("SKIPPED postgres: TEST_POSTGRES_URL is not set, half of the store is untested");
                    None
                }
            },
        }
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Its address, for a second connection or another process.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Ends it.
    pub async fn close(self) {
        self.db.close().await;
        if let Some((server, name)) = self.dropped_on {
            let mut conn = server.connect().await.expect("the test server answers");
            // FORCE: listeners may still be connected.
            let statement = format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)");
            conn.execute(sqlx::AssertSqlSafe(statement)).await.expect("a test database can be dropped");
        }
    }
}

/// A number that changes with the migrations.
fn fingerprint(migrator: &sqlx::migrate::Migrator) -> String {
    let sum = migrator
        .iter()
        .flat_map(|migration| migration.checksum.iter())
        .fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
    format!("{sum:016x}")
}

async fn sqlite() -> TestDb {
    static TEMPLATE: OnceCell<(tempfile::TempDir, PathBuf)> = OnceCell::const_new();
    let (_, template) = TEMPLATE
        .get_or_init(|| async {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let working = folder.path().join("working.db");
            let db = Db::open(&Config::new(format!("sqlite:{}", working.display()))).await.expect("a new file");
            db.migrate().await.expect("migrations run on an empty database");
            let template = folder.path().join("template.db");
            db.backup(&template).await.expect("a copy");
            db.close().await;
            (folder, template)
        })
        .await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("test.db");
    std::fs::copy(template, &file).expect("a copy of the template");
    let url = format!("sqlite:{}", file.display());
    let db = Db::open(&Config { readers: 2, ..Config::new(url.clone()) }).await.expect("the copy opens");
    TestDb { db, url, _folder: Some(folder), dropped_on: None }
}

async fn postgres(url: &str) -> TestDb {
    let server = PgConnectOptions::from_str(url).expect("TEST_POSTGRES_URL is an address");
    let mut conn = server.connect().await.expect("the test server answers");
    let template = format!("mostrador_template_{}", fingerprint(&schema::POSTGRES));
    let base = url.rsplit_once('/').map_or(url, |(base, _)| base);
    // Several test binaries may start at once: one of them makes the template.
    conn.execute("SELECT pg_advisory_lock(4711)").await.expect("a lock");
    let known: Option<(i32,)> = sqlx::query_as("SELECT 1 FROM pg_database WHERE datname = $1")
        .bind(&template)
        .fetch_optional(&mut conn)
        .await
        .expect("a look at the catalogue");
    if known.is_none() {
        let working = format!("{template}_working");
        conn.execute(sqlx::AssertSqlSafe(format!("DROP DATABASE IF EXISTS \"{working}\" WITH (FORCE)")))
            .await
            .expect("a leftover can be dropped");
        let create = format!("CREATE DATABASE \"{working}\" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'");
        conn.execute(sqlx::AssertSqlSafe(create)).await.expect("a template");
        let mut migrating =
            PgConnectOptions::from_str(&format!("{base}/{working}")).expect("an address").connect().await.expect("the template opens");
        schema::POSTGRES.run_direct(None, &mut migrating, false).await.expect("migrations run on an empty database");
        migrating.close().await.expect("the template closes");
        conn.execute(sqlx::AssertSqlSafe(format!("ALTER DATABASE \"{working}\" RENAME TO \"{template}\"")))
            .await
            .expect("the template gets its name");
    }
    conn.execute("SELECT pg_advisory_unlock(4711)").await.expect("an unlock");
    let name = format!("test_{}", crate::pool::new_uuid().simple());
    conn.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE \"{name}\" TEMPLATE \"{template}\""))).await.expect("a copy of the template");
    let url = format!("{base}/{name}");
    let db = Db::open(&Config { pg_max_connections: 8, ..Config::new(url.clone()) }).await.expect("the copy opens");
    TestDb { db, url, _folder: None, dropped_on: Some((server, name)) }
}

/// Runs one body on SQLite and on PostgreSQL: `both_databases! { async fn a_sentence(db: &Db) { … } }`.
#[macro_export]
macro_rules! both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($db:ident: &Db) $body:block)+) => { $(
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn body($db: &$crate::Db) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let test = $crate::testing::TestDb::open($crate::Engine::Sqlite).await.expect("SQLite is always there");
                body(test.db()).await;
                test.close().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(test) = $crate::testing::TestDb::open($crate::Engine::Postgres).await {
                    body(test.db()).await;
                    test.close().await;
                }
            }
        }
    )+ };
}
