//! What the fronts weigh and how fast they are: the table of a release site, and Lighthouse on it.

use std::{path::Path, process::Command};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{
    shell::{debian_packages, exists, run},
    site::ENTRIES,
};

/// Builds the release site and prints what each of its entries sends, in bytes as they are and as Brotli.
pub fn table() -> Result<()> {
    let site = crate::site::build(true)?;
    print(&site)
}

fn print(site: &Path) -> Result<()> {
    let described: Value = serde_json::from_slice(&std::fs::read(site.join("site.json"))?)?;
    let files = described["files"].as_array().context("a site has files")?;
    println!("{:<56} {:>9} {:>9}", "file", "bytes", "Brotli");
    let weight = |path: &str| {
        let file = files.iter().find(|file| file["path"] == path)?;
        Some((file["bytes"].as_u64()?, file["brotli_bytes"].as_u64().unwrap_or_default()))
    };
    let row = |path: &str| {
        let (bytes, brotli) = weight(path)?;
        println!("{path:<56} {bytes:>9} {brotli:>9}");
        Some(brotli)
    };
    for entry in &ENTRIES {
        let paths = &described["entries"][entry.name];
        let code: u64 = ["js", "parts", "wasm"].iter().filter_map(|kind| row(paths[kind].as_str()?)).sum();
        println!("{:<56} {:>9} {code:>9}", format!("  {}: JS + WASM", entry.name), "");
        for (group, pieces) in paths["pieces"].as_object().into_iter().flatten() {
            let weight: u64 = pieces
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|piece| piece.as_str())
                .filter_map(&weight)
                .map(|(_, brotli)| brotli)
                .sum();
            println!("{:<56} {:>9} {:>9}", format!("  with the pieces of {group}"), pieces.as_array().map_or(0, Vec::len), code + weight);
        }
        paths["css"].as_str().and_then(row);
    }
    for file in files.iter().filter(|file| file["path"].as_str().is_some_and(|path| path.ends_with(".woff2"))) {
        println!("{:<56} {:>9}", file["path"].as_str().unwrap_or_default(), file["bytes"].as_u64().unwrap_or_default());
    }
    Ok(())
}

/// Lighthouse's speed of each front's first page on the optimised server and site; `false` when a bound is missed.
pub fn lighthouse() -> Result<bool> {
    if !exists("chromium") {
        debian_packages(&["chromium"])?;
    }
    let built = crate::build(true)?;
    run("npm", &["ci", "--prefix", "end2end", "--no-audit", "--no-fund"])?;
    let mut bench = Command::new("npx");
    bench.args(["playwright", "test", "--config", "bench.config.ts", "lighthouse.spec.ts"]).current_dir("end2end");
    Ok(bench.env("MOSTRADOR_BIN", &built.binary).env("MOSTRADOR_SITE", &built.site).status().context("cannot start npx")?.success())
}
