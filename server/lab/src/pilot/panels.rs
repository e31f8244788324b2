//! How long each report takes, beside one reading of what it rests on.

use std::time::{Duration, Instant};

use anyhow::Result;
use pilot::Look;
use serde::Serialize;
use shared::{BrandId, CampaignId, CivilDate};
use sqlx::{Connection, SqliteConnection};

use crate::{bench::median, client::Client, server::Server};

/// Readings of each panel while nobody buys.
const TIMES: usize = 3;
/// Days of a panel: as a console asks by default, all that was sold, and as it asks at most.
const PERIODS: [i64; 3] = [30, 90, 366];
/// No panel is waited for longer.
const PATIENCE: Duration = Duration::from_secs(120);

/// Each door, with what it asks besides.
const DOORS: [(&str, &str); 17] = [
    ("summary", ""),
    ("sales_per_pli", ""),
    ("active_pdv", ""),
    ("shop_performance", ""),
    ("reach", ""),
    ("conversion", "&window_days=14"),
    ("frequency", ""),
    ("uplift_did", "campaign"),
    ("nps", ""),
    ("cac", ""),
    ("roi", "campaign"),
    ("rfm", ""),
    ("liability", ""),
    ("registration", ""),
    ("cohorts", ""),
    ("affinity", ""),
    ("zones", ""),
];

/// The times of one panel.
#[derive(Debug, Clone, Serialize)]
pub struct Panel {
    pub name: String,
    pub times: usize,
    pub median_ms: f64,
    pub max_ms: f64,
    /// Of 30 days' lines, read by the database alone while nobody buys.
    pub raw_ms: f64,
}

impl Panel {
    fn of(name: String, mut times: Vec<f64>, raw_ms: f64) -> Self {
        let max_ms = times.iter().copied().fold(0.0, f64::max);
        Self { name, times: times.len(), median_ms: median(&mut times), max_ms, raw_ms }
    }
    pub fn print(&self, most_ms: f64) {
        let Self { name, times, median_ms, max_ms, raw_ms } = self;
        let word = if *median_ms <= most_ms { "PASS" } else { "FAIL" };
        println!(
            "{word} {name:<28} {median_ms:>9.1} ms {max_ms:>9.1} ms of {times:<4} {:>7.2} of the raw {raw_ms:.0} ms",
            median_ms / raw_ms
        );
    }
}

/// A panel's address. The largest brand is asked for: its campaign has control shops.
fn address(looked: &Look, door: &str, besides: &str, days: i64) -> Option<String> {
    let (brand, campaign): (BrandId, Option<CampaignId>) =
        looked.brands.iter().copied().find(|(_, campaign)| campaign.is_some()).or(looked.brands.first().copied())?;
    let besides = match (besides, campaign) {
        ("campaign", Some(campaign)) => format!("&campaign_id={campaign}"),
        (besides, _) => besides.to_owned(),
    };
    let to: CivilDate = looked.last_day.plus_days(1)?;
    let from = to.plus_days(-days)?;
    // The summary counts its last day in.
    let to = if door == "summary" { looked.last_day } else { to };
    Some(format!("/api/v1/reports/{door}?brand_id={brand}&from={from}&to={to}{besides}"))
}

/// Every panel over both periods.
fn all(looked: &Look) -> Vec<(String, String)> {
    let of = |days: i64| {
        DOORS.iter().filter_map(move |(door, besides)| Some((format!("{door}, {days} days"), address(looked, door, besides, days)?)))
    };
    PERIODS.into_iter().flat_map(of).collect()
}

async fn once(client: &Client, address: &str) -> Result<f64> {
    let began = Instant::now();
    tokio::time::timeout(PATIENCE, client.send(reqwest::Method::GET, address, None, None)).await??;
    Ok(began.elapsed().as_secs_f64() * 1_000.0)
}

/// One reading of the brand's lines in 30 days, by the database alone. It keeps a processor busy for a second and more: never
/// while purchases are timed.
async fn raw_ms(server: &Server, looked: &Look) -> Result<f64> {
    const RAW: &str = "SELECT COUNT(DISTINCT p.consumer_id), SUM(l.quantity) FROM purchase_line l JOIN purchase p ON p.id = l.purchase_id
                       WHERE l.brand_id = $1 AND l.business_date >= $2";
    let Some((brand, _)) = looked.brands.iter().find(|(_, campaign)| campaign.is_some()) else {
        return Ok(f64::NAN);
    };
    let from = looked.last_day.plus_days(-29).map_or_else(String::new, |date| date.to_string());
    let began = Instant::now();
    if server.database_url().starts_with("sqlite:") {
        let mut conn = SqliteConnection::connect(server.database_url()).await?;
        sqlx::query(RAW).bind(brand.0).bind(from).fetch_all(&mut conn).await?;
    } else {
        let mut conn = sqlx::PgConnection::connect(server.database_url()).await?;
        sqlx::query(RAW).bind(brand.0).bind(from).fetch_all(&mut conn).await?;
    }
    Ok(began.elapsed().as_secs_f64() * 1_000.0)
}

/// Each panel a few times, one after the other.
pub async fn at_rest(server: &Server, looked: &Look) -> Result<Vec<Panel>> {
    let client = server.client()?;
    let mut measured = Vec::new();
    for (name, address) in all(looked) {
        let mut times = Vec::with_capacity(TIMES);
        for _ in 0..TIMES {
            times.push(once(&client, &address).await?);
        }
        measured.push(Panel::of(name, times, raw_ms(server, looked).await?));
    }
    Ok(measured)
}

/// One panel after the other, with a pause, until then: somebody has the console open. Compared with what the database alone took
/// at rest.
pub async fn beside(server: &Server, looked: &Look, at_rest: &[Panel], until: tokio::time::Instant) -> Result<Vec<Panel>> {
    const PAUSE: Duration = Duration::from_millis(250);

    let client = server.client()?;
    let doors = all(looked);
    let mut times: Vec<Vec<f64>> = doors.iter().map(|_| Vec::new()).collect();
    for (door, (_, address)) in doors.iter().enumerate().cycle() {
        if tokio::time::Instant::now() >= until {
            break;
        }
        times[door].push(once(&client, address).await?);
        tokio::time::sleep(PAUSE).await;
    }
    let raw_ms = median(&mut at_rest.iter().map(|panel| panel.raw_ms).collect::<Vec<_>>());
    Ok(doors
        .into_iter()
        .zip(times)
        .filter(|(_, times)| !times.is_empty())
        .map(|((name, _), times)| Panel::of(name, times, raw_ms))
        .collect())
}
