//! What whoever runs an installation relies on: a backup holds what was acknowledged before it, news reach pages of
//! every process, an end is an end, and a mistyped address is no empty database.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use reqwest::Response;
use serde_json::Value;

use crate::{
    client::{Client, Signed, text},
    kill::cluster::fresh_database,
    server::{Options, Server},
    trade::{Card, Trade},
};

/// A page shows news within this time.
const NEWS_WITHIN: Duration = Duration::from_secs(2);
/// An open page may hold the end of a server up for so long.
const STREAM_ENDS_WITHIN: Duration = Duration::from_secs(5);

/// What to try.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The server's binary
    #[arg(long)]
    binary: PathBuf,
    /// A server of PostgreSQL for two processes; absent: that trial is left out
    #[arg(long)]
    postgres: Option<String>,
}

/// Plays all trials; prints `PASS trial` or `FAIL trial: reason` for each.
pub async fn run(arguments: Arguments) -> Result<ExitCode> {
    let mut all = tell("backup and restore", backup(&arguments).await);
    all &= tell("no books without a database", mistyped(&arguments).await);
    all &= tell("an end ends open pages", end(&arguments).await);
    if let Some(url) = &arguments.postgres {
        all &= tell("news between two processes", news(&arguments, url).await);
    }
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tell(trial: &str, result: Result<()>) -> bool {
    match &result {
        Ok(()) => println!("PASS {trial}"),
        Err(error) => println!("FAIL {trial}: {error:#}"),
    }
    result.is_ok()
}

/// Sells once to a card. Returns the purchase and what its phone signed.
async fn sell(client: &Client, trade: &mut Trade, number: u64) -> Result<(String, Signed)> {
    let Trade { devices, cards, goods } = trade;
    let card: &mut Card = cards.first_mut().context("the trade has a card")?;
    let sale = goods.sale(client, card, number).await?;
    let signed = devices.first_mut().context("the trade has a phone")?.sign(sale);
    let answer: Value = signed.send(client).await?.json()?;
    Ok((text(&answer, "purchase_id"), signed))
}

/// What was acknowledged before a backup is there after it is put back, and what came later is not.
async fn backup(arguments: &Arguments) -> Result<()> {
    let mut server = Server::start(&arguments.binary, "", &Options::default()).await?;
    let client = server.client()?;
    let mut trade = Trade::open(&client, 1, 1).await?;
    let (before, _) = sell(&client, &mut trade, 1).await?;
    let folder = tempfile::tempdir()?;
    let copy = folder.path().join("backup.db");
    let copy = copy.to_str().context("a folder with a plain name")?;
    server.run(&["backup", copy]).await?;
    let (after, signed) = sell(&client, &mut trade, 2).await?;
    server.stop().await?;
    server.run(&["restore", copy]).await?;
    server.run(&["verify"]).await?;
    server.serve().await?;
    let client = server.client()?;
    let _: Value = client.get(&format!("/api/v1/purchases/{before}")).await.context("the purchase from before the backup")?;
    let later = client.get::<Value>(&format!("/api/v1/purchases/{after}")).await;
    ensure!(later.is_err_and(|error| error.code() == Some("not_found")), "a purchase from after the backup is there");
    // A phone keeps what it signed: sent again, it is registered as if for the first time.
    ensure!(!signed.send(&client).await?.replayed, "a purchase that is not there was answered as a repetition");
    server.run(&["verify"]).await?;
    server.stop().await
}

/// Commands that need what is in a database refuse an address where there is none, and make none; also an empty file, which a
/// mistyped address left behind once.
async fn mistyped(arguments: &Arguments) -> Result<()> {
    let server = Server::prepare(&arguments.binary, "", &Options::default()).await?;
    let folder = tempfile::tempdir()?;
    let empty = folder.path().join("empty.db");
    std::fs::File::create(&empty)?;
    let sqlite = |file: &Path| format!("sqlite:{}", file.display());
    let mut addresses = vec![(sqlite(&folder.path().join("mistyped.db")), "mistyped.db"), (sqlite(&empty), "no installation")];
    if let Some(url) = &arguments.postgres {
        addresses.push((fresh_database(url, "mistyped").await?, "no installation"));
    }
    let copy = folder.path().join("copy.db");
    let copy = copy.to_str().context("a folder with a plain name")?;
    for (url, reason) in &addresses {
        for command in [["verify"].as_slice(), &["backup", copy], &["jobs", "retry"]] {
            let refused = server.run_on(url, command).await.err().with_context(|| format!("{} was not refused", command.join(" ")))?;
            ensure!(refused.to_string().contains(reason), "{refused:#}");
        }
    }
    let left: Vec<_> = std::fs::read_dir(folder.path())?.filter_map(|file| Some(file.ok()?.file_name())).collect();
    ensure!(left.iter().all(|name| name.to_string_lossy().starts_with("empty.db")), "there is {left:?} now");
    Ok(())
}

/// A server that is asked to end does so although a page listens, and tells the page by ending its stream.
async fn end(arguments: &Arguments) -> Result<()> {
    let mut server = Server::start(&arguments.binary, "", &Options::default()).await?;
    let client = server.client()?;
    let trade = Trade::open(&client, 1, 1).await?;
    let owner = client.with_session("tendero", &trade.devices.first().context("the trade has a phone")?.session);
    let mut stream = owner.open("/api/v1/events/shop").await?;
    let began = std::time::Instant::now();
    let reader = tokio::spawn(async move { while let Ok(Some(_)) = stream.chunk().await {} });
    server.stop().await?;
    reader.await?;
    ensure!(began.elapsed() < STREAM_ENDS_WITHIN, "the server took {:?} to end", began.elapsed());
    Ok(())
}

/// A purchase at one process is told by the other.
async fn news(arguments: &Arguments, url: &str) -> Result<()> {
    let url = &fresh_database(url, "operations").await?;
    let mut first = Server::prepare(&arguments.binary, url, &Options::default()).await?;
    let mut second = first.copy_to(url, &Options::default())?;
    first.serve().await?;
    second.serve().await?;
    let mut trade = Trade::open(&first.client()?, 1, 1).await?;
    let session = trade.devices.first().context("the trade has a phone")?.session.clone();
    let mut stream = second.client()?.with_session("tendero", &session).open("/api/v1/events/shop").await?;
    sell(&first.client()?, &mut trade, 1).await?;
    tokio::time::timeout(NEWS_WITHIN, changed(&mut stream)).await.context("no news within two seconds")??;
    first.stop().await?;
    second.stop().await
}

async fn changed(stream: &mut Response) -> Result<()> {
    while let Some(chunk) = stream.chunk().await? {
        if String::from_utf8_lossy(&chunk).contains("event: changed") {
            return Ok(());
        }
    }
    anyhow::bail!("the stream ended")
}
