//! The build tool: `cargo xtask serve`, `cargo xtask test` and what stands beside them.
//!
//! It needs rustup and, for the browser's part of the tests, Node 20; everything else it fetches itself.

mod lab;
mod postgres;
mod scanner;
mod shell;
mod site;
mod test;
mod weight;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

use shell::{Step, run, run_with};

#[derive(Parser)]
#[command(about = "Builds, serves and tests Mostrador")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Builds everything, seeds a demo world on the first run, and serves it.
    Serve {
        /// Small and fast WASM, optimised server.
        #[arg(long)]
        release: bool,
        /// With a self-made certificate, so that a phone in the LAN has camera and keys.
        #[arg(long)]
        tls: bool,
        /// Where to listen.
        #[arg(long, default_value_t = 3000)]
        port: u16,
    },
    /// Builds the fronts and the server without starting them.
    Build {
        /// Small and fast.
        #[arg(long)]
        release: bool,
    },
    /// Everything: rules, both databases, HTTP and a real browser.
    Test {
        /// Only one part: rust, scenarios, kill, browser.
        #[arg(long)]
        only: Option<String>,
    },
    /// Plays worked scenarios through the REST interface, each on a fresh installation with a controlled clock.
    Scenarios {
        /// Files in the format of the contract.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Kills servers, PostgreSQL and workers under load: nothing acknowledged may be lost, nothing doubled.
    Kill {
        /// Kills of the server on each database.
        #[arg(long, default_value_t = 50)]
        rounds: u32,
        /// Kills of PostgreSQL itself, with fsync on.
        #[arg(long, default_value_t = 10)]
        postgres_rounds: u32,
        /// Jobs for two workers of which one is killed.
        #[arg(long, default_value_t = 10_000)]
        jobs: u32,
    },
    /// Builds the release site and prints what each front weighs.
    Weigh,
    /// Measures purchases, start and memory of the optimised server beside what the databases alone can do, the scanner
    /// beside another decoder, and how fast the fronts are.
    Bench {
        /// Only one part: server, scanner, decoder (the scanner's part that needs no server), lighthouse; or pilot, a day
        /// of a whole pilot, which is measured only when it is named: it fills 12 GB for half an hour.
        #[arg(long)]
        only: Option<String>,
        /// Of the pilot: 1 is a million consumers.
        #[arg(long, default_value_t = 1.0)]
        scale: f64,
        /// Of the pilot: how long people buy.
        #[arg(long, default_value_t = 5.0)]
        minutes: f64,
    },
    /// The fast loop: formats nothing, compiles and lints everything once.
    Check,
    /// One folder with binary and site: `dist/`.
    Dist,
}

fn main() -> Result<()> {
    let mut command = Arguments::parse().command;
    if let Command::Scenarios { files } = &mut command {
        // They are named from where the command was typed.
        *files = files.iter().map(std::path::absolute).collect::<Result<_, _>>()?;
    }
    std::env::set_current_dir(root()?)?;
    match command {
        Command::Serve { release, tls, port } => serve(release, tls, port),
        Command::Build { release } => build(release).map(drop),
        Command::Test { only } => test::all(only.as_deref()),
        Command::Scenarios { files } => lab::scenarios(&files),
        Command::Kill { rounds, postgres_rounds, jobs } => lab::kill(rounds, postgres_rounds, jobs),
        Command::Weigh => weight::table(),
        Command::Bench { only: Some(only), scale, minutes } if only == "pilot" => lab::end(lab::pilot(scale, minutes)?),
        Command::Bench { only, .. } => bench(only.as_deref()),
        Command::Check => check(),
        Command::Dist => dist(),
    }
}

fn root() -> Result<PathBuf> {
    // Cargo says it to whatever it runs: a target folder may be shared by several clones.
    let here = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    Ok(here.ancestors().nth(2).context("server/xtask stands two folders below the root")?.to_owned())
}

/// What a build leaves behind.
pub struct Built {
    /// The server.
    pub binary: PathBuf,
    /// Scripts, styles, fonts, manifests.
    pub site: PathBuf,
}

/// Where cargo writes.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from)
}

/// Fronts and server.
pub fn build(release: bool) -> Result<Built> {
    let site = site::build(release)?;
    let step = Step::begin("server");
    let mut arguments = vec!["build", "--package", "server"];
    arguments.extend(release.then_some("--release"));
    run("cargo", &arguments)?;
    step.done();
    let binary = target().join(if release { "release" } else { "debug" }).join("mostrador");
    Ok(Built { binary: std::path::absolute(binary)?, site: std::path::absolute(site)? })
}

fn serve(release: bool, tls: bool, port: u16) -> Result<()> {
    let built = build(release)?;
    let database = Path::new("data/mostrador.db");
    let new = !database.exists();
    std::fs::create_dir_all("data")?;
    let site = built.site.to_string_lossy().into_owned();
    let environment = [("MOSTRADOR_SITE", site.as_str()), ("MOSTRADOR_SANDBOX", "true")];
    run_with(&built.binary, &["migrate"], &environment)?;
    if new {
        let step = Step::begin("demo world");
        run_with(&built.binary, &["seed"], &environment)?;
        step.done();
    }
    let address = format!("{}:{port}", if tls { "0.0.0.0" } else { "127.0.0.1" });
    let mut arguments = vec!["serve", "--addr", &address];
    arguments.extend(tls.then_some("--tls"));
    run_with(&built.binary, &arguments, &environment)
}

/// Every part is measured, also after one has missed its bounds.
fn bench(only: Option<&str>) -> Result<()> {
    let wanted = |part: &str| only.is_none_or(|only| only == part);
    let mut passed = true;
    if wanted("server") {
        passed &= lab::bench()?;
    }
    if wanted("scanner") || wanted("decoder") {
        passed &= scanner::bench(wanted("scanner"))?;
    }
    if wanted("lighthouse") {
        passed &= weight::lighthouse()?;
    }
    lab::end(passed)
}

fn check() -> Result<()> {
    site::target_installed()?;
    run("cargo", &["clippy", "--all-targets", "--", "-D", "warnings"])?;
    for persona in ["consumer", "tendero", "brand", "backoffice"] {
        run("cargo", &["clippy", "--package", persona, "--features", "ssr", "--", "-D", "warnings"])?;
    }
    let mut arguments = vec!["check", "--target", site::WASM];
    arguments.extend(site::ENTRIES.iter().flat_map(|entry| ["--package", entry.package]));
    run("cargo", &arguments)
}

fn dist() -> Result<()> {
    let built = build(true)?;
    let folder = Path::new("dist");
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder)?;
    std::fs::copy(&built.binary, folder.join("mostrador"))?;
    site::copy_folder(&built.site, &folder.join("site"))
}
