//! Processes that end in the middle of their work, as in a power failure, and what must be left afterwards.

pub mod cluster;
mod load;
mod workers;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use rand::Rng;

use self::{cluster::Cluster, load::Load};
use crate::server::{Options, Server};

/// A process lives at most so long after its first acknowledged purchase, in milliseconds.
const LIVES_MAX_MS: u64 = 400;
/// How long a server may take to find a database that came back.
const RECOVERS_WITHIN: Duration = Duration::from_secs(30);
const ASK_EVERY: Duration = Duration::from_millis(20);

/// Who is killed how often.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The server's binary
    #[arg(long)]
    binary: PathBuf,
    /// Kills of the server on each database
    #[arg(long, default_value_t = 50)]
    rounds: u32,
    /// Kills of PostgreSQL itself
    #[arg(long, default_value_t = 10)]
    postgres_rounds: u32,
    /// Jobs for two workers of which one is killed
    #[arg(long, default_value_t = 10_000)]
    jobs: u32,
    /// A cluster of its own, with fsync: `postgres://…`
    #[arg(long, requires_all = ["postgres_data", "postgres_restart"])]
    postgres: Option<String>,
    /// The cluster's folder
    #[arg(long)]
    postgres_data: Option<PathBuf>,
    /// The command that starts the cluster again
    #[arg(long)]
    postgres_restart: Option<String>,
}

/// Kills, looks, and says what was found: one line for each trial.
pub async fn run(arguments: Arguments) -> Result<ExitCode> {
    let mut good = true;
    let mut sqlite = Trial::begin("server on SQLite", &arguments.binary, "").await?;
    sqlite.kill_server(arguments.rounds).await?;
    good &= sqlite.end().await?;
    if let (Some(url), Some(data), Some(restart)) = (arguments.postgres, arguments.postgres_data, arguments.postgres_restart) {
        let cluster = Cluster { url, data, restart };
        cluster.must_sync().await?;
        let mut server = Trial::begin("server on PostgreSQL", &arguments.binary, &cluster.database("killed_server").await?).await?;
        server.kill_server(arguments.rounds).await?;
        good &= server.end().await?;
        let mut database = Trial::begin("PostgreSQL itself", &arguments.binary, &cluster.database("killed_cluster").await?).await?;
        database.kill_cluster(&cluster, arguments.postgres_rounds).await?;
        good &= database.end().await?;
        good &= workers::run(&arguments.binary, &cluster.database("killed_worker").await?, arguments.jobs).await?;
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One installation under load.
struct Trial {
    name: &'static str,
    began: Instant,
    server: Server,
    load: Load,
    kills: u32,
}

impl Trial {
    async fn begin(name: &'static str, binary: &Path, database_url: &str) -> Result<Self> {
        let began = Instant::now();
        let server = Server::start(binary, database_url, &Options::default()).await?;
        let load = Load::open(&server.client()?).await.context(name)?;
        Ok(Self { name, began, server, load, kills: 0 })
    }

    async fn kill_server(&mut self, rounds: u32) -> Result<()> {
        for _ in 0..rounds {
            let selling = self.load.begin(&self.server.client()?);
            selling.first_acknowledged().await?;
            tokio::time::sleep(some_time()).await;
            self.server.kill9().await?;
            self.load.end(selling).await.context(self.name)?;
            self.server.serve().await?;
            self.load.settle(&self.server.client()?).await.context(self.name)?;
            self.kills += 1;
        }
        Ok(())
    }

    async fn kill_cluster(&mut self, cluster: &Cluster, rounds: u32) -> Result<()> {
        let client = self.server.client()?;
        for _ in 0..rounds {
            let selling = self.load.begin(&client);
            selling.first_acknowledged().await?;
            tokio::time::sleep(some_time()).await;
            cluster.kill9().await?;
            self.load.end(selling).await.context(self.name)?;
            cluster.start().await?;
            self.ready_again().await?;
            self.load.settle(&client).await.context(self.name)?;
            self.kills += 1;
        }
        Ok(())
    }

    async fn ready_again(&self) -> Result<()> {
        let (since, client) = (Instant::now(), self.server.client()?);
        while client.send(reqwest::Method::GET, "/readyz", None, None).await.is_err() {
            ensure!(since.elapsed() < RECOVERS_WITHIN, "the server did not find its database again:\n{}", self.server.log_tail());
            tokio::time::sleep(ASK_EVERY).await;
        }
        Ok(())
    }

    /// The closing look: wallets, then every ledger rebuilt by `verify`.
    async fn end(mut self) -> Result<bool> {
        let found = self.load.compare(&self.server.client()?).await?;
        self.server.stop().await?;
        let verified = self.server.run(&["verify"]).await;
        let good = found.good() && verified.is_ok();
        let verdict = if verified.is_ok() { "verify clean" } else { "verify found differences" };
        println!(
            "{} {}: {} kills, {found}, {verdict} ({:.0} s)",
            if good { "PASS" } else { "FAIL" },
            self.name,
            self.kills,
            self.began.elapsed().as_secs_f64()
        );
        if let Err(error) = verified {
            println!("{error:#}");
        }
        Ok(good)
    }
}

fn some_time() -> Duration {
    Duration::from_millis(rand::rng().random_range(0..LIVES_MAX_MS))
}
