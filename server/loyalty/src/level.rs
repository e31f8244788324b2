//! Levels of a brand's consumers: three, by points earned in ninety days. A brand that says nothing has none, and no level
//! changes what anybody earns or pays.

use db::{Tx, sql};
use identity::{Actor, audit};
use shared::{
    BrandId, Timestamp,
    loyalty::{BrandLevels, ConsumerLevel},
    time::DAY_MS,
};

use crate::{Error, reward};

/// The levels of a brand, for whoever may read it; none: it has not switched them on.
pub async fn of_brand(tx: &mut Tx, actor: &Actor, brand: BrandId) -> Result<Option<BrandLevels>, Error> {
    if *actor == Actor::Anonymous {
        return Err(identity::Error::Unauthorized.into());
    }
    let owner = identity::organisation::find_brand(tx, brand).await?.ok_or(Error::NotFound)?.organisation_id;
    actor.reads(owner)?;
    let found: Option<(i64, i64)> = tx.query(GET).bind(brand).bind(owner).maybe().await?;
    Ok(found.map(|(second_points, third_points)| BrandLevels { second_points, third_points }))
}

/// Switches levels on, or changes from how many points on each is reached.
pub async fn set(tx: &mut Tx, actor: &Actor, now: Timestamp, brand: BrandId, levels: &BrandLevels) -> Result<BrandLevels, Error> {
    let owner = reward::owned_brand(tx, actor, brand).await?.organisation_id;
    if !(1..=BrandLevels::POINTS_MAX).contains(&levels.second_points) {
        return Err(Error::Field("second_points"));
    }
    if levels.third_points <= levels.second_points || levels.third_points > BrandLevels::POINTS_MAX {
        return Err(Error::Field("third_points"));
    }
    tx.query(SET).bind(brand).bind(owner).bind(levels.second_points).bind(levels.third_points).bind(now).execute().await?;
    audit::record(tx, actor, now, "brand.levels_set", brand, None, serde_json::to_value(levels).ok(), None).await?;
    Ok(*levels)
}

/// Switches them off. Off already: nothing changes.
pub async fn clear(tx: &mut Tx, actor: &Actor, now: Timestamp, brand: BrandId) -> Result<(), Error> {
    let owner = reward::owned_brand(tx, actor, brand).await?.organisation_id;
    if tx.query(CLEAR).bind(brand).bind(owner).execute().await? == 1 {
        audit::record(tx, actor, now, "brand.levels_cleared", brand, None, None, None).await?;
    }
    Ok(())
}

/// The actor's level at every brand that has levels and whose points she has; by name, at most 50.
pub async fn of_consumer(tx: &mut Tx, actor: &Actor, now: Timestamp) -> Result<Vec<ConsumerLevel>, Error> {
    let consumer = actor.consumer()?;
    let since = now.plus_ms(-BrandLevels::DAYS * DAY_MS);
    let rows: Vec<(BrandId, String, i64, i64, i64)> = tx.query(OF_CONSUMER).bind(consumer).bind(since).bind(now).all().await?;
    Ok(rows
        .into_iter()
        .map(|(brand_id, brand_name, second_points, third_points, points)| {
            let levels = BrandLevels { second_points, third_points };
            ConsumerLevel { brand_id, brand_name, level: levels.of(points), points, next_points: levels.next(points) }
        })
        .collect())
}

sql! {
    GET: "SELECT second_points, third_points FROM brand_levels WHERE brand_id = $1 AND tenant_id = $2";

    SET: "INSERT INTO brand_levels (brand_id, tenant_id, second_points, third_points, set_at) VALUES ($1, $2, $3, $4, $5)
          ON CONFLICT (brand_id) DO UPDATE SET second_points = excluded.second_points, third_points = excluded.third_points, set_at = excluded.set_at";

    CLEAR: "DELETE FROM brand_levels WHERE brand_id = $1 AND tenant_id = $2";

    OF_CONSUMER: "SELECT l.brand_id, b.name, l.second_points, l.third_points,
                         CAST(COALESCE((SELECT SUM(o.awarded - o.reversed) FROM lot o
                                        WHERE o.wallet_id = w.id AND o.purchased_at > $2 AND o.purchased_at <= $3), 0) AS BIGINT) AS points
                  FROM wallet w JOIN brand_levels l ON l.brand_id = w.brand_id JOIN brand b ON b.id = l.brand_id
                  WHERE w.consumer_id = $1 AND w.unit = 'points' ORDER BY b.name, l.brand_id LIMIT 50";
}
