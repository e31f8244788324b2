//! Phones that sign captures: the key is made in the browser and never leaves it.

use db::{Tx, sql};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use shared::{
    Currency, DeviceId, MemberId, ShopId, Timestamp,
    identity::{Device, MemberRole},
};

use crate::{Actor, Error, audit};

/// Phones of one shop that may sign at the same time.
pub const DEVICES_MAX: i64 = 20;

/// A device as a capture needs it, with its shop, in one statement.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct SigningDevice {
    /// The device.
    pub device: DeviceId,
    /// Whose.
    pub member: MemberId,
    /// Where.
    pub shop: ShopId,
    /// Owner or cashier.
    pub role: MemberRole,
    /// 65 bytes, uncompressed.
    pub public_key: Vec<u8>,
    /// The shop's money.
    pub currency: Currency,
    /// The shop's zone.
    pub time_zone: String,
    /// From then on nothing it signs counts.
    pub revoked_at: Option<Timestamp>,
    /// The number of the rules in force, read along the way.
    pub epoch: i64,
}

/// The device and everything around it; `None` for an unknown one.
pub async fn find_signing(tx: &mut Tx, device: DeviceId) -> Result<Option<SigningDevice>, Error> {
    Ok(tx.query(FIND_SIGNING).bind(device).maybe().await?)
}

/// ECDSA on P-256 with SHA-256; the signature is r‖s, 64 bytes, as WebCrypto makes it.
pub fn verify(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public_key).verify(message, signature).is_ok()
}

/// Enrols the phone of the actor's session. The same key again is the same device.
///
/// `proof` is the phone's signature over the key itself: only a real point with its private half can give it.
pub async fn enrol(tx: &mut Tx, actor: &Actor, now: Timestamp, public_key: &[u8], proof: &[u8], name: &str) -> Result<DeviceId, Error> {
    let Actor::Member { member, shop, session, .. } = actor else {
        return actor.member().and(Err(Error::Forbidden));
    };
    if public_key.len() != 65 || public_key.first() != Some(&4) || !verify(public_key, public_key, proof) {
        return Err(Error::BadPublicKey);
    }
    let known: Option<(DeviceId, MemberId)> = tx.query(BY_KEY).bind(public_key.to_vec()).bind(*shop).maybe().await?;
    let device = match known {
        Some((device, owner)) if owner == *member => device,
        Some(_) => return Err(Error::Taken("public_key")),
        None => {
            let (live,): (i64,) = tx.query(COUNT).bind(*shop).one().await?;
            if live >= DEVICES_MAX {
                return Err(Error::Field("device"));
            }
            let device: DeviceId = tx.new_id();
            let name: String = name.trim().chars().filter(|c| !c.is_control()).take(60).collect();
            tx.query(INSERT)
                .bind(device)
                .bind(*shop)
                .bind(*member)
                .bind(public_key.to_vec())
                .bind(name)
                .bind(now)
                .execute()
                .await
                .map_err(|error| match error {
                    db::Error::Unique => Error::Taken("public_key"),
                    other => other.into(),
                })?;
            audit::record(tx, actor, now, "device.enrolled", device, None, None, None).await?;
            device
        }
    };
    tx.query(BIND_SESSION).bind(device).bind(*session).execute().await?;
    Ok(device)
}

/// An owner takes a phone's right away; at once for everything that arrives from now on.
pub async fn revoke(tx: &mut Tx, actor: &Actor, now: Timestamp, device: DeviceId) -> Result<(), Error> {
    let (member, shop) = actor.owner()?;
    let rows = tx.query(REVOKE).bind(now).bind(member).bind(device).bind(shop).execute().await?;
    if rows == 1 {
        return audit::record(tx, actor, now, "device.revoked", device, None, None, None).await;
    }
    // Revoked before is as good; another shop's device does not exist here.
    let mine: Option<(DeviceId,)> = tx.query(OF_SHOP).bind(device).bind(shop).maybe().await?;
    mine.map(|_| ()).ok_or(Error::NotFound)
}

/// The phones of the actor's shop, newest first.
pub async fn list(tx: &mut Tx, actor: &Actor) -> Result<Vec<Device>, Error> {
    let (_, shop) = actor.owner()?;
    Ok(tx.query(LIST).bind(shop).all().await?)
}

sql! {
    FIND_SIGNING: "SELECT d.id AS device, d.member_id AS member, d.shop_id AS shop, m.role, d.public_key, s.currency, s.time_zone, d.revoked_at,
                          (SELECT value FROM epoch WHERE name = 'rules') AS epoch
                   FROM device d JOIN shop_member m ON m.id = d.member_id JOIN shop s ON s.id = d.shop_id
                   WHERE d.id = $1";

    BY_KEY: "SELECT id, member_id FROM device WHERE public_key = $1 AND shop_id = $2";

    COUNT: "SELECT COUNT(*) FROM device WHERE shop_id = $1 AND revoked_at IS NULL";

    INSERT: "INSERT INTO device (id, shop_id, member_id, public_key, name, enrolled_at) VALUES ($1, $2, $3, $4, $5, $6)";

    BIND_SESSION: "UPDATE session SET device_id = $1 WHERE id = $2";

    REVOKE: "UPDATE device SET revoked_at = $1, revoked_by = $2 WHERE id = $3 AND shop_id = $4 AND revoked_at IS NULL";

    OF_SHOP: "SELECT id FROM device WHERE id = $1 AND shop_id = $2";

    LIST: "SELECT d.id, d.member_id, m.name AS member_name, d.name, d.enrolled_at, d.revoked_at
           FROM device d JOIN shop_member m ON m.id = d.member_id WHERE d.shop_id = $1 ORDER BY d.enrolled_at DESC, d.id DESC LIMIT 100";
}
