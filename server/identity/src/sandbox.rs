//! Sandboxes: a tenant tries everything with the same code and apart from everybody.
//!
//! A sandbox has a *world*: brands, shops and cards of its own. What meets in a sale is of one world, or all of it is real;
//! `loyalty` asks that where it looks up a card, and its rules in force ask it of brands and products. Nothing that is real
//! can be put into a world later, and nothing of a world becomes real.
//!
//! A reset deletes nothing: ledgers, consents and the audit refuse that, and rightly so. It closes the world and opens the
//! next one, where brands of the same names begin without campaigns, rewards, balances or sales. People, keys, products and
//! webhooks stay with the tenant. `loyalty::sandbox` puts the closed world away in pieces.

use db::{Tx, sql};
use jobs::{Lane, NewJob, enqueue};
use serde_json::json;
use shared::{
    BrandId, ConsumerId, OrganisationId, SandboxResetId, ShopId, Timestamp, WorldId,
    identity::{NewShop, Organisation, OrganisationKind, Shop},
    sandbox::{BRANDS_MAX, CARDS_MAX, NewSandbox, SHOPS_MAX, Sandbox, SandboxReset},
};

use crate::{Actor, Error, audit, organisation, shop};

/// The job that puts a closed world away.
pub const RESET: &str = "sandbox.reset";

/// A world that is open.
struct World {
    id: WorldId,
    number: i64,
    opened_at: Timestamp,
}

/// Opens a tenant apart. It is a sandbox from its first moment to its last.
pub async fn create(tx: &mut Tx, actor: &Actor, now: Timestamp, new: &NewSandbox) -> Result<Sandbox, Error> {
    actor.operates()?;
    let tenant = organisation::create(tx, actor, now, &new.name, OrganisationKind::BrandOwner, new.country).await?;
    open_world(tx, now, tenant.id, 1).await?;
    audit::record(tx, actor, now, "sandbox.created", tenant.id, None, None, None).await?;
    get(tx, actor, tenant.id).await
}

async fn open_world(tx: &mut Tx, now: Timestamp, tenant: OrganisationId, number: i64) -> Result<WorldId, Error> {
    let world: WorldId = tx.new_id();
    tx.query(OPEN).bind(world).bind(tenant).bind(number).bind(now).execute().await?;
    Ok(world)
}

/// The open world of a tenant. `None`: it is no sandbox.
pub(crate) async fn world_of(tx: &mut Tx, tenant: OrganisationId) -> Result<Option<WorldId>, Error> {
    Ok(find(tx, tenant).await?.map(|world| world.id))
}

async fn find(tx: &mut Tx, tenant: OrganisationId) -> Result<Option<World>, Error> {
    let row: Option<(WorldId, i64, Timestamp)> = tx.query(WORLD).bind(tenant).maybe().await?;
    Ok(row.map(|(id, number, opened_at)| World { id, number, opened_at }))
}

/// All sandboxes, oldest first; at most 100. Operator only.
pub async fn list(tx: &mut Tx, actor: &Actor) -> Result<Vec<Sandbox>, Error> {
    actor.operator()?;
    let tenants: Vec<(OrganisationId,)> = tx.query(TENANTS).all().await?;
    let mut sandboxes = Vec::with_capacity(tenants.len());
    for (tenant,) in tenants {
        sandboxes.push(get(tx, actor, tenant).await?);
    }
    Ok(sandboxes)
}

/// A sandbox and how far its newest reset is.
pub async fn get(tx: &mut Tx, actor: &Actor, tenant: OrganisationId) -> Result<Sandbox, Error> {
    actor.reads(tenant)?;
    let world = find(tx, tenant).await?.ok_or(Error::NotFound)?;
    let Organisation { name, country, .. } = organisation::get(tx, tenant).await?;
    let (brands, shops, cards): (i64, i64, i64) = tx.query(COUNTS).bind(world.id).one().await?;
    let reset: Option<(Timestamp, i64, i64, Option<Timestamp>)> = tx.query(NEWEST_RESET).bind(tenant).maybe().await?;
    Ok(Sandbox {
        organisation_id: tenant,
        name,
        country,
        generation: world.number,
        opened_at: world.opened_at,
        brands,
        shops,
        cards,
        reset: reset.map(|(requested_at, done, total, finished_at)| SandboxReset { requested_at, done, total, finished_at }),
    })
}

/// The world of a tenant that is to be changed. The order of the refusals tells strangers nothing.
async fn changed(tx: &mut Tx, actor: &Actor, tenant: OrganisationId) -> Result<World, Error> {
    actor.manages(tenant)?;
    tx.lock(tenant.lock_key()).await?;
    match find(tx, tenant).await? {
        Some(world) => Ok(world),
        None if organisation::find(tx, tenant).await?.is_some() => Err(Error::NotASandbox),
        None => Err(Error::NotFound),
    }
}

/// A shop that only this sandbox knows; sales there come from its keys.
pub async fn add_shop(tx: &mut Tx, actor: &Actor, now: Timestamp, tenant: OrganisationId, new: &NewShop) -> Result<Shop, Error> {
    let world = changed(tx, actor, tenant).await?;
    let (_, shops, _): (i64, i64, i64) = tx.query(COUNTS).bind(world.id).one().await?;
    if shops >= SHOPS_MAX {
        return Err(Error::SandboxFull);
    }
    // A distributor's code names a real shop.
    let id = shop::insert(tx, now, &NewShop { distributor_code: None, ..new.clone() }).await?;
    tx.query(MARK_SHOP).bind(id).bind(world.id).execute().await?;
    tx.query(BUMP).bind(now).execute().await?;
    audit::record(tx, actor, now, "sandbox.shop_added", id, None, None, None).await?;
    shop::get(tx, id).await
}

/// A consumer whom only this sandbox knows: no name, no telephone. Its card is `loyalty`'s to make.
pub async fn add_consumer(tx: &mut Tx, actor: &Actor, now: Timestamp, tenant: OrganisationId, adult: bool) -> Result<ConsumerId, Error> {
    let world = changed(tx, actor, tenant).await?;
    let Organisation { country, .. } = organisation::get(tx, tenant).await?;
    let (_, _, cards): (i64, i64, i64) = tx.query(COUNTS).bind(world.id).one().await?;
    if cards >= CARDS_MAX {
        return Err(Error::SandboxFull);
    }
    // Not anonymous: whoever has no person yet could be claimed by a real one.
    let consumer: ConsumerId = tx.new_id();
    tx.query(INSERT_CONSUMER).bind(consumer).bind(country).bind(adult).bind(now).execute().await?;
    tx.query(MARK_CONSUMER).bind(consumer).bind(world.id).execute().await?;
    Ok(consumer)
}

/// A new brand of a sandbox is of its world; one of anybody else is of none.
pub(crate) async fn adopt(tx: &mut Tx, tenant: OrganisationId, brand: BrandId) -> Result<(), Error> {
    let Some(world) = world_of(tx, tenant).await? else {
        return Ok(());
    };
    let (brands, ..): (i64, i64, i64) = tx.query(COUNTS).bind(world).one().await?;
    if brands >= BRANDS_MAX {
        return Err(Error::SandboxFull);
    }
    tx.query(ADOPT).bind(world).bind(brand).execute().await?;
    Ok(())
}

/// A sandbox begins anew: from this instant its old cards, shops and brands are of no use, and brands of the same names
/// have nothing yet. `confirmation` is its name, typed. Never a tenant that is none; one reset at a time.
pub async fn reset(tx: &mut Tx, actor: &Actor, now: Timestamp, tenant: OrganisationId, confirmation: &str) -> Result<Sandbox, Error> {
    let world = changed(tx, actor, tenant).await?;
    let Organisation { name, .. } = organisation::get(tx, tenant).await?;
    if confirmation.trim() != name {
        return Err(Error::NameNotTyped);
    }
    let newest: Option<(Timestamp, i64, i64, Option<Timestamp>)> = tx.query(NEWEST_RESET).bind(tenant).maybe().await?;
    if newest.is_some_and(|(.., finished_at)| finished_at.is_none()) {
        return Err(Error::SandboxResetting);
    }
    let (total,): (i64,) = tx.query(TO_DO).bind(world.id).one().await?;
    tx.query(CLOSE).bind(now).bind(world.id).execute().await?;
    let next = open_world(tx, now, tenant, world.number + 1).await?;
    let brands: Vec<(BrandId, String, String)> = tx.query(OPEN_BRANDS).bind(world.id).all().await?;
    for (old, name, colour) in brands {
        let successor: BrandId = tx.new_id();
        tx.query(CLOSE_BRAND).bind(now).bind(old).execute().await?;
        tx.query(SUCCEED).bind(successor).bind(tenant).bind(name).bind(colour).bind(now).bind(next).bind(old).execute().await?;
    }
    let id: SandboxResetId = tx.new_id();
    tx.query(INSERT_RESET).bind(id).bind(tenant).bind(world.id).bind(total).bind(actor.label()).bind(now).execute().await?;
    tx.query(BUMP).bind(now).execute().await?;
    go_on(tx, now, id).await?;
    audit::record(tx, actor, now, "sandbox.reset", tenant, None, Some(json!({ "generation": world.number + 1 })), None).await?;
    get(tx, actor, tenant).await
}

/// The next piece of a reset is a job of its own.
pub async fn go_on(tx: &mut Tx, now: Timestamp, id: SandboxResetId) -> Result<(), Error> {
    let job = NewJob { kind: RESET, lane: Lane::Quick, payload: json!({ "reset_id": id }), run_at: now, dedupe_key: None };
    enqueue(tx, now, job).await?;
    Ok(())
}

/// A program that reports sales reaches the shops of its own world only: a sandbox's key none that is real, and everybody
/// else's none of a sandbox.
pub async fn reaches(tx: &mut Tx, actor: &Actor, shop: ShopId) -> Result<(), Error> {
    let Actor::Key { tenant, .. } = actor else {
        return Ok(());
    };
    let (together,): (bool,) = tx.query(REACHES).bind(shop).bind(*tenant).one().await?;
    if together { Ok(()) } else { Err(Error::NotFound) }
}

/// A consumer and a shop are of one world, or both are real.
pub async fn meet(tx: &mut Tx, consumer: ConsumerId, shop: ShopId) -> Result<bool, Error> {
    Ok(tx.query(MEET).bind(consumer).bind(shop).one::<(bool,)>().await?.0)
}

/// A brand and a shop are of one world, or both are real.
pub(crate) async fn trades(tx: &mut Tx, brand: BrandId, shop: ShopId) -> Result<bool, Error> {
    Ok(tx.query(TRADES).bind(brand).bind(shop).one::<(bool,)>().await?.0)
}

sql! {
    OPEN: "INSERT INTO sandbox_world (id, tenant_id, number, opened_at) VALUES ($1, $2, $3, $4)";

    CLOSE: "UPDATE sandbox_world SET closed_at = $1 WHERE id = $2 AND closed_at IS NULL";

    WORLD: "SELECT id, number, opened_at FROM sandbox_world WHERE tenant_id = $1 AND closed_at IS NULL";

    TENANTS: "SELECT tenant_id FROM sandbox_world WHERE closed_at IS NULL ORDER BY tenant_id LIMIT 100";

    COUNTS: "SELECT (SELECT COUNT(*) FROM brand b WHERE b.world_id = $1 AND b.closed_at IS NULL),
                    (SELECT COUNT(*) FROM sandbox_shop s WHERE s.world_id = $1),
                    (SELECT COUNT(*) FROM sandbox_consumer c WHERE c.world_id = $1)";

    /// Cards, products and shops.
    TO_DO: "SELECT CAST((SELECT COUNT(*) FROM sandbox_consumer c WHERE c.world_id = $1)
                 + (SELECT COUNT(*) FROM product p JOIN brand b ON b.id = p.brand_id WHERE b.world_id = $1)
                 + (SELECT COUNT(*) FROM sandbox_shop s WHERE s.world_id = $1) AS BIGINT)";

    MARK_SHOP: "INSERT INTO sandbox_shop (shop_id, world_id) VALUES ($1, $2)";

    INSERT_CONSUMER: "INSERT INTO consumer (id, country, adult, anonymous, created_at) VALUES ($1, $2, $3, FALSE, $4)";

    MARK_CONSUMER: "INSERT INTO sandbox_consumer (consumer_id, world_id) VALUES ($1, $2)";

    ADOPT: "UPDATE brand SET world_id = $1 WHERE id = $2 AND world_id IS NULL";

    OPEN_BRANDS: "SELECT id, name, colour FROM brand WHERE world_id = $1 AND closed_at IS NULL ORDER BY created_at, id";

    CLOSE_BRAND: "UPDATE brand SET closed_at = $1 WHERE id = $2";

    SUCCEED: "INSERT INTO brand (id, tenant_id, name, colour, created_at, world_id, succeeds) VALUES ($1, $2, $3, $4, $5, $6, $7)";

    INSERT_RESET: "INSERT INTO sandbox_reset (id, tenant_id, world_id, done, total, requested_by, requested_at) VALUES ($1, $2, $3, 0, $4, $5, $6)";

    NEWEST_RESET: "SELECT requested_at, done, total, finished_at FROM sandbox_reset WHERE tenant_id = $1 ORDER BY requested_at DESC, id DESC LIMIT 1";

    BUMP: "UPDATE epoch SET value = CASE WHEN value >= $1 THEN value + 1 ELSE $1 END WHERE name = 'rules'";

    REACHES: "SELECT (SELECT s.world_id FROM sandbox_shop s WHERE s.shop_id = $1)
                     IS NOT DISTINCT FROM (SELECT w.id FROM sandbox_world w WHERE w.tenant_id = $2 AND w.closed_at IS NULL)";

    MEET: "SELECT (SELECT c.world_id FROM sandbox_consumer c WHERE c.consumer_id = $1)
                  IS NOT DISTINCT FROM (SELECT s.world_id FROM sandbox_shop s WHERE s.shop_id = $2)";

    TRADES: "SELECT (SELECT b.world_id FROM brand b WHERE b.id = $1)
                    IS NOT DISTINCT FROM (SELECT s.world_id FROM sandbox_shop s WHERE s.shop_id = $2)";
}
