//! How long each panel's reading takes in this process alone, beside one reading of the brand's lines by the database.
//!
//! `cargo bench -p pilot --bench panels -- SCALE [FILE]`: the world is made in FILE, or found there.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that cannot go on stops where it is")]

use std::time::Instant;

use db::{Config, Db};
use identity::{Actor, Keys};
use pilot::{Plan, look, seed};
use reports::{Asked, Scope, kept::Pace};
use secrecy::SecretBox;
use shared::{BrandId, CampaignId, Timestamp};

/// 21 November 2026, 15:00 in Bogotá.
const NOW: Timestamp = Timestamp(1_795_291_200_000);
/// Readings of each panel.
const TIMES: usize = 3;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let scale: f64 = arguments.next().map_or(0.05, |scale| scale.parse().unwrap());
    let file = arguments.next().unwrap_or_else(|| std::env::temp_dir().join("panels.db").display().to_string());
    let known = std::path::Path::new(&file).exists();
    let db = Db::open(&Config::new(format!("sqlite:{file}"))).await.unwrap();
    db.migrate().await.unwrap();
    if !known {
        let began = Instant::now();
        let made = seed(&db, &Keys::new(&SecretBox::new(Box::new([1; 32]))), Plan { scale, seed: 7, until: NOW }).await.unwrap();
        println!("{made:?} in {:.0} s", began.elapsed().as_secs_f64());
    }
    let began = Instant::now();
    while reports::days::refresh(&db, NOW, Pace::Hurry).await.unwrap() > 0 {}
    while reports::points::refresh(&db, NOW, Pace::Hurry).await.unwrap() > 0 {}
    println!("days read in {:.0} s", began.elapsed().as_secs_f64());

    let looked = look(&db, 10).await.unwrap();
    let (brand, campaign) = looked.brands.iter().copied().find(|(_, campaign)| campaign.is_some()).unwrap();
    for days in [30, 90, 366] {
        for name in NAMES {
            let mut took: Vec<f64> = Vec::new();
            for _ in 0..TIMES {
                let began = Instant::now();
                one(&db, name, brand, campaign.unwrap(), looked.last_day, days).await;
                took.push(began.elapsed().as_secs_f64() * 1_000.0);
            }
            took.sort_by(f64::total_cmp);
            println!("{name:<20} {days:>4} days {:>8.1} ms", took[TIMES / 2]);
        }
    }
}

const NAMES: [&str; 16] = [
    "sales_per_pli",
    "active_pdv",
    "shop_performance",
    "reach",
    "conversion",
    "frequency",
    "uplift_did",
    "nps",
    "cac",
    "roi",
    "rfm",
    "liability",
    "registration",
    "cohorts",
    "affinity",
    "zones",
];

async fn one(db: &Db, name: &str, brand: BrandId, campaign: CampaignId, last: shared::CivilDate, days: i64) {
    let mut tx = db.read().await.unwrap();
    let to = last.plus_days(1).unwrap();
    let asked = Asked { brand, from: to.plus_days(-days).unwrap(), to, as_of: NOW, now: NOW, k: 10 };
    let scope = Scope::open(&mut tx, &Actor::System, asked).await.unwrap();
    let (tx, scope) = (&mut tx, &scope);
    match name {
        "sales_per_pli" => drop(reports::sales_per_pli(tx, scope).await.unwrap()),
        "active_pdv" => drop(reports::active_pdv(tx, scope, 1).await.unwrap()),
        "shop_performance" => drop(reports::shop_performance(tx, scope).await.unwrap()),
        "reach" => drop(reports::reach(tx, scope).await.unwrap()),
        "conversion" => drop(reports::conversion(tx, scope, scope.cohort(), 14).await.unwrap()),
        "frequency" => drop(reports::frequency(tx, scope, scope.cohort()).await.unwrap()),
        "uplift_did" => drop(reports::uplift_did(tx, scope, campaign).await.unwrap()),
        "nps" => drop(reports::nps(tx, scope, None).await.unwrap()),
        "cac" => drop(reports::cac(tx, scope).await.unwrap()),
        "roi" => drop(reports::roi(tx, scope, campaign).await.unwrap()),
        "rfm" => drop(reports::rfm(tx, scope).await.unwrap()),
        "liability" => drop(reports::liability(tx, scope).await.unwrap()),
        "registration" => drop(reports::registration(tx, scope).await.unwrap()),
        "cohorts" => drop(reports::cohorts(tx, scope).await.unwrap()),
        "affinity" => drop(reports::affinity(tx, scope).await.unwrap()),
        _ => drop(reports::zones(tx, scope).await.unwrap()),
    }
}
