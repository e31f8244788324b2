//! Where scenarios are played: each on an installation of its own, a copy of one that was prepared once.

use std::{path::Path, str::FromStr, sync::atomic::{AtomicUsize, Ordering}};

use anyhow::{Context, Result};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, PgConnection, postgres::PgConnectOptions};

use crate::{
    client::Client,
    server::{Options, Server},
};

/// Copies of one prepared installation.
pub struct Ground {
    prepared: Server,
    /// Without it: a SQLite file for each case.
    postgres: Option<Postgres>,
}

struct Postgres {
    connection: tokio::sync::Mutex<PgConnection>,
    /// Of the server, without a database.
    server: String,
    made: AtomicUsize,
}

/// An installation for one case; it ends with the value.
pub struct Plot {
    _server: Server,
    /// Everything, by the laboratory's key.
    pub client: Client,
}

impl Ground {
    /// `postgres` is the address of a database from which others can be made; empty for SQLite.
    pub async fn prepare(binary: &Path, postgres: &str) -> Result<Self> {
        if postgres.is_empty() {
            return Ok(Self { prepared: Server::prepare(binary, "", &Options::controlled()).await?, postgres: None });
        }
        let (server, _) = postgres.rsplit_once('/').context("the address names a database")?;
        let connection = PgConnectOptions::from_str(postgres)?.connect().await?.into();
        let postgres = Postgres { connection, server: server.to_owned(), made: AtomicUsize::new(0) };
        let address = postgres.create(&postgres.name("template"), None).await?;
        Ok(Self { prepared: Server::prepare(binary, &address, &Options::controlled()).await?, postgres: Some(postgres) })
    }

    /// A fresh copy that answers.
    pub async fn fresh(&self) -> Result<Plot> {
        let mut server = match &self.postgres {
            None => self.prepared.copy(&Options::controlled())?,
            Some(postgres) => {
                let number = postgres.made.fetch_add(1, Ordering::Relaxed);
                if number > 0 {
                    postgres.drop(&postgres.name(&(number - 1).to_string())).await?;
                }
                let address = postgres.create(&postgres.name(&number.to_string()), Some(&postgres.name("template"))).await?;
                self.prepared.copy_to(&address, &Options::controlled())?
            }
        };
        server.serve().await?;
        let client = server.client()?;
        Ok(Plot { _server: server, client })
    }

    /// Gives the disk of a PostgreSQL back.
    pub async fn clear(self) -> Result<()> {
        let Some(postgres) = self.postgres else { return Ok(()) };
        let made = postgres.made.load(Ordering::Relaxed);
        for name in (0..made).rev().take(1).map(|number| number.to_string()).chain(["template".to_owned()]) {
            postgres.drop(&postgres.name(&name)).await?;
        }
        Ok(())
    }
}

impl Postgres {
    fn name(&self, of: &str) -> String {
        format!("lab_{}_{of}", std::process::id())
    }

    async fn create(&self, name: &str, template: Option<&str>) -> Result<String> {
        let template = template.map_or_else(String::new, |template| format!(" TEMPLATE {template}"));
        // Names of this program, not of anybody else.
        self.connection.lock().await.execute(AssertSqlSafe(format!("CREATE DATABASE {name}{template}"))).await?;
        Ok(format!("{}/{name}", self.server))
    }

    /// Whoever was killed a moment ago may still be connected.
    async fn drop(&self, name: &str) -> Result<()> {
        self.connection.lock().await.execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await?;
        Ok(())
    }
}
