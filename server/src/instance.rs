//! What a database was created for. A controlled clock and the sandbox's doors exist only where the database was created
//! with them: real points must never meet a clock that somebody turns.

use anyhow::{Context, bail, ensure};
use db::{Db, clock::Clock, sql};
use shared::Timestamp;

use crate::Config;

/// Where time comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum ClockKind {
    /// The machine's clock.
    #[default]
    System,
    /// A clock that stands until the sandbox sets it.
    Controlled,
}

impl ClockKind {
    const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Controlled => "controlled",
        }
    }
}

/// Writes the purpose of a new database, refuses to use an old one for another, and gives the clock.
pub async fn settle(db: &Db, config: &Config, kind: ClockKind) -> anyhow::Result<Clock> {
    let mut tx = db.begin().await?;
    let sandbox = if config.sandbox { "yes" } else { "no" };
    for (name, value) in [("clock", kind.name()), ("sandbox", sandbox), (api::CLOCK_SETTING, START)] {
        tx.query(SET_ONCE).bind(name).bind(value).execute().await?;
    }
    let known: Vec<(String, String)> = tx.query(ALL).all().await?;
    tx.commit().await?;
    let setting = |name: &str| known.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str());
    if setting("clock") != kind.name() {
        bail!("This database was created for a {} clock: use another one, or start with --clock {}", setting("clock"), setting("clock"));
    }
    if config.sandbox && setting("sandbox") != "yes" {
        bail!("This database was not created as a sandbox: use another one, or turn the sandbox off");
    }
    Ok(match kind {
        ClockKind::System => Clock::System,
        ClockKind::Controlled => Clock::controlled(setting(api::CLOCK_SETTING).parse::<Timestamp>()?),
    })
}

/// Opens a database for somebody who needs what is in it. Opening alone would make an empty one, and a mistyped address would
/// look like books without a fault.
pub async fn existing(config: &db::Config) -> anyhow::Result<Db> {
    if let Some(file) = config.file()? {
        let file = std::path::absolute(file)?;
        std::fs::metadata(&file).with_context(|| format!("The database {} cannot be opened", file.display()))?;
    }
    let db = open(config).await?;
    let settings: Vec<(String, String)> =
        db.read().await?.query(ALL).all().await.context("There is no installation in this database, look at DATABASE_URL")?;
    ensure!(!settings.is_empty(), "There is no installation in this database yet");
    Ok(db)
}

/// Opens a database, or makes it.
pub async fn open(config: &db::Config) -> anyhow::Result<Db> {
    Db::open(config).await.context("The database cannot be opened")
}

/// Where a controlled clock stands before anybody sets it.
const START: &str = "2026-01-01T00:00:00.000Z";

sql! {
    SET_ONCE: "INSERT INTO instance_setting (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    ALL: "SELECT name, value FROM instance_setting";
}
