//! Two workers share a queue, and one of them is killed.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use sqlx::{Connection, Executor, PgConnection};

use super::cluster::connect;
use crate::server::{Options, Server};

/// Requests at the same time while the jobs are made.
const MAKERS: usize = 16;
/// Without any progress for so long, nobody works any more. A killed worker's jobs wait for the end of its lease: a minute.
const PROGRESS_WITHIN: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Each job brings one message to the sandbox's outbox; a lock holds all of them back until they all wait.
pub async fn run(binary: &Path, database_url: &str, jobs: u32) -> Result<bool> {
    let began = Instant::now();
    let mut server = Server::start(binary, database_url, &Options::default()).await?;
    let mut watch = connect(database_url).await?;
    let mut holder = connect(database_url).await?;
    let mut lock = holder.begin().await?;
    lock.execute("LOCK TABLE sandbox_message IN SHARE MODE").await?;
    let client = server.client()?;
    let ask = |number| {
        let client = &client;
        async move { client.form("/fn/tendero/start_code", &[("country", "CO"), ("phone", &format!("300{number:07}"))]).await }
    };
    stream::iter(0..jobs).map(ask).buffer_unordered(MAKERS).try_for_each(|_| async { Ok(()) }).await?;
    // With the jobs that it had claimed already.
    server.kill9().await?;
    let waiting = counted(&mut watch, "SELECT COUNT(*) FROM job").await?;
    ensure!(waiting == i64::from(jobs), "{waiting} jobs wait, {jobs} were made");

    let (mut first, mut second) = (server.spawn(&["work"])?, server.spawn(&["work"])?);
    lock.rollback().await?;
    let left = until_left(&mut watch, waiting / 3 * 2).await?;
    first.kill().await?;
    until_left(&mut watch, 0).await?;
    second.kill().await?;

    let telephones = counted(&mut watch, "SELECT COUNT(DISTINCT recipient) FROM sandbox_message").await?;
    let messages = counted(&mut watch, "SELECT COUNT(*) FROM sandbox_message").await?;
    let dead = counted(&mut watch, "SELECT COUNT(*) FROM dead_job").await?;
    let good = (telephones, messages, dead) == (i64::from(jobs), i64::from(jobs), 0);
    let word = if good { "PASS" } else { "FAIL" };
    println!(
        "{word} two workers: {jobs} jobs, one killed with {left} left, {messages} messages to {telephones} telephones, {dead} dead letters ({:.0} s)",
        began.elapsed().as_secs_f64()
    );
    Ok(good)
}

/// Waits until no more than so many jobs are left; how many they are.
async fn until_left(watch: &mut PgConnection, few: i64) -> Result<i64> {
    let (mut least, mut since) = (i64::MAX, Instant::now());
    loop {
        let left = counted(watch, "SELECT COUNT(*) FROM job").await?;
        if left <= few {
            return Ok(left);
        }
        if left < least {
            (least, since) = (left, Instant::now());
        }
        ensure!(since.elapsed() < PROGRESS_WITHIN, "{left} jobs are left, as {} s ago", since.elapsed().as_secs());
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn counted(watch: &mut PgConnection, statement: &'static str) -> Result<i64> {
    let (count,): (i64,) = sqlx::query_as(statement).fetch_one(watch).await?;
    Ok(count)
}
