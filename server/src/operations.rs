//! What an operator does from the command line.

use std::path::Path;

use anyhow::{Context, ensure};
use db::Tx;
use identity::{Actor, Scopes, user::NewUser};
use secrecy::ExposeSecret;
use shared::{
    Country, JobId, OrganisationId, Timestamp,
    identity::{OrganisationKind, UserRole},
};

use crate::{App, Config, instance};

/// Copies the database while it is in use. The file must not exist yet.
pub async fn backup(config: &Config, to: &Path) -> anyhow::Result<()> {
    let db = instance::existing(&config.database()).await?;
    db.backup(to).await?;
    db.close().await;
    Ok(())
}

/// Puts a backup in the place of the database. No server may be running; what was there is kept beside it.
pub async fn restore(config: &Config, from: &Path) -> anyhow::Result<()> {
    ensure!(from.is_file(), "There is no file {}", from.display());
    match config.database().file()? {
        Some(file) => restore_file(from, &file)?,
        None => {
            let run = tokio::process::Command::new("pg_restore")
                .args(["--clean", "--if-exists", "--no-owner", "--single-transaction", "--dbname", config.database_url.expose_secret()])
                .arg(from)
                .output()
                .await
                .context("pg_restore")?;
            ensure!(run.status.success(), "pg_restore: {}", String::from_utf8_lossy(&run.stderr));
        }
    }
    let db = db::Db::open(&config.database()).await?;
    db.migrate().await?;
    db.close().await;
    Ok(())
}

/// The old file and its journal go aside together: a journal of another file would spoil the new one.
fn restore_file(from: &Path, file: &Path) -> anyhow::Result<()> {
    let beside = |ending: &str| {
        let mut name = file.as_os_str().to_owned();
        name.push(ending);
        std::path::PathBuf::from(name)
    };
    let new = beside(".restoring");
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::copy(from, &new)?;
    std::fs::File::open(&new)?.sync_all()?;
    for ending in ["", "-wal", "-shm"] {
        let old = beside(ending);
        if old.exists() {
            std::fs::rename(&old, beside(&format!(".before{ending}")))?;
        }
    }
    std::fs::rename(&new, file)?;
    Ok(())
}

/// Rebuilds every ledger and compares. Returns what differs, one line each.
pub async fn verify(app: &App) -> anyhow::Result<loyalty::verify::Report> {
    let mut report = loyalty::verify::verify(&app.db).await?;
    tracing::info!("Checking the registrations of shops");
    let (rows, differences) = identity::registrations::verify(&app.db).await?;
    report.findings.push(loyalty::verify::Finding { check: "registrations of a shop = its consumers", rows, differences });
    tracing::info!("Checking the days of reports");
    let (rows, differences) = reports::days::verify(&app.db).await?;
    report.findings.push(loyalty::verify::Finding { check: "day of a report = its sales", rows, differences });
    tracing::info!("Checking the points of reports");
    let (rows, differences) = reports::points::verify(&app.db).await?;
    report.findings.push(loyalty::verify::Finding { check: "points of a report = the ledger", rows, differences });
    Ok(report)
}

/// Gives dead letters a new life. Returns how many.
pub async fn retry_jobs(app: &App, only: Option<JobId>) -> anyhow::Result<u64> {
    let mut tx = app.db.begin().await?;
    let revived = jobs::retry_dead(&mut tx, app.clock.now(), only).await?;
    tx.commit().await?;
    Ok(revived)
}

/// The operator's organisation; made when there is none yet.
async fn operator(tx: &mut Tx, now: Timestamp) -> anyhow::Result<OrganisationId> {
    let known = identity::organisation::list(tx, &Actor::System).await?;
    if let Some(operator) = known.iter().find(|organisation| organisation.kind == OrganisationKind::Operator) {
        return Ok(operator.id);
    }
    Ok(identity::organisation::create(tx, &Actor::System, now, "Mostrador", OrganisationKind::Operator, Country::Co).await?.id)
}

/// Adds an administrator of the operator.
pub async fn add_user(app: &App, email: &str, name: &str, password: &str) -> anyhow::Result<()> {
    let password_hash = identity::user::hash_password(password).await?;
    let mut tx = app.db.begin().await?;
    let now = app.clock.now();
    let organisation = operator(&mut tx, now).await?;
    let new = NewUser { organisation, email, name, role: UserRole::Admin, password_hash };
    identity::user::create(&mut tx, &Actor::System, now, new).await?;
    tx.commit().await?;
    Ok(())
}

/// Makes a key of the operator; the text is told this once. `scopes` are separated by spaces.
pub async fn add_key(app: &App, name: &str, scopes: &str) -> anyhow::Result<String> {
    let scopes = Scopes::parse(scopes).context("The scopes are names like `operator` or `purchases:import`, separated by spaces")?;
    let mut tx = app.db.begin().await?;
    let now = app.clock.now();
    let organisation = operator(&mut tx, now).await?;
    let (_, secret) = identity::api_key::insert(&mut tx, now, organisation, None, name, &scopes, None).await?;
    tx.commit().await?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restore_takes_the_old_journal_away() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mostrador.db");
        let copy = folder.path().join("copy.db");
        for (name, text) in [(&file, "old"), (&copy, "new"), (&folder.path().join("mostrador.db-wal"), "old journal")] {
            std::fs::write(name, text).unwrap();
        }

        restore_file(&copy, &file).unwrap();

        assert_eq!(std::fs::read_to_string(&file).unwrap(), "new");
        assert!(!folder.path().join("mostrador.db-wal").exists());
        assert_eq!(std::fs::read_to_string(folder.path().join("mostrador.db.before")).unwrap(), "old");
    }
}
