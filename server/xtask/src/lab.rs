//! What is tried on the finished server from outside: built here, played by `lab`.

use std::{path::{Path, PathBuf}, process::Command};

use anyhow::{Context, Result};

use crate::shell::{Step, run};

/// Cases that must pass, kept in the repository.
pub const CASES: &str = "server/lab/cases/loyalty.json";

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
    end(Lab::build(false)?.trial("scenarios").args(files))
}

/// The ids of a file's scenarios.
pub fn ids(file: &Path) -> Result<Vec<String>> {
    let cases: serde_json::Value = serde_json::from_slice(&std::fs::read(file)?)?;
    let scenarios = cases["scenarios"].as_array().context("a file of scenarios has some")?;
    Ok(scenarios.iter().filter_map(|case| case["id"].as_str().map(str::to_owned)).collect())
}

/// The trial's exit code is ours; what went wrong was printed by it.
fn end(trial: &mut Command) -> Result<()> {
    let status = trial.status().context("cannot start the laboratory")?;
    if !status.success() {
        std::process::exit(1);
    }
    Ok(())
}
