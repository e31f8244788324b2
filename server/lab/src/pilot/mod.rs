//! A pilot's day: half a thousand shops, a million consumers, five million rows of the ledger, and people who buy, look
//! and read reports at the same time.
//!
//! The world is written in bulk and `verify` must find it clean. Then purchases come at 50 a second, each at an instant
//! that was drawn before, whatever became of the one before it: a latency counts from that instant, so a server that
//! stands still is not asked less. Reads and report panels go on beside them.

mod load;
mod panels;
mod sales;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    str::FromStr,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use secrecy::SecretBox;
use serde::Serialize;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, postgres::PgConnectOptions};

use crate::{
    bench::{fsync_ms, load_average},
    server::{Options, Server},
    trade::now,
};

/// The same world every time.
const SEED: u64 = 20_261_121;
/// Bounds that are asked of SQLite.
const P99_MS: f64 = 50.0;
const PANEL_MS: f64 = 300.0;
const MEMORY_MB: f64 = 250.0;

/// What to measure.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The server's binary, optimised
    #[arg(long)]
    binary: PathBuf,
    /// 1 is the whole pilot; 0.01 a world of ten thousand consumers
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
    /// Minutes of purchases
    #[arg(long, default_value_t = 5.0)]
    minutes: f64,
    /// Purchases in a second
    #[arg(long, default_value_t = 50.0)]
    rate: f64,
    /// Keep the SQLite world here and use it again; absent: it goes away afterwards
    #[arg(long)]
    folder: Option<PathBuf>,
    /// A PostgreSQL cluster to measure beside: `postgres://…/postgres`; a database of its own is made and dropped
    #[arg(long)]
    postgres: Option<String>,
    /// Without SQLite
    #[arg(long, requires = "postgres")]
    postgres_only: bool,
    /// Do not rebuild the books
    #[arg(long)]
    unverified: bool,
    /// Only the report panels, while nobody buys
    #[arg(long)]
    panels_only: bool,
    /// Where the figures go as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

/// What was measured on one database.
#[derive(Debug, Default, Serialize)]
struct Figures {
    database: &'static str,
    scale: f64,
    load_average: [String; 2],
    fsync_ms: f64,
    seeded: Option<Seeded>,
    days_read_seconds: f64,
    panels_at_rest: Vec<panels::Panel>,
    load: Option<load::Figures>,
}

#[derive(Debug, Serialize)]
struct Seeded {
    consumers: u64,
    purchases: u64,
    entries: u64,
    seconds: f64,
    entries_per_second: f64,
    verify_seconds: f64,
}

/// Seeds where there is nothing yet, measures, prints, and says with its exit code whether SQLite's bounds hold.
pub async fn run(arguments: Arguments) -> Result<ExitCode> {
    let mut all = Vec::new();
    if !arguments.postgres_only {
        let (server, known) = match &arguments.folder {
            Some(folder) => Server::keep(&arguments.binary, "", &Options::default(), folder).await?,
            None => (Server::prepare(&arguments.binary, "", &Options::default()).await?, false),
        };
        all.push(measure("SQLite", server, known, &arguments).await?);
    }
    if let Some(url) = &arguments.postgres {
        let database = Passing::create(url).await?;
        let server = Server::prepare(&arguments.binary, &database.url, &Options::default()).await?;
        let measured = measure("PostgreSQL", server, false, &arguments).await;
        database.drop().await?;
        all.push(measured?);
    }
    if let Some(path) = &arguments.json {
        std::fs::write(path, serde_json::to_vec_pretty(&all)?).with_context(|| path.display().to_string())?;
    }
    Ok(if all.iter().all(Figures::hold) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn measure(database: &'static str, mut server: Server, known: bool, arguments: &Arguments) -> Result<Figures> {
    let mut figures = Figures { database, scale: arguments.scale, fsync_ms: fsync_ms()?, ..Figures::default() };
    figures.load_average[0] = load_average()?;
    let db = db::Db::open(&db::Config::new(server.database_url())).await?;
    if !known {
        figures.seeded = Some(seed(&server, &db, arguments).await?);
    }
    let looked = pilot::look(&db, 20_000).await?;
    let prepared = load::Prepared::make(&db, &looked).await?;
    db.close().await;
    server.serve().await?;
    figures.days_read_seconds = days_read(server.database_url()).await?;
    figures.panels_at_rest = panels::at_rest(&server, &looked).await?;
    if !arguments.panels_only {
        let lasts = Duration::from_secs_f64(arguments.minutes * 60.0);
        figures.load = Some(load::run(&server, &looked, prepared, &figures.panels_at_rest, arguments.rate, lasts).await?);
    }
    server.stop().await?;
    figures.load_average[1] = load_average()?;
    figures.print();
    Ok(figures)
}

/// A worker has a lot to read after so much was written round it.
async fn days_read(database_url: &str) -> Result<f64> {
    const LOOK_EVERY: Duration = Duration::from_millis(500);

    let began = Instant::now();
    let db = db::Db::open(&db::Config::new(database_url)).await?;
    while pilot::unread_days(&db).await? > 0 {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    db.close().await;
    Ok(began.elapsed().as_secs_f64())
}

async fn seed(server: &Server, db: &db::Db, arguments: &Arguments) -> Result<Seeded> {
    let mut secret = [0; 32];
    let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(server.secret()?.trim().as_bytes())?;
    secret.copy_from_slice(bytes.get(..32).context("the secret has 32 bytes")?);
    let keys = identity::Keys::new(&SecretBox::new(Box::new(secret)));
    let began = Instant::now();
    let made = pilot::seed(db, &keys, pilot::Plan { scale: arguments.scale, seed: SEED, until: now() }).await?;
    let seconds = began.elapsed().as_secs_f64();
    println!("seeded in {seconds:.0} s: {made:?}");
    let began = Instant::now();
    if !arguments.unverified {
        // An error when anything differs.
        print!("{}", server.run(&["verify"]).await?);
    }
    Ok(Seeded {
        consumers: made.consumers,
        purchases: made.purchases,
        entries: made.entries,
        seconds,
        entries_per_second: made.entries as f64 / seconds,
        verify_seconds: began.elapsed().as_secs_f64(),
    })
}

impl Figures {
    /// PostgreSQL is printed beside: the bounds are SQLite's.
    fn hold(&self) -> bool {
        let bound = self.database == "SQLite";
        !bound
            || self.panels_at_rest.iter().all(|panel| panel.median_ms <= PANEL_MS)
                && self.load.as_ref().is_none_or(|load| {
                    load.errors == 0
                        && load.failed_reads == 0
                        && load.purchases.p99_ms <= P99_MS
                        && load.memory_max_mb <= MEMORY_MB
                        && load.panels.iter().all(|panel| panel.median_ms <= PANEL_MS)
                })
    }

    fn print(&self) {
        let word = |holds: bool| if holds { "PASS" } else { "FAIL" };
        println!(
            "\n{} at scale {}, fsync {:.2} ms, load average {} before, {} after",
            self.database, self.scale, self.fsync_ms, self.load_average[0], self.load_average[1]
        );
        if let Some(seeded) = &self.seeded {
            println!(
                "seeded: {} consumers, {} purchases, {} entries in {:.0} s ({:.0}/s); verify {:.0} s",
                seeded.consumers, seeded.purchases, seeded.entries, seeded.seconds, seeded.entries_per_second, seeded.verify_seconds
            );
        }
        println!("days of sales read by the worker within {:.0} s", self.days_read_seconds);
        println!("panels while nobody buys (median, slowest, and beside one reading of 30 days' lines by the database alone):");
        self.panels_at_rest.iter().for_each(|panel| panel.print(PANEL_MS));
        let Some(load) = &self.load else { return };
        println!("panels beside the purchases (and beside the same reading while nobody bought):");
        load.panels.iter().for_each(|panel| panel.print(PANEL_MS));
        println!(
            "{} purchases: {} sent at {:.1}/s, {} held, {} errors {}, {}",
            word(load.errors == 0 && load.purchases.p99_ms <= P99_MS),
            load.purchases.many,
            load.rate,
            load.held,
            load.errors,
            load.first_error,
            load.purchases
        );
        println!(
            "     beside a row and its COMMIT alone: median {:.1}, p99 {:.1} times as long",
            load.purchases.p50_ms / load.raw.p50_ms,
            load.purchases.p99_ms / load.raw.p99_ms
        );
        println!("{} reads: {} failed", word(load.failed_reads == 0), load.failed_reads);
        for (name, times) in &load.reads {
            println!("     {name:<34} {times}");
        }
        println!("{} memory: {:.0} MB at most (≤ {MEMORY_MB})", word(load.memory_max_mb <= MEMORY_MB), load.memory_max_mb);
    }
}

/// A database of its own in a cluster, until it is dropped.
struct Passing {
    url: String,
    cluster: PgConnection,
}

impl Passing {
    const NAME: &str = "pilot_day";

    async fn create(cluster: &str) -> Result<Self> {
        let mut connection = PgConnectOptions::from_str(cluster)?.connect().await?;
        let (server, _) = cluster.rsplit_once('/').context("the address names a database")?;
        connection.execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", Self::NAME))).await?;
        connection
            .execute(AssertSqlSafe(format!(
                "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'",
                Self::NAME
            )))
            .await?;
        Ok(Self { url: format!("{server}/{}", Self::NAME), cluster: connection })
    }

    async fn drop(mut self) -> Result<()> {
        self.cluster.execute(AssertSqlSafe(format!("DROP DATABASE {} WITH (FORCE)", Self::NAME))).await?;
        Ok(self.cluster.close().await?)
    }
}

/// Where a file of the same disk can be written.
fn beside(folder: &Path) -> PathBuf {
    folder.join("raw.db")
}
