//! The command line of an installation.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::{Parser, Subcommand};
use server::{App, ClockKind, Config, Listen, config::LogStyle};
use shared::JobId;
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

/// Gives back to the system what reports and sales freed, SQLite's memory as well: the C library keeps the largest
/// moment of every thread, twice what an installation on a small machine needs.
/// The second version of mimalloc gives back what was free for 10 ms, the third what was free for a second.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(name = "mostrador", version, about = "Loyalty for neighbourhood shops: server, worker and operations")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve pages and REST, and run the jobs, in one process
    Serve {
        /// Address and port to listen on
        #[arg(long, default_value = "127.0.0.1:3000")]
        addr: SocketAddr,
        /// Serve with a certificate made for this run, for phones in the same network
        #[arg(long)]
        tls: bool,
        /// `controlled` only for databases that were created so
        #[arg(long, value_enum, default_value_t)]
        clock: ClockKind,
    },
    /// Run jobs only, for a second machine
    Work,
    /// Create the tables, or bring them to the newest version
    Migrate {
        /// What a new database is created for
        #[arg(long, value_enum, default_value_t)]
        clock: ClockKind,
    },
    /// Fill an empty database with a demonstration world and print its log-ins
    Seed,
    /// Copy the database to a file while it is in use
    Backup {
        /// A file that does not exist yet
        path: PathBuf,
    },
    /// Put a backup in the place of the database; no server may be running
    Restore {
        /// What `backup` wrote
        path: PathBuf,
    },
    /// Rebuild every ledger and compare; exit code 1 on a difference
    Verify {
        /// What the database was created for
        #[arg(long, value_enum, default_value_t)]
        clock: ClockKind,
    },
    /// Jobs that failed too often
    Jobs {
        #[command(subcommand)]
        command: JobsCommand,
    },
    /// Keys of the operator for programs
    Key {
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// People of the operator
    User {
        #[command(subcommand)]
        command: UserCommand,
    },
}

#[derive(Subcommand)]
enum JobsCommand {
    /// Try dead letters again
    Retry {
        /// `job_…`, or `all`
        #[arg(default_value = "all")]
        which: String,
    },
}

#[derive(Subcommand)]
enum KeyCommand {
    /// Make a key and print it, this once
    Add {
        /// What it is for
        name: String,
        /// Names separated by commas: operator, sandbox, purchases:import, campaigns:write, products:write, reports:read
        #[arg(long, value_delimiter = ',', required = true)]
        scopes: Vec<String>,
        /// What the database was created for
        #[arg(long, value_enum, default_value_t)]
        clock: ClockKind,
    },
}

#[derive(Subcommand)]
enum UserCommand {
    /// Add an administrator; the password is read from the standard input
    Add {
        /// To log in with
        email: String,
        /// Name on screens
        name: String,
    },
}

/// Bytes of each worker's stack, of which only what is touched becomes memory. A page is rendered in one descent
/// through its components, and a debug build needs more than the usual 2 MiB for the widest of them.
const STACK: usize = 32 * 1024 * 1024;

/// The allocator asks Linux for pages of 2 MiB, and a dozen threads use some kilobytes of each: 50 MB of an installation's 200.
/// Where the system refuses, the process only takes more memory. Commands that it starts inherit it.
fn small_pages() {
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

fn main() -> ExitCode {
    small_pages();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build();
    match runtime.map_err(anyhow::Error::from).and_then(|runtime| runtime.block_on(run(Cli::parse().command))) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("mostrador: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    let config = Config::load()?;
    log(config.log);
    match command {
        Command::Serve { addr, tls, clock } => server::serve(App::open(config, clock).await?, Listen { addr, tls }).await?,
        Command::Work => {
            let app = App::open(config, ClockKind::System).await?;
            server::work_until_signal(app).await?;
        }
        Command::Migrate { clock } => close(App::open(config, clock).await?).await,
        Command::Seed => {
            let app = App::open(config, ClockKind::System).await?;
            let report = server::seed::run(&app).await?;
            report.lines.iter().for_each(|line| println!("{line}"));
            close(app).await;
        }
        Command::Backup { path } => server::backup(&config, &path).await?,
        Command::Restore { path } => server::restore(&config, &path).await?,
        Command::Verify { clock } => return verify(App::existing(config, clock).await?).await,
        Command::Jobs { command: JobsCommand::Retry { which } } => {
            let only = if which == "all" { None } else { Some(which.parse::<JobId>()?) };
            let app = App::existing(config, ClockKind::System).await?;
            println!("{} dead letters try again", server::retry_jobs(&app, only).await?);
            close(app).await;
        }
        Command::Key { command: KeyCommand::Add { name, scopes, clock } } => {
            let app = App::open(config, clock).await?;
            println!("{}", server::add_key(&app, &name, &scopes.join(" ")).await?);
            close(app).await;
        }
        Command::User { command: UserCommand::Add { email, name } } => {
            let app = App::open(config, ClockKind::System).await?;
            server::add_user(&app, &email, &name, &password()?).await?;
            println!("{email} may log in at {}/o/", app.config.public_url);
            close(app).await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn close(app: App) {
    app.db.close().await;
}

async fn verify(app: App) -> anyhow::Result<ExitCode> {
    let report = server::verify(&app).await?;
    for finding in &report.findings {
        println!("{} {} ({} rows)", if finding.differences.is_empty() { "ok  " } else { "FAIL" }, finding.check, finding.rows);
        finding.differences.iter().for_each(|difference| println!("     {difference}"));
    }
    for (check, count, first) in &report.unsealed {
        println!("wait {check}: {count} rows have none yet");
        first.iter().for_each(|row| println!("     {row}"));
    }
    close(app).await;
    Ok(if report.clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Never an argument: those are seen by everybody on the machine.
fn password() -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).context("The password comes on the standard input")?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

fn log(style: LogStyle) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    let registry = tracing_subscriber::registry().with(filter);
    match style {
        LogStyle::Pretty => registry.with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr)).init(),
        LogStyle::Json => registry.with(tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr)).init(),
    }
}
