//! What the operator finds when the day begins.

use db::{Tx, sql};
use identity::Actor;
use shared::Timestamp;

use crate::Error;

/// How much there is of everything, and what waits.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Platform {
    /// Shops that take part.
    pub shops: i64,
    /// Those of them that joined after the instant asked about.
    pub new_shops: i64,
    /// Cards of somebody.
    pub consumers: i64,
    /// People of organisations who may log in.
    pub users: i64,
    /// Products of the list.
    pub products: i64,
    /// Purchases that wait for a decision.
    pub held: i64,
    /// When the longest waiting of them arrived.
    pub held_since: Option<Timestamp>,
}

/// The operator's numbers; `since` says which shops are new.
pub async fn platform(tx: &mut Tx, actor: &Actor, since: Timestamp) -> Result<Platform, Error> {
    actor.operator()?;
    Ok(tx.query(PLATFORM).bind(since).one().await?)
}

sql! {
    PLATFORM: "SELECT (SELECT COUNT(*) FROM shop WHERE closed_at IS NULL) AS shops,
                      (SELECT COUNT(*) FROM shop WHERE closed_at IS NULL AND created_at > $1) AS new_shops,
                      (SELECT COUNT(*) FROM consumer WHERE deleted_at IS NULL) AS consumers,
                      (SELECT COUNT(*) FROM org_user WHERE disabled_at IS NULL) AS users,
                      (SELECT COUNT(*) FROM product) AS products,
                      (SELECT COUNT(*) FROM purchase WHERE status = 'held') AS held,
                      (SELECT MIN(received_at) FROM purchase WHERE status = 'held') AS held_since";
}
