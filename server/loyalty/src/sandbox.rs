//! What a sandbox was is put away piece by piece, after it began anew (`identity::sandbox`).
//!
//! Nothing is deleted: consumers of the closed world leave as people do, so that their cards answer to no code; products
//! go to the brands that follow; shops close. What was sold and owed there stays in the books of brands that are closed.

use db::{Tx, sql};
use identity::{Actor, audit, sandbox};
use jobs::{JobError, Registry};
use shared::{CardId, ConsumerId, OrganisationId, SandboxResetId, Timestamp, WorldId, sandbox::SandboxCard};

use crate::{Error, Loyalty, card, rights, rule_book};

/// Cards that one transaction puts away.
const CARDS: i64 = 25;
/// Products that one transaction moves.
const PRODUCTS: i64 = 200;

/// A card that earns at the sandbox's own shops.
pub async fn add_card(
    tx: &mut Tx,
    loyalty: &Loyalty,
    actor: &Actor,
    now: Timestamp,
    tenant: OrganisationId,
    adult: bool,
) -> Result<SandboxCard, Error> {
    let consumer_id = sandbox::add_consumer(tx, actor, now, tenant, adult).await?;
    let card_id: CardId = card::create(tx, loyalty, now, consumer_id, "digital").await?;
    Ok(SandboxCard { consumer_id, card_id })
}

/// Puts the pieces of resets into a worker's registry.
pub fn register(registry: Registry, loyalty: Loyalty) -> Registry {
    registry.inside(sandbox::RESET, move |tx, now, job| {
        let loyalty = loyalty.clone();
        Box::pin(async move {
            let reset =
                job.payload["reset_id"].as_str().and_then(|text| text.parse().ok()).ok_or_else(|| JobError::Hopeless("no reset".into()))?;
            piece(tx, &loyalty, now, reset).await.map_err(|error| match error {
                Error::Store(error) => JobError::Store(error),
                other => JobError::Retry(other.to_string()),
            })
        })
    })
}

#[derive(sqlx::FromRow)]
struct Reset {
    tenant_id: OrganisationId,
    world_id: WorldId,
    finished_at: Option<Timestamp>,
}

/// One piece; the next one is a job of its own, made in the same transaction. Again after the last: nothing happens.
async fn piece(tx: &mut Tx, loyalty: &Loyalty, now: Timestamp, id: SandboxResetId) -> Result<(), Error> {
    let Some(reset) = tx.query(RESET).bind(id).maybe::<Reset>().await?.filter(|reset| reset.finished_at.is_none()) else {
        return Ok(());
    };
    tx.lock(reset.tenant_id.lock_key()).await?;
    let done = match end_cards(tx, loyalty, now, reset.world_id).await? {
        0 => move_products(tx, now, reset.world_id).await?,
        ended => ended,
    };
    if done > 0 {
        tx.query(PROGRESS).bind(done).bind(id).execute().await?;
        sandbox::go_on(tx, now, id).await?;
        return Ok(());
    }
    let closed = tx.query(CLOSE_SHOPS).bind(now).bind(reset.world_id).execute().await?;
    tx.query(PROGRESS).bind(closed as i64).bind(id).execute().await?;
    tx.query(FINISH).bind(now).bind(id).execute().await?;
    rule_book::bump(tx, now).await?;
    audit::record(tx, &Actor::System, now, "sandbox.reset_finished", reset.tenant_id, None, None, None).await?;
    Ok(())
}

async fn end_cards(tx: &mut Tx, loyalty: &Loyalty, now: Timestamp, world: WorldId) -> Result<i64, Error> {
    let consumers: Vec<(ConsumerId,)> = tx.query(CONSUMERS).bind(world).bind(CARDS).all().await?;
    for (consumer,) in &consumers {
        rights::end(tx, loyalty, &Actor::System, now, *consumer).await?;
    }
    Ok(consumers.len() as i64)
}

async fn move_products(tx: &mut Tx, now: Timestamp, world: WorldId) -> Result<i64, Error> {
    let moved = tx.query(MOVE_PRODUCTS).bind(now).bind(world).bind(PRODUCTS).execute().await?;
    if moved > 0 {
        rule_book::bump(tx, now).await?;
    }
    Ok(moved as i64)
}

sql! {
    RESET: "SELECT tenant_id, world_id, finished_at FROM sandbox_reset WHERE id = $1";

    CONSUMERS: "SELECT s.consumer_id FROM sandbox_consumer s JOIN consumer c ON c.id = s.consumer_id
                WHERE s.world_id = $1 AND c.deleted_at IS NULL ORDER BY s.consumer_id LIMIT $2";

    /// Every closed brand has one that follows it.
    MOVE_PRODUCTS: "UPDATE product SET updated_at = $1, brand_id = (SELECT n.id FROM brand n WHERE n.succeeds = product.brand_id)
                    WHERE id IN (SELECT p.id FROM product p JOIN brand b ON b.id = p.brand_id
                                 WHERE b.world_id = $2 AND EXISTS (SELECT 1 FROM brand n WHERE n.succeeds = b.id) ORDER BY p.id LIMIT $3)";

    CLOSE_SHOPS: "UPDATE shop SET closed_at = $1 WHERE closed_at IS NULL AND id IN (SELECT shop_id FROM sandbox_shop WHERE world_id = $2)";

    PROGRESS: "UPDATE sandbox_reset SET done = done + $1 WHERE id = $2";

    FINISH: "UPDATE sandbox_reset SET finished_at = $1 WHERE id = $2";
}
