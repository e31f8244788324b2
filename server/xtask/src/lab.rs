//! What is tried on the finished server from outside: built here, played by `lab`.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{
    postgres::Postgres,
    shell::{Step, run},
};

/// Cases that must pass, kept in the repository.
pub const CASES: &str = "server/lab/cases/loyalty.json";

/// What the program that plays the OpenAPI document needs.
pub const CONTRACT: &str = "server/lab/contract";

/// The laboratory and the server that it tries.
pub struct Lab {
    program: PathBuf,
    server: PathBuf,
}

impl Lab {
    /// Builds both.
    pub fn build(release: bool) -> Result<Self> {
        let step = Step::begin("server and laboratory");
        let mut arguments = vec!["build", "--package", "server", "--package", "lab"];
        arguments.extend(release.then_some("--release"));
        run("cargo", &arguments)?;
        step.done();
        let folder = std::path::absolute(crate::target().join(if release { "release" } else { "debug" }))?;
        Ok(Self { program: folder.join("lab"), server: folder.join("mostrador") })
    }

    /// A trial, ready for its own arguments.
    pub fn trial(&self, name: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(name).arg("--binary").arg(&self.server);
        command
    }
}

/// Plays files of scenarios; ends this process with 1 when one fails.
pub fn scenarios(files: &[PathBuf]) -> Result<()> {
    end(passes(Lab::build(false)?.trial("scenarios").args(files))?)
}

/// Kills under load, on both databases; ends this process with 1 when something was lost or doubled.
pub fn kill(rounds: u32, postgres_rounds: u32, jobs: u32) -> Result<()> {
    let lab = Lab::build(false)?;
    let durable = Postgres::start(true)?;
    let passed = passes(&mut killing(&lab, &durable, rounds, postgres_rounds, jobs))?;
    // It must have ended before this process does.
    drop(durable);
    end(passed)
}

/// The trial of kills on a cluster that keeps its promises.
pub fn killing(lab: &Lab, durable: &Postgres, rounds: u32, postgres_rounds: u32, jobs: u32) -> Command {
    let mut trial = lab.trial("kill");
    for (name, number) in [("--rounds", rounds), ("--postgres-rounds", postgres_rounds), ("--jobs", jobs)] {
        trial.arg(name).arg(number.to_string());
    }
    trial.args(["--postgres", &durable.url(), "--postgres-data", &durable.folder(), "--postgres-restart", &durable.restart()]);
    trial
}

/// The ids of a file's scenarios.
pub fn ids(file: &Path) -> Result<Vec<String>> {
    let cases: serde_json::Value = serde_json::from_slice(&std::fs::read(file)?)?;
    let scenarios = cases["scenarios"].as_array().context("a file of scenarios has some")?;
    Ok(scenarios.iter().filter_map(|case| case["id"].as_str().map(str::to_owned)).collect())
}

/// Measures optimised binaries beside what the databases alone can do; `false` when a bound is missed.
pub fn bench() -> Result<bool> {
    let lab = Lab::build(true)?;
    let durable = Postgres::start(true)?;
    let figures = std::path::absolute(crate::target().join("bench.json"))?;
    let mut trial = lab.trial("bench");
    trial.args(["--postgres", &durable.url(), "--pgbench"]).arg(durable.program("pgbench")).arg("--json").arg(&figures);
    let passed = passes(&mut trial)?;
    println!("the same figures as JSON: {}", figures.display());
    // It must have ended before this process does.
    drop(durable);
    Ok(passed)
}

/// A pilot's day on both databases; `false` when SQLite misses a bound. The PostgreSQL world is seeded anew and dropped.
pub fn pilot(scale: f64, minutes: f64) -> Result<bool> {
    let lab = Lab::build(true)?;
    let durable = Postgres::start(true)?;
    let figures = std::path::absolute(crate::target().join("pilot.json"))?;
    let mut trial = lab.trial("pilot");
    trial.args(["--scale", &scale.to_string(), "--minutes", &minutes.to_string(), "--postgres", &durable.url(), "--json"]).arg(&figures);
    let passed = passes(&mut trial)?;
    println!("the same figures as JSON: {}", figures.display());
    drop(durable);
    Ok(passed)
}

fn passes(trial: &mut Command) -> Result<bool> {
    Ok(trial.status().context("cannot start the laboratory")?.success())
}

/// What went wrong was printed by the trial.
pub fn end(passed: bool) -> Result<()> {
    if !passed {
        std::process::exit(1);
    }
    Ok(())
}
