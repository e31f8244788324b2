//! PostgreSQL without the product: `pgbench` with what the ledger alone needs, and what the product really asks.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use sqlx::{Connection, Executor};
use tokio::process::Command;

use super::{CARDS, CONNECTIONS};
use crate::databases::{Databases, connect};

/// One purchase of three campaigns: the card's lock, its wallets, and the rows of the double entry.
pub const LEDGER: &str = include_str!("ledger.sql");
const SECONDS: &str = "10";

pub struct Cluster {
    databases: Databases,
    pgbench: PathBuf,
}

impl Cluster {
    pub async fn open(url: &str, pgbench: &Path) -> Result<Self> {
        let databases = Databases::open(url).await?;
        let mut connection = databases.connection().await;
        let (fsync,): (String,) = sqlx::query_as("SHOW fsync").fetch_one(&mut *connection).await?;
        ensure!(fsync == "on", "a measurement on PostgreSQL needs fsync");
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements").await?;
        drop(connection);
        Ok(Self { databases, pgbench: pgbench.to_owned() })
    }

    /// Its databases.
    pub const fn databases(&self) -> &Databases {
        &self.databases
    }

    pub async fn forget_statements(&self) -> Result<()> {
        self.databases.connection().await.execute("SELECT pg_stat_statements_reset()").await?;
        Ok(())
    }

    /// Statements that every purchase asks, and those that only some do: without the worker's and the pool's own.
    pub async fn statements_per_purchase(&self, database: &str, purchases: usize) -> Result<f64> {
        /// A statement of purchases is asked for at least one in ten.
        const OFTEN: &str = "SELECT CAST(COALESCE(SUM(calls), 0) AS BIGINT) FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
                             WHERE d.datname = $1 AND s.calls * 10 >= $2";
        let purchases = i64::try_from(purchases)?;
        let (calls,): (i64,) =
            sqlx::query_as(OFTEN).bind(database).bind(purchases).fetch_one(&mut *self.databases.connection().await).await?;
        Ok(calls as f64 / purchases as f64)
    }

    /// Gives a database the cards and wallets that the ledger's script names by number.
    pub async fn prepare_ledger(&self, database: &str) -> Result<()> {
        let mut connection = connect(&self.databases.address(database)).await?;
        for statement in PREPARE {
            sqlx::query(*statement).execute(&mut connection).await.with_context(|| (*statement).to_owned())?;
        }
        connection.close().await?;
        Ok(())
    }

    /// Purchases in a second.
    pub async fn pgbench(&self, database: &str) -> Result<f64> {
        let address = self.databases.address(database);
        let script = tempfile::NamedTempFile::new()?;
        std::fs::write(script.path(), named(&address).await?)?;
        let connections = CONNECTIONS.to_string();
        let output = Command::new(&self.pgbench)
            .args(["-n", "-M", "prepared", "-c", &connections, "-j", "2", "-T", SECONDS, "-D", "n=0", "-f"])
            .arg(script.path())
            .arg(&address)
            .output()
            .await
            .with_context(|| self.pgbench.display().to_string())?;
        let text = String::from_utf8_lossy(&output.stdout);
        let per_second = text.lines().find_map(|line| line.strip_prefix("tps = ")?.split_whitespace().next()?.parse().ok());
        per_second.with_context(|| format!("pgbench: {text}{}", String::from_utf8_lossy(&output.stderr)))
    }
}

/// The script with the ids of the three campaigns.
async fn named(address: &str) -> Result<String> {
    let mut connection = connect(address).await?;
    let campaigns: Vec<(String, String, String)> =
        sqlx::query_as("SELECT CAST(id AS TEXT), CAST(tenant_id AS TEXT), CAST(brand_id AS TEXT) FROM campaign ORDER BY id")
            .fetch_all(&mut connection)
            .await?;
    connection.close().await?;
    let mut script = LEDGER.to_owned();
    for (place, (campaign, tenant, brand)) in campaigns.iter().enumerate() {
        for (name, id) in [("campaign", campaign), ("tenant", tenant), ("brand", brand)] {
            script = script.replace(&format!("{{{name}{}}}", place + 1), id);
        }
    }
    Ok(script)
}

/// Numbers as ids, a shop, cards, and their wallets.
const PREPARE: &[&str] = &[
    "CREATE FUNCTION ledger_id(BIGINT) RETURNS UUID LANGUAGE SQL IMMUTABLE RETURN CAST(lpad(to_hex($1), 32, '0') AS UUID)",
    "INSERT INTO shop SELECT (jsonb_populate_record(s, jsonb_build_object('id', ledger_id(1)))).* FROM shop s ORDER BY s.id LIMIT 1",
    "INSERT INTO consumer (id, country, adult, anonymous, created_at) SELECT ledger_id(n), 'CO', TRUE, TRUE, 0 FROM generate_series(1, 2000) n",
    "INSERT INTO card (id, public_code, consumer_id, kind, created_at)
     SELECT ledger_id(n), decode(lpad(to_hex(n), 20, '0'), 'hex'), ledger_id(n), 'printed', 0 FROM generate_series(1, 2000) n",
    "INSERT INTO wallet (id, consumer_id, tenant_id, brand_id, campaign_id, scope_id, unit, available, pending, reserved, debt)
     SELECT ledger_id(n * 4 + c.place), ledger_id(n), c.tenant_id, c.brand_id, CASE WHEN c.place = 3 THEN c.id END,
            CASE WHEN c.place = 3 THEN c.id ELSE c.brand_id END, CASE WHEN c.place = 3 THEN 'stamps' ELSE 'points' END, 0, 0, 0, 0
     FROM generate_series(1, 2000) n, (SELECT *, row_number() OVER (ORDER BY id) AS place FROM campaign) c",
    "ANALYZE",
];

const _: () = assert!(CARDS == 2_000, "the ledger's script and its cards are as many");
