//! What is tried on the finished server from outside: worked scenarios, kills, benchmarks.
//!
//! Nothing here links the server: the real binary is started, and spoken to over HTTP as partners and phones do.

mod client;
mod scenarios;
mod server;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "lab", about = "Tries the finished server from outside")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Play files of worked scenarios and compare every number
    Scenarios(scenarios::Arguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Scenarios(arguments) => scenarios::run(arguments).await,
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("lab: {error:#}");
            ExitCode::FAILURE
        }
    }
}
