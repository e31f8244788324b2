//! A throw-away PostgreSQL for tests and measurements.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::shell::{debian_packages, root};

/// A server that ends with the value.
pub struct Postgres {
    programs: PathBuf,
    data: PathBuf,
    port: u16,
}

impl Postgres {
    /// Makes a cluster in a temporary folder and starts it. `durable` keeps fsync on and counts statements, as measurements need.
    pub fn start(durable: bool) -> Result<Self> {
        let programs = match programs() {
            Some(found) => found,
            None => {
                debian_packages(&["postgresql"])?;
                programs().context("PostgreSQL's programs are not under /usr/lib/postgresql")?
            }
        };
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let data = std::env::temp_dir().join(format!("mostrador-postgres-{port}"));
        std::fs::create_dir_all(&data)?;
        if root() {
            crate::shell::run("chown", &["postgres", &data.to_string_lossy()])?;
        }
        let cluster = Self { programs, data, port };
        cluster.as_owner("initdb", &["-D", &cluster.folder(), "-E", "UTF8", "--locale=C", "-A", "trust", "-U", "postgres"])?;
        let manner = if durable {
            "-c shared_preload_libraries=pg_stat_statements "
        } else {
            "-c fsync=off -c synchronous_commit=off -c full_page_writes=off "
        };
        let options = format!("-p {port} -c listen_addresses=127.0.0.1 -c max_connections=300 {manner}-k {}", cluster.data.display());
        cluster
            .as_owner("pg_ctl", &["-D", &cluster.folder(), "-o", &options, "-l", &format!("{}/log", cluster.folder()), "-w", "start"])?;
        Ok(cluster)
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Where its files are.
    pub fn folder(&self) -> String {
        self.data.join("data").to_string_lossy().into_owned()
    }

    /// The command that starts it again after it was killed, with the options of the first start.
    pub fn restart(&self) -> String {
        let user = if root() { "runuser -u postgres -- " } else { "" };
        format!("cd / && {user}{} -D {folder} -l {folder}/log -w restart", self.programs.join("pg_ctl").display(), folder = self.folder())
    }

    /// One of its own programs: `pgbench`.
    pub fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// The server refuses to run as root, so root lends it the user `postgres`.
    fn as_owner(&self, program: &str, arguments: &[&str]) -> Result<()> {
        let path = self.programs.join(program);
        let mut command = if root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        let output =
            command.args(arguments).current_dir("/").stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null()).status()?;
        if !output.success() {
            bail!("{program} failed; see {}", self.data.display());
        }
        Ok(())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = self.as_owner("pg_ctl", &["-D", &self.folder(), "-m", "immediate", "stop"]);
        let _ = std::fs::remove_dir_all(&self.data);
    }
}

fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<PathBuf> =
        versions.flatten().map(|version| version.path().join("bin")).filter(|bin| Path::new(bin).join("initdb").exists()).collect();
    found.sort();
    found.pop()
}
