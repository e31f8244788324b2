//! How fast purchases are, beside what the database alone could do on the same machine in the same minutes.
//!
//! Sixteen connections post captures that phones have signed before the clock starts; every rule, limit and signature is
//! on. Each baseline runs beside a run of the product, three times, and the median of the three ratios counts:
//!
//! - SQLite, raw: the statements of these very purchases, with their values, through sqlx, sixteen to a COMMIT.
//! - SQLite, one to a COMMIT: the product itself with `group_size = 1`.
//! - PostgreSQL: `pgbench -M prepared` with what the ledger alone needs ([`postgres::LEDGER`]), printed with the table.

mod fire;
mod machine;
mod postgres;
mod replay;
mod sales;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, Result};
use serde::Serialize;

pub use self::machine::{fsync_ms, load_average, memory_max_mb};
use self::sales::Sales;
use crate::server::{Options, Server};

const CONNECTIONS: usize = 16;
const DEVICES: usize = 500;
const CARDS: usize = 2_000;
/// Of each card; one in four completes a stamp card.
const SALES_PER_CARD: usize = 4;
/// Runs of each kind, of which the median counts.
const RUNS: usize = 3;

/// Where to measure.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The server's binary, optimised
    #[arg(long)]
    binary: PathBuf,
    /// A cluster of its own, with fsync and pg_stat_statements: `postgres://…`
    #[arg(long, requires = "pgbench")]
    postgres: Option<String>,
    /// PostgreSQL's own program
    #[arg(long)]
    pgbench: Option<PathBuf>,
    /// Where the figures go as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

/// One line of the table.
#[derive(Debug, Serialize)]
struct Figure {
    name: &'static str,
    product: f64,
    /// What the product is compared with; absent where a bound is absolute.
    baseline: Option<f64>,
    unit: &'static str,
    wanted: String,
    holds: bool,
}

impl Figure {
    /// Product over baseline must reach a ratio.
    ///
    /// Each run of the product is compared with the run of the baseline beside it, because what else the machine does
    /// changes from minute to minute: the median of these ratios counts, not the ratio of the medians.
    fn ratio(name: &'static str, products: &[f64], baselines: &[f64], least: f64) -> Self {
        let ratio = median(&mut products.iter().zip(baselines).map(|(product, baseline)| product / baseline).collect::<Vec<_>>());
        let (product, baseline) = (median_of(products, |rate| *rate), median_of(baselines, |rate| *rate));
        Self { name, product, baseline: Some(baseline), unit: "/s", wanted: format!("{ratio:.2} of {least}"), holds: ratio >= least }
    }
    /// An absolute number must stay below a bound.
    fn bound(name: &'static str, product: f64, unit: &'static str, most: f64) -> Self {
        Self { name, product, baseline: None, unit, wanted: format!("≤ {most}"), holds: product <= most }
    }
}

/// Everything that was measured.
#[derive(Debug, Default, Serialize)]
struct Report {
    fsync_ms: f64,
    /// Of one, five and fifteen minutes: before and after.
    load_average: [String; 2],
    statements_per_purchase: Statements,
    latency_ms: Vec<(&'static str, f64, f64)>,
    figures: Vec<Figure>,
}

#[derive(Debug, Default, Serialize)]
struct Statements {
    sqlite_baseline: f64,
    postgres_product: Option<f64>,
}

/// Measures, prints a table, and says with its exit code whether every bound holds.
pub async fn run(arguments: Arguments) -> Result<ExitCode> {
    let mut report = Report { fsync_ms: machine::fsync_ms()?, ..Report::default() };
    report.load_average[0] = machine::load_average()?;
    sqlite(&arguments.binary, &mut report).await?;
    if let (Some(url), Some(pgbench)) = (&arguments.postgres, &arguments.pgbench) {
        on_postgres(&arguments.binary, url, pgbench, &mut report).await?;
    }
    report.load_average[1] = machine::load_average()?;
    print(&report);
    if let Some(path) = &arguments.json {
        std::fs::write(path, serde_json::to_vec_pretty(&report)?).with_context(|| path.display().to_string())?;
    }
    Ok(if report.figures.iter().all(|figure| figure.holds) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn sqlite(binary: &Path, report: &mut Report) -> Result<()> {
    let mut origin = Server::start(binary, "", &Options::default()).await?;
    let sales = Sales::sign(&origin.client()?).await.context("before SQLite is measured")?;
    origin.stop().await?;
    let one = Options { environment: vec![("MOSTRADOR_GROUP_SIZE".to_owned(), "1".to_owned())], ..Options::default() };
    let (mut grouped, mut single, mut raw): (Vec<f64>, Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new(), Vec::new());
    let (mut starts, mut fresh, mut used) = (Vec::new(), Vec::new(), Vec::new());
    let mut latencies = Vec::new();
    for _ in 0..RUNS {
        let mut product = origin.copy(&Options::default())?;
        starts.push(product.serve().await?.as_secs_f64() * 1_000.0);
        fresh.push(idle_memory_mb(&product).await?);
        let fired = fire::all(&product.url()?, &sales).await?;
        used.push(idle_memory_mb(&product).await?);
        product.stop().await?;
        let recorded = replay::Recorded::read(product.database_url()).await?;
        let copy = origin.copy(&Options::default())?;
        let replayed = recorded.replay(copy.database_url(), sales.warming()).await?;
        report.statements_per_purchase.sqlite_baseline = replayed.statements_per_purchase;
        raw.push(replayed.per_second);
        grouped.push(fired.per_second);
        latencies.push((fired.median_ms, fired.p99_ms));

        let mut product = origin.copy(&one)?;
        product.serve().await?;
        single.push(fire::all(&product.url()?, &sales).await?.per_second);
        product.stop().await?;
    }
    report.latency_ms.push(("SQLite", median_of(&latencies, |latency| latency.0), median_of(&latencies, |latency| latency.1)));
    report.figures.push(Figure::ratio("SQLite: purchases over HTTP, beside raw statements", &grouped, &raw, 0.4));
    report.figures.push(Figure::ratio("SQLite: purchases over HTTP, beside groups of one", &grouped, &single, 1.2));
    report.figures.push(Figure::bound("start to first answer", median(&mut starts), "ms", 200.0));
    report.figures.push(Figure::bound("memory before anybody asked", median(&mut fresh), "MB", 60.0));
    report.figures.push(Figure::bound("memory when nobody asks any more", median(&mut used), "MB", 60.0));
    Ok(())
}

/// Of a server that has nothing to do; its workers have come to rest by then.
async fn idle_memory_mb(server: &Server) -> Result<f64> {
    const SETTLED: Duration = Duration::from_secs(2);

    tokio::time::sleep(SETTLED).await;
    machine::memory_mb(server.process_id().context("the server runs")?)
}

async fn on_postgres(binary: &Path, url: &str, pgbench: &Path, report: &mut Report) -> Result<()> {
    let cluster = postgres::Cluster::open(url, pgbench).await?;
    let origin_url = cluster.databases().create("origin", None).await?;
    let mut origin = Server::start(binary, &origin_url, &Options::default()).await?;
    let sales = Sales::sign(&origin.client()?).await.context("before PostgreSQL is measured")?;
    origin.stop().await?;
    cluster.prepare_ledger("origin").await?;
    let (mut http, mut ledger): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
    let mut latencies = Vec::new();
    for run in 0..RUNS {
        let mut product =
            origin.copy_to(&cluster.databases().create(&format!("product_{run}"), Some("origin")).await?, &Options::default())?;
        product.serve().await?;
        cluster.forget_statements().await?;
        let fired = fire::all(&product.url()?, &sales).await?;
        report.statements_per_purchase.postgres_product =
            Some(cluster.statements_per_purchase(&format!("product_{run}"), sales.len()).await?);
        product.stop().await?;
        cluster.databases().drop(&format!("product_{run}")).await?;
        http.push(fired.per_second);
        latencies.push((fired.median_ms, fired.p99_ms));

        let name = format!("ledger_{run}");
        cluster.databases().create(&name, Some("origin")).await?;
        ledger.push(cluster.pgbench(&name).await?);
        cluster.databases().drop(&name).await?;
    }
    report.latency_ms.push(("PostgreSQL", median_of(&latencies, |latency| latency.0), median_of(&latencies, |latency| latency.1)));
    report.figures.push(Figure::ratio("PostgreSQL: purchases over HTTP, beside the ledger alone", &http, &ledger, 0.5));
    Ok(())
}

/// The one in the middle.
pub fn median(numbers: &mut [f64]) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

fn median_of<T>(items: &[T], number: impl Fn(&T) -> f64) -> f64 {
    median(&mut items.iter().map(number).collect::<Vec<_>>())
}

fn print(report: &Report) {
    if report.statements_per_purchase.postgres_product.is_some() {
        println!("What the ledger alone needs, one transaction on PostgreSQL:\n{}", postgres::LEDGER);
    }
    println!(
        "{CONNECTIONS} connections, {CARDS} cards, {DEVICES} devices, {} purchases a run, median of {RUNS} runs",
        CARDS * SALES_PER_CARD
    );
    println!("fsync {:.2} ms, load average {} before, {} after", report.fsync_ms, report.load_average[0], report.load_average[1]);
    let on_postgres = report
        .statements_per_purchase
        .postgres_product
        .map_or_else(String::new, |count| format!(", {count:.1} of the product on PostgreSQL"));
    println!("statements per purchase: {:.1} raw on SQLite{on_postgres}", report.statements_per_purchase.sqlite_baseline);
    for (database, median, p99) in &report.latency_ms {
        println!("{database}: half of the purchases answered within {median:.1} ms, 99 of 100 within {p99:.1} ms");
    }
    for Figure { name, product, baseline, unit, wanted, holds } in &report.figures {
        let baseline = baseline.map_or_else(String::new, |baseline| format!("{baseline:.0} {unit}"));
        println!("{} {name:<58} {:>12} {baseline:>12}  {wanted}", if *holds { "PASS" } else { "FAIL" }, format!("{product:.0} {unit}"));
    }
}
