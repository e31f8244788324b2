//! Running other programs, with their output visible and their time told.

use std::{ffi::OsStr, process::Command, time::Instant};

use anyhow::{Context, Result, bail};

/// A step whose time is told when it is done.
pub struct Step {
    name: &'static str,
    since: Instant,
}

impl Step {
    /// Says that it begins.
    pub fn begin(name: &'static str) -> Self {
        eprintln!("▸ {name} …");
        Self { name, since: Instant::now() }
    }
    /// Says how long it took.
    pub fn done(self) {
        eprintln!("✓ {} ({:.1} s)", self.name, self.since.elapsed().as_secs_f64());
    }
}

/// Runs a program to its end; a failure is an error that names it.
pub fn run(program: impl AsRef<OsStr>, arguments: &[&str]) -> Result<()> {
    run_with(program, arguments, &[])
}

/// The same with some environment.
pub fn run_with(program: impl AsRef<OsStr>, arguments: &[&str], environment: &[(&str, &str)]) -> Result<()> {
    let name = program.as_ref().to_string_lossy().into_owned();
    let status =
        Command::new(program).args(arguments).envs(environment.iter().copied()).status().with_context(|| format!("cannot start {name}"))?;
    if !status.success() {
        bail!("{name} {} failed: {status}", arguments.join(" "));
    }
    Ok(())
}

/// Is there such a program?
pub fn exists(program: &str) -> bool {
    Command::new("sh").args(["-c", &format!("command -v {program}")]).output().is_ok_and(|found| found.status.success())
}

/// Are we root?
pub fn root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n")
}

/// Installs Debian packages when we may, and names the line to run otherwise.
pub fn debian_packages(packages: &[&str]) -> Result<()> {
    if !root() {
        bail!("please run: sudo apt-get install {}", packages.join(" "));
    }
    run_with("apt-get", &["update", "-qq"], &[])?;
    let mut arguments = vec!["install", "-y", "-qq"];
    arguments.extend(packages);
    run_with("apt-get", &arguments, &[("DEBIAN_FRONTEND", "noninteractive")])
}
