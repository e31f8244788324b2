//! The site folder: one WASM module and script for each weight class, one style for each, and what is served as it is.
//!
//! A release build sends less (`kit::pages!`): the consoles' module is split into what all of their pages need and a piece
//! for each group of pages, loaded side by side, and the page of each phone that is opened most has a module of its own.
//! What a tendero's page needs only once it is alive is a piece that comes later.
//!
//! It also compiles the standard library itself, with what only an unstable option gives: a panic stops at once, without
//! its message, the place in the source, and the writers of debugging text, which no front could show anybody. That is a
//! tenth of a phone's code.
//!
//! Names carry a hash of the content, so that they can be cached for ever; `site.json` says which are of one build.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wasm_bindgen_cli_support::Bindgen;

use crate::shell::{Step, run, run_with};

/// Rust's name of the browser.
pub const WASM: &str = "wasm32-unknown-unknown";

/// A WASM module of its own.
pub struct Entry {
    /// In `site.json` and in file names.
    pub name: &'static str,
    /// The crate.
    pub package: &'static str,
    /// `style/<name>.css`, with its imports inlined.
    style: Option<&'static str>,
    /// A page that is opened too often to load a whole front; only a release build makes the entry.
    one_page: bool,
    /// A release build makes several modules of it: what all of its pages need, and pieces that are loaded beside or after
    /// it; its crate has the feature `split`.
    split: bool,
}

/// All of them. An entry of one page has the name that `kit::pages!` gives the page's code.
pub const ENTRIES: [Entry; 6] = [
    Entry { name: "consumer", package: "frontend-consumer", style: Some("consumer"), one_page: false, split: false },
    Entry { name: "consumer_card", package: "frontend-card", style: None, one_page: true, split: false },
    Entry { name: "tendero", package: "frontend-tendero", style: Some("tendero"), one_page: false, split: true },
    Entry { name: "tendero_scan", package: "frontend-scan", style: None, one_page: true, split: true },
    Entry { name: "console", package: "frontend-console", style: Some("console"), one_page: false, split: true },
    Entry { name: "decoder", package: "frontend-decoder", style: None, one_page: false, split: false },
];

/// The decoder runs on every frame of a video on a cheap phone and weighs little: there cycles matter more than bytes.
/// Without this it weighs an eighth less, and a look takes nearly twice as long.
const FAST: [&str; 4] =
    ["--config", "profile.wasm-release.package.frontend-decoder.opt-level=3", "--config", "profile.wasm-release.package.rxing.opt-level=3"];

/// Of a release build: the standard library compiled with the fronts, and panics that stop at once.
const SMALL: [&str; 5] = [
    "-Zbuild-std=std,panic_abort",
    "-Zbuild-std-features=optimize_for_size",
    "-Zunstable-options",
    "--config",
    "target.wasm32-unknown-unknown.rustflags=['-Zunstable-options', '-Cpanic=immediate-abort', '-Zlocation-detail=none', '-Zfmt-debug=none']",
];

/// Adds the target when it is missing.
pub fn target_installed() -> Result<()> {
    run("rustup", &["target", "add", WASM])
}

/// Compiles fronts for a release. The compiler stays the stable one of `rust-toolchain.toml`; it is told to take unstable
/// options, so a newer one may want them written in another way. Where the library's source cannot be had the fronts are
/// a tenth heavier and do the same.
fn compile_small(arguments: &[&str]) -> Result<()> {
    if run("rustup", &["component", "add", "rust-src"]).is_err() {
        eprintln!("  without the source of the standard library: the fronts are heavier than they must be");
        return run("cargo", arguments);
    }
    run_with("cargo", &[arguments, &SMALL].concat(), &[("RUSTC_BOOTSTRAP", "1")])
}

/// Builds what changed and writes the folder.
pub fn build(release: bool) -> Result<PathBuf> {
    target_installed()?;
    let step = Step::begin("fronts (WASM)");
    let profile = if release { "wasm-release" } else { "dev" };
    let mut arguments = vec!["build", "--target", WASM, "--profile", profile];
    arguments.extend(FAST);
    let made = || ENTRIES.iter().filter(|entry| release || !entry.one_page);
    arguments.extend(made().flat_map(|entry| ["--package", entry.package]));
    let features: Vec<String> =
        made().filter(|entry| release && entry.split).map(|entry| format!("--features={}/split", entry.package)).collect();
    arguments.extend(features.iter().map(String::as_str));
    if release {
        compile_small(&arguments)?
    } else {
        run("cargo", &arguments)?
    }
    step.done();
    let step = Step::begin("site");
    let folder = crate::target().join(if release { "site-release" } else { "site-dev" });
    let staging = crate::target().join("site-staging");
    if staging.exists() {
        fs::remove_dir_all(&staging)?;
    }
    fs::create_dir_all(staging.join("pkg"))?;
    let mut entries = BTreeMap::new();
    for entry in made() {
        entries.insert(entry.name, one_entry(entry, &staging, release)?);
    }
    if release {
        minify(&staging.join("pkg"))?;
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
    compile_small(&[&["build", "--target", WASM, "--profile", "wasm-release", "--package", entry.package], &FAST[..]].concat())?;
    Ok(bindings(entry, &module(entry, true), true)?.folder)
}

/// What `cargo build` wrote for an entry.
fn module(entry: &Entry, release: bool) -> PathBuf {
    let folder = crate::target().join(WASM).join(if release { "wasm-release" } else { "debug" });
    folder.join(format!("{}.wasm", entry.package.replace('-', "_")))
}

/// What [`bindings`] makes of a module.
struct Pieces {
    /// Where its files are: `<entry>.js`, `<entry>_bg.wasm`, and of a split module `parts.js` and the pieces.
    folder: PathBuf,
    /// File names of the pieces that each group of pages needs, without `.wasm`.
    groups: BTreeMap<String, Vec<String>>,
}

/// The module's scripts and WASM; they depend on the module alone, so they are kept under its hash.
fn bindings(entry: &Entry, module: &Path, release: bool) -> Result<Pieces> {
    let bytes = fs::read(module).with_context(|| format!("{} was not built", module.display()))?;
    let split = release && entry.split;
    let kept = crate::target().join("bindgen").join(format!("{}-{}{}", entry.name, hash(&bytes), if release { "-opt" } else { "" }));
    let groups = kept.join("groups.json");
    // Written last: without it the folder is of an earlier tool, or was left half made.
    if !groups.exists() {
        if kept.exists() {
            fs::remove_dir_all(&kept)?;
        }
        let making = kept.with_extension("making");
        if making.exists() {
            fs::remove_dir_all(&making)?;
        }
        fs::create_dir_all(&making)?;
        let mut bindgen = Bindgen::new();
        bindgen.web(true)?.out_name(entry.name).typescript(false).remove_name_section(release);
        let whole = making.join("whole.wasm");
        let mut groups = BTreeMap::new();
        if split {
            let mut options = wasm_split_cli_support::Options::new(&bytes);
            let script = format!("./{}.js", entry.name);
            (options.output_dir, options.main_out_path, options.link_name, options.main_module) = (&making, &whole, "./parts.js", &script);
            let made = wasm_split_cli_support::transform(options).map_err(|error| anyhow!("{error:#}"))?;
            groups.extend(made.prefetch_map);
            for piece in &made.split_modules {
                optimise(piece)?;
            }
            bindgen.input_path(&whole).keep_lld_exports(true);
        } else {
            bindgen.input_path(module);
        }
        let mut output = bindgen.generate_output()?;
        if release {
            without_streams(output.wasm_mut());
        }
        output.emit(&making)?;
        if release {
            optimise(&making.join(format!("{}_bg.wasm", entry.name)))?;
        }
        if whole.exists() {
            fs::remove_file(whole)?;
        }
        fs::write(making.join("groups.json"), serde_json::to_vec(&groups)?)?;
        fs::rename(&making, &kept)?;
    }
    let groups = serde_json::from_slice(&fs::read(groups)?)?;
    Ok(Pieces { folder: kept, groups })
}

/// Puts the files of an entry into the folder and says where they are.
///
/// They name each other, in a circle where a module is split: one hash of them all is in every name.
fn one_entry(entry: &Entry, staging: &Path, release: bool) -> Result<Value> {
    let Pieces { folder, groups } = bindings(entry, &module(entry, release), release)?;
    let mut files = BTreeMap::new();
    for file in fs::read_dir(&folder)? {
        let path = file?.path();
        if let (true, Some(name)) = (path.is_file(), path.file_name().and_then(|name| name.to_str()).filter(|name| *name != "groups.json"))
        {
            files.insert(name.to_owned(), fs::read(&path)?);
        }
    }
    // The names of snippets do not change with what is in them; here they do, like all others.
    let snippets = folder.join("snippets");
    let mut inside = Vec::new();
    if snippets.exists() {
        every_file(&snippets, &mut inside)?;
    }
    let build = hash(&files.values().chain(inside.iter().map(|(_, bytes)| bytes)).flatten().copied().collect::<Vec<_>>());
    let snippets_name = format!("{}_snippets.{build}", entry.name);
    let named = |name: &str| match name.strip_prefix(entry.name).unwrap_or(name).rsplit_once('.') {
        Some((stem, kind)) => {
            format!("{}{}{stem}.{build}.{kind}", entry.name, if stem.is_empty() || stem.starts_with('_') { "" } else { "_" })
        }
        None => name.to_owned(),
    };
    for (name, bytes) in &files {
        let target = staging.join("pkg").join(named(name));
        if name.ends_with(".js") {
            let mut script = String::from_utf8(bytes.clone())?;
            for other in files.keys() {
                // Not wherever the name stands: the module looks its imports up by the names that it was linked with.
                for (before, after) in [("from '", "'"), ("from \"", "\""), ("new URL('", "'"), ("new URL(\"", "\"")] {
                    for here in ["./", ""] {
                        script =
                            script.replace(&format!("{before}{here}{other}{after}"), &format!("{before}{here}{}{after}", named(other)));
                    }
                }
            }
            // Only where they are loaded from: the module knows them by their own names.
            for from in ["from './", "from \"./"] {
                script = script.replace(&format!("{from}snippets/"), &format!("{from}{snippets_name}/"));
            }
            fs::write(target, script)?;
        } else {
            fs::write(target, bytes)?;
        }
    }
    if snippets.exists() {
        copy_folder(&snippets, &staging.join("pkg").join(&snippets_name))?;
    }
    let address = |name: &str| format!("/pkg/{}", named(name));
    let mut described = json!({ "js": address(&format!("{}.js", entry.name)), "wasm": address(&format!("{}_bg.wasm", entry.name)) });
    if !groups.is_empty() {
        let addresses = |pieces: &Vec<String>| pieces.iter().map(|piece| address(&format!("{piece}.wasm"))).collect::<Vec<_>>();
        described["parts"] = json!(address("parts.js"));
        described["pieces"] = groups.iter().map(|(group, pieces)| (group.clone(), json!(addresses(pieces)))).collect();
    }
    if let Some(style) = entry.style {
        let css = inlined(Path::new("style"), &format!("{style}.css"))?;
        let name = format!("{style}.{}.css", hash(css.as_bytes()));
        fs::write(staging.join("pkg").join(&name), css)?;
        described["css"] = json!(format!("/pkg/{name}"));
    }
    Ok(described)
}

/// The files of a folder and of those below, by name.
fn every_file(folder: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) -> Result<()> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)?.map(|file| Ok(file?.path())).collect::<Result<_>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            every_file(&path, found)?;
        } else {
            let bytes = fs::read(&path)?;
            found.push((path, bytes));
        }
    }
    Ok(())
}

/// What the linker must keep and no page can need: the classes of streams are exported for scripts that send or take
/// streams; no server function does.
fn without_streams(module: &mut walrus::Module) {
    let streams: Vec<_> = module.exports.iter().filter(|export| export.name.contains("intounderlying")).map(|export| export.id()).collect();
    for export in streams {
        module.exports.delete(export);
    }
    walrus::passes::gc::run(module);
}

/// A program of `end2end`'s npm packages: `binaryen` carries a native `wasm-opt`, `esbuild` itself.
fn tool(name: &str) -> Result<PathBuf> {
    let binary = Path::new("end2end/node_modules/.bin").join(name);
    if !binary.exists() {
        run("npm", &["ci", "--prefix", "end2end", "--no-audit", "--no-fund"])?;
    }
    Ok(binary)
}

/// The scripts of a folder with short names and no comments, each in its place.
fn minify(folder: &Path) -> Result<()> {
    let mut files = Vec::new();
    every_file(folder, &mut files)?;
    let scripts: Vec<String> =
        files.into_iter().map(|(path, _)| path.to_string_lossy().into_owned()).filter(|path| path.ends_with(".js")).collect();
    let out = folder.to_string_lossy();
    let (out, base) = (format!("--outdir={out}"), format!("--outbase={out}"));
    let mut arguments = vec!["--minify", "--allow-overwrite", "--log-level=warning", out.as_str(), base.as_str()];
    arguments.extend(scripts.iter().map(String::as_str));
    run(tool("esbuild")?, &arguments)
}

fn optimise(module: &Path) -> Result<()> {
    let path = module.to_string_lossy().into_owned();
    let features = ["bulk-memory", "nontrapping-float-to-int", "sign-ext", "mutable-globals", "reference-types", "multivalue"]
        .map(|feature| format!("--enable-{feature}"));
    let mut arguments = vec!["-Oz", "-o", &path, &path];
    arguments.extend(features.iter().map(String::as_str));
    run(tool("wasm-opt")?, &arguments)
}

/// A style whose `@import "x.css";` lines are replaced by the files they name.
fn inlined(folder: &Path, name: &str) -> Result<String> {
    let text = fs::read_to_string(folder.join(name)).with_context(|| format!("style/{name}"))?;
    let mut out = String::new();
    for line in text.lines() {
        let import = line
            .trim()
            .strip_prefix("@import")
            .map(|rest| rest.trim_matches(|c: char| !c.is_alphanumeric() && c != '.' && c != '-' && c != '_'));
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
            let compressible =
                path.extension().is_some_and(|kind| ["js", "wasm", "css", "svg", "webmanifest", "txt"].iter().any(|known| kind == *known));
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
