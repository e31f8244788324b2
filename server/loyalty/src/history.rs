//! A consumer's movements, each with its reason.

use db::{Tx, sql};
use identity::{Actor, audit};
use shared::{
    BrandId, CampaignId, ConsumerId, EntryId, LocalTime, Page, PurchaseId, Timestamp,
    loyalty::{
        CampaignRules, Coming, Movement,
        campaign::{CapScope, Unit},
        evaluation::{Trace, cut_by},
    },
    page::PAGE_SIZE_MAX,
};

use sqlx::types::Json;

use crate::{Error, card, dispute, purchase::LineRow};

#[derive(sqlx::FromRow)]
struct Row {
    id: EntryId,
    kind: String,
    amount: i64,
    unit: Unit,
    brand_id: BrandId,
    brand_name: String,
    campaign_id: CampaignId,
    campaign_name: String,
    shop_name: Option<String>,
    offset_seconds: Option<i64>,
    reward_name: Option<String>,
    purchase_id: Option<PurchaseId>,
    correction: Option<String>,
    disputed: bool,
    upheld: Option<bool>,
    occurred_at: Timestamp,
    recorded_at: Timestamp,
}

/// Which movements are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Every one.
    All,
    /// What added to what she has.
    Earned,
    /// What took from it.
    Used,
}

impl Which {
    const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Earned => "earned",
            Self::Used => "used",
        }
    }
}

/// Movements of a consumer, newest first: for herself, the operator and a sandbox.
///
/// A reward paid from several lots is one movement to her, named by the last of its entries. What happened on a card before
/// she claimed it is hers, too; that it was moved over from there is no movement beside it.
pub async fn movements(
    tx: &mut Tx,
    actor: &Actor,
    consumer: ConsumerId,
    which: Which,
    cursor: Option<&str>,
    limit: i64,
) -> Result<Page<Movement>, Error> {
    card::may_see(actor, consumer)?;
    let limit = limit.clamp(1, PAGE_SIZE_MAX);
    let (before, before_id) = audit::after(cursor)?;
    let mut rows =
        tx.query(MOVEMENTS).bind(consumer).bind(before).bind(EntryId(before_id)).bind(limit + 1).bind(which.name()).all::<Row>().await?;
    let more = rows.len() as i64 > limit;
    rows.truncate(limit as usize);
    let next_cursor = rows.last().filter(|_| more).map(|last| audit::cursor(last.recorded_at, last.id.0));
    let mut items: Vec<Movement> = Vec::with_capacity(rows.len());
    for row in rows {
        let lines = match row.purchase_id {
            Some(purchase) => tx.query(LINES).bind(purchase).bind(row.brand_id).all::<LineRow>().await?,
            None => Vec::new(),
        };
        let limit = match row.purchase_id {
            Some(purchase) if row.kind == "EARN" => cut_of(tx, purchase, Some(row.campaign_id)).await?,
            _ => None,
        };
        items.push(Movement {
            local: LocalTime { at: row.occurred_at, offset_seconds: row.offset_seconds.unwrap_or(0) as i32 },
            kind: row.kind,
            amount: row.amount,
            unit: row.unit,
            brand_id: row.brand_id,
            brand_name: row.brand_name,
            campaign_name: row.campaign_name,
            shop_name: row.shop_name,
            reward_name: row.reward_name,
            because: row.correction.into_iter().chain(lines.into_iter().map(|line| format!("{} × {}", line.quantity, line.name))).collect(),
            dispute: row.disputed.then(|| dispute::state_of(row.upheld)),
            id: Some(row.id),
            limit,
        });
    }
    Ok(Page { items, next_cursor })
}

/// The limit that took something of what a purchase was given: of one campaign, or of the first that says so.
pub(crate) async fn cut_of(tx: &mut Tx, purchase: PurchaseId, campaign: Option<CampaignId>) -> Result<Option<CapScope>, Error> {
    let all: Vec<(CampaignId, Json<CampaignRules>, Json<Trace>)> = tx.query(EVALUATED).bind(purchase).all().await?;
    let asked = |id: CampaignId| campaign.is_none_or(|campaign| campaign == id);
    Ok(all.into_iter().filter(|(id, ..)| asked(*id)).find_map(|(_, rules, trace)| cut_by(&rules, &trace)))
}

#[derive(sqlx::FromRow)]
struct ComingRow {
    activates: bool,
    at: Timestamp,
    amount: i64,
    unit: Unit,
    brand_name: String,
    campaign_name: Option<String>,
}

/// All dates on which a consumer's points become usable or expire, soonest first; at most 100. For herself, the operator
/// and a sandbox.
pub async fn coming(tx: &mut Tx, actor: &Actor, now: Timestamp, consumer: ConsumerId) -> Result<Vec<Coming>, Error> {
    card::may_see(actor, consumer)?;
    let zone = identity::consumer::country(tx, consumer).await?.time_zone();
    let rows: Vec<ComingRow> = tx.query(COMING).bind(consumer).bind(now).all().await?;
    let mut coming: Vec<Coming> = Vec::with_capacity(rows.len());
    for row in rows {
        // Points expire when the next day begins: the day before is their last one.
        let date = identity::shop::local_date(zone, if row.activates { row.at } else { row.at.plus_ms(-1) });
        let new = Coming {
            activates: row.activates,
            date,
            amount: row.amount,
            unit: row.unit,
            brand_name: row.brand_name,
            campaign_name: row.campaign_name,
        };
        let same = |known: &&mut Coming| {
            (known.activates, known.date, known.unit, &known.brand_name, &known.campaign_name)
                == (new.activates, new.date, new.unit, &new.brand_name, &new.campaign_name)
        };
        // Shops in two zones may end the same day at two instants.
        match coming.iter_mut().find(same) {
            Some(known) => known.amount += new.amount,
            None => coming.push(new),
        }
    }
    Ok(coming)
}

sql! {
    COMING: "SELECT NOT l.active AS activates, CASE WHEN l.active THEN l.expires_at ELSE l.available_at END AS at, CAST(SUM(l.remaining) AS BIGINT) AS amount,
                    w.unit, b.name AS brand_name, c.name AS campaign_name
             FROM wallet w
             JOIN lot l ON l.wallet_id = w.id
             JOIN brand b ON b.id = w.brand_id
             LEFT JOIN campaign c ON c.id = w.campaign_id
             WHERE w.consumer_id = $1 AND l.remaining > 0 AND (NOT l.active OR l.expires_at < 9223372036854775807) AND l.expires_at > $2
             GROUP BY l.active, CASE WHEN l.active THEN l.expires_at ELSE l.available_at END, w.unit, b.name, c.name
             ORDER BY at LIMIT 100";

    /// What she has is `available` and `pending`: between the two nothing is gained, but that points can be used now is
    /// told all the same. Parts of one reward are summed under the last of them.
    MOVEMENTS: "SELECT e.id, e.kind, e.unit, e.brand_id, b.name AS brand_name, e.campaign_id, c.name AS campaign_name,
                       s.name AS shop_name, p.offset_seconds, r.name AS reward_name, e.purchase_id, e.occurred_at, e.recorded_at,
                       CASE WHEN e.reward_instance_id IS NULL THEN e.direction * e.amount
                            ELSE (SELECT CAST(SUM(e.direction * f.amount) AS BIGINT) FROM ledger_entry f
                                  WHERE f.reward_instance_id = e.reward_instance_id AND f.kind = e.kind AND f.consumer_id = e.consumer_id
                                    AND f.debit_account = e.debit_account AND f.credit_account = e.credit_account) END AS amount,
                       a.reason AS correction, d.id IS NOT NULL AS disputed, x.upheld
                FROM (SELECT l.id, l.kind, l.amount, l.debit_account, l.credit_account, l.brand_id, l.campaign_id, l.consumer_id, l.purchase_id,
                             l.reward_instance_id, l.adjustment_id, l.occurred_at, l.recorded_at, w.unit,
                             CASE WHEN l.credit_account IN ('available', 'pending') AND l.debit_account NOT IN ('available', 'pending') THEN 1
                                  WHEN l.debit_account IN ('available', 'pending') AND l.credit_account NOT IN ('available', 'pending') THEN -1
                                  WHEN l.kind = 'ACTIVATE' THEN 1
                                  ELSE 0 END AS direction
                      FROM ledger_entry l JOIN wallet w ON w.id = l.wallet_id
                      WHERE l.consumer_id IN (SELECT h.id FROM consumer h WHERE h.id = $1
                                              UNION SELECT k.claimed_from FROM card k WHERE k.consumer_id = $1 AND k.claimed_from IS NOT NULL)
                        AND l.debit_account <> 'transfer' AND l.credit_account <> 'transfer'
                        AND (l.recorded_at < $2 OR (l.recorded_at = $2 AND l.id < $3))) e
                JOIN brand b ON b.id = e.brand_id
                JOIN campaign c ON c.id = e.campaign_id
                LEFT JOIN reward_instance i ON i.id = e.reward_instance_id
                LEFT JOIN reward r ON r.id = i.reward_id
                LEFT JOIN purchase p ON p.id = COALESCE(e.purchase_id, i.purchase_id)
                LEFT JOIN shop s ON s.id = p.shop_id
                LEFT JOIN adjustment a ON a.id = e.adjustment_id
                LEFT JOIN dispute d ON d.subject = 'movement' AND d.subject_id = e.id AND d.consumer_id IN ($1, e.consumer_id)
                LEFT JOIN dispute_resolution x ON x.dispute_id = d.id
                WHERE ((e.direction = 1 AND $5 <> 'used') OR (e.direction = -1 AND $5 <> 'earned'))
                  AND NOT EXISTS (SELECT 1 FROM ledger_entry f
                                  WHERE f.reward_instance_id = e.reward_instance_id AND f.kind = e.kind AND f.consumer_id = e.consumer_id
                                    AND f.debit_account = e.debit_account AND f.credit_account = e.credit_account AND f.id > e.id)
                ORDER BY e.recorded_at DESC, e.id DESC LIMIT $4";

    EVALUATED: "SELECT e.campaign_id, COALESCE(e.rules, v.rules) AS rules, e.trace FROM evaluation_now e JOIN campaign_version v ON v.id = e.version_id
                WHERE e.purchase_id = $1 ORDER BY e.campaign_id";

    LINES: "SELECT p.name, l.quantity FROM purchase_line l JOIN product p ON p.id = l.product_id
            WHERE l.purchase_id = $1 AND l.brand_id = $2 ORDER BY l.line";
}
