//! How much waits for somebody, counted and not listed: a rail shows it beside every page.

use db::{Tx, sql};
use identity::Actor;

use crate::Error;

/// So much waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Purchases that a reviewer lets count, or not.
    pub held: i64,
    /// Open disputes.
    pub disputes: i64,
    /// Signals of fraud nobody has looked at.
    pub alerts: i64,
}

/// What waits now. Operator only.
pub async fn waiting(tx: &mut Tx, actor: &Actor) -> Result<Waiting, Error> {
    actor.operator()?;
    let (held,): (i64,) = tx.query(HELD).one().await?;
    let (disputes,): (i64,) = tx.query(DISPUTES).one().await?;
    let (alerts,): (i64,) = tx.query(ALERTS).one().await?;
    Ok(Waiting { held, disputes, alerts })
}

/// Campaigns of the actor's organisation that wait for a review.
pub async fn reviews(tx: &mut Tx, actor: &Actor) -> Result<i64, Error> {
    let tenant = actor.tenant()?;
    actor.reads(tenant)?;
    Ok(tx.query(REVIEWS).bind(tenant).one::<(i64,)>().await?.0)
}

sql! {
    REVIEWS: "SELECT COUNT(*) FROM campaign c JOIN brand b ON b.id = c.brand_id
              WHERE c.tenant_id = $1 AND c.review_asked_at IS NOT NULL AND b.closed_at IS NULL";

    HELD: "SELECT COUNT(*) FROM purchase WHERE status = 'held'";

    DISPUTES: "SELECT COUNT(*) FROM dispute d WHERE NOT EXISTS (SELECT 1 FROM dispute_resolution r WHERE r.dispute_id = d.id)";

    ALERTS: "SELECT COUNT(*) FROM alert WHERE dismissed_at IS NULL";
}
