//! What is tried on the finished server from outside: worked scenarios, kills, benchmarks.
//!
//! Nothing here links the server: the real binary is started, and spoken to over HTTP as partners and phones do. Only a
//! pilot's world is written round it, into its database while it rests.

mod bench;
mod client;
mod contract;
mod databases;
mod kill;
mod operations;
mod pilot;
mod scenarios;
mod server;
mod trade;

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
    /// Kill servers, databases and workers under load, and look for what was lost or doubled
    Kill(kill::Arguments),
    /// Let another program invent requests from the OpenAPI document and compare every answer with it
    Contract(contract::Arguments),
    /// Back up, restore, end, and listen to another process
    Operations(operations::Arguments),
    /// Measure purchases beside what the databases alone can do
    Bench(bench::Arguments),
    /// Seed a pilot of half a thousand shops and a million consumers, and measure a day of it
    Pilot(pilot::Arguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Scenarios(arguments) => scenarios::run(arguments).await,
        Command::Kill(arguments) => kill::run(arguments).await,
        Command::Contract(arguments) => contract::run(arguments).await,
        Command::Operations(arguments) => operations::run(arguments).await,
        Command::Bench(arguments) => bench::run(arguments).await,
        Command::Pilot(arguments) => pilot::run(arguments).await,
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("lab: {error:#}");
            ExitCode::FAILURE
        }
    }
}
