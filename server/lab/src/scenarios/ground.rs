//! Where scenarios are played: each on an installation of its own, a copy of one that was prepared once.

use std::{
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use anyhow::Result;

use crate::{
    client::Client,
    databases::Databases,
    server::{Options, Server},
};

/// Copies of one prepared installation.
pub struct Ground {
    prepared: Server,
    /// Without it: a SQLite file for each case.
    postgres: Option<Postgres>,
}

struct Postgres {
    databases: Databases,
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
        let postgres = Postgres { databases: Databases::open(postgres).await?, made: AtomicUsize::new(0) };
        let address = postgres.databases.create(&name("template"), None).await?;
        Ok(Self { prepared: Server::prepare(binary, &address, &Options::controlled()).await?, postgres: Some(postgres) })
    }

    /// A fresh copy that answers.
    pub async fn fresh(&self) -> Result<Plot> {
        let mut server = match &self.postgres {
            None => self.prepared.copy(&Options::controlled())?,
            Some(postgres) => {
                let number = postgres.made.fetch_add(1, Ordering::Relaxed);
                if number > 0 {
                    postgres.databases.drop(&name(&(number - 1).to_string())).await?;
                }
                let address = postgres.databases.create(&name(&number.to_string()), Some(&name("template"))).await?;
                self.prepared.copy_to(&address, &Options::controlled())?
            }
        };
        server.serve().await?;
        let client = server.client()?;
        Ok(Plot { _server: server, client })
    }

    /// Gives the disk of a PostgreSQL back.
    pub async fn clear(self) -> Result<()> {
        let Some(postgres) = self.postgres else {
            return Ok(());
        };
        let made = postgres.made.load(Ordering::Relaxed);
        for of in (0..made).rev().take(1).map(|number| number.to_string()).chain(["template".to_owned()]) {
            postgres.databases.drop(&name(&of)).await?;
        }
        Ok(())
    }
}

/// A name that no other run uses.
fn name(of: &str) -> String {
    format!("lab_{}_{of}", std::process::id())
}
