//! Worked scenarios, each on a fresh installation with a clock that the player turns.

mod format;
mod ground;
mod metrics;
mod play;
mod world;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, Result};
use serde_json::Value;

use self::{format::Scenario, ground::Ground, world::World};
use crate::client::Error;

/// What to play.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The server's binary
    #[arg(long)]
    binary: PathBuf,
    /// Play them on PostgreSQL: the address of a database from which others can be made
    #[arg(long, default_value = "")]
    postgres: String,
    /// Only these cases must pass, separated by commas; without it, all must
    #[arg(long, value_delimiter = ',')]
    expect: Vec<String>,
    /// Files of scenarios
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// Plays every case of every file: one line each, and a closing line.
pub async fn run(arguments: Arguments) -> Result<ExitCode> {
    let ground = Ground::prepare(&arguments.binary, &arguments.postgres).await?;
    let (mut passed, mut failed) = (Vec::new(), Vec::new());
    for path in &arguments.files {
        let file = format::File::read(path)?;
        for case in &file.scenarios {
            report(format::id_of(case), scenario(&ground, case).await, &mut passed, &mut failed);
        }
        for case in &file.metric_cases {
            report(format::id_of(case), metric(&ground, &file, case).await, &mut passed, &mut failed);
        }
    }
    ground.clear().await?;
    println!("{} passed, {} failed", passed.len(), failed.len());
    let enough = if arguments.expect.is_empty() {
        failed.is_empty()
    } else {
        arguments.expect.iter().all(|id| passed.contains(id) && !failed.contains(id))
    };
    Ok(if enough { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn report(id: String, played: Result<()>, passed: &mut Vec<String>, failed: &mut Vec<String>) {
    match played {
        Ok(()) => {
            println!("PASS {id}");
            passed.push(id);
        }
        Err(error) => {
            println!("FAIL {id}: {}", reason(&error));
            failed.push(id);
        }
    }
}

/// In one line. A field that the server refuses as unknown is a capability that it lacks.
fn reason(error: &anyhow::Error) -> String {
    let whole = format!("{error:#}").replace('\n', " ");
    let unknown = whole.split_once("unknown field `").and_then(|(before, rest)| Some((before, rest.split_once('`')?.0)));
    match (unknown, error.chain().find_map(|cause| cause.downcast_ref::<Error>())) {
        (Some((before, field)), Some(Error::Refused { door, .. })) => {
            let place = before.split(door.as_str()).next().unwrap_or_default();
            format!("{place}the product has no `{field}` yet ({door})")
        }
        _ => whole,
    }
}

async fn scenario(ground: &Ground, case: &Value) -> Result<()> {
    let scenario: Scenario = serde_json::from_value(case.clone())?;
    let plot = ground.fresh().await?;
    let client = &plot.client;
    let world = World::make(client, &scenario).await.context("setup")?;
    let mut names = play::Names::default();
    for event in &scenario.events {
        play::event(client, &world, &mut names, event).await.with_context(|| event.id().to_owned())?;
    }
    play::end(client, &world, &scenario.end).await.context("final")
}

/// A number of a report, on a data set or with inputs of its own.
async fn metric(ground: &Ground, file: &format::File, case: &Value) -> Result<()> {
    let plot = ground.fresh().await?;
    metrics::play(&plot.client, file, case).await
}
