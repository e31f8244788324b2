//! Databases of a PostgreSQL server that one run makes and drops.

use std::str::FromStr;

use anyhow::{Context, Result};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, PgConnection, postgres::PgConnectOptions};
use tokio::sync::{Mutex, MutexGuard};

pub struct Databases {
    connection: Mutex<PgConnection>,
    /// Of the server, without a database.
    server: String,
}

impl Databases {
    /// `url` names a database from which others can be made.
    pub async fn open(url: &str) -> Result<Self> {
        let (server, _) = url.rsplit_once('/').context("the address names a database")?;
        Ok(Self { connection: connect(url).await?.into(), server: server.to_owned() })
    }

    pub async fn connection(&self) -> MutexGuard<'_, PgConnection> {
        self.connection.lock().await
    }

    pub fn address(&self, name: &str) -> String {
        format!("{}/{name}", self.server)
    }

    /// A database, empty or a copy of one that nobody uses; its address. Names are this program's, not anybody else's.
    pub async fn create(&self, name: &str, template: Option<&str>) -> Result<String> {
        let template = template.map_or_else(String::new, |template| format!(" TEMPLATE {template}"));
        self.connection().await.execute(AssertSqlSafe(format!("CREATE DATABASE {name}{template}"))).await?;
        Ok(self.address(name))
    }

    /// Gives the disk back. Whoever was killed a moment ago may still be connected.
    pub async fn drop(&self, name: &str) -> Result<()> {
        self.connection().await.execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await?;
        Ok(())
    }
}

pub async fn connect(url: &str) -> Result<PgConnection> {
    Ok(PgConnectOptions::from_str(url)?.connect().await?)
}
