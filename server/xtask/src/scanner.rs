//! The scanner's part of `cargo xtask bench`: the decoder's weight, its rates and times in Chromium beside zxing-wasm,
//! bursts of drawn frames through the scanner's own logic, and the time from a tap to the first read.
//!
//! The photographs and the model that draws frames are no part of the repository: `SCANNER_CORPUS` says where they
//! are, `../shared/scanner` without it. Without them their figures are not measured, and that is said.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{
    shell::{Step, debian_packages, exists, run},
    site,
};

/// The decoder's script and module with Brotli 11, in bytes.
const WEIGHT_MAX: usize = 150_000;
/// Bursts that are drawn.
const BURSTS: &str = "200";
/// Draws the bursts.
const MAKER: &str = "end2end/bench/make_bursts.py";
/// What the maker needs.
const REQUIREMENTS: &str = "end2end/bench/requirements.txt";

/// Measures the decoder, and with `first_read` also the page with the camera; `false` when a bound is missed.
pub fn bench(first_read: bool) -> Result<bool> {
    if !exists("chromium") {
        debian_packages(&["chromium"])?;
    }
    run("npm", &["ci", "--prefix", "end2end", "--no-audit", "--no-fund"])?;
    let step = Step::begin("decoder (WASM)");
    let decoder = std::path::absolute(site::decoder()?)?;
    step.done();
    let mut passed = light(&decoder)?;
    let corpus = std::path::absolute(std::env::var_os("SCANNER_CORPUS").map_or_else(|| PathBuf::from("../shared/scanner"), PathBuf::from))?;
    if corpus.join("index.json").exists() {
        let bursts = bursts(&corpus)?;
        run("cargo", &["build", "--release", "--package", "scanner", "--example", "bursts"])?;
        passed &= Command::new(crate::target().join("release/examples/bursts")).arg(&bursts).status()?.success();
        let folders = [("SCANNER_CORPUS", &corpus), ("SCANNER_BURSTS", &bursts), ("SCANNER_DECODER", &decoder)];
        passed &= browser("decoders.spec.ts", folders)?;
    } else {
        println!("not measured: rates, times and bursts, for there are no photographs in {}", corpus.display());
    }
    if first_read {
        let built = crate::build(true)?;
        passed &= browser("first-read.spec.ts", [("MOSTRADOR_BIN", &built.binary), ("MOSTRADOR_SITE", &built.site)])?;
    }
    Ok(passed)
}

fn light(decoder: &Path) -> Result<bool> {
    let mut sizes = BTreeMap::new();
    for name in ["decoder.js", "decoder_bg.wasm"] {
        let mut small = Vec::new();
        brotli::CompressorWriter::new(&mut small, 4096, 11, 22).write_all(&fs::read(decoder.join(name))?)?;
        sizes.insert(name, small.len());
    }
    let sum: usize = sizes.values().sum();
    let kept = sum <= WEIGHT_MAX;
    println!("{}  the decoder weighs {sum} bytes with Brotli (at most {WEIGHT_MAX}): {sizes:?}", if kept { "kept  " } else { "MISSED" });
    Ok(kept)
}

/// Draws the bursts unless these are drawn already.
fn bursts(corpus: &Path) -> Result<PathBuf> {
    let folder = std::path::absolute(crate::target().join("scanner-bursts"))?;
    let recipe = [fs::read(MAKER)?, fs::read(REQUIREMENTS)?, fs::read(corpus.join("make_frames.py"))?, BURSTS.into()].concat();
    let kept = folder.join("recipe");
    if fs::read(&kept).ok().as_ref() == Some(&recipe) {
        return Ok(folder);
    }
    let step = Step::begin("drawing bursts of frames");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let venv = std::path::absolute(crate::target().join("scanner-venv"))?;
    let venv_name = venv.display().to_string();
    if run("python3", &["-m", "venv", &venv_name]).is_err() {
        debian_packages(&["python3-venv"])?;
        run("python3", &["-m", "venv", &venv_name])?;
    }
    run(venv.join("bin/pip"), &["install", "--quiet", "--disable-pip-version-check", "--requirement", REQUIREMENTS])?;
    let paths = [corpus, &folder].map(|path| path.display().to_string());
    run(venv.join("bin/python"), &[MAKER, &paths[0], &paths[1], "--bursts", BURSTS])?;
    fs::write(kept, recipe)?;
    step.done();
    Ok(folder)
}

/// One bench in Chromium; what it measured and missed it has printed.
fn browser<'a>(spec: &str, environment: impl IntoIterator<Item = (&'a str, &'a PathBuf)>) -> Result<bool> {
    let mut command = Command::new("npx");
    command.args(["playwright", "test", "--config", "bench.config.ts", spec]).current_dir("end2end").envs(environment);
    Ok(command.status().context("cannot start Playwright")?.success())
}
