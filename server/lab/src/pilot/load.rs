//! People who buy at their own instants, people who look, and a console that is open.

use std::{
    fmt,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use pilot::Look;
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde::Serialize;
use shared::{Timestamp, loyalty::PurchaseStatus};
use sqlx::{
    ConnectOptions, Connection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use tokio::task::JoinSet;

use super::{beside, panels, sales};
use crate::{
    bench::memory_max_mb,
    client::{Client, Device},
    server::Server,
    trade::now,
};

/// Reads in a second, of all kinds together.
const READS_PER_SECOND: f64 = 40.0;
/// Shops and consumers with a page open.
const SESSIONS: usize = 50;

/// Milliseconds of many answers.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Times {
    pub many: usize,
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
}

impl Times {
    fn of(mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        let at =
            |part: f64| times.get(((times.len() as f64 * part) as usize).min(times.len().saturating_sub(1))).copied().unwrap_or(f64::NAN);
        Self { many: times.len(), p50_ms: at(0.5), p95_ms: at(0.95), p99_ms: at(0.99), max_ms: at(1.0) }
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p50 {:.1}, p95 {:.1}, p99 {:.1}, max {:.1} ms of {}", self.p50_ms, self.p95_ms, self.p99_ms, self.max_ms, self.many)
    }
}

/// What a run showed.
#[derive(Debug, Serialize)]
pub struct Figures {
    pub purchases: Times,
    /// Really sent, in a second.
    pub rate: f64,
    /// Not taken, or taken and held for a reviewer.
    pub errors: u64,
    pub held: u64,
    pub first_error: String,
    pub reads: Vec<(&'static str, Times)>,
    pub failed_reads: u64,
    pub panels: Vec<panels::Panel>,
    /// One row and its COMMIT on the same disk, a little later.
    pub raw: Times,
    pub memory_max_mb: f64,
}

/// Phones and sessions, made while the server rests.
pub struct Prepared {
    devices: Vec<Device>,
    members: Vec<String>,
    people: Vec<String>,
}

impl Prepared {
    pub async fn make(db: &db::Db, looked: &Look) -> Result<Self> {
        let (mut devices, mut rows) = (Vec::new(), Vec::new());
        for (shop, member) in &looked.shops {
            let (device, public) = Device::unknown(*shop, *member)?;
            devices.push(device);
            rows.push((*shop, *member, public));
        }
        for (device, row) in devices.iter_mut().zip(pilot::enrol_devices(db, now(), &rows).await?) {
            device.id = row.device;
        }
        let (shops, consumers) =
            (&looked.shops[..SESSIONS.min(looked.shops.len())], &looked.consumers[..SESSIONS.min(looked.consumers.len())]);
        let (members, people) = pilot::open_sessions(db, now(), shops, consumers).await?;
        Ok(Self { devices, members, people })
    }
}

/// Buys, looks and reads reports for so long.
pub async fn run(
    server: &Server,
    looked: &Look,
    prepared: Prepared,
    at_rest: &[panels::Panel],
    rate: f64,
    lasts: Duration,
) -> Result<Figures> {
    let Prepared { mut devices, members, people } = prepared;
    let client = server.client()?;
    let due = sales::sign(&client, looked, &mut devices, rate, lasts.as_secs_f64()).await?;
    let first = due.first().context("somebody buys")?.at;
    let begin = Instant::now() + Duration::from_millis(first.since(now()).max(0).unsigned_abs());
    let end = tokio::time::Instant::from_std(begin + lasts);
    let (bought, seen, panels) = tokio::join!(
        buy(&client, due, first, begin),
        look(&client, looked, &members, &people, begin, end),
        panels::beside(server, looked, at_rest, end)
    );
    let (reads, failed_reads) = seen;
    let memory_max_mb = memory_max_mb(server.process_id().context("the server runs")?)?;
    let Bought { purchases, rate, errors, held, first_error } = bought;
    Ok(Figures { purchases, rate, errors, held, first_error, reads, failed_reads, panels: panels?, raw: raw().await?, memory_max_mb })
}

/// What became of the purchases.
struct Bought {
    purchases: Times,
    rate: f64,
    errors: u64,
    held: u64,
    first_error: String,
}

#[derive(serde::Deserialize)]
struct Taken {
    status: PurchaseStatus,
}

/// Sends each purchase at its instant, whether or not earlier ones were answered.
async fn buy(client: &Client, due: Vec<sales::Due>, first: Timestamp, begin: Instant) -> Bought {
    let mut tasks: JoinSet<(f64, Result<PurchaseStatus, String>)> = JoinSet::new();
    let many = due.len();
    let mut last = begin;
    for sales::Due { at, signed } in due {
        let intended = begin + Duration::from_millis(at.since(first).max(0).unsigned_abs());
        last = intended;
        let client = client.clone();
        tokio::time::sleep_until(intended.into()).await;
        tasks.spawn(async move {
            let answer = signed.send(&client).await;
            let ms = intended.elapsed().as_secs_f64() * 1_000.0;
            let became = match answer {
                Ok(answer) if answer.status == 201 && !answer.replayed => {
                    answer.json::<Taken>().map(|taken| taken.status).map_err(|error| error.to_string())
                }
                Ok(answer) => Err(format!("{} answered {}, replayed: {}", answer.door, answer.status, answer.replayed)),
                Err(error) => Err(error.to_string()),
            };
            (ms, became)
        });
    }
    let all = tasks.join_all().await;
    let rate = many as f64 / last.duration_since(begin).as_secs_f64();
    let held = all.iter().filter(|(_, became)| *became == Ok(PurchaseStatus::Held)).count() as u64;
    let mut wrong = all.iter().filter_map(|(_, became)| became.as_ref().err()).peekable();
    let first_error = wrong.peek().map_or_else(String::new, |text| text.to_string());
    Bought { rate, errors: wrong.count() as u64, held, first_error, purchases: Times::of(all.iter().map(|(ms, _)| *ms).collect()) }
}

/// What people look at, each with its share.
const LOOKS: [&str; 5] =
    ["balances of a consumer", "movements of a consumer", "her card's page", "the shop's page of the day", "rewards of a consumer"];

async fn look(
    client: &Client,
    looked: &Look,
    members: &[String],
    people: &[String],
    begin: Instant,
    end: tokio::time::Instant,
) -> (Vec<(&'static str, Times)>, u64) {
    let mut random = StdRng::seed_from_u64(11);
    let mut tasks: JoinSet<(usize, f64, bool)> = JoinSet::new();
    let mut at = begin;
    loop {
        at += Duration::from_secs_f64(-(1.0 - random.random::<f64>()).ln() / READS_PER_SECOND);
        if at >= end.into_std() {
            break;
        }
        let kind = random.random_range(0..LOOKS.len());
        let consumer = looked.consumers[random.random_range(0..looked.consumers.len())];
        let (client, path) = match kind {
            0 => (client.clone(), format!("/api/v1/consumers/{consumer}/balances")),
            1 => (client.clone(), format!("/api/v1/consumers/{consumer}/movements")),
            2 => (client.with_session("consumer", &people[random.random_range(0..people.len())]), "/c/".to_owned()),
            3 => (client.with_session("tendero", &members[random.random_range(0..members.len())]), "/t/".to_owned()),
            _ => (client.clone(), format!("/api/v1/consumers/{consumer}/rewards")),
        };
        tokio::time::sleep_until(at.into()).await;
        tasks.spawn(async move {
            let answered = client.send(reqwest::Method::GET, &path, None, None).await.is_ok();
            (kind, at.elapsed().as_secs_f64() * 1_000.0, answered)
        });
    }
    let answers = tasks.join_all().await;
    let failed = answers.iter().filter(|(_, _, answered)| !answered).count() as u64;
    let times = LOOKS
        .iter()
        .enumerate()
        .map(|(place, name)| {
            (*name, Times::of(answers.iter().filter(|(kind, _, answered)| *kind == place && *answered).map(|(_, ms, _)| *ms).collect()))
        })
        .collect();
    (times, failed)
}

/// A row of a purchase's size and its COMMIT, one after the other, as SQLite alone does it on this disk.
async fn raw() -> Result<Times> {
    const TIMES: usize = 500;

    let folder = tempfile::tempdir()?;
    let options = SqliteConnectOptions::new()
        .filename(beside(folder.path()))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut conn = options.connect().await?;
    sqlx::query("CREATE TABLE raw (id INTEGER PRIMARY KEY, row BLOB NOT NULL) STRICT").execute(&mut conn).await?;
    let mut times = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let began = Instant::now();
        sqlx::query("INSERT INTO raw (row) VALUES ($1)").bind(vec![7_u8; 4_000]).execute(&mut conn).await?;
        times.push(began.elapsed().as_secs_f64() * 1_000.0);
    }
    conn.close().await?;
    Ok(Times::of(times))
}
