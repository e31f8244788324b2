//! The OpenAPI document as a contract: another program invents requests from it, as three roles, and compares every
//! answer with what the document promises.

use std::{
    path::PathBuf,
    process::{ExitCode, Stdio},
};

use anyhow::{Context, Result};
use tokio::process::Command;

use crate::{
    client::{Client, Device},
    server::{Options, Server},
};

/// Log-in of the demonstration's brand.
const BRAND: [(&str, &str); 2] = [("email", "laura@sierra.example"), ("password", "mostrador-demo")];

/// What to try.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The server's binary
    #[arg(long)]
    binary: PathBuf,
    /// The program schemathesis
    #[arg(long)]
    schemathesis: PathBuf,
    /// Its configuration
    #[arg(long)]
    config: PathBuf,
    /// Requests invented for each door and property
    #[arg(long, default_value_t = 10)]
    examples: u32,
}

/// Plays all roles; prints `PASS role` or `FAIL role: reason` for each.
pub async fn run(arguments: Arguments) -> Result<ExitCode> {
    let server = Server::start(&arguments.binary, "", &Options { seeded: true, ..Options::default() }).await?;
    let url = server.url()?;
    let (_, brand) = Client::new(&url).form("/fn/brand/log_in", &BRAND).await?;
    let brand = brand.context("the brand's log-in gives a session")?;
    let owner = Device::of_new_shop(&server.client()?, shared::Country::Co, "La Prueba", "300 123 0001").await?;
    let roles = [
        Role { name: "operator", persona: "", scheme: "key", field: "bearer", secret: server.key() },
        Role { name: "brand", persona: "brand", scheme: "brand_session", field: "api_key", secret: &brand },
        Role { name: "shopkeeper", persona: "tendero", scheme: "tendero_session", field: "api_key", secret: &owner.session },
    ];
    let mut all = true;
    for role in roles {
        let passed = play(&arguments, &url, &role).await?;
        println!(
            "{}",
            if passed {
                format!("PASS {}", role.name)
            } else {
                format!("FAIL {}: an answer differs from the document, see above", role.name)
            }
        );
        all &= passed;
    }
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Somebody as the document's security schemes know her.
struct Role<'a> {
    name: &'static str,
    /// Of a session; empty for a key.
    persona: &'static str,
    scheme: &'static str,
    /// What the secret is to schemathesis.
    field: &'static str,
    secret: &'a str,
}

async fn play(arguments: &Arguments, url: &str, role: &Role<'_>) -> Result<bool> {
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("schemathesis.toml");
    let general = std::fs::read_to_string(&arguments.config).with_context(|| format!("cannot read {}", arguments.config.display()))?;
    // By scheme, not as a header of every request: the program also asks without it and with a wrong one.
    std::fs::write(&config, format!("{general}\n[auth.openapi.{}]\n{} = \"${{SECRET}}\"\n", role.scheme, role.field))?;
    let mut command = Command::new(&arguments.schemathesis);
    command.arg("--config-file").arg(&config).arg("run").arg(format!("{url}/api/v1/openapi.json"));
    command.args(["--url", &format!("{url}/api/v1"), "--checks", "all", "--phases", "examples,coverage,fuzzing,stateful"]);
    // The same requests every time: what fails on one machine fails on all.
    command.args(["--max-examples", &arguments.examples.to_string(), "--seed", "1", "--generation-deterministic", "--no-color"]);
    // A stream has no end that could be compared; who may open one is asked elsewhere.
    command.args(["--exclude-tag", "events"]);
    if !role.persona.is_empty() {
        // A page of ours would send the same: sessions are refused to other sites.
        command.args(["-H", &format!("mostrador-persona: {}", role.persona), "-H", "sec-fetch-site: same-origin"]);
    }
    let output = command.env("SECRET", role.secret).current_dir(folder.path()).stdin(Stdio::null()).output().await;
    let output = output.with_context(|| format!("cannot start {}", arguments.schemathesis.display()))?;
    if !output.status.success() {
        eprintln!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    }
    Ok(output.status.success())
}
