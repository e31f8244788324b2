//! Disputes: somebody says that one exact fact is wrong, and the operator answers within [`TARGET_HOURS`].
//!
//! A case is opened once for each fact and person and closed once, by a reason or by an adjustment; both rows stay as
//! they were written.

use db::{Tx, sql};
use identity::{Actor, audit};
use jobs::outbox::{self, NewEvent};
use serde_json::json;
use shared::{
    AdjustmentId, BrandId, ConsumerId, Currency, DisputeId, EntryId, LocalTime, PurchaseId, ShopId, Timestamp,
    identity::MemberRole,
    loyalty::{
        PurchaseStatus,
        campaign::{CapScope, Unit},
        correction::{
            CampaignName, Claim, Dispute, DisputeCase, DisputeQueue, DisputeState, DisputedLine, DisputedMovement, DisputedPurchase,
            NewDispute, NewResolution, Subject, TARGET_HOURS, UnrewardedPurchase,
        },
    },
    time::{DAY_MS, HOUR_MS},
};

use crate::{Error, adjustment, history, payback::statement::LineRow, purchase};

/// How far back a consumer can say that a purchase gave nothing.
const DAYS_BACK: i64 = 30;

/// Opens a case. Again by the same person it is the same case. The consumer about what is hers; somebody of the shop about
/// a capture of it that is held or was rejected; its owner about a line of its statements.
pub async fn open(tx: &mut Tx, actor: &Actor, now: Timestamp, new: &NewDispute) -> Result<Dispute, Error> {
    let (name, subject_id) = parts(new.subject);
    let (purchase, consumer, shop) = match (actor, new.subject) {
        (Actor::Consumer { consumer, .. }, Subject::Purchase(purchase)) => {
            let mine: Option<(PurchaseId,)> = tx.query(OWN_PURCHASE).bind(purchase).bind(*consumer).maybe().await?;
            mine.ok_or(Error::NotFound)?;
            (Some(purchase), Some(*consumer), None)
        }
        (Actor::Consumer { consumer, .. }, Subject::Movement(entry)) => {
            let (purchase,): (Option<PurchaseId>,) =
                tx.query(OWN_MOVEMENT).bind(entry).bind(*consumer).maybe().await?.ok_or(Error::NotFound)?;
            (purchase, Some(*consumer), None)
        }
        (Actor::Member { shop, .. }, Subject::Purchase(purchase)) => {
            let (status,): (PurchaseStatus,) = tx.query(SHOP_PURCHASE).bind(purchase).bind(*shop).maybe().await?.ok_or(Error::NotFound)?;
            if status == PurchaseStatus::Accepted {
                return Err(Error::Field("subject"));
            }
            (Some(purchase), None, Some(*shop))
        }
        (Actor::Member { shop, role: MemberRole::Owner, .. }, Subject::StatementLine(entry)) => {
            let mine: Option<(EntryId,)> = tx.query(SHOP_LINE).bind(entry).bind(*shop).maybe().await?;
            mine.ok_or(Error::NotFound)?;
            (None, None, Some(*shop))
        }
        (Actor::Anonymous, _) => return Err(identity::Error::Unauthorized.into()),
        _ => return Err(identity::Error::Forbidden.into()),
    };
    // Of another telephone of hers, before both became one card.
    if let Some((before,)) = tx.query(BY_JOINED).bind(name).bind(subject_id).bind(consumer).maybe::<(DisputeId,)>().await? {
        return tx.query(ONE).bind(before).one::<Row>().await?.told();
    }
    let id: DisputeId = tx.new_id();
    let label = actor.label();
    let rows = tx
        .query(INSERT)
        .bind(id)
        .bind(name)
        .bind(subject_id)
        .bind(purchase)
        .bind(new.claim)
        .bind(label.clone())
        .bind(consumer)
        .bind(shop)
        .bind(now)
        .execute()
        .await?;
    if rows == 1 {
        let payload = json!({ "dispute_id": id, "subject": new.subject, "claim": new.claim });
        outbox::publish(tx, now, NewEvent { topic: "loyalty.dispute_opened", key: id.to_string(), payload }).await?;
        audit::record(tx, actor, now, "dispute.opened", id, None, Some(json!({ "subject": new.subject, "claim": new.claim })), None)
            .await?;
    }
    let (id,): (DisputeId,) = tx.query(BY_FACT).bind(name).bind(subject_id).bind(label).one().await?;
    tx.query(ONE).bind(id).one::<Row>().await?.told()
}

const fn parts(subject: Subject) -> (&'static str, uuid::Uuid) {
    match subject {
        Subject::Purchase(id) => ("purchase", id.0),
        Subject::Movement(id) => ("movement", id.0),
        Subject::StatementLine(id) => ("statement_line", id.0),
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: DisputeId,
    subject: String,
    subject_id: uuid::Uuid,
    purchase_id: Option<PurchaseId>,
    claim: Claim,
    consumer_id: Option<ConsumerId>,
    shop_id: Option<ShopId>,
    shop_name: Option<String>,
    opened_at: Timestamp,
    upheld: Option<bool>,
    reason: Option<String>,
    resolved_at: Option<Timestamp>,
}

impl Row {
    fn told(self) -> Result<Dispute, Error> {
        let subject = match self.subject.as_str() {
            "purchase" => Subject::Purchase(self.subject_id.into()),
            "movement" => Subject::Movement(self.subject_id.into()),
            "statement_line" => Subject::StatementLine(self.subject_id.into()),
            _ => return Err(Error::NotFound),
        };
        Ok(Dispute {
            id: self.id,
            subject,
            claim: self.claim,
            by_shop: self.shop_id.is_some(),
            shop_name: self.shop_name.unwrap_or_default(),
            opened_at: self.opened_at,
            due_at: self.opened_at.plus_ms(TARGET_HOURS * HOUR_MS),
            state: state_of(self.upheld),
            reason: self.reason,
            resolved_at: self.resolved_at,
        })
    }
}

pub(crate) const fn state_of(upheld: Option<bool>) -> DisputeState {
    match upheld {
        None => DisputeState::Open,
        Some(true) => DisputeState::Upheld,
        Some(false) => DisputeState::Refused,
    }
}

/// The cases that the actor opened, newest first, at most 50: a consumer's, or a shop's.
pub async fn own(tx: &mut Tx, actor: &Actor) -> Result<Vec<Dispute>, Error> {
    let rows: Vec<Row> = match actor {
        Actor::Consumer { consumer, .. } => tx.query(OF_CONSUMER).bind(*consumer).all().await?,
        _ => {
            let (_, shop, _) = actor.member()?;
            tx.query(OF_SHOP).bind(shop).all().await?
        }
    };
    rows.into_iter().map(Row::told).collect()
}

/// The cases that wait, oldest first. Operator only.
pub async fn queue(tx: &mut Tx, actor: &Actor, now: Timestamp) -> Result<DisputeQueue, Error> {
    actor.operator()?;
    let items: Result<Vec<Dispute>, Error> = tx.query(WAITING).all::<Row>().await?.into_iter().map(Row::told).collect();
    let (open, late): (i64, i64) = tx.query(COUNTS).bind(now.plus_ms(-TARGET_HOURS * HOUR_MS)).one().await?;
    let median: Option<(Timestamp,)> = if open > 0 { tx.query(MEDIAN).bind(open / 2).maybe().await? } else { None };
    Ok(DisputeQueue { items: items?, open, late, median_age_ms: median.map_or(0, |(at,)| now.since(at)) })
}

/// A case with what explains it. Operator only.
pub async fn look(tx: &mut Tx, actor: &Actor, id: DisputeId) -> Result<DisputeCase, Error> {
    actor.operator()?;
    let row: Row = tx.query(ONE).bind(id).maybe().await?.ok_or(Error::NotFound)?;
    let purchase = match row.purchase_id {
        Some(purchase) => {
            let answer = purchase::get(tx, actor, purchase).await?;
            let (at, offset): (Timestamp, i64) = tx.query(MOMENT).bind(purchase).one().await?;
            let awarded = answer.awards.iter().map(|award| CampaignName { id: award.campaign_id, name: award.campaign_name.clone() });
            let silent = answer.no_award.iter().map(|none| CampaignName { id: none.campaign_id, name: none.campaign_name.clone() });
            let campaigns = awarded.chain(silent).collect();
            Some(DisputedPurchase { campaigns, local: LocalTime { at, offset_seconds: offset as i32 }, answer })
        }
        None => None,
    };
    let movement = match row.subject.as_str() {
        "movement" => {
            let (kind, amount, unit, campaign_name): (String, i64, Unit, String) =
                tx.query(MOVEMENT).bind(EntryId(row.subject_id)).one().await?;
            Some(DisputedMovement { kind, amount, unit, campaign_name })
        }
        _ => None,
    };
    let line = match row.subject.as_str() {
        "statement_line" => tx.query(LINE).bind(EntryId(row.subject_id)).maybe::<DisputedRow>().await?.map(DisputedRow::told),
        _ => None,
    };
    let adjustments = adjustment::of_dispute(tx, actor, id).await?;
    Ok(DisputeCase { dispute: row.told()?, purchase, movement, line, adjustments })
}

#[derive(sqlx::FromRow)]
struct DisputedRow {
    #[sqlx(flatten)]
    line: LineRow,
    shop_id: ShopId,
    brand_id: BrandId,
    brand_name: String,
    currency: Currency,
}

impl DisputedRow {
    fn told(self) -> DisputedLine {
        DisputedLine {
            shop_id: self.shop_id,
            brand_id: self.brand_id,
            brand_name: self.brand_name,
            currency: self.currency,
            line: self.line.told(),
        }
    }
}

/// Closes a case with a reason: refused, or upheld because what was wrong is right already. The operator, but for its
/// analysts; a person, never a key.
pub async fn resolve(tx: &mut Tx, actor: &Actor, now: Timestamp, id: DisputeId, new: &NewResolution) -> Result<Dispute, Error> {
    actor.operates()?;
    actor.user()?;
    let reason = adjustment::checked(&new.reason)?;
    close(tx, actor, now, id, new.upheld, reason, None).await?;
    tx.query(ONE).bind(id).one::<Row>().await?.told()
}

/// An adjustment closes its case.
pub(crate) async fn uphold(tx: &mut Tx, actor: &Actor, now: Timestamp, id: DisputeId, by: AdjustmentId, reason: &str) -> Result<(), Error> {
    close(tx, actor, now, id, true, reason, Some(by)).await
}

/// [`Error::AlreadyDecided`] when a case is closed.
pub(crate) async fn must_be_open(tx: &mut Tx, id: DisputeId) -> Result<(), Error> {
    let row: Row = tx.query(ONE).bind(id).maybe().await?.ok_or(Error::Field("dispute_id"))?;
    if row.upheld.is_some() { Err(Error::AlreadyDecided) } else { Ok(()) }
}

async fn close(
    tx: &mut Tx,
    actor: &Actor,
    now: Timestamp,
    id: DisputeId,
    upheld: bool,
    reason: &str,
    by: Option<AdjustmentId>,
) -> Result<(), Error> {
    let row: Row = tx.query(ONE).bind(id).maybe().await?.ok_or(Error::NotFound)?;
    let rows = tx.query(RESOLVE).bind(id).bind(upheld).bind(reason.to_owned()).bind(by).bind(actor.user()?).bind(now).execute().await?;
    if rows == 0 {
        return Err(Error::AlreadyDecided);
    }
    let payload = json!({ "dispute_id": id, "upheld": upheld });
    outbox::publish(tx, now, NewEvent { topic: "loyalty.dispute_resolved", key: id.to_string(), payload }).await?;
    audit::record(tx, actor, now, if upheld { "dispute.upheld" } else { "dispute.refused" }, id, None, None, Some(reason)).await?;
    if let Some(consumer) = row.consumer_id {
        tx.announce(format!("consumer:{consumer}"));
    }
    if let Some(shop) = row.shop_id {
        tx.announce(format!("shop:{shop}"));
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Silent {
    id: PurchaseId,
    shop_name: String,
    purchased_at: Timestamp,
    offset_seconds: i64,
    total_minor: i64,
    currency: Currency,
    status: PurchaseStatus,
    opened: bool,
    upheld: Option<bool>,
}

/// Purchases of the last days that gave the consumer nothing, newest first; at most 20.
pub async fn unrewarded(tx: &mut Tx, actor: &Actor, now: Timestamp) -> Result<Vec<UnrewardedPurchase>, Error> {
    let consumer = actor.consumer()?;
    let rows: Vec<Silent> = tx.query(UNREWARDED).bind(consumer).bind(now.plus_ms(-DAYS_BACK * DAY_MS)).bind(actor.label()).all().await?;
    let mut silent = Vec::with_capacity(rows.len());
    for row in rows {
        let limit = history::cut_of(tx, row.id, None).await?;
        silent.push(told(row, limit));
    }
    Ok(silent)
}

fn told(row: Silent, limit: Option<CapScope>) -> UnrewardedPurchase {
    UnrewardedPurchase {
        id: row.id,
        shop_name: row.shop_name,
        local: LocalTime { at: row.purchased_at, offset_seconds: row.offset_seconds as i32 },
        total_minor: row.total_minor,
        currency: row.currency,
        status: row.status,
        dispute: row.opened.then(|| state_of(row.upheld)),
        limit,
    }
}

sql! {
    OWN_PURCHASE: "SELECT id FROM purchase WHERE id = $1 AND consumer_id = $2";

    OWN_MOVEMENT: "SELECT COALESCE(e.purchase_id, l.purchase_id) FROM ledger_entry e LEFT JOIN lot l ON l.id = e.lot_id
                   WHERE e.id = $1 AND (e.consumer_id = $2 OR e.consumer_id IN (SELECT k.claimed_from FROM card k WHERE k.consumer_id = $2))";

    SHOP_PURCHASE: "SELECT status FROM purchase WHERE id = $1 AND shop_id = $2";

    SHOP_LINE: "SELECT l.entry_id FROM statement_line l JOIN statement s ON s.id = l.statement_id WHERE l.entry_id = $1 AND s.shop_id = $2";

    INSERT: "INSERT INTO dispute (id, subject, subject_id, purchase_id, claim, opened_by, consumer_id, shop_id, opened_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT DO NOTHING";

    BY_FACT: "SELECT id FROM dispute WHERE subject = $1 AND subject_id = $2 AND opened_by = $3";

    BY_JOINED: "SELECT id FROM dispute
                WHERE subject = $1 AND subject_id = $2 AND consumer_id IN (SELECT k.claimed_from FROM card k WHERE k.consumer_id = $3 AND k.claimed_from IS NOT NULL)
                ORDER BY opened_at, id LIMIT 1";

    ONE: "SELECT d.id, d.subject, d.subject_id, d.purchase_id, d.claim, d.consumer_id, d.shop_id, s.name AS shop_name, d.opened_at, r.upheld, r.reason, r.resolved_at
          FROM dispute d LEFT JOIN purchase p ON p.id = d.purchase_id LEFT JOIN shop s ON s.id = COALESCE(d.shop_id, p.shop_id) LEFT JOIN dispute_resolution r ON r.dispute_id = d.id
          WHERE d.id = $1";

    WAITING: "SELECT d.id, d.subject, d.subject_id, d.purchase_id, d.claim, d.consumer_id, d.shop_id, s.name AS shop_name, d.opened_at, r.upheld, r.reason, r.resolved_at
              FROM dispute d LEFT JOIN purchase p ON p.id = d.purchase_id LEFT JOIN shop s ON s.id = COALESCE(d.shop_id, p.shop_id) LEFT JOIN dispute_resolution r ON r.dispute_id = d.id
              WHERE r.dispute_id IS NULL ORDER BY d.opened_at, d.id LIMIT 100";

    OF_CONSUMER: "SELECT d.id, d.subject, d.subject_id, d.purchase_id, d.claim, d.consumer_id, d.shop_id, s.name AS shop_name, d.opened_at, r.upheld, r.reason, r.resolved_at
                  FROM dispute d LEFT JOIN purchase p ON p.id = d.purchase_id LEFT JOIN shop s ON s.id = COALESCE(d.shop_id, p.shop_id) LEFT JOIN dispute_resolution r ON r.dispute_id = d.id
                  WHERE d.consumer_id = $1 ORDER BY d.opened_at DESC, d.id DESC LIMIT 50";

    OF_SHOP: "SELECT d.id, d.subject, d.subject_id, d.purchase_id, d.claim, d.consumer_id, d.shop_id, s.name AS shop_name, d.opened_at, r.upheld, r.reason, r.resolved_at
              FROM dispute d LEFT JOIN purchase p ON p.id = d.purchase_id LEFT JOIN shop s ON s.id = COALESCE(d.shop_id, p.shop_id) LEFT JOIN dispute_resolution r ON r.dispute_id = d.id
              WHERE d.shop_id = $1 ORDER BY d.opened_at DESC, d.id DESC LIMIT 50";

    COUNTS: "SELECT COUNT(*), COUNT(CASE WHEN d.opened_at < $1 THEN 1 END) FROM dispute d WHERE NOT EXISTS (SELECT 1 FROM dispute_resolution r WHERE r.dispute_id = d.id)";

    MEDIAN: "SELECT d.opened_at FROM dispute d WHERE NOT EXISTS (SELECT 1 FROM dispute_resolution r WHERE r.dispute_id = d.id) ORDER BY d.opened_at, d.id LIMIT 1 OFFSET $1";

    MOMENT: "SELECT purchased_at, offset_seconds FROM purchase WHERE id = $1";

    /// As `history` shows it to whoever disputes it: signed, and a reward that was paid from several lots as one.
    MOVEMENT: "SELECT e.kind,
                      CAST(SUM(f.amount * CASE WHEN f.credit_account IN ('available', 'pending') AND f.debit_account NOT IN ('available', 'pending') THEN 1
                                               WHEN f.debit_account IN ('available', 'pending') AND f.credit_account NOT IN ('available', 'pending') THEN -1
                                               ELSE 1 END) AS BIGINT) AS amount,
                      w.unit, c.name
               FROM ledger_entry e JOIN campaign c ON c.id = e.campaign_id JOIN wallet w ON w.id = e.wallet_id
               JOIN ledger_entry f ON f.id = e.id
                                   OR (f.reward_instance_id = e.reward_instance_id AND f.kind = e.kind AND f.consumer_id = e.consumer_id
                                       AND f.debit_account = e.debit_account AND f.credit_account = e.credit_account)
               WHERE e.id = $1 GROUP BY e.kind, w.unit, c.name";

    LINE: "SELECT l.entry_id, l.kind, COALESCE(r.name, x.reason, c.name) AS what, COALESCE(x.units, 1) AS units, COALESCE(p.unit_cost_minor, 0) AS unit_cost_minor,
                  COALESCE(p.handling_fee_minor, 0) AS handling_fee_minor, l.amount_minor, l.occurred_at, h.time_zone, s.shop_id, s.brand_id, b.name AS brand_name, s.currency
           FROM statement_line l
           JOIN statement s ON s.id = l.statement_id
           JOIN shop h ON h.id = s.shop_id
           JOIN brand b ON b.id = s.brand_id
           LEFT JOIN payable_entry p ON p.id = l.entry_id
           LEFT JOIN reward_instance i ON i.id = p.reward_instance_id
           LEFT JOIN reward r ON r.id = i.reward_id
           LEFT JOIN shop_entry x ON x.id = l.entry_id
           LEFT JOIN campaign c ON c.id = x.campaign_id
           WHERE l.entry_id = $1";

    RESOLVE: "INSERT INTO dispute_resolution (dispute_id, upheld, reason, adjustment_id, resolved_by, resolved_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";

    UNREWARDED: "SELECT p.id, s.name AS shop_name, p.purchased_at, p.offset_seconds, p.total_minor, p.currency, p.status, d.id IS NOT NULL AS opened, r.upheld
                 FROM purchase p JOIN shop s ON s.id = p.shop_id
                 LEFT JOIN dispute d ON d.subject = 'purchase' AND d.subject_id = p.id AND d.opened_by = $3
                 LEFT JOIN dispute_resolution r ON r.dispute_id = d.id
                 WHERE p.consumer_id = $1 AND p.purchased_at > $2
                   AND NOT EXISTS (SELECT 1 FROM evaluation_now v WHERE v.purchase_id = p.id AND v.award > 0)
                   AND NOT EXISTS (SELECT 1 FROM adjustment a JOIN adjustment_decision x ON x.adjustment_id = a.id WHERE a.purchase_id = p.id AND x.posted AND a.amount > 0)
                 ORDER BY p.purchased_at DESC, p.id DESC LIMIT 20";
}
