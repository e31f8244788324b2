//! Shop goals: what neighbours buy at one shop adds up, and when it is enough each who took part gets a reward.
//!
//! A goal belongs to a campaign and is fixed when that is published. Units count of purchases that earned something in the
//! campaign, so its dates, limits and reviews hold for the goal, too; of one person only so many, and different people are
//! counted. What comes back is taken off again.
//!
//! Whether a goal is reached follows from its sums, and who gets the reward from that: it is given, or taken back while it
//! was not handed over, under the lock of its own consumer whenever her account is brought up to now ([`crate::settle`]).
//! So no purchase waits for the account of a neighbour, and a reward never depends on a job.
//!
//! - a share is changed under its consumer's lock, and the shop's sum by adding the difference in the same transaction
//! - what less than [`K_ANONYMITY`] people bought is told to nobody: neither to the brand, nor to one of them, who would know
//!   what the others did by taking hers off
//! - one reward for each person and campaign, whichever of her shops reached it: read and written under her lock

use db::{Db, Tx, sql};
use identity::{Actor, audit, keys::random};
use shared::{
    BrandId, CampaignId, ConsumerId, OrganisationId, RewardId, RewardInstanceId, ShopId, Timestamp, WalletId,
    loyalty::{NeighbourGoal, RewardStatus, ShopGoal, ShopGoalProgress, ShopOfGoal},
    reports::K_ANONYMITY,
};

use crate::{Error, campaign, reward, settle};

/// Shops that one look reads at most.
const SHOPS_MAX: i64 = 50;

/// Sets the goal of a campaign that was never published. Whoever was asked to review has to be asked again.
pub async fn set(tx: &mut Tx, actor: &Actor, now: Timestamp, id: CampaignId, goal: &ShopGoal) -> Result<ShopGoalProgress, Error> {
    let campaign = open(tx, actor, now, id).await?;
    if let Some(field) = goal.wrong() {
        return Err(Error::Field(field));
    }
    if !reward::belongs_to(tx, goal.reward_id, campaign.brand_id).await? {
        return Err(Error::Field("reward_id"));
    }
    // Nobody knows how many will take part: what is given away must have an end.
    if reward::get_at(tx, actor, now, goal.reward_id).await?.stock_left.is_none_or(|left| left < 1) {
        return Err(Error::Field("reward_id"));
    }
    tx.query(SET)
        .bind(id)
        .bind(campaign.organisation_id)
        .bind(campaign.brand_id)
        .bind(goal.reward_id)
        .bind(goal.target_units)
        .bind(goal.consumers_min)
        .bind(goal.per_consumer_max)
        .bind(now)
        .execute()
        .await?;
    campaign::unasked(tx, &campaign).await?;
    audit::record(tx, actor, now, "campaign.goal_set", id, None, serde_json::to_value(goal).ok(), None).await?;
    progress(tx, actor, now, id).await
}

/// Takes the goal of a campaign away that was never published. None there: nothing changes.
pub async fn clear(tx: &mut Tx, actor: &Actor, now: Timestamp, id: CampaignId) -> Result<(), Error> {
    let campaign = open(tx, actor, now, id).await?;
    if tx.query(CLEAR).bind(id).bind(campaign.organisation_id).execute().await? == 1 {
        campaign::unasked(tx, &campaign).await?;
        audit::record(tx, actor, now, "campaign.goal_cleared", id, None, None, None).await?;
    }
    Ok(())
}

/// The campaign, when its goal can still change.
async fn open(tx: &mut Tx, actor: &Actor, now: Timestamp, id: CampaignId) -> Result<shared::loyalty::Campaign, Error> {
    let campaign = campaign::get(tx, actor, now, id).await?;
    actor.manages(campaign.organisation_id)?;
    tx.lock(id.lock_key()).await?;
    let campaign = campaign::get(tx, actor, now, id).await?;
    if campaign.version > 0 { Err(Error::AlreadyPublished) } else { Ok(campaign) }
}

#[derive(sqlx::FromRow)]
struct GoalRow {
    reward_id: RewardId,
    target_units: i64,
    consumers_min: i64,
    per_consumer_max: i64,
    reward_name: String,
}

impl GoalRow {
    const fn goal(&self) -> ShopGoal {
        ShopGoal {
            target_units: self.target_units,
            consumers_min: self.consumers_min,
            per_consumer_max: self.per_consumer_max,
            reward_id: self.reward_id,
        }
    }
}

/// The goal of a campaign that was read, with the name of its reward.
pub(crate) async fn of_campaign(tx: &mut Tx, tenant: OrganisationId, id: CampaignId) -> Result<Option<(ShopGoal, String)>, Error> {
    let row = tx.query(GOAL).bind(id).bind(tenant).maybe::<GoalRow>().await?;
    Ok(row.map(|row| (row.goal(), row.reward_name)))
}

/// How it goes, for whoever may read the campaign. [`Error::NotFound`]: it has no goal.
pub async fn progress(tx: &mut Tx, actor: &Actor, now: Timestamp, id: CampaignId) -> Result<ShopGoalProgress, Error> {
    let campaign = campaign::get(tx, actor, now, id).await?;
    let tenant = campaign.organisation_id;
    let (goal, reward_name) = of_campaign(tx, tenant, id).await?.ok_or(Error::NotFound)?;
    let (reached,): (i64,) = tx.query(REACHED).bind(id).bind(tenant).one().await?;
    let shops: Vec<(ShopId, String, i64, i64)> = tx.query(SHOPS).bind(id).bind(tenant).bind(K_ANONYMITY).all().await?;
    let shops = shops.into_iter().map(|(shop_id, shop_name, units, consumers)| {
        let told = consumers == 0 || consumers >= K_ANONYMITY;
        ShopOfGoal {
            shop_id,
            shop_name,
            units: told.then_some(units),
            consumers: told.then_some(consumers),
            reached: goal.is_reached(units, consumers),
        }
    });
    Ok(ShopGoalProgress { goal, reward_name, reached, shops: shops.collect() })
}

#[derive(sqlx::FromRow)]
struct NeighbourRow {
    campaign_id: CampaignId,
    campaign_name: String,
    brand_name: String,
    shop_name: String,
    reward_name: String,
    units: i64,
    target_units: i64,
    consumers: i64,
    consumers_min: i64,
    mine: i64,
    per_consumer_max: i64,
}

/// Goals that the actor takes part in, the nearest to its end first; at most 50.
pub async fn of_consumer(tx: &mut Tx, actor: &Actor) -> Result<Vec<NeighbourGoal>, Error> {
    let rows: Vec<NeighbourRow> = tx.query(NEIGHBOUR).bind(actor.consumer()?).bind(K_ANONYMITY).all().await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.consumers >= K_ANONYMITY, row))
        .map(|(told, row)| NeighbourGoal {
            reached: row.units >= row.target_units && row.consumers >= row.consumers_min,
            campaign_id: row.campaign_id,
            campaign_name: row.campaign_name,
            brand_name: row.brand_name,
            shop_name: row.shop_name,
            reward_name: row.reward_name,
            units: told.then(|| NeighbourGoal::tenths(row.units, row.target_units)),
            target_units: row.target_units,
            consumers: told.then_some(row.consumers),
            consumers_min: row.consumers_min,
            mine: row.mine,
            per_consumer_max: row.per_consumer_max,
        })
        .collect())
}

/// Units that a consumer bought for goals, or gave back: by campaign, more or fewer.
pub(crate) type Moved = (CampaignId, i64);

/// Adds what a consumer bought at a shop, or takes off what came back. The caller holds her lock. `moved` has campaigns
/// with a goal alone, each once.
pub(crate) async fn count(tx: &mut Tx, consumer: ConsumerId, shop: ShopId, moved: &mut [Moved]) -> Result<(), Error> {
    // Sums are taken in one order, so that two neighbours never wait for each other.
    moved.sort_unstable();
    for (campaign, units) in moved.iter().filter(|(_, units)| *units != 0) {
        let (tenant, most): (OrganisationId, i64) = tx.query(MOST).bind(*campaign).one().await?;
        let (bought, counted): (i64, i64) = tx.query(SHARE).bind(*campaign).bind(shop).bind(consumer).maybe().await?.unwrap_or_default();
        let bought = (bought + units).max(0);
        put(tx, Share { campaign: *campaign, shop, consumer, tenant }, bought, counted, bought.min(most)).await?;
    }
    Ok(())
}

/// Whose share of what.
#[derive(Clone, Copy)]
struct Share {
    campaign: CampaignId,
    shop: ShopId,
    consumer: ConsumerId,
    tenant: OrganisationId,
}

/// Writes a share and adds its difference to the shop's sum.
async fn put(tx: &mut Tx, share: Share, bought: i64, before: i64, counted: i64) -> Result<(), Error> {
    let Share { campaign, shop, consumer, tenant } = share;
    tx.query(PUT_SHARE).bind(campaign).bind(shop).bind(consumer).bind(tenant).bind(bought).bind(counted).execute().await?;
    let people = i64::from(counted > 0) - i64::from(before > 0);
    if tx.query(ADD).bind(counted - before).bind(people).bind(campaign).bind(shop).bind(tenant).execute().await? == 0 {
        tx.query(BEGIN).bind(campaign).bind(shop).bind(tenant).execute().await?;
        let rows = tx.query(ADD).bind(counted - before).bind(people).bind(campaign).bind(shop).bind(tenant).execute().await?;
        assert_eq!(rows, 1, "a sum that was just begun is not there");
    }
    Ok(())
}

/// What one brought is the other's now; of one person only so many count. The caller holds both locks.
pub(crate) async fn join(tx: &mut Tx, from: ConsumerId, into: ConsumerId) -> Result<(), Error> {
    let shares: Vec<(CampaignId, ShopId, OrganisationId, i64, i64, i64)> = tx.query(SHARES).bind(from).all().await?;
    for (campaign, shop, tenant, bought, counted, most) in shares {
        put(tx, Share { campaign, shop, consumer: from, tenant }, 0, counted, 0).await?;
        let (mine, before): (i64, i64) = tx.query(SHARE).bind(campaign).bind(shop).bind(into).maybe().await?.unwrap_or_default();
        put(tx, Share { campaign, shop, consumer: into, tenant }, mine + bought, before, (mine + bought).min(most)).await?;
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Standing {
    campaign_id: CampaignId,
    tenant_id: OrganisationId,
    brand_id: BrandId,
    reward_id: RewardId,
    earned: bool,
    waiting: i64,
    delivered: i64,
    wallet_id: Option<WalletId>,
    settled: bool,
}

/// What a consumer's goals ask for.
enum Asked {
    Give,
    TakeBack(i64),
    Nothing,
}

impl Standing {
    const fn asked(&self) -> Asked {
        match (self.earned, self.waiting, self.delivered) {
            // Closed books give nothing any more, and take nothing back.
            _ if self.settled => Asked::Nothing,
            (true, 0, 0) => Asked::Give,
            (true, waiting, delivered) if waiting > 0 && waiting + delivered > 1 => {
                Asked::TakeBack(if delivered > 0 { waiting } else { waiting - 1 })
            }
            (false, waiting, _) if waiting > 0 => Asked::TakeBack(waiting),
            _ => Asked::Nothing,
        }
    }
}

/// Whether [`bring_up`] would change something.
pub(crate) async fn is_due(tx: &mut Tx, consumer: ConsumerId) -> Result<bool, Error> {
    for standing in tx.query(STANDING).bind(consumer).all::<Standing>().await? {
        let due = match standing.asked() {
            Asked::Nothing => false,
            Asked::TakeBack(_) => true,
            Asked::Give => standing.wallet_id.is_some() && reward::units_left(tx, standing.reward_id, Timestamp(i64::MIN)).await? > 0,
        };
        if due {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A shop where the people changed who get the reward, since somebody looked.
#[derive(sqlx::FromRow)]
struct Changed {
    campaign_id: CampaignId,
    shop_id: ShopId,
    tenant_id: OrganisationId,
    changes: i64,
    settled: bool,
}

/// Consumers whose neighbours reached a goal, or lost one, and who have not looked since; at most `limit`.
///
/// Only shops are read where something changed, and one with nobody left is not read again until it changes anew. One whose
/// rewards have run out waits: it is read again when there are more.
pub(crate) async fn due(db: &Db, limit: i64) -> Result<Vec<ConsumerId>, Error> {
    loop {
        let mut tx = db.read().await?;
        let changed: Vec<Changed> = tx.query(CHANGED).bind(SHOPS_MAX).all().await?;
        let any = !changed.is_empty();
        let (mut due, mut seen) = (Vec::new(), Vec::new());
        for shop in changed {
            let left = limit - due.len() as i64;
            if left <= 0 {
                break;
            }
            let people: Vec<(ConsumerId,)> = if shop.settled {
                Vec::new()
            } else {
                tx.query(DUE).bind(shop.campaign_id).bind(shop.shop_id).bind(shop.tenant_id).bind(left).all().await?
            };
            if people.is_empty() {
                seen.push(shop);
            }
            due.extend(people.into_iter().map(|(consumer,)| consumer));
        }
        drop(tx);
        if !seen.is_empty() {
            let mut tx = db.begin().await?;
            for shop in seen {
                // What changed meanwhile has a higher number, and is looked at.
                tx.query(SEEN).bind(shop.changes).bind(shop.campaign_id).bind(shop.shop_id).bind(shop.tenant_id).execute().await?;
            }
            tx.commit().await?;
        }
        if !due.is_empty() || !any {
            due.sort_unstable();
            due.dedup();
            return Ok(due);
        }
    }
}

/// Gives what reached goals owe a consumer, and takes back what was not handed over of those that are not reached any
/// more. The caller holds her lock.
pub(crate) async fn bring_up(tx: &mut Tx, consumer: ConsumerId, now: Timestamp) -> Result<(), Error> {
    for standing in tx.query(STANDING).bind(consumer).all::<Standing>().await? {
        match standing.asked() {
            Asked::Nothing => {}
            Asked::Give => give(tx, consumer, now, &standing).await?,
            Asked::TakeBack(many) => {
                let waiting: Vec<(RewardInstanceId,)> =
                    tx.query(WAITING).bind(standing.campaign_id).bind(consumer).bind(many).all().await?;
                for (instance,) in waiting {
                    if tx.query(TAKE_BACK).bind(instance).execute().await? == 1 {
                        reward::return_unit(tx, standing.reward_id).await?;
                    }
                }
                tx.announce(format!("consumer:{consumer}"));
            }
        }
    }
    Ok(())
}

async fn give(tx: &mut Tx, consumer: ConsumerId, now: Timestamp, standing: &Standing) -> Result<(), Error> {
    let Some(wallet) = standing.wallet_id else {
        return Ok(());
    };
    if !reward::take_unit(tx, standing.tenant_id, standing.reward_id, now).await? {
        return Ok(());
    }
    let (_, last) = reward::count_given(tx, consumer, standing.reward_id).await?;
    let id: RewardInstanceId = tx.new_id();
    let code: [u8; 10] = random();
    tx.query(GIVE)
        .bind(id)
        .bind(standing.reward_id)
        .bind(standing.tenant_id)
        .bind(standing.brand_id)
        .bind(standing.campaign_id)
        .bind(consumer)
        .bind(wallet)
        .bind(code.to_vec())
        .bind(last + 1)
        .bind(RewardStatus::Issued)
        .bind(now)
        .bind(true)
        .execute()
        .await?;
    settle::tell(tx, consumer, id, standing.reward_id, now).await?;
    tx.announce(format!("consumer:{consumer}"));
    Ok(())
}

sql! {
    SET: "INSERT INTO campaign_goal (campaign_id, tenant_id, brand_id, reward_id, target_units, consumers_min, per_consumer_max, set_at)
          VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
          ON CONFLICT (campaign_id) DO UPDATE SET reward_id = excluded.reward_id, target_units = excluded.target_units, consumers_min = excluded.consumers_min,
                                                  per_consumer_max = excluded.per_consumer_max, set_at = excluded.set_at";

    /// Of a draft alone: nobody has a share in it.
    CLEAR: "DELETE FROM campaign_goal WHERE campaign_id = $1 AND tenant_id = $2";

    GOAL: "SELECT g.reward_id, g.target_units, g.consumers_min, g.per_consumer_max, r.name AS reward_name
           FROM campaign_goal g JOIN reward r ON r.id = g.reward_id WHERE g.campaign_id = $1 AND g.tenant_id = $2";

    REACHED: "SELECT COUNT(*) FROM shop_goal p JOIN campaign_goal g ON g.campaign_id = p.campaign_id
              WHERE p.campaign_id = $1 AND p.tenant_id = $2 AND p.units >= g.target_units AND p.consumers >= g.consumers_min";

    /// Those of few people are last, in an order that tells nothing.
    SHOPS: "SELECT p.shop_id, s.name, p.units, p.consumers FROM shop_goal p JOIN shop s ON s.id = p.shop_id
            WHERE p.campaign_id = $1 AND p.tenant_id = $2 ORDER BY CASE WHEN p.consumers >= $3 THEN p.units ELSE 0 END DESC, p.shop_id LIMIT 100";

    NEIGHBOUR: "SELECT g.campaign_id, c.name AS campaign_name, b.name AS brand_name, s.name AS shop_name, r.name AS reward_name,
                       p.units, g.target_units, p.consumers, g.consumers_min, h.counted AS mine, g.per_consumer_max
                FROM shop_goal_share h
                JOIN campaign_goal g ON g.campaign_id = h.campaign_id
                JOIN shop_goal p ON p.campaign_id = h.campaign_id AND p.shop_id = h.shop_id
                JOIN campaign c ON c.id = g.campaign_id
                JOIN brand b ON b.id = g.brand_id
                JOIN shop s ON s.id = h.shop_id
                JOIN reward r ON r.id = g.reward_id
                WHERE h.consumer_id = $1 AND h.counted > 0 AND c.settled_at IS NULL
                ORDER BY g.target_units - CASE WHEN p.consumers >= $2 THEN p.units ELSE h.counted END, g.campaign_id, h.shop_id LIMIT 50";

    MOST: "SELECT tenant_id, per_consumer_max FROM campaign_goal WHERE campaign_id = $1";

    SHARE: "SELECT bought, counted FROM shop_goal_share WHERE campaign_id = $1 AND shop_id = $2 AND consumer_id = $3";

    PUT_SHARE: "INSERT INTO shop_goal_share (campaign_id, shop_id, consumer_id, tenant_id, bought, counted) VALUES ($1, $2, $3, $4, $5, $6)
                ON CONFLICT (campaign_id, shop_id, consumer_id) DO UPDATE SET bought = excluded.bought, counted = excluded.counted";

    BEGIN: "INSERT INTO shop_goal (campaign_id, shop_id, tenant_id, units, consumers, changes) VALUES ($1, $2, $3, 0, 0, 0) ON CONFLICT (campaign_id, shop_id) DO NOTHING";

    /// Who gets the reward changes when the goal is reached or lost, and with whoever comes or goes while it is reached.
    ADD: "UPDATE shop_goal
          SET units = shop_goal.units + $1, consumers = shop_goal.consumers + $2,
              changes = shop_goal.changes + CASE
                  WHEN (shop_goal.units >= g.target_units AND shop_goal.consumers >= g.consumers_min)
                       <> (shop_goal.units + $1 >= g.target_units AND shop_goal.consumers + $2 >= g.consumers_min) THEN 1
                  WHEN $2 <> 0 AND shop_goal.units >= g.target_units AND shop_goal.consumers >= g.consumers_min THEN 1
                  ELSE 0 END
          FROM campaign_goal g
          WHERE g.campaign_id = shop_goal.campaign_id AND shop_goal.campaign_id = $3 AND shop_goal.shop_id = $4 AND shop_goal.tenant_id = $5";

    SHARES: "SELECT h.campaign_id, h.shop_id, h.tenant_id, h.bought, h.counted, g.per_consumer_max FROM shop_goal_share h
             JOIN campaign_goal g ON g.campaign_id = h.campaign_id WHERE h.consumer_id = $1 AND h.bought > 0 ORDER BY h.campaign_id, h.shop_id";

    STANDING: "SELECT g.campaign_id, g.tenant_id, g.brand_id, g.reward_id, c.settled_at IS NOT NULL AS settled,
                      EXISTS (SELECT 1 FROM shop_goal_share h JOIN shop_goal p ON p.campaign_id = h.campaign_id AND p.shop_id = h.shop_id
                              WHERE h.campaign_id = g.campaign_id AND h.consumer_id = $1 AND h.counted > 0
                                AND p.units >= g.target_units AND p.consumers >= g.consumers_min) AS earned,
                      (SELECT COUNT(*) FROM reward_instance i WHERE i.goal_id = g.campaign_id AND i.consumer_id = $1 AND i.status = 'issued') AS waiting,
                      (SELECT COUNT(*) FROM reward_instance i WHERE i.goal_id = g.campaign_id AND i.consumer_id = $1 AND i.status = 'delivered') AS delivered,
                      (SELECT w.id FROM wallet w WHERE w.consumer_id = $1 AND w.brand_id = g.brand_id ORDER BY w.id LIMIT 1) AS wallet_id
               FROM campaign_goal g JOIN campaign c ON c.id = g.campaign_id
               WHERE g.campaign_id IN (SELECT h.campaign_id FROM shop_goal_share h WHERE h.consumer_id = $1)
                 AND EXISTS (SELECT 1 FROM consumer n WHERE n.id = $1 AND n.deleted_at IS NULL)
               ORDER BY g.campaign_id";

    /// Of every tenant: this is the platform's own work.
    CHANGED: "SELECT p.campaign_id, p.shop_id, p.tenant_id, p.changes, c.settled_at IS NOT NULL AS settled
              FROM shop_goal p
              JOIN campaign_goal g ON g.campaign_id = p.campaign_id
              JOIN campaign c ON c.id = p.campaign_id
              JOIN reward_stock k ON k.reward_id = g.reward_id
              WHERE p.changes <> p.changes_seen
                AND (c.settled_at IS NOT NULL OR k.units_left > 0 OR p.units < g.target_units OR p.consumers < g.consumers_min)
              ORDER BY p.campaign_id, p.shop_id LIMIT $1";

    SEEN: "UPDATE shop_goal SET changes_seen = $1 WHERE campaign_id = $2 AND shop_id = $3 AND tenant_id = $4 AND changes_seen <> $1";

    DUE: "SELECT h.consumer_id FROM shop_goal_share h
          JOIN campaign_goal g ON g.campaign_id = h.campaign_id
          JOIN consumer n ON n.id = h.consumer_id
          JOIN reward_stock k ON k.reward_id = g.reward_id
          WHERE h.campaign_id = $1 AND h.shop_id = $2 AND h.tenant_id = $3 AND n.deleted_at IS NULL AND n.merged_into IS NULL
            AND CASE WHEN EXISTS (SELECT 1 FROM shop_goal_share o JOIN shop_goal p ON p.campaign_id = o.campaign_id AND p.shop_id = o.shop_id
                                  WHERE o.campaign_id = h.campaign_id AND o.consumer_id = h.consumer_id AND o.counted > 0
                                    AND p.units >= g.target_units AND p.consumers >= g.consumers_min)
                THEN k.units_left > 0 AND EXISTS (SELECT 1 FROM wallet w WHERE w.consumer_id = h.consumer_id AND w.brand_id = g.brand_id)
                     AND NOT EXISTS (SELECT 1 FROM reward_instance i WHERE i.goal_id = h.campaign_id AND i.consumer_id = h.consumer_id AND i.status IN ('issued', 'delivered'))
                ELSE EXISTS (SELECT 1 FROM reward_instance i WHERE i.goal_id = h.campaign_id AND i.consumer_id = h.consumer_id AND i.status = 'issued') END
          ORDER BY h.consumer_id LIMIT $4";

    WAITING: "SELECT id FROM reward_instance WHERE goal_id = $1 AND consumer_id = $2 AND status = 'issued' ORDER BY issued_at DESC, id DESC LIMIT $3";

    TAKE_BACK: "UPDATE reward_instance SET status = 'cancelled' WHERE id = $1 AND status = 'issued'";

    GIVE: "INSERT INTO reward_instance (id, reward_id, tenant_id, brand_id, campaign_id, consumer_id, wallet_id, code, sequence, status, issued_at, automatic, goal_id)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $5)";
}
