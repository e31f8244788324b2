//! Changing when and where a reward is handed over: chosen by date, list, zone and code, looked at beside what holds, confirmed.
//!
//! A change is felt by everybody who holds the reward, and what was promised is never taken back: so nobody makes one
//! without having seen before and after. What is confirmed is exactly what was shown: if somebody else changed the
//! reward meanwhile, it is refused and shown anew.

use std::collections::{BTreeSet, HashMap, HashSet};

use db::{Tx, sql};
use identity::{Actor, participation::Place};
use shared::{
    CivilDate, OrganisationId, RewardId, ShopId, Timestamp,
    loyalty::{Reward, RewardAvailability},
};
use sqlx::types::Json;

use crate::{Error, reward};

/// Codes of shops that one choice may hold.
pub const CODES_MAX: usize = RewardAvailability::SHOPS_MAX;
/// Codes without a shop that are told again.
const UNKNOWN_TOLD: usize = 50;

/// What a person of a brand chose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// First local day, included.
    pub from: Option<CivilDate>,
    /// Last local day, included.
    pub until: Option<CivilDate>,
    /// Every shop; the three lists below say nothing then.
    pub everywhere: bool,
    /// One by one.
    pub shops: Vec<ShopId>,
    /// Every shop that takes part now in one of these zones.
    pub zones: Vec<String>,
    /// Distributors' codes of shops that take part now; at most [`CODES_MAX`].
    pub codes: Vec<String>,
}

/// What a choice comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    availability: RewardAvailability,
    /// Codes that are of no shop that takes part.
    unknown: Vec<String>,
}

/// A change that waits for its person to confirm it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What holds.
    pub before: RewardAvailability,
    /// What would.
    pub after: RewardAvailability,
    /// Codes that are of no shop that takes part; at most 50 are told.
    pub unknown: Vec<String>,
    /// Which change this is: [`confirm`] is told it.
    pub proposed_at: Timestamp,
}

impl Change {
    /// Nothing would be another.
    pub fn is_nothing(&self) -> bool {
        self.before == self.after
    }
    /// Shops that would begin to hand it over, where both sides are lists.
    pub fn added(&self) -> Vec<ShopId> {
        missing_in(&self.before.shops, &self.after.shops)
    }
    /// Shops that would hand it over no more, where both sides are lists.
    pub fn removed(&self) -> Vec<ShopId> {
        missing_in(&self.after.shops, &self.before.shops)
    }
}

/// Those of `these` that are not in `list`; nothing where one of both means every shop.
fn missing_in(list: &[ShopId], these: &[ShopId]) -> Vec<ShopId> {
    if list.is_empty() || these.is_empty() {
        return Vec::new();
    }
    let known: HashSet<&ShopId> = list.iter().collect();
    these.iter().filter(|shop| !known.contains(shop)).copied().collect()
}

/// Works out which shops a choice means. It looks at every shop that takes part, so it only reads; `places` are theirs.
///
/// Shops that were promised stay. Without any shop: [`Error::Field`], because no shop at all would mean all of them.
pub fn choose(before: &Reward, promised: bool, places: &[Place], choice: &Choice) -> Result<Chosen, Error> {
    if choice.codes.len() > CODES_MAX {
        return Err(Error::Field("codes"));
    }
    let (mut shops, mut unknown) = (BTreeSet::new(), Vec::new());
    if !choice.everywhere {
        let by_code: HashMap<&str, ShopId> =
            places.iter().filter_map(|place| Some((place.distributor_code.as_deref()?, place.shop_id))).collect();
        shops.extend(choice.shops.iter().copied());
        shops.extend(places.iter().filter(|place| !place.zone.is_empty() && choice.zones.contains(&place.zone)).map(|place| place.shop_id));
        for code in &choice.codes {
            match by_code.get(code.as_str()) {
                Some(shop) => drop(shops.insert(*shop)),
                None => unknown.push(code.clone()),
            }
        }
        if promised {
            shops.extend(before.availability.shops.iter().copied());
        }
        if shops.is_empty() {
            return Err(Error::Field(if unknown.is_empty() { "shops" } else { "codes" }));
        }
    }
    unknown.truncate(UNKNOWN_TOLD);
    let mut shops: Vec<ShopId> = shops.into_iter().collect();
    // The same shops in another order are no change.
    if shops.len() == before.availability.shops.len() && missing_in(&shops, &before.availability.shops).is_empty() {
        shops.clone_from(&before.availability.shops);
    }
    Ok(Chosen { availability: RewardAvailability { from: choice.from, until: choice.until, shops }, unknown })
}

/// Keeps a choice until its person confirms it. Nothing changes for anybody; her earlier one is forgotten.
pub async fn propose(tx: &mut Tx, actor: &Actor, now: Timestamp, id: RewardId, chosen: &Chosen) -> Result<(), Error> {
    let (before, tenant) = managed(tx, actor, id).await?;
    let user = actor.user()?;
    reward::check_availability(tx, tenant, &before, &chosen.availability).await?;
    tx.query(PROPOSE)
        .bind(id)
        .bind(user)
        .bind(tenant)
        .bind(Json(before.availability))
        .bind(Json(chosen.availability.clone()))
        .bind(Json(chosen.unknown.clone()))
        .bind(now)
        .execute()
        .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Row {
    held_before: Json<RewardAvailability>,
    proposed: Json<RewardAvailability>,
    unknown: Json<Vec<String>>,
    proposed_at: Timestamp,
    applied_at: Option<Timestamp>,
}

/// What the actor is about to change of a reward. `None`: nothing waits.
pub async fn proposed(tx: &mut Tx, actor: &Actor, id: RewardId) -> Result<Option<Change>, Error> {
    let (_, tenant) = managed(tx, actor, id).await?;
    let row = tx.query(PROPOSED).bind(id).bind(actor.user()?).bind(tenant).maybe::<Row>().await?;
    Ok(row.filter(|row| row.applied_at.is_none()).map(|row| Change {
        before: row.held_before.0,
        after: row.proposed.0,
        unknown: row.unknown.0,
        proposed_at: row.proposed_at,
    }))
}

/// Makes the change that the actor was shown, the one of `proposed_at`. Again: the reward as it is, and nothing happens.
///
/// [`Error::HandoverChanged`]: somebody else changed it meanwhile, so what was shown as *before* is not true any more; or she
/// herself chose anew, on another page than this one.
pub async fn confirm(tx: &mut Tx, actor: &Actor, now: Timestamp, id: RewardId, proposed_at: Timestamp) -> Result<Reward, Error> {
    let (_, tenant) = managed(tx, actor, id).await?;
    let user = actor.user()?;
    tx.lock(id.lock_key()).await?;
    let current = reward::get(tx, actor, id).await?;
    let row: Row = tx.query(PROPOSED).bind(id).bind(user).bind(tenant).maybe().await?.ok_or(Error::NotFound)?;
    if row.proposed_at != proposed_at {
        return Err(Error::HandoverChanged);
    }
    if row.applied_at.is_some() {
        return Ok(current);
    }
    if current.availability != row.held_before.0 {
        return Err(Error::HandoverChanged);
    }
    let changed = reward::set_availability(tx, actor, now, id, &row.proposed.0).await?;
    tx.query(APPLIED).bind(now).bind(id).bind(user).bind(tenant).execute().await?;
    Ok(changed)
}

/// The reward and its owner, if the actor may change it.
async fn managed(tx: &mut Tx, actor: &Actor, id: RewardId) -> Result<(Reward, OrganisationId), Error> {
    let found = reward::get(tx, actor, id).await?;
    let tenant = reward::owned_brand(tx, actor, found.brand_id).await?.organisation_id;
    Ok((found, tenant))
}

sql! {
    PROPOSE: "INSERT INTO reward_handover_change (reward_id, user_id, tenant_id, held_before, proposed, unknown, proposed_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
              ON CONFLICT (reward_id, user_id) DO UPDATE SET held_before = excluded.held_before, proposed = excluded.proposed, unknown = excluded.unknown,
                                                            proposed_at = excluded.proposed_at, applied_at = NULL";

    PROPOSED: "SELECT held_before, proposed, unknown, proposed_at, applied_at FROM reward_handover_change WHERE reward_id = $1 AND user_id = $2 AND tenant_id = $3";

    APPLIED: "UPDATE reward_handover_change SET applied_at = $1 WHERE reward_id = $2 AND user_id = $3 AND tenant_id = $4";
}
