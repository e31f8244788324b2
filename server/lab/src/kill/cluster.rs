//! A PostgreSQL that may be killed and started again.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, postgres::PgConnectOptions};
use tokio::process::Command;

const GONE_WITHIN: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(5);

pub struct Cluster {
    pub url: String,
    pub data: PathBuf,
    pub restart: String,
}

impl Cluster {
    /// Refuses a cluster that does not wait for its disk: it promises nothing.
    pub async fn must_sync(&self) -> Result<()> {
        let mut postgres = connect(&self.url).await?;
        let (fsync,): (String,) = sqlx::query_as("SHOW fsync").fetch_one(&mut postgres).await?;
        ensure!(fsync == "on", "fsync of this cluster is {fsync}");
        Ok(postgres.close().await?)
    }

    /// A new, empty database of this name; its address.
    pub async fn database(&self, name: &str) -> Result<String> {
        fresh_database(&self.url, name).await
    }

    /// The postmaster and everything that it started, at once.
    pub async fn kill9(&self) -> Result<()> {
        let file = std::fs::read_to_string(self.data.join("postmaster.pid"))?;
        let postmaster: u32 =
            file.lines().next().and_then(|line| line.trim().parse().ok()).context("postmaster.pid begins with a number")?;
        let processes: Vec<String> = [postmaster].into_iter().chain(children(postmaster)?).map(|id| id.to_string()).collect();
        // One of them may have ended by itself between the look and the kill.
        Command::new("kill").arg("-KILL").args(&processes).status().await?;
        // Until its parent has noticed, a dead process still looks alive to whoever starts the next one.
        let since = Instant::now();
        while processes.iter().any(|id| Path::new("/proc").join(id).exists()) {
            ensure!(since.elapsed() < GONE_WITHIN, "killed processes of PostgreSQL are still there: {processes:?}");
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Starts it on what the disk holds.
    pub async fn start(&self) -> Result<()> {
        let output = Command::new("sh").args(["-c", &self.restart]).stdout(std::process::Stdio::null()).status().await?;
        ensure!(output.success(), "{}: {output}", self.restart);
        Ok(())
    }
}

fn children(parent: u32) -> Result<Vec<u32>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc")? {
        let Some(id) = entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        // `pid (name) state ppid …`; the name may hold anything.
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let its_parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok());
        if its_parent == Some(parent) {
            found.push(id);
        }
    }
    Ok(found)
}

/// A connection of the laboratory's own.
pub async fn connect(url: &str) -> Result<PgConnection> {
    Ok(PgConnectOptions::from_str(url)?.connect().await?)
}

/// A new, empty database of this name on the server of `url`; its address.
pub async fn fresh_database(url: &str, name: &str) -> Result<String> {
    let mut postgres = connect(url).await?;
    // Letters and underscores of this program, not of anybody else.
    postgres.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await?;
    postgres.close().await?;
    let (server, _) = url.rsplit_once('/').context("the address names a database")?;
    Ok(format!("{server}/{name}"))
}
