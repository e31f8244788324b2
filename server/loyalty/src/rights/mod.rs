//! A person's rights over what the product knows of her: a copy of all of it, and the way out.

mod deletion;
mod export;

use db::{Tx, sql};
use identity::{Actor, audit};
use shared::{
    PrivacyRequestId, Timestamp,
    rights::{PrivacyAnswer, PrivacyRequest, RequestKind, RequestStatus},
};

pub(crate) use deletion::end;
pub use deletion::{delete, start_deletion};
pub use export::{Export, export, zip};

use crate::Error;

/// All statements of the module.
pub(crate) const ALL: &[&[db::Sql]] = &[STATEMENTS, deletion::STATEMENTS, export::STATEMENTS];

/// Answers a request. A card whose blocking was granted neither earns nor pays until its person asks otherwise.
pub async fn decide(
    tx: &mut Tx,
    actor: &Actor,
    now: Timestamp,
    id: PrivacyRequestId,
    answer: &PrivacyAnswer,
) -> Result<PrivacyRequest, Error> {
    let request = identity::rights::decide(tx, actor, now, id, answer).await?;
    if request.kind == RequestKind::Blocking && request.status == RequestStatus::Done {
        tx.lock(request.consumer_id.lock_key()).await?;
        tx.query(BLOCK).bind(now).bind(request.consumer_id).execute().await?;
    }
    Ok(request)
}

/// A blocking that was granted ends: its person asked otherwise. Again: nothing more happens.
pub async fn unblock(tx: &mut Tx, actor: &Actor, now: Timestamp, id: PrivacyRequestId) -> Result<(), Error> {
    actor.operates()?;
    let request = identity::rights::get(tx, actor, id).await?;
    if request.kind != RequestKind::Blocking || request.status != RequestStatus::Done {
        return Err(Error::NotFound);
    }
    tx.lock(request.consumer_id.lock_key()).await?;
    if tx.query(UNBLOCK).bind(request.consumer_id).execute().await? > 0 {
        audit::record(tx, actor, now, "privacy.unblocked", id, None, None, None).await?;
    }
    Ok(())
}

/// Whether her cards are blocked by this request still.
pub async fn is_blocking(tx: &mut Tx, actor: &Actor, id: PrivacyRequestId) -> Result<bool, Error> {
    actor.operator()?;
    let request = identity::rights::get(tx, actor, id).await?;
    let granted = request.kind == RequestKind::Blocking && request.status == RequestStatus::Done;
    Ok(granted && tx.query(BLOCKED).bind(request.consumer_id).one::<(bool,)>().await?.0)
}

/// What somebody who asked for something is called where her card is shown: her first name, and the end of her card's
/// number. The operator's alone, who has to answer her; `None` when she left.
pub async fn asker(tx: &mut Tx, actor: &Actor, id: PrivacyRequestId) -> Result<Option<String>, Error> {
    actor.operator()?;
    let request = identity::rights::get(tx, actor, id).await?;
    let row: Option<(Option<String>, Vec<u8>)> = tx.query(ASKER).bind(request.consumer_id).maybe().await?;
    Ok(row.map(|(name, code)| crate::card::label(name.as_deref(), &code)))
}

sql! {
    ASKER: "SELECT n.display_name, c.public_code FROM consumer n JOIN card c ON c.consumer_id = n.id
            WHERE n.id = $1 AND n.deleted_at IS NULL ORDER BY c.created_at, c.id LIMIT 1";

    BLOCKED: "SELECT EXISTS (SELECT 1 FROM card c JOIN consumer n ON n.id = c.consumer_id WHERE c.consumer_id = $1 AND c.blocked_at IS NOT NULL AND n.deleted_at IS NULL)";

    /// Of somebody who left all stays blocked.
    UNBLOCK: "UPDATE card SET blocked_at = NULL WHERE consumer_id = $1 AND blocked_at IS NOT NULL AND EXISTS (SELECT 1 FROM consumer n WHERE n.id = card.consumer_id AND n.deleted_at IS NULL)";

    BLOCK: "UPDATE card SET blocked_at = $1 WHERE consumer_id = $2 AND blocked_at IS NULL";
}
