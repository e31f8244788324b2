//! The real binary on a database of its own, in a folder of its own, until the value is dropped.
//!
//! Every start is the one that an operator makes: `migrate`, `key add`, `serve`. Limits of rate are raised, because one
//! address asks for everybody here.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::client::Client;

/// How long a server may take until it answers. A debug build on a busy machine needs a second.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// Between two questions whether it is ready.
const ASK_EVERY: Duration = Duration::from_millis(5);
/// How long an ending server may take; its own grace is ten seconds.
const END_WITHIN: Duration = Duration::from_secs(20);
/// Another program may take the port between our look and the server's.
const PORTS_TRIED: usize = 5;
/// The last lines of the log that an error carries.
const LOG_LINES_SHOWN: usize = 20;
/// What the key of the laboratory may do: everything.
const SCOPES: &str = "operator,sandbox,purchases:import,campaigns:write,products:write,reports:read";

/// What a server is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// A clock that stands until somebody sets it through the sandbox's door; false: the machine's.
    pub controlled_clock: bool,
    /// The built site, for pages with scripts. Nothing of the REST interface needs it.
    pub site: Option<PathBuf>,
    /// Further environment: `("MOSTRADOR_GROUP_SIZE", "1")`.
    pub environment: Vec<(String, String)>,
    /// With the demonstration's world.
    pub seeded: bool,
    /// Rates that nobody reaches; false: the installation's own.
    pub raised_limits: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { controlled_clock: false, site: None, environment: Vec::new(), seeded: false, raised_limits: true }
    }
}

impl Options {
    /// For scenarios: time is told by the player.
    pub fn controlled() -> Self {
        Self { controlled_clock: true, ..Self::default() }
    }

    fn clock(&self) -> &'static str {
        if self.controlled_clock { "controlled" } else { "system" }
    }
}

/// Where an installation's files are.
enum Home {
    /// They go with the value.
    Passing(TempDir),
    /// They stay.
    Kept(PathBuf),
}

impl Home {
    fn path(&self) -> &Path {
        match self {
            Self::Passing(folder) => folder.path(),
            Self::Kept(folder) => folder,
        }
    }
}

/// One installation: a folder, a database, a key, and the process while it runs.
pub struct Server {
    binary: PathBuf,
    options: Options,
    database_url: String,
    folder: Home,
    key: String,
    running: Option<(Child, SocketAddr)>,
}

impl Server {
    /// Makes the database, a key, and serves. `database_url` empty: an SQLite file in the server's own folder.
    pub async fn start(binary: &Path, database_url: &str, options: &Options) -> Result<Self> {
        let mut server = Self::prepare(binary, database_url, options).await?;
        server.serve().await?;
        Ok(server)
    }

    /// Database and key without a process: [`Server::serve`] starts it.
    pub async fn prepare(binary: &Path, database_url: &str, options: &Options) -> Result<Self> {
        let folder = Home::Passing(tempfile::Builder::new().prefix("mostrador-lab-").tempdir()?);
        Self::prepare_in(binary, database_url, options, folder).await
    }

    /// An installation whose files stay in a folder. One that was made there before is opened again; then `true`.
    pub async fn keep(binary: &Path, database_url: &str, options: &Options, folder: &Path) -> Result<(Self, bool)> {
        std::fs::create_dir_all(folder)?;
        let folder = std::path::absolute(folder)?;
        let noted = folder.join("key");
        if let Ok(key) = std::fs::read_to_string(&noted) {
            let database_url = if database_url.is_empty() { sqlite_in(&folder) } else { database_url.to_owned() };
            let server = Self {
                binary: std::path::absolute(binary)?,
                options: options.clone(),
                database_url,
                folder: Home::Kept(folder),
                key,
                running: None,
            };
            server.run(&["migrate", "--clock", options.clock()]).await?;
            return Ok((server, true));
        }
        let server = Self::prepare_in(binary, database_url, options, Home::Kept(folder)).await?;
        std::fs::write(noted, &server.key)?;
        Ok((server, false))
    }

    async fn prepare_in(binary: &Path, database_url: &str, options: &Options, folder: Home) -> Result<Self> {
        let database_url = if database_url.is_empty() { sqlite_in(folder.path()) } else { database_url.to_owned() };
        let mut server = Self {
            binary: std::path::absolute(binary)?,
            options: options.clone(),
            database_url,
            folder,
            key: String::new(),
            running: None,
        };
        server.run(&["migrate", "--clock", options.clock()]).await?;
        if options.seeded {
            server.run(&["seed"]).await?;
        }
        server.key = server.run(&["key", "add", "lab", "--scopes", SCOPES, "--clock", options.clock()]).await?.trim().to_owned();
        Ok(server)
    }

    /// A copy of a SQLite installation at rest, with its key: cheaper than making one. It does not run yet.
    pub fn copy(&self, options: &Options) -> Result<Self> {
        ensure!(self.database_url == sqlite_in(self.folder.path()), "only a database in the server's own folder can be copied");
        let mut copy = self.copy_to("", options)?;
        copy.database_url = sqlite_in(copy.folder.path());
        Ok(copy)
    }

    /// The same installation on another database that holds the same: its secret and key.
    pub fn copy_to(&self, database_url: &str, options: &Options) -> Result<Self> {
        ensure!(self.running.is_none(), "only an installation at rest can be copied");
        let folder = tempfile::Builder::new().prefix("mostrador-lab-").tempdir()?;
        std::fs::create_dir(folder.path().join("data"))?;
        for entry in std::fs::read_dir(self.folder.path().join("data"))? {
            let entry = entry?;
            std::fs::copy(entry.path(), folder.path().join("data").join(entry.file_name()))?;
        }
        Ok(Self {
            binary: self.binary.clone(),
            options: options.clone(),
            database_url: database_url.to_owned(),
            folder: Home::Passing(folder),
            key: self.key.clone(),
            running: None,
        })
    }

    /// Starts the process and waits until it answers. Returns how long that took.
    pub async fn serve(&mut self) -> Result<Duration> {
        ensure!(self.running.is_none(), "the server runs already");
        let mut tries = 0;
        loop {
            tries += 1;
            match self.serve_once().await {
                Err(error) if tries < PORTS_TRIED && format!("{error:#}").contains("is taken") => {}
                other => return other,
            }
        }
    }

    async fn serve_once(&mut self) -> Result<Duration> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let began = Instant::now();
        let mut child = self.spawn(&["serve", "--addr", &address.to_string(), "--clock", self.options.clock()])?;
        let http = reqwest::Client::new();
        let question = format!("http://{address}/readyz");
        loop {
            if http.get(&question).send().await.is_ok_and(|answer| answer.status().is_success()) {
                self.running = Some((child, address));
                return Ok(began.elapsed());
            }
            if let Some(status) = child.try_wait()? {
                bail!("the server ended by itself ({status}):\n{}", self.log_tail());
            }
            if began.elapsed() > READY_WITHIN {
                bail!("the server is not ready after {} s:\n{}", READY_WITHIN.as_secs(), self.log_tail());
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
    }

    /// A client with the laboratory's key. Refused while the server rests.
    pub fn client(&self) -> Result<Client> {
        Ok(Client::new(&self.url()?).with_key(&self.key))
    }

    /// The laboratory's key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Where it listens: `http://127.0.0.1:40123`.
    pub fn url(&self) -> Result<String> {
        self.running.as_ref().map(|(_, address)| format!("http://{address}")).context("the server does not run")
    }

    /// The process, for whoever looks at its memory.
    pub fn process_id(&self) -> Option<u32> {
        self.running.as_ref().and_then(|(child, _)| child.id())
    }

    /// Its master secret, as it keeps it: 64 hexadecimal digits.
    pub fn secret(&self) -> Result<String> {
        Ok(std::fs::read_to_string(self.folder.path().join("data").join("secret"))?)
    }

    /// The database it uses.
    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    /// Ends it as a power failure would: nothing of the process runs any more when this returns.
    pub async fn kill9(&mut self) -> Result<()> {
        if let Some((mut child, _)) = self.running.take() {
            child.kill().await?;
        }
        Ok(())
    }

    /// Asks it to end and waits. An error when it does not, or ends badly.
    pub async fn stop(&mut self) -> Result<()> {
        let Some((mut child, _)) = self.running.take() else {
            return Ok(());
        };
        if let Some(id) = child.id() {
            let asked = Command::new("kill").args(["-TERM", &id.to_string()]).status().await?;
            ensure!(asked.success(), "kill -TERM {id}: {asked}");
        }
        let status = tokio::time::timeout(END_WITHIN, child.wait()).await.context("the server does not end")??;
        ensure!(status.success(), "the server ended with {status}:\n{}", self.log_tail());
        Ok(())
    }

    /// A command of the binary that goes on until it is ended: `["work"]`. It ends with the value.
    pub fn spawn(&self, arguments: &[&str]) -> Result<Child> {
        Ok(self.command(arguments).stdout(Stdio::null()).stderr(self.log()?).spawn()?)
    }

    /// Another command of the binary on this installation: `["verify"]`. Its standard output; an error when it failed.
    pub async fn run(&self, arguments: &[&str]) -> Result<String> {
        self.run_on(&self.database_url, arguments).await
    }

    /// The same on another database.
    pub async fn run_on(&self, database_url: &str, arguments: &[&str]) -> Result<String> {
        let output = self
            .command(arguments)
            .env("DATABASE_URL", database_url)
            .output()
            .await
            .with_context(|| format!("cannot start {}", self.binary.display()))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        ensure!(
            output.status.success(),
            "{} {}: {}\n{}{}",
            self.binary.display(),
            arguments.join(" "),
            output.status,
            text(&output.stdout),
            text(&output.stderr)
        );
        Ok(text(&output.stdout))
    }

    /// What the server said last.
    pub fn log_tail(&self) -> String {
        let log = std::fs::read_to_string(self.log_file()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n")
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn log(&self) -> Result<Stdio> {
        Ok(std::fs::OpenOptions::new().create(true).append(true).open(self.log_file())?.into())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null()).kill_on_drop(true);
        // The configuration of whoever runs the laboratory must not change what is measured.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("MOSTRADOR_")) {
            command.env_remove(name);
        }
        command.env("DATABASE_URL", &self.database_url).env("MOSTRADOR_SANDBOX", "true");
        if std::env::var_os("RUST_LOG").is_none() {
            command.env("RUST_LOG", "warn");
        }
        if let Some(site) = &self.options.site {
            command.env("MOSTRADOR_SITE", site);
        }
        if self.options.raised_limits {
            for gate in ["ADDRESS", "CALLER", "PURCHASES_ADDRESS", "DEVICE", "ENTRANCE"] {
                for (what, number) in [("REQUESTS", "1000000"), ("SECONDS", "1"), ("BURST", "1000000")] {
                    command.env(format!("MOSTRADOR_LIMITS__{gate}__{what}"), number);
                }
            }
        }
        command.envs(self.options.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// A path in the folder, not a relative one: a backup or another program may be started elsewhere.
fn sqlite_in(folder: &Path) -> String {
    format!("sqlite:{}", folder.join("data").join("mostrador.db").display())
}
