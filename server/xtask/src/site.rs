//! The site folder: one WASM module and script for each weight class, one style for each, and what is served as it is.
//!
//! Names carry a hash of the content, so that they can be cached for ever; `site.json` says which are of one build.

use std::{collections::BTreeMap, fs, io::Write, path::{Path, PathBuf}};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wasm_bindgen_cli_support::Bindgen;

use crate::shell::{Step, run};

/// Rust's name of the browser.
pub const WASM: &str = "wasm32-unknown-unknown";

/// A front with its own WASM.
pub struct Entry {
    /// In `site.json` and in file names.
    pub name: &'static str,
    /// The crate.
    pub package: &'static str,
    /// `style/<name>.css`, with its imports inlined.
    style: Option<&'static str>,
}

/// All of them.
pub const ENTRIES: [Entry; 4] = [
    Entry { name: "consumer", package: "frontend-consumer", style: Some("consumer") },
    Entry { name: "tendero", package: "frontend-tendero", style: Some("tendero") },
    Entry { name: "console", package: "frontend-console", style: Some("console") },
    Entry { name: "decoder", package: "frontend-decoder", style: None },
];

/// The decoder runs on every frame of a video on a cheap phone and weighs little: there cycles matter more than bytes.
/// Without this it weighs an eighth less, and a look takes nearly twice as long.
const FAST: [&str; 4] =
    ["--config", "profile.wasm-release.package.frontend-decoder.opt-level=3", "--config", "profile.wasm-release.package.rxing.opt-level=3"];

/// Adds the target when it is missing.
pub fn target_installed() -> Result<()> {
    run("rustup", &["target", "add", WASM])
}

/// Builds what changed and writes the folder.
pub fn build(release: bool) -> Result<PathBuf> {
    target_installed()?;
    let step = Step::begin("fronts (WASM)");
    let profile = if release { "wasm-release" } else { "dev" };
    let mut arguments = vec!["build", "--target", WASM, "--profile", profile];
    arguments.extend(FAST);
    arguments.extend(ENTRIES.iter().flat_map(|entry| ["--package", entry.package]));
    run("cargo", &arguments)?;
    step.done();
    let step = Step::begin("site");
    let folder = crate::target().join(if release { "site-release" } else { "site-dev" });
    let staging = crate::target().join("site-staging");
    if staging.exists() {
        fs::remove_dir_all(&staging)?;
    }
    fs::create_dir_all(staging.join("pkg"))?;
    let mut entries = BTreeMap::new();
    for entry in &ENTRIES {
        entries.insert(entry.name, one_entry(entry, &staging, release)?);
    }
    copy_folder(Path::new("public"), &staging)?;
    let files = files(&staging, release)?;
    let build = hash(serde_json::to_string(&files)?.as_bytes());
    fs::write(staging.join("site.json"), serde_json::to_vec_pretty(&json!({ "build": build, "entries": entries, "files": files }))?)?;
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::rename(&staging, &folder)?;
    step.done();
    Ok(folder)
}

/// The decoder alone, small and fast: the folder with `decoder.js` and `decoder_bg.wasm`.
pub fn decoder() -> Result<PathBuf> {
    target_installed()?;
    let entry = ENTRIES.iter().find(|entry| entry.name == "decoder").context("the decoder is an entry")?;
    run("cargo", &[&["build", "--target", WASM, "--profile", "wasm-release", "--package", entry.package], &FAST[..]].concat())?;
    bindings(entry, &module(entry, true), true)
}

/// What `cargo build` wrote for an entry.
fn module(entry: &Entry, release: bool) -> PathBuf {
    let folder = crate::target().join(WASM).join(if release { "wasm-release" } else { "debug" });
    folder.join(format!("{}.wasm", entry.package.replace('-', "_")))
}

/// wasm-bindgen's output depends on the module alone, so it is kept beside it under the module's hash.
fn bindings(entry: &Entry, module: &Path, release: bool) -> Result<PathBuf> {
    let bytes = fs::read(module).with_context(|| format!("{} was not built", module.display()))?;
    let kept = crate::target().join("bindgen").join(format!("{}-{}{}", entry.name, hash(&bytes), if release { "-opt" } else { "" }));
    if !kept.exists() {
        let making = kept.with_extension("making");
        if making.exists() {
            fs::remove_dir_all(&making)?;
        }
        let mut bindgen = Bindgen::new();
        bindgen.input_path(module).web(true)?.out_name(entry.name).typescript(false).remove_name_section(release).generate(&making)?;
        if release {
            optimise(&making.join(format!("{}_bg.wasm", entry.name)))?;
        }
        fs::rename(&making, &kept)?;
    }
    Ok(kept)
}

fn one_entry(entry: &Entry, staging: &Path, release: bool) -> Result<Value> {
    let kept = bindings(entry, &module(entry, release), release)?;
    let script = fs::read_to_string(kept.join(format!("{}.js", entry.name)))?;
    let wasm = fs::read(kept.join(format!("{}_bg.wasm", entry.name)))?;
    let wasm_name = format!("{}_bg.{}.wasm", entry.name, hash(&wasm));
    let script = script.replace(&format!("{}_bg.wasm", entry.name), &wasm_name);
    let script_name = format!("{}.{}.js", entry.name, hash(script.as_bytes()));
    fs::write(staging.join("pkg").join(&wasm_name), wasm)?;
    fs::write(staging.join("pkg").join(&script_name), script)?;
    let snippets = kept.join("snippets");
    if snippets.exists() {
        copy_folder(&snippets, &staging.join("pkg/snippets"))?;
    }
    let mut described = json!({ "js": format!("/pkg/{script_name}"), "wasm": format!("/pkg/{wasm_name}") });
    if let Some(style) = entry.style {
        let css = inlined(Path::new("style"), &format!("{style}.css"))?;
        let name = format!("{style}.{}.css", hash(css.as_bytes()));
        fs::write(staging.join("pkg").join(&name), css)?;
        described["css"] = json!(format!("/pkg/{name}"));
    }
    Ok(described)
}

/// The npm package `binaryen` carries a native `wasm-opt`.
fn optimise(module: &Path) -> Result<()> {
    let binary = Path::new("end2end/node_modules/.bin/wasm-opt");
    if !binary.exists() {
        run("npm", &["ci", "--prefix", "end2end", "--no-audit", "--no-fund"])?;
    }
    let path = module.to_string_lossy().into_owned();
    let features = ["bulk-memory", "nontrapping-float-to-int", "sign-ext", "mutable-globals", "reference-types", "multivalue"].map(|feature| format!("--enable-{feature}"));
    let mut arguments = vec!["-Oz", "-o", &path, &path];
    arguments.extend(features.iter().map(String::as_str));
    run(binary, &arguments)
}

/// A style whose `@import "x.css";` lines are replaced by the files they name.
fn inlined(folder: &Path, name: &str) -> Result<String> {
    let text = fs::read_to_string(folder.join(name)).with_context(|| format!("style/{name}"))?;
    let mut out = String::new();
    for line in text.lines() {
        let import = line.trim().strip_prefix("@import").map(|rest| rest.trim_matches(|c: char| !c.is_alphanumeric() && c != '.' && c != '-' && c != '_'));
        match import {
            Some(file) => out.push_str(&inlined(folder, file.trim_start_matches("url").trim_start_matches(['(', '"', '\'', '.', '/']))?),
            None => out.push_str(line),
        }
        out.push('\n');
    }
    Ok(out)
}

/// Every file with its hash; with `release` also compressed beside it.
fn files(folder: &Path, release: bool) -> Result<Vec<Value>> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for file in fs::read_dir(&next)? {
            let path = file?.path();
            if path.is_dir() {
                waiting.push(path);
                continue;
            }
            let bytes = fs::read(&path)?;
            let compressible = path.extension().is_some_and(|kind| ["js", "wasm", "css", "svg", "webmanifest", "txt"].iter().any(|known| kind == *known));
            let mut brotli_bytes = None;
            if release && compressible {
                let mut small = Vec::new();
                brotli::CompressorWriter::new(&mut small, 4096, 11, 22).write_all(&bytes)?;
                brotli_bytes = Some(small.len());
                let mut name = path.clone().into_os_string();
                name.push(".br");
                fs::write(name, small)?;
            }
            let relative = path.strip_prefix(folder)?.to_string_lossy().into_owned();
            found.push(json!({ "path": format!("/{relative}"), "sha256": hex(&Sha256::digest(&bytes)), "bytes": bytes.len(), "brotli_bytes": brotli_bytes }));
        }
    }
    found.sort_by_key(|file| file["path"].as_str().unwrap_or_default().to_owned());
    Ok(found)
}

/// Copies a folder with everything in it.
pub fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for file in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let file = file?;
        let target = to.join(file.file_name());
        if file.file_type()?.is_dir() {
            copy_folder(&file.path(), &target)?;
        } else {
            fs::copy(file.path(), target)?;
        }
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Ten hexadecimal digits of SHA-256.
fn hash(bytes: &[u8]) -> String {
    let mut text = hex(&Sha256::digest(bytes));
    text.truncate(10);
    text
}
