//! `cargo xtask test`: everything on both databases and in a real browser, counted by kind.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::{
    lab::{self, Lab},
    postgres::Postgres,
    shell::{Step, debian_packages, exists, run},
};

/// Packages with Rust tests, in the order in which they run: what fails fastest first.
const PACKAGES: &[&str] = &[
    "shared",
    "db",
    "jobs",
    "notifications",
    "identity",
    "catalogue",
    "loyalty",
    "reports",
    "webhooks",
    "pilot",
    "frontend-decoder",
    "scanner",
    "kit",
    "backoffice",
    "tendero",
    "api",
    "lab",
    "server",
];
/// Fronts whose tests want their server's side.
const FEATURES: &str = "kit/ssr,backoffice/ssr,tendero/ssr";

#[derive(Default, Clone, Copy)]
struct Count {
    passed: u64,
    failed: u64,
}

/// Runs it all and ends with the closing line.
pub fn all(only: Option<&str>) -> Result<()> {
    let wanted = |part: &str| only.is_none_or(|only| only == part);
    let postgres = Postgres::start(false)?;
    let mut counts: BTreeMap<&'static str, Count> = BTreeMap::new();
    if wanted("rust") {
        let step = Step::begin("Rust tests");
        rust(&postgres.url(), &mut counts)?;
        step.done();
        let step = Step::begin("fronts compile for the browser");
        let compiled = crate::site::target_installed().and_then(|()| {
            let mut arguments = vec!["check", "--target", crate::site::WASM];
            arguments.extend(crate::site::ENTRIES.iter().flat_map(|entry| ["--package", entry.package]));
            run("cargo", &arguments)
        });
        let count = counts.entry("wasm").or_default();
        if compiled.is_ok() {
            count.passed += 1
        } else {
            count.failed += 1
        }
        step.done();
    }
    if wanted("scenarios") {
        scenarios("scenario", None, &mut counts)?;
        scenarios("scenario postgres", Some(&postgres.url()), &mut counts)?;
    }
    if wanted("operations") {
        operations(&postgres.url(), &mut counts)?;
    }
    if wanted("contract") {
        contract(&mut counts)?;
    }
    if wanted("kill") {
        kill(&mut counts)?;
    }
    if wanted("browser") && std::path::Path::new("end2end/package.json").exists() {
        browser(&postgres.url(), &mut counts)?;
    }
    close(&counts)
}

fn close(counts: &BTreeMap<&'static str, Count>) -> Result<()> {
    let total =
        counts.values().fold(Count::default(), |sum, count| Count { passed: sum.passed + count.passed, failed: sum.failed + count.failed });
    println!();
    for (kind, count) in counts {
        println!("{kind:>16}  {:>5} passed  {:>3} failed", count.passed, count.failed);
    }
    println!("{} passed, {} failed", total.passed, total.failed);
    if total.failed > 0 || total.passed == 0 {
        std::process::exit(1);
    }
    Ok(())
}

/// What a test is: the store's end in the engine's name, doors are HTTP, the rest are rules.
fn kind(package: &str, name: &str) -> &'static str {
    match name.rsplit("::").next() {
        Some("sqlite") => "store sqlite",
        Some("postgres") => "store postgres",
        _ if package == "api" || package == "server" => "http",
        _ => "rule",
    }
}

/// A compiled file of tests.
struct Tests {
    package: String,
    folder: PathBuf,
    program: PathBuf,
}

/// Compiles the tests of all packages at once: one after the other, each would choose other features of what they share, and
/// compile it anew.
fn compiled() -> Result<Vec<Tests>> {
    let mut child = Command::new("cargo")
        .args(["test", "--no-run", "--message-format", "json-render-diagnostics", "--features", FEATURES])
        .args(PACKAGES.iter().flat_map(|package| ["--package", package]))
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start cargo")?;
    let mut compiled = Vec::new();
    for line in BufReader::new(child.stdout.take().context("cargo writes")?).lines() {
        let message: serde_json::Value = serde_json::from_str(&line?)?;
        let Some(program) = message["executable"].as_str().filter(|_| message["profile"]["test"] == true) else {
            continue;
        };
        let manifest = PathBuf::from(message["manifest_path"].as_str().context("a package has a manifest")?);
        let folder = manifest.parent().context("a manifest lies in a folder")?.to_owned();
        let package = named(message["package_id"].as_str().unwrap_or_default()).to_owned();
        compiled.push(Tests { package, folder, program: program.into() });
    }
    if !child.wait()?.success() {
        bail!("the tests do not compile");
    }
    compiled.sort_by_key(|tests| PACKAGES.iter().position(|package| *package == tests.package));
    Ok(compiled)
}

/// The name in a package ID specification: `path+file:///…/server/api#0.1.0`, `path+file:///…/frontend/decoder#frontend-decoder@0.1.0`.
fn named(id: &str) -> &str {
    let (path, rest) = id.rsplit_once('#').unwrap_or((id, ""));
    rest.split_once('@').map_or_else(|| path.rsplit('/').next().unwrap_or(path), |(name, _)| name)
}

fn rust(url: &str, counts: &mut BTreeMap<&'static str, Count>) -> Result<()> {
    let compiled = match compiled() {
        Ok(compiled) => compiled,
        // What does not compile has run no test: that is a failure, too, and the other parts have theirs to say.
        Err(error) => {
            println!("{error:#}");
            counts.entry("rule").or_default().failed += 1;
            return Ok(());
        }
    };
    for of_one in compiled.chunk_by(|a, b| a.package == b.package) {
        let mut seen = 0;
        for tests in of_one {
            seen += run_tests(tests, url, counts)?;
        }
        println!("{}: {seen} tests", of_one[0].package);
    }
    Ok(())
}

/// Runs one file of tests and counts what it says; returns how many it has.
fn run_tests(tests: &Tests, url: &str, counts: &mut BTreeMap<&'static str, Count>) -> Result<u64> {
    let Tests { package, folder, program } = tests;
    let mut child = Command::new(program)
        .current_dir(folder)
        .env("TEST_POSTGRES_URL", url)
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", program.display()))?;
    let (mut seen, mut failed) = (0, false);
    for line in BufReader::new(child.stdout.take().context("tests write")?).lines() {
        let line = line?;
        let result = line.strip_prefix("test ").and_then(|rest| rest.rsplit_once(" ... "));
        match result {
            Some((name, "ok")) => {
                counts.entry(kind(package, name)).or_default().passed += 1;
                seen += 1;
            }
            Some((name, "FAILED")) => {
                counts.entry(kind(package, name)).or_default().failed += 1;
                (seen, failed) = (seen + 1, true);
                println!("{package}: {line}");
            }
            _ if line.starts_with("running ") || line.is_empty() || line.starts_with("test result: ok") => {}
            _ => println!("{line}"),
        }
    }
    // A program that broke off has tests that never ran.
    if !child.wait()?.success() && !failed {
        println!("{package}: {} broke off", program.display());
        counts.entry(kind(package, "")).or_default().failed += 1;
    }
    Ok(seen)
}

/// Every case of the repository's file must pass.
fn scenarios(kind: &'static str, postgres: Option<&str>, counts: &mut BTreeMap<&'static str, Count>) -> Result<()> {
    let step = Step::begin(kind);
    let expected = lab::ids(lab::CASES.as_ref())?;
    let mut trial = Lab::build(false)?.trial("scenarios");
    trial.args(["--expect", &expected.join(","), lab::CASES]);
    trial.args(postgres.iter().flat_map(|url| ["--postgres", url]));
    count_lines(kind, &mut trial, expected.len() as u64, counts)?;
    step.done();
    Ok(())
}

/// Backup, a mistyped address, end, and news between processes.
fn operations(url: &str, counts: &mut BTreeMap<&'static str, Count>) -> Result<()> {
    const TRIALS: u64 = 4;

    let step = Step::begin("operations");
    count_lines("operations", Lab::build(false)?.trial("operations").args(["--postgres", url]), TRIALS, counts)?;
    step.done();
    Ok(())
}

/// Three roles against the OpenAPI document.
fn contract(counts: &mut BTreeMap<&'static str, Count>) -> Result<()> {
    const ROLES: u64 = 3;

    let program = schemathesis()?;
    let step = Step::begin("OpenAPI as a contract");
    let mut trial = Lab::build(false)?.trial("contract");
    trial.arg("--schemathesis").arg(program).arg("--config").arg(std::path::absolute(lab::CONTRACT)?.join("schemathesis.toml"));
    count_lines("contract", &mut trial, ROLES, counts)?;
    step.done();
    Ok(())
}

/// The program that plays the document, in an environment of its own.
fn schemathesis() -> Result<PathBuf> {
    let folder = std::path::absolute(crate::target().join("schemathesis"))?;
    let program = folder.join("bin/schemathesis");
    let wanted = std::path::absolute(lab::CONTRACT)?.join("requirements.txt");
    let installed = folder.join("requirements.txt");
    if std::fs::read(&installed).ok() == Some(std::fs::read(&wanted)?) {
        return Ok(program);
    }
    let step = Step::begin("schemathesis");
    let paths = [&folder, &wanted].map(|path| path.display().to_string());
    if run("python3", &["-m", "venv", &paths[0]]).is_err() {
        debian_packages(&["python3-venv"])?;
        run("python3", &["-m", "venv", &paths[0]])?;
    }
    run(folder.join("bin/pip").display().to_string(), &["install", "--quiet", "--disable-pip-version-check", "--requirement", &paths[1]])?;
    std::fs::copy(&wanted, &installed)?;
    step.done();
    Ok(program)
}

/// Few rounds: `cargo xtask kill` makes many.
fn kill(counts: &mut BTreeMap<&'static str, Count>) -> Result<()> {
    const ROUNDS: u32 = 3;
    const JOBS: u32 = 1_000;
    /// Server on SQLite, server on PostgreSQL, PostgreSQL itself, workers.
    const TRIALS: u64 = 4;

    let step = Step::begin("kills");
    let lab = Lab::build(false)?;
    let durable = Postgres::start(true)?;
    count_lines("kill", &mut lab::killing(&lab, &durable, ROUNDS, ROUNDS, JOBS), TRIALS, counts)?;
    step.done();
    Ok(())
}

/// A trial prints `PASS …` or `FAIL …` for each of its cases; one that it does not print has failed.
fn count_lines(kind: &'static str, trial: &mut Command, expected: u64, counts: &mut BTreeMap<&'static str, Count>) -> Result<()> {
    let output = trial.stderr(Stdio::inherit()).output().context("cannot start the laboratory")?;
    let text = String::from_utf8_lossy(&output.stdout);
    print!("{text}");
    let [passed, failed] = ["PASS ", "FAIL "].map(|word| text.lines().filter(|line| line.starts_with(word)).count() as u64);
    let count = counts.entry(kind).or_default();
    count.passed += passed;
    // A case that is new and was not counted here yet must not hide one that failed.
    count.failed += failed.max(expected.saturating_sub(passed));
    Ok(())
}

fn browser(url: &str, counts: &mut BTreeMap<&'static str, Count>) -> Result<()> {
    if !exists("chromium") {
        debian_packages(&["chromium"])?;
    }
    if !exists("npm") {
        bail!("Node 20 with npm is needed for the browser's tests");
    }
    let built = crate::build(false)?;
    // What the fronts weigh is a matter of the release site alone; what they do is tried on the quicker one.
    let release_site = std::path::absolute(crate::site::build(true)?)?;
    let step = Step::begin("browser");
    run("npm", &["ci", "--prefix", "end2end", "--no-audit", "--no-fund"])?;
    let report = std::path::absolute(crate::target().join("playwright.json"))?;
    // Its exit code says the same as the report, and the report says how many.
    let _ = Command::new("npx")
        .args(["playwright", "test"])
        .current_dir("end2end")
        .env("TEST_POSTGRES_URL", url)
        .env("MOSTRADOR_BIN", &built.binary)
        .env("MOSTRADOR_SITE", &built.site)
        .env("MOSTRADOR_RELEASE_SITE", &release_site)
        .env("PLAYWRIGHT_JSON_OUTPUT_NAME", &report)
        .status()?;
    let text = std::fs::read_to_string(&report).context("Playwright wrote no report")?;
    let json: serde_json::Value = serde_json::from_str(&text)?;
    let stat = |name: &str| json["stats"][name].as_u64().unwrap_or(0);
    let count = counts.entry("browser").or_default();
    count.passed += stat("expected");
    count.failed += stat("unexpected") + stat("flaky");
    if stat("expected") + stat("unexpected") == 0 {
        count.failed += 1;
    }
    step.done();
    Ok(())
}
