//! Jobs that failed too often, as the operator's people meet them: they look, and give them another life.

use db::Tx;
use jobs::DeadJob;
use shared::Timestamp;

use crate::{Actor, Error, audit};

/// Newest first; at most 100.
pub async fn list(tx: &mut Tx, actor: &Actor) -> Result<Vec<DeadJob>, Error> {
    actor.operator()?;
    Ok(jobs::dead(tx).await?)
}

/// Gives all of them a new life. Returns how many.
pub async fn retry(tx: &mut Tx, actor: &Actor, now: Timestamp) -> Result<u64, Error> {
    actor.operates()?;
    let revived = jobs::retry_dead(tx, now, None).await?;
    audit::record(tx, actor, now, "jobs.retried", revived, None, None, None).await?;
    Ok(revived)
}
