//! Which shops take part in what a brand does, and since when.
//!
//! A report's share of active shops is only as honest as this list: a shop is on it because somebody put it there, never
//! because it sold something.

use db::{Tx, sql};
use shared::{BrandId, OrganisationId, ShopId, Timestamp};

use crate::{Actor, Error, audit, organisation, shop};

/// Shops of one request, at most.
pub const SHOPS_MAX: usize = 500;

/// A shop that takes part.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Participant {
    /// The shop.
    pub shop_id: ShopId,
    /// Its name.
    pub name: String,
    /// Since when.
    pub enrolled_at: Timestamp,
}

/// The brand's owner, or not found: a stranger's brand does not exist.
async fn owner(tx: &mut Tx, brand: BrandId) -> Result<OrganisationId, Error> {
    Ok(organisation::find_brand(tx, brand).await?.ok_or(Error::NotFound)?.organisation_id)
}

/// Shops begin to take part now, on the date of each one's own clock; those that do already stay as they are.
///
/// Returns how many began. An unknown shop refuses them all.
pub async fn enrol(tx: &mut Tx, actor: &Actor, now: Timestamp, brand: BrandId, shops: &[ShopId]) -> Result<u64, Error> {
    if *actor == Actor::Anonymous {
        return Err(Error::Unauthorized);
    }
    let tenant = owner(tx, brand).await?;
    actor.manages(tenant)?;
    if shops.is_empty() || shops.len() > SHOPS_MAX {
        return Err(Error::Field("shop_ids"));
    }
    tx.lock(brand.lock_key()).await?;
    let mut began = 0;
    for id in shops {
        let known =
            shop::get(tx, *id).await.map_err(|error| if matches!(error, Error::NotFound) { Error::Field("shop_ids") } else { error })?;
        if !crate::sandbox::trades(tx, brand, *id).await? {
            return Err(Error::Field("shop_ids"));
        }
        began +=
            tx.query(ENROL).bind(brand).bind(tenant).bind(*id).bind(now).bind(shop::local_date(&known.time_zone, now)).execute().await?;
    }
    audit::record(tx, actor, now, "brand.shops_enrolled", brand, None, Some(serde_json::json!(shops)), None).await?;
    Ok(began)
}

/// A shop takes part no longer. It stays in the reports of the time in which it did.
pub async fn withdraw(tx: &mut Tx, actor: &Actor, now: Timestamp, brand: BrandId, id: ShopId) -> Result<(), Error> {
    if *actor == Actor::Anonymous {
        return Err(Error::Unauthorized);
    }
    let tenant = owner(tx, brand).await?;
    actor.manages(tenant)?;
    let known = shop::get(tx, id).await?;
    let date = shop::local_date(&known.time_zone, now);
    if tx.query(WITHDRAW).bind(now).bind(date).bind(brand).bind(tenant).bind(id).execute().await? != 1 {
        return Err(Error::NotFound);
    }
    audit::record(tx, actor, now, "brand.shop_withdrawn", brand, None, Some(serde_json::json!(id)), None).await
}

/// Shops that take part now, by name; at most 1 000.
pub async fn list(tx: &mut Tx, actor: &Actor, brand: BrandId) -> Result<Vec<Participant>, Error> {
    if *actor == Actor::Anonymous {
        return Err(Error::Unauthorized);
    }
    let tenant = owner(tx, brand).await?;
    actor.reads(tenant)?;
    Ok(tx.query(LIST).bind(brand).bind(tenant).all().await?)
}

/// Where a shop is that takes part.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Place {
    /// The shop.
    pub shop_id: ShopId,
    /// Its name.
    pub name: String,
    /// Its zone; may be empty.
    pub zone: String,
    /// The distributor's name for it.
    pub distributor_code: Option<String>,
}

/// Where all shops are that take part now, by name; at most 20 000. A long read: not inside a transaction that writes.
pub async fn places(tx: &mut Tx, actor: &Actor, brand: BrandId) -> Result<Vec<Place>, Error> {
    if *actor == Actor::Anonymous {
        return Err(Error::Unauthorized);
    }
    let tenant = owner(tx, brand).await?;
    actor.reads(tenant)?;
    Ok(tx.query(PLACES).bind(brand).bind(tenant).all().await?)
}

/// Which shops take part now, for a verb that has asked already who may; at most 20 000.
pub async fn ids(tx: &mut Tx, brand: BrandId, tenant: OrganisationId) -> Result<Vec<ShopId>, Error> {
    Ok(tx.query(IDS).bind(brand).bind(tenant).all::<(ShopId,)>().await?.into_iter().map(|(shop,)| shop).collect())
}

/// Zones of the shops that take part now, each once; at most 200.
pub async fn zones(tx: &mut Tx, actor: &Actor, brand: BrandId) -> Result<Vec<String>, Error> {
    if *actor == Actor::Anonymous {
        return Err(Error::Unauthorized);
    }
    let tenant = owner(tx, brand).await?;
    actor.reads(tenant)?;
    Ok(tx.query(ZONES).bind(brand).bind(tenant).all::<(String,)>().await?.into_iter().map(|(zone,)| zone).collect())
}

sql! {
    ZONES: "SELECT DISTINCT s.zone FROM shop_brand b JOIN shop s ON s.id = b.shop_id
            WHERE b.brand_id = $1 AND b.tenant_id = $2 AND b.left_at IS NULL AND s.zone <> '' ORDER BY s.zone LIMIT 200";

    PLACES: "SELECT b.shop_id, s.name, s.zone, s.distributor_code FROM shop_brand b JOIN shop s ON s.id = b.shop_id
             WHERE b.brand_id = $1 AND b.tenant_id = $2 AND b.left_at IS NULL ORDER BY s.search_key, s.id LIMIT 20000";

    IDS: "SELECT shop_id FROM shop_brand WHERE brand_id = $1 AND tenant_id = $2 AND left_at IS NULL LIMIT 20000";

    /// No row: the shop takes part already.
    ENROL: "INSERT INTO shop_brand (brand_id, tenant_id, shop_id, enrolled_at, enrolled_date) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";

    WITHDRAW: "UPDATE shop_brand SET left_at = $1, left_date = $2 WHERE brand_id = $3 AND tenant_id = $4 AND shop_id = $5 AND left_at IS NULL";

    LIST: "SELECT b.shop_id, s.name, b.enrolled_at FROM shop_brand b JOIN shop s ON s.id = b.shop_id
           WHERE b.brand_id = $1 AND b.tenant_id = $2 AND b.left_at IS NULL ORDER BY s.search_key, s.id LIMIT 1000";
}
