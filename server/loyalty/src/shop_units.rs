//! Rewards at the counter: what a shop has none of, and units that a brand gave it.
//!
//! A shop without a row has as many units as it needs. With one, handing over takes a unit by a conditional update, so
//! the last one is handed over once; every change is an entry, and `verify` adds them up.

use db::{Tx, sql};
use identity::{Actor, audit};
use jobs::outbox::{self, NewEvent};
use serde_json::json;
use shared::{
    BrandId, EntryId, OrganisationId, RewardId, RewardInstanceId, ShopId, Timestamp,
    loyalty::{
        RewardStatus,
        counter::{Incident, IncidentCount, NewIncident, NewShopUnits, ShopUnits},
    },
    time::DAY_MS,
};

use crate::{Error, reward};

/// How far back a brand sees incidents.
const DAYS_SHOWN: i64 = 30;
/// Units that are given at once, at most.
const UNITS_MAX: i64 = 1_000_000;

/// The shop has none: the reward stays valid elsewhere and the brand is told. Again on the same day it changes nothing.
pub async fn report_none(tx: &mut Tx, actor: &Actor, now: Timestamp, new: &NewIncident) -> Result<Incident, Error> {
    let (member, shop, _) = actor.member()?;
    let asked = reward::asked_for(tx, &new.code).await?;
    if !matches!(asked.status, RewardStatus::Issued | RewardStatus::Reserved) {
        return Err(Error::NotDeliverable);
    }
    let zone = identity::shop::get(tx, shop).await?.time_zone;
    let date = identity::shop::local_date(&zone, now);
    let id: EntryId = tx.new_id();
    let rows = tx
        .query(INSERT_INCIDENT)
        .bind(id)
        .bind(asked.reward)
        .bind(asked.tenant)
        .bind(asked.brand)
        .bind(shop)
        .bind(member)
        .bind(now)
        .bind(date)
        .execute()
        .await?;
    if rows == 1 {
        let payload = json!({ "reward_id": asked.reward, "shop_id": shop, "business_date": date });
        outbox::publish(tx, now, NewEvent { topic: "loyalty.reward_missing", key: asked.reward.to_string(), payload }).await?;
        audit::record(tx, actor, now, "reward.missing", asked.reward, None, None, None).await?;
        tx.announce(format!("brand:{}", asked.brand));
    }
    Ok(Incident { reward_id: asked.reward, reward_name: asked.reward_name, brand_name: asked.brand_name, business_date: date })
}

#[derive(sqlx::FromRow)]
struct CountRow {
    reward_id: RewardId,
    reward_name: String,
    shop_id: ShopId,
    shop_name: String,
    days: i64,
    last_at: Timestamp,
}

/// Where rewards of a tenant were missing in the last days, the most often first; at most 200.
pub async fn incidents(tx: &mut Tx, actor: &Actor, tenant: OrganisationId, now: Timestamp) -> Result<Vec<IncidentCount>, Error> {
    actor.reads(tenant)?;
    let rows: Vec<CountRow> = tx.query(INCIDENTS).bind(tenant).bind(now.plus_ms(-DAYS_SHOWN * DAY_MS)).all().await?;
    let told = |row: CountRow| IncidentCount {
        reward_id: row.reward_id,
        reward_name: row.reward_name,
        shop_id: row.shop_id,
        shop_name: row.shop_name,
        days: row.days,
        last_at: row.last_at,
    };
    Ok(rows.into_iter().map(told).collect())
}

#[derive(sqlx::FromRow)]
struct UnitsRow {
    reward_id: RewardId,
    reward_name: String,
    shop_id: ShopId,
    shop_name: String,
    units_left: i64,
}

impl From<UnitsRow> for ShopUnits {
    fn from(row: UnitsRow) -> Self {
        Self {
            reward_id: row.reward_id,
            reward_name: row.reward_name,
            shop_id: row.shop_id,
            shop_name: row.shop_name,
            units_left: row.units_left,
        }
    }
}

/// Units at shops of all rewards of a tenant, what runs out first at the top; at most 500.
pub async fn of_tenant(tx: &mut Tx, actor: &Actor, tenant: OrganisationId) -> Result<Vec<ShopUnits>, Error> {
    actor.reads(tenant)?;
    Ok(tx.query(OF_TENANT).bind(tenant).all::<UnitsRow>().await?.into_iter().map(ShopUnits::from).collect())
}

/// The brand gives a shop units, or takes some back that are there.
pub async fn give(tx: &mut Tx, actor: &Actor, now: Timestamp, id: RewardId, new: &NewShopUnits) -> Result<ShopUnits, Error> {
    let of = reward::get(tx, actor, id).await?;
    let tenant = reward::owned_brand(tx, actor, of.brand_id).await?.organisation_id;
    if new.units == 0 || new.units.abs() > UNITS_MAX {
        return Err(Error::Field("units"));
    }
    let known: Option<(ShopId,)> = tx.query(SHOP).bind(new.shop_id).maybe().await?;
    known.ok_or(Error::Field("shop_id"))?;
    if new.units > 0 {
        tx.query(GIVE).bind(id).bind(new.shop_id).bind(tenant).bind(new.units).execute().await?;
    } else if tx.query(TAKE).bind(-new.units).bind(id).bind(new.shop_id).bind(tenant).execute().await? == 0 {
        return Err(Error::OutOfStock);
    }
    record(tx, actor, now, (id, new.shop_id, tenant), None, new.units).await?;
    audit::record(tx, actor, now, "reward.shop_units", id, None, Some(json!({ "shop_id": new.shop_id, "units": new.units })), None).await?;
    Ok(tx.query(ONE).bind(id).bind(new.shop_id).one::<UnitsRow>().await?.into())
}

type Place = (RewardId, ShopId, OrganisationId);

/// One is handed over. [`Error::NoneAtShop`] when the shop's last one is gone.
pub(crate) async fn hand_over(tx: &mut Tx, actor: &Actor, now: Timestamp, place: Place, instance: RewardInstanceId) -> Result<(), Error> {
    let (reward, shop, tenant) = place;
    if tx.query(TAKE).bind(1_i64).bind(reward).bind(shop).bind(tenant).execute().await? == 1 {
        return record(tx, actor, now, place, Some(instance), -1).await;
    }
    let counted: Option<(i64,)> = tx.query(COUNTED).bind(reward).bind(shop).maybe().await?;
    if counted.is_some() { Err(Error::NoneAtShop) } else { Ok(()) }
}

/// [`Error::NoneAtShop`] when the shop's last counted one is gone.
pub(crate) async fn has_one(tx: &mut Tx, reward: RewardId, shop: ShopId) -> Result<(), Error> {
    match tx.query(COUNTED).bind(reward).bind(shop).maybe::<(i64,)>().await? {
        Some((left,)) if left < 1 => Err(Error::NoneAtShop),
        _ => Ok(()),
    }
}

/// It was a mistake: the unit is back at the shop, if it was counted there.
pub(crate) async fn take_back(tx: &mut Tx, actor: &Actor, now: Timestamp, place: Place, instance: RewardInstanceId) -> Result<(), Error> {
    let (reward, shop, tenant) = place;
    let (out,): (i64,) = tx.query(OUT).bind(instance).bind(shop).one().await?;
    if out < 0 {
        tx.query(GIVE).bind(reward).bind(shop).bind(tenant).bind(1_i64).execute().await?;
        record(tx, actor, now, place, Some(instance), 1).await?;
    }
    Ok(())
}

async fn record(
    tx: &mut Tx,
    actor: &Actor,
    now: Timestamp,
    (reward, shop, tenant): Place,
    instance: Option<RewardInstanceId>,
    units: i64,
) -> Result<(), Error> {
    let id: EntryId = tx.new_id();
    tx.query(RECORD)
        .bind(id)
        .bind(reward)
        .bind(shop)
        .bind(tenant)
        .bind(instance)
        .bind(units)
        .bind(now)
        .bind(actor.label())
        .execute()
        .await?;
    Ok(())
}

/// A reward that somebody asks for, by its code.
pub(crate) struct Asked {
    pub reward: RewardId,
    pub reward_name: String,
    pub tenant: OrganisationId,
    pub brand: BrandId,
    pub brand_name: String,
    pub status: RewardStatus,
}

sql! {
    INSERT_INCIDENT: "INSERT INTO reward_incident (id, reward_id, tenant_id, brand_id, shop_id, member_id, recorded_at, business_date)
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";

    INCIDENTS: "SELECT i.reward_id, r.name AS reward_name, i.shop_id, s.name AS shop_name, COUNT(*) AS days, MAX(i.recorded_at) AS last_at
                FROM reward_incident i JOIN reward r ON r.id = i.reward_id JOIN shop s ON s.id = i.shop_id
                WHERE i.tenant_id = $1 AND i.recorded_at >= $2
                GROUP BY i.reward_id, r.name, i.shop_id, s.name ORDER BY days DESC, last_at DESC, i.shop_id LIMIT 200";

    OF_TENANT: "SELECT k.reward_id, r.name AS reward_name, k.shop_id, s.name AS shop_name, k.units_left
                FROM reward_shop_stock k JOIN reward r ON r.id = k.reward_id JOIN shop s ON s.id = k.shop_id
                WHERE k.tenant_id = $1 ORDER BY k.units_left, s.name, k.shop_id, k.reward_id LIMIT 500";

    ONE: "SELECT k.reward_id, r.name AS reward_name, k.shop_id, s.name AS shop_name, k.units_left
          FROM reward_shop_stock k JOIN reward r ON r.id = k.reward_id JOIN shop s ON s.id = k.shop_id
          WHERE k.reward_id = $1 AND k.shop_id = $2";

    SHOP: "SELECT id FROM shop WHERE id = $1";

    GIVE: "INSERT INTO reward_shop_stock (reward_id, shop_id, tenant_id, units_left) VALUES ($1, $2, $3, $4)
           ON CONFLICT (reward_id, shop_id) DO UPDATE SET units_left = reward_shop_stock.units_left + excluded.units_left";

    /// No row: fewer are left.
    TAKE: "UPDATE reward_shop_stock SET units_left = units_left - $1 WHERE reward_id = $2 AND shop_id = $3 AND tenant_id = $4 AND units_left >= $1";

    COUNTED: "SELECT units_left FROM reward_shop_stock WHERE reward_id = $1 AND shop_id = $2";

    OUT: "SELECT CAST(COALESCE(SUM(units), 0) AS BIGINT) FROM reward_shop_stock_entry WHERE reward_instance_id = $1 AND shop_id = $2";

    RECORD: "INSERT INTO reward_shop_stock_entry (id, reward_id, shop_id, tenant_id, reward_instance_id, units, recorded_at, recorded_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
}
